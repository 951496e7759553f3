// fieldCount, minPartitionSize, maxPartitionSize: how many fields, how many records.
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>

#include "worker/executor/rules/constant.h"
#include "worker/executor/rules/implementations.h"

static bool holds(int64_t left, enum assay_compare op, int64_t right)
{
    const bool results[] = {
        [ASSAY_EQ] = left == right,
        [ASSAY_NE] = left != right,
        [ASSAY_LT] = left<right, [ASSAY_LE] = left <= right, [ASSAY_GT] = left> right,
        [ASSAY_GE] = left >= right,
    };
    return results[op];
}

static int judge(struct assay_rule_check *check, const char *what, int64_t count,
                 enum assay_compare op, struct assay_rule_verdict *ret_verdict,
                 struct assay_error *err)
{
    const int64_t value = assay_json_int(check->properties, "value", 0);
    struct assay_rule_verdict verdict = {.passed = holds(count, op, value)};
    if (!verdict.passed) {
        verdict.message =
            assay_rule_text(check, "The number of %s is %" PRId64 ": it is not %s %" PRId64 ".",
                            what, count, assay_compare_words(op), value);
        if (!verdict.message)
            return assay_fail_memory(err);
    }
    *ret_verdict = verdict;
    return ASSAY_OK;
}

int assay_field_count(struct assay_rule_check *check, uint64_t records,
                      struct assay_rule_verdict *ret_verdict, struct assay_error *err)
{
    (void)records;
    int64_t count = 0;
    for (size_t i = 0; i < check->scope->fields_count; i++)
        count += !check->scope->fields[i].projected;
    return judge(check, "fields", count, assay_compare_of(assay_rule_property(check, "comparison")),
                 ret_verdict, err);
}

static int judge_records(struct assay_rule_check *check, uint64_t records, enum assay_compare op,
                         struct assay_rule_verdict *ret_verdict, struct assay_error *err)
{
    return judge(check, check->filter_sql ? "filtered records" : "records", (int64_t)records, op,
                 ret_verdict, err);
}

int assay_min_partition_size(struct assay_rule_check *check, uint64_t records,
                             struct assay_rule_verdict *ret_verdict, struct assay_error *err)
{
    return judge_records(check, records, ASSAY_GE, ret_verdict, err);
}

int assay_max_partition_size(struct assay_rule_check *check, uint64_t records,
                             struct assay_rule_verdict *ret_verdict, struct assay_error *err)
{
    return judge_records(check, records, ASSAY_LE, ret_verdict, err);
}
