// The job store's contended statements for SQLite: one writer at a time, so no row locks.
// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>

#include "common/job/statements.h"

/* The same choice as in PostgreSQL; all ready tasks are ranked, for SQLite has no lateral join. */
static const char pick[] =
    "WITH live AS (SELECT connection_id, source_id, count(*) AS n FROM task"
    "               WHERE state IN ('dispatched', 'running') GROUP BY 1, 2), "
    "cap AS (SELECT l.connection_id,"
    "               CASE WHEN l.breaker_failures > 0 THEN 1 ELSE l.max_running END"
    "               - coalesce((SELECT sum(n) FROM live WHERE live.connection_id = "
    "l.connection_id), 0) AS free"
    "          FROM source_limit l WHERE l.paused_until IS NULL OR l.paused_until <= assay_now()), "
    "candidate AS (SELECT t.id, t.connection_id, cap.free,"
    "       (coalesce(live.n, 0) + row_number() OVER (PARTITION BY t.source_id, t.connection_id"
    "                                                 ORDER BY t.priority, t.run_at, t.id))"
    "       / coalesce(w.weight, 1.0) AS share"
    "  FROM task t JOIN cap ON cap.connection_id = t.connection_id"
    "  LEFT JOIN live ON live.source_id = t.source_id AND live.connection_id = t.connection_id"
    "  LEFT JOIN source_weight w ON w.source_id = t.source_id"
    "  WHERE t.state = 'ready' AND t.pool = $1 AND t.lane = $2 AND t.run_at <= assay_now()"
    "    AND t.cancel_requested_at IS NULL AND t.spec_version <= $4), "
    "placed AS (SELECT id, share, free, row_number() OVER (PARTITION BY connection_id ORDER BY "
    "share, id) AS place"
    "             FROM candidate) "
    "SELECT id FROM placed WHERE place <= free ORDER BY share, id "
    "LIMIT max(0, $3 - (SELECT count(*) FROM task WHERE state = 'dispatched' AND pool = $1 AND "
    "lane = $2))";

const struct assay_job_statements assay_job_statements_sqlite = {
    .lock_operation = "SELECT finished_at, cancel_requested_at FROM operation WHERE id = $1",
    .lock_operation_of =
        "SELECT id FROM operation WHERE id = (SELECT op_id FROM task WHERE id = $1)",
    .lock_task = "SELECT " ASSAY_JOB_ROW_COLUMNS " FROM task WHERE id = $1",
    .lock_running = "SELECT 1 FROM task WHERE id = $1 AND epoch = $2 AND state = 'running'",
    .lock_expired = "SELECT 1 FROM task_lease WHERE task_id = $1 AND epoch = $2 AND lease_until < "
                    "assay_now() - $3",
    .stop_siblings = "UPDATE task SET cancel_requested_at = assay_now() WHERE op_id = $1"
                     " AND unblocks = $2 AND state = 'running' AND cancel_requested_at IS NULL",
    .lock_dispatch = NULL,
    .pick = pick,
    .steal = "SELECT id, dispatch_seq, (SELECT o.result FROM operation o WHERE o.id = task.op_id) "
             "FROM task WHERE state = 'dispatched' AND pool = $1 AND lane "
             "IN ($2, $3)"
             " AND dispatched_at <= assay_now() - $4 AND spec_version <= $5 AND quarantine <= $6"
             " AND cancel_requested_at IS NULL ORDER BY lane, dispatched_at, id LIMIT 1",
    .redispatch =
        "UPDATE task SET state = 'ready', run_at = assay_now() WHERE state = 'dispatched'"
        " AND dispatched_at < assay_now() - min(600000000, $1 * (1 << min(dispatch_seq - 1, 5)))"
        " AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.ce_id = task.id || ':' || "
        "task.dispatch_seq)",
    .beat = "UPDATE task_lease SET lease_until = assay_now() + $3, progress = coalesce(v.value ->> "
            "'progress', progress)"
            " FROM json_each($1) AS v, task t"
            " WHERE task_lease.task_id = v.value ->> 'task_id' AND task_lease.epoch = v.value ->> "
            "'epoch'"
            " AND task_lease.owner = $2 AND t.id = task_lease.task_id AND t.state = 'running'"
            " AND t.epoch = task_lease.epoch",
    .due = "SELECT " ASSAY_JOB_DUE_COLUMNS
           " FROM schedule WHERE enabled = 1 AND next_fire_at <= assay_now()"
           " ORDER BY next_fire_at, id LIMIT $1",
    .lead = "INSERT INTO leader (name, epoch, holder, pid, renewed_at) VALUES ($1, 1, $2, 0, "
            "assay_now())"
            " ON CONFLICT (name) DO UPDATE SET epoch = leader.epoch + 1, holder = excluded.holder,"
            " renewed_at = excluded.renewed_at RETURNING epoch",
    .depose = "SELECT 1 FROM leader WHERE name = $1 AND renewed_at < assay_now() - $2 AND 0 = 1",
    .unpublished = ASSAY_JOB_UNPUBLISHED,
};
