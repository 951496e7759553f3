// Quality checks as people read them.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/catalog/check.h"
#include "scheduler/catalog/tag.h"

static const struct assay_column check_columns[] = {
    {"id", ASSAY_COLUMN_INT, "q.id"},
    {"rule_type", ASSAY_COLUMN_TEXT, "q.rule_type"},
    {"rule", ASSAY_COLUMN_TEXT, "q.rule_type"},
    {"description", ASSAY_COLUMN_TEXT, "q.description"},
    {"container_id", ASSAY_COLUMN_INT, "q.container_id"},
    {"container_name", ASSAY_COLUMN_TEXT, "c.name"},
    {"container_type", ASSAY_COLUMN_TEXT, "c.container_type"},
    {"datastore_id", ASSAY_COLUMN_INT, "c.datastore_id"},
    {"datastore_name", ASSAY_COLUMN_TEXT, "d.name"},
    {"coverage", ASSAY_COLUMN_REAL, "q.coverage"},
    {"filter", ASSAY_COLUMN_TEXT, "q.filter"},
    {"properties", ASSAY_COLUMN_JSON, "q.properties"},
    {"is_element_context", ASSAY_COLUMN_BOOL, "q.is_element_context"},
    {"status", ASSAY_COLUMN_TEXT, "q.status"},
    {"inferred", ASSAY_COLUMN_BOOL, "q.inferred"},
    {"is_new", ASSAY_COLUMN_BOOL, "q.is_new"},
    {"anomaly_message_field", ASSAY_COLUMN_TEXT, "q.anomaly_message_field"},
    {"additional_metadata", ASSAY_COLUMN_JSON, "q.additional_metadata"},
    {"owner_id", ASSAY_COLUMN_INT, "q.owner_id"},
    {"default_anomaly_assignee_id", ASSAY_COLUMN_INT, "q.default_anomaly_assignee_id"},
    {"has_passed", ASSAY_COLUMN_BOOL, "q.has_passed"},
    {"last_asserted", ASSAY_COLUMN_TIME, "q.last_asserted_at"},
    {"last_editor", ASSAY_COLUMN_TEXT, "q.last_editor"},
    {"num_container_scans", ASSAY_COLUMN_INT, "q.num_container_scans"},
    {"anomaly_count", ASSAY_COLUMN_INT,
     "(SELECT count(*) FROM anomaly_failed_check x JOIN anomaly a ON a.id = x.anomaly_id WHERE "
     "x.check_id = q.id AND "
     "a.archived_at IS NULL)"},
    {"deleted_at", ASSAY_COLUMN_TIME, "q.deleted_at"},
    {"created", ASSAY_COLUMN_TIME, "q.created_at"},
    {"last_updated", ASSAY_COLUMN_TIME, "q.updated_at"},
    {.key = NULL},
};
static const struct assay_filter check_filters[] = {
    {"id", ASSAY_FILTER_ID, "q.id IN (%s)", NULL, "may be repeated"},
    {"datastore", ASSAY_FILTER_ID, "c.datastore_id IN (%s)", NULL,
     "datastore's id; may be repeated"},
    {"container", ASSAY_FILTER_ID, "q.container_id IN (%s)", NULL,
     "container's id; may be repeated"},
    {"status", ASSAY_FILTER_TEXT,
     "CASE WHEN q.deleted_at IS NULL THEN q.status ELSE 'Archived' END IN (%s)", NULL,
     "Active, Draft, Archived; may be repeated"},
    {"archived", ASSAY_FILTER_ARCHIVED, "q.deleted_at", "status", "only, include, true or false"},
    {"rule_type", ASSAY_FILTER_TEXT, "q.rule_type IN (%s)", NULL, "may be repeated"},
    {"inferred", ASSAY_FILTER_BOOL, "q.inferred = 1", "q.inferred = 0",
     "made by a profile, or by people"},
    {"owner_id", ASSAY_FILTER_ID, "q.owner_id IN (%s)", NULL, "user's id; may be repeated"},
    {"is_element_context", ASSAY_FILTER_BOOL, "q.is_element_context = 1",
     "q.is_element_context = 0", "of array elements"},
    {"search", ASSAY_FILTER_PART, "lower(q.description) LIKE %s ESCAPE '\\'", NULL,
     "part of the description"},
    {"template_only", ASSAY_FILTER_BOOL, "1 = 0", "1 = 1", "templates; there are none"},
    {"tag", ASSAY_FILTER_TEXT,
     "EXISTS (SELECT 1 FROM check_tag x JOIN global_tag g ON g.id = x.tag_id WHERE x.check_id = "
     "q.id AND g.name IN (%s))",
     NULL, "tag's name; may be repeated"},
    {.param = NULL},
};
static const struct assay_sort check_sorts[] = {
    {"sort_created", "q.created_at"}, {"sort_rule_type", "q.rule_type"}, {.param = NULL}};
const struct assay_listing assay_check_listing = {
    .columns = check_columns,
    .from = "quality_check q JOIN container c ON c.id = q.container_id JOIN datastore d ON d.id = "
            "c.datastore_id",
    .id = "q.id",
    .filters = check_filters,
    .sorts = check_sorts,
    .noun = "quality check"};

/* {container}, {datastore}, and what the platform's clients look for though it has no use yet. */
static int present(json_t *row, struct assay_error *err)
{
    json_t *container = json_pack("{s:O, s:O, s:O}", "id", json_object_get(row, "container_id"),
                                  "name", json_object_get(row, "container_name"), "container_type",
                                  json_object_get(row, "container_type"));
    json_t *datastore = json_pack("{s:O, s:O}", "id", json_object_get(row, "datastore_id"), "name",
                                  json_object_get(row, "datastore_name"));
    static const char *const moved[] = {"container_name", "container_type", "datastore_id",
                                        "datastore_name"};
    for (size_t i = 0; i < ASSAY_COUNT(moved); i++)
        (void)json_object_del(row, moved[i]);
    ASSAY_TRY(assay_json_set(row, "container", container, err));
    ASSAY_TRY(assay_json_set(row, "datastore", datastore, err));
    ASSAY_TRY(assay_json_set(row, "is_template", json_false(), err));
    ASSAY_TRY(assay_json_set(row, "template_id", json_null(), err));
    return assay_json_set(row, "template_locked", json_false(), err);
}

static int finish(struct assay_db_conn *conn, json_t *items, struct assay_error *err)
{
    static const struct assay_column columns[] = {{"id", ASSAY_COLUMN_INT, ""},
                                                  {"name", ASSAY_COLUMN_TEXT, ""},
                                                  {"type", ASSAY_COLUMN_TEXT, ""},
                                                  {.key = NULL}};
    size_t i;
    json_t *item;
    json_array_foreach(items, i, item) ASSAY_TRY(present(item, err));
    ASSAY_TRY(assay_attach(conn, items, "fields",
                           "SELECT x.check_id, f.id, f.name, f.type FROM check_field x JOIN field "
                           "f ON f.id = x.field_id WHERE "
                           "x.check_id IN (%s) ORDER BY x.position",
                           columns, err));
    return assay_tags_attach(conn, ASSAY_TAGGED_CHECK, items, err);
}

int assay_check_page(struct assay_db_conn *conn, const json_t *params, json_t **ret_page,
                     struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *page = NULL;
    ASSAY_TRY(assay_listing_page(conn, &assay_check_listing, params, &page, err));
    ASSAY_TRY(finish(conn, json_object_get(page, "items"), err));
    *ret_page = ASSAY_TAKE(page);
    return ASSAY_OK;
}

int assay_check_get(struct assay_db_conn *conn, int64_t id, json_t **ret_check,
                    struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *row = NULL;
    ASSAY_TRY(assay_listing_get(conn, &assay_check_listing, id, &row, err));
    ASSAY_AUTO(assay_json_decref) json_t *items = json_pack("[O]", row);
    ASSAY_TRY(finish(conn, items, err));
    *ret_check = ASSAY_TAKE(row);
    return ASSAY_OK;
}
