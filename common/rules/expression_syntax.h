/* What can be said of a user's expression without an engine: that it is no expression at all. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_RULES_EXPRESSION_SYNTAX_H
#define ASSAY_RULES_EXPRESSION_SYNTAX_H

#include "common/base/error.h"

/** Refuse what the executor would refuse for its form: texts, names, variables, brackets and CASE
 * that are not closed, operators that lack an operand, numbers and texts one after the other,
 * statements, functions that are not in the list. What passes may still be wrong (columns, types,
 * order of words): the scan says so. Variables may stand for anything. ASSAY_INVALID. Pure. */
ASSAY_MUST_CHECK int assay_expression_syntax(const char *text, struct assay_error *err);

#endif
