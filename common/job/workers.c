// Workers as they report themselves, so that the leader knows how much to hand out.
// SPDX-License-Identifier: Apache-2.0
#include "common/job/store.h"

int assay_job_worker_seen(struct assay_job_store *store, const struct assay_job_worker *worker,
                          const char *pool, int slots, int free, struct assay_error *err)
{
    return assay_job_run(
        store,
        "INSERT INTO worker (owner, pool, slots, free, max_spec_version, seen_at) "
        "VALUES ($1, $2, $3, $4, $5, assay_now()) ON CONFLICT (owner) DO UPDATE SET "
        "pool = excluded.pool, slots = excluded.slots, free = excluded.free, "
        "max_spec_version = excluded.max_spec_version, seen_at = excluded.seen_at",
        NULL, err, assay_db_text(worker->owner), assay_db_text(pool), assay_db_int(slots),
        assay_db_int(free), assay_db_int(worker->max_spec_version));
}

int assay_job_worker_gone(struct assay_job_store *store, const char *owner, struct assay_error *err)
{
    return assay_job_run(store, "DELETE FROM worker WHERE owner = $1", NULL, err,
                         assay_db_text(owner));
}

int assay_job_pool(struct assay_job_store *store, const char *pool, int64_t silent_ms,
                   struct assay_job_pool *ret_pool, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_job_run(
        store,
        "SELECT count(*), coalesce(sum(slots), 0), coalesce(sum(free), 0), min(max_spec_version) "
        "FROM worker WHERE pool = $1 AND seen_at > assay_now() - $2",
        &rows, err, assay_db_text(pool), assay_db_int(silent_ms * 1000)));
    *ret_pool = (struct assay_job_pool){
        .workers = (int)assay_db_get_int(rows, 0, 0),
        .slots = (int)assay_db_get_int(rows, 0, 1),
        .free = (int)assay_db_get_int(rows, 0, 2),
        .max_spec_version =
            assay_db_is_null(rows, 0, 3) ? ASSAY_SPEC_VERSION : (int)assay_db_get_int(rows, 0, 3),
    };
    return ASSAY_OK;
}
