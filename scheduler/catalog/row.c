// Rows as REST objects.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/catalog/row.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/datetime.h"
#include "common/base/memory.h"

void assay_columns_select(struct assay_query *query, const struct assay_column *columns)
{
    for (size_t i = 0; columns[i].key; i++) {
        assay_query_text(query, i ? ", " : "");
        assay_query_text(query, columns[i].sql);
    }
}

static json_t *time_text(int64_t us)
{
    char text[ASSAY_DATETIME_TEXT];
    const size_t size = assay_format_timestamp(us, "Z", text);
    return json_stringn(text, size);
}

static json_t *json_of(const char *text)
{
    json_t *value = NULL;
    return assay_json_parse(text, strlen(text), "catalog", &value, NULL) == ASSAY_OK ? value
                                                                                     : json_null();
}

int assay_row_value(const struct assay_db_rows *rows, size_t row, size_t column,
                    enum assay_column_kind kind, json_t **ret_value, struct assay_error *err)
{
    json_t *value = NULL;
    if (assay_db_is_null(rows, row, column))
        value = json_null();
    else if (kind == ASSAY_COLUMN_INT)
        value = json_integer(assay_db_get_int(rows, row, column));
    else if (kind == ASSAY_COLUMN_REAL)
        value = assay_json_real_or_null(assay_db_get_real(rows, row, column));
    else if (kind == ASSAY_COLUMN_BOOL)
        value = json_boolean(assay_db_get_int(rows, row, column) != 0);
    else if (kind == ASSAY_COLUMN_TIME)
        value = time_text(assay_db_get_int(rows, row, column));
    else if (kind == ASSAY_COLUMN_JSON)
        value = json_of(assay_db_get_text(rows, row, column));
    else
        value = json_string(assay_db_get_text(rows, row, column));
    if (!value)
        return assay_fail_memory(err);
    *ret_value = value;
    return ASSAY_OK;
}

int assay_row_object(const struct assay_db_rows *rows, size_t row, size_t first,
                     const struct assay_column *columns, json_t **ret_object,
                     struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *object = json_object();
    if (!object)
        return assay_fail_memory(err);
    for (size_t i = 0; columns[i].key; i++) {
        json_t *value = NULL;
        ASSAY_TRY(assay_row_value(rows, row, first + i, columns[i].kind, &value, err));
        ASSAY_TRY(assay_json_set(object, columns[i].key, value, err));
    }
    *ret_object = ASSAY_TAKE(object);
    return ASSAY_OK;
}

enum { ATTACH_STEP = 500, ID_TEXT = 24 };

static void id_text(int64_t id, char text[static ID_TEXT])
{
    (void)snprintf(text, ID_TEXT, "%" PRId64, id);
}

/* {id: item}, and an empty list under `key` in each. */
static int prepare(json_t *items, const char *key, json_t *by_id, struct assay_error *err)
{
    size_t i;
    json_t *item;
    json_array_foreach(items, i, item)
    {
        char id[ID_TEXT];
        id_text(json_integer_value(json_object_get(item, "id")), id);
        ASSAY_TRY(assay_json_set(item, key, json_array(), err));
        ASSAY_TRY(assay_json_set(by_id, id, json_incref(item), err));
    }
    return ASSAY_OK;
}

/* The children of the items from `first` on, ATTACH_STEP of them at most. */
static int select_children(struct assay_db_conn *conn, const json_t *items, size_t first,
                           const char *sql, struct assay_db_rows **ret_rows,
                           struct assay_error *err)
{
    ASSAY_SCOPED(assay_query_release) struct assay_query query = {0};
    struct assay_db_value ids[ATTACH_STEP];
    size_t count = 0;
    for (; count < ATTACH_STEP && first + count < json_array_size(items); count++)
        ids[count] = assay_db_int(
            json_integer_value(json_object_get(json_array_get(items, first + count), "id")));
    assay_query_bind_in(&query, sql, ids, count);
    return assay_query_run(&query, conn, ret_rows, err);
}

static int add_children(const struct assay_db_rows *rows, const json_t *by_id, const char *key,
                        const struct assay_column *columns, struct assay_error *err)
{
    const bool bare = columns[0].key[0] == '\0';
    for (size_t row = 0; row < assay_db_rows_count(rows); row++) {
        char id[ID_TEXT];
        json_t *child = NULL;
        id_text(assay_db_get_int(rows, row, 0), id);
        if (bare)
            ASSAY_TRY(assay_row_value(rows, row, 1, columns[0].kind, &child, err));
        else
            ASSAY_TRY(assay_row_object(rows, row, 1, columns, &child, err));
        ASSAY_TRY(assay_json_push(json_object_get(json_object_get(by_id, id), key), child, err));
    }
    return ASSAY_OK;
}

int assay_attach(struct assay_db_conn *conn, json_t *items, const char *key, const char *sql,
                 const struct assay_column *columns, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *by_id = json_object();
    ASSAY_TRY(prepare(items, key, by_id, err));
    for (size_t first = 0; first < json_array_size(items); first += ATTACH_STEP) {
        ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
        ASSAY_TRY(select_children(conn, items, first, sql, &rows, err));
        ASSAY_TRY(add_children(rows, by_id, key, columns, err));
    }
    return ASSAY_OK;
}

int assay_select_int(struct assay_db_conn *conn, const char *sql, int64_t id, int64_t fallback,
                     int64_t *ret_value, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn, sql, &rows, err, assay_db_int(id)));
    const bool found = assay_db_rows_count(rows) > 0 && !assay_db_is_null(rows, 0, 0);
    *ret_value = found ? assay_db_get_int(rows, 0, 0) : fallback;
    return ASSAY_OK;
}
