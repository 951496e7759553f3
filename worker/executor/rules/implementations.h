/* What the files of rules give to the table in rules.c; see struct assay_rule for the contracts. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_RULE_IMPLEMENTATIONS_H
#define ASSAY_EXECUTOR_RULE_IMPLEMENTATIONS_H

#include "worker/executor/rules/rule.h"

typedef int assay_rule_writer(struct assay_rule_check *check, struct assay_error *err);
typedef void assay_rule_speaker(const struct assay_rule_check *check,
                                const struct assay_rule_values *values, struct assay_buf *text);
typedef int assay_rule_judge(struct assay_rule_check *check, uint64_t records,
                             struct assay_rule_verdict *ret_verdict, struct assay_error *err);
typedef int assay_rule_closer(struct assay_rule_check *check, uint64_t records, uint64_t failing,
                              struct assay_rule_verdict *ret_verdict, struct assay_error *err);

assay_rule_writer assay_after_date_time, assay_before_date_time, assay_not_future; /* instants.c */
assay_rule_writer assay_between;                                                   /* between.c */
assay_rule_writer assay_greater_than, assay_less_than, assay_max_value, assay_min_value,
    assay_not_negative, assay_positive; /* bounds.c */
assay_rule_writer assay_equal_to;       /* equal_to.c */
assay_rule_speaker assay_equal_to_message;
assay_rule_writer assay_equal_to_field, assay_greater_than_field,
    assay_less_than_field;                            /* other_field.c */
assay_rule_writer assay_not_null, assay_any_not_null; /* not_null.c */
assay_rule_speaker assay_not_null_message, assay_any_not_null_message;
assay_rule_writer assay_exists_in, assay_not_exists_in; /* exists_in.c */
assay_rule_writer assay_expected_values;                /* expected_values.c */
assay_rule_writer assay_matches_pattern, assay_contains_email, assay_contains_ssn,
    assay_contains_url;                                                /* patterns.c */
assay_rule_writer assay_is_credit_card, assay_contains_credit_card;    /* credit_card.c */
assay_rule_writer assay_is_type;                                       /* is_type.c */
assay_rule_writer assay_min_length, assay_max_length, assay_not_empty; /* lengths.c */
assay_rule_writer assay_satisfies_expression;                          /* satisfies_expression.c */
assay_rule_writer assay_predicted_by;                                  /* predicted_by.c */
assay_rule_writer assay_time_distribution_size;             /* time_distribution_size.c */
assay_rule_writer assay_unique;                             /* unique.c */
assay_rule_writer assay_aggregation_comparison;             /* aggregation_comparison.c */
assay_rule_writer assay_data_diff_prepare, assay_data_diff; /* data_diff.c */
assay_rule_closer assay_data_diff_close;
assay_rule_writer assay_distinct_count, assay_sum, assay_required_values; /* totals.c */
assay_rule_judge assay_expected_schema;                                   /* expected_schema.c */
assay_rule_judge assay_field_count, assay_min_partition_size,
    assay_max_partition_size; /* sizes.c */

#endif
