// Containers: lists, settings, deletion.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/catalog/container.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "scheduler/catalog/tag.h"

const struct assay_writable assay_container_writables[] = {
    {"container_type", NULL, ASSAY_WRITE_TEXT, .doc = "stays as it is"},
    {"description", "description", ASSAY_WRITE_TEXT, .nullable = true, .max = 4096},
    {"partition_field", "partition_field", ASSAY_WRITE_TEXT, .nullable = true,
     .doc = "field that slices a table"},
    {"incremental_field_name", "incremental_field_name", ASSAY_WRITE_TEXT, .nullable = true,
     .doc = "field that only grows, for incremental runs"},
    {"incremental_identifier_type", "incremental_identifier_type", ASSAY_WRITE_TEXT,
     .nullable = true, .doc = "how that field is read: last_modified or batch_value"},
    {"infer_datatypes", "infer_datatypes", ASSAY_WRITE_BOOL, .nullable = true,
     .doc = "types from the values"},
    {"escape_character", "escape_character", ASSAY_WRITE_TEXT, .nullable = true, .max = 1},
    {"has_header", "has_header", ASSAY_WRITE_BOOL, .nullable = true,
     .doc = "files: the first record names the fields"},
    {"treat_empty_as_null", "treat_empty_as_null", ASSAY_WRITE_BOOL, .nullable = true,
     .doc = "files: '' is NULL"},
    {"timezone", "timezone", ASSAY_WRITE_TEXT, .nullable = true,
     .doc = "of times without a zone; UTC unless given"},
    {"key", "key_fields", ASSAY_WRITE_LIST, .nullable = true,
     .doc = "fields that identify a record"},
    {"reader_options", "reader_options", ASSAY_WRITE_OBJECT,
     .doc = "files: delimiter, encoding, null_values, types.<field>"},
    {"favorite", "favorite", ASSAY_WRITE_BOOL, .doc = "listed first in the web page"},
    {"additional_metadata", "additional_metadata", ASSAY_WRITE_OBJECT,
     .doc = "free keys and values"},
    {"tags", NULL, ASSAY_WRITE_LIST, .doc = "names; replaces the list"},
    {"force_drop_fields", NULL, ASSAY_WRITE_BOOL, .doc = "fields with checks may go"},
    {.key = NULL},
};

static const struct assay_column container_columns[] = {
    {"id", ASSAY_COLUMN_INT, "c.id"},
    {"name", ASSAY_COLUMN_TEXT, "c.name"},
    {"container_type", ASSAY_COLUMN_TEXT, "c.container_type"},
    {"description", ASSAY_COLUMN_TEXT, "c.description"},
    {"datastore_id", ASSAY_COLUMN_INT, "c.datastore_id"},
    {"datastore_name", ASSAY_COLUMN_TEXT, "d.name"},
    {"status", ASSAY_COLUMN_TEXT, "c.status"},
    {"status_message", ASSAY_COLUMN_TEXT, "c.status_message"},
    {"record_count", ASSAY_COLUMN_INT, "c.record_count"},
    {"size_bytes", ASSAY_COLUMN_INT, "c.size_bytes"},
    {"modified", ASSAY_COLUMN_TIME, "c.modified_us"},
    {"field_count", ASSAY_COLUMN_INT,
     "(SELECT count(*) FROM field f WHERE f.container_id = c.id AND f.status IN ('active', "
     "'masked'))"},
    {"check_count", ASSAY_COLUMN_INT,
     "(SELECT count(*) FROM quality_check q WHERE q.container_id = c.id AND q.deleted_at IS NULL)"},
    {"anomaly_count", ASSAY_COLUMN_INT,
     "(SELECT count(*) FROM anomaly a WHERE a.container_id = c.id AND a.archived_at IS NULL)"},
    {"score", ASSAY_COLUMN_REAL, "c.score"},
    {"favorite", ASSAY_COLUMN_BOOL, "c.favorite"},
    {"partition_field", ASSAY_COLUMN_TEXT, "c.partition_field"},
    {"incremental_field_name", ASSAY_COLUMN_TEXT, "c.incremental_field_name"},
    {"incremental_identifier_type", ASSAY_COLUMN_TEXT, "c.incremental_identifier_type"},
    {"incremental_checkpoint", ASSAY_COLUMN_TEXT, "c.incremental_checkpoint"},
    {"key", ASSAY_COLUMN_JSON, "c.key_fields"},
    {"infer_datatypes", ASSAY_COLUMN_BOOL, "c.infer_datatypes"},
    {"escape_character", ASSAY_COLUMN_TEXT, "c.escape_character"},
    {"has_header", ASSAY_COLUMN_BOOL, "c.has_header"},
    {"treat_empty_as_null", ASSAY_COLUMN_BOOL, "c.treat_empty_as_null"},
    {"reader_options", ASSAY_COLUMN_JSON, "c.reader_options"},
    {"timezone", ASSAY_COLUMN_TEXT, "c.timezone"},
    {"additional_metadata", ASSAY_COLUMN_JSON, "c.additional_metadata"},
    {"latest_profile_id", ASSAY_COLUMN_INT, "c.latest_profile_id"},
    {"latest_scan_id", ASSAY_COLUMN_INT, "c.latest_scan_id"},
    {"cataloged", ASSAY_COLUMN_TIME, "c.cataloged_at"},
    {"deleted_at", ASSAY_COLUMN_TIME, "c.deleted_at"},
    {"created", ASSAY_COLUMN_TIME, "c.created_at"},
    {"updated", ASSAY_COLUMN_TIME, "c.updated_at"},
    {.key = NULL},
};
#define NAME_PART "lower(c.name) LIKE %s ESCAPE '\\'"
static const struct assay_filter container_filters[] = {
    {"id", ASSAY_FILTER_ID, "c.id IN (%s)", NULL, "may be repeated"},
    {"datastore", ASSAY_FILTER_ID, "c.datastore_id IN (%s)", NULL,
     "datastore's id; may be repeated"},
    {"container_type", ASSAY_FILTER_TEXT, "c.container_type IN (%s)", NULL, "may be repeated"},
    {"name", ASSAY_FILTER_PART, NAME_PART, NULL, "part of the name"},
    {"search", ASSAY_FILTER_PART, NAME_PART, NULL, "part of the name"},
    {"tag", ASSAY_FILTER_TEXT,
     "EXISTS (SELECT 1 FROM container_tag x JOIN global_tag g ON g.id = x.tag_id WHERE "
     "x.container_id = c.id AND g.name IN (%s))",
     NULL, "tag's name; may be repeated"},
    {"archived", ASSAY_FILTER_ARCHIVED, "c.deleted_at", NULL, "only, include, true or false"},
    {.param = NULL},
};
static const struct assay_sort container_sorts[] = {{"sort_name", "c.name"},
                                                    {"sort_created", "c.created_at"},
                                                    {"sort_records", "c.record_count"},
                                                    {.param = NULL}};
const struct assay_listing assay_container_listing = {
    .columns = container_columns,
    .from = "container c JOIN datastore d ON d.id = c.datastore_id",
    .id = "c.id",
    .filters = container_filters,
    .sorts = container_sorts,
    .noun = "container"};

/* What only computed containers have; clients read it of each. */
static int add_computed_keys(json_t *row, struct assay_error *err)
{
    static const char *const keys[] = {"query",
                                       "select_clause",
                                       "where_clause",
                                       "group_by_clause",
                                       "source_container_id",
                                       "left_container_id",
                                       "right_container_id"};
    for (size_t i = 0; i < ASSAY_COUNT(keys); i++)
        ASSAY_TRY(assay_json_set(row, keys[i], json_null(), err));
    ASSAY_TRY(assay_json_set(row, "sources", json_array(), err));
    return assay_json_set(row, "computed_fields", json_array(), err);
}

static int present(json_t *row, struct assay_error *err)
{
    json_t *datastore = json_pack("{s:O, s:O}", "id", json_object_get(row, "datastore_id"), "name",
                                  json_object_get(row, "datastore_name"));
    (void)json_object_del(row, "datastore_name");
    ASSAY_TRY(assay_json_set(row, "datastore", datastore, err));
    return add_computed_keys(row, err);
}

static int finish(struct assay_db_conn *conn, json_t *items, struct assay_error *err)
{
    size_t i;
    json_t *item;
    json_array_foreach(items, i, item) ASSAY_TRY(present(item, err));
    return assay_tags_attach(conn, ASSAY_TAGGED_CONTAINER, items, err);
}

int assay_container_page(struct assay_db_conn *conn, const json_t *params, json_t **ret_page,
                         struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *page = NULL;
    ASSAY_TRY(assay_listing_page(conn, &assay_container_listing, params, &page, err));
    ASSAY_TRY(finish(conn, json_object_get(page, "items"), err));
    *ret_page = ASSAY_TAKE(page);
    return ASSAY_OK;
}

int assay_container_get(struct assay_db_conn *conn, int64_t id, json_t **ret_container,
                        struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *row = NULL;
    ASSAY_TRY(assay_listing_get(conn, &assay_container_listing, id, &row, err));
    ASSAY_AUTO(assay_json_decref) json_t *items = json_pack("[O]", row);
    ASSAY_TRY(finish(conn, items, err));
    *ret_container = ASSAY_TAKE(row);
    return ASSAY_OK;
}

int assay_container_names(struct assay_db_conn *conn, const json_t *params, json_t **ret_list,
                          struct assay_error *err)
{
    static const struct assay_column columns[] = {
        {"id", ASSAY_COLUMN_INT, "c.id"},
        {"name", ASSAY_COLUMN_TEXT, "c.name"},
        {"container_type", ASSAY_COLUMN_TEXT, "c.container_type"},
        {.key = NULL}};
    struct assay_listing listing = assay_container_listing;
    listing.columns = columns;
    return assay_listing_all(conn, &listing, params, ret_list, err);
}

/* The keys of the body that change something, joined to those that a person set before. */
static int note_overrides(struct assay_db_conn *conn, int64_t id, const json_t *before,
                          const json_t *body, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *keys = NULL;
    ASSAY_TRY(assay_db_run(conn, "SELECT overrides FROM container WHERE id = $1", &rows, err,
                           assay_db_int(id)));
    ASSAY_TRY(assay_row_value(rows, 0, 0, ASSAY_COLUMN_JSON, &keys, err));
    for (const struct assay_writable *writable = assay_container_writables; writable->key;
         writable++) {
        const json_t *value = json_object_get(body, writable->key);
        if (!writable->column || !value ||
            json_equal(value, json_object_get(before, writable->key)))
            continue;
        bool known = false;
        size_t i;
        json_t *key;
        json_array_foreach(keys, i, key) known =
            known || strcmp(json_string_value(key), writable->key) == 0;
        if (!known)
            ASSAY_TRY(assay_json_push(keys, json_string(writable->key), err));
    }
    ASSAY_AUTO(assay_free_text) char *text = assay_json_text(keys);
    if (!text)
        return assay_fail_memory(err);
    return assay_db_run(conn, "UPDATE container SET overrides = $1 WHERE id = $2", NULL, err,
                        assay_db_text(text), assay_db_int(id));
}

int assay_container_update(struct assay_db_conn *conn, int64_t id, const json_t *body,
                           struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *before = NULL;
    ASSAY_TRY(assay_listing_get(conn, &assay_container_listing, id, &before, err));
    ASSAY_TRY(assay_write_check(assay_container_writables, body, false, err));
    const char *type = assay_json_str(before, "container_type", "");
    if (strcmp(assay_json_str(body, "container_type", type), type) != 0)
        return assay_fail(err, ASSAY_CONFLICT, "the container_type stays: this one is a %s", type);
    const struct assay_write_fixed fixed[] = {{"updated_at", assay_db_int(assay_now_us())},
                                              {.column = NULL}};
    ASSAY_TRY(
        assay_write_update(conn, "container", id, assay_container_writables, body, fixed, err));
    ASSAY_TRY(note_overrides(conn, id, before, body, err));
    return assay_tags_replace(conn, ASSAY_TAGGED_CONTAINER, id, json_object_get(body, "tags"), err);
}

int assay_container_delete(struct assay_db_conn *conn, int64_t id, struct assay_error *err)
{
    static const char *const below[] = {"DELETE FROM anomaly WHERE container_id = $1",
                                        "DELETE FROM quality_check WHERE container_id = $1",
                                        "DELETE FROM container_profile WHERE container_id = $1",
                                        "DELETE FROM container_scan WHERE container_id = $1",
                                        "DELETE FROM kept_state WHERE container_id = $1",
                                        "DELETE FROM container_sketch WHERE container_id = $1",
                                        "DELETE FROM field WHERE container_id = $1",
                                        "DELETE FROM container_tag WHERE container_id = $1"};
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(
        conn,
        "UPDATE container SET deleted_at = $1, latest_profile_id = NULL, latest_scan_id = NULL, "
        "incremental_checkpoint = NULL WHERE id = $2 AND deleted_at IS NULL",
        &rows, err, assay_db_int(assay_now_us()), assay_db_int(id)));
    if (assay_db_rows_changed(rows) == 0)
        return assay_fail(err, ASSAY_NOT_FOUND, "container %" PRId64 " is not in the catalog", id);
    for (size_t i = 0; i < ASSAY_COUNT(below); i++)
        ASSAY_TRY(assay_db_run(conn, below[i], NULL, err, assay_db_int(id)));
    return ASSAY_OK;
}
