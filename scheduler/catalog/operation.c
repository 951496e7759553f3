// Operations as people read them.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/catalog/operation.h"

#include <string.h>

#include "common/base/buf.h"
#include "common/base/datetime.h"

static const struct assay_column operation_columns[] = {
    {"id", ASSAY_COLUMN_INT, "o.id"},
    {"type", ASSAY_COLUMN_TEXT, "o.kind"},
    {"created", ASSAY_COLUMN_TIME, "o.created_at"},
    {"start_time", ASSAY_COLUMN_TIME, "o.started_at"},
    {"end_time", ASSAY_COLUMN_TIME, "o.finished_at"},
    {"result", ASSAY_COLUMN_TEXT, "o.result"},
    {"message", ASSAY_COLUMN_TEXT, "o.message"},
    {"triggered_by", ASSAY_COLUMN_TEXT, "o.triggered_by"},
    {"aborted_by", ASSAY_COLUMN_TEXT, "o.aborted_by"},
    {"abort_requested", ASSAY_COLUMN_TIME, "o.cancel_requested_at"},
    {"schedule_id", ASSAY_COLUMN_INT, "o.schedule_id"},
    {"datastore_id", ASSAY_COLUMN_INT, "o.source_id"},
    {"datastore_name", ASSAY_COLUMN_TEXT, "d.name"},
    {"status", ASSAY_COLUMN_JSON, "o.counters"},
    {"settings", ASSAY_COLUMN_JSON, "o.settings"},
    {.key = NULL},
};
/* `catalog` is what older clients call a sync. */
static const struct assay_filter operation_filters[] = {
    {"id", ASSAY_FILTER_ID, "o.id IN (%s)", NULL, "may be repeated"},
    {"datastore", ASSAY_FILTER_ID, "o.source_id IN (%s)", NULL, "datastore's id; may be repeated"},
    {"container", ASSAY_FILTER_ID,
     "EXISTS (SELECT 1 FROM task t WHERE t.op_id = o.id AND t.container_id IN (%s))", NULL,
     "container's id; may be repeated"},
    {"operation_type", ASSAY_FILTER_TEXT, "o.kind IN (%s)", NULL,
     "sync (or catalog), profile, scan; may be repeated"},
    {"result", ASSAY_FILTER_TEXT, "o.result IN (%s)", NULL,
     "queued, running, success, failure, aborted; may be repeated"},
    {"schedule_id", ASSAY_FILTER_ID, "o.schedule_id IN (%s)", NULL, "may be repeated"},
    {"finished", ASSAY_FILTER_BOOL, "o.finished_at IS NOT NULL", "o.finished_at IS NULL",
     "ended, or not yet"},
    {"start_date", ASSAY_FILTER_FROM, "o.created_at >= %s", NULL,
     "created at that date or time, or later"},
    {"end_date", ASSAY_FILTER_UNTIL, "o.created_at <= %s", NULL,
     "created until that date (its end) or time"},
    {.param = NULL},
};
static const struct assay_sort operation_sorts[] = {
    {"sort_created", "o.created_at"},
    {"sort_duration", "o.finished_at - o.started_at"},
    {.param = NULL}};
const struct assay_listing assay_operation_listing = {
    .columns = operation_columns,
    .from = "operation o LEFT JOIN datastore d ON d.id = o.source_id",
    .where = "o.hidden = 0",
    .id = "o.id",
    .filters = operation_filters,
    .sorts = operation_sorts,
    .newest_first = true,
    .noun = "operation"};

/* {datastore}, and the settings beside the others (what is known already wins). */
static int present(json_t *row, struct assay_error *err)
{
    json_t *datastore = json_pack("{s:O, s:O}", "id", json_object_get(row, "datastore_id"), "name",
                                  json_object_get(row, "datastore_name"));
    ASSAY_AUTO(assay_json_decref) json_t *settings = json_incref(json_object_get(row, "settings"));
    (void)json_object_del(row, "datastore_name");
    (void)json_object_del(row, "settings");
    ASSAY_TRY(assay_json_set(row, "datastore", datastore, err));
    if (!json_is_object(json_object_get(row, "status")))
        ASSAY_TRY(assay_json_set(row, "status", json_object(), err));
    if (json_is_object(settings) && json_object_update_missing(row, settings) != 0)
        return assay_fail_memory(err);
    return ASSAY_OK;
}

/* Why an operation that runs does not get on: what one of its tasks met last, and until when its
 * source is left alone. Nothing of either: no message. */
static int waiting_message(struct assay_db_conn *conn, json_t *operation, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *error = NULL;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    ASSAY_TRY(assay_db_run(
        conn,
        "SELECT t.last_error, c.name, CASE WHEN s.paused_until > assay_now() THEN s.paused_until "
        "END FROM task t LEFT JOIN container c ON c.id = t.container_id LEFT JOIN source_limit s "
        "ON s.connection_id = t.connection_id WHERE t.op_id = $1 AND t.finished_at IS NULL AND "
        "(t.last_error IS NOT NULL OR s.paused_until > assay_now()) "
        "ORDER BY CASE WHEN t.last_error IS NULL THEN 1 ELSE 0 END, t.id LIMIT 1",
        &rows, err, assay_db_int(assay_json_int(operation, "id", 0))));
    if (assay_db_rows_count(rows) == 0)
        return ASSAY_OK;
    ASSAY_TRY(assay_row_value(rows, 0, 0, ASSAY_COLUMN_JSON, &error, err));
    const char *container = assay_db_get_text(rows, 0, 1);
    assay_buf_printf(&text, "waiting: %s%s%s", container ? container : "", container ? ": " : "",
                     assay_json_str(error, "text", "the source could not be reached"));
    if (!assay_db_is_null(rows, 0, 2)) {
        char until[ASSAY_DATETIME_TEXT];
        (void)assay_format_timestamp(assay_db_get_int(rows, 0, 2), "Z", until);
        assay_buf_printf(&text, "; tried again after %s", until);
    }
    ASSAY_TRY(assay_buf_check(&text, err));
    return assay_json_set(operation, "message", assay_json_safe_string(text.data, text.size), err);
}

/* Counters of what runs; of a container those of its latest round, and a merge reads nothing. */
struct live {
    json_int_t containers, analyzed, records;
    json_int_t of_container; /* its records so far */
    bool open;               /* a task of it is not finished */
};

static int add_live_task(struct live *live, const struct assay_db_rows *rows, size_t row,
                         struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *progress = NULL;
    const char *kind = assay_db_get_text(rows, row, 4);
    const bool done = !assay_db_is_null(rows, row, 1);
    ASSAY_TRY(assay_row_value(rows, row, done ? 2 : 3, ASSAY_COLUMN_JSON, &progress, err));
    if (!strcmp(kind, "profile.plan"))
        live->of_container = 0;
    if (strcmp(kind, "profile.merge") != 0)
        live->of_container += assay_json_int(progress, "records", 0);
    live->open |= !done;
    return ASSAY_OK;
}

static void end_live_container(struct live *live)
{
    live->containers++;
    live->analyzed += !live->open;
    live->records += live->of_container;
    live->of_container = 0;
    live->open = false;
}

/* Counters of an operation that runs, from its tasks and what their leases say; and what holds it
 * up. */
static int live_status(struct assay_db_conn *conn, json_t *row, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn,
                           "SELECT t.container_id, t.finished_at, t.summary, l.progress, t.kind "
                           "FROM task t LEFT JOIN task_lease l ON l.task_id = t.id "
                           "WHERE t.op_id = $1 AND t.kind <> 'profile.relate' ORDER BY "
                           "t.container_id, t.id",
                           &rows, err, assay_db_int(assay_json_int(row, "id", 0))));
    struct live live = {0};
    const size_t count = assay_db_rows_count(rows);
    for (size_t i = 0; i < count; i++) {
        const int64_t container = assay_db_get_int(rows, i, 0);
        ASSAY_TRY(add_live_task(&live, rows, i, err));
        if (!container || i + 1 == count || assay_db_get_int(rows, i + 1, 0) != container)
            end_live_container(&live);
    }
    json_t *status = json_pack("{s:I, s:I, s:I, s:b}", "total_containers", live.containers,
                               "containers_analyzed", live.analyzed, "records_processed",
                               live.records, "live", 0);
    ASSAY_TRY(assay_json_set(row, "status", status, err));
    return waiting_message(conn, row, err);
}

int assay_operation_page(struct assay_db_conn *conn, const json_t *params, json_t **ret_page,
                         struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *own = json_deep_copy(params);
    ASSAY_AUTO(assay_json_decref) json_t *page = NULL;
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(own, "operation_type"), i, item)
    {
        if (strcmp(json_string_value(item), "catalog") == 0 && json_string_set(item, "sync") != 0)
            return assay_fail_memory(err);
    }
    ASSAY_TRY(assay_listing_page(conn, &assay_operation_listing, own, &page, err));
    json_array_foreach(json_object_get(page, "items"), i, item)
    {
        ASSAY_TRY(present(item, err));
        if (json_is_null(json_object_get(item, "end_time")))
            ASSAY_TRY(live_status(conn, item, err));
    }
    *ret_page = ASSAY_TAKE(page);
    return ASSAY_OK;
}

/* Of every container's part. */
#define PART_COLUMNS                                                                               \
    {"id", ASSAY_COLUMN_INT, ""}, {"container_id", ASSAY_COLUMN_INT, ""},                          \
        {"container_name", ASSAY_COLUMN_TEXT, ""}, {"result", ASSAY_COLUMN_TEXT, ""},              \
        {"message", ASSAY_COLUMN_TEXT, ""}, {"records_count", ASSAY_COLUMN_INT, ""},               \
        {"records_processed", ASSAY_COLUMN_INT, ""}, {"rejected_records", ASSAY_COLUMN_INT, ""},   \
        {"start_time", ASSAY_COLUMN_TIME, ""},                                                     \
    {                                                                                              \
        "end_time", ASSAY_COLUMN_TIME, ""                                                          \
    }

/* What each container's part came to: one list per kind of operation. */
static int attach_parts(struct assay_db_conn *conn, json_t *items, const char *kind,
                        struct assay_error *err)
{
    static const struct assay_column columns[] = {PART_COLUMNS, {.key = NULL}};
    static const struct assay_column profile_columns[] = {
        PART_COLUMNS,
        {"partitions_count", ASSAY_COLUMN_INT, ""},
        {"partitions_read", ASSAY_COLUMN_INT, ""},
        {"records_read", ASSAY_COLUMN_INT, ""},
        {.key = NULL}};
    if (strcmp(kind, "profile") == 0)
        return assay_attach(
            conn, items, "container_profiles",
            "SELECT p.operation_id, p.id, p.container_id, c.name, p.result, p.message, "
            "p.records_count, p.records_processed, p.rejected_records, p.started_at, p.ended_at, "
            "p.partitions_count, p.partitions_read, p.records_read FROM container_profile p JOIN "
            "container c ON c.id = p.container_id WHERE p.operation_id IN (%s) ORDER BY c.name",
            profile_columns, err);
    if (strcmp(kind, "scan") == 0)
        return assay_attach(
            conn, items, "container_scans",
            "SELECT p.operation_id, p.id, p.container_id, c.name, p.result, p.message, "
            "p.records_count, "
            "p.records_processed, p.rejected_records, p.started_at, p.ended_at FROM container_scan "
            "p JOIN "
            "container c ON c.id = p.container_id WHERE p.operation_id IN (%s) ORDER BY c.name",
            columns, err);
    return ASSAY_OK;
}

/* What each check of a scan came to. */
static int attach_assertions(struct assay_db_conn *conn, json_t *operation, struct assay_error *err)
{
    static const struct assay_column columns[] = {{"quality_check_id", ASSAY_COLUMN_INT, ""},
                                                  {"rule_type", ASSAY_COLUMN_TEXT, ""},
                                                  {"outcome", ASSAY_COLUMN_TEXT, ""},
                                                  {"asserted_records_count", ASSAY_COLUMN_INT, ""},
                                                  {"null_records_count", ASSAY_COLUMN_INT, ""},
                                                  {"anomalous_records_count", ASSAY_COLUMN_INT, ""},
                                                  {"message", ASSAY_COLUMN_TEXT, ""},
                                                  {.key = NULL}};
    return assay_attach(
        conn, json_object_get(operation, "container_scans"), "checks",
        "SELECT x.container_scan_id, q.id, q.rule_type, x.result, x.asserted_records_count, "
        "x.null_records_count, x.anomalous_records_count, x.message FROM check_assertion x JOIN "
        "quality_check q ON q.id = x.check_id WHERE x.container_scan_id IN (%s) ORDER BY q.id",
        columns, err);
}

int assay_operation_get(struct assay_db_conn *conn, int64_t id, json_t **ret_operation,
                        struct assay_error *err)
{
    static const struct assay_column columns[] = {
        {"id", ASSAY_COLUMN_INT, ""}, {"name", ASSAY_COLUMN_TEXT, ""}, {.key = NULL}};
    ASSAY_AUTO(assay_json_decref) json_t *row = NULL;
    ASSAY_TRY(assay_listing_get(conn, &assay_operation_listing, id, &row, err));
    ASSAY_TRY(present(row, err));
    if (json_is_null(json_object_get(row, "end_time")))
        ASSAY_TRY(live_status(conn, row, err));
    ASSAY_AUTO(assay_json_decref) json_t *items = json_pack("[O]", row);
    ASSAY_TRY(assay_attach(conn, items, "containers",
                           "SELECT t.op_id, c.id, c.name FROM task t JOIN container c ON c.id = "
                           "t.container_id WHERE t.op_id IN "
                           "(%s) AND t.kind <> 'profile.relate' GROUP BY t.op_id, c.id, c.name "
                           "ORDER BY c.name",
                           columns, err));
    ASSAY_TRY(attach_parts(conn, items, assay_json_str(row, "type", ""), err));
    ASSAY_TRY(attach_assertions(conn, row, err));
    *ret_operation = ASSAY_TAKE(row);
    return ASSAY_OK;
}

int assay_operation_open_of(struct assay_db_conn *conn, int64_t datastore_id,
                            struct assay_db_rows **ret_rows, struct assay_error *err)
{
    return assay_db_run(
        conn, "SELECT id FROM operation WHERE source_id = $1 AND finished_at IS NULL ORDER BY id",
        ret_rows, err, assay_db_int(datastore_id));
}
