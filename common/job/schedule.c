// Schedules: what is due, and firing one slot exactly once.
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>

#include "common/job/store.h"

int assay_job_due(struct assay_job_store *store, int limit, struct assay_db_rows **ret_rows,
                  struct assay_error *err)
{
    return assay_job_run(store, store->sql->due, ret_rows, err, assay_db_int(limit));
}

struct firing {
    int64_t schedule_id, next_fire_us, operation_id;
    int version;
    const struct assay_job_operation_new *operation;
};

static int fire(struct assay_db_conn *conn, void *context, struct assay_error *err)
{
    struct firing *f = context;
    bool existing = false;
    f->operation_id = 0;
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(
        conn,
        "UPDATE schedule SET last_fire_at = coalesce($4, last_fire_at), next_fire_at = $3 "
        "WHERE id = $1 AND version = $2 AND enabled = 1",
        &rows, err, assay_db_int(f->schedule_id), assay_db_int(f->version),
        assay_job_int_or_null(f->next_fire_us),
        assay_job_int_or_null(f->operation ? f->operation->fire_at_us : 0)));
    if (assay_db_rows_changed(rows) == 0)
        return assay_fail(err, ASSAY_STALE, "schedule %" PRId64 " was changed or disabled",
                          f->schedule_id);
    if (!f->operation)
        return ASSAY_OK;
    ASSAY_TRY(
        assay_job_insert_operation(conn, f->operation, &f->operation_id, NULL, &existing, err));
    if (existing)
        f->operation_id = 0;
    return ASSAY_OK;
}

int assay_job_fire(struct assay_job_store *store, int64_t schedule_id, int version,
                   int64_t next_fire_us, const struct assay_job_operation_new *operation,
                   int64_t *ret_operation_id, struct assay_error *err)
{
    struct firing f = {.schedule_id = schedule_id,
                       .next_fire_us = next_fire_us,
                       .version = version,
                       .operation = operation};
    ASSAY_TRY(assay_db_transaction(store->db, fire, &f, err));
    *ret_operation_id = f.operation_id;
    return ASSAY_OK;
}
