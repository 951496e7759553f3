/* Expressions: the parser's tree as JSON, its constants and type names. Internal to rules/. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_EXPRESSION_CONSTANT_H
#define ASSAY_EXECUTOR_EXPRESSION_CONSTANT_H

#include "worker/executor/rules/rule.h"

/** DuckDB's tree of `SELECT (text)`: {"error": false, "statements": […]}, or {"error": true,
 * "error_message"}. Integers of 19 and more digits, which jansson cannot hold, come as texts.
 * *ret_tree is the caller's. */
ASSAY_MUST_CHECK int assay_expression_tree(struct assay_session *session, const char *text,
                                           json_t **ret_tree, struct assay_error *err);
/** Append a constant node's value as SQL; false when its type is not allowed. */
bool assay_expression_constant(const json_t *value, struct assay_buf *sql);
/** Append the name of a cast's type; false when it is not allowed. */
bool assay_expression_type(const json_t *type, struct assay_buf *sql);

#endif
