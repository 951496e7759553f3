// greaterThan, lessThan, maxValue, minValue, notNegative, positive: one bound.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/rules/constant.h"
#include "worker/executor/rules/implementations.h"

static int compare(struct assay_rule_check *check, enum assay_compare op, const char *constant,
                   struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    ASSAY_TRY(assay_constant_fails(check, check->fields[0], op, constant, &sql, err));
    ASSAY_TRY(assay_rule_keep(check, &sql, &check->fails_sql, err));
    return assay_rule_say(check, "is not", "are not", err, "%s %s", assay_compare_words(op),
                          constant);
}

static int bounded(struct assay_rule_check *check, enum assay_compare open,
                   enum assay_compare closed, struct assay_error *err)
{
    const bool inclusive = assay_json_bool(check->properties, "inclusive", false);
    return compare(check, inclusive ? closed : open, assay_rule_property(check, "value"), err);
}

int assay_greater_than(struct assay_rule_check *check, struct assay_error *err)
{
    return bounded(check, ASSAY_GT, ASSAY_GE, err);
}

int assay_less_than(struct assay_rule_check *check, struct assay_error *err)
{
    return bounded(check, ASSAY_LT, ASSAY_LE, err);
}

int assay_max_value(struct assay_rule_check *check, struct assay_error *err)
{
    return bounded(check, ASSAY_LT, ASSAY_LE, err);
}

int assay_min_value(struct assay_rule_check *check, struct assay_error *err)
{
    return bounded(check, ASSAY_GT, ASSAY_GE, err);
}

int assay_not_negative(struct assay_rule_check *check, struct assay_error *err)
{
    return compare(check, ASSAY_GE, "0", err);
}

int assay_positive(struct assay_rule_check *check, struct assay_error *err)
{
    return compare(check, ASSAY_GT, "0", err);
}
