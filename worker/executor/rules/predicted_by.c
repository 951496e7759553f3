// predictedBy: the value against what an expression of the other fields predicts.
// SPDX-License-Identifier: Apache-2.0
#include "common/base/number.h"
#include "worker/executor/rules/expression.h"
#include "worker/executor/rules/implementations.h"

#define SHOWN_BYTES 200
#define US_PER_DAY  86400e6
#define US_PER_S    1e6

/* The field's own column, then those of the expression. */
static int use_all(struct assay_rule_check *check, const struct assay_expression *expression,
                   struct assay_error *err)
{
    const struct assay_rule_field **used =
        assay_arena_zalloc(check->scope->arena, (expression->used_count + 1) * sizeof *used);
    if (!used)
        return assay_fail_memory(err);
    used[0] = check->fields[0];
    for (size_t i = 0; i < expression->used_count; i++)
        used[i + 1] = expression->used[i];
    check->used = used;
    check->used_count = expression->used_count + 1;
    return ASSAY_OK;
}

/* A plain decimal stays one, so that it compares exactly with decimals. */
static const char *tolerance_sql(const struct assay_rule_check *check, double tolerance)
{
    char text[ASSAY_NUMBER_TEXT];
    assay_format_double(tolerance, text);
    return assay_rule_text(check, __builtin_strpbrk(text, "eE") ? "CAST('%s' AS DOUBLE)" : "%s",
                           text);
}

/* Differences of numbers in the numbers' own type; of times in microseconds. A NaN is above every
 * tolerance. */
static const char *difference_sql(const struct assay_rule_check *check, const char *expression)
{
    const struct assay_rule_field *field = check->fields[0];
    const char *type = field->layout == ASSAY_LAYOUT_INSTANT ? "TIMESTAMPTZ" : "TIMESTAMP";
    if (field->type != ASSAY_TYPE_DATE && field->type != ASSAY_TYPE_TIMESTAMP)
        return assay_rule_text(check, "abs(%s - (%s))", field->sql, expression);
    return assay_rule_text(check, "abs(epoch_us(CAST(%s AS %s)) - epoch_us(CAST((%s) AS %s)))",
                           field->sql, type, expression, type);
}

int assay_predicted_by(struct assay_rule_check *check, struct assay_error *err)
{
    const char *text = assay_rule_property(check, "expression");
    const struct assay_rule_field *field = check->fields[0];
    const double tolerance = assay_json_num(check->properties, "tolerance", 0);
    const double unit = field->type == ASSAY_TYPE_DATE        ? US_PER_DAY
                        : field->type == ASSAY_TYPE_TIMESTAMP ? US_PER_S
                                                              : 1;
    struct assay_expression expression;
    ASSAY_TRY(assay_expression_compile(check->scope, text, false, &expression, err));
    ASSAY_TRY(use_all(check, &expression, err));
    const char *difference = difference_sql(check, expression.sql);
    const char *most = tolerance_sql(check, tolerance * unit);
    if (!difference || !most)
        return assay_fail_memory(err);
    check->fails_sql = assay_rule_text(check, "%s > %s", difference, most);
    check->nulls_sql = assay_rule_text(check, "%s IS NULL", difference);
    check->fails_by_expression = true;
    if (!check->fails_sql || !check->nulls_sql)
        return assay_fail_memory(err);
    return assay_rule_say(check, "is not", "are not", err, "within %.15g of the prediction: %.*s",
                          tolerance, SHOWN_BYTES, text);
}
