// equalToField, greaterThanField, lessThanField: two fields of one record.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/rules/comparator.h"
#include "worker/executor/rules/constant.h"
#include "worker/executor/rules/implementations.h"

/* What a comparator takes for the same is equal: it passes, or fails where equal values do. */
static int append_near(const struct assay_rule_check *check, enum assay_compare op,
                       struct assay_buf *sql, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf near = {0};
    const struct assay_rule_field *left = check->fields[0], *right = check->other;
    ASSAY_TRY(
        assay_comparator_write(check->properties, left, left->sql, right, right->sql, &near, err));
    if (near.size)
        assay_buf_printf(sql,
                         op == ASSAY_GT || op == ASSAY_LT ? " OR coalesce(%s, FALSE)"
                                                          : " AND NOT coalesce(%s, FALSE)",
                         assay_buf_str(&near));
    return ASSAY_OK;
}

/* One NULL passes, unless null_safe makes NULL against a value fail. */
static int compare(struct assay_rule_check *check, enum assay_compare op, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    const struct assay_rule_field *left = check->fields[0], *right = check->other;
    ASSAY_TRY(assay_fields_fail(left, op, right, &sql, err));
    ASSAY_TRY(append_near(check, op, &sql, err));
    if (assay_json_bool(check->properties, "null_safe", false))
        assay_buf_printf(&sql, " OR (%s IS NULL) <> (%s IS NULL)", left->sql, right->sql);
    ASSAY_TRY(assay_rule_keep(check, &sql, &check->fails_sql, err));
    check->nulls_sql = assay_rule_text(check, "%s IS NULL OR %s IS NULL", left->sql, right->sql);
    if (!check->nulls_sql)
        return assay_fail_memory(err);
    return assay_rule_say(check, "is not", "are not", err, "%s the value for `%s`",
                          assay_compare_words(op), right->name);
}

static bool inclusive(const struct assay_rule_check *check)
{
    return assay_json_bool(check->properties, "inclusive", false);
}

int assay_equal_to_field(struct assay_rule_check *check, struct assay_error *err)
{
    return compare(check, ASSAY_EQ, err);
}

int assay_greater_than_field(struct assay_rule_check *check, struct assay_error *err)
{
    return compare(check, inclusive(check) ? ASSAY_GE : ASSAY_GT, err);
}

int assay_less_than_field(struct assay_rule_check *check, struct assay_error *err)
{
    return compare(check, inclusive(check) ? ASSAY_LE : ASSAY_LT, err);
}
