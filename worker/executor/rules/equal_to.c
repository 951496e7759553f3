// equalTo: every field equals a constant.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/number.h"
#include "worker/executor/rules/comparator.h"
#include "worker/executor/rules/constant.h"
#include "worker/executor/rules/implementations.h"

#define DIGITS_MAX 38

/* The constant as the other side of a comparator: a decimal where it is written as one. */
static int append_near(const struct assay_rule_check *check, const struct assay_rule_field *field,
                       const char *value, struct assay_buf *sql, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf near = {0};
    double number;
    const char *point = strchr(value, '.');
    const bool plain = strlen(value) < DIGITS_MAX && !value[strspn(value, "+-.0123456789")];
    struct assay_rule_field constant = {.type = ASSAY_TYPE_FRACTIONAL,
                                        .layout =
                                            plain ? ASSAY_LAYOUT_DECIMAL128 : ASSAY_LAYOUT_DOUBLE,
                                        .scale = plain && point ? (uint8_t)strlen(point + 1) : 0};
    if (!assay_parse_double(value, strlen(value), &number))
        return ASSAY_OK; /* a text, a date, NaN: no number is near */
    const char *literal = plain ? assay_rule_text(check, "CAST('%s' AS DECIMAL(%d,%u))", value,
                                                  DIGITS_MAX, constant.scale)
                                : assay_rule_text(check, "CAST('%s' AS DOUBLE)", value);
    if (!literal)
        return assay_fail_memory(err);
    ASSAY_TRY(assay_comparator_write(check->properties, field, field->sql, &constant, literal,
                                     &near, err));
    if (near.size)
        assay_buf_printf(sql, " AND NOT coalesce(%s, FALSE)", assay_buf_str(&near));
    return ASSAY_OK;
}

int assay_equal_to(struct assay_rule_check *check, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    const char *value = assay_rule_property(check, "value");
    for (size_t i = 0; i < check->fields_count; i++) {
        assay_buf_text(&sql, i ? " OR (" : "(");
        ASSAY_TRY(assay_constant_fails(check, check->fields[i], ASSAY_EQ, value, &sql, err));
        ASSAY_TRY(append_near(check, check->fields[i], value, &sql, err));
        assay_buf_char(&sql, ')');
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
