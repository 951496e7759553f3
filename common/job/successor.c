// What the end of a task means to the one that waits for it (a merge), and to those it waits for
// as well (the other splits).
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/job/store.h"

static bool is_failure(const char *state)
{
    return !strcmp(state, "failed") || !strcmp(state, "dead");
}

/* Those that do not run are cancelled at once and counted, those that run are asked to stop.
 * Nothing waits for a row that another end holds: two splits may fail at the same time. */
static int cancel_siblings(struct assay_db_conn *conn, struct assay_job_store *store,
                           const struct assay_job_row *row, int64_t *ret_ended,
                           struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(
        assay_db_run(conn,
                     "UPDATE task SET state = 'cancelled', cancel_requested_at = assay_now(), "
                     "finished_at = assay_now() WHERE op_id = $1 AND unblocks = $2 "
                     "AND state IN ('ready', 'dispatched') RETURNING id",
                     &rows, err, assay_db_int(row->operation_id), assay_db_int(row->unblocks)));
    *ret_ended = (int64_t)assay_db_rows_count(rows);
    return assay_db_run(conn, store->sql->stop_siblings, NULL, err, assay_db_int(row->operation_id),
                        assay_db_int(row->unblocks));
}

static int count_down(struct assay_db_conn *conn, int64_t successor, int64_t ended,
                      struct assay_error *err)
{
    return assay_db_run(conn,
                        "UPDATE task SET waits_for = waits_for - $2, run_at = assay_now(), "
                        "state = CASE WHEN waits_for <= $2 THEN 'ready' ELSE 'blocked' END "
                        "WHERE id = $1 AND state = 'blocked'",
                        NULL, err, assay_db_int(successor), assay_db_int(ended));
}

/* Cancelled for a sibling's sake, the successor still has to say why. */
static int after_cancel(struct assay_db_conn *conn, const struct assay_job_row *row,
                        struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn,
                           "SELECT 1 FROM task WHERE op_id = $1 AND unblocks = $2 "
                           "AND state IN ('failed', 'dead') LIMIT 1",
                           &rows, err, assay_db_int(row->operation_id),
                           assay_db_int(row->unblocks)));
    if (assay_db_rows_count(rows))
        return count_down(conn, row->unblocks, 1, err);
    return assay_db_run(conn,
                        "UPDATE task SET state = 'cancelled', finished_at = assay_now() "
                        "WHERE id = $1 AND state = 'blocked'",
                        NULL, err, assay_db_int(row->unblocks));
}

int assay_job_unblock(struct assay_db_conn *conn, struct assay_job_store *store,
                      const struct assay_job_row *row, const char *state, struct assay_error *err)
{
    int64_t siblings = 0;
    if (!row->unblocks)
        return ASSAY_OK;
    if (!strcmp(state, "cancelled"))
        return after_cancel(conn, row, err);
    if (is_failure(state))
        ASSAY_TRY(cancel_siblings(conn, store, row, &siblings, err));
    return count_down(conn, row->unblocks, 1 + siblings, err);
}
