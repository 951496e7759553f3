// Keep sums: counts put together.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/keep/keep_sum.h"

#include "common/base/memory.h"

int assay_keep_sum_init(struct assay_keep_sum *ret_sum, size_t fields_count,
                        struct assay_error *err)
{
    *ret_sum = (struct assay_keep_sum){.fields_count = fields_count};
    ret_sum->fields = assay_calloc(fields_count + 1, sizeof *ret_sum->fields);
    return ret_sum->fields ? ASSAY_OK : assay_fail_memory(err);
}

void assay_keep_sum_release(struct assay_keep_sum *sum)
{
    for (size_t i = 0; sum->fields && i < sum->fields_count; i++) {
        assay_field_state_free(sum->fields[i].state);
        assay_type_profile_release(&sum->fields[i].types);
    }
    assay_free(sum->fields);
    assay_pass_result_release(&sum->pass);
    *sum = (struct assay_keep_sum){0};
}

/* Take state and types over; types are numbered from the sum's last record on. */
static int absorb(const struct assay_keep_sum *sum, struct assay_keep_counts *into,
                  struct assay_field_state **state, struct assay_type_profile *types,
                  struct assay_error *err)
{
    assay_type_profile_shift(types, sum->records);
    ASSAY_TRY(assay_type_profile_merge(&into->types, types, err));
    assay_type_profile_release(types);
    *types = (struct assay_type_profile){0};
    if (!into->state) {
        into->state = ASSAY_TAKE(*state);
        return ASSAY_OK;
    }
    if (*state)
        ASSAY_TRY(assay_field_state_merge(into->state, *state, err));
    assay_field_state_free(ASSAY_TAKE(*state));
    return ASSAY_OK;
}

int assay_keep_sum_fields(struct assay_keep_sum *sum, struct assay_profile_field *const *fields,
                          size_t count, struct assay_error *err)
{
    for (size_t i = 0; i < count; i++)
        ASSAY_TRY(absorb(sum, &sum->fields[i], &fields[i]->state, &fields[i]->types, err));
    return ASSAY_OK;
}

int assay_keep_sum_pass(struct assay_keep_sum *sum, struct assay_pass_result *pass,
                        uint64_t records, struct assay_error *err)
{
    struct assay_pass_result *into = &sum->pass;
    if (!into->warnings)
        into->warnings = json_array();
    if (!into->first_rows) {
        into->first_rows = assay_calloc(1, sizeof *into->first_rows);
        into->parts_count = 1;
    }
    if (!into->warnings || !into->first_rows ||
        !assay_rejections_merge(&into->rejections, &pass->rejections, 0))
        return assay_fail_memory(err);
    ASSAY_TRY(assay_pass_add_warnings(into->warnings, pass->warnings, err));
    into->records += records;
    into->selected += pass->selected;
    into->bytes += pass->bytes;
    sum->records += records;
    assay_pass_result_release(pass);
    return ASSAY_OK;
}

int assay_keep_sum_add(struct assay_keep_sum *sum, struct assay_keep_sum *from,
                       struct assay_error *err)
{
    for (size_t i = 0; i < sum->fields_count; i++)
        ASSAY_TRY(
            absorb(sum, &sum->fields[i], &from->fields[i].state, &from->fields[i].types, err));
    ASSAY_TRY(assay_keep_sum_pass(sum, &from->pass, from->records, err));
    from->records = 0;
    return ASSAY_OK;
}

void assay_keep_sum_give(struct assay_keep_sum *sum, struct assay_profile_field *const *fields,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fields[i]->state = ASSAY_TAKE(sum->fields[i].state);
        fields[i]->types = sum->fields[i].types;
        sum->fields[i].types = (struct assay_type_profile){0};
    }
}
