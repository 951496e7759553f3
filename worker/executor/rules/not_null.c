// notNull, anyNotNull: whether values are there at all.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/rules/implementations.h"

static int write_nulls(struct assay_rule_check *check, const char *between, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    for (size_t i = 0; i < check->fields_count; i++)
        assay_buf_printf(&sql, "%s%s IS NULL", i ? between : "", check->fields[i]->sql);
    return assay_rule_keep(check, &sql, &check->fails_sql, err);
}

int assay_not_null(struct assay_rule_check *check, struct assay_error *err)
{
    ASSAY_TRY(write_nulls(check, " OR ", err));
    return assay_rule_say(check, "is", "are", err,
                          check->fields_count == 1 ? "null" : "null in one of these fields");
}

int assay_any_not_null(struct assay_rule_check *check, struct assay_error *err)
{
    ASSAY_TRY(write_nulls(check, " AND ", err));
    check->nulls_sql = check->fails_sql;
    return assay_rule_say(check, "is", "are", err, "null in all of these fields");
}

static void append_nulls(const struct assay_rule_check *check,
                         const struct assay_rule_values *values, struct assay_buf *text)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf ignored = {0};
    size_t found = 0;
    for (size_t i = 0; i < check->fields_count; i++)
        if (!values->text(values, check->fields[i], &ignored))
            assay_buf_printf(text, "%s`%s`", found++ ? ", " : "", check->fields[i]->name);
    assay_buf_text(text, found > 1 ? " are null." : " is null.");
}

void assay_not_null_message(const struct assay_rule_check *check,
                            const struct assay_rule_values *values, struct assay_buf *text)
{
    assay_buf_text(text, "The value for ");
    append_nulls(check, values, text);
}

void assay_any_not_null_message(const struct assay_rule_check *check,
                                const struct assay_rule_values *values, struct assay_buf *text)
{
    assay_buf_text(text, "None of the fields has a value: ");
    append_nulls(check, values, text);
}
