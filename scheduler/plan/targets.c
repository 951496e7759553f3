// Which containers a request means: by name, by tag, or all of the datastore.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "scheduler/catalog/query.h"
#include "scheduler/plan/source.h"

static int check_list(const json_t *list, const char *key, struct assay_error *err)
{
    size_t i;
    json_t *item;
    if (list && !json_is_array(list))
        return assay_fail(err, ASSAY_INVALID, "\"%s\" must be a list of names", key);
    json_array_foreach(list, i, item) if (!json_is_string(item)) return assay_fail(
        err, ASSAY_INVALID, "\"%s\" must be a list of names", key);
    return ASSAY_OK;
}

static void bind_list(struct assay_query *query, const json_t *list)
{
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        if (i)
            assay_query_text(query, ", ");
        assay_query_bind(query, assay_db_text(json_string_value(item)));
    }
}

static void add_conditions(struct assay_query *query, const json_t *names, const json_t *tags)
{
    if (json_array_size(names)) {
        assay_query_text(query, " AND c.name IN (");
        bind_list(query, names);
        assay_query_text(query, ")");
    }
    if (json_array_size(tags)) {
        assay_query_text(
            query,
            " AND EXISTS (SELECT 1 FROM container_tag x JOIN global_tag g ON g.id = x.tag_id "
            "WHERE x.container_id = c.id AND g.name IN (");
        bind_list(query, tags);
        assay_query_text(query, "))");
    }
}

static bool has_name(const struct assay_db_rows *rows, const char *name)
{
    for (size_t row = 0; row < assay_db_rows_count(rows); row++)
        if (!strcmp(assay_db_get_text(rows, row, 1), name))
            return true;
    return false;
}

static int check_found(const struct assay_plan_datastore *datastore, const json_t *names,
                       const json_t *tags, const struct assay_db_rows *rows,
                       struct assay_error *err)
{
    size_t i;
    json_t *name;
    json_array_foreach(
        names, i,
        name) if (!json_array_size(tags) &&
                  !has_name(rows, json_string_value(
                                      name))) return assay_fail(err, ASSAY_INVALID,
                                                                "datastore %.100s has no container "
                                                                "named \"%.200s\": run a sync "
                                                                "first, or see its containers",
                                                                datastore->name,
                                                                json_string_value(name));
    if (assay_db_rows_count(rows))
        return ASSAY_OK;
    if (json_array_size(tags))
        return assay_fail(err, ASSAY_INVALID,
                          "no container of datastore %.100s carries one of these tags",
                          datastore->name);
    return assay_fail(err, ASSAY_INVALID, "datastore %.100s has no containers: run a sync first",
                      datastore->name);
}

int assay_plan_targets(struct assay_db_conn *conn, const struct assay_plan_datastore *datastore,
                       const json_t *body, struct assay_db_rows **ret_rows, struct assay_error *err)
{
    const json_t *names = assay_json_get(body, "container_names");
    const json_t *tags = assay_json_get(body, "container_tags");
    ASSAY_TRY(check_list(names, "container_names", err));
    ASSAY_TRY(check_list(tags, "container_tags", err));
    ASSAY_SCOPED(assay_query_release) struct assay_query query = {0};
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    assay_query_text(
        &query,
        "SELECT c.id, c.name FROM container c WHERE c.deleted_at IS NULL AND c.datastore_id = ");
    assay_query_bind(&query, assay_db_int(datastore->id));
    add_conditions(&query, names, tags);
    assay_query_text(&query, " ORDER BY c.name");
    ASSAY_TRY(assay_query_run(&query, conn, &rows, err));
    ASSAY_TRY(check_found(datastore, names, tags, rows, err));
    *ret_rows = ASSAY_TAKE(rows);
    return ASSAY_OK;
}
