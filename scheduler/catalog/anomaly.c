// Anomalies: lists, status, removal.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/catalog/anomaly.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/crypto/random.h"
#include "scheduler/catalog/tag.h"
#include "scheduler/catalog/team.h"

const struct assay_writable assay_anomaly_writables[] = {
    {"status", "status", ASSAY_WRITE_CHOICE, .choices = "Active|Acknowledged",
     .doc = "archiving is a DELETE"},
    {"description", "description", ASSAY_WRITE_TEXT, .nullable = true, .max = 4096},
    {"tags", NULL, ASSAY_WRITE_LIST, .doc = "names; replaces the list"},
    {.key = NULL},
};

static const struct assay_column anomaly_columns[] = {
    {"id", ASSAY_COLUMN_INT, "a.id"},
    {"uuid", ASSAY_COLUMN_TEXT, "a.uuid"},
    {"type", ASSAY_COLUMN_TEXT, "a.type"},
    {"status", ASSAY_COLUMN_TEXT, "a.status"},
    {"archived", ASSAY_COLUMN_BOOL, "CASE WHEN a.archived_at IS NULL THEN 0 ELSE 1 END"},
    {"is_new", ASSAY_COLUMN_BOOL, "a.is_new"},
    {"weight", ASSAY_COLUMN_INT, "a.weight"},
    {"anomalous_records_count", ASSAY_COLUMN_INT, "a.anomalous_records_count"},
    {"description", ASSAY_COLUMN_TEXT, "a.description"},
    {"fingerprint", ASSAY_COLUMN_INT, "a.fingerprint"},
    {"source_enriched", ASSAY_COLUMN_BOOL, "a.source_enriched"},
    {"container_id", ASSAY_COLUMN_INT, "a.container_id"},
    {"container_name", ASSAY_COLUMN_TEXT, "c.name"},
    {"container_type", ASSAY_COLUMN_TEXT, "c.container_type"},
    {"datastore_id", ASSAY_COLUMN_INT, "a.datastore_id"},
    {"datastore_name", ASSAY_COLUMN_TEXT, "d.name"},
    {"operation_id", ASSAY_COLUMN_INT, "a.operation_id"},
    {"partition_name", ASSAY_COLUMN_TEXT, "a.partition_name"},
    {"partition_location", ASSAY_COLUMN_TEXT, "a.partition_location"},
    {"row", ASSAY_COLUMN_INT, "a.record_row"},
    {"line", ASSAY_COLUMN_INT, "a.record_line"},
    {"byte_offset", ASSAY_COLUMN_INT, "a.record_byte_offset"},
    {"record", ASSAY_COLUMN_JSON, "a.record"},
    {"records", ASSAY_COLUMN_JSON, "a.records"},
    {"duplicate_of_id", ASSAY_COLUMN_INT, "a.duplicate_of_id"},
    {"created", ASSAY_COLUMN_TIME, "a.created_at"},
    {"updated", ASSAY_COLUMN_TIME, "a.updated_at"},
    {.key = NULL},
};
static const struct assay_filter anomaly_filters[] = {
    {"id", ASSAY_FILTER_ID, "a.id IN (%s)", NULL, "may be repeated"},
    {"uuid", ASSAY_FILTER_TEXT, "a.uuid IN (%s)", NULL, "may be repeated"},
    {"datastore", ASSAY_FILTER_ID, "a.datastore_id IN (%s)", NULL,
     "datastore's id; may be repeated"},
    {"container", ASSAY_FILTER_ID, "a.container_id IN (%s)", NULL,
     "container's id; may be repeated"},
    {"operation", ASSAY_FILTER_ID, "a.operation_id IN (%s)", NULL,
     "operation's id; may be repeated"},
    {"quality_check", ASSAY_FILTER_ID,
     "EXISTS (SELECT 1 FROM anomaly_failed_check x WHERE x.anomaly_id = a.id AND x.check_id IN "
     "(%s))",
     NULL, "check's id; may be repeated"},
    {"status", ASSAY_FILTER_TEXT, "a.status IN (%s)", NULL, "may be repeated"},
    {"archived", ASSAY_FILTER_ARCHIVED, "a.archived_at", "status", "only, include, true or false"},
    {"anomaly_type", ASSAY_FILTER_TEXT, "a.type IN (%s)", NULL, "record or shape"},
    {"rule_type", ASSAY_FILTER_TEXT,
     "EXISTS (SELECT 1 FROM anomaly_failed_check x JOIN quality_check q ON q.id = x.check_id WHERE "
     "x.anomaly_id = a.id AND "
     "q.rule_type IN (%s))",
     NULL, "may be repeated"},
    {"tag", ASSAY_FILTER_TEXT,
     "EXISTS (SELECT 1 FROM anomaly_tag x JOIN global_tag g ON g.id = x.tag_id WHERE x.anomaly_id "
     "= a.id AND g.name IN (%s))",
     NULL, "tag's name; may be repeated"},
    {"start_date", ASSAY_FILTER_FROM, "a.created_at >= %s", NULL,
     "found at that date or time, or later"},
    {"end_date", ASSAY_FILTER_UNTIL, "a.created_at <= %s", NULL,
     "found until that date (its end) or time"},
    {"timeframe", ASSAY_FILTER_TIMEFRAME, "a.created_at >= %s", NULL,
     "day, week, month, quarter or year"},
    {"source_enriched", ASSAY_FILTER_BOOL, "a.source_enriched = 1", "a.source_enriched = 0",
     "with source records kept"},
    {.param = NULL},
};
static const struct assay_sort anomaly_sorts[] = {
    {"sort_weight", "a.weight"}, {"sort_created", "a.created_at"}, {.param = NULL}};
const struct assay_listing assay_anomaly_listing = {
    .columns = anomaly_columns,
    .from = "anomaly a JOIN container c ON c.id = a.container_id JOIN datastore d ON d.id = "
            "a.datastore_id",
    .id = "a.id",
    .filters = anomaly_filters,
    .sorts = anomaly_sorts,
    .newest_first = true,
    .noun = "anomaly"};

static int present(json_t *row, struct assay_error *err)
{
    static const char *const moved[] = {"container_name", "container_type", "datastore_name",
                                        "partition_name", "partition_location"};
    json_t *container = json_pack("{s:O, s:O, s:O}", "id", json_object_get(row, "container_id"),
                                  "name", json_object_get(row, "container_name"), "container_type",
                                  json_object_get(row, "container_type"));
    json_t *datastore = json_pack("{s:O, s:O}", "id", json_object_get(row, "datastore_id"), "name",
                                  json_object_get(row, "datastore_name"));
    json_t *partition = json_pack("{s:O, s:O}", "name", json_object_get(row, "partition_name"),
                                  "location", json_object_get(row, "partition_location"));
    for (size_t i = 0; i < ASSAY_COUNT(moved); i++)
        (void)json_object_del(row, moved[i]);
    ASSAY_TRY(assay_json_set(row, "container", container, err));
    ASSAY_TRY(assay_json_set(row, "datastore", datastore, err));
    return assay_json_set(row, "partition_scan", partition, err);
}

/* {quality_check: {…}, message, fingerprint} of a row that has them side by side. */
static int nest_check(json_t *failed, struct assay_error *err)
{
    static const char *const keys[] = {"id", "rule_type", "description", "inferred"};
    ASSAY_AUTO(assay_json_decref) json_t *check = json_object();
    for (size_t i = 0; i < ASSAY_COUNT(keys); i++) {
        json_t *value = json_object_get(failed, keys[i]);
        if (value)
            ASSAY_TRY(assay_json_set(check, keys[i], json_incref(value), err));
        (void)json_object_del(failed, keys[i]);
    }
    return assay_json_set(failed, "quality_check", ASSAY_TAKE(check), err);
}

static int attach_failed_checks(struct assay_db_conn *conn, json_t *items, struct assay_error *err)
{
    static const struct assay_column columns[] = {{"id", ASSAY_COLUMN_INT, ""},
                                                  {"rule_type", ASSAY_COLUMN_TEXT, ""},
                                                  {"description", ASSAY_COLUMN_TEXT, ""},
                                                  {"inferred", ASSAY_COLUMN_BOOL, ""},
                                                  {"message", ASSAY_COLUMN_TEXT, ""},
                                                  {"fingerprint", ASSAY_COLUMN_INT, ""},
                                                  {.key = NULL}};
    ASSAY_TRY(assay_attach(conn, items, "failed_checks",
                           "SELECT x.anomaly_id, q.id, q.rule_type, q.description, q.inferred, "
                           "x.message, x.fingerprint FROM "
                           "anomaly_failed_check x JOIN quality_check q ON q.id = x.check_id WHERE "
                           "x.anomaly_id IN (%s) ORDER BY "
                           "q.id",
                           columns, err));
    size_t i, k;
    json_t *item, *failed;
    json_array_foreach(items, i, item)
    {
        json_array_foreach(json_object_get(item, "failed_checks"), k, failed)
            ASSAY_TRY(nest_check(failed, err));
    }
    return ASSAY_OK;
}

static int finish(struct assay_db_conn *conn, json_t *items, struct assay_error *err)
{
    static const struct assay_column columns[] = {
        {"id", ASSAY_COLUMN_INT, ""}, {"name", ASSAY_COLUMN_TEXT, ""}, {.key = NULL}};
    size_t i;
    json_t *item;
    json_array_foreach(items, i, item) ASSAY_TRY(present(item, err));
    ASSAY_TRY(attach_failed_checks(conn, items, err));
    ASSAY_TRY(assay_attach(conn, items, "assignees",
                           "SELECT x.anomaly_id, u.id, u.name FROM anomaly_assignee x JOIN "
                           "user_account u ON u.id = x.user_id "
                           "WHERE x.anomaly_id IN (%s) ORDER BY u.id",
                           columns, err));
    return assay_tags_attach(conn, ASSAY_TAGGED_ANOMALY, items, err);
}

int assay_anomaly_page(struct assay_db_conn *conn, const json_t *params, json_t **ret_page,
                       struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *page = NULL;
    ASSAY_TRY(assay_listing_page(conn, &assay_anomaly_listing, params, &page, err));
    ASSAY_TRY(finish(conn, json_object_get(page, "items"), err));
    *ret_page = ASSAY_TAKE(page);
    return ASSAY_OK;
}

int assay_anomaly_get(struct assay_db_conn *conn, int64_t id, json_t **ret_anomaly,
                      struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *row = NULL;
    ASSAY_TRY(assay_listing_get(conn, &assay_anomaly_listing, id, &row, err));
    ASSAY_AUTO(assay_json_decref) json_t *items = json_pack("[O]", row);
    ASSAY_TRY(finish(conn, items, err));
    *ret_anomaly = ASSAY_TAKE(row);
    return ASSAY_OK;
}

int assay_anomaly_find(struct assay_db_conn *conn, const char *id_or_uuid, int64_t *ret_id,
                       struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    if (assay_param_int(id_or_uuid, ret_id))
        return ASSAY_OK;
    if (!assay_uuid_parse(id_or_uuid, NULL))
        return assay_fail(err, ASSAY_NOT_FOUND,
                          "\"%.64s\" is neither the id nor the uuid of an anomaly", id_or_uuid);
    ASSAY_TRY(assay_db_run(conn, "SELECT id FROM anomaly WHERE uuid = lower($1)", &rows, err,
                           assay_db_text(id_or_uuid)));
    if (assay_db_rows_count(rows) == 0)
        return assay_fail(err, ASSAY_NOT_FOUND, "anomaly %.64s is not in the catalog", id_or_uuid);
    *ret_id = assay_db_get_int(rows, 0, 0);
    return ASSAY_OK;
}

static int replace_assignees(struct assay_db_conn *conn, int64_t id, const json_t *users,
                             struct assay_error *err)
{
    size_t i;
    json_t *user;
    if (!users || json_is_null(users))
        return ASSAY_OK;
    if (!json_is_array(users))
        return assay_fail(err, ASSAY_INVALID, "\"assignee_ids\" must be a list of users' ids");
    ASSAY_TRY(assay_db_run(conn, "DELETE FROM anomaly_assignee WHERE anomaly_id = $1", NULL, err,
                           assay_db_int(id)));
    json_array_foreach(users, i, user)
    {
        const int64_t user_id = json_is_integer(user) ? json_integer_value(user) : -1;
        ASSAY_TRY(assay_user_check(conn, "assignee_ids", user_id, err));
        ASSAY_TRY(assay_db_run(conn,
                               "INSERT INTO anomaly_assignee (anomaly_id, user_id) VALUES ($1, $2) "
                               "ON CONFLICT DO NOTHING",
                               NULL, err, assay_db_int(id), assay_db_int(user_id)));
    }
    return ASSAY_OK;
}

int assay_anomaly_update(struct assay_db_conn *conn, int64_t id, const json_t *body,
                         struct assay_error *err)
{
    const bool reopened = assay_json_str(body, "status", NULL) != NULL;
    const struct assay_write_fixed fixed[] = {{"is_new", assay_db_bool(false)},
                                              {"updated_at", assay_db_int(assay_now_us())},
                                              {reopened ? "archived_at" : NULL, assay_db_null()},
                                              {.column = NULL}};
    ASSAY_TRY(assay_write_update(conn, "anomaly", id, assay_anomaly_writables, body, fixed, err));
    ASSAY_TRY(replace_assignees(conn, id, json_object_get(body, "assignee_ids"), err));
    return assay_tags_replace(conn, ASSAY_TAGGED_ANOMALY, id, json_object_get(body, "tags"), err);
}

int assay_anomaly_remove(struct assay_db_conn *conn, int64_t id,
                         const struct assay_removal *removal, struct assay_error *err)
{
    static const char *const archived[] = {"Resolved", "Duplicate", "Invalid", "Discarded"};
    if (!removal->archive)
        return assay_write_delete(conn, "anomaly", id, "anomaly", err);
    bool known = false;
    for (size_t i = 0; i < ASSAY_COUNT(archived); i++)
        known = known || strcmp(archived[i], removal->status) == 0;
    if (!known)
        return assay_fail(err, ASSAY_INVALID,
                          "\"status\" must be one of Resolved|Duplicate|Invalid|Discarded");
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn,
                           "UPDATE anomaly SET status = $1, archived_at = $2, updated_at = $2, "
                           "is_new = 0 WHERE id = $3",
                           &rows, err, assay_db_text(removal->status), assay_db_int(assay_now_us()),
                           assay_db_int(id)));
    if (assay_db_rows_changed(rows) == 0)
        return assay_fail(err, ASSAY_NOT_FOUND, "anomaly %" PRId64 " is not in the catalog", id);
    return ASSAY_OK;
}
