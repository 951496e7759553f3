/* Leases: the tasks that run here, renewed together, and the two fences: the catalog refuses an old
 * epoch, and a task whose renewal is overdue is suspended here before its lease can run out. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_WORKER_LEASES_H
#define ASSAY_WORKER_LEASES_H

#include <pthread.h>
#include <stdatomic.h>

#include "common/job/job_store.h"
#include "worker/worker.h"

/** Why a task was told to stop. */
enum assay_stop_reason { ASSAY_STOP_NONE, ASSAY_STOP_CANCEL, ASSAY_STOP_LOST, ASSAY_STOP_DRAIN };

enum { ASSAY_LEASE_PROGRESS_BYTES = 512 };

/** One running task. The slot owns it; the heartbeat thread reads and flags it while it is
 * registered. */
struct assay_lease {
    int64_t task_id, epoch;
    atomic_bool stop, suspended; /* struct assay_execution looks at both */
    atomic_int reason;           /* enum assay_stop_reason; the first one stands */
    int64_t trusted_until_ns;    /* under the lock: last renewal sent + TTL - margin */
    int64_t suspended_since_ns;  /* under the lock; 0 = it runs */
    char progress[ASSAY_LEASE_PROGRESS_BYTES]; /* under the lock; JSON, "" = none yet */
    struct assay_lease *next;
};

struct assay_leases {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct assay_lease *first;
    int count;
    enum assay_stop_reason stopped; /* all, also those that come; NONE = they may run */
    struct assay_worker_times times;
};

void assay_leases_init(struct assay_leases *leases, const struct assay_worker_times *times);
void assay_leases_release(struct assay_leases *leases);
/** sent_ns: when the claim was sent; trust begins there. */
void assay_leases_add(struct assay_leases *leases, struct assay_lease *lease, int64_t sent_ns);
void assay_leases_remove(struct assay_leases *leases, struct assay_lease *lease);
/** Keep the latest progress (cut to nothing when it does not fit). */
void assay_leases_progress(struct assay_leases *leases, struct assay_lease *lease, const char *json,
                           size_t size_bytes);
/** Tell a task to stop; or all tasks, and each that is added from then on: its claim was under
 * way. */
void assay_lease_stop(struct assay_lease *lease, enum assay_stop_reason reason);
void assay_leases_stop_all(struct assay_leases *leases, enum assay_stop_reason reason);
/** One heartbeat: renew all leases in one statement, flag what is cancelled or lost. Does not
 * log. */
ASSAY_MUST_CHECK int assay_leases_beat(struct assay_leases *leases, struct assay_job_store *store,
                                       const struct assay_job_worker *worker,
                                       struct assay_error *err);
/** Suspend what is overdue, stop what was suspended for too long. Called several times a second. */
void assay_leases_guard(struct assay_leases *leases, int64_t now_ns);
/** Wait until no task runs, at most timeout_ms. True when none does. */
bool assay_leases_wait_idle(struct assay_leases *leases, int64_t timeout_ms);
int assay_leases_count(struct assay_leases *leases);

#endif
