// Fields and their latest profiles.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "scheduler/catalog/container.h"
#include "scheduler/catalog/tag.h"

static const struct assay_column field_columns[] = {
    {"id", ASSAY_COLUMN_INT, "f.id"},
    {"name", ASSAY_COLUMN_TEXT, "f.name"},
    {"display_name", ASSAY_COLUMN_TEXT, "f.display_name"},
    {"description", ASSAY_COLUMN_TEXT, "f.description"},
    {"container_id", ASSAY_COLUMN_INT, "f.container_id"},
    {"type", ASSAY_COLUMN_TEXT, "f.type"},
    {"native_type", ASSAY_COLUMN_TEXT, "f.native_type"},
    {"semantic_type", ASSAY_COLUMN_TEXT, "f.semantic_type"},
    {"column_size", ASSAY_COLUMN_INT, "f.column_size"},
    {"nullable", ASSAY_COLUMN_BOOL, "f.nullable"},
    {"status", ASSAY_COLUMN_TEXT, "f.status"},
    {"completeness", ASSAY_COLUMN_REAL, "f.completeness"},
    {"element_data_type", ASSAY_COLUMN_TEXT, "f.element_data_type"},
    {"element_type_source", ASSAY_COLUMN_TEXT, "f.element_type_source"},
    {"parent_field_id", ASSAY_COLUMN_INT, "f.parent_field_id"},
    {"column_origin", ASSAY_COLUMN_TEXT, "f.column_origin"},
    {"type_source", ASSAY_COLUMN_TEXT, "f.type_source"},
    {"latest_profile_id", ASSAY_COLUMN_INT, "f.latest_profile_id"},
    {"quality_score", ASSAY_COLUMN_REAL, "f.quality_score"},
    {"additional_metadata", ASSAY_COLUMN_JSON, "f.additional_metadata"},
    {"created", ASSAY_COLUMN_TIME, "f.created_at"},
    {.key = NULL},
};
static const struct assay_filter field_filters[] = {
    {"container_id", ASSAY_FILTER_ID, "f.container_id IN (%s)", NULL,
     "container's id; may be repeated"},
    {"container", ASSAY_FILTER_ID, "f.container_id IN (%s)", NULL,
     "container's id; may be repeated"},
    {"datastore", ASSAY_FILTER_ID, "c.datastore_id IN (%s)", NULL,
     "datastore's id; may be repeated"},
    {"name", ASSAY_FILTER_PART, "lower(f.name) LIKE %s ESCAPE '\\'", NULL, "part of the name"},
    {"type", ASSAY_FILTER_TEXT, "f.type IN (%s)", NULL, "may be repeated"},
    {"status", ASSAY_FILTER_TEXT, "f.status IN (%s)", NULL, "may be repeated"},
    {.param = NULL},
};
static const struct assay_sort field_sorts[] = {
    {"sort_position", "f.position"}, {"sort_name", "f.name"}, {.param = NULL}};
const struct assay_listing assay_field_listing = {
    .columns = field_columns,
    .from = "field f JOIN container c ON c.id = f.container_id",
    .where = "f.status <> 'excluded'",
    .id = "f.id",
    .filters = field_filters,
    .sorts = field_sorts,
    .noun = "field"};

/* quality_score is an object in REST. */
static int finish(struct assay_db_conn *conn, json_t *items, struct assay_error *err)
{
    size_t i;
    json_t *item;
    json_array_foreach(items, i, item)
    {
        json_t *score = json_pack("{s:O}", "total", json_object_get(item, "quality_score"));
        ASSAY_TRY(assay_json_set(item, "quality_score", score, err));
    }
    return assay_tags_attach(conn, ASSAY_TAGGED_FIELD, items, err);
}

static int check_container(struct assay_db_conn *conn, int64_t id, struct assay_error *err)
{
    int64_t found;
    ASSAY_TRY(assay_select_int(conn, "SELECT id FROM container WHERE id = $1", id, 0, &found, err));
    return found ? ASSAY_OK
                 : assay_fail(err, ASSAY_NOT_FOUND, "container %lld is not in the catalog",
                              (long long)id);
}

int assay_container_fields(struct assay_db_conn *conn, int64_t id, json_t **ret_fields,
                           struct assay_error *err)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%lld", (long long)id);
    ASSAY_AUTO(assay_json_decref)
    json_t *params = json_pack("{s:[s], s:[s]}", "container_id", text, "sort_position", "asc");
    ASSAY_AUTO(assay_json_decref) json_t *items = NULL;
    ASSAY_TRY(check_container(conn, id, err));
    ASSAY_TRY(assay_listing_all(conn, &assay_field_listing, params, &items, err));
    ASSAY_TRY(finish(conn, items, err));
    *ret_fields = ASSAY_TAKE(items);
    return ASSAY_OK;
}

int assay_field_get(struct assay_db_conn *conn, int64_t id, json_t **ret_field,
                    struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *row = NULL;
    ASSAY_TRY(assay_listing_get(conn, &assay_field_listing, id, &row, err));
    ASSAY_AUTO(assay_json_decref) json_t *items = json_pack("[O]", row);
    ASSAY_TRY(finish(conn, items, err));
    *ret_field = ASSAY_TAKE(row);
    return ASSAY_OK;
}

static const struct assay_column profile_columns[] = {
    {"id", ASSAY_COLUMN_INT, "p.id"},
    {"field_id", ASSAY_COLUMN_INT, "f.id"},
    {"name", ASSAY_COLUMN_TEXT, "f.name"},
    {"container_profile_id", ASSAY_COLUMN_INT, "p.container_profile_id"},
    {"created", ASSAY_COLUMN_TIME, "p.created_at"},
    {"body", ASSAY_COLUMN_JSON, "p.body"},
    {.key = NULL},
};
static const struct assay_filter profile_filters[] = {
    {"container", ASSAY_FILTER_ID, "f.container_id IN (%s)", NULL, NULL},
    {"name", ASSAY_FILTER_PART, "lower(f.name) LIKE %s ESCAPE '\\'", NULL, "part of the name"},
    {.param = NULL},
};
static const struct assay_sort profile_sorts[] = {{"sort_position", "p.position"}, {.param = NULL}};
const struct assay_listing assay_field_profile_listing = {
    .columns = profile_columns,
    .from = "field f JOIN field_profile p ON p.id = f.latest_profile_id",
    .where = "f.status <> 'excluded'",
    .id = "p.id",
    .filters = profile_filters,
    .sorts = profile_sorts,
    .noun = "field profile"};

int assay_container_field_profiles(struct assay_db_conn *conn, int64_t id, const json_t *params,
                                   json_t **ret_page, struct assay_error *err)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%lld", (long long)id);
    ASSAY_AUTO(assay_json_decref) json_t *own = json_copy((json_t *)params);
    ASSAY_TRY(check_container(conn, id, err));
    ASSAY_TRY(assay_json_set(own, "container", json_pack("[s]", text), err));
    ASSAY_TRY(assay_json_set(own, "sort_position", json_pack("[s]", "asc"), err));
    ASSAY_AUTO(assay_json_decref) json_t *page = NULL;
    ASSAY_TRY(assay_listing_page(conn, &assay_field_profile_listing, own, &page, err));
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(page, "items"), i, item)
    {
        if (json_object_update_missing(item, json_object_get(item, "body")) != 0)
            return assay_fail_memory(err);
        (void)json_object_del(item, "body");
    }
    *ret_page = ASSAY_TAKE(page);
    return ASSAY_OK;
}
