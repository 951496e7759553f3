// Candidates: checks that rest on the sample, judged over all records before they are offered.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/candidates.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "common/base/memory.h"
#include "common/base/plural.h"
#include "worker/executor/profile/keep/keep_judged.h"
#include "worker/executor/profile/keep/keep_run.h"
#include "worker/executor/rules/rule.h"

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
    ASSAY_TRY(assay_keep_note_settled(run, settled, err));
    return assay_task_emit_list(run->task, "inferred", "checks", settled, err);
}

/* Candidates on their way: what is offered, and what is not because it could not be judged. */
struct judging {
    struct assay_profile_run *run;
    json_t *fresh; /* to be judged on all records */
    json_t *known; /* held on what is kept: to be judged on what was read */
    json_t *offered, *unjudged;
    bool added;         /* records were only added to those that are kept */
    const char *reason; /* the first why a candidate could not be judged; NULL = all could */
    char reason_text[300];
};

/* --- what came of one --- */

/* What cannot be judged is not offered; on a server it stays as it stands (docs/inference.md). */
static int leave_unjudged(struct judging *judging, json_t *check, const char *reason,
                          struct assay_error *err)
{
    if (!judging->reason && *reason) {
        (void)snprintf(judging->reason_text, sizeof judging->reason_text, "%s", reason);
        judging->reason = judging->reason_text;
    }
    return assay_json_push(judging->unjudged,
                           json_pack("{s:O, s:o}", "check", check, "message",
                                     assay_json_safe_string(reason, strlen(reason))),
                           err);
}

static int offer(struct judging *judging, json_t *check, const struct assay_judgement *judgement,
                 uint64_t records, struct assay_error *err)
{
    ASSAY_TRY(assay_check_set_verified(check, records, judgement->passed, judgement->failing, err));
    ASSAY_TRY(assay_json_push(judging->offered, json_incref(check), err));
    return assay_keep_note_judged(judging->run, check, judgement, err);
}

static int take_errored(struct judging *judging, json_t *check, const char *reason,
                        struct assay_error *err)
{
    const struct assay_judgement errored = {.is = ASSAY_JUDGED_ERRORED};
    ASSAY_TRY(assay_keep_note_judged(judging->run, check, &errored, err));
    return leave_unjudged(judging, check, reason, err);
}

/* --- what the profile before knew --- */

enum reach {
    OF_RECORDS, /* what holds in two parts holds in both together, what fails in one fails */
    OF_KEYS,    /* unique: what fails in a part fails; but two parts may share a key */
    OF_ALL      /* a share of the records, a figure of them all */
};

static enum reach reach_of(const json_t *check)
{
    const struct assay_rule *rule = assay_rule_find(assay_json_str(check, "rule", ""));
    if (!rule || !rule->predicate || assay_json_num(check, "coverage", 1) < 1)
        return OF_ALL;
    return rule->finds_repeats ? OF_KEYS : OF_RECORDS;
}

/* Is nothing to be read for it? same: nothing came, nothing went. */
static int settle_known(struct judging *judging, json_t *check,
                        const struct assay_judgement *judgement, bool same, bool *ret_settled,
                        struct assay_error *err)
{
    struct assay_profile_run *run = judging->run;
    const bool held = judgement->is == ASSAY_JUDGED_HELD,
               fails = judgement->is == ASSAY_JUDGED_FAILED;
    *ret_settled = true;
    if (held && same && !judgement->others)
        return offer(judging, check, judgement, run->result.records_processed, err);
    /* kept states have smaller samples, which suggest others: they were not suggested by all */
    if (judgement->is == ASSAY_JUDGED_NOT && same && assay_keep_was_inferred(run))
        return leave_unjudged(judging, check, "", err);
    *ret_settled =
        fails || judgement->is == ASSAY_JUDGED_ERRORED ||
        (judgement->is != ASSAY_JUDGED_NOT && (judgement->others || reach_of(check) == OF_ALL));
    if (!*ret_settled)
        return ASSAY_OK;
    ASSAY_TRY(assay_keep_note_again(run, check, err));
    return fails ? ASSAY_OK : leave_unjudged(judging, check, "", err);
}

/* Kept partitions are not read again for a check that is known by its rule and fields. */
static int sort_out(struct judging *judging, struct assay_error *err)
{
    const struct assay_profile_run *run = judging->run;
    const bool kept = assay_keep_has_kept(run);
    judging->added = assay_keep_has_all(run);
    const bool same = kept && judging->added && !run->keep->records_read;
    size_t i;
    json_t *check;
    json_array_foreach(run->candidates, i, check)
    {
        const struct assay_judgement judgement =
            kept ? assay_keep_judged(run, check) : (struct assay_judgement){0};
        bool settled;
        ASSAY_TRY(settle_known(judging, check, &judgement, same, &settled, err));
        const bool known = judgement.is != ASSAY_JUDGED_NOT;
        if (!settled)
            ASSAY_TRY(
                assay_json_push(known ? judging->known : judging->fresh, json_incref(check), err));
    }
    return ASSAY_OK;
}

/* --- judged on all records --- */

static int take_whole(struct judging *judging, json_t *check, const struct assay_verdict *verdict,
                      uint64_t records, struct assay_error *err)
{
    const struct assay_judgement judgement = {.is = verdict->holds ? ASSAY_JUDGED_HELD
                                                                   : ASSAY_JUDGED_FAILED,
                                              .passed = verdict->passed,
                                              .failing = verdict->failing};
    return verdict->holds ? offer(judging, check, &judgement, records, err)
                          : assay_keep_note_judged(judging->run, check, &judgement, err);
}

/* --- judged on what was read, known to hold for what is kept --- */

static int take_part(struct judging *judging, json_t *check, const struct assay_verdict *verdict,
                     struct assay_error *err)
{
    const struct assay_judgement before = assay_keep_judged(judging->run, check);
    struct assay_judgement now = {.is = ASSAY_JUDGED_FAILED};
    if (!verdict->holds)
        return assay_keep_note_judged(judging->run, check, &now, err);
    if (reach_of(check) == OF_KEYS || before.is == ASSAY_JUDGED_STANDS) {
        now.is = ASSAY_JUDGED_STANDS;
        ASSAY_TRY(assay_keep_note_judged(judging->run, check, &now, err));
        return leave_unjudged(judging, check, "", err);
    }
    now.is = ASSAY_JUDGED_HELD;
    if (judging->added && before.passed)
        now.passed = before.passed + verdict->passed;
    return offer(judging, check, &now, judging->run->result.records_processed, err);
}

/* --- the reading --- */

/* Which records this run counted. *ret_why: why they cannot be found again; NULL = they can. */
static struct assay_verify_scope scope_of(const struct assay_profile_run *run, const char **ret_why)
{
    const struct assay_selection *selection = &run->selection;
    const bool files = run->source.set != NULL;
    *ret_why = !run->task->verify                         ? "nothing judges them here"
               : run->result.sampled && !run->source.conn ? "splits counted a part of the records"
               : selection->by_hash && !files
                   ? "the records of a sample cannot be told in a source without an order"
                   : NULL;
    return (struct assay_verify_scope){.by_hash = selection->by_hash,
                                       .hash_max = selection->hash_max,
                                       .limit = run->result.sampled ? selection->limit : 0,
                                       .identify = files && !assay_selection_is_all(selection)};
}

/* A scan types fields in its own right, a source changes: are these the records of the profile? */
static bool are_others(const struct assay_profile_run *run, const struct assay_verify_scope *scope,
                       const struct assay_verified *verified)
{
    if (assay_selection_is_all(&run->selection))
        return false;
    return verified->records != run->result.records_processed ||
           (scope->identify && verified->identities != run->result.pass.identities);
}

/* The budget does not hold it, or `where` means nothing to fields as a scan types them. */
static bool is_no_fault(const struct assay_profile_run *run, int code)
{
    return code == ASSAY_NO_MEMORY || code == ASSAY_LIMIT ||
           (code == ASSAY_INVALID && !assay_selection_is_all(&run->selection));
}

static int take_verdicts(struct judging *judging, const json_t *lot,
                         const struct assay_verdict *verdicts, const struct assay_verified *records,
                         bool part, struct assay_error *err)
{
    size_t i;
    json_t *check;
    json_array_foreach((json_t *)(uintptr_t)lot, i, check)
    {
        if (*verdicts[i].reason)
            ASSAY_TRY(take_errored(judging, check, verdicts[i].reason, err));
        else
            ASSAY_TRY(part ? take_part(judging, check, &verdicts[i], err)
                           : take_whole(judging, check, &verdicts[i], records->records, err));
    }
    return ASSAY_OK;
}

static int leave_lot(struct judging *judging, const json_t *lot, const char *reason,
                     struct assay_error *err)
{
    size_t i;
    json_t *check;
    json_array_foreach((json_t *)(uintptr_t)lot, i, check)
        ASSAY_TRY(leave_unjudged(judging, check, reason, err));
    return ASSAY_OK;
}

static int judge_lot(struct judging *judging, const json_t *lot, struct assay_verify_scope *scope,
                     struct assay_error *err)
{
    struct assay_verdict verdicts[JUDGED_AT_ONCE] = {0};
    struct assay_verified verified = {0};
    struct assay_error inner = {0};
    struct assay_profile_run *run = judging->run;
    struct assay_task *task = run->task;
    (void)malloc_trim(0); /* what states took is free by now */
    scope->memory_bytes = task->memory_bytes - assay_profile_engine_held(&run->source);
    const int rc = task->verify(task, lot, scope, verdicts, &verified, &inner);
    run->result.passes++;
    run->result.bytes_read += task->done.bytes;
    if (rc == ASSAY_OK && are_others(run, scope, &verified))
        return leave_lot(judging, lot, "other records are selected when they are read again", err);
    if (rc == ASSAY_OK)
        return take_verdicts(judging, lot, verdicts, &verified, scope->split != NULL, err);
    if (!is_no_fault(run, rc))
        return assay_fail(err, rc, "verifying the inferred checks: %s", inner.text);
    return leave_lot(judging, lot, inner.text, err);
}

static int judge_list(struct judging *judging, const json_t *list, struct assay_verify_scope *scope,
                      struct assay_error *err)
{
    for (size_t i = 0; i < json_array_size(list); i += JUDGED_AT_ONCE) {
        ASSAY_AUTO(assay_json_decref) json_t *lot = json_array();
        for (size_t j = i; j < i + JUDGED_AT_ONCE && j < json_array_size(list); j++)
            ASSAY_TRY(assay_json_push(lot, json_incref(json_array_get(list, j)), err));
        ASSAY_TRY(judge_lot(judging, lot, scope, err));
    }
    return ASSAY_OK;
}

/* What was read, for candidates that are known to hold for the rest. */
static int judge_known(struct judging *judging, struct assay_verify_scope *scope,
                       struct assay_error *err)
{
    const struct assay_verdict nothing_read = {.holds = true};
    ASSAY_AUTO(assay_json_decref) json_t *split = NULL;
    size_t i;
    json_t *check;
    if (!json_array_size(judging->known))
        return ASSAY_OK;
    ASSAY_TRY(assay_keep_split(judging->run, &split, err));
    scope->split = split;
    if (!json_is_null(split))
        return judge_list(judging, judging->known, scope, err);
    json_array_foreach(judging->known, i, check)
        ASSAY_TRY(take_part(judging, check, &nothing_read, err));
    return ASSAY_OK;
}

static int judge(struct judging *judging, struct assay_error *err)
{
    struct assay_profile_run *run = judging->run;
    const char *why;
    struct assay_verify_scope scope = scope_of(run, &why);
    const size_t fresh = json_array_size(judging->fresh);
    if (why) {
        ASSAY_TRY(leave_lot(judging, judging->fresh, why, err));
        return leave_lot(judging, judging->known, why, err);
    }
    if (!fresh)
        return judge_known(judging, &scope, err);
    if (assay_keep_has_kept(run))
        ASSAY_TRY(assay_keep_tell_judged(run, fresh, err));
    if (json_array_extend(judging->fresh, judging->known))
        return assay_fail_memory(err);
    return judge_list(judging, judging->fresh, &scope, err);
}

/* --- the whole --- */

static int warn(struct assay_profile_run *run, const struct judging *judging,
                struct assay_error *err)
{
    if (!judging->reason)
        return ASSAY_OK;
    const size_t count = json_array_size(judging->unjudged);
    ASSAY_AUTO(assay_json_decref)
    json_t *reason = assay_json_safe_string(judging->reason, strlen(judging->reason));
    return assay_json_push(
        run->field_warnings,
        json_pack(
            "{s:s, s:n, s:o}", "code", "checks_not_judged", "field", "message",
            json_sprintf("%zu check%s that the sample suggests %s not offered, as all records "
                         "could not be asked: %s",
                         count, assay_plural_s(count), assay_plural_are(count),
                         reason ? json_string_value(reason) : "")),
        err);
}

static int emit(struct judging *judging, struct assay_error *err)
{
    struct assay_profile_run *run = judging->run;
    ASSAY_TRY(sort_out(judging, err));
    ASSAY_TRY(judge(judging, err));
    ASSAY_TRY(warn(run, judging, err));
    ASSAY_TRY(assay_task_emit_list(run->task, "inferred", "checks", judging->offered, err));
    return json_array_size(judging->unjudged)
               ? assay_task_emit_list(run->task, "inferred", "unjudged", judging->unjudged, err)
               : ASSAY_OK;
}

int assay_candidates_emit(struct assay_profile_run *run, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *fresh = json_array();
    ASSAY_AUTO(assay_json_decref) json_t *known = json_array();
    ASSAY_AUTO(assay_json_decref) json_t *offered = json_array();
    ASSAY_AUTO(assay_json_decref) json_t *unjudged = json_array();
    struct judging judging = {
        .run = run, .fresh = fresh, .known = known, .offered = offered, .unjudged = unjudged};
    if (!fresh || !known || !offered || !unjudged)
        return assay_fail_memory(err);
    if (json_array_size(run->candidates))
        ASSAY_TRY(emit(&judging, err));
    return assay_keep_tell_noted(run, err);
}
