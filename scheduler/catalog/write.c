// Bodies into rows.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/catalog/write.h"

#include <string.h>

#include "common/base/memory.h"
#include "common/base/nearest.h"
#include "common/base/number.h"
#include "common/base/utf8.h"

enum { TEXT_MAX_CHARACTERS = 255 };

static int wrong(const struct assay_writable *writable, const char *wanted, struct assay_error *err)
{
    return assay_fail(err, ASSAY_INVALID, "\"%s\" must be %s", writable->key, wanted);
}

static int check_text(const struct assay_writable *writable, const json_t *value,
                      struct assay_error *err)
{
    const size_t max = writable->max ? (size_t)writable->max : TEXT_MAX_CHARACTERS;
    if (!json_is_string(value))
        return wrong(writable, "a text", err);
    if (strlen(json_string_value(value)) != json_string_length(value))
        return wrong(writable, "a text without NUL characters", err);
    if (writable->required && json_string_length(value) == 0)
        return wrong(writable, "a text that is not empty", err);
    if (assay_utf8_length(json_string_value(value), json_string_length(value)) > max)
        return assay_fail(err, ASSAY_INVALID, "\"%s\" must be at most %zu characters long",
                          writable->key, max);
    return ASSAY_OK;
}

/* A whole number as a text, where it goes into no column as such ("port": "5432" of a template). */
static bool is_number_text(const struct assay_writable *writable, const json_t *value)
{
    int64_t number;
    return !writable->column && writable->kind == ASSAY_WRITE_INT && json_is_string(value) &&
           assay_parse_i64(json_string_value(value), json_string_length(value), &number) &&
           number >= writable->min && (writable->min == writable->max || number <= writable->max);
}

static int check_number(const struct assay_writable *writable, const json_t *value,
                        struct assay_error *err)
{
    if (is_number_text(writable, value))
        return ASSAY_OK;
    if (!json_is_number(value) || (writable->kind == ASSAY_WRITE_INT && !json_is_integer(value)))
        return wrong(writable, writable->kind == ASSAY_WRITE_INT ? "a whole number" : "a number",
                     err);
    const double number = json_number_value(value);
    if (writable->min == writable->max)
        return ASSAY_OK;
    if (!(number >= (double)writable->min && number <= (double)writable->max))
        return assay_fail(err, ASSAY_INVALID, "\"%s\" must be from %lld to %lld", writable->key,
                          (long long)writable->min, (long long)writable->max);
    return ASSAY_OK;
}

static bool is_choice(const char *choices, const char *text)
{
    const size_t size = strlen(text);
    for (const char *choice = choices; *choice; choice += *choice == '|') {
        const size_t length = strcspn(choice, "|");
        if (length == size && memcmp(choice, text, size) == 0)
            return true;
        choice += length;
    }
    return false;
}

static int check_list(const struct assay_writable *writable, const json_t *value,
                      struct assay_error *err)
{
    size_t i;
    json_t *item;
    if (!json_is_array(value))
        return wrong(writable, "a list of names", err);
    json_array_foreach(value, i, item)
    {
        if (!json_is_string(item) && !json_is_string(json_object_get(item, "name")))
            return wrong(writable, "a list of names", err);
    }
    return ASSAY_OK;
}

static int check_value(const struct assay_writable *writable, const json_t *value,
                       struct assay_error *err)
{
    switch (writable->kind) {
    case ASSAY_WRITE_TEXT:
        return check_text(writable, value, err);
    case ASSAY_WRITE_INT:
    case ASSAY_WRITE_REAL:
        return check_number(writable, value, err);
    case ASSAY_WRITE_BOOL:
        return json_is_boolean(value) ? ASSAY_OK : wrong(writable, "true or false", err);
    case ASSAY_WRITE_CHOICE:
        if (!json_is_string(value) || !is_choice(writable->choices, json_string_value(value)))
            return assay_fail(err, ASSAY_INVALID, "\"%s\" must be one of %s", writable->key,
                              writable->choices);
        return ASSAY_OK;
    case ASSAY_WRITE_OBJECT:
        return json_is_object(value) ? ASSAY_OK : wrong(writable, "an object", err);
    case ASSAY_WRITE_LIST:
        return check_list(writable, value, err);
    }
    return assay_fail(err, ASSAY_INTERNAL, "\"%s\" has no kind", writable->key);
}

int assay_write_check(const struct assay_writable *writables, const json_t *body, bool creating,
                      struct assay_error *err)
{
    if (!json_is_object(body))
        return assay_fail(err, ASSAY_INVALID, "the body must be a JSON object");
    for (const struct assay_writable *writable = writables; writable->key; writable++) {
        const json_t *value = assay_json_get(body, writable->key);
        if (value)
            ASSAY_TRY(check_value(writable, value, err));
        else if (creating && writable->required)
            return assay_fail(err, ASSAY_INVALID, "\"%s\" is missing", writable->key);
    }
    return ASSAY_OK;
}

static bool is_taken(const struct assay_writable *writable, const char *type)
{
    return !writable->types || is_choice(writable->types, type);
}

static int unknown_key(const struct assay_writable *writables, const char *type, const char *key,
                       struct assay_error *err)
{
    struct assay_nearest nearest = {.wanted = key};
    for (const struct assay_writable *writable = writables; writable->key; writable++) {
        if (strcmp(writable->key, key) == 0)
            return assay_fail(err, ASSAY_INVALID, "\"%s\" is an option of %s, not of %s", key,
                              writable->types, type);
        if (is_taken(writable, type) && !writable->later)
            assay_nearest_offer(&nearest, writable->key);
    }
    return assay_fail(err, ASSAY_INVALID, "\"%.100s\" is no option of %s%s%s%s", key, type,
                      nearest.best ? ": did you mean \"" : "", nearest.best ? nearest.best : "",
                      nearest.best ? "\"?" : "");
}

static bool asks_for_nothing(const json_t *value)
{
    return json_is_null(value) || json_is_false(value) ||
           (json_is_string(value) && strcmp(json_string_value(value), "none") == 0);
}

static int check_key(const struct assay_writable *writables, const char *type, const char *key,
                     const json_t *value, struct assay_error *err)
{
    for (const struct assay_writable *writable = writables; writable->key; writable++) {
        if (strcmp(writable->key, key) != 0 || !is_taken(writable, type))
            continue;
        if (writable->later && !asks_for_nothing(value))
            return assay_fail(err, ASSAY_UNSUPPORTED, "\"%s\" of %s is not built yet", key, type);
        return ASSAY_OK;
    }
    return unknown_key(writables, type, key, err);
}

int assay_write_check_request(const struct assay_writable *writables, const char *type,
                              const json_t *body, struct assay_error *err)
{
    const char *key;
    json_t *value;
    ASSAY_TRY(assay_write_check(writables, body, true, err));
    json_object_foreach((json_t *)body, key, value)
        ASSAY_TRY(check_key(writables, type, key, value, err));
    return ASSAY_OK;
}

/* Bind a checked value; objects and lists as their text. */
static void bind_value(struct assay_query *query, const json_t *value)
{
    if (json_is_null(value))
        assay_query_bind(query, assay_db_null());
    else if (json_is_string(value))
        assay_query_bind(query, assay_db_text(json_string_value(value)));
    else if (json_is_integer(value))
        assay_query_bind(query, assay_db_int(json_integer_value(value)));
    else if (json_is_real(value))
        assay_query_bind(query, assay_db_real(json_real_value(value)));
    else if (json_is_boolean(value))
        assay_query_bind(query, assay_db_bool(json_is_true(value)));
    else {
        ASSAY_AUTO(assay_free_text) char *text = assay_json_text(value);
        if (text)
            assay_query_bind_copy(query, text);
        else
            query->failed = ASSAY_NO_MEMORY;
    }
}

static const json_t *column_value(const struct assay_writable *writable, const json_t *body)
{
    const json_t *value = json_object_get(body, writable->key);
    return writable->column && value && (writable->nullable || !json_is_null(value)) ? value : NULL;
}

static size_t add_insert_names(struct assay_query *query, const struct assay_writable *writables,
                               const json_t *body, const struct assay_write_fixed *fixed)
{
    size_t count = 0;
    for (; writables->key; writables++) {
        if (!column_value(writables, body))
            continue;
        assay_query_text(query, count++ ? ", " : "");
        assay_query_text(query, writables->column);
    }
    for (; fixed && fixed->column; fixed++) {
        assay_query_text(query, count++ ? ", " : "");
        assay_query_text(query, fixed->column);
    }
    return count;
}

int assay_write_insert(struct assay_db_conn *conn, const char *table,
                       const struct assay_writable *writables, const json_t *body,
                       const struct assay_write_fixed *fixed, int64_t *ret_id,
                       struct assay_error *err)
{
    ASSAY_TRY(assay_write_check(writables, body, true, err));
    ASSAY_SCOPED(assay_query_release) struct assay_query query = {0};
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    assay_query_text(&query, "INSERT INTO ");
    assay_query_text(&query, table);
    assay_query_text(&query, " (");
    size_t left = add_insert_names(&query, writables, body, fixed);
    assay_query_text(&query, ") VALUES (");
    for (const struct assay_writable *writable = writables; writable->key; writable++) {
        const json_t *value = column_value(writable, body);
        if (!value)
            continue;
        bind_value(&query, value);
        assay_query_text(&query, --left ? ", " : "");
    }
    for (; fixed && fixed->column; fixed++) {
        assay_query_bind(&query, fixed->value);
        assay_query_text(&query, --left ? ", " : "");
    }
    assay_query_text(&query, ") RETURNING id");
    ASSAY_TRY(assay_query_run(&query, conn, &rows, err));
    *ret_id = assay_db_get_int(rows, 0, 0);
    return ASSAY_OK;
}

int assay_write_update(struct assay_db_conn *conn, const char *table, int64_t id,
                       const struct assay_writable *writables, const json_t *body,
                       const struct assay_write_fixed *fixed, struct assay_error *err)
{
    ASSAY_TRY(assay_write_check(writables, body, false, err));
    ASSAY_SCOPED(assay_query_release) struct assay_query query = {0};
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    assay_query_text(&query, "UPDATE ");
    assay_query_text(&query, table);
    assay_query_text(&query, " SET id = id");
    for (const struct assay_writable *writable = writables; writable->key; writable++) {
        const json_t *value = column_value(writable, body);
        if (!value)
            continue;
        assay_buf_printf(&query.sql, ", %s = ", writable->column);
        bind_value(&query, value);
    }
    for (; fixed && fixed->column; fixed++) {
        assay_buf_printf(&query.sql, ", %s = ", fixed->column);
        assay_query_bind(&query, fixed->value);
    }
    assay_query_text(&query, " WHERE id = ");
    assay_query_bind(&query, assay_db_int(id));
    ASSAY_TRY(assay_query_run(&query, conn, &rows, err));
    if (assay_db_rows_changed(rows) == 0)
        return assay_fail(err, ASSAY_NOT_FOUND, "%s %lld is not in the catalog", table,
                          (long long)id);
    return ASSAY_OK;
}

int assay_write_delete(struct assay_db_conn *conn, const char *table, int64_t id, const char *noun,
                       struct assay_error *err)
{
    ASSAY_SCOPED(assay_query_release) struct assay_query query = {0};
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    assay_query_text(&query, "DELETE FROM ");
    assay_query_text(&query, table);
    assay_query_text(&query, " WHERE id = ");
    assay_query_bind(&query, assay_db_int(id));
    ASSAY_TRY(assay_query_run(&query, conn, &rows, err));
    if (assay_db_rows_changed(rows) == 0)
        return assay_fail(err, ASSAY_NOT_FOUND, "%s %lld is not in the catalog", noun,
                          (long long)id);
    return ASSAY_OK;
}
