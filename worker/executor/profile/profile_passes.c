// Profile passes: reading the source once for some fields.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/profile_passes.h"

#include "worker/executor/profile/belief.h"
#include "worker/executor/profile/profile_parts.h"
#include "worker/executor/profile/selection_where.h"

static void plan_fields(struct assay_profile_run *run, struct assay_profile_field *const *fields,
                        size_t count)
{
    const int64_t values = assay_json_int(run->task->settings, "histogram_max_distinct_values", 0);
    for (size_t i = 0; i < count; i++)
        assay_profile_field_plan(fields[i], run->task->seed, run->groups.state_bytes,
                                 values > 0 && values <= 10000 ? (uint32_t)values : 0);
}

void assay_profile_reset_fields(struct assay_profile_field *const *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assay_profile_field_reset(fields[i]);
}

/* One pass; a wrong guess about where records begin is repaired by proving the cuts and reading
 * again, one about the numbers of an expression by other types in it. */
int assay_profile_read_once(struct assay_profile_run *run,
                            struct assay_profile_field *const *fields, size_t count,
                            struct assay_pass_result *ret_pass, struct assay_error *err)
{
    struct assay_pass_result pass = {0};
    plan_fields(run, fields, count);
    ASSAY_TRY(assay_pass_run(&run->source, &run->selection, fields, count, &pass, err));
    run->result.passes++;
    run->result.bytes_read += pass.bytes;
    const bool wrong_guess = pass.wrong_guess;
    bool again = false;
    const int code =
        run->where ? assay_where_again(run->where, &run->selection, &again, err) : ASSAY_OK;
    if (code == ASSAY_OK && !wrong_guess && !again) {
        *ret_pass = pass;
        return ASSAY_OK;
    }
    assay_pass_result_release(&pass);
    assay_profile_reset_fields(fields, count);
    ASSAY_TRY(code);
    if (wrong_guess)
        ASSAY_TRY(assay_profile_parts_plan(&run->source, false, err));
    return assay_profile_read_once(run, fields, count, ret_pass, err);
}

/* Fields whose type turned out otherwise than believed, after all values were seen. */
size_t assay_profile_find_changed(struct assay_profile_field *const *fields, size_t count,
                                  struct assay_profile_field **changed)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        bool differs;
        assay_belief_decide(fields[i], &differs);
        if (differs)
            changed[found++] = fields[i];
    }
    return found;
}
