// Global tags and their links.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/catalog/tag.h"

#include <stdio.h>

#include "common/base/clock.h"

const struct assay_writable assay_tag_writables[] = {
    {"name", "name", ASSAY_WRITE_TEXT, .required = true, .doc = "unique"},
    {"type", "type", ASSAY_WRITE_CHOICE, .choices = "global|external",
     .doc = "global unless given"},
    {"color", "color", ASSAY_WRITE_TEXT, .nullable = true, .max = 32, .doc = "hex, as #FF8800"},
    {"description", "description", ASSAY_WRITE_TEXT, .nullable = true},
    {"category", "category", ASSAY_WRITE_TEXT, .nullable = true},
    {"weight_modifier", "weight_modifier", ASSAY_WRITE_INT, .min = -10, .max = 10,
     .doc = "added to the weight of the checks and anomalies that carry the tag"},
    {.key = NULL},
};

static const struct assay_column tag_columns[] = {
    {"id", ASSAY_COLUMN_INT, "g.id"},
    {"name", ASSAY_COLUMN_TEXT, "g.name"},
    {"type", ASSAY_COLUMN_TEXT, "g.type"},
    {"color", ASSAY_COLUMN_TEXT, "g.color"},
    {"description", ASSAY_COLUMN_TEXT, "g.description"},
    {"category", ASSAY_COLUMN_TEXT, "g.category"},
    {"weight_modifier", ASSAY_COLUMN_INT, "g.weight_modifier"},
    {"created", ASSAY_COLUMN_TIME, "g.created_at"},
    {.key = NULL},
};
static const struct assay_filter tag_filters[] = {
    {"name", ASSAY_FILTER_PART, "lower(g.name) LIKE %s ESCAPE '\\'", NULL, "part of the name"},
    {"search", ASSAY_FILTER_PART, "lower(g.name) LIKE %s ESCAPE '\\'", NULL, "part of the name"},
    {.param = NULL},
};
static const struct assay_sort tag_sorts[] = {
    {"sort_name", "g.name"}, {"sort_created", "g.created_at"}, {.param = NULL}};
const struct assay_listing assay_tag_listing = {.columns = tag_columns,
                                                .from = "global_tag g",
                                                .id = "g.id",
                                                .filters = tag_filters,
                                                .sorts = tag_sorts,
                                                .noun = "tag"};

int assay_name_taken(int rc, const char *noun, const json_t *body, struct assay_error *err)
{
    if (rc != ASSAY_CONFLICT || !err)
        return rc;
    assay_error_clear(err);
    return assay_fail(err, rc, "a %s named \"%.200s\" exists already", noun,
                      assay_json_str(body, "name", ""));
}

const char *assay_member_name(const json_t *member)
{
    return json_is_string(member) ? json_string_value(member)
                                  : assay_json_str(member, "name", NULL);
}

static int id_of_name(struct assay_db_conn *conn, const char *name, int64_t *ret_id,
                      struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn, "SELECT id FROM global_tag WHERE name = $1", &rows, err,
                           assay_db_text(name)));
    if (assay_db_rows_count(rows) == 0)
        return assay_fail(err, ASSAY_NOT_FOUND, "tag \"%.200s\" is not in the catalog", name);
    *ret_id = assay_db_get_int(rows, 0, 0);
    return ASSAY_OK;
}

int assay_tag_get(struct assay_db_conn *conn, const char *name, json_t **ret_tag,
                  struct assay_error *err)
{
    int64_t id;
    ASSAY_TRY(id_of_name(conn, name, &id, err));
    return assay_listing_get(conn, &assay_tag_listing, id, ret_tag, err);
}

int assay_tag_create(struct assay_db_conn *conn, const json_t *body, struct assay_error *err)
{
    const struct assay_write_fixed fixed[] = {{"created_at", assay_db_int(assay_now_us())},
                                              {.column = NULL}};
    int64_t id;
    const int rc =
        assay_write_insert(conn, "global_tag", assay_tag_writables, body, fixed, &id, err);
    return assay_name_taken(rc, "tag", body, err);
}

int assay_tag_delete(struct assay_db_conn *conn, const char *name, struct assay_error *err)
{
    int64_t id;
    ASSAY_TRY(id_of_name(conn, name, &id, err));
    return assay_write_delete(conn, "global_tag", id, "tag", err);
}

static const struct link {
    const char *table, *column;
} links[] = {
    [ASSAY_TAGGED_DATASTORE] = {"datastore_tag", "datastore_id"},
    [ASSAY_TAGGED_CONTAINER] = {"container_tag", "container_id"},
    [ASSAY_TAGGED_FIELD] = {"field_tag", "field_id"},
    [ASSAY_TAGGED_CHECK] = {"check_tag", "check_id"},
    [ASSAY_TAGGED_ANOMALY] = {"anomaly_tag", "anomaly_id"},
};

static int link_name(struct assay_db_conn *conn, const struct link *link, int64_t id,
                     const char *name, struct assay_error *err)
{
    char sql[160];
    int64_t tag_id;
    ASSAY_TRY(assay_db_run(
        conn,
        "INSERT INTO global_tag (name, created_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        NULL, err, assay_db_text(name), assay_db_int(assay_now_us())));
    ASSAY_TRY(id_of_name(conn, name, &tag_id, err));
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO %s (%s, tag_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                   link->table, link->column);
    return assay_db_run(conn, sql, NULL, err, assay_db_int(id), assay_db_int(tag_id));
}

int assay_tags_replace(struct assay_db_conn *conn, enum assay_tagged kind, int64_t id,
                       const json_t *names, struct assay_error *err)
{
    if (!names || json_is_null(names))
        return ASSAY_OK;
    if (!json_is_array(names))
        return assay_fail(err, ASSAY_INVALID, "\"tags\" must be a list of names");
    char sql[96];
    (void)snprintf(sql, sizeof sql, "DELETE FROM %s WHERE %s = $1", links[kind].table,
                   links[kind].column);
    ASSAY_TRY(assay_db_run(conn, sql, NULL, err, assay_db_int(id)));
    size_t i;
    json_t *member;
    json_array_foreach(names, i, member)
    {
        const char *name = assay_member_name(member);
        if (!name || !*name)
            return assay_fail(err, ASSAY_INVALID, "\"tags\" must be a list of names");
        ASSAY_TRY(link_name(conn, &links[kind], id, name, err));
    }
    return ASSAY_OK;
}

int assay_tags_attach(struct assay_db_conn *conn, enum assay_tagged kind, json_t *items,
                      struct assay_error *err)
{
    static const struct assay_column bare[] = {{"", ASSAY_COLUMN_TEXT, ""}, {.key = NULL}};
    char sql[300];
    (void)snprintf(sql, sizeof sql,
                   "SELECT x.%s, g.name FROM %s x JOIN global_tag g ON g.id = x.tag_id WHERE x.%s "
                   "IN (%%s) ORDER BY g.name",
                   links[kind].column, links[kind].table, links[kind].column);
    ASSAY_TRY(assay_attach(conn, items, "tags", sql, bare, err));
    (void)snprintf(
        sql, sizeof sql,
        "SELECT x.%s, g.id, g.name, g.type, g.color, g.description, g.category, g.weight_modifier, "
        "g.created_at "
        "FROM %s x JOIN global_tag g ON g.id = x.tag_id WHERE x.%s IN (%%s) ORDER BY g.name",
        links[kind].column, links[kind].table, links[kind].column);
    return assay_attach(conn, items, "global_tags", sql, tag_columns, err);
}
