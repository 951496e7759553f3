// Users' expressions: parse, check every node against what is allowed, write SQL anew.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/rules/expression.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/base/datetime.h"
#include "common/base/memory.h"
#include "common/base/nearest.h"
#include "common/base/number.h"
#include "common/rules/expression_functions.h"
#include "common/rules/expression_lex.h"
#include "worker/executor/rules/expression_constant.h"

#define SQL_BYTES_MAX ((size_t)4 << 20)
#define GROWTH_DEPTH  3

struct writer {
    const struct assay_rule_scope *scope;
    const char *text; /* as the user wrote it */
    bool aggregates;
    struct assay_expression *out;
    struct assay_error *err;
    int nodes, depth, growth;
    bool in_aggregate;
};

static int write_node(struct writer *w, const json_t *node, struct assay_buf *sql);

static const char *str(const json_t *object, const char *key)
{
    return assay_json_str(object, key, "");
}

static int refuse(struct writer *w, const char *what, const char *detail)
{
    return assay_fail(w->err, ASSAY_INVALID, "%s%s%s%s is not allowed in an expression", what,
                      *detail ? " \"" : "", detail, *detail ? "\"" : "");
}

static int use_field(struct writer *w, const struct assay_rule_field *field, struct assay_buf *sql)
{
    struct assay_expression *out = w->out;
    assay_buf_text(sql, field->sql);
    for (size_t i = 0; i < out->used_count; i++)
        if (out->used[i] == field)
            return ASSAY_OK;
    out->used[out->used_count++] = field; /* has room for every field of the scope */
    return ASSAY_OK;
}

/* Exact name first; then, as Spark does, without regard to case where only one field fits. */
static const struct assay_rule_field *find_field(const struct assay_rule_scope *scope,
                                                 const char *name)
{
    const struct assay_rule_field *found = NULL;
    for (size_t i = 0; i < scope->fields_count; i++)
        if (!strcmp(scope->fields[i].name, name))
            return &scope->fields[i];
    for (size_t i = 0; i < scope->fields_count; i++) {
        if (strcasecmp(scope->fields[i].name, name))
            continue;
        if (found)
            return NULL;
        found = &scope->fields[i];
    }
    return found;
}

static int unknown_field(struct writer *w, const char *name)
{
    struct assay_nearest nearest = {.wanted = name};
    for (size_t i = 0; i < w->scope->fields_count; i++)
        assay_nearest_offer(&nearest, w->scope->fields[i].name);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf quoted = {0};
    assay_sql_name(&quoted, name);
    const bool in_quotes = strstr(w->text, assay_buf_str(&quoted)) != NULL;
    return assay_fail(w->err, ASSAY_NOT_FOUND, "%s has no field `%s`%s%s%s%s",
                      assay_rule_scope_called(w->scope), name,
                      nearest.best ? ": did you mean `" : "", nearest.best ? nearest.best : "",
                      nearest.best ? "`?" : "",
                      in_quotes ? " (double quotes are names: put texts in single quotes)" : "");
}

static int write_clock(struct writer *w, bool date, struct assay_buf *sql)
{
    char now[ASSAY_DATETIME_TEXT];
    assay_format_timestamp(w->scope->now_us, "Z", now);
    assay_buf_printf(sql, date ? "CAST(TIMESTAMPTZ '%s' AS DATE)" : "TIMESTAMPTZ '%s'", now);
    return ASSAY_OK;
}

static int write_column(struct writer *w, const json_t *node, struct assay_buf *sql)
{
    const json_t *names = json_object_get(node, "column_names");
    ASSAY_SCOPED(assay_buf_release) struct assay_buf name = {0};
    for (size_t i = 0; i < json_array_size(names); i++)
        assay_buf_printf(&name, "%s%s", i ? "." : "", json_string_value(json_array_get(names, i)));
    const struct assay_rule_field *field = find_field(w->scope, assay_buf_str(&name));
    if (field)
        return use_field(w, field, sql);
    if (!strcasecmp(assay_buf_str(&name), "current_date"))
        return write_clock(w, true, sql);
    if (!strcasecmp(assay_buf_str(&name), "current_timestamp") ||
        !strcasecmp(assay_buf_str(&name), "localtimestamp"))
        return write_clock(w, false, sql);
    return unknown_field(w, assay_buf_str(&name));
}

/* Nodes of a list between two texts: (a AND b). */
static int write_list(struct writer *w, const json_t *nodes, size_t first, const char *between,
                      struct assay_buf *sql)
{
    for (size_t i = first; i < json_array_size(nodes); i++) {
        if (i > first)
            assay_buf_text(sql, between);
        ASSAY_TRY(write_node(w, json_array_get(nodes, i), sql));
    }
    return ASSAY_OK;
}

static int write_conjunction(struct writer *w, const json_t *node, struct assay_buf *sql)
{
    const bool is_and = !strcmp(str(node, "type"), "CONJUNCTION_AND");
    assay_buf_char(sql, '(');
    ASSAY_TRY(write_list(w, json_object_get(node, "children"), 0, is_and ? " AND " : " OR ", sql));
    assay_buf_char(sql, ')');
    return ASSAY_OK;
}

static int write_comparison(struct writer *w, const json_t *node, struct assay_buf *sql)
{
    static const struct {
        const char *type, *sql;
    } rows[] = {
        {"COMPARE_EQUAL", " = "},
        {"COMPARE_NOTEQUAL", " <> "},
        {"COMPARE_LESSTHAN", " < "},
        {"COMPARE_GREATERTHAN", " > "},
        {"COMPARE_LESSTHANOREQUALTO", " <= "},
        {"COMPARE_GREATERTHANOREQUALTO", " >= "},
        {"COMPARE_DISTINCT_FROM", " IS DISTINCT FROM "},
        {"COMPARE_NOT_DISTINCT_FROM", " IS NOT DISTINCT FROM "},
    };
    for (size_t i = 0; i < ASSAY_COUNT(rows); i++) {
        if (strcmp(str(node, "type"), rows[i].type))
            continue;
        assay_buf_char(sql, '(');
        ASSAY_TRY(write_node(w, json_object_get(node, "left"), sql));
        assay_buf_text(sql, rows[i].sql);
        ASSAY_TRY(write_node(w, json_object_get(node, "right"), sql));
        assay_buf_char(sql, ')');
        return ASSAY_OK;
    }
    return refuse(w, "the comparison", str(node, "type"));
}

static int write_between(struct writer *w, const json_t *node, struct assay_buf *sql)
{
    assay_buf_char(sql, '(');
    ASSAY_TRY(write_node(w, json_object_get(node, "input"), sql));
    assay_buf_text(sql, " BETWEEN ");
    ASSAY_TRY(write_node(w, json_object_get(node, "lower"), sql));
    assay_buf_text(sql, " AND ");
    ASSAY_TRY(write_node(w, json_object_get(node, "upper"), sql));
    assay_buf_char(sql, ')');
    return ASSAY_OK;
}

static int write_case(struct writer *w, const json_t *node, struct assay_buf *sql)
{
    const json_t *checks = json_object_get(node, "case_checks");
    assay_buf_text(sql, "CASE");
    for (size_t i = 0; i < json_array_size(checks); i++) {
        assay_buf_text(sql, " WHEN ");
        ASSAY_TRY(write_node(w, json_object_get(json_array_get(checks, i), "when_expr"), sql));
        assay_buf_text(sql, " THEN ");
        ASSAY_TRY(write_node(w, json_object_get(json_array_get(checks, i), "then_expr"), sql));
    }
    assay_buf_text(sql, " ELSE ");
    ASSAY_TRY(write_node(w, json_object_get(node, "else_expr"), sql));
    assay_buf_text(sql, " END");
    return ASSAY_OK;
}

static int write_in(struct writer *w, const json_t *children, const char *word,
                    struct assay_buf *sql)
{
    assay_buf_char(sql, '(');
    ASSAY_TRY(write_node(w, json_array_get(children, 0), sql));
    assay_buf_printf(sql, " %s (", word);
    ASSAY_TRY(write_list(w, children, 1, ", ", sql));
    assay_buf_text(sql, "))");
    return ASSAY_OK;
}

static int write_operator(struct writer *w, const json_t *node, struct assay_buf *sql)
{
    static const struct {
        const char *type, *before, *between, *after;
    } rows[] = {
        {"OPERATOR_NOT", "(NOT ", "", ")"},
        {"OPERATOR_IS_NULL", "(", "", " IS NULL)"},
        {"OPERATOR_IS_NOT_NULL", "(", "", " IS NOT NULL)"},
        {"OPERATOR_COALESCE", "coalesce(", ", ", ")"},
        {"ARRAY_EXTRACT", "array_extract(", ", ", ")"},
        {"STRUCT_EXTRACT", "struct_extract(", ", ", ")"},
    };
    const char *type = str(node, "type");
    const json_t *children = json_object_get(node, "children");
    if (!strcmp(type, "COMPARE_IN"))
        return write_in(w, children, "IN", sql);
    if (!strcmp(type, "COMPARE_NOT_IN"))
        return write_in(w, children, "NOT IN", sql);
    for (size_t i = 0; i < ASSAY_COUNT(rows); i++) {
        if (strcmp(type, rows[i].type))
            continue;
        assay_buf_text(sql, rows[i].before);
        ASSAY_TRY(write_list(w, children, 0, rows[i].between, sql));
        assay_buf_text(sql, rows[i].after);
        return ASSAY_OK;
    }
    return refuse(w, "the operator", type);
}

static int write_cast(struct writer *w, const json_t *node, struct assay_buf *sql)
{
    assay_buf_text(sql, assay_json_bool(node, "try_cast", false) ? "TRY_CAST(" : "CAST(");
    ASSAY_TRY(write_node(w, json_object_get(node, "child"), sql));
    assay_buf_text(sql, " AS ");
    if (!assay_expression_type(json_object_get(node, "cast_type"), sql))
        return refuse(w, "a cast to this type", str(json_object_get(node, "cast_type"), "id"));
    assay_buf_char(sql, ')');
    return ASSAY_OK;
}

static int write_constant(struct writer *w, const json_t *node, struct assay_buf *sql)
{
    if (!assay_expression_constant(json_object_get(node, "value"), sql))
        return refuse(w, "a constant of this type",
                      str(json_object_get(json_object_get(node, "value"), "type"), "id"));
    return ASSAY_OK;
}

/* $j2: the argument must be a constant text. */
static int write_java_format(struct writer *w, const json_t *argument, struct assay_buf *sql)
{
    const json_t *value = json_object_get(json_object_get(argument, "value"), "value");
    if (strcmp(str(argument, "class"), "CONSTANT") || !json_is_string(value))
        return assay_fail(w->err, ASSAY_INVALID, "a date pattern must be a constant text");
    ASSAY_SCOPED(assay_buf_release) struct assay_buf format = {0};
    ASSAY_TRY(assay_java_format(json_string_value(value), &format, w->err));
    assay_sql_text(sql, assay_buf_str(&format));
    return ASSAY_OK;
}

static int write_argument(struct writer *w, const json_t *arguments, char digit,
                          struct assay_buf *sql)
{
    return write_node(w, json_array_get(arguments, (size_t)(digit - '1')), sql);
}

static int write_template(struct writer *w, const char *template, const json_t *arguments,
                          bool distinct, struct assay_buf *sql)
{
    for (const char *p = template; *p; p++) {
        if (*p != '$') {
            assay_buf_char(sql, *p);
            if (*p == '(' && distinct)
                assay_buf_text(sql, "DISTINCT ");
        } else if (p[1] == '*') {
            ASSAY_TRY(write_list(w, arguments, 0, ", ", sql));
            p++;
        } else if (p[1] == 'j') {
            ASSAY_TRY(write_java_format(w, json_array_get(arguments, (size_t)(p[2] - '1')), sql));
            p += 2;
        } else if (isdigit((unsigned char)p[1])) {
            ASSAY_TRY(write_argument(w, arguments, p[1], sql));
            p++;
        } else {
            const bool date = !strncmp(p, "$today", 6);
            ASSAY_TRY(write_clock(w, date, sql));
            p += date ? 5 : 3;
        }
    }
    return ASSAY_OK;
}

static int check_call(struct writer *w, const json_t *node, const struct assay_function *row)
{
    const bool aggregate = row->flags & ASSAY_FUNCTION_AGGREGATE;
    const json_t *orders = json_object_get(json_object_get(node, "order_bys"), "orders");
    if (aggregate && !w->aggregates)
        return refuse(w, "the aggregate", row->name);
    if (aggregate && w->in_aggregate)
        return refuse(w, "an aggregate inside an aggregate,", row->name);
    if (json_array_size(orders) || assay_json_bool(node, "export_state", false))
        return refuse(w, "ORDER BY in", row->name);
    if (!aggregate && (assay_json_bool(node, "distinct", false) || assay_json_get(node, "filter")))
        return refuse(w, "DISTINCT or FILTER in", row->name);
    if ((row->flags & ASSAY_FUNCTION_GROWS) && w->growth >= GROWTH_DEPTH)
        return refuse(w, "so deep a nesting of", row->name);
    return ASSAY_OK;
}

static int find_function(struct writer *w, const json_t *node,
                         const struct assay_function **ret_row)
{
    bool known;
    const char *name = str(node, "function_name"), *schema = str(node, "schema");
    const int count = (int)json_array_size(json_object_get(node, "children"));
    *ret_row = assay_function_find(name, count, &known);
    if (*schema && strcmp(schema, "main"))
        return refuse(w, "the function", name);
    if (*ret_row)
        return ASSAY_OK;
    if (known)
        return assay_fail(w->err, ASSAY_INVALID, "the function %s does not take %d argument%s",
                          name, count, count == 1 ? "" : "s");
    const char *nearest = assay_function_nearest(name);
    return assay_fail(
        w->err, ASSAY_INVALID, "the function \"%s\" is not allowed in an expression%s%s%s", name,
        nearest ? ": did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

static int write_function(struct writer *w, const json_t *node, struct assay_buf *sql)
{
    const struct assay_function *row = NULL;
    ASSAY_TRY(find_function(w, node, &row));
    ASSAY_TRY(check_call(w, node, row));
    const bool aggregate = row->flags & ASSAY_FUNCTION_AGGREGATE,
               grows = row->flags & ASSAY_FUNCTION_GROWS;
    w->in_aggregate |= aggregate;
    w->out->aggregate |= aggregate;
    w->growth += grows;
    ASSAY_TRY(write_template(w, row->template, json_object_get(node, "children"),
                             assay_json_bool(node, "distinct", false), sql));
    const json_t *filter = assay_json_get(node, "filter");
    if (filter) {
        assay_buf_text(sql, " FILTER (WHERE ");
        ASSAY_TRY(write_node(w, filter, sql));
        assay_buf_char(sql, ')');
    }
    w->growth -= grows;
    if (aggregate)
        w->in_aggregate = false;
    return ASSAY_OK;
}

/* What may stand in an expression; every other class of node (subquery, window, lambda, star,
 * parameter …) is refused. */
static const struct {
    const char *class;
    int (*write)(struct writer *w, const json_t *node, struct assay_buf *sql);
} node_classes[] = {
    {"CONSTANT", write_constant},
    {"COLUMN_REF", write_column},
    {"FUNCTION", write_function},
    {"CONJUNCTION", write_conjunction},
    {"COMPARISON", write_comparison},
    {"OPERATOR", write_operator},
    {"CAST", write_cast},
    {"BETWEEN", write_between},
    {"CASE", write_case},
};

static int write_node(struct writer *w, const json_t *node, struct assay_buf *sql)
{
    const char *class = str(node, "class");
    if (++w->nodes > ASSAY_EXPRESSION_NODES || w->depth >= ASSAY_EXPRESSION_DEPTH)
        return assay_fail(w->err, ASSAY_INVALID, "the expression is too large or nested too deep");
    for (size_t i = 0; i < ASSAY_COUNT(node_classes); i++) {
        if (strcmp(class, node_classes[i].class))
            continue;
        w->depth++;
        ASSAY_TRY(node_classes[i].write(w, node, sql));
        w->depth--;
        return ASSAY_OK;
    }
    ASSAY_SCOPED(assay_buf_release) struct assay_buf word = {0};
    for (const char *p = class; *p; p++)
        assay_buf_char(&word, (char)tolower((unsigned char)*p));
    return refuse(w, "this part,", assay_buf_str(&word));
}

/* The one expression of SELECT ( … ), when there is nothing else in the statement. */
static int single_expression(struct writer *w, const json_t *statements, const json_t **ret_node)
{
    const json_t *select =
        json_object_get(json_array_get(json_object_get(statements, "statements"), 0), "node");
    const json_t *list = json_object_get(select, "select_list");
    const bool plain = json_array_size(json_object_get(statements, "statements")) == 1 &&
                       json_array_size(list) == 1 && !strcmp(str(select, "type"), "SELECT_NODE") &&
                       !strcmp(str(json_object_get(select, "from_table"), "type"), "EMPTY") &&
                       !json_array_size(json_object_get(select, "modifiers")) &&
                       !json_array_size(json_object_get(select, "group_expressions")) &&
                       !assay_json_get(select, "where_clause") &&
                       !assay_json_get(select, "having") && !assay_json_get(select, "sample") &&
                       !assay_json_get(select, "qualify") &&
                       !json_array_size(json_object_get(json_object_get(select, "cte_map"), "map"));
    if (!plain)
        return assay_fail(w->err, ASSAY_INVALID, "this is not one expression");
    *ret_node = json_array_get(list, 0);
    return ASSAY_OK;
}

static int parse_fault(struct writer *w, const json_t *tree)
{
    return assay_fail(w->err, ASSAY_INVALID, "the expression cannot be parsed: %s",
                      str(tree, "error_message"));
}

static int compile(struct writer *w, struct assay_buf *sql)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    ASSAY_AUTO(assay_json_decref) json_t *tree = NULL;
    const json_t *node = NULL;
    ASSAY_TRY(assay_expression_lex(w->text, w->scope->variables, false, &text, w->err));
    ASSAY_TRY(assay_expression_tree(w->scope->session, assay_buf_str(&text), &tree, w->err));
    if (assay_json_bool(tree, "error", true))
        return parse_fault(w, tree);
    ASSAY_TRY(single_expression(w, tree, &node));
    ASSAY_TRY(write_node(w, node, sql));
    return assay_buf_check(sql, NULL) == ASSAY_OK
               ? ASSAY_OK
               : assay_fail(w->err, ASSAY_INVALID, "the expression becomes too large");
}

int assay_expression_compile(const struct assay_rule_scope *scope, const char *text,
                             bool aggregates, struct assay_expression *ret_expression,
                             struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {.max_bytes = SQL_BYTES_MAX};
    struct assay_expression out = {0};
    struct writer w = {
        .scope = scope, .text = text, .aggregates = aggregates, .out = &out, .err = err};
    out.used = assay_arena_alloc(scope->arena, (scope->fields_count + 1) * sizeof *out.used);
    if (!out.used)
        return assay_fail_memory(err);
    ASSAY_TRY(compile(&w, &sql));
    out.sql = assay_arena_strndup(scope->arena, assay_buf_str(&sql), sql.size);
    if (!out.sql)
        return assay_fail_memory(err);
    *ret_expression = out;
    return ASSAY_OK;
}
