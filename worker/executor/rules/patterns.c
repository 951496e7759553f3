// matchesPattern, containsEmail, containsSocialSecurityNumber, containsUrl: regular expressions in
// RE2 syntax.
// SPDX-License-Identifier: Apache-2.0
#include "common/rules/pattern.h"

#include <string.h>

#include "worker/executor/rules/implementations.h"

/* Digit groups that the Social Security Administration does not issue (000, 666, 9xx; 00; 0000) are
 * no numbers. */
#define SSN                                                                                        \
    "\\b(?:00[1-9]|0[1-9]\\d|[1-5]\\d\\d|6[0-57-9]\\d|66[0-57-9]|[78]\\d\\d)-(?:0[1-9]|[1-9]\\d)-" \
    "(?:000[1-9]|00[1-9]\\d|0[1-9]\\d\\d|[1-9]\\d{3})\\b"
#define EMAIL "[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)*\\.[A-Za-z]{2,}"
#define URL   "(?i)\\b(?:https?|ftp)://[^\\s/$.?#][^\\s]*"

static int search(struct assay_rule_check *check, const char *pattern, bool whole,
                  struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    assay_buf_printf(&sql, "NOT %s(%s, ", whole ? "regexp_full_match" : "regexp_matches",
                     check->fields[0]->sql);
    assay_sql_text(&sql, pattern);
    assay_buf_char(&sql, ')');
    return assay_rule_keep(check, &sql, &check->fails_sql, err);
}

int assay_matches_pattern(struct assay_rule_check *check, struct assay_error *err)
{
    const char *pattern = assay_rule_property(check, "pattern");
    char reason[200];
    if (assay_pattern_check(pattern, strlen(pattern), reason, sizeof reason))
        return assay_fail(err, ASSAY_INVALID, "the pattern is not valid RE2 syntax: %s", reason);
    ASSAY_TRY(search(check, pattern, assay_json_bool(check->properties, "full_match", false), err));
    return assay_rule_say(check, "does not match", "do not match", err, "the pattern %s", pattern);
}

int assay_contains_email(struct assay_rule_check *check, struct assay_error *err)
{
    ASSAY_TRY(search(check, EMAIL, false, err));
    return assay_rule_say(check, "does not contain", "do not contain", err, "an e-mail address");
}

int assay_contains_ssn(struct assay_rule_check *check, struct assay_error *err)
{
    ASSAY_TRY(search(check, SSN, false, err));
    return assay_rule_say(check, "does not contain", "do not contain", err,
                          "a social security number");
}

int assay_contains_url(struct assay_rule_check *check, struct assay_error *err)
{
    ASSAY_TRY(search(check, URL, false, err));
    return assay_rule_say(check, "does not contain", "do not contain", err, "a URL");
}
