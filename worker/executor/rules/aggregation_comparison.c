// aggregationComparison: two aggregates, or an aggregate and a constant.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/rules/constant.h"
#include "worker/executor/rules/expression.h"
#include "worker/executor/rules/implementations.h"

/* A side as SQL, and as the message shows its value. */
struct side {
    const char *sql, *shown;
};

/* An aggregate of a masked field shows its values: max, min, any of one record. */
static bool reads_masked(const struct assay_rule_scope *scope,
                         const struct assay_expression *expression)
{
    for (size_t i = 0; i < expression->used_count; i++)
        if (assay_rule_is_masked(scope, expression->used[i]))
            return true;
    return false;
}

/* A scalar subquery over the container; a constant stands for itself. shown: its value as SQL. */
static int write_side(struct assay_rule_check *check, const struct assay_rule_scope *scope,
                      const char *key, const char *where, const char *shown, struct side *ret_side,
                      struct assay_error *err)
{
    struct assay_expression side;
    const int code =
        assay_expression_compile(scope, assay_rule_property(check, key), true, &side, err);
    if (code != ASSAY_OK)
        return assay_context(err, code, "%s", key);
    if (!side.aggregate && side.used_count)
        return assay_fail(err, ASSAY_INVALID,
                          "%s: `%s` must stand inside an aggregate: max(…), count(…)", key,
                          side.used[0]->name);
    const bool masked = reads_masked(scope, &side);
    check->reads_masked |= masked;
    ret_side->shown = masked ? "'" ASSAY_RULE_MASKED "'" : shown;
    ret_side->sql = side.aggregate ? assay_rule_text(check, "(SELECT %s FROM %s%s)", side.sql,
                                                     scope->relation, where)
                                   : assay_rule_text(check, "(%s)", side.sql);
    return ret_side->sql ? ASSAY_OK : assay_fail_memory(err);
}

/* What was found, beside an aggregate of another container: that one's value too. */
static int say_foreign(struct assay_rule_check *check, const struct assay_rule_scope *reference,
                       enum assay_compare op, const struct side sides[2], const char **ret_observed,
                       struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0}, sql = {0};
    const char *filter = assay_rule_property(check, "ref_filter");
    assay_buf_printf(&text, ": it is not %s %s of `%s`%s%s, which is ", assay_compare_words(op),
                     assay_rule_property(check, "ref_expression"),
                     reference->name ? reference->name : "the reference", filter ? " where " : "",
                     filter ? filter : "");
    assay_buf_printf(&sql, "%s || ", sides[0].shown);
    assay_sql_text(&sql, assay_buf_str(&text));
    assay_buf_printf(&sql, " || %s", sides[1].shown);
    ASSAY_TRY(assay_buf_check(&text, err));
    return assay_rule_keep(check, &sql, ret_observed, err);
}

static int say(struct assay_rule_check *check, const struct assay_rule_scope *reference,
               enum assay_compare op, const struct side sides[2], const char **ret_observed,
               struct assay_error *err)
{
    check->is_not = assay_rule_text(check, "%s is", assay_rule_property(check, "expression"));
    *ret_observed = sides[0].shown;
    if (!check->is_not)
        return assay_fail_memory(err);
    if (reference->is_reference)
        return say_foreign(check, reference, op, sides, ret_observed, err);
    return assay_rule_say(check, check->is_not, "", err, "%s %s", assay_compare_words(op),
                          assay_rule_property(check, "ref_expression"));
}

int assay_aggregation_comparison(struct assay_rule_check *check, struct assay_error *err)
{
    const struct assay_rule_scope *own = check->scope, *reference;
    struct side sides[2] = {0};
    const char *observed, *ref_where, *where = assay_rule_where(check);
    const enum assay_compare op = assay_compare_of(assay_rule_property(check, "comparison"));
    ASSAY_TRY(assay_rule_reference(check, &reference, err));
    ASSAY_TRY(assay_rule_reference_where(check, reference, &ref_where, err));
    ASSAY_TRY(write_side(check, own, "expression", where, "CAST(l AS VARCHAR)", &sides[0], err));
    ASSAY_TRY(write_side(check, reference, "ref_expression", ref_where, "CAST(r AS VARCHAR)",
                         &sides[1], err));
    ASSAY_TRY(say(check, reference, op, sides, &observed, err));
    check->query_sql = assay_rule_text(
        check,
        "SELECT l %s r, %s, n, CAST(0 AS BIGINT) FROM (SELECT %s AS l, %s AS r, (SELECT count(*) "
        "FROM %s%s) AS n)",
        assay_compare_sql(op), observed, sides[0].sql, sides[1].sql, own->relation, where);
    return check->query_sql ? ASSAY_OK : assay_fail_memory(err);
}
