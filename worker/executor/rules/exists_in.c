// existsIn, notExistsIn: the values of the reference are collected first (lookup/lookup.h); the one
// pass then looks every value up, or knows which records fail.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/rules/implementations.h"
#include "worker/executor/rules/pair.h"

/* FROM of the values: without those that cannot be read as the reference's own type. */
static int write_from(const struct assay_rule_check *check,
                      const struct assay_rule_scope *reference,
                      const struct assay_rule_field *field, struct assay_buf *from,
                      struct assay_error *err)
{
    const char *where;
    ASSAY_TRY(assay_rule_reference_where(check, reference, &where, err));
    assay_buf_printf(from, "%s%s", reference->relation, where);
    if (field->misfit_sql)
        assay_buf_printf(from, " %s NOT %s", *where ? "AND" : "WHERE", field->misfit_sql);
    return assay_buf_check(from, err);
}

/* Values that memory holds are looked up in the pass. For others the records are looked at before
 * it, which a container that is read once does not allow: then from a copy. */
static int judge_by(struct assay_rule_check *check, struct assay_lookup *lookup, const char *key,
                    bool wanted, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    if (assay_lookup_is_whole(lookup)) {
        assay_buf_printf(&sql, "(%s IS NOT NULL AND %s", check->fields[0]->sql,
                         wanted ? "NOT " : "");
        assay_lookup_append_has(lookup, key, &sql);
        assay_buf_char(&sql, ')');
    } else if (check->scope->is_read_once) {
        *check->scope->wants_copy = true;
        assay_buf_text(&sql, "FALSE");
    } else {
        ASSAY_TRY(assay_lookup_mark(lookup, key, check->scope->relation, !wanted, err));
        assay_lookup_append_marked(lookup, &sql);
    }
    return assay_rule_keep(check, &sql, &check->fails_sql, err);
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

/* A null value passes. */
static int write(struct assay_rule_check *check, bool wanted, struct assay_error *err)
{
    const struct assay_rule_scope *reference;
    const struct assay_rule_field *field;
    struct assay_pair pair;
    struct assay_lookup *lookup;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf from = {0};
    ASSAY_TRY(assay_rule_reference(check, &reference, err));
    ASSAY_TRY(
        assay_rule_field_find(reference, assay_rule_property(check, "field_name"), &field, err));
    ASSAY_TRY(assay_pair_write(check, check->fields[0], reference, field, &pair, err));
    ASSAY_TRY(write_from(check, reference, field, &from, err));
    ASSAY_TRY(assay_lookup_collect(check->scope->lookups, pair.right, assay_buf_str(&from), &lookup,
                                   err));
    ASSAY_TRY(judge_by(check, lookup, pair.left, wanted, err));
    return say(check, reference, field, wanted, err);
}

int assay_exists_in(struct assay_rule_check *check, struct assay_error *err)
{
    return write(check, true, err);
}

int assay_not_exists_in(struct assay_rule_check *check, struct assay_error *err)
{
    return write(check, false, err);
}
