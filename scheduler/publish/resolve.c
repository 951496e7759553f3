// Auto-resolve: open anomalies that a full scan no longer gives.
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "scheduler/publish/parts.h"

/* A list that was cut at the rollup threshold proves nothing about a record that is not in it:
 * only a check that passed, or whose failing records are all listed, speaks for "gone". */
struct judged {
    json_t *passed;        /* check id → true */
    json_t *settled;       /* check id → true: failed, and every failing record is listed */
    json_t *seen;          /* fingerprint → true */
    int64_t rejections;    /* listed anomalies of no check */
    bool rejections_whole; /* every rejected record is listed */
};

static void key_of(int64_t number, char text[static 24])
{
    (void)snprintf(text, 24, "%" PRId64, number);
}

static int count_listed(const json_t *anomalies, struct judged *judged, json_t *listed,
                        struct assay_error *err)
{
    size_t i, j;
    json_t *anomaly, *failed;
    json_array_foreach(anomalies, i, anomaly)
    {
        char key[24];
        const json_int_t records = assay_json_int(anomaly, "anomalous_records_count", 1);
        if (strcmp(assay_json_str(anomaly, "type", ""), "record") != 0)
            continue;
        key_of((int64_t)strtoull(assay_json_str(anomaly, "fingerprint", "0"), NULL, 16), key);
        ASSAY_TRY(assay_json_set(judged->seen, key, json_true(), err));
        judged->rejections += json_array_size(assay_json_get(anomaly, "failed_checks")) == 0;
        json_array_foreach(assay_json_get(anomaly, "failed_checks"), j, failed)
        {
            key_of(assay_json_int(failed, "id", 0), key);
            ASSAY_TRY(assay_json_set(listed, key,
                                     json_integer(assay_json_int(listed, key, 0) + records), err));
        }
    }
    return ASSAY_OK;
}

static int sort_checks(const json_t *checks, const json_t *listed, struct judged *judged,
                       struct assay_error *err)
{
    size_t i;
    json_t *check;
    json_array_foreach(checks, i, check)
    {
        char key[24];
        const char *outcome = assay_json_str(check, "outcome", "");
        key_of(assay_json_int(check, "id", 0), key);
        if (!strcmp(outcome, "passed"))
            ASSAY_TRY(assay_json_set(judged->passed, key, json_true(), err));
        else if (!strcmp(outcome, "failed") &&
                 assay_json_int(check, "anomalous_records_count", INT64_MAX) <=
                     assay_json_int(listed, key, 0))
            ASSAY_TRY(assay_json_set(judged->settled, key, json_true(), err));
    }
    return ASSAY_OK;
}

/* One (anomaly, check) pair: does this check speak for "gone"? check NULL: the anomaly is of
 * none. */
static bool is_gone(const struct judged *judged, bool record, const char *fingerprint,
                    const char *check)
{
    if (!check) /* a rejected record */
        return judged->rejections_whole && !json_object_get(judged->seen, fingerprint);
    if (json_object_get(judged->passed, check))
        return true;
    return record && json_object_get(judged->settled, check) &&
           !json_object_get(judged->seen, fingerprint);
}

static int resolve(struct assay_publishing *p, int64_t anomaly_id, struct assay_error *err)
{
    return assay_db_run(
        p->conn,
        "UPDATE anomaly SET status = 'Resolved', archived_at = $2, updated_at = $2 WHERE id = $1",
        NULL, err, assay_db_int(anomaly_id), assay_db_int(p->now));
}

/* Rows: anomaly, type, fingerprint, check; an anomaly's rows stand together. All its checks must
 * speak for it. */
static int resolve_gone(struct assay_publishing *p, const struct judged *judged,
                        const struct assay_db_rows *rows, struct assay_error *err)
{
    bool gone = true;
    const size_t count = assay_db_rows_count(rows);
    for (size_t row = 0; row < count; row++) {
        const int64_t id = assay_db_get_int(rows, row, 0);
        const bool record = !strcmp(assay_db_get_text(rows, row, 1), "record");
        gone = gone && is_gone(judged, record, assay_db_get_text(rows, row, 2),
                               assay_db_get_text(rows, row, 3));
        if (row + 1 < count && assay_db_get_int(rows, row + 1, 0) == id)
            continue;
        if (gone)
            ASSAY_TRY(resolve(p, id, err));
        gone = true;
    }
    return ASSAY_OK;
}

int assay_publish_resolve(struct assay_publishing *p, const struct assay_publish_scan_row *scan,
                          struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *passed = json_object();
    ASSAY_AUTO(assay_json_decref) json_t *settled = json_object();
    ASSAY_AUTO(assay_json_decref) json_t *seen = json_object();
    ASSAY_AUTO(assay_json_decref) json_t *listed = json_object();
    struct judged judged = {.passed = passed, .settled = settled, .seen = seen};
    ASSAY_TRY(count_listed(scan->anomalies, &judged, listed, err));
    judged.rejections_whole = scan->rejected <= judged.rejections;
    ASSAY_TRY(sort_checks(scan->checks, listed, &judged, err));
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(
        p->conn,
        "SELECT a.id, a.type, a.fingerprint, x.check_id FROM anomaly a "
        "LEFT JOIN anomaly_failed_check x ON x.anomaly_id = a.id WHERE a.container_id = $1 "
        "AND a.archived_at IS NULL AND a.operation_id <> $2 ORDER BY a.id",
        &rows, err, assay_db_int(scan->container->id), assay_db_int(p->task->operation_id)));
    return resolve_gone(p, &judged, rows, err);
}
