/* Keep sums: what several members of a group, or several groups, counted together. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_KEEP_SUM_H
#define ASSAY_PROFILE_KEEP_SUM_H

#include "worker/executor/profile/keep/keep_run.h"

/** Of one field. */
struct assay_keep_counts {
    struct assay_field_state *state; /* NULL = nothing yet */
    struct assay_type_profile types; /* misfits by record of the sum */
};

struct assay_keep_sum {
    struct assay_keep_counts *fields;
    size_t fields_count;
    uint64_t records;
    struct assay_pass_result pass;
};

ASSAY_MUST_CHECK int assay_keep_sum_init(struct assay_keep_sum *ret_sum, size_t fields_count,
                                         struct assay_error *err);
void assay_keep_sum_release(struct assay_keep_sum *sum);
/** Take the counts of the fields over; before the pass that they come from. ASSAY_INVALID: they
 * were counted under another plan. */
ASSAY_MUST_CHECK int assay_keep_sum_fields(struct assay_keep_sum *sum,
                                           struct assay_profile_field *const *fields, size_t count,
                                           struct assay_error *err);
/** Take what was learnt about `records` records; pass is left empty. */
ASSAY_MUST_CHECK int assay_keep_sum_pass(struct assay_keep_sum *sum, struct assay_pass_result *pass,
                                         uint64_t records, struct assay_error *err);
/** Take a whole sum over; `from` is empty after. */
ASSAY_MUST_CHECK int assay_keep_sum_add(struct assay_keep_sum *sum, struct assay_keep_sum *from,
                                        struct assay_error *err);
/** Give the counts to the fields, which hold none. */
void assay_keep_sum_give(struct assay_keep_sum *sum, struct assay_profile_field *const *fields,
                         size_t count);

/** Make the sum of a group, small enough to be kept, the group's saved chunks. fields: those of the
 * sum. */
ASSAY_MUST_CHECK int assay_keep_save(struct assay_profile_run *run,
                                     const struct assay_keep_sum *sum,
                                     struct assay_profile_field *const *fields, size_t count,
                                     size_t group, struct assay_error *err);

#endif
