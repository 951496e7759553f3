// Inspect tasks: secrets of unsaved connections, waiting for the end, reading the answer once.
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>

#include "common/base/memory.h"
#include "common/job/store.h"

int assay_job_secret_put(struct assay_job_store *store, struct assay_db_conn *conn, int64_t task_id,
                         const void *ciphertext, size_t size_bytes, int64_t ttl_ms,
                         struct assay_error *err)
{
    static const char sql[] = "INSERT INTO inspect_secret (task_id, ciphertext, expires_at) "
                              "VALUES ($1, $2, assay_now() + $3)";
    const struct assay_db_value values[] = {
        assay_db_int(task_id), assay_db_blob(ciphertext, size_bytes), assay_db_int(ttl_ms * 1000)};
    return conn ? assay_db_query(conn, sql, values, ASSAY_COUNT(values), NULL, err)
                : assay_job_query(store, sql, values, ASSAY_COUNT(values), NULL, err);
}

int assay_job_secret_get(struct assay_job_store *store, int64_t task_id, int64_t epoch,
                         struct assay_buf *ret_ciphertext, struct assay_error *err)
{
    ASSAY_TRY(assay_job_holds(store, task_id, epoch, err));
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_job_run(
        store,
        "SELECT ciphertext FROM inspect_secret WHERE task_id = $1 AND expires_at > assay_now()",
        &rows, err, assay_db_int(task_id)));
    if (assay_db_rows_count(rows) == 0)
        return assay_fail(err, ASSAY_NOT_FOUND,
                          "task %" PRId64 " has no credentials of its own, or they expired",
                          task_id);
    size_t size = 0;
    const void *bytes = assay_db_get_blob(rows, 0, 0, &size);
    assay_buf_append(ret_ciphertext, bytes, size);
    return assay_buf_check(ret_ciphertext, err);
}

void assay_job_status_release(struct assay_job_status *status)
{
    assay_free(status->last_error);
    assay_free(status->summary);
    *status = (struct assay_job_status){0};
}

int assay_job_status(struct assay_job_store *store, int64_t task_id,
                     struct assay_job_status *ret_status, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_job_run(
        store, "SELECT state, finished_at, last_error, summary FROM task WHERE id = $1", &rows, err,
        assay_db_int(task_id)));
    if (assay_db_rows_count(rows) == 0)
        return assay_fail(err, ASSAY_NOT_FOUND, "task %" PRId64 " is not in the catalog", task_id);
    struct assay_job_status status = {.finished = !assay_db_is_null(rows, 0, 1)};
    assay_job_set_text(status.state, sizeof status.state, assay_db_get_text(rows, 0, 0));
    int rc = assay_job_copy_text(rows, 0, 2, &status.last_error, err);
    if (rc == ASSAY_OK)
        rc = assay_job_copy_text(rows, 0, 3, &status.summary, err);
    if (rc != ASSAY_OK) {
        assay_job_status_release(&status);
        return rc;
    }
    *ret_status = status;
    return ASSAY_OK;
}

int assay_job_results(struct assay_job_store *store, int64_t task_id,
                      struct assay_db_rows **ret_rows, struct assay_error *err)
{
    ASSAY_SCOPED(assay_job_status_release) struct assay_job_status status = {0};
    ASSAY_TRY(assay_job_status(store, task_id, &status, err));
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_job_run(store,
                            "SELECT s.body FROM stage_row s JOIN task t ON t.id = s.task_id AND "
                            "t.result_epoch = s.epoch "
                            "WHERE t.id = $1 AND t.state = 'succeeded' ORDER BY s.chunk",
                            &rows, err, assay_db_int(task_id)));
    if (assay_db_rows_count(rows) == 0)
        return assay_fail(err, ASSAY_NOT_FOUND, "task %" PRId64 " (%s) has no results", task_id,
                          status.state);
    *ret_rows = ASSAY_TAKE(rows);
    return ASSAY_OK;
}

int assay_job_forget(struct assay_job_store *store, int64_t operation_id, struct assay_error *err)
{
    return assay_job_run(store, "DELETE FROM operation WHERE id = $1 AND hidden = 1", NULL, err,
                         assay_db_int(operation_id));
}
