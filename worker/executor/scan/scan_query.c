// The one query of a scan: a status for each check, and the record where any of them fails.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/scan/scan.h"

#define WIDE_COLUMNS 500

static void append_misfit(const struct assay_rule_check *check, struct assay_buf *sql)
{
    const char *before = " WHEN ";
    for (size_t i = 0; i < check->used_count; i++) {
        if (!assay_rule_misfit_counts(check, check->used[i]))
            continue;
        assay_buf_printf(sql, "%s%s", before, check->used[i]->misfit_sql);
        before = " OR ";
    }
    if (before[1] == 'O')
        assay_buf_printf(sql, " THEN %d", ASSAY_STATUS_FAILED);
}

/* A rule's own SQL cannot raise an error; a user's expression can, and TRY makes that NULL. */
static void append_verdict(const struct assay_rule_check *check, struct assay_buf *sql)
{
    const char *fails = check->fails_sql ? check->fails_sql : "FALSE";
    const char *nulls = check->nulls_sql ? check->nulls_sql : "FALSE";
    assay_buf_text(sql, "CASE WHEN FALSE THEN 0");
    append_misfit(check, sql);
    if (!check->fails_by_expression) {
        assay_buf_printf(sql, " WHEN %s THEN %d WHEN %s THEN %d ELSE %d END", fails,
                         ASSAY_STATUS_FAILED, nulls, ASSAY_STATUS_NULL, ASSAY_STATUS_PASSED);
        return;
    }
    assay_buf_printf(sql,
                     " ELSE CASE TRY(CASE WHEN %s THEN 1 WHEN %s THEN 2 ELSE 0 END) WHEN 0 THEN %d "
                     "WHEN 1 THEN %d WHEN 2 THEN "
                     "%d ELSE %d END END",
                     fails, nulls, ASSAY_STATUS_PASSED, ASSAY_STATUS_FAILED, ASSAY_STATUS_NULL,
                     ASSAY_STATUS_ERROR);
}

void assay_scan_status_sql(const struct assay_rule_check *check, struct assay_buf *sql)
{
    assay_buf_text(sql, "CAST(");
    if (check->filter_sql)
        assay_buf_printf(sql, "CASE TRY(CASE WHEN %s THEN 1 ELSE 0 END) WHEN 1 THEN ",
                         check->filter_sql);
    append_verdict(check, sql);
    if (check->filter_sql)
        assay_buf_printf(sql, " WHEN 0 THEN %d ELSE %d END", ASSAY_STATUS_SKIPPED,
                         ASSAY_STATUS_ERROR);
    assay_buf_text(sql, " AS UTINYINT)");
}

size_t assay_scan_raw_count(const struct assay_scan *scan)
{
    size_t count = 0;
    for (size_t i = 0; i < scan->own.source.schema.count; i++)
        count += scan->own.raw_sql[i] != NULL;
    return count;
}

/* Values are taken only where a check fails; but CASE needs vectors of its own, too many of them
 * when there are thousands of columns. */
static void append_value(const struct assay_scan *scan, const char *value, struct assay_buf *sql)
{
    if (scan->own.source.schema.count > WIDE_COLUMNS)
        assay_buf_printf(sql, "%s, ", value);
    else
        assay_buf_printf(sql, "CASE WHEN _assay_any THEN %s END, ", value);
}

static void append_values(const struct assay_scan *scan, struct assay_buf *sql)
{
    for (size_t i = 0; i < assay_vectors_columns(scan->own.vectors); i++) {
        ASSAY_SCOPED(assay_buf_release) struct assay_buf value = {0};
        assay_vectors_append_column(scan->own.vectors, i, &value);
        append_value(scan, assay_buf_str(&value), sql);
        if (value.failed)
            sql->failed = true;
    }
    for (size_t i = 0; i < scan->own.source.schema.count; i++)
        if (scan->own.raw_sql[i])
            append_value(scan, scan->own.raw_sql[i], sql);
}

static void append_any(const struct assay_scan *scan, struct assay_buf *sql)
{
    assay_buf_text(sql, "(FALSE");
    for (size_t i = 0; i < scan->checks_count; i++)
        if (scan->checks[i].in_pass)
            assay_buf_printf(sql, " OR _assay_status_%zu = %d", i, ASSAY_STATUS_FAILED);
    assay_buf_text(sql, ") AS _assay_any");
}

int assay_scan_query(const struct assay_scan *scan, struct assay_buf *sql, struct assay_error *err)
{
    assay_buf_text(sql, "SELECT ");
    append_values(scan, sql);
    assay_buf_text(sql,
                   "_assay_part, _assay_file, _assay_row, _assay_line, _assay_offset, _assay_any");
    for (size_t i = 0; i < scan->checks_count; i++)
        if (scan->checks[i].in_pass)
            assay_buf_printf(sql, ", _assay_status_%zu", i);
    assay_buf_text(sql, " FROM (SELECT *, ");
    append_any(scan, sql);
    assay_buf_text(sql, " FROM (SELECT *");
    for (size_t i = 0; i < scan->checks_count; i++) {
        if (!scan->checks[i].in_pass)
            continue;
        assay_buf_text(sql, ", ");
        assay_scan_status_sql(scan->checks[i].rule, sql);
        assay_buf_printf(sql, " AS _assay_status_%zu", i);
    }
    assay_buf_printf(sql, " FROM %s))", scan->scope.relation);
    return assay_buf_check(sql, err);
}
