// What a merge asks: the tasks that it waited for, and what they staged.
// SPDX-License-Identifier: Apache-2.0
#include "common/job/store.h"

int assay_job_predecessors(struct assay_job_store *store, int64_t task_id,
                           struct assay_db_rows **ret_rows, struct assay_error *err)
{
    return assay_job_run(store,
                         "SELECT t.id, t.split_no, t.state, t.result_epoch, t.split, t.last_error "
                         "FROM task m JOIN task t ON t.op_id = m.op_id AND t.unblocks = m.id "
                         "WHERE m.id = $1 ORDER BY t.split_no, t.id",
                         ret_rows, err, assay_db_int(task_id));
}

int assay_job_chunks(struct assay_job_store *store, int64_t task_id, int64_t epoch, int from,
                     int limit, struct assay_db_rows **ret_rows, struct assay_error *err)
{
    return assay_job_run(store,
                         "SELECT chunk, body FROM stage_row WHERE task_id = $1 AND epoch = $2 "
                         "AND chunk >= $3 ORDER BY chunk LIMIT $4",
                         ret_rows, err, assay_db_int(task_id), assay_db_int(epoch),
                         assay_db_int(from), assay_db_int(limit));
}
