// Outbox and inbox: messages to send and events that came.
// SPDX-License-Identifier: Apache-2.0
#include "common/job/store.h"

int assay_job_relay_batch(struct assay_job_store *store, int limit, struct assay_db_rows **ret_rows,
                          struct assay_error *err)
{
    return assay_job_run(
        store, "SELECT id, topic, key, ce_id, ce_type, body FROM outbox ORDER BY id LIMIT $1",
        ret_rows, err, assay_db_int(limit));
}

struct delivered {
    const int64_t *ids;
    size_t ids_count;
};

static int delete_rows(struct assay_db_conn *conn, void *context, struct assay_error *err)
{
    const struct delivered *d = context;
    for (size_t i = 0; i < d->ids_count; i++)
        ASSAY_TRY(assay_db_run(conn, "DELETE FROM outbox WHERE id = $1", NULL, err,
                               assay_db_int(d->ids[i])));
    return ASSAY_OK;
}

int assay_job_relay_done(struct assay_job_store *store, const int64_t *ids, size_t ids_count,
                         struct assay_error *err)
{
    struct delivered d = {.ids = ids, .ids_count = ids_count};
    return ids_count ? assay_db_transaction(store->db, delete_rows, &d, err) : ASSAY_OK;
}

int assay_job_event_in(struct assay_job_store *store, const char *source, const char *event_id,
                       bool *ret_new, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(
        assay_job_run(store,
                      "INSERT INTO inbox (source, event_id) VALUES ($1, $2) ON CONFLICT DO NOTHING "
                      "RETURNING event_id",
                      &rows, err, assay_db_text(source), assay_db_text(event_id)));
    *ret_new = assay_db_rows_count(rows) > 0;
    return ASSAY_OK;
}
