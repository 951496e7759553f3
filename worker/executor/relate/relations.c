// Relations: candidates judged, and what holds offered with its evidence.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/relate/relations.h"

#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/infer/check_infer.h"

enum {
    JUDGED_AT_ONCE = 32, /* candidates of one reading: each is a join */
    SUPPORT_LEAST = 20   /* records with a value; fewer tell nothing */
};

/* The candidate as the check that it becomes. */
static int complete(const struct assay_task *task, json_t *check, struct assay_error *err)
{
    const char *name = assay_json_str(task->container, "name", NULL);
    const bool draft = assay_json_bool(task->settings, "infer_as_draft", false);
    if (name)
        ASSAY_TRY(
            assay_json_set(check, "container", assay_json_safe_string(name, strlen(name)), err));
    if (!assay_json_get(check, "description"))
        ASSAY_TRY(assay_json_set(check, "description", json_string(""), err));
    return assay_json_set(check, "status", json_string(draft ? "Draft" : "Active"), err);
}

/* What became of the candidates. */
struct judged {
    json_t *offered, *unjudged;
};

static int offer(const struct assay_task *task, const json_t *candidate, uint64_t records,
                 uint64_t support, json_t *offered, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *check = json_deep_copy(candidate);
    if (!check)
        return assay_fail_memory(err);
    ASSAY_TRY(complete(task, check, err));
    ASSAY_TRY(assay_check_set_judged(check, records, support, err));
    return assay_json_push(offered, ASSAY_TAKE(check), err);
}

/* It holds for all records or is not offered: a reference of which some find nothing is none. */
static int take_verdicts(const struct assay_task *task, const json_t *lot,
                         const struct assay_verdict *verdicts, uint64_t records,
                         const struct judged *judged, struct assay_error *err)
{
    for (size_t i = 0; i < json_array_size(lot); i++) {
        const struct assay_verdict *verdict = &verdicts[i];
        json_t *candidate = json_array_get(lot, i);
        const bool whole = !verdict->passed && !verdict->failing; /* not record by record */
        const uint64_t support = whole ? records : verdict->passed;
        const char *reason = verdict->reason;
        if (*reason)
            ASSAY_TRY(assay_json_push(judged->unjudged,
                                      json_pack("{s:O, s:o}", "check", candidate, "message",
                                                assay_json_safe_string(reason, strlen(reason))),
                                      err));
        else if (verdict->holds && !verdict->failing && support >= SUPPORT_LEAST)
            ASSAY_TRY(offer(task, candidate, records, support, judged->offered, err));
    }
    return ASSAY_OK;
}

static int judge_lot(struct assay_task *task, const json_t *lot, const struct judged *judged,
                     struct assay_error *err)
{
    struct assay_verdict verdicts[JUDGED_AT_ONCE] = {0};
    const struct assay_verify_scope all = {.memory_bytes = task->memory_bytes};
    struct assay_verified verified = {0};
    const uint64_t before = task->done.bytes;
    ASSAY_TRY(task->verify(task, lot, &all, verdicts, &verified, err));
    task->done.bytes += before;
    task->done.records = verified.records;
    return take_verdicts(task, lot, verdicts, verified.records, judged, err);
}

static int judge(struct assay_task *task, const struct judged *judged, struct assay_error *err)
{
    const size_t count = json_array_size(task->checks);
    for (size_t from = 0; from < count; from += JUDGED_AT_ONCE) {
        ASSAY_AUTO(assay_json_decref) json_t *lot = json_array();
        for (size_t i = from; i < from + JUDGED_AT_ONCE && i < count; i++)
            ASSAY_TRY(assay_json_push(lot, json_incref(json_array_get(task->checks, i)), err));
        ASSAY_TRY(judge_lot(task, lot, judged, err));
    }
    return ASSAY_OK;
}

int assay_relations_run(struct assay_task *task, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *offered = json_array();
    ASSAY_AUTO(assay_json_decref) json_t *unjudged = json_array();
    const struct judged judged = {offered, unjudged};
    if (!offered || !unjudged)
        return assay_fail_memory(err);
    ASSAY_TRY(judge(task, &judged, err));
    ASSAY_TRY(assay_task_emit_list(task, "inferred", "checks", offered, err));
    return json_array_size(unjudged)
               ? assay_task_emit_list(task, "inferred", "unjudged", unjudged, err)
               : ASSAY_OK;
}
