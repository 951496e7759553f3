// Leadership as a row: taken, renewed, and taken away from a holder that is silent.
// SPDX-License-Identifier: Apache-2.0
#include "common/job/store.h"

static const struct assay_job_statements *statements_of(const struct assay_db_conn *conn)
{
    return assay_db_conn_kind(conn) == ASSAY_DB_POSTGRES ? &assay_job_statements_postgres
                                                         : &assay_job_statements_sqlite;
}

int assay_job_lead(struct assay_db_conn *conn, const char *name, const char *holder,
                   int64_t *ret_epoch, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn, statements_of(conn)->lead, &rows, err, assay_db_text(name),
                           assay_db_text(holder)));
    *ret_epoch = assay_db_get_int(rows, 0, 0);
    return ASSAY_OK;
}

int assay_job_renew(struct assay_db_conn *conn, const char *name, int64_t epoch,
                    struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(
        conn, "UPDATE leader SET renewed_at = assay_now() WHERE name = $1 AND epoch = $2", &rows,
        err, assay_db_text(name), assay_db_int(epoch)));
    if (assay_db_rows_changed(rows) == 0)
        return assay_fail(err, ASSAY_STALE, "another process leads %s", name);
    return ASSAY_OK;
}

int assay_job_depose(struct assay_job_store *store, const char *name, int64_t silent_ms,
                     bool *ret_deposed, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_job_run(store, store->sql->depose, &rows, err, assay_db_text(name),
                            assay_db_int(silent_ms * 1000)));
    *ret_deposed = assay_db_rows_count(rows) > 0;
    return ASSAY_OK;
}
