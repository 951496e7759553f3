// Kept states of a container, as a worker hands them to the executor.
// SPDX-License-Identifier: Apache-2.0
#include "common/job/store.h"

int assay_job_kept_parts(struct assay_job_store *store, int64_t state_id, int64_t from, int limit,
                         struct assay_db_rows **ret_rows, struct assay_error *err)
{
    return assay_job_run(store,
                         "SELECT position, body FROM kept_state_part WHERE state_id = $1 AND "
                         "position >= $2 ORDER BY position LIMIT $3",
                         ret_rows, err, assay_db_int(state_id), assay_db_int(from),
                         assay_db_int(limit));
}
