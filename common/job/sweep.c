// Sweeping: what nobody will read any more.
// SPDX-License-Identifier: Apache-2.0
#include "common/job/store.h"

static const struct sweep {
    const char *sql;
    bool takes_age; /* $1: hidden operations are kept that many microseconds */
} sweeps[] = {
    /* results of attempts that lost, and results that are published; a split's are read by its
       merge */
    {"DELETE FROM stage_row WHERE EXISTS (SELECT 1 FROM task t WHERE t.id = stage_row.task_id AND "
     "(stage_row.epoch < t.epoch OR (t.finished_at IS NOT NULL AND t.result_epoch IS NULL) OR "
     "(t.published_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM task m WHERE m.id = t.unblocks "
     "AND m.published_at IS NULL))))",
     false},
    {"DELETE FROM inspect_secret WHERE expires_at <= assay_now()", false},
    {"DELETE FROM worker WHERE seen_at < assay_now() - 86400000000", false},
    {"DELETE FROM inbox WHERE received_at < assay_now() - 1209600000000", false},
    /* inspect operations whose answer nobody fetched */
    {"DELETE FROM operation WHERE hidden = 1 AND created_at < assay_now() - $1 AND NOT EXISTS "
     "(SELECT 1 FROM task t WHERE t.op_id = operation.id AND t.state = 'running')",
     true},
};

int assay_job_sweep(struct assay_job_store *store, int64_t keep_hidden_ms, int *ret_deleted,
                    struct assay_error *err)
{
    const struct assay_db_value age = assay_db_int(keep_hidden_ms * 1000);
    int deleted = 0;
    for (size_t i = 0; i < ASSAY_COUNT(sweeps); i++) {
        ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
        ASSAY_TRY(
            assay_job_query(store, sweeps[i].sql, &age, sweeps[i].takes_age ? 1 : 0, &rows, err));
        deleted += (int)assay_db_rows_changed(rows);
    }
    *ret_deleted = deleted;
    return ASSAY_OK;
}
