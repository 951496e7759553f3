// Sentences about failing records.
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>

#include "worker/executor/rules/rule.h"

static void append_names(const struct assay_rule_check *check, struct assay_buf *text)
{
    for (size_t i = 0; i < check->fields_count; i++)
        assay_buf_printf(text, "%s`%s`", i ? ", " : "", check->fields[i]->name);
}

bool assay_rule_misfit_counts(const struct assay_rule_check *check,
                              const struct assay_rule_field *field)
{
    return field->misfit_sql && (field->layout != ASSAY_LAYOUT_TEXT || check->rule->needs_utf8);
}

static bool append_misfit(const struct assay_rule_check *check,
                          const struct assay_rule_values *values, struct assay_buf *text)
{
    for (size_t i = 0; i < check->used_count; i++) {
        const struct assay_rule_field *field = check->used[i];
        if (!assay_rule_misfit_counts(check, field) || !values->misfit(values, field))
            continue;
        assay_buf_printf(text, "The value for `%s` of ", field->name);
        if (!values->text(values, field, text))
            assay_buf_text(text, "this record");
        if (field->layout == ASSAY_LAYOUT_TEXT)
            assay_buf_text(text, " is not valid UTF-8.");
        else
            assay_buf_printf(text, " cannot be read as %s.", assay_type_name(field->type));
        return true;
    }
    return false;
}

void assay_rule_message(const struct assay_rule_check *check,
                        const struct assay_rule_values *values, struct assay_buf *text)
{
    if (append_misfit(check, values, text))
        return;
    if (check->rule->message) {
        check->rule->message(check, values, text);
        return;
    }
    if (check->fields_count != 1 || check->def->fields == ASSAY_FIELDS_COMPUTED) {
        assay_buf_printf(text, "The record %s %s", check->is_not, check->wanted);
    } else {
        assay_buf_printf(text, "The value for `%s` of ", check->fields[0]->name);
        if (!values->text(values, check->fields[0], text))
            assay_buf_text(text, "null");
        assay_buf_printf(text, " %s %s", check->is_not, check->wanted);
    }
    if (check->other) {
        assay_buf_text(text, " of ");
        if (!values->text(values, check->other, text))
            assay_buf_text(text, "null");
    }
    assay_buf_char(text, '.');
}

void assay_rule_shape_message(const struct assay_rule_check *check, uint64_t failing,
                              uint64_t records, struct assay_buf *text)
{
    const double share = records ? 100.0 * (double)failing / (double)records : 0;
    if (check->fields_count) {
        assay_buf_text(text, "In ");
        append_names(check, text);
        assay_buf_text(text, ", ");
    }
    assay_buf_printf(text, "%.2f%% of %" PRIu64 " %srecord%s (%" PRIu64 ") %s %s.", share, records,
                     check->filter_sql ? "filtered " : "", records == 1 ? "" : "s", failing,
                     failing == 1 ? check->is_not : check->are_not, check->wanted);
}
