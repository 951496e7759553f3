// What of the catalog goes into a task's spec: datastore, container, reader options, fields.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/plan/source.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/memory.h"

void assay_plan_datastore_release(struct assay_plan_datastore *datastore)
{
    assay_free(datastore->name);
    assay_free(datastore->connector);
    json_decref(datastore->properties);
    *datastore = (struct assay_plan_datastore){0};
}

/* A cell of JSON text; {} or [] where it is NULL. */
static int read_json(const struct assay_db_rows *rows, size_t column, const char *empty,
                     json_t **ret_json, struct assay_error *err)
{
    const char *text = assay_db_get_text(rows, 0, column);
    text = text ? text : empty;
    return assay_json_parse(text, strlen(text), "catalog", ret_json, err);
}

static int read_properties(const struct assay_db_rows *rows, struct assay_plan_datastore *datastore,
                           struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *scope = NULL;
    ASSAY_TRY(read_json(rows, 2, "{}", &datastore->properties, err));
    ASSAY_TRY(read_json(rows, 3, "{}", &scope, err));
    datastore->max_running = (int)assay_json_int(datastore->properties, "max_parallelization", 0);
    return json_object_update(datastore->properties, scope) ? assay_fail_memory(err) : ASSAY_OK;
}

int assay_plan_datastore_load(struct assay_db_conn *conn, int64_t id,
                              struct assay_plan_datastore *ret_datastore, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(
        assay_db_run(conn,
                     "SELECT d.name, k.type, k.properties, d.properties, d.connection_id, "
                     "d.high_count_rollup_threshold, d.folder_globbing_enabled, d.enrichment_only "
                     "FROM datastore d JOIN connection k ON k.id = d.connection_id WHERE d.id = $1",
                     &rows, err, assay_db_int(id)));
    if (assay_db_rows_count(rows) == 0)
        return assay_fail(err, ASSAY_NOT_FOUND, "datastore %" PRId64 " is not in the catalog", id);
    *ret_datastore = (struct assay_plan_datastore){
        .id = id,
        .connection_id = assay_db_get_int(rows, 0, 4),
        .rollup_threshold = (int)assay_db_get_int(rows, 0, 5),
        .folder_globbing = assay_db_get_int(rows, 0, 6) != 0,
        .enrichment_only = assay_db_get_int(rows, 0, 7) != 0,
        .name = assay_strdup(assay_db_get_text(rows, 0, 0)),
        .connector = assay_strdup(assay_db_get_text(rows, 0, 1)),
    };
    if (!ret_datastore->name || !ret_datastore->connector)
        return assay_fail_memory(err);
    return read_properties(rows, ret_datastore, err);
}

void assay_plan_drop_fences(json_t *properties)
{
    (void)json_object_del(properties, "roots");
    (void)json_object_del(properties, "root");
}

int assay_plan_source(const struct assay_plan_datastore *datastore, json_t **ret_source,
                      struct assay_error *err)
{
    json_t *properties = json_deep_copy(datastore->properties);
    assay_plan_drop_fences(properties);
    json_t *source =
        json_pack("{s:s, s:o}", "connector", datastore->connector, "properties", properties);
    if (!source)
        return assay_fail_memory(err);
    *ret_source = source;
    return ASSAY_OK;
}

/* Columns of container_sql, in order. */
enum { NAME, TYPE, DETAILS, READER, TIMEZONE, ESCAPE, HEADER, EMPTY_NULL, INFER, KEY };
static const char container_sql[] =
    "SELECT name, container_type, details, reader_options, timezone, escape_character, has_header, "
    "treat_empty_as_null, infer_datatypes, key_fields FROM container WHERE id = $1 AND deleted_at "
    "IS NULL";

static int reader_of(const struct assay_db_rows *rows, json_t **ret_reader, struct assay_error *err)
{
    static const struct {
        const char *key;
        int column;
    } flags[] = {
        {"header", HEADER}, {"treat_empty_as_null", EMPTY_NULL}, {"infer_datatypes", INFER}};
    ASSAY_AUTO(assay_json_decref) json_t *reader = NULL;
    ASSAY_TRY(read_json(rows, READER, "{}", &reader, err));
    const char *escape = assay_db_get_text(rows, 0, ESCAPE);
    if (escape && *escape)
        ASSAY_TRY(assay_json_set(reader, "escape", json_string(escape), err));
    for (size_t i = 0; i < ASSAY_COUNT(flags); i++) {
        const size_t column = (size_t)flags[i].column;
        if (!assay_db_is_null(rows, 0, column))
            ASSAY_TRY(assay_json_set(reader, flags[i].key,
                                     json_boolean(assay_db_get_int(rows, 0, column)), err));
    }
    *ret_reader = ASSAY_TAKE(reader);
    return ASSAY_OK;
}

/* The container as the executor opens it: its place in the source, files with absolute paths. */
static int location_of(const struct assay_db_rows *rows, json_t **ret_container,
                       struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *details = NULL;
    ASSAY_TRY(read_json(rows, DETAILS, "{}", &details, err));
    const char *name = assay_db_get_text(rows, 0, NAME);
    json_t *container = json_pack("{s:s, s:s, s:s, s:O?}", "name", name, "container_type",
                                  assay_db_get_text(rows, 0, TYPE), "location", name, "files",
                                  assay_json_get(details, "files"));
    if (!container)
        return assay_fail_memory(err);
    if (!json_array_size(json_object_get(container, "files")))
        (void)json_object_del(container, "files");
    *ret_container = container;
    return ASSAY_OK;
}

/* Types that are known: the source's own, or those of a profile; a sync's guess from a few records
 * is not one. */
static int fields_of(struct assay_db_conn *conn, int64_t container_id, json_t **ret_fields,
                     struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(
        conn,
        "SELECT name, type, native_type FROM field WHERE container_id = $1 "
        "AND status IN ('active', 'masked') "
        "AND (type_source = 'schema' OR latest_profile_id IS NOT NULL) ORDER BY position, id",
        &rows, err, assay_db_int(container_id)));
    ASSAY_AUTO(assay_json_decref) json_t *fields = json_array();
    for (size_t row = 0; row < assay_db_rows_count(rows); row++)
        ASSAY_TRY(
            assay_json_push(fields,
                            json_pack("{s:s, s:s, s:s?}", "name", assay_db_get_text(rows, row, 0),
                                      "type", assay_db_get_text(rows, row, 1), "native_type",
                                      assay_db_get_text(rows, row, 2)),
                            err));
    *ret_fields = ASSAY_TAKE(fields);
    return ASSAY_OK;
}

int assay_plan_container(struct assay_db_conn *conn, const struct assay_plan_datastore *datastore,
                         int64_t container_id, bool with_fields, json_t **ret_spec,
                         struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn, container_sql, &rows, err, assay_db_int(container_id)));
    if (assay_db_rows_count(rows) == 0)
        return assay_fail(err, ASSAY_NOT_FOUND, "container %" PRId64 " is not in the catalog",
                          container_id);
    ASSAY_AUTO(assay_json_decref) json_t *spec = json_object();
    json_t *source = NULL, *location = NULL, *reader = NULL, *fields = NULL;
    const char *timezone = assay_db_get_text(rows, 0, TIMEZONE);
    ASSAY_TRY(assay_plan_source(datastore, &source, err));
    ASSAY_TRY(assay_json_set(spec, "source", source, err));
    ASSAY_TRY(location_of(rows, &location, err));
    ASSAY_TRY(assay_json_set(source, "container", location, err));
    ASSAY_TRY(reader_of(rows, &reader, err));
    ASSAY_TRY(assay_json_set(spec, "reader", reader, err));
    ASSAY_TRY(assay_json_set(spec, "timezone", json_string(timezone ? timezone : "UTC"), err));
    if (with_fields)
        ASSAY_TRY(fields_of(conn, container_id, &fields, err));
    else
        fields = json_array();
    ASSAY_TRY(assay_json_set(spec, "fields", fields, err));
    *ret_spec = ASSAY_TAKE(spec);
    return ASSAY_OK;
}
