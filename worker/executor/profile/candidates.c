// Candidates: checks that rest on the sample, judged over all records before they are offered.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/candidates.h"

#include <malloc.h>

#include "common/base/memory.h"
#include "worker/executor/profile/keep/keep_run.h"

enum { JUDGED_AT_ONCE = 512 }; /* checks of one reading: one query holds them all */

int assay_candidates_take(struct assay_profile_run *run, const json_t *checks,
                          struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *settled = json_array();
    for (size_t i = 0; i < json_array_size(checks); i++) {
        json_t *check = json_array_get(checks, i);
        ASSAY_TRY(assay_json_push(assay_check_rests_on_sample(check) ? run->candidates : settled,
                                  json_incref(check), err));
    }
    if (!settled)
        return assay_fail_memory(err);
    return assay_task_emit_list(run->task, "inferred", "checks", settled, err);
}

/* Did this run read every record, or all that `where` is true for, and may it read them again? What
 * a limit or a sample left out it did not. */
static bool reads_all(const struct assay_profile_run *run)
{
    const struct assay_keep *keep = run->keep;
    for (size_t i = 0; keep && i < keep->parts_count; i++) {
        if (keep->parts[i].state >= 0)
            return false;
    }
    return run->task->verify && !run->result.sampled;
}

/* Of a lot only what holds is offered. */
static int take_verdicts(const json_t *lot, const struct assay_verdict *verdicts, uint64_t records,
                         json_t *offered, struct assay_error *err)
{
    size_t i;
    json_t *check;
    json_array_foreach((json_t *)(uintptr_t)lot, i, check)
    {
        if (!verdicts[i].holds)
            continue;
        ASSAY_TRY(
            assay_check_set_verified(check, records, verdicts[i].passed, verdicts[i].failing, err));
        ASSAY_TRY(assay_json_push(offered, json_incref(check), err));
    }
    return ASSAY_OK;
}

static int leave_unverified(const struct assay_task *task, const json_t *lot, const char *reason,
                            json_t *offered, struct assay_error *err)
{
    ASSAY_TASK_LOG(task, ASSAY_LOG_WARNING, "inferred checks not verified",
                   ASSAY_F_TEXT("reason", reason));
    return json_array_extend(offered, (json_t *)(uintptr_t)lot) ? assay_fail_memory(err) : ASSAY_OK;
}

/* A scan types fields in its own right, a table changes: `where` may be true for others there. */
static bool are_others(const struct assay_profile_run *run, uint64_t records)
{
    return !assay_selection_is_all(&run->selection) && records != run->result.records_processed;
}

/* The budget does not hold it, or `where` means nothing to fields as a scan types them. */
static bool is_no_fault(const struct assay_profile_run *run, int code)
{
    return code == ASSAY_NO_MEMORY || code == ASSAY_LIMIT ||
           (code == ASSAY_INVALID && !assay_selection_is_all(&run->selection));
}

/* What cannot be judged stays as it is. */
static int judge_lot(struct assay_profile_run *run, const json_t *lot, json_t *offered,
                     struct assay_error *err)
{
    struct assay_verdict verdicts[JUDGED_AT_ONCE] = {0};
    struct assay_error inner = {0};
    struct assay_task *task = run->task;
    (void)malloc_trim(0); /* what states took is free by now */
    const uint64_t held = assay_profile_engine_held(&run->source);
    uint64_t records = 0;
    const int rc = task->verify(task, lot, task->memory_bytes - held, verdicts, &records, &inner);
    run->result.passes++;
    run->result.bytes_read += task->done.bytes;
    if (rc == ASSAY_OK && are_others(run, records))
        return leave_unverified(task, lot, "other records are selected by now", offered, err);
    if (rc == ASSAY_OK)
        return take_verdicts(lot, verdicts, records, offered, err);
    if (!is_no_fault(run, rc))
        return assay_fail(err, rc, "verifying the inferred checks: %s", inner.text);
    return leave_unverified(task, lot, inner.text, offered, err);
}

static int verify(struct assay_profile_run *run, json_t *offered, struct assay_error *err)
{
    for (size_t i = 0; i < json_array_size(run->candidates); i += JUDGED_AT_ONCE) {
        ASSAY_AUTO(assay_json_decref) json_t *lot = json_array();
        for (size_t j = i; j < i + JUDGED_AT_ONCE && j < json_array_size(run->candidates); j++)
            ASSAY_TRY(assay_json_push(lot, json_incref(json_array_get(run->candidates, j)), err));
        ASSAY_TRY(judge_lot(run, lot, offered, err));
    }
    return ASSAY_OK;
}

int assay_candidates_emit(struct assay_profile_run *run, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *offered = json_array();
    if (!json_array_size(run->candidates))
        return ASSAY_OK;
    if (!offered)
        return assay_fail_memory(err);
    const bool judged = reads_all(run);
    if (judged)
        ASSAY_TRY(verify(run, offered, err));
    return assay_task_emit_list(run->task, "inferred", "checks", judged ? offered : run->candidates,
                                err);
}
