/* Expressions: one shape for the trees of DuckDB's parser. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_RULES_EXPRESSION_TREE_H
#define ASSAY_RULES_EXPRESSION_TREE_H

#include "common/json/json.h"

/** Bring the tree of json_serialize_sql() of DuckDB 2 into the shape of 1.5, in place: a function's
 * `arguments` become `children`, a constant's `literal` a `value` with its type, a cast's
 * `type_expr` a `cast_type`. A tree of 1.5 is left as it is. What has no counterpart (a named
 * argument, bits, a type with parts) keeps its own shape, so that the allow-list refuses it. The
 * tree is as deep as the parser allows (1,000). */
ASSAY_MUST_CHECK int assay_expression_tree_shape(json_t *tree, struct assay_error *err);

#endif
