// between, betweenTimes: a range with either end open, closed or missing.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/rules/constant.h"
#include "worker/executor/rules/implementations.h"

static const char *bound(const struct assay_rule_check *check, const char *key,
                         const char *time_key)
{
    const char *text = assay_rule_property(check, key);
    return text ? text : assay_rule_property(check, time_key);
}

int assay_between(struct assay_rule_check *check, struct assay_error *err)
{
    const struct assay_rule_field *field = check->fields[0];
    const char *min = bound(check, "min", "min_time"), *max = bound(check, "max", "max_time");
    const bool with_min = assay_json_bool(check->properties, "inclusive_min", true);
    const bool with_max = assay_json_bool(check->properties, "inclusive_max", true);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    if (min)
        ASSAY_TRY(
            assay_constant_fails(check, field, with_min ? ASSAY_GE : ASSAY_GT, min, &sql, err));
    if (min && max)
        assay_buf_text(&sql, " OR ");
    if (max)
        ASSAY_TRY(
            assay_constant_fails(check, field, with_max ? ASSAY_LE : ASSAY_LT, max, &sql, err));
    ASSAY_TRY(assay_rule_keep(check, &sql, &check->fails_sql, err));
    return assay_rule_say(check, "is not", "are not", err, "in %c%s, %s%c",
                          min && with_min ? '[' : '(', min ? min : "-Infinity",
                          max ? max : "Infinity", max && with_max ? ']' : ')');
}
