// Worker: the threads of worker.h.
// SPDX-License-Identifier: Apache-2.0
#include "worker/worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "worker/attempt.h"
#include "worker/doorbells.h"
#include "worker/supervise/executor_process.h"

enum {
    POLL_MS = 100,
    GUARD_MS = 250,
    PAUSE_AFTER_ERROR_MS = 1000,
    OWNER_TEXT = 128,
    SLOTS_MAX = 128
};
enum { LANES_ALL = 1 << ASSAY_LANE_EXPRESS | 1 << ASSAY_LANE_BULK };

struct assay_worker {
    struct assay_worker_options options;
    char owner[OWNER_TEXT];
    char pool[64];
    char topics[ASSAY_LANES][128];
    struct assay_job_worker identity;
    struct assay_consumer *consumer;
    struct assay_doorbells doorbells;
    struct assay_leases leases;
    atomic_bool stopping;
    atomic_int busy; /* slots with a task */
    pthread_rwlock_t
        together; /* a quarantined task runs alone: it holds this for writing, others for reading */
    pthread_t intake, heartbeat, slots[SLOTS_MAX];
    int slots_started;
    bool intake_started, heartbeat_started;
};

int assay_worker_slots_of_machine(uint64_t task_memory_bytes)
{
    struct sysinfo info;
    const int cores = get_nprocs();
    if (sysinfo(&info) || !task_memory_bytes)
        return cores;
    const uint64_t fit = (uint64_t)info.totalram * info.mem_unit / 10 * 8 / task_memory_bytes;
    const int slots = fit < (uint64_t)cores ? (int)fit : cores;
    return slots < 1 ? 1 : slots > SLOTS_MAX ? SLOTS_MAX : slots;
}

int assay_worker_running(struct assay_worker *worker)
{
    return assay_leases_count(&worker->leases);
}

/* --- intake: the only user of the consumer --- */

static int lane_of(const struct assay_worker *worker, const char *topic)
{
    return !strcmp(topic, worker->topics[ASSAY_LANE_EXPRESS]) ? ASSAY_LANE_EXPRESS
                                                              : ASSAY_LANE_BULK;
}

/* Bytes that nobody can parse go to the dead letters with where they came from, and only then are
 * acknowledged. */
static bool bury(struct assay_worker *worker, const struct assay_message *message,
                 const struct assay_error *err)
{
    char topic[160], id[192];
    (void)snprintf(topic, sizeof topic, "%s", message->topic);
    char *task = strstr(topic, ".task.");
    (void)snprintf(task ? task : topic, 16, ".dlq.v1");
    (void)snprintf(id, sizeof id, "%s/%d/%lld", message->topic, message->partition,
                   (long long)message->offset);
    const struct assay_message letter = {.topic = topic,
                                         .key = message->key,
                                         .ce_id = id,
                                         .ce_type = "assay.task.unreadable.v1",
                                         .body = message->body,
                                         .size_bytes = message->size_bytes};
    bool delivered = false;
    ASSAY_IGNORE(assay_queue_produce(worker->options.queue, &letter, 1, &delivered, NULL));
    ASSAY_LOG(ASSAY_LOG_WARNING, "unreadable doorbell", ASSAY_F_TEXT("from", id),
              ASSAY_F_TEXT("error", err->text), ASSAY_F_BOOL("kept", delivered));
    return delivered;
}

static void take_message(struct assay_worker *worker, const struct assay_message *message)
{
    struct assay_doorbell doorbell;
    struct assay_error err = {0};
    if (assay_doorbell_parse(message, lane_of(worker, message->topic), &doorbell, &err) ==
        ASSAY_OK) {
        (void)assay_doorbells_ring(&worker->doorbells,
                                   &doorbell); /* a full queue drops it: stolen or rung again */
        return;
    }
    if (bury(worker, message, &err))
        ASSAY_IGNORE(assay_consumer_ack(worker->consumer, message->topic, message->partition,
                                        message->offset, NULL));
}

static void acknowledge(struct assay_worker *worker)
{
    struct assay_doorbell doorbell;
    while (assay_doorbells_next_done(&worker->doorbells, &doorbell))
        ASSAY_IGNORE(assay_consumer_ack(worker->consumer, worker->topics[doorbell.lane],
                                        doorbell.partition, doorbell.offset, NULL));
}

/* No free slot: leave the messages to others. */
static void pause_or_resume(struct assay_worker *worker)
{
    const bool full = atomic_load(&worker->busy) >= worker->options.slots;
    for (int lane = 0; lane < ASSAY_LANES; lane++)
        ASSAY_IGNORE(full ? assay_consumer_pause(worker->consumer, worker->topics[lane], NULL)
                          : assay_consumer_resume(worker->consumer, worker->topics[lane], NULL));
}

static void *run_intake(void *context)
{
    struct assay_worker *worker = context;
    while (!atomic_load(&worker->stopping)) {
        const struct assay_message *message = NULL;
        struct assay_error err = {0};
        pause_or_resume(worker);
        const int rc = assay_consumer_poll(worker->consumer, POLL_MS, &message, &err);
        if (message)
            take_message(worker, message);
        acknowledge(worker);
        if (rc != ASSAY_OK) {
            ASSAY_LOG(ASSAY_LOG_WARNING, "queue poll", ASSAY_F_TEXT("error", err.text));
            assay_sleep_ms(PAUSE_AFTER_ERROR_MS);
        }
    }
    acknowledge(worker);
    assay_consumer_close(ASSAY_TAKE(worker->consumer)); /* leaves the group at once */
    return NULL;
}

/* --- heartbeat --- */

/* Leases first: they are what hurts when they are late. Then a word for the dispatcher's window. */
static int beat(struct assay_worker *worker, struct assay_error *err)
{
    ASSAY_TRY(assay_leases_beat(&worker->leases, worker->options.store, &worker->identity, err));
    const int free = worker->options.slots - atomic_load(&worker->busy);
    return assay_job_worker_seen(worker->options.store, &worker->identity, worker->pool,
                                 worker->options.slots, atomic_load(&worker->stopping) ? 0 : free,
                                 err);
}

static void *run_heartbeat(void *context)
{
    struct assay_worker *worker = context;
    int64_t next_ns = assay_monotonic_ns();
    bool failing = false;
    while (!atomic_load(&worker->stopping) || assay_leases_count(&worker->leases)) {
        const int64_t now_ns = assay_monotonic_ns();
        assay_leases_guard(&worker->leases, now_ns);
        if (now_ns >= next_ns) {
            struct assay_error err = {0};
            const bool failed = beat(worker, &err) != ASSAY_OK;
            if (failed && !failing)
                ASSAY_LOG(ASSAY_LOG_WARNING, "heartbeat", ASSAY_F_TEXT("error", err.text));
            failing = failed;
            next_ns = now_ns + worker->options.times.heartbeat_ms * 1000000;
        }
        assay_sleep_ms(GUARD_MS < worker->options.times.heartbeat_ms / 4
                           ? GUARD_MS
                           : worker->options.times.heartbeat_ms / 4 + 1);
    }
    return NULL;
}

/* --- slots --- */

static int64_t steal_interval_ms(const struct assay_worker *worker, unsigned *seed)
{
    const int64_t every = worker->options.times.steal_every_ms;
    return every / 2 + (int64_t)rand_r(seed) % (every + 1);
}

/* A message, or what lies about unclaimed. False: nothing to do, or the catalog is away. */
static bool find_claim(struct assay_worker *worker, unsigned *seed,
                       struct assay_job_claim *ret_claim, int64_t *ret_sent_ns)
{
    struct assay_doorbell doorbell;
    struct assay_error err = {0};
    struct assay_job_worker identity = worker->identity;
    int rc;
    if (assay_doorbells_take(&worker->doorbells, steal_interval_ms(worker, seed), &doorbell)) {
        *ret_sent_ns = assay_monotonic_ns();
        identity.idle = atomic_load(&worker->busy) == 0;
        rc = assay_job_claim(worker->options.store, doorbell.task_id, doorbell.dispatch_seq,
                             &identity, ret_claim, &err);
        if (rc == ASSAY_OK || rc == ASSAY_STALE)
            assay_doorbells_done(&worker->doorbells, &doorbell);
        else
            assay_doorbells_return(&worker->doorbells, &doorbell);
    } else {
        if (atomic_load(&worker->stopping))
            return false;
        *ret_sent_ns = assay_monotonic_ns();
        identity.idle = atomic_load(&worker->busy) == 0;
        rc = assay_job_steal(worker->options.store, worker->pool, LANES_ALL,
                             worker->options.times.steal_age_ms, &identity, ret_claim, &err);
    }
    if (rc != ASSAY_OK && rc != ASSAY_STALE && rc != ASSAY_NOT_FOUND) {
        ASSAY_LOG(ASSAY_LOG_WARNING, "claim", ASSAY_F_TEXT("error", err.text));
        assay_sleep_ms(PAUSE_AFTER_ERROR_MS);
    }
    return rc == ASSAY_OK;
}

static void run_claim(struct assay_worker *worker, const struct assay_job_claim *claim,
                      int64_t sent_ns)
{
    (void)atomic_fetch_add(&worker->busy, 1);
    assay_attempt_run(&worker->options, &worker->leases, &worker->together, claim, sent_ns);
    (void)atomic_fetch_sub(&worker->busy, 1);
}

static void *run_slot(void *context)
{
    struct assay_worker *worker = context;
    unsigned seed = (unsigned)assay_monotonic_ns() ^ (unsigned)(uintptr_t)&seed;
    while (!atomic_load(&worker->stopping)) {
        struct assay_job_claim claim = {0};
        int64_t sent_ns = 0;
        if (find_claim(worker, &seed, &claim, &sent_ns))
            run_claim(worker, &claim, sent_ns);
        assay_job_claim_release(&claim);
    }
    return NULL;
}

/* --- start and stop --- */

static void set_defaults(struct assay_worker_times *times)
{
    const struct {
        int64_t *member, fallback;
    } rows[] = {{&times->lease_ttl_ms, 30000},   {&times->heartbeat_ms, 5000},
                {&times->fence_margin_ms, 3000}, {&times->suspend_max_ms, 300000},
                {&times->steal_age_ms, 3000},    {&times->steal_every_ms, 2000}};
    for (size_t i = 0; i < ASSAY_COUNT(rows); i++)
        if (!*rows[i].member)
            *rows[i].member = rows[i].fallback;
}

static void name_worker(struct assay_worker *worker, const struct assay_worker_options *options)
{
    char host[64] = "localhost";
    (void)gethostname(host, sizeof host - 1);
    (void)snprintf(worker->pool, sizeof worker->pool, "%s",
                   options->pool ? options->pool : "default");
    if (options->owner)
        (void)snprintf(worker->owner, sizeof worker->owner, "%s", options->owner);
    else
        (void)snprintf(worker->owner, sizeof worker->owner, "%s:%d:%llx", host, (int)getpid(),
                       (unsigned long long)assay_monotonic_ns());
    worker->identity = (struct assay_job_worker){.owner = worker->owner,
                                                 .ttl_ms = worker->options.times.lease_ttl_ms,
                                                 .max_spec_version = ASSAY_SPEC_VERSION};
}

static int subscribe(struct assay_worker *worker, struct assay_error *err)
{
    char group[96];
    (void)snprintf(group, sizeof group, "assay-worker-%s", worker->pool);
    const char *topics[ASSAY_LANES];
    for (int lane = 0; lane < ASSAY_LANES; lane++) {
        assay_queue_task_topic(worker->options.queue, worker->pool, lane, worker->topics[lane]);
        topics[lane] = worker->topics[lane];
    }
    return assay_consumer_open(worker->options.queue, group, topics, ASSAY_LANES, &worker->consumer,
                               err);
}

static int start_threads(struct assay_worker *worker, struct assay_error *err)
{
    worker->heartbeat_started = !pthread_create(&worker->heartbeat, NULL, run_heartbeat, worker);
    worker->intake_started =
        worker->heartbeat_started && !pthread_create(&worker->intake, NULL, run_intake, worker);
    while (worker->intake_started && worker->slots_started < worker->options.slots &&
           !pthread_create(&worker->slots[worker->slots_started], NULL, run_slot, worker))
        worker->slots_started++;
    return worker->slots_started == worker->options.slots
               ? ASSAY_OK
               : assay_fail(err, ASSAY_NO_MEMORY, "starting the worker's threads");
}

int assay_worker_start(const struct assay_worker_options *options, struct assay_worker **ret_worker,
                       struct assay_error *err)
{
    if (options->slots < 1 || options->slots > SLOTS_MAX)
        return assay_fail(err, ASSAY_USAGE, "worker.slots must be between 1 and %d", SLOTS_MAX);
    ASSAY_AUTO(assay_free_text) char *program = NULL;
    ASSAY_TRY(assay_executor_path(&program, err));
    struct assay_worker *worker = assay_calloc(1, sizeof *worker);
    if (!worker)
        return assay_fail_memory(err);
    worker->options = *options;
    set_defaults(&worker->options.times);
    name_worker(worker, options);
    assay_doorbells_init(&worker->doorbells);
    assay_leases_init(&worker->leases, &worker->options.times);
    pthread_rwlockattr_t writers_first;
    (void)pthread_rwlockattr_init(&writers_first);
    (void)pthread_rwlockattr_setkind_np(&writers_first,
                                        PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    (void)pthread_rwlock_init(&worker->together, &writers_first);
    (void)pthread_rwlockattr_destroy(&writers_first);
    int rc = subscribe(worker, err);
    if (rc == ASSAY_OK)
        rc = start_threads(worker, err);
    if (rc != ASSAY_OK) {
        assay_worker_stop(worker, 0);
        return rc;
    }
    ASSAY_LOG(ASSAY_LOG_INFO, "worker started", ASSAY_F_TEXT("owner", worker->owner),
              ASSAY_F_TEXT("pool", worker->pool), ASSAY_F_INT("slots", worker->options.slots));
    *ret_worker = worker;
    return ASSAY_OK;
}

void assay_worker_stop(struct assay_worker *worker, int64_t budget_ms)
{
    if (!worker)
        return;
    atomic_store(&worker->stopping, true);
    assay_doorbells_close(&worker->doorbells);
    if (worker->intake_started)
        (void)pthread_join(worker->intake, NULL);
    else
        assay_consumer_close(worker->consumer);
    (void)assay_leases_wait_idle(&worker->leases, budget_ms);
    assay_leases_stop_all(&worker->leases, ASSAY_STOP_DRAIN);
    for (int i = 0; i < worker->slots_started; i++)
        (void)pthread_join(worker->slots[i], NULL);
    if (worker->heartbeat_started)
        (void)pthread_join(worker->heartbeat, NULL);
    ASSAY_IGNORE(assay_job_worker_gone(worker->options.store, worker->owner, NULL));
    (void)pthread_rwlock_destroy(&worker->together);
    assay_leases_release(&worker->leases);
    assay_doorbells_release(&worker->doorbells);
    assay_free(worker);
}
