// timeDistributionSize: how many records each interval of time has.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "worker/executor/rules/implementations.h"

static const struct {
    const char *name, *part, *plural; /* part: of date_trunc */
} intervals[] = {
    {"Yearly", "year", "years"}, {"Monthly", "month", "months"}, {"Weekly", "week", "weeks"},
    {"Daily", "day", "days"},    {"Hourly", "hour", "hours"},
};

static size_t interval_of(const char *name)
{
    size_t i = 0;
    while (i + 1 < ASSAY_COUNT(intervals) && strcmp(intervals[i].name, name) != 0)
        i++;
    return i;
}

/* Sizes of the intervals that have records; those without any between the first and the last are
 * counted by the calendar. Infinite times lie in no interval. */
static void append_sizes(const struct assay_rule_check *check, const char *part,
                         struct assay_buf *sql)
{
    assay_buf_printf(
        sql,
        "WITH sizes AS (SELECT begins, count(*) AS n FROM (SELECT date_trunc('%s', %s) "
        "AS begins FROM %s%s) WHERE isfinite(begins) GROUP BY begins), "
        "ends AS (SELECT min(begins) AS first, max(begins) AS last, count(*) AS "
        "present, date_diff('%s', min(begins), max(begins)) + 1 AS total FROM sizes), ",
        part, check->fields[0]->sql, check->scope->relation, assay_rule_where(check), part);
}

/* The wrong ones: too many; too few, the first and the last apart, which may be cut. */
static void append_wrong(const struct assay_rule_check *check, struct assay_buf *sql)
{
    const long long min = (long long)assay_json_int(check->properties, "min_size", 0);
    const long long max = (long long)assay_json_int(check->properties, "max_size", INT64_MAX);
    assay_buf_printf(
        sql,
        "wrong AS (SELECT count(*) AS n, min(begins) AS begins, arg_min(sizes.n, begins) AS size "
        "FROM sizes, ends WHERE sizes.n > %lld OR (sizes.n < %lld AND begins > first AND "
        "begins < last)), "
        "verdict AS (SELECT wrong.n + %s AS n, total, begins, size FROM wrong, ends) ",
        max, min, min > 0 ? "(total - present)" : "0");
}

static int say(struct assay_rule_check *check, const char *plural, struct assay_error *err)
{
    const json_t *min = json_object_get(check->properties, "min_size");
    const json_t *max = json_object_get(check->properties, "max_size");
    const char *low =
        !min ? "0" : assay_rule_text(check, "%lld", (long long)json_integer_value(min));
    const char *high =
        !max ? "any number" : assay_rule_text(check, "%lld", (long long)json_integer_value(max));
    if (!low || !high)
        return assay_fail_memory(err);
    check->is_not = assay_rule_text(check, "not all %s have %s to %s records:", plural, low, high);
    return check->is_not ? ASSAY_OK : assay_fail_memory(err);
}

int assay_time_distribution_size(struct assay_rule_check *check, struct assay_error *err)
{
    const char *field = check->fields[0]->sql;
    const size_t i = interval_of(assay_rule_property(check, "interval_name"));
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    if (check->fields[0]->type == ASSAY_TYPE_DATE && !strcmp(intervals[i].name, "Hourly"))
        return assay_fail(err, ASSAY_INVALID, "interval_name Hourly needs a Timestamp, `%s` is %s",
                          check->fields[0]->name, "Date");
    append_sizes(check, intervals[i].part, &sql);
    append_wrong(check, &sql);
    assay_buf_printf(
        &sql,
        "SELECT CASE WHEN total IS NULL THEN NULL ELSE n = 0 END, "
        "printf('%%.2f%%%% of %%d %s (%%d) differ%%s', 100.0 * n / total, total, n, "
        "CASE WHEN begins IS NULL THEN ', they have none' ELSE concat(', the first is ', "
        "strftime(begins, '%s'), ' with ', size) END), "
        "(SELECT count(*) FROM %s%s), (SELECT count(*) - count(%s) FROM %s%s) "
        "FROM verdict",
        intervals[i].plural, strcmp(intervals[i].name, "Hourly") ? "%Y-%m-%d" : "%Y-%m-%d %H:00",
        check->scope->relation, assay_rule_where(check), field, check->scope->relation,
        assay_rule_where(check));
    ASSAY_TRY(assay_rule_keep(check, &sql, &check->query_sql, err));
    return say(check, intervals[i].plural, err);
}
