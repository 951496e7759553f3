// unique: whether keys come twice at all is found first, for all checks of a scan in one reading of
// their hashes. Only where they do the repeated keys are collected, reading the fields of the key
// again; the one pass then knows their records.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/rules/implementations.h"

static void append_keys(const struct assay_rule_check *check, const char *between,
                        const char *after, struct assay_buf *sql)
{
    for (size_t i = 0; i < check->fields_count; i++)
        assay_buf_printf(sql, "%s%s%s", i ? between : "", check->fields[i]->sql, after);
}

static void append_names(const struct assay_rule_check *check, struct assay_buf *sql)
{
    for (size_t i = 0; i < check->fields_count; i++)
        assay_buf_printf(sql, "%sk%zu", i ? ", " : "", i);
}

static void append_filter(const struct assay_rule_check *check, struct assay_buf *sql)
{
    if (check->filter_sql)
        assay_buf_printf(sql, " AND TRY(CASE WHEN %s THEN 1 ELSE 0 END) = 1", check->filter_sql);
}

void assay_unique_hash_sql(const struct assay_rule_check *check, struct assay_buf *sql)
{
    assay_buf_text(sql, "CASE WHEN ");
    append_keys(check, " AND ", " IS NOT NULL", sql);
    append_filter(check, sql);
    assay_buf_text(sql, " THEN hash(");
    append_keys(check, ", ", "", sql);
    assay_buf_text(sql, ") END");
}

/* Keys with any NULL are left out. */
int assay_unique_collect(struct assay_rule_check *check, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    assay_buf_printf(&sql, "CREATE OR REPLACE TEMP TABLE _assay_repeated_%d AS SELECT ",
                     check->number);
    for (size_t i = 0; i < check->fields_count; i++)
        assay_buf_printf(&sql, "%s%s AS k%zu", i ? ", " : "", check->fields[i]->sql, i);
    assay_buf_printf(&sql, " FROM %s WHERE ", check->scope->relation);
    append_keys(check, " AND ", " IS NOT NULL", &sql);
    append_filter(check, &sql);
    assay_buf_text(&sql, " GROUP BY ");
    append_keys(check, ", ", "", &sql);
    assay_buf_text(&sql, " HAVING count(*) > 1");
    ASSAY_TRY(assay_buf_check(&sql, err));
    return assay_session_exec(check->scope->session, assay_buf_str(&sql), err);
}

void assay_unique_count_sql(const struct assay_rule_check *check, struct assay_buf *sql)
{
    assay_buf_printf(sql, "SELECT count(*) FROM _assay_repeated_%d", check->number);
}

int assay_unique_mark(struct assay_rule_check *check, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    assay_buf_char(&sql, '(');
    append_keys(check, ", ", "", &sql);
    assay_buf_text(&sql, ") IN (SELECT ");
    if (check->fields_count > 1)
        assay_buf_text(&sql, "row(");
    append_names(check, &sql);
    assay_buf_printf(&sql, "%s FROM _assay_repeated_%d)", check->fields_count > 1 ? ")" : "",
                     check->number);
    return assay_rule_keep(check, &sql, &check->fails_sql, err);
}

/* As long as no key is known to come twice. */
int assay_unique(struct assay_rule_check *check, struct assay_error *err)
{
    check->fails_sql = "FALSE";
    check->is_shape = true;
    return assay_rule_say(check, "is not", "are not", err, "unique");
}
