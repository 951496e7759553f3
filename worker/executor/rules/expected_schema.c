// expectedSchema: the listed fields are there, of the stated types. Order is not judged.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "worker/executor/rules/implementations.h"

static const char *item_name(const json_t *item)
{
    return json_is_string(item) ? json_string_value(item) : assay_json_str(item, "name", "");
}

static const struct assay_rule_field *find(const struct assay_rule_scope *scope, const char *name)
{
    for (size_t i = 0; i < scope->fields_count; i++)
        if (!strcmp(scope->fields[i].name, name))
            return &scope->fields[i];
    return NULL;
}

static void add_name(struct assay_buf *names, const char *name)
{
    assay_buf_printf(names, "%s`%s`", names->size ? ", " : "", name);
}

static void look_for_listed(const struct assay_rule_check *check, const json_t *list,
                            struct assay_buf *missing, struct assay_buf *types)
{
    size_t i;
    const json_t *item;
    json_array_foreach((json_t *)(uintptr_t)list, i, item)
    {
        const struct assay_rule_field *field = find(check->scope, item_name(item));
        const char *type = json_is_object(item) ? assay_json_str(item, "type", NULL) : NULL;
        if (!field)
            add_name(missing, item_name(item));
        else if (type && strcmp(type, assay_type_name(field->type)))
            assay_buf_printf(types, "%s`%s` is %s, not %s", types->size ? ", " : "", field->name,
                             assay_type_name(field->type), type);
    }
}

static bool is_listed(const json_t *list, const char *name)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!strcmp(item_name(json_array_get(list, i)), name))
            return true;
    return false;
}

static void look_for_others(const struct assay_rule_check *check, const json_t *list,
                            struct assay_buf *others)
{
    if (assay_json_bool(check->properties, "allow_other_fields", true))
        return;
    for (size_t i = 0; i < check->scope->fields_count; i++) {
        const struct assay_rule_field *field = &check->scope->fields[i];
        if (!field->projected && !is_listed(list, field->name))
            add_name(others, field->name);
    }
}

int assay_expected_schema(struct assay_rule_check *check, uint64_t records,
                          struct assay_rule_verdict *ret_verdict, struct assay_error *err)
{
    (void)records;
    ASSAY_SCOPED(assay_buf_release)
    struct assay_buf missing = {0}, types = {0}, others = {0}, text = {0};
    const json_t *list = json_object_get(check->properties, "list");
    look_for_listed(check, list, &missing, &types);
    look_for_others(check, list, &others);
    if (missing.size)
        assay_buf_printf(&text, "The required fields (%s) are not present.",
                         assay_buf_str(&missing));
    if (types.size)
        assay_buf_printf(&text, "%sFields have other types: %s.", text.size ? " " : "",
                         assay_buf_str(&types));
    if (others.size)
        assay_buf_printf(&text, "%sThere are other fields (%s).", text.size ? " " : "",
                         assay_buf_str(&others));
    struct assay_rule_verdict verdict = {.passed = !text.size};
    ASSAY_TRY(assay_rule_keep(check, &text, &verdict.message, err));
    *ret_verdict = verdict;
    return ASSAY_OK;
}
