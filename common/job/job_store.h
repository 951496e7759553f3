/* Job store: the states and verbs of operations and tasks, the same on PostgreSQL and SQLite.
 *
 *    blocked ── last dependency ──► ready ── dispatch ──► dispatched ── claim, steal ──► running
 *
 *    from         by                                                     to
 *    dispatched   redispatch                                             ready
 *    running      fail (transient, later), source_down, release (drain)  ready
 *    running      crash, reap (lease expired)                            ready, the third time dead
 *    running      complete, plan_done                                    succeeded
 *    running      fail (permanent)                                       failed
 *    running      too many failures, deadline                            dead
 *    running      cancel (a flag first; when it has stopped)             cancelled
 *    all others   cancel                                                 cancelled at once
 *
 * succeeded, failed, dead and cancelled are terminal and never change. epoch grows with every claim
 * and every reap; each verb of a worker carries (task, epoch) and gets ASSAY_STALE when the task is
 * not running under exactly that epoch: drop everything then, do not retry.
 *
 * Lock order in every transaction: operation → task (by id) → lease. Completions take the operation
 * FOR SHARE, cancel and close FOR UPDATE. Transactions are repeated on serialization failures and
 * deadlocks; a commit whose answer is lost is resolved by asking.
 *
 * Every verb is safe to call from any thread (each takes a connection from the pool); none logs.
 * Errors of all: ASSAY_STALE, ASSAY_UNAVAILABLE (catalog away: the same call may be repeated),
 * ASSAY_TRANSIENT, ASSAY_NO_MEMORY, ASSAY_INTERNAL. Times are microseconds by the database's
 * assay_now() unless the name says otherwise. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_JOB_JOB_STORE_H
#define ASSAY_JOB_JOB_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "common/db/db.h"

enum { ASSAY_LANE_EXPRESS, ASSAY_LANE_BULK, ASSAY_LANES };
/** Version of task specs that this build writes and the highest that it understands. */
enum { ASSAY_SPEC_VERSION = 1 };

struct assay_job_store;
/** db stays the caller's and must outlive the store. */
ASSAY_MUST_CHECK int assay_job_store_open(struct assay_db *db, struct assay_job_store **ret_store,
                                          struct assay_error *err);
void assay_job_store_close(struct assay_job_store *store);
ASSAY_DEFINE_CLEANUP(struct assay_job_store, assay_job_store_close)
struct assay_db *assay_job_store_db(const struct assay_job_store *store);
/** The database's clock. */
ASSAY_MUST_CHECK int assay_job_now(struct assay_job_store *store, int64_t *ret_now_us,
                                   struct assay_error *err);

/* --- operations --- */

/** One task to be. Texts are borrowed for the call. */
struct assay_job_task_new {
    const char *kind; /* "sync", "profile.plan", "scan", "inspect", … (executor-protocol.md) */
    int64_t container_id; /* 0 = none */
    size_t spec;          /* index into specs */
    const char *split;    /* JSON object, NULL = {} */
    int split_no, split_count;
    int unblocks; /* index of the successor in the same array, -1 = none; its waits_for is counted
                     here */
};
struct assay_job_operation_new {
    int64_t source_id;     /* datastore, 0 = none */
    int64_t connection_id; /* 0 for inspect tasks: they share a small cap of their own and have no
                              breaker */
    int max_running; /* the connection's cap, for a connection that has no limit row yet; 0 = 4 */
    const char *kind;
    bool hidden;
    const char *settings;            /* JSON text, NULL = {} */
    const char *triggered_by;        /* NULL = nobody known */
    const char *idempotency_key;     /* NULL = none */
    int64_t schedule_id, fire_at_us; /* 0 = none; unique together */
    const char *pool;                /* NULL = "default" */
    int lane, priority;              /* priority 0 = 5; 1 first */
    int64_t deadline_us;      /* instant after which a failed attempt is not repeated; 0 = none */
    const char *const *specs; /* JSON texts, spec version ASSAY_SPEC_VERSION */
    size_t specs_count;
    const struct assay_job_task_new *tasks;
    size_t tasks_count; /* 0: the operation is closed by the publisher as a success that had nothing
                           to do */
};
/** Insert operation, specs and tasks in one transaction. conn: the caller's open write transaction,
 * or NULL for an own one. With an idempotency key (or schedule slot) that is known:
 * *ret_operation_id is the earlier one, *ret_existing true, nothing is written. ret_task_ids
 * (tasks_count places) and ret_existing may be NULL. */
ASSAY_MUST_CHECK int assay_job_operation_create(struct assay_job_store *store,
                                                struct assay_db_conn *conn,
                                                const struct assay_job_operation_new *operation,
                                                int64_t *ret_operation_id, int64_t *ret_task_ids,
                                                bool *ret_existing, struct assay_error *err);
/** Ask an operation to stop. Tasks that wait are cancelled at once (*ret_stopped), running ones are
 * flagged (*ret_to_signal) and hear of it by their next heartbeat. ASSAY_NOT_FOUND; a finished
 * operation: both 0, nothing changes. */
ASSAY_MUST_CHECK int assay_job_cancel(struct assay_job_store *store, int64_t operation_id,
                                      const char *by, int *ret_stopped, int *ret_to_signal,
                                      struct assay_error *err);
/** Insert what follows from an operation's tasks as a whole, in their pool, lane and priority:
 * once, when nothing is open and nothing unpublished, before it closes; or note that nothing
 * follows (tasks_count 0). message (NULL = as it is) stands before what its closing says.
 * *ret_extended false: it is still at work, was asked to stop, was extended before, or is closed;
 * nothing is written. The publisher's alone. conn as in create. */
struct assay_job_extension {
    const char *const *specs;
    size_t specs_count;
    const struct assay_job_task_new *tasks;
    size_t tasks_count;
    const char *message;
};
ASSAY_MUST_CHECK int assay_job_extend(struct assay_job_store *store, struct assay_db_conn *conn,
                                      int64_t operation_id,
                                      const struct assay_job_extension *extension,
                                      bool *ret_extended, struct assay_error *err);
/** Close an operation of which nothing is open and nothing unpublished: result, message (NULL =
 * clean) and counters (JSON) are set with end_time, and the event operation.finished goes to the
 * outbox (topic NULL = no event). *ret_closed false: it is still at work, or closed already. The
 * publisher's alone. conn as in create, NULL = an own transaction. */
struct assay_job_closing {
    const char *result; /* "success", "failure", "aborted" */
    const char *message;
    const char *counters;
    const char *event_topic;
};
ASSAY_MUST_CHECK int assay_job_close(struct assay_job_store *store, struct assay_db_conn *conn,
                                     int64_t operation_id, const struct assay_job_closing *closing,
                                     bool *ret_closed, struct assay_error *err);

/* --- dispatch --- */

/** Hand out ready tasks of one pool and lane: state dispatched, one doorbell each in the outbox
 * (topic). At most `window` are dispatched and not claimed at any time. Choice: connection below
 * its cap and not paused (half-open breaker: one task), then least (live + rank) / weight over
 * datastores, then priority, run_at, id. max_spec_version: the lowest that every live worker of the
 * pool understands. */
ASSAY_MUST_CHECK int assay_job_dispatch(struct assay_job_store *store, const char *pool, int lane,
                                        int window, const char *topic, int max_spec_version,
                                        int *ret_dispatched, struct assay_error *err);
/** Dispatched tasks whose doorbell was delivered and that nobody claimed for after_ms (doubling
 * with each dispatch, at most 10 min) become ready again. */
ASSAY_MUST_CHECK int assay_job_redispatch(struct assay_job_store *store, int64_t after_ms,
                                          int *ret_count, struct assay_error *err);
/** Open tasks of a pool that could run now (ready and due, dispatched, running): what to scale
 * on. */
ASSAY_MUST_CHECK int assay_job_demand(struct assay_job_store *store, const char *pool,
                                      int64_t *ret_count, struct assay_error *err);
/** What the workers of a pool say that were seen within silent_ms. */
struct assay_job_pool {
    int workers, slots, free;
    int max_spec_version; /* the lowest of all; ASSAY_SPEC_VERSION without workers */
};
ASSAY_MUST_CHECK int assay_job_pool(struct assay_job_store *store, const char *pool,
                                    int64_t silent_ms, struct assay_job_pool *ret_pool,
                                    struct assay_error *err);
/** The names of pools that have open tasks, as a JSON array on the heap (assay_free()). */
ASSAY_MUST_CHECK int assay_job_pools(struct assay_job_store *store, char **ret_json,
                                     struct assay_error *err);

/* --- a worker's verbs --- */

struct assay_job_worker {
    const char *owner; /* unique per worker process */
    int64_t ttl_ms;    /* of leases */
    int max_spec_version;
    bool idle; /* no slot is busy: it may take a quarantined task, and then runs it alone */
};
/** A worker says that it lives, with its slots and how many of them are free; every few seconds. */
ASSAY_MUST_CHECK int assay_job_worker_seen(struct assay_job_store *store,
                                           const struct assay_job_worker *worker, const char *pool,
                                           int slots, int free, struct assay_error *err);
/** It stops. */
ASSAY_MUST_CHECK int assay_job_worker_gone(struct assay_job_store *store, const char *owner,
                                           struct assay_error *err);
/** A claimed task. Texts are the claim's. */
struct assay_job_claim {
    int64_t task_id, epoch, operation_id, source_id, connection_id, container_id;
    char *kind, *spec, *split, *checkpoint; /* checkpoint NULL = none */
    int spec_version, split_no, split_count, lane;
    int attempts, crashes;        /* attempts counts this one */
    int64_t deadline_us;          /* 0 = none */
    int64_t operation_started_us; /* "now" of the whole operation */
    bool quarantine;              /* run it alone: other slots idle */
};
void assay_job_claim_release(struct assay_job_claim *claim);

/** Take a dispatched task: running, epoch + 1, lease. ASSAY_STALE: duplicate, late, cancelled or
 * too new a message; nothing to do but to acknowledge it. The operation becomes running with its
 * first claim. */
ASSAY_MUST_CHECK int assay_job_claim(struct assay_job_store *store, int64_t task_id,
                                     int dispatch_seq, const struct assay_job_worker *worker,
                                     struct assay_job_claim *ret_claim, struct assay_error *err);
/** Take any task of the pool that was dispatched at least min_age_ms ago, express first.
 * lanes: bit 1 << lane. ASSAY_NOT_FOUND: there is none. */
ASSAY_MUST_CHECK int assay_job_steal(struct assay_job_store *store, const char *pool,
                                     unsigned lanes, int64_t min_age_ms,
                                     const struct assay_job_worker *worker,
                                     struct assay_job_claim *ret_claim, struct assay_error *err);
/** Lease of one task to renew; held, cancel and deadline_us are answers. */
struct assay_job_beat {
    int64_t task_id, epoch;
    const char *progress; /* JSON, NULL = keep the last */
    bool held;            /* false: the task is no longer ours; stop it */
    bool cancel;          /* stop it, then assay_job_cancelled() */
    int64_t deadline_us;
};
ASSAY_MUST_CHECK int assay_job_heartbeat(struct assay_job_store *store,
                                         const struct assay_job_worker *worker,
                                         struct assay_job_beat *beats, size_t beats_count,
                                         struct assay_error *err);
ASSAY_MUST_CHECK int assay_job_checkpoint(struct assay_job_store *store, int64_t task_id,
                                          int64_t epoch, const char *checkpoint,
                                          struct assay_error *err);
/** Keep a chunk of results, invisible until the attempt wins. chunk numbers from 0; the same chunk
 * twice is one. */
ASSAY_MUST_CHECK int assay_job_stage(struct assay_job_store *store, int64_t task_id, int64_t epoch,
                                     int chunk, const void *body, size_t size_bytes,
                                     struct assay_error *err);
/** Done: succeeded under this epoch, lease gone, successor unblocked, breaker of the connection
 * closed. summary: the DONE frame, JSON, may be NULL. Repeating a completion that was ours is
 * ASSAY_OK. */
ASSAY_MUST_CHECK int assay_job_complete(struct assay_job_store *store, int64_t task_id,
                                        int64_t epoch, const char *summary,
                                        struct assay_error *err);
/** Complete a task and insert what follows from it, splits and their merge (by `unblocks`), in the
 * same transaction. After a cancel: the task is cancelled and nothing is inserted. */
ASSAY_MUST_CHECK int assay_job_plan_done(struct assay_job_store *store, int64_t task_id,
                                         int64_t epoch, const char *summary,
                                         const char *const *specs, size_t specs_count,
                                         const struct assay_job_task_new *tasks, size_t tasks_count,
                                         struct assay_error *err);
/** The tasks that a task waited for, in split_no order: columns id, split_no, state, result_epoch,
 * split, last_error. */
ASSAY_MUST_CHECK int assay_job_predecessors(struct assay_job_store *store, int64_t task_id,
                                            struct assay_db_rows **ret_rows,
                                            struct assay_error *err);
/** Staged chunks of an attempt from number `from` on, at most `limit`: columns chunk, body (bytes).
 * Those of a split stay until the merge that it unblocks is published. */
ASSAY_MUST_CHECK int assay_job_chunks(struct assay_job_store *store, int64_t task_id, int64_t epoch,
                                      int from, int limit, struct assay_db_rows **ret_rows,
                                      struct assay_error *err);
/** Chunks of a kept state (schemas/…/0003_kept_state.sql) from place `from` on, at most `limit`:
 * columns position, body (bytes). None: it was replaced meanwhile. */
ASSAY_MUST_CHECK int assay_job_kept_parts(struct assay_job_store *store, int64_t state_id,
                                          int64_t from, int limit, struct assay_db_rows **ret_rows,
                                          struct assay_error *err);
/** Handled errors. error: JSON {"code","text",…}, no secret. ret_state (may be NULL): the state
 * that followed, static text. permanent: failed at once. transient: again after 10 s, 30 s, 2 min,
 * 10 min, 30 min, 1 h (± 50 %), dead after max_failures or past the deadline. An inspect task is
 * never repeated. A cancel that was asked for wins in all: cancelled. When a split has failed for
 * good its siblings are cancelled, those that run asked to stop; their successor runs then. */
ASSAY_MUST_CHECK int assay_job_fail(struct assay_job_store *store, int64_t task_id, int64_t epoch,
                                    bool permanent, const char *error, const char **ret_state,
                                    struct assay_error *err);
/** The source cannot be reached: ready again, counts nothing; the breaker of the connection
 * trips. */
ASSAY_MUST_CHECK int assay_job_source_down(struct assay_job_store *store, int64_t task_id,
                                           int64_t epoch, const char *error, const char **ret_state,
                                           struct assay_error *err);
/** The executor died of a signal or of memory, the worker lives: crashes + 1; first at once
 * elsewhere, second alone after 60 s, third dead. */
ASSAY_MUST_CHECK int assay_job_crash(struct assay_job_store *store, int64_t task_id, int64_t epoch,
                                     const char *error, const char **ret_state,
                                     struct assay_error *err);
/** Drain: ready again in front, no attempt charged; checkpoint may be NULL. */
ASSAY_MUST_CHECK int assay_job_release(struct assay_job_store *store, int64_t task_id,
                                       int64_t epoch, const char *checkpoint,
                                       const char **ret_state, struct assay_error *err);
/** The task was stopped because a cancel was asked for. Without one: as release. */
ASSAY_MUST_CHECK int assay_job_cancelled(struct assay_job_store *store, int64_t task_id,
                                         int64_t epoch, const char **ret_state,
                                         struct assay_error *err);
/** Ran past its deadline: dead with reason. */
ASSAY_MUST_CHECK int assay_job_deadline(struct assay_job_store *store, int64_t task_id,
                                        int64_t epoch, const char **ret_state,
                                        struct assay_error *err);
/** Is this (task, epoch) the current one, with a lease? The credentials door asks before it
 * answers. ASSAY_STALE if not. */
ASSAY_MUST_CHECK int assay_job_holds(struct assay_job_store *store, int64_t task_id, int64_t epoch,
                                     struct assay_error *err);

/* --- the leader's verbs --- */

/** Leases that ran out more than grace_ms ago: crash of the task, epoch + 1. At most `limit`, one
 * transaction each. */
ASSAY_MUST_CHECK int assay_job_reap(struct assay_job_store *store, int64_t grace_ms, int limit,
                                    int *ret_reaped, struct assay_error *err);
/** Delete stage rows of attempts that lost, published stage rows (a split's with its merge),
 * expired inspect secrets and old inbox rows, and hidden operations that ended more than
 * keep_hidden_ms ago. */
ASSAY_MUST_CHECK int assay_job_sweep(struct assay_job_store *store, int64_t keep_hidden_ms,
                                     int *ret_deleted, struct assay_error *err);

/** The oldest outbox rows: columns id, topic, key, ce_id, ce_type, body. Sent twice by two relays
 * is harmless. */
ASSAY_MUST_CHECK int assay_job_relay_batch(struct assay_job_store *store, int limit,
                                           struct assay_db_rows **ret_rows,
                                           struct assay_error *err);
ASSAY_MUST_CHECK int assay_job_relay_done(struct assay_job_store *store, const int64_t *ids,
                                          size_t ids_count, struct assay_error *err);

/** Enabled schedules that are due: id, cron, tz, next_fire_at, last_fire_at, catchup_us, misfire,
 * overlap, version, template. */
ASSAY_MUST_CHECK int assay_job_due(struct assay_job_store *store, int limit,
                                   struct assay_db_rows **ret_rows, struct assay_error *err);
/** Fire one slot: the operation (its schedule_id and fire_at_us set) and the schedule's next
 * instant in one transaction. operation NULL: only move on (misfire skip). *ret_operation_id 0:
 * that slot was fired before. */
ASSAY_MUST_CHECK int assay_job_fire(struct assay_job_store *store, int64_t schedule_id, int version,
                                    int64_t next_fire_us,
                                    const struct assay_job_operation_new *operation,
                                    int64_t *ret_operation_id, struct assay_error *err);

/** Leadership as a row: take it (*ret_epoch), renew it (ASSAY_STALE: somebody else has it), and end
 * the session of a holder who has not renewed for silent_ms (PostgreSQL; *ret_deposed). conn: the
 * connection that holds the advisory lock. */
ASSAY_MUST_CHECK int assay_job_lead(struct assay_db_conn *conn, const char *name,
                                    const char *holder, int64_t *ret_epoch,
                                    struct assay_error *err);
ASSAY_MUST_CHECK int assay_job_renew(struct assay_db_conn *conn, const char *name, int64_t epoch,
                                     struct assay_error *err);
ASSAY_MUST_CHECK int assay_job_depose(struct assay_job_store *store, const char *name,
                                      int64_t silent_ms, bool *ret_deposed,
                                      struct assay_error *err);

/** Note an event from outside. *ret_new false: it came before. */
ASSAY_MUST_CHECK int assay_job_event_in(struct assay_job_store *store, const char *source,
                                        const char *event_id, bool *ret_new,
                                        struct assay_error *err);

/** Cap of a connection (its max_parallelization), from now on. conn as in create. */
ASSAY_MUST_CHECK int assay_job_limit_set(struct assay_job_store *store, struct assay_db_conn *conn,
                                         int64_t connection_id, int max_running,
                                         struct assay_error *err);
/** Weight of a datastore in the fair share; 1 unless set. */
ASSAY_MUST_CHECK int assay_job_weight_set(struct assay_job_store *store, int64_t source_id,
                                          double weight, struct assay_error *err);
/** Open the breaker: no dispatch for 30 s, doubling to 10 min with each trip in a row; while open a
 * further trip changes nothing. When the pause is over one task is let through; breaker_probe()
 * says how it went (complete and source_down do). */
ASSAY_MUST_CHECK int assay_job_breaker_trip(struct assay_job_store *store, int64_t connection_id,
                                            struct assay_error *err);
ASSAY_MUST_CHECK int assay_job_breaker_probe(struct assay_job_store *store, int64_t connection_id,
                                             bool reached, struct assay_error *err);

/* --- inspect --- */

/** Encrypted credentials of an unsaved connection, for ttl_ms. conn as in create. */
ASSAY_MUST_CHECK int assay_job_secret_put(struct assay_job_store *store, struct assay_db_conn *conn,
                                          int64_t task_id, const void *ciphertext,
                                          size_t size_bytes, int64_t ttl_ms,
                                          struct assay_error *err);
/** Read them for the claimed (task, epoch); they are deleted with the task's end. ASSAY_NOT_FOUND:
 * none, or expired; ASSAY_STALE: not the current holder. Appended to ret_ciphertext. */
ASSAY_MUST_CHECK int assay_job_secret_get(struct assay_job_store *store, int64_t task_id,
                                          int64_t epoch, struct assay_buf *ret_ciphertext,
                                          struct assay_error *err);
/** Where a task stands: for the API's wait on inspect tasks. Texts are the caller's buffers or heap
 * (assay_job_status_release). */
struct assay_job_status {
    char state[16];
    bool finished;
    char *last_error; /* JSON or NULL */
    char *summary;    /* JSON or NULL */
};
void assay_job_status_release(struct assay_job_status *status);
ASSAY_MUST_CHECK int assay_job_status(struct assay_job_store *store, int64_t task_id,
                                      struct assay_job_status *ret_status, struct assay_error *err);
/** The result chunks of a succeeded task in order, one row each (column 0: bytes). ASSAY_NOT_FOUND
 * until it has succeeded. */
ASSAY_MUST_CHECK int assay_job_results(struct assay_job_store *store, int64_t task_id,
                                       struct assay_db_rows **ret_rows, struct assay_error *err);
/** Delete an inspect operation with its task, results and secret once it was read. */
ASSAY_MUST_CHECK int assay_job_forget(struct assay_job_store *store, int64_t operation_id,
                                      struct assay_error *err);

/* --- publishing --- */

/** The oldest finished and unpublished task of a listed operation, locked until conn's write
 * transaction ends (PostgreSQL: SKIP LOCKED, so that publishers share the work). ASSAY_NOT_FOUND:
 * none. Texts as in a claim's. */
struct assay_job_published {
    int64_t task_id, result_epoch, operation_id, source_id, container_id;
    char kind[32], state[16];
    char *spec, *settings, *summary, *last_error; /* settings: the operation's */
};
void assay_job_published_release(struct assay_job_published *task);
ASSAY_MUST_CHECK int assay_job_next_unpublished(struct assay_job_store *store,
                                                struct assay_db_conn *conn,
                                                struct assay_job_published *ret_task,
                                                struct assay_error *err);
/** Results of that task within conn's transaction: one row each (column 0: bytes). */
ASSAY_MUST_CHECK int assay_job_staged(struct assay_job_store *store, struct assay_db_conn *conn,
                                      int64_t task_id, int64_t result_epoch,
                                      struct assay_db_rows **ret_rows, struct assay_error *err);
ASSAY_MUST_CHECK int assay_job_mark_published(struct assay_job_store *store,
                                              struct assay_db_conn *conn, int64_t task_id,
                                              struct assay_error *err);
/** Ids of operations of which nothing is open and nothing unpublished, but that are not closed:
 * column 0. */
ASSAY_MUST_CHECK int assay_job_closable(struct assay_job_store *store, int limit,
                                        struct assay_db_rows **ret_rows, struct assay_error *err);

#endif
