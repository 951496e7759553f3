// Leases: heartbeats, checkpoints, staged results; each fenced by (task, epoch).
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>

#include "common/job/store.h"
#include "common/json/json.h"

struct beating {
    struct assay_job_store *store;
    const struct assay_job_worker *worker;
    struct assay_job_beat *beats;
    size_t beats_count;
    const char *json;
};

static int beats_json(const struct assay_job_beat *beats, size_t beats_count,
                      struct assay_buf *text, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *array = json_array();
    for (size_t i = 0; i < beats_count; i++)
        ASSAY_TRY(assay_json_push(
            array,
            json_pack("{s:I, s:I, s:s?}", "task_id", (json_int_t)beats[i].task_id, "epoch",
                      (json_int_t)beats[i].epoch, "progress", beats[i].progress),
            err));
    return assay_json_append(array, text, err);
}

static void answer(struct assay_job_beat *beat, const struct assay_db_rows *rows)
{
    beat->held = beat->cancel = false;
    beat->deadline_us = 0;
    for (size_t row = 0; row < assay_db_rows_count(rows); row++) {
        if (assay_db_get_int(rows, row, 0) != beat->task_id ||
            assay_db_get_int(rows, row, 1) != beat->epoch)
            continue;
        beat->held = true;
        beat->cancel = !assay_db_is_null(rows, row, 2);
        beat->deadline_us = assay_db_get_int(rows, row, 3);
    }
}

static int beat(struct assay_db_conn *conn, void *context, struct assay_error *err)
{
    struct beating *b = context;
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn, b->store->sql->beat, NULL, err, assay_db_text(b->json),
                           assay_db_text(b->worker->owner),
                           assay_db_int(b->worker->ttl_ms * 1000)));
    ASSAY_TRY(assay_db_run(conn,
                           "SELECT l.task_id, l.epoch, t.cancel_requested_at, t.deadline_at "
                           "FROM task_lease l JOIN task t ON t.id = l.task_id "
                           "WHERE l.owner = $1 AND t.state = 'running' AND t.epoch = l.epoch",
                           &rows, err, assay_db_text(b->worker->owner)));
    for (size_t i = 0; i < b->beats_count; i++)
        answer(&b->beats[i], rows);
    return ASSAY_OK;
}

int assay_job_heartbeat(struct assay_job_store *store, const struct assay_job_worker *worker,
                        struct assay_job_beat *beats, size_t beats_count, struct assay_error *err)
{
    if (!beats_count)
        return ASSAY_OK;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    ASSAY_TRY(beats_json(beats, beats_count, &text, err));
    struct beating b = {.store = store,
                        .worker = worker,
                        .beats = beats,
                        .beats_count = beats_count,
                        .json = assay_buf_str(&text)};
    return assay_db_transaction(store->db, beat, &b, err);
}

static int stale(int64_t task_id, int64_t epoch, struct assay_error *err)
{
    return assay_fail(err, ASSAY_STALE, "task %" PRId64 " is not running under epoch %" PRId64,
                      task_id, epoch);
}

int assay_job_checkpoint(struct assay_job_store *store, int64_t task_id, int64_t epoch,
                         const char *checkpoint, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_job_run(store,
                            "UPDATE task SET checkpoint = $3, checkpoint_epoch = $2 "
                            "WHERE id = $1 AND epoch = $2 AND state = 'running'",
                            &rows, err, assay_db_int(task_id), assay_db_int(epoch),
                            assay_db_text(checkpoint)));
    return assay_db_rows_changed(rows) ? ASSAY_OK : stale(task_id, epoch, err);
}

struct staging {
    struct assay_job_store *store;
    int64_t task_id, epoch;
    int chunk;
    const void *body;
    size_t size_bytes;
};

static int stage(struct assay_db_conn *conn, void *context, struct assay_error *err)
{
    const struct staging *s = context;
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn, s->store->sql->lock_running, &rows, err, assay_db_int(s->task_id),
                           assay_db_int(s->epoch)));
    if (assay_db_rows_count(rows) == 0)
        return stale(s->task_id, s->epoch, err);
    return assay_db_run(
        conn,
        "INSERT INTO stage_row (task_id, epoch, chunk, body) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (task_id, epoch, chunk) DO NOTHING",
        NULL, err, assay_db_int(s->task_id), assay_db_int(s->epoch), assay_db_int(s->chunk),
        assay_db_blob(s->body, s->size_bytes));
}

int assay_job_stage(struct assay_job_store *store, int64_t task_id, int64_t epoch, int chunk,
                    const void *body, size_t size_bytes, struct assay_error *err)
{
    struct staging s = {.store = store,
                        .task_id = task_id,
                        .epoch = epoch,
                        .chunk = chunk,
                        .body = body,
                        .size_bytes = size_bytes};
    return assay_db_transaction(store->db, stage, &s, err);
}

int assay_job_holds(struct assay_job_store *store, int64_t task_id, int64_t epoch,
                    struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_job_run(
        store,
        "SELECT 1 FROM task t JOIN task_lease l ON l.task_id = t.id AND l.epoch = t.epoch "
        "WHERE t.id = $1 AND t.epoch = $2 AND t.state = 'running' AND l.lease_until > assay_now()",
        &rows, err, assay_db_int(task_id), assay_db_int(epoch)));
    return assay_db_rows_count(rows) ? ASSAY_OK : stale(task_id, epoch, err);
}
