// minLength, maxLength, notEmpty: code points of texts, elements of arrays.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/rules/implementations.h"

static const char *length_of(const struct assay_rule_field *field)
{
    if (field->type != ASSAY_TYPE_ARRAY)
        return "length";
    return field->layout == ASSAY_LAYOUT_LIST ? "len"
                                              : "json_array_length"; /* JSON text of an array */
}

static int compare(struct assay_rule_check *check, const char *op, const char *words,
                   struct assay_error *err)
{
    const struct assay_rule_field *field = check->fields[0];
    const long long value = (long long)assay_json_int(check->properties, "value", 0);
    check->fails_sql =
        assay_rule_text(check, "%s(%s) %s %lld", length_of(field), field->sql, op, value);
    if (!check->fails_sql)
        return assay_fail_memory(err);
    return assay_rule_say(check, "has", "have", err, "%s %lld %s", words, value,
                          field->type == ASSAY_TYPE_ARRAY ? "elements" : "characters");
}

int assay_min_length(struct assay_rule_check *check, struct assay_error *err)
{
    return compare(check, "<", "fewer than", err);
}

int assay_max_length(struct assay_rule_check *check, struct assay_error *err)
{
    return compare(check, ">", "more than", err);
}

int assay_not_empty(struct assay_rule_check *check, struct assay_error *err)
{
    const struct assay_rule_field *field = check->fields[0];
    const bool trim =
        assay_json_bool(check->properties, "trim", false) && field->type != ASSAY_TYPE_ARRAY;
    check->fails_sql = trim ? assay_rule_text(check, "regexp_full_match(%s, '\\s*')", field->sql)
                            : assay_rule_text(check, "%s(%s) = 0", length_of(field), field->sql);
    if (!check->fails_sql)
        return assay_fail_memory(err);
    return assay_rule_say(check, "is", "are", err, "empty");
}
