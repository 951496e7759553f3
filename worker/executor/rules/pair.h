/* Pairs: a field of the scanned container and a field of a reference, as SQL that compares their
 * values exactly, whatever types the two sources have. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_RULE_PAIR_H
#define ASSAY_EXECUTOR_RULE_PAIR_H

#include "worker/executor/rules/rule.h"

/** Expressions of one type; in the arena of the check. left is to be selected from the check's
 * relation, right from the reference's. */
struct assay_pair {
    const char *left, *right;
};

/** Values that are the same are equal by =, IN, IS NOT DISTINCT FROM, GROUP BY and joins, and null
 * stays null:
 *   integers and decimals   exactly, of any widths and scales
 *   integers and doubles    exactly: 9007199254740993 is no double
 *   decimals and doubles    as doubles; with 32-bit floats at float32 (0.1 is 0.1)
 *   NaN                     equals NaN; -0.0 is 0.0
 *   dates and timestamps    a date is its midnight, in the session's time zone beside an instant
 *   texts                   by bytes
 * A field without any value (type Unknown) goes with every other. Nothing of it raises an error.
 * ASSAY_INVALID names both types: they cannot be compared. */
ASSAY_MUST_CHECK int assay_pair_write(const struct assay_rule_check *check,
                                      const struct assay_rule_field *left,
                                      const struct assay_rule_scope *reference,
                                      const struct assay_rule_field *right,
                                      struct assay_pair *ret_pair, struct assay_error *err);

/** Two integers or decimals that no decimal type of the engine holds both of: compared as they are
 * they raise an error. */
bool assay_pair_is_wide(const struct assay_rule_field *left, const struct assay_rule_field *right);

#endif
