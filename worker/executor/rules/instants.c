// afterDateTime, beforeDateTime, notFuture: instants against a constant, or against the start of
// the operation.
// SPDX-License-Identifier: Apache-2.0
#include "common/base/datetime.h"
#include "worker/executor/rules/constant.h"
#include "worker/executor/rules/implementations.h"

static int compare(struct assay_rule_check *check, enum assay_compare op, const char *words,
                   struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    const char *instant = assay_rule_property(check, "datetime");
    ASSAY_TRY(assay_constant_fails(check, check->fields[0], op, instant, &sql, err));
    ASSAY_TRY(assay_rule_keep(check, &sql, &check->fails_sql, err));
    return assay_rule_say(check, "is not", "are not", err, "%s %s", words, instant);
}

int assay_after_date_time(struct assay_rule_check *check, struct assay_error *err)
{
    return compare(check, ASSAY_GT, "after", err);
}

int assay_before_date_time(struct assay_rule_check *check, struct assay_error *err)
{
    return compare(check, ASSAY_LT, "before", err);
}

/* Dates compare with today in the container's zone, which is the session's. */
int assay_not_future(struct assay_rule_check *check, struct assay_error *err)
{
    char now[ASSAY_DATETIME_TEXT];
    const struct assay_rule_field *field = check->fields[0];
    const char *type = field->layout == ASSAY_LAYOUT_DATE      ? "DATE"
                       : field->layout == ASSAY_LAYOUT_INSTANT ? "TIMESTAMPTZ"
                                                               : "TIMESTAMP";
    assay_format_timestamp(check->scope->now_us, "Z", now);
    check->fails_sql =
        assay_rule_text(check, "NOT (%s <= CAST(TIMESTAMPTZ '%s' AS %s))", field->sql, now, type);
    return check->fails_sql
               ? assay_rule_say(check, "lies", "lie", err, "in the future (after %s)", now)
               : assay_fail_memory(err);
}
