// Anomalies of a scan: rows, their checks, duplicates of open ones.
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "common/base/memory.h"
#include "common/crypto/random.h"
#include "common/rules/rule_def.h"
#include "scheduler/publish/parts.h"

/* Names of anomalies: UUIDv5 of "operation:container:fingerprint" in this namespace. */
static const uint8_t anomaly_namespace[16] = {0x5b, 0x1f, 0x6e, 0x2c, 0x94, 0x0d, 0x4c, 0x55,
                                              0x8a, 0x3e, 0x77, 0x10, 0xd2, 0x9b, 0x61, 0xf4};
/* Weight of a check by who made it, once it has an anomaly. */
enum { AUTHORED_WEIGHT = 12, INFERRED_WEIGHT = 6 };

struct finding {
    struct assay_publishing *p;
    const struct assay_publish_scan_row *scan;
    const json_t *anomaly;
    bool record;
    int64_t fingerprint, id, duplicate_of;
    int64_t weight;
    json_t *failed; /* failed checks whose rows are there */
};

static int64_t parse_fingerprint(const json_t *anomaly)
{
    return (int64_t)strtoull(assay_json_str(anomaly, "fingerprint", "0"), NULL, 16);
}

/* The check's own weight; *ret_found false: it was deleted meanwhile. */
static int weigh(struct assay_publishing *p, int64_t check_id, int64_t *ret_weight, bool *ret_found,
                 struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(
        assay_db_run(p->conn,
                     "SELECT q.rule_type, q.inferred, "
                     "(SELECT coalesce(sum(g.weight_modifier), 0) FROM check_tag x JOIN global_tag "
                     "g ON g.id = x.tag_id "
                     "WHERE x.check_id = q.id) + (SELECT coalesce(sum(g.weight_modifier), 0) FROM "
                     "container_tag x "
                     "JOIN global_tag g ON g.id = x.tag_id WHERE x.container_id = q.container_id) "
                     "FROM quality_check q WHERE q.id = $1 AND q.container_id = $2",
                     &rows, err, assay_db_int(check_id), assay_db_int(p->task->container_id)));
    *ret_found = assay_db_rows_count(rows) > 0;
    if (!*ret_found)
        return ASSAY_OK;
    const struct assay_rule_def *def = assay_rule_def_find(assay_db_get_text(rows, 0, 0));
    *ret_weight = (def ? def->weight : 1) +
                  (assay_db_get_int(rows, 0, 1) ? INFERRED_WEIGHT : AUTHORED_WEIGHT) +
                  assay_db_get_int(rows, 0, 2);
    return ASSAY_OK;
}

/* An anomaly weighs as much as the heaviest of its checks. */
static int collect_failed(struct finding *f, struct assay_error *err)
{
    size_t i;
    json_t *failed;
    json_array_foreach(assay_json_get(f->anomaly, "failed_checks"), i, failed)
    {
        int64_t weight = 0;
        bool found = false;
        ASSAY_TRY(weigh(f->p, assay_json_int(failed, "id", 0), &weight, &found, err));
        if (!found)
            continue;
        f->weight = weight > f->weight ? weight : f->weight;
        ASSAY_TRY(assay_json_push(f->failed, json_incref(failed), err));
    }
    return ASSAY_OK;
}

static int look_up(struct finding *f, const char *sql, int64_t key, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(f->p->conn, sql, &rows, err, assay_db_int(f->scan->container->id),
                           assay_db_int(key), assay_db_int(f->p->task->operation_id)));
    f->duplicate_of = assay_db_get_int(rows, 0, 0);
    return ASSAY_OK;
}

#define EQUAL_RECORD                                                                               \
    "SELECT a.id FROM anomaly a WHERE a.container_id = $1 AND a.fingerprint = $2 AND a.type = "    \
    "'record' AND a.operation_id <> $3 AND "
#define EQUAL_SHAPE                                                                                \
    "SELECT a.id FROM anomaly a JOIN anomaly_failed_check x ON x.anomaly_id = a.id "               \
    "WHERE a.container_id = $1 AND x.check_id = $2 AND a.type = 'shape' AND a.operation_id <> $3 " \
    "AND "
#define OPEN_ONE "a.archived_at IS NULL ORDER BY a.id LIMIT 1"
#define ARCHIVED_ONE                                                                               \
    "a.archived_at IS NOT NULL AND a.status <> 'Duplicate' ORDER BY a.id DESC LIMIT 1"

/* A record is known by its fingerprint, a shape by its check. */
static int find_equal(struct finding *f, bool archived, struct assay_error *err)
{
    static const char *const sql[2][2] = {{EQUAL_SHAPE OPEN_ONE, EQUAL_SHAPE ARCHIVED_ONE},
                                          {EQUAL_RECORD OPEN_ONE, EQUAL_RECORD ARCHIVED_ONE}};
    const int64_t check = assay_json_int(json_array_get(f->failed, 0), "id", 0);
    return look_up(f, sql[f->record][archived], f->record ? f->fingerprint : check, err);
}

static int find_original(struct finding *f, struct assay_error *err)
{
    const json_t *settings = f->p->settings;
    if (!f->scan->full)
        return ASSAY_OK;
    if (assay_json_bool(settings, "archive_duplicate_anomalies", true))
        ASSAY_TRY(find_equal(f, false, err));
    if (f->duplicate_of || !assay_json_bool(settings, "reactivate_recurring_anomalies", false))
        return ASSAY_OK;
    ASSAY_TRY(find_equal(f, true, err));
    if (!f->duplicate_of)
        return ASSAY_OK;
    return assay_db_run(
        f->p->conn,
        "UPDATE anomaly SET status = 'Active', archived_at = NULL, updated_at = $2 WHERE id = $1",
        NULL, err, assay_db_int(f->duplicate_of), assay_db_int(f->p->now));
}

static int name_of(const struct finding *f, char ret_uuid[ASSAY_UUID_TEXT], struct assay_error *err)
{
    char name[96];
    const int size =
        snprintf(name, sizeof name, "%" PRId64 ":%" PRId64 ":%016" PRIx64, f->p->task->operation_id,
                 f->scan->container->id, (uint64_t)f->fingerprint);
    return assay_uuid5(anomaly_namespace, name, (size_t)size, ret_uuid, err);
}

/* What stands first: the message of the first failed check, or why a record could not be read. */
static const char *description_of(const json_t *anomaly)
{
    const json_t *first = json_array_get(assay_json_get(anomaly, "failed_checks"), 0);
    return assay_json_str(first, "message", assay_json_str(anomaly, "message", NULL));
}

/* The record's fields; of one that could not be read, its raw text. *ret_text NULL: there is
 * none. */
static int record_of(const json_t *anomaly, char **ret_text, struct assay_error *err)
{
    json_t *fields = assay_json_get(anomaly, "record"), *raw = assay_json_get(anomaly, "raw");
    if (!fields && !raw)
        return ASSAY_OK;
    ASSAY_AUTO(assay_json_decref)
    json_t *record = fields ? json_incref(fields) : json_pack("{s:O}", "raw", raw);
    *ret_text = record ? assay_json_text(record) : NULL;
    return *ret_text ? ASSAY_OK : assay_fail_memory(err);
}

/* Those that a shape anomaly names; as many as the scan keeps of a check. */
static int records_of(const json_t *anomaly, char **ret_text, struct assay_error *err)
{
    const json_t *records = assay_json_get(anomaly, "records");
    if (!json_array_size(records))
        return ASSAY_OK;
    *ret_text = assay_json_text(records);
    return *ret_text ? ASSAY_OK : assay_fail_memory(err);
}

/* Records that are equal to the last byte are one anomaly with their number. */
static int insert_row(struct finding *f, struct assay_error *err)
{
    const json_t *a = f->anomaly;
    const char *file = assay_json_str(a, "file", NULL);
    char uuid[ASSAY_UUID_TEXT];
    ASSAY_TRY(name_of(f, uuid, err));
    ASSAY_AUTO(assay_free_text) char *record_text = NULL;
    ASSAY_AUTO(assay_free_text) char *records_text = NULL;
    ASSAY_TRY(record_of(a, &record_text, err));
    ASSAY_TRY(records_of(a, &records_text, err));
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    const struct assay_db_value now = assay_db_int(f->p->now), none = assay_db_null();
    ASSAY_TRY(assay_db_run(
        f->p->conn,
        "INSERT INTO anomaly (uuid, container_id, datastore_id, container_scan_id, operation_id, "
        "type, status, "
        "fingerprint, weight, anomalous_records_count, description, partition_name, "
        "partition_location, record_row, "
        "record_line, record_byte_offset, record, duplicate_of_id, archived_at, created_at, "
        "updated_at, records) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, "
        "$19, $20, $20, $21) "
        "ON CONFLICT (uuid) DO UPDATE SET anomalous_records_count = "
        "anomaly.anomalous_records_count + excluded.anomalous_records_count RETURNING id",
        &rows, err, assay_db_text(uuid), assay_db_int(f->scan->container->id),
        assay_db_int(f->scan->container->datastore_id), assay_db_int(f->scan->scan_id),
        assay_db_int(f->p->task->operation_id), assay_db_text(f->record ? "record" : "shape"),
        assay_db_text(f->duplicate_of ? "Duplicate" : "Active"), assay_db_int(f->fingerprint),
        assay_db_int(f->weight), assay_db_int(assay_json_int(a, "anomalous_records_count", 1)),
        assay_db_text(description_of(a)), assay_db_text(file ? file : f->scan->container->name),
        assay_db_text(file), assay_publish_int(a, "row"), assay_publish_int(a, "line"),
        assay_publish_int(a, "byte_offset"), assay_db_text(record_text),
        f->duplicate_of ? assay_db_int(f->duplicate_of) : none, f->duplicate_of ? now : none, now,
        assay_db_text(records_text)));
    f->id = assay_db_get_int(rows, 0, 0);
    return ASSAY_OK;
}

static int link_check(struct finding *f, const json_t *failed, struct assay_error *err)
{
    const int64_t check_id = assay_json_int(failed, "id", 0);
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(
        f->p->conn,
        "SELECT check_uid, default_anomaly_assignee_id FROM quality_check WHERE id = $1", &rows,
        err, assay_db_int(check_id)));
    const int64_t pair[] = {assay_db_get_int(rows, 0, 0), f->fingerprint};
    ASSAY_TRY(assay_db_run(
        f->p->conn,
        "INSERT INTO anomaly_failed_check (anomaly_id, check_id, message, fingerprint) "
        "VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        NULL, err, assay_db_int(f->id), assay_db_int(check_id),
        assay_db_text(assay_json_str(failed, "message", NULL)),
        assay_db_int((int64_t)XXH3_64bits(pair, sizeof pair))));
    if (assay_db_is_null(rows, 0, 1))
        return ASSAY_OK;
    return assay_db_run(
        f->p->conn,
        "INSERT INTO anomaly_assignee (anomaly_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        NULL, err, assay_db_int(f->id), assay_db_int(assay_db_get_int(rows, 0, 1)));
}

static int publish_one(struct assay_publishing *p, const struct assay_publish_scan_row *scan,
                       const json_t *anomaly, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *failed = json_array();
    struct finding f = {.p = p,
                        .scan = scan,
                        .anomaly = anomaly,
                        .record = strcmp(assay_json_str(anomaly, "type", "record"), "shape") != 0,
                        .fingerprint = parse_fingerprint(anomaly),
                        .failed = failed};
    size_t i;
    json_t *check;
    ASSAY_TRY(collect_failed(&f, err));
    ASSAY_TRY(find_original(&f, err));
    ASSAY_TRY(insert_row(&f, err));
    json_array_foreach(failed, i, check) ASSAY_TRY(link_check(&f, check, err));
    return ASSAY_OK;
}

int assay_publish_anomalies(struct assay_publishing *p, const struct assay_publish_scan_row *scan,
                            int64_t *ret_count, struct assay_error *err)
{
    size_t i;
    json_t *anomaly;
    json_array_foreach(scan->anomalies, i, anomaly) ASSAY_TRY(publish_one(p, scan, anomaly, err));
    *ret_count = (int64_t)json_array_size(scan->anomalies);
    return ASSAY_OK;
}
