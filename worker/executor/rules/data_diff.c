// dataDiff, isReplicaOf: both sides are read and grouped before the pass, which then knows the
// failing records by their marks.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/rules/data_diff.h"

#include <string.h>

#include "worker/executor/rules/comparator.h"
#include "worker/executor/rules/implementations.h"
#include "worker/executor/rules/pair.h"

/* --- fields --- */

static bool is_there(const struct assay_diff *diff, const struct assay_rule_field *own)
{
    for (size_t i = 0; i < diff->fields_count; i++)
        if (diff->fields[i].own == own)
            return true;
    return false;
}

static bool is_same_text(const char *left, const char *right)
{
    return left && right && !strcmp(left, right);
}

/* Lists, structs, bytes and JSON texts compare as they are, with their like. */
static bool is_as_it_is(const struct assay_rule_field *own, const struct assay_rule_field *ref)
{
    const bool opaque = own->nested || own->layout == ASSAY_LAYOUT_BYTES;
    if (!opaque || own->layout != ref->layout || own->nested != ref->nested)
        return false;
    return own->layout == ASSAY_LAYOUT_STRUCT ? is_same_text(own->native_type, ref->native_type)
                                              : own->type == ref->type;
}

static int write_pair(const struct assay_rule_check *check, const struct assay_diff *diff,
                      struct assay_diff_field *field, struct assay_error *err)
{
    struct assay_pair pair = {field->own->sql, field->ref->sql};
    if (!is_as_it_is(field->own, field->ref))
        ASSAY_TRY(assay_pair_write(check, field->own, diff->reference, field->ref, &pair, err));
    field->own_sql = pair.left;
    field->ref_sql = pair.right;
    return ASSAY_OK;
}

static int add_field(const struct assay_rule_check *check, struct assay_diff *diff,
                     const struct assay_rule_field *own, struct assay_error *err)
{
    struct assay_diff_field *field = &diff->fields[diff->fields_count];
    if (is_there(diff, own))
        return ASSAY_OK;
    field->own = own;
    ASSAY_TRY(assay_rule_field_find(diff->reference, own->name, &field->ref, err));
    ASSAY_TRY(write_pair(check, diff, field, err));
    if (assay_rule_misfit_counts(check, own) || assay_rule_misfit_counts(check, field->ref))
        diff->misfit_words = diff->fields_count / ASSAY_DIFF_WORD_BITS + 1;
    diff->fields_count++;
    return ASSAY_OK;
}

static int add_fields(const struct assay_rule_check *check, struct assay_diff *diff,
                      struct assay_error *err)
{
    const json_t *ids = json_object_get(check->properties, "id_field_names");
    const size_t most = json_array_size(ids) + check->fields_count;
    diff->fields = assay_arena_zalloc(check->scope->arena, (most + 1) * sizeof *diff->fields);
    if (!diff->fields)
        return assay_fail_memory(err);
    for (size_t i = 0; i < json_array_size(ids); i++) {
        const struct assay_rule_field *own = NULL;
        ASSAY_TRY(assay_rule_field_find(check->scope, json_string_value(json_array_get(ids, i)),
                                        &own, err));
        ASSAY_TRY(add_field(check, diff, own, err));
    }
    diff->ids_count = diff->fields_count;
    for (size_t i = 0; i < check->fields_count; i++)
        ASSAY_TRY(add_field(check, diff, check->fields[i], err));
    return ASSAY_OK;
}

static int add_comparators(const struct assay_rule_check *check, struct assay_diff *diff,
                           struct assay_error *err)
{
    for (size_t i = diff->ids_count; diff->ids_count && i < diff->fields_count; i++) {
        struct assay_diff_field *field = &diff->fields[i];
        ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
        char a[32], b[32];
        snprintf(a, sizeof a, "a%zu", i);
        snprintf(b, sizeof b, "b%zu", i);
        ASSAY_TRY(
            assay_comparator_write(check->properties, field->own, a, field->ref, b, &sql, err));
        if (sql.size)
            ASSAY_TRY(assay_rule_keep(check, &sql, &field->near_sql, err));
    }
    return ASSAY_OK;
}

/* A text of any of these fields that does not fit its type fails the record. */
static int use_fields(struct assay_rule_check *check, const struct assay_diff *diff,
                      struct assay_error *err)
{
    check->used =
        assay_arena_zalloc(check->scope->arena, (diff->fields_count + 1) * sizeof *check->used);
    if (!check->used)
        return assay_fail_memory(err);
    for (size_t i = 0; i < diff->fields_count; i++)
        check->used[i] = diff->fields[i].own;
    check->used_count = diff->fields_count;
    return ASSAY_OK;
}

/* --- the rule --- */

int assay_data_diff_prepare(struct assay_rule_check *check, struct assay_error *err)
{
    struct assay_diff *diff = assay_arena_zalloc(check->scope->arena, sizeof *diff);
    if (!diff)
        return assay_fail_memory(err);
    check->state = diff;
    ASSAY_TRY(assay_rule_reference(check, &diff->reference, err));
    ASSAY_TRY(assay_rule_reference_where(check, diff->reference, &diff->ref_where, err));
    ASSAY_TRY(add_fields(check, diff, err));
    ASSAY_TRY(add_comparators(check, diff, err));
    ASSAY_TRY(use_fields(check, diff, err));
    return assay_diff_compare(check, diff, err);
}

int assay_data_diff(struct assay_rule_check *check, struct assay_error *err)
{
    const struct assay_diff *diff = check->state;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    check->nulls_sql = NULL; /* NULL is a value here */
    if (diff->marks)
        assay_lookup_append_marked(diff->marks, &sql);
    else
        assay_buf_text(&sql, "FALSE");
    ASSAY_TRY(assay_rule_keep(check, &sql, &check->fails_sql, err));
    return assay_rule_say(check, "differs", "differ", err, "from the reference");
}

/* records, failing: of the container, as the pass counted them. */
int assay_data_diff_close(struct assay_rule_check *check, uint64_t records, uint64_t failing,
                          struct assay_rule_verdict *ret_verdict, struct assay_error *err)
{
    const struct assay_diff *diff = check->state;
    const int64_t here = diff->copies[ASSAY_DIFF_CHANGED] + diff->copies[ASSAY_DIFF_EXTRA];
    struct assay_rule_verdict verdict = {.failing =
                                             (uint64_t)(here + diff->copies[ASSAY_DIFF_MISSING])};
    if ((uint64_t)here != failing)
        return assay_fail(err, ASSAY_INVALID,
                          "the records changed while they were compared: scan the container again");
    verdict.passed = !verdict.failing;
    if (!verdict.passed) {
        ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
        ASSAY_TRY(assay_diff_say(check, diff, records, &text, err));
        ASSAY_TRY(assay_rule_keep(check, &text, &verdict.message, err));
        ASSAY_TRY(assay_diff_sample(check, diff, &verdict.samples, &verdict.samples_count, err));
    }
    *ret_verdict = verdict;
    return ASSAY_OK;
}
