// Checks made ready: validated again, fields found, types looked at, filter and predicate written.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "common/base/nearest.h"
#include "common/rules/check_validate.h"
#include "worker/executor/rules/expression.h"
#include "worker/executor/rules/rule.h"

const char *assay_rule_text(const struct assay_rule_check *check, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    const int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = size < 0 ? NULL : assay_arena_alloc(check->scope->arena, (size_t)size + 1);
    if (text)
        vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    return text;
}

int assay_rule_keep(const struct assay_rule_check *check, const struct assay_buf *buf,
                    const char **ret_text, struct assay_error *err)
{
    ASSAY_TRY(assay_buf_check(buf, err));
    const char *text = assay_arena_strndup(check->scope->arena, assay_buf_str(buf), buf->size);
    if (!text)
        return assay_fail_memory(err);
    *ret_text = text;
    return ASSAY_OK;
}

int assay_rule_say(struct assay_rule_check *check, const char *is_not, const char *are_not,
                   struct assay_error *err, const char *format, ...)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    va_list args;
    va_start(args, format);
    assay_buf_vprintf(&text, format, args);
    va_end(args);
    check->is_not = is_not;
    check->are_not = are_not;
    return assay_rule_keep(check, &text, &check->wanted, err);
}

const char *assay_rule_property(const struct assay_rule_check *check, const char *key)
{
    return assay_json_str(check->properties, key, NULL);
}

const char *assay_rule_scope_called(const struct assay_rule_scope *scope)
{
    return scope->is_reference && scope->name ? scope->name : "the container";
}

int assay_rule_field_find(const struct assay_rule_scope *scope, const char *name,
                          const struct assay_rule_field **ret_field, struct assay_error *err)
{
    struct assay_nearest nearest = {.wanted = name};
    for (size_t i = 0; i < scope->fields_count; i++) {
        if (!strcmp(scope->fields[i].name, name)) {
            *ret_field = &scope->fields[i];
            return ASSAY_OK;
        }
        assay_nearest_offer(&nearest, scope->fields[i].name);
    }
    const char *container = assay_rule_scope_called(scope);
    if (nearest.best)
        return assay_fail(err, ASSAY_NOT_FOUND, "%s has no field `%s`: did you mean `%s`?",
                          container, name, nearest.best);
    return assay_fail(err, ASSAY_NOT_FOUND, "%s has no field `%s`", container, name);
}

bool assay_rule_names_reference(const json_t *properties)
{
    static const char *const keys[] = {"ref_container", "ref_datastore", "ref_container_id",
                                       "ref_datastore_id"};
    for (size_t i = 0; i < ASSAY_COUNT(keys); i++)
        if (json_object_get(properties, keys[i]))
            return true;
    return false;
}

bool assay_rule_is_foreign(const struct assay_rule_check *check)
{
    return assay_rule_names_reference(check->properties);
}

int assay_rule_reference(const struct assay_rule_check *check,
                         const struct assay_rule_scope **ret_reference, struct assay_error *err)
{
    if (assay_rule_is_foreign(check)) {
        if (check->scope->reference)
            return check->scope->reference(check, ret_reference, err);
        return assay_fail(err, ASSAY_UNSUPPORTED,
                          "%s: the reference can only be the container itself", check->def->name);
    }
    *ret_reference = check->scope;
    return ASSAY_OK;
}

int assay_rule_reference_where(const struct assay_rule_check *check,
                               const struct assay_rule_scope *reference, const char **ret_where,
                               struct assay_error *err)
{
    const char *text = assay_rule_property(check, "ref_filter");
    *ret_where = "";
    if (!text)
        return ASSAY_OK;
    struct assay_expression filter;
    const int code = assay_expression_compile(reference, text, false, &filter, err);
    if (code != ASSAY_OK)
        return assay_context(err, code, "ref_filter");
    *ret_where = assay_rule_text(check, " WHERE (%s)", filter.sql);
    return *ret_where ? ASSAY_OK : assay_fail_memory(err);
}

bool assay_rule_is_masked(const struct assay_rule_scope *scope,
                          const struct assay_rule_field *field)
{
    for (size_t i = 0; i < json_array_size(scope->mask); i++)
        if (!strcmp(json_string_value(json_array_get(scope->mask, i)), field->name))
            return true;
    return false;
}

const char *assay_rule_where(const struct assay_rule_check *check)
{
    return check->filter_sql ? assay_rule_text(check, " WHERE (%s)", check->filter_sql) : "";
}

static int find_fields(struct assay_rule_check *check, struct assay_error *err)
{
    const json_t *names = json_object_get(check->json, "fields");
    const size_t count = json_array_size(names);
    check->fields = assay_arena_zalloc(check->scope->arena, (count + 1) * sizeof *check->fields);
    if (!check->fields)
        return assay_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        ASSAY_TRY(assay_rule_field_find(check->scope, json_string_value(json_array_get(names, i)),
                                        &check->fields[i], err));
    check->fields_count = count;
    const char *other = assay_rule_property(check, "field_name");
    return other && !check->rule->names_foreign
               ? assay_rule_field_find(check->scope, other, &check->other, err)
               : ASSAY_OK;
}

static bool is_opaque(const struct assay_rule_field *field)
{
    return field->layout == ASSAY_LAYOUT_BYTES ||
           (field->nested && field->type != ASSAY_TYPE_ARRAY);
}

static int check_type(const struct assay_rule_check *check, const struct assay_rule_field *field,
                      struct assay_error *err)
{
    if (field->type == ASSAY_TYPE_UNKNOWN || check->def->fields == ASSAY_FIELDS_COMPUTED)
        return ASSAY_OK;
    const unsigned bit = 1u << (field->type - 1);
    if ((check->def->on & bit) && (!is_opaque(field) || check->rule->takes_unknown))
        return ASSAY_OK;
    return assay_fail(err, ASSAY_INVALID, "%s does not take the type of `%s`, %s%s%s%s",
                      check->def->name, field->name, assay_type_name(field->type),
                      field->native_type ? " (" : "", field->native_type ? field->native_type : "",
                      field->native_type ? ")" : "");
}

static bool any_unknown(const struct assay_rule_check *check)
{
    for (size_t i = 0; i < check->fields_count; i++)
        if (check->fields[i]->type == ASSAY_TYPE_UNKNOWN)
            return true;
    return false;
}

static int write_nulls(struct assay_rule_check *check, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    if (!check->fields_count || check->def->fields == ASSAY_FIELDS_COMPUTED)
        return ASSAY_OK;
    for (size_t i = 0; i < check->fields_count; i++)
        assay_buf_printf(&sql, "%s%s IS NULL", i ? " OR " : "", check->fields[i]->sql);
    return assay_rule_keep(check, &sql, &check->nulls_sql, err);
}

static int write_filter(struct assay_rule_check *check, struct assay_error *err)
{
    const char *text = assay_json_str(check->json, "filter", NULL);
    if (!text)
        return ASSAY_OK;
    struct assay_expression filter;
    const int code = assay_expression_compile(check->scope, text, false, &filter, err);
    if (code != ASSAY_OK)
        return assay_context(err, code, "the filter");
    check->filter_sql = filter.sql;
    return ASSAY_OK;
}

static int use_own_fields(struct assay_rule_check *check, struct assay_error *err)
{
    check->used =
        assay_arena_zalloc(check->scope->arena, (check->fields_count + 1) * sizeof *check->used);
    if (!check->used)
        return assay_fail_memory(err);
    for (size_t i = 0; i < check->fields_count; i++)
        check->used[check->used_count++] = check->fields[i];
    if (check->other)
        check->used[check->used_count++] = check->other;
    return ASSAY_OK;
}

static int write_rule(struct assay_rule_check *check, struct assay_error *err)
{
    for (size_t i = 0; i < check->fields_count; i++)
        ASSAY_TRY(check_type(check, check->fields[i], err));
    if (check->other)
        ASSAY_TRY(check_type(check, check->other, err));
    if (!check->rule->takes_unknown && any_unknown(check) &&
        check->def->fields != ASSAY_FIELDS_COMPUTED) {
        check->fails_sql = "FALSE";
        check->query_sql = assay_rule_text(
            check,
            "SELECT CAST(NULL AS BOOLEAN), CAST(NULL AS VARCHAR), count(*), count(*) FROM %s%s",
            check->scope->relation, assay_rule_where(check));
        return check->query_sql ? assay_rule_say(check, "is not", "are not", err, "judged")
                                : assay_fail_memory(err);
    }
    if (check->rule->prepare)
        ASSAY_TRY(check->rule->prepare(check, err));
    if (check->rule->predicate)
        ASSAY_TRY(check->rule->predicate(check, err));
    return check->rule->aggregate ? check->rule->aggregate(check, err) : ASSAY_OK;
}

int assay_rule_compile(const struct assay_rule_scope *scope, const json_t *json, int number,
                       struct assay_rule_check **ret_check, struct assay_error *err)
{
    struct assay_rule_check *check = assay_arena_zalloc(scope->arena, sizeof *check);
    if (!check)
        return assay_fail_memory(err);
    check->scope = scope;
    check->json = json;
    check->properties = json_object_get(json, "properties");
    check->number = number;
    check->def = assay_rule_def_find(assay_json_str(json, "rule", ""));
    check->rule = assay_rule_find(assay_json_str(json, "rule", ""));
    if (!check->def || !check->rule)
        return assay_fail(err, ASSAY_INVALID, "the rule \"%s\" is not known",
                          assay_json_str(json, "rule", ""));
    check->is_shape = !check->def->record || assay_json_num(json, "coverage", 1.0) < 1.0;
    ASSAY_TRY(find_fields(check, err));
    ASSAY_TRY(write_nulls(check, err));
    ASSAY_TRY(write_filter(check, err));
    ASSAY_TRY(use_own_fields(check, err));
    ASSAY_TRY(write_rule(check, err));
    *ret_check = check;
    return ASSAY_OK;
}
