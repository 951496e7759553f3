// What the publisher asks: finished tasks, their results, operations to close.
// SPDX-License-Identifier: Apache-2.0
#include "common/base/memory.h"
#include "common/job/store.h"

void assay_job_published_release(struct assay_job_published *task)
{
    assay_free(task->spec);
    assay_free(task->settings);
    assay_free(task->summary);
    assay_free(task->last_error);
    *task = (struct assay_job_published){0};
}

static int read_task(const struct assay_db_rows *rows, struct assay_job_published *task,
                     struct assay_error *err)
{
    task->task_id = assay_db_get_int(rows, 0, 0);
    task->result_epoch = assay_db_get_int(rows, 0, 1);
    task->operation_id = assay_db_get_int(rows, 0, 2);
    task->source_id = assay_db_get_int(rows, 0, 3);
    task->container_id = assay_db_get_int(rows, 0, 4);
    assay_job_set_text(task->kind, sizeof task->kind, assay_db_get_text(rows, 0, 5));
    assay_job_set_text(task->state, sizeof task->state, assay_db_get_text(rows, 0, 6));
    ASSAY_TRY(assay_job_copy_text(rows, 0, 7, &task->spec, err));
    ASSAY_TRY(assay_job_copy_text(rows, 0, 8, &task->settings, err));
    ASSAY_TRY(assay_job_copy_text(rows, 0, 9, &task->summary, err));
    return assay_job_copy_text(rows, 0, 10, &task->last_error, err);
}

int assay_job_next_unpublished(struct assay_job_store *store, struct assay_db_conn *conn,
                               struct assay_job_published *ret_task, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn, store->sql->unpublished, &rows, err));
    if (assay_db_rows_count(rows) == 0)
        return assay_fail(err, ASSAY_NOT_FOUND, "nothing to publish");
    struct assay_job_published task = {0};
    const int rc = read_task(rows, &task, err);
    if (rc != ASSAY_OK) {
        assay_job_published_release(&task);
        return rc;
    }
    *ret_task = task;
    return ASSAY_OK;
}

int assay_job_staged(struct assay_job_store *store, struct assay_db_conn *conn, int64_t task_id,
                     int64_t result_epoch, struct assay_db_rows **ret_rows, struct assay_error *err)
{
    (void)store;
    return assay_db_run(
        conn, "SELECT body FROM stage_row WHERE task_id = $1 AND epoch = $2 ORDER BY chunk",
        ret_rows, err, assay_db_int(task_id), assay_db_int(result_epoch));
}

int assay_job_mark_published(struct assay_job_store *store, struct assay_db_conn *conn,
                             int64_t task_id, struct assay_error *err)
{
    (void)store;
    return assay_db_run(
        conn, "UPDATE task SET published_at = assay_now() WHERE id = $1 AND published_at IS NULL",
        NULL, err, assay_db_int(task_id));
}

int assay_job_closable(struct assay_job_store *store, int limit, struct assay_db_rows **ret_rows,
                       struct assay_error *err)
{
    return assay_job_run(
        store,
        "SELECT o.id FROM operation o WHERE o.finished_at IS NULL AND o.hidden = 0 "
        "AND NOT EXISTS (SELECT 1 FROM task t WHERE t.op_id = o.id AND t.finished_at IS NULL) "
        "AND NOT EXISTS (SELECT 1 FROM task t WHERE t.op_id = o.id AND t.finished_at IS NOT NULL "
        "AND t.published_at IS NULL) ORDER BY o.id LIMIT $1",
        ret_rows, err, assay_db_int(limit));
}
