/* Inside common/job: the store, its transactions, and the row of a task as the state machine sees
 * it. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_JOB_STORE_H
#define ASSAY_JOB_STORE_H

#include "common/job/job_store.h"
#include "common/job/statements.h"

/* Immutable after open, so any thread may use it. */
struct assay_job_store {
    struct assay_db *db;
    const struct assay_job_statements *sql;
};

/** Run body in conn's transaction, or in one of its own (repeated on conflicts) when conn is
 * NULL. */
ASSAY_MUST_CHECK int assay_job_write(struct assay_job_store *store, struct assay_db_conn *conn,
                                     assay_db_body_fn *body, void *context,
                                     struct assay_error *err);
/** One statement on a connection of the pool. */
#define assay_job_run(store, sql, ret_rows, err, ...)                                              \
    assay_job_query(                                                                               \
        (store), (sql),                                                                            \
        (const struct assay_db_value[]){__VA_ARGS__ __VA_OPT__(, ) assay_db_null()},               \
        sizeof((const struct assay_db_value[]){__VA_ARGS__ __VA_OPT__(, ) assay_db_null()}) /      \
                sizeof(struct assay_db_value) -                                                    \
            1,                                                                                     \
        (ret_rows), (err))
ASSAY_MUST_CHECK int assay_job_query(struct assay_job_store *store, const char *sql,
                                     const struct assay_db_value *values, size_t values_count,
                                     struct assay_db_rows **ret_rows, struct assay_error *err);
/** An instant or number where 0 stands for SQL NULL. */
struct assay_db_value assay_job_int_or_null(int64_t value);
/** A copy of a cell's text on the heap, NULL for SQL NULL. */
ASSAY_MUST_CHECK int assay_job_copy_text(const struct assay_db_rows *rows, size_t row,
                                         size_t column, char **ret_text, struct assay_error *err);
/** Copy a short text into a fixed place, cut at its size. */
void assay_job_set_text(char *place, size_t size_bytes, const char *text);

/** A row in the outbox; the same ce_id twice is one. */
ASSAY_MUST_CHECK int assay_job_emit(struct assay_db_conn *conn, const char *topic, const char *key,
                                    const char *ce_id, const char *ce_type, const char *body,
                                    struct assay_error *err);

/** A locked task, as read by lock_task. */
struct assay_job_row {
    int64_t task_id, operation_id, epoch, unblocks, connection_id, source_id, result_epoch;
    int64_t cancel_requested_at, deadline_at, now; /* µs, 0 = NULL */
    char state[16], kind[32], pool[64];
    int failures, crashes, releases, max_failures, max_crashes, priority, lane;
    int breaker_failures; /* of the connection */
    bool quarantine;
};

enum assay_job_event {
    ASSAY_JOB_COMPLETED,
    ASSAY_JOB_FAILED_TRANSIENT,
    ASSAY_JOB_FAILED_PERMANENT,
    ASSAY_JOB_SOURCE_DOWN,
    ASSAY_JOB_CRASHED,
    ASSAY_JOB_REAPED,
    ASSAY_JOB_RELEASED,
    ASSAY_JOB_STOPPED, /* after a cancel */
    ASSAY_JOB_PAST_DEADLINE,
};
/** What a running task becomes. */
struct assay_job_change {
    const char *state;                                /* static text */
    int64_t epoch, run_at, finished_at, result_epoch; /* µs; 0 = NULL */
    int failures, crashes, releases, priority;
    bool quarantine;
    bool trips_breaker;
};
/** The state machine, pure: what follows from an event on a running task. jitter: 0 … 1, spreads
 * the backoff over ± 50 %. */
void assay_job_transition(const struct assay_job_row *row, enum assay_job_event event,
                          double jitter, struct assay_job_change *ret_change);

/** A task with that row has ended in `state`: its successor waits for one less. A cancel takes the
 * successor along; a failure cancels the siblings, whose ends then leave it to say why. */
ASSAY_MUST_CHECK int assay_job_unblock(struct assay_db_conn *conn, struct assay_job_store *store,
                                       const struct assay_job_row *row, const char *state,
                                       struct assay_error *err);

/** Insert specs and tasks of an operation within conn's transaction. base: what all tasks share. */
struct assay_job_task_base {
    int64_t operation_id, source_id, connection_id, deadline_us;
    const char *pool;
    int lane, priority;
};
ASSAY_MUST_CHECK int assay_job_insert_tasks(struct assay_db_conn *conn,
                                            const struct assay_job_task_base *base,
                                            const char *const *specs, size_t specs_count,
                                            const struct assay_job_task_new *tasks,
                                            size_t tasks_count, int64_t *ret_task_ids,
                                            struct assay_error *err);
/** Insert the operation with its tasks within conn's transaction; see
 * assay_job_operation_create(). */
ASSAY_MUST_CHECK int assay_job_insert_operation(struct assay_db_conn *conn,
                                                const struct assay_job_operation_new *operation,
                                                int64_t *ret_operation_id, int64_t *ret_task_ids,
                                                bool *ret_existing, struct assay_error *err);
/** Trip the breaker of a connection within conn's transaction. */
ASSAY_MUST_CHECK int assay_job_trip(struct assay_db_conn *conn, int64_t connection_id,
                                    struct assay_error *err);
/** Close it: the source was reached. */
ASSAY_MUST_CHECK int assay_job_untrip(struct assay_db_conn *conn, int64_t connection_id,
                                      struct assay_error *err);

#endif
