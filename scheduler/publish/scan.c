// Scan's results: the container's scan, what each check came to, anomalies.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "scheduler/publish/parts.h"

enum { REASON_BYTES = 600 };

static char *body_of(const json_t *container)
{
    ASSAY_AUTO(assay_json_decref)
    json_t *body = container ? json_copy((json_t *)container) : json_object();
    if (!body)
        return NULL;
    (void)json_object_del(body, "checks");
    (void)json_object_del(body, "anomalies");
    return assay_json_text(body);
}

/* Checks that could not be judged, and rejected records: NULL when there are none. */
static const char *remarks(const json_t *container, char *text, size_t size_bytes)
{
    const json_t *checks = assay_json_get(container, "checks");
    const char *first = NULL;
    size_t i, errored = 0;
    json_t *check;
    json_array_foreach(checks, i, check)
    {
        if (strcmp(assay_json_str(check, "outcome", ""), "errored") != 0)
            continue;
        if (!errored++)
            first = assay_json_str(check, "message", "");
    }
    if (!errored)
        return NULL;
    (void)snprintf(text, size_bytes, "%zu of %zu checks could not be judged: %s", errored,
                   json_array_size(checks), first);
    return text;
}

static bool is_full(const struct assay_publishing *p)
{
    const json_t *settings = assay_json_get(p->spec, "settings");
    return !assay_json_bool(p->settings, "incremental", false) &&
           !assay_json_get(settings, "where") &&
           !assay_json_get(settings, "max_records_analyzed_per_partition");
}

/* *ret_id 0: this operation's scan of the container is there already. */
static int insert_scan(struct assay_publishing *p, const struct assay_publish_container *container,
                       const json_t *found, int64_t *ret_id, struct assay_error *err)
{
    char reason[REASON_BYTES];
    int64_t started = 0, ended = 0;
    assay_publish_times(found, &started, &ended);
    const char *message = found ? remarks(found, reason, sizeof reason)
                                : assay_publish_reason(p, reason, sizeof reason);
    ASSAY_AUTO(assay_free_text) char *body = body_of(found);
    if (!body)
        return assay_fail_memory(err);
    const char *processed =
        assay_json_get(found, "records_processed") ? "records_processed" : "records_count";
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(
        assay_db_run(p->conn,
                     "INSERT INTO container_scan (container_id, operation_id, result, message, "
                     "records_count, records_processed, "
                     "rejected_records, incremental, body, started_at, ended_at, created_at) "
                     "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
                     "ON CONFLICT (operation_id, container_id) DO NOTHING RETURNING id",
                     &rows, err, assay_db_int(container->id), assay_db_int(p->task->operation_id),
                     assay_db_text(assay_publish_result(p)), assay_db_text(message),
                     assay_publish_int(found, "records_count"), assay_publish_int(found, processed),
                     assay_publish_int(found, "rejected_records"),
                     assay_db_bool(assay_json_bool(p->settings, "incremental", false)),
                     assay_db_text(body), started ? assay_db_int(started) : assay_db_null(),
                     ended ? assay_db_int(ended) : assay_db_null(), assay_db_int(p->now)));
    *ret_id = assay_db_get_int(rows, 0, 0);
    return ASSAY_OK;
}

/* A check that was deleted meanwhile has no row to go to. */
static int check_exists(struct assay_publishing *p, int64_t id, bool *ret_exists,
                        struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(p->conn,
                           "UPDATE quality_check SET num_container_scans = num_container_scans + 1 "
                           "WHERE id = $1 AND container_id = $2",
                           &rows, err, assay_db_int(id), assay_db_int(p->task->container_id)));
    *ret_exists = assay_db_rows_changed(rows) > 0;
    return ASSAY_OK;
}

static int publish_assertion(struct assay_publishing *p, int64_t scan_id, const json_t *check,
                             struct assay_error *err)
{
    const int64_t id = assay_json_int(check, "id", 0);
    const char *outcome = assay_json_str(check, "outcome", "errored");
    const bool passed = !strcmp(outcome, "passed"), judged = passed || !strcmp(outcome, "failed");
    bool exists = false;
    ASSAY_TRY(check_exists(p, id, &exists, err));
    if (!exists)
        return ASSAY_OK;
    ASSAY_TRY(assay_db_run(
        p->conn,
        "INSERT INTO check_assertion (container_scan_id, check_id, result, message, "
        "asserted_records_count, null_records_count, anomalous_records_count, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        NULL, err, assay_db_int(scan_id), assay_db_int(id), assay_db_text(outcome),
        assay_db_text(assay_json_str(check, "message", NULL)),
        assay_publish_int(check, "asserted_records_count"),
        assay_publish_int(check, "null_records_count"),
        assay_publish_int(check, "anomalous_records_count"), assay_db_int(p->now)));
    if (!judged)
        return ASSAY_OK;
    return assay_db_run(
        p->conn, "UPDATE quality_check SET has_passed = $2, last_asserted_at = $3 WHERE id = $1",
        NULL, err, assay_db_int(id), assay_db_bool(passed), assay_db_int(p->now));
}

static int publish_found(struct assay_publishing *p,
                         const struct assay_publish_container *container, int64_t scan_id,
                         const json_t *found, struct assay_error *err)
{
    const struct assay_publish_scan_row scan = {.container = container,
                                                .scan_id = scan_id,
                                                .checks = assay_json_get(found, "checks"),
                                                .anomalies = assay_json_get(found, "anomalies"),
                                                .rejected =
                                                    assay_json_int(found, "rejected_records", 0),
                                                .full = is_full(p)};
    int64_t anomalies = 0;
    size_t i;
    json_t *check;
    json_array_foreach(scan.checks, i, check) ASSAY_TRY(publish_assertion(p, scan_id, check, err));
    ASSAY_TRY(assay_publish_anomalies(p, &scan, &anomalies, err));
    if (scan.full && assay_json_bool(p->settings, "auto_resolve_passed_anomalies", true))
        ASSAY_TRY(assay_publish_resolve(p, &scan, err));
    ASSAY_TRY(assay_db_run(p->conn, "UPDATE container_scan SET anomaly_count = $2 WHERE id = $1",
                           NULL, err, assay_db_int(scan_id), assay_db_int(anomalies)));
    return assay_db_run(p->conn,
                        "UPDATE container SET latest_scan_id = $2, record_count = CASE WHEN $3 = 1 "
                        "THEN coalesce($4, "
                        "record_count) ELSE record_count END WHERE id = $1",
                        NULL, err, assay_db_int(container->id), assay_db_int(scan_id),
                        assay_db_bool(scan.full), assay_publish_int(found, "records_count"));
}

int assay_publish_scan(struct assay_publishing *p, struct assay_error *err)
{
    struct assay_publish_container container;
    int64_t scan_id = 0;
    ASSAY_TRY(assay_publish_lock_container(p, &container, err));
    if (!container.found)
        return ASSAY_OK;
    const json_t *found = assay_json_get(p->document, "container");
    if (p->document && !found)
        return assay_fail(err, ASSAY_FORMAT, "the executor sent no scan");
    ASSAY_TRY(insert_scan(p, &container, found, &scan_id, err));
    return scan_id && found ? publish_found(p, &container, scan_id, found, err) : ASSAY_OK;
}
