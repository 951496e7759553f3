/* Comparators: when two values that are not equal are the same all the same (numeric_comparator,
 * duration_comparator, string_comparator of a check's properties). */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_RULE_COMPARATOR_H
#define ASSAY_EXECUTOR_RULE_COMPARATOR_H

#include "worker/executor/rules/rule.h"

/** Append a BOOLEAN expression that is TRUE where the comparator of the fields' type takes two
 * values for the same; nothing where the properties have none for it. a, b: SQL of the values, of
 * the fields' types or of a type that both are compared in. It raises no error; NULL and values
 * that are not finite are not near to anything. Exact for integers and decimals as long as 38
 * digits hold what is computed. A percentage is one of a. */
ASSAY_MUST_CHECK int assay_comparator_write(const json_t *properties,
                                            const struct assay_rule_field *left, const char *a,
                                            const struct assay_rule_field *right, const char *b,
                                            struct assay_buf *sql, struct assay_error *err);

#endif
