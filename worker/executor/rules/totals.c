// distinctCount, sum, requiredValues: one figure of a whole field.
// SPDX-License-Identifier: Apache-2.0
#include "common/base/number.h"
#include "worker/executor/rules/constant.h"
#include "worker/executor/rules/implementations.h"

/* SELECT verdict, observed, records, nulls FROM relation WHERE filter */
static int finish(struct assay_rule_check *check, const struct assay_buf *verdict,
                  const struct assay_buf *observed, struct assay_error *err)
{
    ASSAY_TRY(assay_buf_check(verdict, err));
    ASSAY_TRY(assay_buf_check(observed, err));
    const char *field = check->fields[0]->sql;
    check->reads_masked = assay_rule_is_masked(check->scope, check->fields[0]);
    check->query_sql = assay_rule_text(
        check, "SELECT %s, CAST(%s AS VARCHAR), count(*), count(*) - count(%s) FROM %s%s",
        assay_buf_str(verdict), assay_buf_str(observed), field, check->scope->relation,
        assay_rule_where(check));
    return check->query_sql ? ASSAY_OK : assay_fail_memory(err);
}

int assay_distinct_count(struct assay_rule_check *check, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf verdict = {0}, observed = {0};
    const enum assay_compare op = assay_compare_of(assay_rule_property(check, "comparison"));
    const long long value = (long long)assay_json_int(check->properties, "value", 0);
    assay_buf_printf(&observed, "count(DISTINCT %s)", check->fields[0]->sql);
    assay_buf_printf(&verdict, "count(DISTINCT %s) %s %lld", check->fields[0]->sql,
                     assay_compare_sql(op), value);
    ASSAY_TRY(finish(check, &verdict, &observed, err));
    return assay_rule_say(check, "the number of distinct values is", "", err, "%s %lld",
                          assay_compare_words(op), value);
}

/* Doubles: compensated sum, relative tolerance; any NaN or infinity fails. */
static int sum_doubles(struct assay_rule_check *check, const char *value, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf verdict = {0}, observed = {0};
    const char *field = check->fields[0]->sql;
    double number;
    if (!assay_parse_double(value, __builtin_strlen(value), &number))
        return assay_fail(err, ASSAY_INVALID, "the constant \"%s\" is not a number", value);
    const double tolerance = assay_json_num(check->properties, "tolerance", 1e-9);
    const double bound = tolerance * (number < 0 ? -number : number);
    assay_buf_printf(
        &verdict,
        "CASE WHEN count(*) FILTER (WHERE NOT isfinite(%s)) > 0 THEN FALSE ELSE abs(fsum(%s) - "
        "CAST('%.17g' AS DOUBLE)) <= CAST('%.17g' AS DOUBLE) END",
        field, field, number, bound > 0 ? bound : tolerance);
    assay_buf_printf(&observed,
                     "CASE count(*) FILTER (WHERE NOT isfinite(%s)) WHEN 0 THEN CAST(fsum(%s) AS "
                     "VARCHAR) WHEN 1 THEN 'undefined (1 value is NaN or infinite)' ELSE "
                     "concat('undefined (', count(*) FILTER (WHERE NOT isfinite(%s)), ' values are "
                     "NaN or infinite)') END",
                     field, field, field);
    return finish(check, &verdict, &observed, err);
}

/* The sum as the message shows it. */
static void observe_sum(const struct assay_rule_check *check, const char *sql,
                        struct assay_buf *observed)
{
    assay_buf_text(observed, assay_rule_is_masked(check->scope, check->fields[0])
                                 ? "'" ASSAY_RULE_MASKED "'"
                                 : sql);
}

/* Decimals of text: the exact sum, within the tolerance that sums of fractions have. */
static int sum_near(struct assay_rule_check *check, const char *value, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf verdict = {0}, observed = {0};
    double number;
    if (!assay_parse_double(value, __builtin_strlen(value), &number))
        return assay_fail(err, ASSAY_INVALID, "the constant \"%s\" is not a number", value);
    const double tolerance = assay_json_num(check->properties, "tolerance", 1e-9);
    const double bound = tolerance * (number < 0 ? -number : number);
    const char *total = assay_rule_text(check, "CAST(sum(%s) AS DOUBLE)", check->fields[0]->sql);
    if (!total)
        return assay_fail_memory(err);
    observe_sum(check, total, &observed);
    assay_buf_printf(&verdict, "abs(%s - CAST('%.17g' AS DOUBLE)) <= CAST('%.17g' AS DOUBLE)",
                     total, number, bound > 0 ? bound : tolerance);
    return finish(check, &verdict, &observed, err);
}

static int sum_exact(struct assay_rule_check *check, const char *value, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf verdict = {0}, observed = {0};
    struct assay_rule_field total = *check->fields[0];
    total.sql = assay_rule_text(check, "sum(%s)", check->fields[0]->sql);
    if (!total.sql)
        return assay_fail_memory(err);
    total.layout = total.scale ? ASSAY_LAYOUT_DECIMAL128 : ASSAY_LAYOUT_INT128;
    ASSAY_TRY(assay_constant_equals(check, &total, value, &verdict, err));
    observe_sum(check, total.sql, &observed);
    return finish(check, &verdict, &observed, err);
}

int assay_sum(struct assay_rule_check *check, struct assay_error *err)
{
    const enum assay_layout layout = check->fields[0]->layout;
    const char *value = assay_rule_property(check, "value");
    if (layout == ASSAY_LAYOUT_DOUBLE || layout == ASSAY_LAYOUT_FLOAT)
        ASSAY_TRY(sum_doubles(check, value, err));
    else if (layout == ASSAY_LAYOUT_DECIMAL128 && check->fields[0]->misfit_sql)
        ASSAY_TRY(sum_near(check, value, err));
    else
        ASSAY_TRY(sum_exact(check, value, err));
    return assay_rule_say(check, "the sum is", "", err, "equal to %s", value);
}

/* observed: the values that are missing, or NULL. Zero records: every value is missing. */
int assay_required_values(struct assay_rule_check *check, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf verdict = {0}, observed = {0};
    const json_t *list = json_object_get(check->properties, "list");
    const bool unknown = check->fields[0]->type == ASSAY_TYPE_UNKNOWN;
    size_t i;
    const json_t *item;
    assay_buf_text(&verdict, "TRUE");
    assay_buf_text(&observed, "concat_ws(', '");
    json_array_foreach((json_t *)(uintptr_t)list, i, item)
    {
        if (!json_is_string(item))
            continue;
        ASSAY_SCOPED(assay_buf_release) struct assay_buf found = {0};
        assay_buf_text(&found, "coalesce(bool_or(");
        if (unknown)
            assay_buf_text(&found, "FALSE");
        else
            ASSAY_TRY(assay_constant_equals(check, check->fields[0], json_string_value(item),
                                            &found, err));
        assay_buf_text(&found, "), FALSE)");
        assay_buf_printf(&verdict, " AND %s", assay_buf_str(&found));
        assay_buf_printf(&observed, ", CASE WHEN NOT %s THEN ", assay_buf_str(&found));
        assay_sql_text(&observed, json_string_value(item));
        assay_buf_text(&observed, " END");
    }
    assay_buf_text(&observed, ")");
    ASSAY_TRY(finish(check, &verdict, &observed, err));
    check->is_not = "these required values do not occur:";
    return ASSAY_OK;
}
