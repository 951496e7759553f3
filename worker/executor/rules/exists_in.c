// existsIn, notExistsIn: the values of the reference are collected first; the one pass then looks
// every value up.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/rules/implementations.h"
#include "worker/executor/rules/pair.h"

/* Nulls are left out, and what cannot be read as the reference's own type. */
static int collect(const struct assay_rule_check *check, const struct assay_rule_scope *reference,
                   const struct assay_rule_field *field, const char *key, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    const char *where;
    ASSAY_TRY(assay_rule_reference_where(check, reference, &where, err));
    assay_buf_printf(&sql,
                     "CREATE OR REPLACE TEMP TABLE _assay_values_%d AS SELECT %s AS k FROM %s%s %s "
                     "%s IS NOT NULL",
                     check->number, key, reference->relation, where, *where ? "AND" : "WHERE",
                     field->sql);
    if (field->misfit_sql)
        assay_buf_printf(&sql, " AND NOT %s", field->misfit_sql);
    ASSAY_TRY(assay_buf_check(&sql, err));
    return assay_session_exec(check->scope->session, assay_buf_str(&sql), err);
}

/* Values that come often are kept once; a key, whose values hardly repeat, is looked up as it is:
 * that takes half the time and memory. */
static int keep_once(const struct assay_rule_check *check, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    int64_t repeats = 0;
    assay_buf_printf(&sql,
                     "SELECT CAST(2 * approx_count_distinct(k) < count(*) AS BIGINT) FROM "
                     "_assay_values_%d",
                     check->number);
    ASSAY_TRY(assay_buf_check(&sql, err));
    ASSAY_TRY(assay_session_scalar(check->scope->session, assay_buf_str(&sql), &repeats, err));
    if (!repeats)
        return ASSAY_OK;
    assay_buf_clear(&sql);
    assay_buf_printf(&sql,
                     "CREATE OR REPLACE TEMP TABLE _assay_values_%d AS SELECT DISTINCT k FROM "
                     "_assay_values_%d",
                     check->number, check->number);
    ASSAY_TRY(assay_buf_check(&sql, err));
    return assay_session_exec(check->scope->session, assay_buf_str(&sql), err);
}

static int say(struct assay_rule_check *check, const struct assay_rule_scope *reference,
               const struct assay_rule_field *field, bool wanted, struct assay_error *err)
{
    const char *filter = assay_rule_property(check, "ref_filter");
    return assay_rule_say(check, wanted ? "does not exist" : "exists",
                          wanted ? "do not exist" : "exist", err, "in `%s` of `%s`%s%s",
                          field->name, reference->name ? reference->name : "the container",
                          filter ? " where " : "", filter ? filter : "");
}

/* A null value passes: IN of an empty list would be FALSE for it. */
static int write(struct assay_rule_check *check, bool wanted, struct assay_error *err)
{
    const struct assay_rule_scope *reference;
    const struct assay_rule_field *field;
    struct assay_pair pair;
    ASSAY_TRY(assay_rule_reference(check, &reference, err));
    ASSAY_TRY(
        assay_rule_field_find(reference, assay_rule_property(check, "field_name"), &field, err));
    ASSAY_TRY(assay_pair_write(check, check->fields[0], reference, field, &pair, err));
    ASSAY_TRY(collect(check, reference, field, pair.right, err));
    ASSAY_TRY(keep_once(check, err));
    check->fails_sql =
        assay_rule_text(check, "(%s IS NOT NULL AND %s %s (SELECT k FROM _assay_values_%d))",
                        check->fields[0]->sql, pair.left, wanted ? "NOT IN" : "IN", check->number);
    return check->fails_sql ? say(check, reference, field, wanted, err) : assay_fail_memory(err);
}

int assay_exists_in(struct assay_rule_check *check, struct assay_error *err)
{
    return write(check, true, err);
}

int assay_not_exists_in(struct assay_rule_check *check, struct assay_error *err)
{
    return write(check, false, err);
}
