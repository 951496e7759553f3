// Dispatch: which ready tasks may be taken next, their doorbells, and doorbells that were lost.
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdio.h>

#include "common/job/store.h"
#include "common/json/json.h"

struct dispatching {
    struct assay_job_store *store;
    const char *pool, *topic;
    int lane, window, max_spec_version;
    int dispatched;
};

/* Columns of the dispatched task: id, dispatch_seq, op_id, kind, source_id, container_id, split_no,
 * spec_version. */
static int ring(struct assay_db_conn *conn, const char *topic, const struct assay_db_rows *task,
                struct assay_error *err)
{
    const int64_t id = assay_db_get_int(task, 0, 0), seq = assay_db_get_int(task, 0, 1);
    char ce_id[64], key[96];
    (void)snprintf(ce_id, sizeof ce_id, "%" PRId64 ":%" PRId64, id, seq);
    (void)snprintf(key, sizeof key, "%" PRId64 ":%" PRId64 ":%" PRId64,
                   assay_db_get_int(task, 0, 4), assay_db_get_int(task, 0, 5),
                   assay_db_get_int(task, 0, 6));
    ASSAY_AUTO(assay_json_decref)
    json_t *body = json_pack(
        "{s:i, s:I, s:I, s:I, s:s, s:I, s:I}", "v", 1, "task_id", (json_int_t)id, "seq",
        (json_int_t)seq, "op_id", (json_int_t)assay_db_get_int(task, 0, 2), "kind",
        assay_db_get_text(task, 0, 3), "source_id", (json_int_t)assay_db_get_int(task, 0, 4),
        "spec_v", (json_int_t)assay_db_get_int(task, 0, 7));
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    if (!body)
        return assay_fail_memory(err);
    ASSAY_TRY(assay_json_append(body, &text, err));
    return assay_job_emit(conn, topic, key, ce_id, "assay.task.dispatch.v1", assay_buf_str(&text),
                          err);
}

static int dispatch_one(struct assay_db_conn *conn, struct dispatching *d, int64_t task_id,
                        struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *task = NULL;
    ASSAY_TRY(assay_db_run(
        conn,
        "UPDATE task SET state = 'dispatched', dispatched_at = assay_now(), "
        "dispatch_seq = dispatch_seq + 1 WHERE id = $1 AND state = 'ready' "
        "RETURNING id, dispatch_seq, op_id, kind, source_id, container_id, split_no, spec_version",
        &task, err, assay_db_int(task_id)));
    if (assay_db_rows_count(task) == 0)
        return ASSAY_OK;
    d->dispatched++;
    return ring(conn, d->topic, task, err);
}

static int dispatch(struct assay_db_conn *conn, void *context, struct assay_error *err)
{
    struct dispatching *d = context;
    d->dispatched = 0;
    if (d->store->sql->lock_dispatch)
        ASSAY_TRY(assay_db_run(conn, d->store->sql->lock_dispatch, NULL, err));
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *picked = NULL;
    ASSAY_TRY(assay_db_run(conn, d->store->sql->pick, &picked, err, assay_db_text(d->pool),
                           assay_db_int(d->lane), assay_db_int(d->window),
                           assay_db_int(d->max_spec_version)));
    for (size_t row = 0; row < assay_db_rows_count(picked); row++)
        ASSAY_TRY(dispatch_one(conn, d, assay_db_get_int(picked, row, 0), err));
    return ASSAY_OK;
}

int assay_job_dispatch(struct assay_job_store *store, const char *pool, int lane, int window,
                       const char *topic, int max_spec_version, int *ret_dispatched,
                       struct assay_error *err)
{
    struct dispatching d = {.store = store,
                            .pool = pool,
                            .topic = topic,
                            .lane = lane,
                            .window = window,
                            .max_spec_version = max_spec_version};
    ASSAY_TRY(assay_db_transaction(store->db, dispatch, &d, err));
    *ret_dispatched = d.dispatched;
    return ASSAY_OK;
}

int assay_job_redispatch(struct assay_job_store *store, int64_t after_ms, int *ret_count,
                         struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(
        assay_job_run(store, store->sql->redispatch, &rows, err, assay_db_int(after_ms * 1000)));
    *ret_count = (int)assay_db_rows_changed(rows);
    return ASSAY_OK;
}

int assay_job_demand(struct assay_job_store *store, const char *pool, int64_t *ret_count,
                     struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_job_run(
        store,
        "SELECT count(*) FROM task WHERE pool = $1 AND finished_at IS NULL AND "
        "(state IN ('dispatched', 'running') OR (state = 'ready' AND run_at <= assay_now()))",
        &rows, err, assay_db_text(pool)));
    *ret_count = assay_db_get_int(rows, 0, 0);
    return ASSAY_OK;
}

int assay_job_pools(struct assay_job_store *store, char **ret_json, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_job_run(
        store, "SELECT DISTINCT pool FROM task WHERE finished_at IS NULL ORDER BY pool", &rows,
        err));
    ASSAY_AUTO(assay_json_decref) json_t *pools = json_array();
    for (size_t row = 0; row < assay_db_rows_count(rows); row++)
        ASSAY_TRY(assay_json_push(pools, json_string(assay_db_get_text(rows, row, 0)), err));
    char *text = assay_json_text(pools);
    if (!text)
        return assay_fail_memory(err);
    *ret_json = text;
    return ASSAY_OK;
}
