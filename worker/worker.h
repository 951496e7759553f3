/* Worker: takes tasks of one pool, runs each in an executor process, keeps their leases, and stages
 * their results.
 *
 * Threads and what they own:
 *   intake      the consumer; moves doorbells into the queue of struct assay_doorbells and
 *               acknowledges them
 *   slot × n    one task at a time: claim or steal, run, finish; each uses connections of the job
 *               store's pool
 *   heartbeat   renews the leases of all running tasks in one statement; suspends and stops what
 *               it lost
 * struct assay_leases and struct assay_doorbells have a lock each; everything else is immutable
 * after the start. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_WORKER_WORKER_H
#define ASSAY_WORKER_WORKER_H

#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "common/job/job_store.h"
#include "common/json/json.h"
#include "common/progress/progress.h"
#include "common/queue/queue.h"

struct assay_worker;

/** Credentials of a claimed task: {"<datastore id>": {properties}}, the caller's. ASSAY_STALE when
 * the claim is no longer current; ASSAY_UNAVAILABLE, ASSAY_TIMEOUT: the task is released. */
typedef int assay_credentials_fn(const struct assay_job_claim *claim, void *context,
                                 json_t **ret_secrets, struct assay_error *err);

/** All times of a worker; zero members take the default. */
struct assay_worker_times {
    int64_t lease_ttl_ms;    /* 30 s */
    int64_t heartbeat_ms;    /* 5 s */
    int64_t fence_margin_ms; /* 3 s: suspended at the last renewal + TTL - margin */
    int64_t suspend_max_ms;  /* 5 min, then killed */
    int64_t steal_age_ms;    /* 3 s */
    int64_t steal_every_ms;  /* 2 s ± 50 % */
};

struct assay_worker_options {
    struct assay_job_store *store; /* these three outlive the worker */
    struct assay_queue *queue;
    struct assay_progress *progress; /* may be NULL */
    assay_credentials_fn *credentials;
    void *credentials_context;
    const char *pool;  /* NULL = "default" */
    const char *owner; /* unique; NULL = host:pid:random */
    int slots;
    uint64_t task_memory_bytes;
    int64_t task_deadline_ms; /* 0 = none */
    int64_t split_ms;         /* that a split of a profile takes, about; 0 = profiles are not cut */
    int64_t split_records;    /* that a split has at least */
    const char *const
        *file_roots; /* folders that `file` connections may reach; none = no files at all */
    size_t file_roots_count;
    struct assay_worker_times times;
};

/** Start the threads. ASSAY_NOT_FOUND: no assay-execute. ASSAY_USAGE: slots < 1. */
ASSAY_MUST_CHECK int assay_worker_start(const struct assay_worker_options *options,
                                        struct assay_worker **ret_worker, struct assay_error *err);
/** Stop taking tasks, wait up to budget_ms for running ones, release the others (no attempt
 * charged), free. NULL is allowed. */
void assay_worker_stop(struct assay_worker *worker, int64_t budget_ms);
/** Tasks running now; for health and drain. */
int assay_worker_running(struct assay_worker *worker);
/** Slots that fit: min(cores, memory × 0.8 / task_memory), at least 1. */
int assay_worker_slots_of_machine(uint64_t task_memory_bytes);

#endif
