/* The first pass over users' expressions: what Spark SQL writes and DuckDB's parser does not know
 * (back ticks, RLIKE, <=>, variables), as text for that parser. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_RULES_EXPRESSION_LEX_H
#define ASSAY_RULES_EXPRESSION_LEX_H

#include "common/base/buf.h"
#include "common/json/json.h"

#define ASSAY_EXPRESSION_BYTES ((size_t)64 << 10) /* longest text */

/** Append the text for the parser. variables: their values by name; where `any_variable` is set one
 * without a value stands as a column of that name. ASSAY_INVALID: empty, too long, a text, name or
 * variable that is not closed, what is no part of an expression (`;`, parameters, comments). */
ASSAY_MUST_CHECK int assay_expression_lex(const char *text, const json_t *variables,
                                          bool any_variable, struct assay_buf *sql,
                                          struct assay_error *err);

#endif
