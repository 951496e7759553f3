// isCreditCard, containsCreditCard: payment card numbers by length and check digit.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/rules/implementations.h"

static int test(struct assay_rule_check *check, const char *function, struct assay_error *err)
{
    check->fails_sql =
        assay_rule_text(check, "NOT %s(CAST(%s AS VARCHAR))", function, check->fields[0]->sql);
    return check->fails_sql ? ASSAY_OK : assay_fail_memory(err);
}

int assay_is_credit_card(struct assay_rule_check *check, struct assay_error *err)
{
    ASSAY_TRY(test(check, "assay_is_card", err));
    return assay_rule_say(check, "is not", "are not", err, "a credit card number");
}

int assay_contains_credit_card(struct assay_rule_check *check, struct assay_error *err)
{
    ASSAY_TRY(test(check, "assay_has_card", err));
    return assay_rule_say(check, "does not contain", "do not contain", err, "a credit card number");
}
