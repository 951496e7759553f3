// Expressions: the tree of DuckDB 2's parser in the shape of 1.5.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/rules/expression_tree.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/number.h"

#define DECIMAL_DIGITS 38

/* {"type": {"id", "type_info"}, "is_null", "value"}; takes value and info. */
static int set_value(json_t *node, const char *id, json_t *info, json_t *value,
                     struct assay_error *err)
{
    json_t *made =
        json_pack("{s:{s:s,s:o},s:b,s:o}", "type", "id", id, "type_info", info ? info : json_null(),
                  "is_null", value == NULL, "value", value ? value : json_null());
    return assay_json_set(node, "value", made, err);
}

static int set_double(json_t *node, const char *text, struct assay_error *err)
{
    return set_value(node, "DOUBLE", NULL, json_real(strtod(text, NULL)), err);
}

/* Digits without the underscores that the parser allows between them. */
static int shape_number(json_t *node, const char *written, struct assay_error *err)
{
    char text[DECIMAL_DIGITS + 4];
    size_t size = 0, digits = 0, scale = 0;
    bool point = false;
    for (const char *p = written; *p; p++) {
        if (*p == '_')
            continue;
        if (strchr("eE", *p) || digits == DECIMAL_DIGITS)
            return set_double(node, written, err);
        if (*p == '.') {
            point = true;
            continue;
        }
        digits += *p != '-';
        scale += point;
        text[size++] = *p;
    }
    text[size] = '\0';
    if (!point)
        return set_value(node, "HUGEINT", NULL, json_string(text), err);
    json_t *info = json_pack("{s:i,s:I}", "width", DECIMAL_DIGITS, "scale", (json_int_t)scale);
    return set_value(node, "DECIMAL", info, json_string(text), err);
}

static int shape_constant(json_t *node, struct assay_error *err)
{
    const json_t *literal = json_object_get(node, "literal");
    const json_t *text = json_object_get(literal, "text");
    const char *kind = assay_json_str(literal, "kind", "");
    if (!json_is_string(text))
        return ASSAY_OK;
    if (!strcmp(kind, "INTEGER") || !strcmp(kind, "NUMERIC"))
        return shape_number(node, json_string_value(text), err);
    if (!strcmp(kind, "STRING"))
        return set_value(node, "VARCHAR", NULL, json_deep_copy(text), err);
    if (!strcmp(kind, "BOOLEAN"))
        return set_value(node, "BOOLEAN", NULL,
                         json_boolean(!strcasecmp(json_string_value(text), "true")), err);
    return strcmp(kind, "NULL_LITERAL") ? ASSAY_OK : set_value(node, "NULL", NULL, NULL, err);
}

/* Type names as they may be written, beside those that the parser resolves itself. */
static const char *type_id(const char *name)
{
    static const struct {
        const char *written, *id;
    } rows[] = {
        {"bool", "BOOLEAN"},
        {"logical", "BOOLEAN"},
        {"int1", "TINYINT"},
        {"int2", "SMALLINT"},
        {"short", "SMALLINT"},
        {"int", "INTEGER"},
        {"int4", "INTEGER"},
        {"signed", "INTEGER"},
        {"int8", "BIGINT"},
        {"long", "BIGINT"},
        {"int128", "HUGEINT"},
        {"float4", "FLOAT"},
        {"real", "FLOAT"},
        {"float8", "DOUBLE"},
        {"numeric", "DECIMAL"},
        {"dec", "DECIMAL"},
        {"text", "VARCHAR"},
        {"string", "VARCHAR"},
        {"char", "VARCHAR"},
        {"bpchar", "VARCHAR"},
        {"nvarchar", "VARCHAR"},
        {"datetime", "TIMESTAMP"},
        {"timestamp_us", "TIMESTAMP"},
        {"timestamptz", "TIMESTAMP WITH TIME ZONE"},
        {"boolean", "BOOLEAN"},
        {"tinyint", "TINYINT"},
        {"smallint", "SMALLINT"},
        {"integer", "INTEGER"},
        {"bigint", "BIGINT"},
        {"hugeint", "HUGEINT"},
        {"float", "FLOAT"},
        {"double", "DOUBLE"},
        {"decimal", "DECIMAL"},
        {"varchar", "VARCHAR"},
        {"date", "DATE"},
        {"time", "TIME"},
        {"timestamp", "TIMESTAMP"},
        {"interval", "INTERVAL"},
        {"timestamp with time zone", "TIMESTAMP WITH TIME ZONE"},
    };
    for (size_t i = 0; i < ASSAY_COUNT(rows); i++)
        if (!strcasecmp(name, rows[i].written))
            return rows[i].id;
    return NULL;
}

static bool small_number(const json_t *constant, int64_t *ret_value)
{
    const char *text = assay_json_str(json_object_get(constant, "literal"), "text", "");
    return assay_parse_i64(text, strlen(text), ret_value);
}

static int shape_cast(json_t *node, struct assay_error *err)
{
    const json_t *type = json_object_get(node, "type_expr");
    const json_t *parts = json_object_get(type, "children");
    const char *id = type_id(assay_json_str(type, "type_name", ""));
    const bool decimal = id && !strcmp(id, "DECIMAL");
    int64_t width = 18, scale = 3;
    if (!id || *assay_json_str(type, "schema", "") || *assay_json_str(type, "catalog", ""))
        return ASSAY_OK;
    if (decimal && json_array_size(parts) && small_number(json_array_get(parts, 0), &width))
        scale = json_array_size(parts) == 2 && small_number(json_array_get(parts, 1), &scale)
                    ? scale
                    : 0;
    json_t *info =
        decimal ? json_pack("{s:I,s:I}", "width", (json_int_t)width, "scale", (json_int_t)scale)
                : json_null();
    json_t *cast = json_pack("{s:s,s:o}", "id", id, "type_info", info);
    return assay_json_set(node, "cast_type", cast, err);
}

static int shape_arguments(json_t *node, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *children = json_array();
    const json_t *argument;
    size_t i;
    json_array_foreach(json_object_get(node, "arguments"), i, argument)
    {
        if (*assay_json_str(argument, "name", ""))
            return ASSAY_OK;
        json_t *expression = json_object_get(argument, "expression");
        ASSAY_TRY(assay_json_push(children, json_incref(expression), err));
    }
    return assay_json_set(node, "children", json_incref(children), err);
}

static int shape_node(json_t *node, struct assay_error *err)
{
    static const struct {
        const char *has;
        int (*shape)(json_t *node, struct assay_error *err);
    } rows[] = {
        {"literal", shape_constant}, {"type_expr", shape_cast}, {"arguments", shape_arguments}};
    for (size_t i = 0; i < ASSAY_COUNT(rows); i++)
        if (json_object_get(node, rows[i].has))
            ASSAY_TRY(rows[i].shape(node, err));
    return ASSAY_OK;
}

int assay_expression_tree_shape(json_t *tree, struct assay_error *err)
{
    json_t *part;
    const char *key;
    size_t i;
    json_array_foreach(tree, i, part) ASSAY_TRY(assay_expression_tree_shape(part, err));
    if (!json_is_object(tree))
        return ASSAY_OK;
    json_object_foreach(tree, key, part)
    {
        ASSAY_TRY(assay_expression_tree_shape(part, err));
    }
    return shape_node(tree, err);
}
