// Extending: what follows from an operation's tasks as a whole, once, before it closes.
// SPDX-License-Identifier: Apache-2.0
#include "common/job/store.h"

struct extending {
    struct assay_job_store *store;
    int64_t operation_id;
    const struct assay_job_extension *extension;
    bool extended;
};

/* Under the operation's lock, so that no completion, cancel or close comes between. */
static int mark(struct assay_db_conn *conn, const struct extending *e,
                struct assay_db_rows **ret_rows, struct assay_error *err)
{
    ASSAY_TRY(assay_db_run(conn, e->store->sql->lock_operation, NULL, err,
                           assay_db_int(e->operation_id)));
    return assay_db_run(
        conn,
        "UPDATE operation SET extended_at = assay_now(), message = coalesce($2, message) "
        "WHERE id = $1 AND finished_at IS NULL AND extended_at IS NULL "
        "AND cancel_requested_at IS NULL "
        "AND NOT EXISTS (SELECT 1 FROM task WHERE op_id = $1 AND finished_at IS NULL) "
        "AND NOT EXISTS (SELECT 1 FROM task WHERE op_id = $1 AND finished_at IS NOT NULL AND "
        "published_at IS NULL) "
        "RETURNING source_id, connection_id",
        ret_rows, err, assay_db_int(e->operation_id), assay_db_text(e->extension->message));
}

/* Pool, lane, priority and deadline are those of the operation's first task. */
static int insert_tasks(struct assay_db_conn *conn, const struct extending *e, int64_t source_id,
                        int64_t connection_id, struct assay_error *err)
{
    const struct assay_job_extension *x = e->extension;
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn,
                           "SELECT pool, lane, priority, deadline_at FROM task WHERE op_id = $1 "
                           "ORDER BY id LIMIT 1",
                           &rows, err, assay_db_int(e->operation_id)));
    if (assay_db_rows_count(rows) == 0)
        return assay_fail(err, ASSAY_INVALID, "an operation without tasks cannot be extended");
    const struct assay_job_task_base base = {.operation_id = e->operation_id,
                                             .source_id = source_id,
                                             .connection_id = connection_id,
                                             .deadline_us = assay_db_get_int(rows, 0, 3),
                                             .pool = assay_db_get_text(rows, 0, 0),
                                             .lane = (int)assay_db_get_int(rows, 0, 1),
                                             .priority = (int)assay_db_get_int(rows, 0, 2)};
    return assay_job_insert_tasks(conn, &base, x->specs, x->specs_count, x->tasks, x->tasks_count,
                                  NULL, err);
}

static int extend(struct assay_db_conn *conn, void *context, struct assay_error *err)
{
    struct extending *e = context;
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    e->extended = false;
    ASSAY_TRY(mark(conn, e, &rows, err));
    if (assay_db_rows_count(rows) == 0)
        return ASSAY_OK;
    if (e->extension->tasks_count)
        ASSAY_TRY(
            insert_tasks(conn, e, assay_db_get_int(rows, 0, 0), assay_db_get_int(rows, 0, 1), err));
    e->extended = true;
    return ASSAY_OK;
}

int assay_job_extend(struct assay_job_store *store, struct assay_db_conn *conn,
                     int64_t operation_id, const struct assay_job_extension *extension,
                     bool *ret_extended, struct assay_error *err)
{
    struct extending e = {.store = store, .operation_id = operation_id, .extension = extension};
    ASSAY_TRY(assay_job_write(store, conn, extend, &e, err));
    *ret_extended = e.extended;
    return ASSAY_OK;
}
