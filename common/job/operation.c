// Operations: insert with specs and tasks, cancel, close.
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/memory.h"
#include "common/job/store.h"

enum { DEFAULT_PRIORITY = 5, DEFAULT_MAX_RUNNING = 4 };

static int insert_specs(struct assay_db_conn *conn, int64_t operation_id, const char *const *specs,
                        size_t specs_count, int64_t *ret_ids, struct assay_error *err)
{
    for (size_t i = 0; i < specs_count; i++) {
        ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
        ASSAY_TRY(assay_db_run(
            conn, "INSERT INTO task_spec (op_id, version, body) VALUES ($1, $2, $3) RETURNING id",
            &rows, err, assay_db_int(operation_id), assay_db_int(ASSAY_SPEC_VERSION),
            assay_db_text(specs[i])));
        ret_ids[i] = assay_db_get_int(rows, 0, 0);
    }
    return ASSAY_OK;
}

static int waits_for(const struct assay_job_task_new *tasks, size_t tasks_count, size_t task)
{
    int count = 0;
    for (size_t i = 0; i < tasks_count; i++)
        count += tasks[i].unblocks >= 0 && (size_t)tasks[i].unblocks == task;
    return count;
}

static int insert_task(struct assay_db_conn *conn, const struct assay_job_task_base *base,
                       int64_t spec_id, const struct assay_job_task_new *task, int waits,
                       int64_t *ret_id, struct assay_error *err)
{
    const bool inspect = !strcmp(task->kind, "inspect");
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(
        conn,
        "INSERT INTO task (op_id, source_id, connection_id, container_id, kind, spec_id, "
        "spec_version, split, "
        "split_no, split_count, waits_for, pool, lane, priority, state, max_failures, max_crashes, "
        "deadline_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) "
        "RETURNING id",
        &rows, err, assay_db_int(base->operation_id), assay_db_int(base->source_id),
        assay_db_int(base->connection_id), assay_job_int_or_null(task->container_id),
        assay_db_text(task->kind), assay_db_int(spec_id), assay_db_int(ASSAY_SPEC_VERSION),
        assay_db_text(task->split ? task->split : "{}"), assay_db_int(task->split_no),
        assay_db_int(task->split_count), assay_db_int(waits), assay_db_text(base->pool),
        assay_db_int(base->lane), assay_db_int(base->priority),
        assay_db_text(waits ? "blocked" : "ready"), assay_db_int(inspect ? 1 : 6),
        assay_db_int(inspect ? 1 : 3), assay_job_int_or_null(base->deadline_us)));
    *ret_id = assay_db_get_int(rows, 0, 0);
    return ASSAY_OK;
}

static int insert_all(struct assay_db_conn *conn, const struct assay_job_task_base *base,
                      const int64_t *spec_ids, const struct assay_job_task_new *tasks,
                      size_t tasks_count, int64_t *ids, struct assay_error *err)
{
    bool successors = false;
    for (size_t i = 0; i < tasks_count; i++)
        successors = successors || tasks[i].unblocks >= 0;
    for (size_t i = 0; i < tasks_count; i++) {
        const int waits = successors ? waits_for(tasks, tasks_count, i) : 0;
        ASSAY_TRY(insert_task(conn, base, spec_ids[tasks[i].spec], &tasks[i], waits, &ids[i], err));
    }
    for (size_t i = 0; successors && i < tasks_count; i++)
        if (tasks[i].unblocks >= 0)
            ASSAY_TRY(assay_db_run(conn, "UPDATE task SET unblocks = $2 WHERE id = $1", NULL, err,
                                   assay_db_int(ids[i]), assay_db_int(ids[tasks[i].unblocks])));
    return ASSAY_OK;
}

static int check_indexes(const struct assay_job_task_new *tasks, size_t tasks_count,
                         size_t specs_count, struct assay_error *err)
{
    for (size_t i = 0; i < tasks_count; i++)
        if (tasks[i].spec >= specs_count ||
            (tasks[i].unblocks >= 0 && (size_t)tasks[i].unblocks >= tasks_count))
            return assay_fail(err, ASSAY_INVALID,
                              "task %zu names a spec or a successor that is not there", i);
    return ASSAY_OK;
}

int assay_job_insert_tasks(struct assay_db_conn *conn, const struct assay_job_task_base *base,
                           const char *const *specs, size_t specs_count,
                           const struct assay_job_task_new *tasks, size_t tasks_count,
                           int64_t *ret_task_ids, struct assay_error *err)
{
    if (!tasks_count)
        return ASSAY_OK;
    ASSAY_TRY(check_indexes(tasks, tasks_count, specs_count, err));
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(specs_count + tasks_count, sizeof(int64_t));
    if (!memory)
        return assay_fail_memory(err);
    int64_t *spec_ids = memory, *ids = spec_ids + specs_count;
    ASSAY_TRY(insert_specs(conn, base->operation_id, specs, specs_count, spec_ids, err));
    ASSAY_TRY(insert_all(conn, base, spec_ids, tasks, tasks_count, ids, err));
    if (ret_task_ids)
        memcpy(ret_task_ids, ids, tasks_count * sizeof *ids);
    return ASSAY_OK;
}

static int find_existing(struct assay_db_conn *conn,
                         const struct assay_job_operation_new *operation, int64_t *ret_id,
                         struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn,
                           "SELECT id FROM operation WHERE idempotency_key = $1 "
                           "OR (schedule_id = $2 AND fire_at = $3)",
                           &rows, err, assay_db_text(operation->idempotency_key),
                           assay_job_int_or_null(operation->schedule_id),
                           assay_job_int_or_null(operation->fire_at_us)));
    if (assay_db_rows_count(rows) == 0)
        return assay_fail(err, ASSAY_INTERNAL,
                          "an operation was refused as known, but is not there");
    *ret_id = assay_db_get_int(rows, 0, 0);
    return ASSAY_OK;
}

static int insert_row(struct assay_db_conn *conn, const struct assay_job_operation_new *operation,
                      int64_t *ret_id, bool *ret_existing, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(
        conn,
        "INSERT INTO operation (source_id, connection_id, kind, hidden, settings, triggered_by, "
        "idempotency_key, "
        "schedule_id, fire_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING "
        "RETURNING id",
        &rows, err, assay_db_int(operation->source_id), assay_db_int(operation->connection_id),
        assay_db_text(operation->kind), assay_db_bool(operation->hidden),
        assay_db_text(operation->settings ? operation->settings : "{}"),
        assay_db_text(operation->triggered_by), assay_db_text(operation->idempotency_key),
        assay_job_int_or_null(operation->schedule_id),
        assay_job_int_or_null(operation->fire_at_us)));
    *ret_existing = assay_db_rows_count(rows) == 0;
    if (*ret_existing)
        return find_existing(conn, operation, ret_id, err);
    *ret_id = assay_db_get_int(rows, 0, 0);
    return ASSAY_OK;
}

int assay_job_insert_operation(struct assay_db_conn *conn,
                               const struct assay_job_operation_new *operation,
                               int64_t *ret_operation_id, int64_t *ret_task_ids, bool *ret_existing,
                               struct assay_error *err)
{
    ASSAY_TRY(insert_row(conn, operation, ret_operation_id, ret_existing, err));
    if (*ret_existing)
        return ASSAY_OK;
    ASSAY_TRY(assay_db_run(
        conn,
        "INSERT INTO source_limit (connection_id, max_running) VALUES ($1, $2) ON CONFLICT DO "
        "NOTHING",
        NULL, err, assay_db_int(operation->connection_id),
        assay_db_int(operation->max_running > 0 ? operation->max_running : DEFAULT_MAX_RUNNING)));
    const struct assay_job_task_base base = {.operation_id = *ret_operation_id,
                                             .source_id = operation->source_id,
                                             .connection_id = operation->connection_id,
                                             .deadline_us = operation->deadline_us,
                                             .pool = operation->pool ? operation->pool : "default",
                                             .lane = operation->lane,
                                             .priority = operation->priority ? operation->priority
                                                                             : DEFAULT_PRIORITY};
    return assay_job_insert_tasks(conn, &base, operation->specs, operation->specs_count,
                                  operation->tasks, operation->tasks_count, ret_task_ids, err);
}

struct creation {
    const struct assay_job_operation_new *operation;
    int64_t id, *task_ids;
    bool existing;
};

static int create(struct assay_db_conn *conn, void *context, struct assay_error *err)
{
    struct creation *c = context;
    return assay_job_insert_operation(conn, c->operation, &c->id, c->task_ids, &c->existing, err);
}

int assay_job_operation_create(struct assay_job_store *store, struct assay_db_conn *conn,
                               const struct assay_job_operation_new *operation,
                               int64_t *ret_operation_id, int64_t *ret_task_ids, bool *ret_existing,
                               struct assay_error *err)
{
    struct creation c = {.operation = operation, .task_ids = ret_task_ids};
    ASSAY_TRY(assay_job_write(store, conn, create, &c, err));
    *ret_operation_id = c.id;
    if (ret_existing)
        *ret_existing = c.existing;
    return ASSAY_OK;
}

struct cancelling {
    struct assay_job_store *store;
    int64_t operation_id;
    const char *by;
    int stopped, to_signal;
};

static int cancel_tasks(struct assay_db_conn *conn, struct cancelling *c, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(
        conn,
        "UPDATE task SET cancel_requested_at = coalesce(cancel_requested_at, assay_now()), "
        "finished_at = CASE WHEN state = 'running' THEN NULL ELSE assay_now() END, "
        "state = CASE WHEN state = 'running' THEN 'running' ELSE 'cancelled' END "
        "WHERE op_id = $1 AND finished_at IS NULL RETURNING state",
        &rows, err, assay_db_int(c->operation_id)));
    for (size_t row = 0; row < assay_db_rows_count(rows); row++)
        *(strcmp(assay_db_get_text(rows, row, 0), "running") ? &c->stopped : &c->to_signal) += 1;
    return ASSAY_OK;
}

static int cancel(struct assay_db_conn *conn, void *context, struct assay_error *err)
{
    struct cancelling *c = context;
    c->stopped = c->to_signal = 0;
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn, c->store->sql->lock_operation, &rows, err,
                           assay_db_int(c->operation_id)));
    if (assay_db_rows_count(rows) == 0)
        return assay_fail(err, ASSAY_NOT_FOUND, "operation %" PRId64 " is not in the catalog",
                          c->operation_id);
    if (!assay_db_is_null(rows, 0, 0))
        return ASSAY_OK;
    ASSAY_TRY(assay_db_run(
        conn,
        "UPDATE operation SET cancel_requested_at = coalesce(cancel_requested_at, assay_now()), "
        "aborted_by = coalesce(aborted_by, $2) WHERE id = $1",
        NULL, err, assay_db_int(c->operation_id), assay_db_text(c->by)));
    return cancel_tasks(conn, c, err);
}

int assay_job_cancel(struct assay_job_store *store, int64_t operation_id, const char *by,
                     int *ret_stopped, int *ret_to_signal, struct assay_error *err)
{
    struct cancelling c = {.store = store, .operation_id = operation_id, .by = by};
    ASSAY_TRY(assay_db_transaction(store->db, cancel, &c, err));
    *ret_stopped = c.stopped;
    *ret_to_signal = c.to_signal;
    return ASSAY_OK;
}

struct close_context {
    struct assay_job_store *store;
    int64_t operation_id;
    const struct assay_job_closing *closing;
    bool closed;
};

static int emit_finished(struct assay_db_conn *conn, const struct close_context *c,
                         struct assay_error *err)
{
    char id[32], ce_id[64], body[160];
    (void)snprintf(id, sizeof id, "%" PRId64, c->operation_id);
    (void)snprintf(ce_id, sizeof ce_id, "operation:%s:finished", id);
    (void)snprintf(body, sizeof body, "{\"v\":1,\"op_id\":%s,\"result\":\"%s\"}", id,
                   c->closing->result);
    return assay_job_emit(conn, c->closing->event_topic, id, ce_id, "assay.operation.finished.v1",
                          body, err);
}

static int close_operation(struct assay_db_conn *conn, void *context, struct assay_error *err)
{
    struct close_context *c = context;
    c->closed = false;
    ASSAY_TRY(assay_db_run(conn, c->store->sql->lock_operation, NULL, err,
                           assay_db_int(c->operation_id)));
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(
        conn,
        "UPDATE operation SET result = $2, message = $3, counters = $4, finished_at = assay_now() "
        "WHERE id = $1 AND finished_at IS NULL "
        "AND NOT EXISTS (SELECT 1 FROM task WHERE op_id = $1 AND finished_at IS NULL) "
        "AND NOT EXISTS (SELECT 1 FROM task WHERE op_id = $1 AND finished_at IS NOT NULL AND "
        "published_at IS NULL) "
        "RETURNING id",
        &rows, err, assay_db_int(c->operation_id), assay_db_text(c->closing->result),
        assay_db_text(c->closing->message),
        assay_db_text(c->closing->counters ? c->closing->counters : "{}")));
    c->closed = assay_db_rows_count(rows) > 0;
    return c->closed && c->closing->event_topic ? emit_finished(conn, c, err) : ASSAY_OK;
}

int assay_job_close(struct assay_job_store *store, struct assay_db_conn *conn, int64_t operation_id,
                    const struct assay_job_closing *closing, bool *ret_closed,
                    struct assay_error *err)
{
    struct close_context c = {.store = store, .operation_id = operation_id, .closing = closing};
    ASSAY_TRY(assay_job_write(store, conn, close_operation, &c, err));
    *ret_closed = c.closed;
    return ASSAY_OK;
}
