// SQL in the making.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/catalog/query.h"

#include <string.h>

#include "common/base/memory.h"

void assay_query_release(struct assay_query *query)
{
    assay_buf_release(&query->sql);
    assay_free(query->values);
    assay_arena_release(&query->texts);
    *query = (struct assay_query){0};
}

void assay_query_text(struct assay_query *query, const char *sql)
{
    assay_buf_text(&query->sql, sql);
}

static bool make_room(struct assay_query *query)
{
    if (query->values_count < query->values_capacity)
        return true;
    const size_t capacity = query->values_capacity ? 2 * query->values_capacity : 16;
    struct assay_db_value *values =
        assay_reallocarray(query->values, capacity, sizeof *query->values);
    if (!values) {
        query->failed = ASSAY_NO_MEMORY;
        return false;
    }
    query->values = values;
    query->values_capacity = capacity;
    return true;
}

void assay_query_bind(struct assay_query *query, struct assay_db_value value)
{
    if (query->values_count >= ASSAY_QUERY_MAX_VALUES)
        query->failed = ASSAY_LIMIT;
    if (query->failed || !make_room(query))
        return;
    query->values[query->values_count++] = value;
    assay_buf_printf(&query->sql, "$%zu", query->values_count);
}

void assay_query_bind_copy(struct assay_query *query, const char *text)
{
    const char *copy = assay_arena_strdup(&query->texts, text);
    if (!copy)
        query->failed = ASSAY_NO_MEMORY;
    else
        assay_query_bind(query, assay_db_text(copy));
}

void assay_query_bind_in(struct assay_query *query, const char *sql,
                         const struct assay_db_value *values, size_t count)
{
    const char *place = strstr(sql, "%s");
    assay_buf_append(&query->sql, sql, place ? (size_t)(place - sql) : strlen(sql));
    for (size_t i = 0; place && i < count; i++) {
        assay_query_text(query, i ? ", " : "");
        assay_query_bind(query, values[i]);
    }
    assay_query_text(query, place ? place + 2 : "");
}

int assay_query_run(struct assay_query *query, struct assay_db_conn *conn,
                    struct assay_db_rows **ret_rows, struct assay_error *err)
{
    if (query->failed == ASSAY_LIMIT)
        return assay_fail(err, ASSAY_LIMIT, "more than %d values in one request",
                          ASSAY_QUERY_MAX_VALUES);
    if (query->failed)
        return assay_fail_memory(err);
    ASSAY_TRY(assay_buf_check(&query->sql, err));
    return assay_db_query(conn, query->sql.data, query->values, query->values_count, ret_rows, err);
}
