// equalTo: every field equals a constant.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/rules/constant.h"
#include "worker/executor/rules/implementations.h"

int assay_equal_to(struct assay_rule_check *check, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    const char *value = assay_rule_property(check, "value");
    for (size_t i = 0; i < check->fields_count; i++) {
        assay_buf_text(&sql, i ? " OR " : "");
        ASSAY_TRY(assay_constant_fails(check, check->fields[i], ASSAY_EQ, value, &sql, err));
    }
    ASSAY_TRY(assay_rule_keep(check, &sql, &check->fails_sql, err));
    return assay_rule_say(check, "is not", "are not", err, "equal to %s", value);
}

void assay_equal_to_message(const struct assay_rule_check *check,
                            const struct assay_rule_values *values, struct assay_buf *text)
{
    assay_buf_text(text, check->fields_count == 1 ? "The value for " : "The values for ");
    for (size_t i = 0; i < check->fields_count; i++) {
        assay_buf_printf(text, "%s`%s` of ", i ? ", " : "", check->fields[i]->name);
        if (!values->text(values, check->fields[i], text))
            assay_buf_text(text, "null");
    }
    assay_buf_printf(text, check->fields_count == 1 ? " is not %s." : " are not all %s.",
                     check->wanted);
}
