// The table of rule implementations, in the order of their names; a test joins it with
// common/rules/rule_def.c.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "worker/executor/rules/implementations.h"

const struct assay_rule assay_rules[] = {
    {.name = "afterDateTime", .predicate = assay_after_date_time},
    {.name = "aggregationComparison",
     .aggregate = assay_aggregation_comparison,
     .takes_unknown = true,
     .names_foreign = true},
    {.name = "anyNotNull",
     .predicate = assay_any_not_null,
     .message = assay_any_not_null_message,
     .fails_on_null = true,
     .takes_unknown = true},
    {.name = "beforeDateTime", .predicate = assay_before_date_time},
    {.name = "between", .predicate = assay_between},
    {.name = "betweenTimes", .predicate = assay_between},
    {.name = "containsCreditCard", .predicate = assay_contains_credit_card, .needs_utf8 = true},
    {.name = "containsEmail", .predicate = assay_contains_email, .needs_utf8 = true},
    {.name = "containsSocialSecurityNumber", .predicate = assay_contains_ssn, .needs_utf8 = true},
    {.name = "containsUrl", .predicate = assay_contains_url, .needs_utf8 = true},
    {.name = "dataDiff",
     .prepare = assay_data_diff_prepare,
     .predicate = assay_data_diff,
     .close = assay_data_diff_close,
     .takes_unknown = true},
    {.name = "distinctCount", .aggregate = assay_distinct_count},
    {.name = "equalTo", .predicate = assay_equal_to, .message = assay_equal_to_message},
    {.name = "equalToField", .predicate = assay_equal_to_field},
    {.name = "existsIn",
     .predicate = assay_exists_in,
     .names_foreign = true,
     .needs_utf8 = true,
     .looks_up = true},
    {.name = "expectedSchema", .conclude = assay_expected_schema},
    {.name = "expectedValues", .predicate = assay_expected_values},
    {.name = "fieldCount", .conclude = assay_field_count},
    {.name = "greaterThan", .predicate = assay_greater_than},
    {.name = "greaterThanField", .predicate = assay_greater_than_field},
    {.name = "isCreditCard", .predicate = assay_is_credit_card, .needs_utf8 = true},
    {.name = "isReplicaOf",
     .prepare = assay_data_diff_prepare,
     .predicate = assay_data_diff,
     .close = assay_data_diff_close,
     .takes_unknown = true},
    {.name = "isType", .predicate = assay_is_type, .needs_utf8 = true},
    {.name = "lessThan", .predicate = assay_less_than},
    {.name = "lessThanField", .predicate = assay_less_than_field},
    {.name = "matchesPattern", .predicate = assay_matches_pattern, .needs_utf8 = true},
    {.name = "maxLength", .predicate = assay_max_length},
    {.name = "maxPartitionSize", .conclude = assay_max_partition_size},
    {.name = "maxValue", .predicate = assay_max_value},
    {.name = "minLength", .predicate = assay_min_length},
    {.name = "minPartitionSize", .conclude = assay_min_partition_size},
    {.name = "minValue", .predicate = assay_min_value},
    {.name = "notEmpty", .predicate = assay_not_empty},
    {.name = "notExistsIn",
     .predicate = assay_not_exists_in,
     .names_foreign = true,
     .needs_utf8 = true,
     .looks_up = true},
    {.name = "notFuture", .predicate = assay_not_future},
    {.name = "notNegative", .predicate = assay_not_negative},
    {.name = "notNull",
     .predicate = assay_not_null,
     .message = assay_not_null_message,
     .fails_on_null = true,
     .takes_unknown = true},
    {.name = "positive", .predicate = assay_positive},
    {.name = "predictedBy", .predicate = assay_predicted_by},
    {.name = "requiredValues", .aggregate = assay_required_values, .takes_unknown = true},
    {.name = "satisfiesExpression", .predicate = assay_satisfies_expression},
    {.name = "sum", .aggregate = assay_sum},
    {.name = "timeDistributionSize", .aggregate = assay_time_distribution_size},
    {.name = "unique", .predicate = assay_unique, .finds_repeats = true},
    {.name = NULL},
};

const struct assay_rule *assay_rule_find(const char *name)
{
    for (const struct assay_rule *rule = assay_rules; name && rule->name; rule++)
        if (!strcmp(rule->name, name))
            return rule;
    return NULL;
}
