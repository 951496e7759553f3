/* Constants of checks: their source text read as the field's type, and comparisons with them as
 * SQL. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_RULE_CONSTANT_H
#define ASSAY_EXECUTOR_RULE_CONSTANT_H

#include "worker/executor/rules/rule.h"

enum assay_compare { ASSAY_EQ, ASSAY_NE, ASSAY_LT, ASSAY_LE, ASSAY_GT, ASSAY_GE };

/** Append a BOOLEAN expression that is TRUE where `field op constant` does not hold: NULL stays
 * NULL, NaN fails every order comparison and equals NaN; exact for integers and decimals; a float
 * constant is rounded to 32 bits for a 32-bit column; a date alone stands for its midnight in the
 * container's time zone, as an included upper bound (LE) for the end of its day. ASSAY_INVALID: the
 * constant is not of the field's type. */
ASSAY_MUST_CHECK int assay_constant_fails(const struct assay_rule_check *check,
                                          const struct assay_rule_field *field,
                                          enum assay_compare op, const char *constant,
                                          struct assay_buf *sql, struct assay_error *err);
/** Append the expression `field = constant` (NaN = NaN is TRUE), for lists. FALSE for a number that
 * the field's type cannot hold. */
ASSAY_MUST_CHECK int assay_constant_equals(const struct assay_rule_check *check,
                                           const struct assay_rule_field *field,
                                           const char *constant, struct assay_buf *sql,
                                           struct assay_error *err);
/** Append an expression that is TRUE where `left op right` does not hold between two fields of a
 * record. ASSAY_INVALID: the types cannot be compared. */
ASSAY_MUST_CHECK int assay_fields_fail(const struct assay_rule_field *left, enum assay_compare op,
                                       const struct assay_rule_field *right, struct assay_buf *sql,
                                       struct assay_error *err);
/** `comparison` of a check ("eq", "equal to", …). */
enum assay_compare assay_compare_of(const char *word);
const char *assay_compare_sql(enum assay_compare op);   /* "<=" */
const char *assay_compare_words(enum assay_compare op); /* "less than or equal to" */

#endif
