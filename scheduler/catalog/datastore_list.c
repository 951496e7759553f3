// Datastores as people read them.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/connectors/connector_def.h"
#include "scheduler/catalog/datastore.h"
#include "scheduler/catalog/tag.h"

/* `properties` are put beside the others once the row was read. */
static const struct assay_column datastore_columns[] = {
    {"id", ASSAY_COLUMN_INT, "d.id"},
    {"name", ASSAY_COLUMN_TEXT, "d.name"},
    {"description", ASSAY_COLUMN_TEXT, "d.description"},
    {"type", ASSAY_COLUMN_TEXT, "k.type"},
    {"connection_id", ASSAY_COLUMN_INT, "d.connection_id"},
    {"connection_name", ASSAY_COLUMN_TEXT, "k.name"},
    {"properties", ASSAY_COLUMN_JSON, "d.properties"},
    {"folder_globbing_enabled", ASSAY_COLUMN_BOOL, "d.folder_globbing_enabled"},
    {"enrichment_only", ASSAY_COLUMN_BOOL, "d.enrichment_only"},
    {"enrichment_prefix", ASSAY_COLUMN_TEXT, "d.enrichment_prefix"},
    {"enrichment_source_record_limit", ASSAY_COLUMN_INT, "d.enrichment_source_record_limit"},
    {"enrichment_remediation_strategy", ASSAY_COLUMN_TEXT, "d.enrichment_remediation_strategy"},
    {"high_count_rollup_threshold", ASSAY_COLUMN_INT, "d.high_count_rollup_threshold"},
    {"enrich_datastore_id", ASSAY_COLUMN_INT, "d.enrich_datastore_id"},
    {"group_id", ASSAY_COLUMN_INT, "d.group_id"},
    {"favorite", ASSAY_COLUMN_BOOL, "d.favorite"},
    {"connected", ASSAY_COLUMN_BOOL, "d.connected"},
    {"has_scheduled_operations", ASSAY_COLUMN_BOOL,
     "(SELECT count(*) FROM operation o WHERE o.source_id = d.id AND o.schedule_id IS NOT NULL)"},
    {"created", ASSAY_COLUMN_TIME, "d.created_at"},
    {"updated", ASSAY_COLUMN_TIME, "d.updated_at"},
    {.key = NULL},
};
#define NAME_PART "lower(d.name) LIKE %s ESCAPE '\\'"
static const struct assay_filter datastore_filters[] = {
    {"id", ASSAY_FILTER_ID, "d.id IN (%s)", NULL, "may be repeated"},
    {"name", ASSAY_FILTER_PART, NAME_PART, NULL, "part of the name"},
    {"search", ASSAY_FILTER_PART, NAME_PART, NULL, "part of the name"},
    {"datastore_type", ASSAY_FILTER_TEXT, "k.type IN (%s)", NULL, "connector; may be repeated"},
    {"connection", ASSAY_FILTER_ID, "d.connection_id IN (%s)", NULL,
     "connection's id; may be repeated"},
    {"enrichment_only", ASSAY_FILTER_BOOL, "d.enrichment_only = 1", "d.enrichment_only = 0",
     "enrichment datastores, or none of them"},
    {"tag", ASSAY_FILTER_TEXT,
     "EXISTS (SELECT 1 FROM datastore_tag x JOIN global_tag g ON g.id = x.tag_id WHERE "
     "x.datastore_id = d.id AND g.name IN (%s))",
     NULL, "tag's name; may be repeated"},
    {.param = NULL},
};
static const struct assay_sort datastore_sorts[] = {
    {"sort_name", "d.name"},
    {"sort_created", "d.created_at"},
    {"sort_favorite", "d.favorite"},
    {"sort_containers",
     "(SELECT count(*) FROM container c WHERE c.datastore_id = d.id AND c.deleted_at IS NULL)"},
    {"sort_active_anomalies",
     "(SELECT count(*) FROM anomaly a WHERE a.datastore_id = d.id AND a.status = 'Active')"},
    {.param = NULL},
};
const struct assay_listing assay_datastore_listing = {
    .columns = datastore_columns,
    .from = "datastore d JOIN connection k ON k.id = d.connection_id",
    .id = "d.id",
    .filters = datastore_filters,
    .sorts = datastore_sorts,
    .noun = "datastore"};

/* {connection}, store_type and the scope's keys beside the others. */
static int present(json_t *row, struct assay_error *err)
{
    const struct assay_connector_def *def =
        assay_connector_def_find(assay_json_str(row, "type", ""));
    ASSAY_AUTO(assay_json_decref)
    json_t *properties = json_incref(json_object_get(row, "properties"));
    (void)json_object_del(row, "properties");
    if (json_object_update_missing(row, properties) != 0)
        return assay_fail_memory(err);
    ASSAY_TRY(
        assay_json_set(row, "store_type", def ? json_string(def->store_type) : json_null(), err));
    json_t *connection =
        json_pack("{s:O, s:O, s:O}", "id", json_object_get(row, "connection_id"), "name",
                  json_object_get(row, "connection_name"), "type", json_object_get(row, "type"));
    (void)json_object_del(row, "connection_name");
    ASSAY_TRY(assay_json_set(row, "connection", connection, err));
    return assay_json_set(row, "enrich_datastore", json_null(), err);
}

/* One child per item becomes the item's own object. */
static int unwrap(json_t *items, const char *key, struct assay_error *err)
{
    size_t i;
    json_t *item;
    json_array_foreach(items, i, item)
    {
        json_t *first = json_array_get(json_object_get(item, key), 0);
        ASSAY_TRY(assay_json_set(item, key, first ? json_incref(first) : json_null(), err));
    }
    return ASSAY_OK;
}

static int attach_metrics(struct assay_db_conn *conn, json_t *items, struct assay_error *err)
{
    static const struct assay_column columns[] = {
        {"containers", ASSAY_COLUMN_INT, ""},       {"records", ASSAY_COLUMN_INT, ""},
        {"fields_profiled", ASSAY_COLUMN_INT, ""},  {"active_checks", ASSAY_COLUMN_INT, ""},
        {"active_anomalies", ASSAY_COLUMN_INT, ""}, {.key = NULL}};
    ASSAY_TRY(assay_attach(
        conn, items, "metrics",
        "SELECT d.id, (SELECT count(*) FROM container c WHERE c.datastore_id = d.id AND "
        "c.deleted_at IS NULL), "
        "(SELECT coalesce(sum(c.record_count), 0) FROM container c WHERE c.datastore_id = d.id AND "
        "c.deleted_at IS NULL), "
        "(SELECT count(*) FROM field f JOIN container c ON c.id = f.container_id WHERE "
        "c.datastore_id = d.id AND "
        "c.deleted_at IS NULL AND f.latest_profile_id IS NOT NULL), "
        "(SELECT count(*) FROM quality_check q JOIN container c ON c.id = q.container_id WHERE "
        "c.datastore_id = d.id AND "
        "c.deleted_at IS NULL AND q.status = 'Active'), "
        "(SELECT count(*) FROM anomaly a WHERE a.datastore_id = d.id AND a.status = 'Active') "
        "FROM datastore d WHERE d.id IN (%s)",
        columns, err));
    return unwrap(items, "metrics", err);
}

static int attach_latest_operation(struct assay_db_conn *conn, json_t *items,
                                   struct assay_error *err)
{
    static const struct assay_column columns[] = {
        {"id", ASSAY_COLUMN_INT, ""},        {"type", ASSAY_COLUMN_TEXT, ""},
        {"result", ASSAY_COLUMN_TEXT, ""},   {"start_time", ASSAY_COLUMN_TIME, ""},
        {"end_time", ASSAY_COLUMN_TIME, ""}, {.key = NULL}};
    ASSAY_TRY(assay_attach(conn, items, "latest_operation",
                           "SELECT o.source_id, o.id, o.kind, o.result, o.started_at, "
                           "o.finished_at FROM operation o WHERE o.id "
                           "IN (SELECT max(id) FROM operation WHERE hidden = 0 AND source_id IN "
                           "(%s) GROUP BY source_id)",
                           columns, err));
    return unwrap(items, "latest_operation", err);
}

static int finish(struct assay_db_conn *conn, json_t *items, struct assay_error *err)
{
    static const struct assay_column team_columns[] = {
        {"id", ASSAY_COLUMN_INT, ""}, {"name", ASSAY_COLUMN_TEXT, ""}, {.key = NULL}};
    size_t i;
    json_t *item;
    json_array_foreach(items, i, item) ASSAY_TRY(present(item, err));
    ASSAY_TRY(assay_tags_attach(conn, ASSAY_TAGGED_DATASTORE, items, err));
    ASSAY_TRY(assay_attach(conn, items, "teams",
                           "SELECT x.datastore_id, t.id, t.name FROM datastore_team x JOIN team t "
                           "ON t.id = x.team_id WHERE "
                           "x.datastore_id IN (%s) ORDER BY t.name",
                           team_columns, err));
    ASSAY_TRY(attach_metrics(conn, items, err));
    return attach_latest_operation(conn, items, err);
}

/* `sort=name` and `sort=-name`, as some clients write it. */
static int with_sort(const json_t *params, json_t **ret_params, struct assay_error *err)
{
    const char *sort = assay_param(params, "sort");
    ASSAY_AUTO(assay_json_decref) json_t *copy = json_copy((json_t *)params);
    if (!copy)
        return assay_fail_memory(err);
    if (sort && (strcmp(sort, "name") == 0 || strcmp(sort, "-name") == 0))
        ASSAY_TRY(assay_json_set(copy, "sort_name", json_pack("[s]", *sort == '-' ? "desc" : "asc"),
                                 err));
    if (sort && (strcmp(sort, "created") == 0 || strcmp(sort, "-created") == 0))
        ASSAY_TRY(assay_json_set(copy, "sort_created",
                                 json_pack("[s]", *sort == '-' ? "desc" : "asc"), err));
    *ret_params = ASSAY_TAKE(copy);
    return ASSAY_OK;
}

int assay_datastore_page(struct assay_db_conn *conn, const json_t *params, json_t **ret_page,
                         struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *sorted = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *page = NULL;
    ASSAY_TRY(with_sort(params, &sorted, err));
    ASSAY_TRY(assay_listing_page(conn, &assay_datastore_listing, sorted, &page, err));
    ASSAY_TRY(finish(conn, json_object_get(page, "items"), err));
    *ret_page = ASSAY_TAKE(page);
    return ASSAY_OK;
}

int assay_datastore_get(struct assay_db_conn *conn, int64_t id, json_t **ret_datastore,
                        struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *row = NULL;
    ASSAY_TRY(assay_listing_get(conn, &assay_datastore_listing, id, &row, err));
    ASSAY_AUTO(assay_json_decref) json_t *items = json_pack("[O]", row);
    ASSAY_TRY(finish(conn, items, err));
    *ret_datastore = ASSAY_TAKE(row);
    return ASSAY_OK;
}
