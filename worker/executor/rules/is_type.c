// isType: the text can be read as a type, by the lexical forms of inference.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "worker/executor/rules/implementations.h"

int assay_is_type(struct assay_rule_check *check, struct assay_error *err)
{
    static const struct {
        const char *type, *function;
    } rows[] = {{"Integral", "assay_is_integral"},
                {"Fractional", "assay_is_fractional"},
                {"Boolean", "assay_is_boolean"},
                {"Date", "assay_is_date"},
                {"Timestamp", "assay_is_timestamp"}};
    const char *type = assay_rule_property(check, "field_type");
    check->fails_sql = "FALSE"; /* every text is a String */
    for (size_t i = 0; i < ASSAY_COUNT(rows); i++)
        if (!strcmp(type, rows[i].type))
            check->fails_sql =
                assay_rule_text(check, "NOT %s(%s)", rows[i].function, check->fields[0]->sql);
    if (!check->fails_sql)
        return assay_fail_memory(err);
    return assay_rule_say(check, "is not", "are not", err, "of type %s", type);
}
