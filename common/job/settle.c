// The ends of an attempt, from complete to reap: one transaction each.
// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/job/store.h"

/* A completion whose commit went unanswered is asked for again: it finds its own result. */
enum { RESOLVE_TRIES = 4, RESOLVE_PAUSE_MS = 100 };

struct settlement {
    struct assay_job_store *store;
    int64_t task_id, epoch;
    enum assay_job_event event;
    const char *error, *summary, *checkpoint; /* NULL = leave as it is */
    int64_t grace_us;                         /* reap */
    double jitter;
    const char *const *specs; /* plan_done: what to insert */
    size_t specs_count;
    const struct assay_job_task_new *tasks;
    size_t tasks_count;
    const char *state; /* out */
};

static int stale(const struct settlement *s, struct assay_error *err)
{
    return assay_fail(err, ASSAY_STALE, "task %lld is not running under epoch %lld",
                      (long long)s->task_id, (long long)s->epoch);
}

static int lock_operation(struct assay_db_conn *conn, const struct settlement *s,
                          struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(
        assay_db_run(conn, s->store->sql->lock_operation_of, &rows, err, assay_db_int(s->task_id)));
    return assay_db_rows_count(rows) ? ASSAY_OK : stale(s, err);
}

static void read_row(const struct assay_db_rows *rows, int64_t task_id, struct assay_job_row *row)
{
    *row = (struct assay_job_row){
        .task_id = task_id,
        .operation_id = assay_db_get_int(rows, 0, 0),
        .epoch = assay_db_get_int(rows, 0, 2),
        .failures = (int)assay_db_get_int(rows, 0, 4),
        .crashes = (int)assay_db_get_int(rows, 0, 5),
        .releases = (int)assay_db_get_int(rows, 0, 6),
        .max_failures = (int)assay_db_get_int(rows, 0, 7),
        .max_crashes = (int)assay_db_get_int(rows, 0, 8),
        .priority = (int)assay_db_get_int(rows, 0, 9),
        .quarantine = assay_db_get_int(rows, 0, 10) != 0,
        .cancel_requested_at = assay_db_get_int(rows, 0, 11),
        .deadline_at = assay_db_get_int(rows, 0, 12),
        .unblocks = assay_db_get_int(rows, 0, 13),
        .connection_id = assay_db_get_int(rows, 0, 14),
        .result_epoch = assay_db_get_int(rows, 0, 15),
        .source_id = assay_db_get_int(rows, 0, 16),
        .lane = (int)assay_db_get_int(rows, 0, 18),
        .now = assay_db_get_int(rows, 0, 19),
        .breaker_failures = (int)assay_db_get_int(rows, 0, 20),
    };
    assay_job_set_text(row->state, sizeof row->state, assay_db_get_text(rows, 0, 1));
    assay_job_set_text(row->kind, sizeof row->kind, assay_db_get_text(rows, 0, 3));
    assay_job_set_text(row->pool, sizeof row->pool, assay_db_get_text(rows, 0, 17));
}

/* The task, locked, if it runs under this epoch. *ret_mine: it succeeded under it already. */
static int lock_task(struct assay_db_conn *conn, const struct settlement *s,
                     struct assay_job_row *ret_row, bool *ret_mine, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn, s->store->sql->lock_task, &rows, err, assay_db_int(s->task_id)));
    read_row(rows, s->task_id, ret_row);
    *ret_mine = s->event == ASSAY_JOB_COMPLETED && !strcmp(ret_row->state, "succeeded") &&
                ret_row->result_epoch == s->epoch;
    if (*ret_mine || (!strcmp(ret_row->state, "running") && ret_row->epoch == s->epoch))
        return ASSAY_OK;
    return stale(s, err);
}

static int lock_expired(struct assay_db_conn *conn, const struct settlement *s,
                        struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn, s->store->sql->lock_expired, &rows, err, assay_db_int(s->task_id),
                           assay_db_int(s->epoch), assay_db_int(s->grace_us)));
    return assay_db_rows_count(rows) ? ASSAY_OK : stale(s, err);
}

static int write_change(struct assay_db_conn *conn, const struct settlement *s,
                        const struct assay_job_row *row, const struct assay_job_change *change,
                        struct assay_error *err)
{
    ASSAY_TRY(assay_db_run(
        conn,
        "UPDATE task SET state = $2, epoch = $3, failures = $4, crashes = $5, releases = $6, "
        "priority = $7, "
        "quarantine = $8, run_at = $9, finished_at = $10, result_epoch = $11, "
        "last_error = CASE WHEN $2 = 'succeeded' THEN NULL ELSE coalesce($12, last_error) END, "
        "summary = coalesce($13, summary), "
        "checkpoint = coalesce($14, checkpoint) WHERE id = $1",
        NULL, err, assay_db_int(s->task_id), assay_db_text(change->state),
        assay_db_int(change->epoch), assay_db_int(change->failures), assay_db_int(change->crashes),
        assay_db_int(change->releases), assay_db_int(change->priority),
        assay_db_bool(change->quarantine), assay_db_int(change->run_at),
        assay_job_int_or_null(change->finished_at), assay_job_int_or_null(change->result_epoch),
        assay_db_text(s->error), assay_db_text(s->summary), assay_db_text(s->checkpoint)));
    ASSAY_TRY(assay_db_run(conn, "DELETE FROM task_lease WHERE task_id = $1 AND epoch = $2", NULL,
                           err, assay_db_int(s->task_id), assay_db_int(s->epoch)));
    if (!change->finished_at || strcmp(row->kind, "inspect") != 0)
        return ASSAY_OK;
    return assay_db_run(conn, "DELETE FROM inspect_secret WHERE task_id = $1", NULL, err,
                        assay_db_int(s->task_id));
}

static int insert_children(struct assay_db_conn *conn, const struct settlement *s,
                           const struct assay_job_row *row, struct assay_error *err)
{
    if (!s->tasks_count)
        return ASSAY_OK;
    const struct assay_job_task_base base = {.operation_id = row->operation_id,
                                             .source_id = row->source_id,
                                             .connection_id = row->connection_id,
                                             .deadline_us = row->deadline_at,
                                             .pool = row->pool,
                                             .lane = row->lane,
                                             .priority = row->priority};
    return assay_job_insert_tasks(conn, &base, s->specs, s->specs_count, s->tasks, s->tasks_count,
                                  NULL, err);
}

static int settle(struct assay_db_conn *conn, void *context, struct assay_error *err)
{
    struct settlement *s = context;
    struct assay_job_row row;
    struct assay_job_change change;
    bool mine = false;
    ASSAY_TRY(lock_operation(conn, s, err));
    ASSAY_TRY(lock_task(conn, s, &row, &mine, err));
    s->state = "succeeded";
    if (mine)
        return ASSAY_OK;
    if (s->event == ASSAY_JOB_REAPED)
        ASSAY_TRY(lock_expired(conn, s, err));
    /* what would follow is not wanted any more, so this is no success either */
    const bool in_vain = s->tasks_count && row.cancel_requested_at;
    assay_job_transition(&row, in_vain ? ASSAY_JOB_STOPPED : s->event, s->jitter, &change);
    s->state = change.state;
    ASSAY_TRY(write_change(conn, s, &row, &change, err));
    if (!in_vain)
        ASSAY_TRY(insert_children(conn, s, &row, err));
    if (change.finished_at)
        ASSAY_TRY(assay_job_unblock(conn, s->store, &row, change.state, err));
    if (change.trips_breaker)
        return assay_job_trip(conn, row.connection_id, err);
    if (change.result_epoch && row.breaker_failures) /* the source was reached */
        return assay_job_untrip(conn, row.connection_id, err);
    return ASSAY_OK;
}

static int settle_once(struct settlement *s, struct assay_error *err)
{
    return assay_db_transaction(s->store->db, settle, s, err);
}

static int complete(struct settlement *s, struct assay_error *err)
{
    struct assay_error own = {0};
    int rc = settle_once(s, &own);
    for (int attempt = 1; rc == ASSAY_UNAVAILABLE && attempt < RESOLVE_TRIES; attempt++) {
        assay_sleep_ms(RESOLVE_PAUSE_MS << attempt);
        assay_error_clear(&own);
        rc = settle_once(s, &own);
    }
    if (rc != ASSAY_OK && err && err->code == ASSAY_OK)
        *err = own;
    return rc;
}

int assay_job_complete(struct assay_job_store *store, int64_t task_id, int64_t epoch,
                       const char *summary, struct assay_error *err)
{
    struct settlement s = {.store = store,
                           .task_id = task_id,
                           .epoch = epoch,
                           .event = ASSAY_JOB_COMPLETED,
                           .summary = summary};
    return complete(&s, err);
}

int assay_job_plan_done(struct assay_job_store *store, int64_t task_id, int64_t epoch,
                        const char *summary, const char *const *specs, size_t specs_count,
                        const struct assay_job_task_new *tasks, size_t tasks_count,
                        struct assay_error *err)
{
    struct settlement s = {.store = store,
                           .task_id = task_id,
                           .epoch = epoch,
                           .event = ASSAY_JOB_COMPLETED,
                           .summary = summary,
                           .specs = specs,
                           .specs_count = specs_count,
                           .tasks = tasks,
                           .tasks_count = tasks_count};
    return complete(&s, err);
}

/* Spreads retries; not for secrets. */
static double jitter(int64_t task_id, int64_t epoch)
{
    uint64_t x = (uint64_t)task_id * UINT64_C(0x9E3779B97F4A7C15) ^
                 (uint64_t)epoch * UINT64_C(0xC2B2AE3D27D4EB4F);
    x ^= x >> 31;
    x *= UINT64_C(0x94D049BB133111EB);
    return (double)(x >> 40) / (double)(1 << 24);
}

static int end_attempt(struct assay_job_store *store, int64_t task_id, int64_t epoch,
                       enum assay_job_event event, const char *error, const char *checkpoint,
                       const char **ret_state, struct assay_error *err)
{
    struct settlement s = {.store = store,
                           .task_id = task_id,
                           .epoch = epoch,
                           .event = event,
                           .error = error,
                           .checkpoint = checkpoint,
                           .jitter = jitter(task_id, epoch)};
    ASSAY_TRY(settle_once(&s, err));
    if (ret_state)
        *ret_state = s.state;
    return ASSAY_OK;
}

int assay_job_fail(struct assay_job_store *store, int64_t task_id, int64_t epoch, bool permanent,
                   const char *error, const char **ret_state, struct assay_error *err)
{
    const enum assay_job_event event =
        permanent ? ASSAY_JOB_FAILED_PERMANENT : ASSAY_JOB_FAILED_TRANSIENT;
    return end_attempt(store, task_id, epoch, event, error, NULL, ret_state, err);
}

int assay_job_source_down(struct assay_job_store *store, int64_t task_id, int64_t epoch,
                          const char *error, const char **ret_state, struct assay_error *err)
{
    return end_attempt(store, task_id, epoch, ASSAY_JOB_SOURCE_DOWN, error, NULL, ret_state, err);
}

int assay_job_crash(struct assay_job_store *store, int64_t task_id, int64_t epoch,
                    const char *error, const char **ret_state, struct assay_error *err)
{
    return end_attempt(store, task_id, epoch, ASSAY_JOB_CRASHED, error, NULL, ret_state, err);
}

int assay_job_release(struct assay_job_store *store, int64_t task_id, int64_t epoch,
                      const char *checkpoint, const char **ret_state, struct assay_error *err)
{
    return end_attempt(store, task_id, epoch, ASSAY_JOB_RELEASED, NULL, checkpoint, ret_state, err);
}

int assay_job_cancelled(struct assay_job_store *store, int64_t task_id, int64_t epoch,
                        const char **ret_state, struct assay_error *err)
{
    return end_attempt(store, task_id, epoch, ASSAY_JOB_STOPPED, NULL, NULL, ret_state, err);
}

int assay_job_deadline(struct assay_job_store *store, int64_t task_id, int64_t epoch,
                       const char **ret_state, struct assay_error *err)
{
    static const char error[] =
        "{\"code\":\"TIMEOUT\",\"text\":\"the task ran past its deadline\"}";
    return end_attempt(store, task_id, epoch, ASSAY_JOB_PAST_DEADLINE, error, NULL, ret_state, err);
}

static int reap_one(struct assay_job_store *store, int64_t task_id, int64_t epoch, int64_t grace_us,
                    struct assay_error *err)
{
    struct settlement s = {
        .store = store,
        .task_id = task_id,
        .epoch = epoch,
        .event = ASSAY_JOB_REAPED,
        .error = "{\"code\":\"CRASH\",\"text\":\"the worker was lost: its lease ran out\"}",
        .grace_us = grace_us};
    return settle_once(&s, err);
}

int assay_job_reap(struct assay_job_store *store, int64_t grace_ms, int limit, int *ret_reaped,
                   struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(
        assay_job_run(store,
                      "SELECT task_id, epoch FROM task_lease WHERE lease_until < assay_now() - $1 "
                      "ORDER BY lease_until, task_id LIMIT $2",
                      &rows, err, assay_db_int(grace_ms * 1000), assay_db_int(limit)));
    int reaped = 0;
    for (size_t row = 0; row < assay_db_rows_count(rows); row++) {
        struct assay_error own = {0};
        const int rc = reap_one(store, assay_db_get_int(rows, row, 0),
                                assay_db_get_int(rows, row, 1), grace_ms * 1000, &own);
        if (rc != ASSAY_OK && rc != ASSAY_STALE) {
            if (err && err->code == ASSAY_OK)
                *err = own;
            return rc;
        }
        reaped += rc == ASSAY_OK;
    }
    *ret_reaped = reaped;
    return ASSAY_OK;
}
