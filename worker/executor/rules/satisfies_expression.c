// satisfiesExpression: a user's condition on the record.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/rules/expression.h"
#include "worker/executor/rules/implementations.h"

#define SHOWN_BYTES 200

int assay_satisfies_expression(struct assay_rule_check *check, struct assay_error *err)
{
    const char *text = assay_rule_property(check, "expression");
    struct assay_expression expression;
    ASSAY_TRY(assay_expression_compile(check->scope, text, false, &expression, err));
    check->fails_sql = assay_rule_text(check, "NOT (%s)", expression.sql);
    check->nulls_sql = assay_rule_text(check, "(%s) IS NULL", expression.sql);
    if (!check->fails_sql || !check->nulls_sql)
        return assay_fail_memory(err);
    check->used = expression.used;
    check->used_count = expression.used_count;
    check->fails_by_expression = true;
    return assay_rule_say(check, "does not satisfy", "do not satisfy", err, "the expression: %.*s",
                          SHOWN_BYTES, text);
}
