// aggregationComparison: two aggregates, or an aggregate and a constant.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/rules/constant.h"
#include "worker/executor/rules/expression.h"
#include "worker/executor/rules/implementations.h"

/* A scalar subquery over the relation; a constant stands for itself. */
static int write_side(struct assay_rule_check *check, const char *key, const char *where,
                      const char **ret_sql, struct assay_error *err)
{
    struct assay_expression side;
    const int code =
        assay_expression_compile(check->scope, assay_rule_property(check, key), true, &side, err);
    if (code != ASSAY_OK)
        return assay_context(err, code, "%s", key);
    if (!side.aggregate && side.used_count)
        return assay_fail(err, ASSAY_INVALID,
                          "%s: `%s` must stand inside an aggregate: max(…), count(…)", key,
                          side.used[0]->name);
    *ret_sql = side.aggregate ? assay_rule_text(check, "(SELECT %s FROM %s%s)", side.sql,
                                                check->scope->relation, where)
                              : assay_rule_text(check, "(%s)", side.sql);
    return *ret_sql ? ASSAY_OK : assay_fail_memory(err);
}

static int write_ref_where(struct assay_rule_check *check, const char **ret_where,
                           struct assay_error *err)
{
    const char *text = assay_rule_property(check, "ref_filter");
    *ret_where = "";
    if (!text)
        return ASSAY_OK;
    struct assay_expression filter;
    const int code = assay_expression_compile(check->scope, text, false, &filter, err);
    if (code != ASSAY_OK)
        return assay_context(err, code, "ref_filter");
    *ret_where = assay_rule_text(check, " WHERE (%s)", filter.sql);
    return *ret_where ? ASSAY_OK : assay_fail_memory(err);
}

static bool has_foreign_reference(const struct assay_rule_check *check)
{
    return json_object_get(check->properties, "ref_container") ||
           json_object_get(check->properties, "ref_datastore") ||
           json_object_get(check->properties, "ref_container_id") ||
           json_object_get(check->properties, "ref_datastore_id");
}

int assay_aggregation_comparison(struct assay_rule_check *check, struct assay_error *err)
{
    const char *left, *right, *where, *ref_where;
    const enum assay_compare op = assay_compare_of(assay_rule_property(check, "comparison"));
    if (has_foreign_reference(check))
        return assay_fail(err, ASSAY_UNSUPPORTED,
                          "the reference can only be the container itself or a constant");
    where = assay_rule_where(check);
    ASSAY_TRY(write_ref_where(check, &ref_where, err));
    ASSAY_TRY(write_side(check, "expression", where, &left, err));
    ASSAY_TRY(write_side(check, "ref_expression", ref_where, &right, err));
    check->query_sql = assay_rule_text(
        check,
        "SELECT l %s r, CAST(l AS VARCHAR), n, CAST(0 AS BIGINT) FROM (SELECT %s AS l, %s AS r, "
        "(SELECT count(*) FROM %s%s) AS n)",
        assay_compare_sql(op), left, right, check->scope->relation, where);
    if (!check->query_sql)
        return assay_fail_memory(err);
    ASSAY_TRY(assay_rule_say(check, "", "", err, "%s %s", assay_compare_words(op),
                             assay_rule_property(check, "ref_expression")));
    check->is_not = assay_rule_text(check, "%s is", assay_rule_property(check, "expression"));
    return check->is_not ? ASSAY_OK : assay_fail_memory(err);
}
