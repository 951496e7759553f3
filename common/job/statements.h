/* Inside common/job: the statements that are written once per database, because locking or planning
 * differs. All else is the common subset and stands where it is used. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_JOB_STATEMENTS_H
#define ASSAY_JOB_STATEMENTS_H

struct assay_job_statements {
    const char *lock_operation; /* $1 operation → finished_at, cancel_requested_at; for writing */
    const char *lock_operation_of; /* $1 task → a row when it is there; its operation, shared:
                                      completions */
    const char *lock_task;         /* $1 task → columns as struct assay_job_row has them */
    const char *lock_running; /* $1 task, $2 epoch → a row when it runs under that epoch; held
                                 against an end */
    const char *lock_expired; /* $1 task, $2 epoch, $3 grace µs → a row when its lease ran out */
    const char
        *stop_siblings; /* $1 operation, $2 successor: asks what runs before it to stop; waits
                                  for nobody */
    const char *lock_dispatch; /* one dispatch at a time, to the end of the transaction; NULL = not
                                  needed */
    const char
        *pick; /* $1 pool, $2 lane, $3 window, $4 max spec version → task ids in fair order */
    const char *steal; /* $1 pool, $2 $3 lanes, $4 age µs, $5 max spec version, $6 idle → id,
                          dispatch_seq */
    const char *redispatch;  /* $1 after µs */
    const char *beat;        /* $1 JSON array of {task_id, epoch, progress}, $2 owner, $3 ttl µs */
    const char *due;         /* $1 limit */
    const char *lead;        /* $1 name, $2 holder → epoch */
    const char *depose;      /* $1 name, $2 silent µs → a row per ended session */
    const char *unpublished; /* → columns of struct assay_job_published */
};
extern const struct assay_job_statements assay_job_statements_postgres;
extern const struct assay_job_statements assay_job_statements_sqlite;

/* Columns that both forms share. */
#define ASSAY_JOB_ROW_COLUMNS                                                                      \
    "op_id, state, epoch, kind, failures, crashes, releases, max_failures, max_crashes, "          \
    "priority, quarantine, cancel_requested_at, deadline_at, unblocks, connection_id, "            \
    "result_epoch, source_id, pool, lane, assay_now(), "                                           \
    "(SELECT s.breaker_failures FROM source_limit s WHERE s.connection_id = task.connection_id)"
#define ASSAY_JOB_DUE_COLUMNS                                                                      \
    "id, cron, tz, next_fire_at, last_fire_at, catchup_us, misfire, overlap, version, template"
#define ASSAY_JOB_UNPUBLISHED                                                                      \
    "SELECT t.id, t.result_epoch, t.op_id, t.source_id, t.container_id, t.kind, t.state, s.body, " \
    "o.settings, t.summary, t.last_error "                                                         \
    "FROM task t JOIN operation o ON o.id = t.op_id JOIN task_spec s ON s.id = t.spec_id "         \
    "WHERE t.finished_at IS NOT NULL AND t.published_at IS NULL AND o.hidden = 0 "                 \
    "ORDER BY t.finished_at, t.id LIMIT 1"

#endif
