// Limits of sources: the cap and the circuit breaker of a connection, the weight of a datastore.
// SPDX-License-Identifier: Apache-2.0
#include "common/job/store.h"

int assay_job_limit_set(struct assay_job_store *store, struct assay_db_conn *conn,
                        int64_t connection_id, int max_running, struct assay_error *err)
{
    static const char sql[] =
        "INSERT INTO source_limit (connection_id, max_running) VALUES ($1, $2) "
        "ON CONFLICT (connection_id) DO UPDATE SET max_running = excluded.max_running";
    if (max_running < 1)
        return assay_fail(err, ASSAY_INVALID, "max_parallelization must be at least 1");
    const struct assay_db_value values[] = {assay_db_int(connection_id), assay_db_int(max_running)};
    return conn ? assay_db_query(conn, sql, values, ASSAY_COUNT(values), NULL, err)
                : assay_job_query(store, sql, values, ASSAY_COUNT(values), NULL, err);
}

int assay_job_weight_set(struct assay_job_store *store, int64_t source_id, double weight,
                         struct assay_error *err)
{
    if (!(weight > 0))
        return assay_fail(err, ASSAY_INVALID, "the weight of a datastore must be above 0");
    return assay_job_run(store,
                         "INSERT INTO source_weight (source_id, weight) VALUES ($1, $2) "
                         "ON CONFLICT (source_id) DO UPDATE SET weight = excluded.weight",
                         NULL, err, assay_db_int(source_id), assay_db_real(weight));
}

/* 30 s, 60 s, … 10 min; while it is open a further trip changes nothing. */
static const char trip_sql[] =
    "UPDATE source_limit SET breaker_failures = breaker_failures + 1, paused_until = assay_now() + "
    "CASE WHEN breaker_failures >= 5 THEN 600000000 ELSE 30000000 * (1 << breaker_failures) END "
    "WHERE connection_id = $1 AND (paused_until IS NULL OR paused_until <= assay_now())";
static const char untrip_sql[] =
    "UPDATE source_limit SET breaker_failures = 0, paused_until = NULL "
    "WHERE connection_id = $1 AND breaker_failures > 0";

int assay_job_trip(struct assay_db_conn *conn, int64_t connection_id, struct assay_error *err)
{
    return assay_db_run(conn, trip_sql, NULL, err, assay_db_int(connection_id));
}

int assay_job_untrip(struct assay_db_conn *conn, int64_t connection_id, struct assay_error *err)
{
    return assay_db_run(conn, untrip_sql, NULL, err, assay_db_int(connection_id));
}

int assay_job_breaker_trip(struct assay_job_store *store, int64_t connection_id,
                           struct assay_error *err)
{
    return assay_job_run(store, trip_sql, NULL, err, assay_db_int(connection_id));
}

int assay_job_breaker_probe(struct assay_job_store *store, int64_t connection_id, bool reached,
                            struct assay_error *err)
{
    return assay_job_run(store, reached ? untrip_sql : trip_sql, NULL, err,
                         assay_db_int(connection_id));
}
