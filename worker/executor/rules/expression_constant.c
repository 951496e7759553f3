// Expressions: the parser's tree as JSON, its constants and type names.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/rules/expression_constant.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/number.h"
#include "worker/executor/rules/expression_tree.h"

#define JANSSON_DIGITS 18

/* Put long integers in quotes; texts are passed over. */
static void quote_long_integers(const char *json, struct assay_buf *out)
{
    bool in_text = false;
    for (const char *p = json; *p;) {
        if (*p == '\\' && in_text && p[1]) {
            assay_buf_append(out, p, 2);
            p += 2;
            continue;
        }
        in_text ^= *p == '"';
        const size_t digits = in_text ? 0 : strspn(p, "0123456789");
        const bool longer =
            digits > JANSSON_DIGITS && !strchr(".eE", p[digits]) && (p == json || p[-1] != '.');
        if (longer)
            assay_buf_printf(out, "\"%.*s\"", (int)digits, p);
        else
            assay_buf_append(out, p, digits ? digits : 1);
        p += digits ? digits : 1;
    }
}

static int first_text(duckdb_result *result, struct assay_buf *out, struct assay_error *err)
{
    duckdb_data_chunk chunk = duckdb_fetch_chunk(*result);
    if (!chunk || !duckdb_data_chunk_get_size(chunk)) {
        duckdb_destroy_data_chunk(&chunk);
        return assay_fail(err, ASSAY_INTERNAL, "the parser gave no tree");
    }
    duckdb_string_t *text = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
    assay_buf_append(out, duckdb_string_t_data(text), duckdb_string_t_length(*text));
    duckdb_destroy_data_chunk(&chunk);
    return assay_buf_check(out, err);
}

int assay_expression_tree(struct assay_session *session, const char *text, json_t **ret_tree,
                          struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release)
    struct assay_buf statement = {0}, sql = {0}, json = {0}, plain = {0};
    assay_buf_printf(&statement, "SELECT (%s\n)", text);
    assay_buf_text(&sql, "SELECT json_serialize_sql(");
    assay_sql_text(&sql, assay_buf_str(&statement));
    assay_buf_char(&sql, ')');
    ASSAY_TRY(assay_buf_check(&sql, err));
    duckdb_result result;
    ASSAY_TRY(assay_session_query(session, assay_buf_str(&sql), &result, err));
    const int code = first_text(&result, &json, err);
    duckdb_destroy_result(&result);
    ASSAY_TRY(code);
    quote_long_integers(assay_buf_str(&json), &plain);
    ASSAY_TRY(assay_buf_check(&plain, err));
    ASSAY_AUTO(assay_json_decref) json_t *tree = NULL;
    ASSAY_TRY(assay_json_parse(assay_buf_str(&plain), plain.size, "the expression", &tree, err));
    ASSAY_TRY(assay_expression_tree_shape(tree, err));
    *ret_tree = json_incref(tree);
    return ASSAY_OK;
}

/* An integer node: a number, a text of digits, or {"upper", "lower"} of 128 bits. */
static bool integer_value(const json_t *value, assay_i128 *ret_value)
{
    if (json_is_integer(value)) {
        *ret_value = json_integer_value(value);
        return true;
    }
    if (json_is_string(value))
        return assay_parse_i128(json_string_value(value), json_string_length(value), ret_value);
    assay_i128 upper, lower;
    if (!json_is_object(value) || !integer_value(json_object_get(value, "upper"), &upper) ||
        !integer_value(json_object_get(value, "lower"), &lower))
        return false;
    *ret_value = (assay_i128)((assay_u128)upper << 64 | (assay_u128)lower);
    return true;
}

static bool append_integer(const json_t *value, unsigned scale, struct assay_buf *sql)
{
    assay_i128 number;
    char text[ASSAY_NUMBER_TEXT];
    if (!integer_value(value, &number) || scale > 38)
        return false;
    assay_format_i128(number, scale, text);
    assay_buf_text(sql, text);
    return true;
}

bool assay_expression_constant(const json_t *value, struct assay_buf *sql)
{
    const json_t *type = json_object_get(value, "type"), *inner = json_object_get(value, "value");
    const char *id = assay_json_str(type, "id", "");
    if (assay_json_bool(value, "is_null", false)) {
        assay_buf_text(sql, "NULL");
        return true;
    }
    if (!strcmp(id, "VARCHAR") && json_is_string(inner)) {
        assay_sql_text(sql, json_string_value(inner));
        return strlen(json_string_value(inner)) == json_string_length(inner);
    }
    if (!strcmp(id, "BOOLEAN") && json_is_boolean(inner)) {
        assay_buf_text(sql, json_is_true(inner) ? "TRUE" : "FALSE");
        return true;
    }
    if (!strcmp(id, "DOUBLE") && json_is_number(inner)) {
        assay_buf_printf(sql, "CAST('%.17g' AS DOUBLE)", json_number_value(inner));
        return true;
    }
    if (!strcmp(id, "DECIMAL"))
        return append_integer(
            inner, (unsigned)assay_json_int(json_object_get(type, "type_info"), "scale", 0), sql);
    static const char *const integers[] = {"TINYINT", "SMALLINT", "INTEGER",
                                           "BIGINT",  "HUGEINT",  "UBIGINT"};
    for (size_t i = 0; i < ASSAY_COUNT(integers); i++)
        if (!strcmp(id, integers[i]))
            return append_integer(inner, 0, sql);
    return false;
}

bool assay_expression_type(const json_t *type, struct assay_buf *sql)
{
    static const char *const names[] = {"BOOLEAN",
                                        "TINYINT",
                                        "SMALLINT",
                                        "INTEGER",
                                        "BIGINT",
                                        "HUGEINT",
                                        "FLOAT",
                                        "DOUBLE",
                                        "VARCHAR",
                                        "DATE",
                                        "TIME",
                                        "TIMESTAMP",
                                        "TIMESTAMP WITH TIME ZONE",
                                        "INTERVAL"};
    const char *id = assay_json_str(type, "id", "");
    const json_t *info = assay_json_get(type, "type_info");
    if (!strcmp(id, "DECIMAL")) {
        assay_buf_printf(sql, "DECIMAL(%d,%d)", (int)assay_json_int(info, "width", 18),
                         (int)assay_json_int(info, "scale", 3));
        return true;
    }
    for (size_t i = 0; !info && i < ASSAY_COUNT(names); i++) {
        if (!strcmp(id, names[i])) {
            assay_buf_text(sql, names[i]);
            return true;
        }
    }
    return false;
}
