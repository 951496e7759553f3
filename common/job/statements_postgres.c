// The job store's contended statements for PostgreSQL.
// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>

#include "common/job/statements.h"

/* Candidates per datastore by index, at most the free places of its connection; then weighted fair
 * order over datastores; then the cap of each connection; then the window. A connection whose
 * breaker is half open has one place. */
static const char pick[] =
    "WITH source AS (SELECT DISTINCT source_id, connection_id FROM operation"
    "                 WHERE finished_at IS NULL AND cancel_requested_at IS NULL), "
    "live AS (SELECT connection_id, source_id, count(*) AS n FROM task"
    "          WHERE state IN ('dispatched', 'running') GROUP BY 1, 2), "
    "cap AS (SELECT l.connection_id,"
    "               CASE WHEN l.breaker_failures > 0 THEN 1 ELSE l.max_running END"
    "               - coalesce((SELECT sum(n) FROM live WHERE live.connection_id = "
    "l.connection_id), 0) AS free"
    "          FROM source_limit l WHERE l.paused_until IS NULL OR l.paused_until <= (SELECT "
    "assay_now())), "
    "candidate AS (SELECT t.id, source.connection_id, cap.free,"
    "       (coalesce(live.n, 0) + row_number() OVER (PARTITION BY source.source_id, "
    "source.connection_id"
    "                                                 ORDER BY t.priority, t.run_at, t.id))"
    "       / coalesce(w.weight, 1) AS share"
    "  FROM source JOIN cap USING (connection_id)"
    "  LEFT JOIN live ON live.source_id = source.source_id AND live.connection_id = "
    "source.connection_id"
    "  LEFT JOIN source_weight w ON w.source_id = source.source_id"
    "  CROSS JOIN LATERAL (SELECT id, priority, run_at FROM task"
    "        WHERE state = 'ready' AND pool = $1 AND lane = $2 AND source_id = source.source_id"
    "          AND connection_id = source.connection_id AND run_at <= (SELECT assay_now())"
    "          AND cancel_requested_at IS NULL AND spec_version <= $4"
    "        ORDER BY priority, run_at, id LIMIT greatest(cap.free, 0)) t), "
    "placed AS (SELECT id, share, free, row_number() OVER (PARTITION BY connection_id ORDER BY "
    "share, id) AS place"
    "             FROM candidate) "
    "SELECT id FROM placed WHERE place <= free ORDER BY share, id "
    "LIMIT greatest(0, $3::int - (SELECT count(*) FROM task WHERE state = 'dispatched' AND pool = "
    "$1 AND lane = $2))";

const struct assay_job_statements assay_job_statements_postgres = {
    .lock_operation =
        "SELECT finished_at, cancel_requested_at FROM operation WHERE id = $1 FOR UPDATE",
    .lock_operation_of =
        "SELECT id FROM operation WHERE id = (SELECT op_id FROM task WHERE id = $1) FOR SHARE",
    .lock_task = "SELECT " ASSAY_JOB_ROW_COLUMNS " FROM task WHERE id = $1 FOR UPDATE",
    .lock_running =
        "SELECT 1 FROM task WHERE id = $1 AND epoch = $2 AND state = 'running' FOR SHARE",
    .lock_expired = "SELECT 1 FROM task_lease WHERE task_id = $1 AND epoch = $2"
                    " AND lease_until < (SELECT assay_now()) - $3::bigint FOR UPDATE",
    .stop_siblings = "UPDATE task SET cancel_requested_at = assay_now() WHERE id IN ("
                     "SELECT id FROM task WHERE op_id = $1 AND unblocks = $2 AND state = 'running'"
                     " AND cancel_requested_at IS NULL FOR UPDATE SKIP LOCKED)",
    .lock_dispatch = "SELECT pg_advisory_xact_lock(4157594118)",
    .pick = pick,
    .steal = "SELECT id, dispatch_seq, (SELECT o.result FROM operation o WHERE o.id = task.op_id) "
             "FROM task WHERE state = 'dispatched' AND pool = $1 AND lane "
             "IN ($2, $3)"
             " AND dispatched_at <= (SELECT assay_now()) - $4::bigint AND spec_version <= $5"
             " AND quarantine <= $6 AND cancel_requested_at IS NULL"
             " ORDER BY lane, dispatched_at, id LIMIT 1 FOR UPDATE SKIP LOCKED",
    .redispatch =
        "UPDATE task t SET state = 'ready', run_at = assay_now() WHERE state = 'dispatched'"
        " AND dispatched_at < (SELECT assay_now())"
        " - least(600000000, $1::bigint * (1 << least(dispatch_seq - 1, 5)))"
        " AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.ce_id = t.id || ':' || t.dispatch_seq)",
    .beat = "UPDATE task_lease l SET lease_until = assay_now() + $3::bigint, progress = "
            "coalesce(v.progress, l.progress)"
            " FROM json_to_recordset($1::json) AS v (task_id bigint, epoch bigint, progress text), "
            "task t"
            " WHERE l.task_id = v.task_id AND l.epoch = v.epoch AND l.owner = $2"
            " AND t.id = l.task_id AND t.state = 'running' AND t.epoch = l.epoch",
    .due = "SELECT " ASSAY_JOB_DUE_COLUMNS
           " FROM schedule WHERE enabled = 1 AND next_fire_at <= (SELECT assay_now())"
           " ORDER BY next_fire_at, id LIMIT $1",
    .lead = "INSERT INTO leader (name, epoch, holder, pid, renewed_at)"
            " VALUES ($1, 1, $2, pg_backend_pid(), assay_now())"
            " ON CONFLICT (name) DO UPDATE SET epoch = leader.epoch + 1, holder = excluded.holder,"
            " pid = excluded.pid, renewed_at = excluded.renewed_at RETURNING epoch",
    /* Only a session that holds an advisory lock: the row's pid may be somebody else's by now. */
    .depose = "SELECT 1 FROM leader WHERE name = $1 AND CASE WHEN renewed_at < (SELECT "
              "assay_now()) - $2::bigint"
              " AND EXISTS (SELECT 1 FROM pg_locks l WHERE l.pid = leader.pid AND l.locktype = "
              "'advisory' AND l.granted)"
              " THEN pg_terminate_backend(pid) ELSE false END",
    .unpublished = ASSAY_JOB_UNPUBLISHED " FOR UPDATE OF t SKIP LOCKED",
};
