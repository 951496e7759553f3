// Profile plan: asks the connector for splits, and says what all of them must share.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/profile_plan.h"

#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/connect/plan_groups.h"
#include "worker/executor/profile/belief.h"
#include "worker/executor/profile/beliefs.h"

enum { PLAN_VERSION = 1, SPLITS_MAX = 1000 };

/* Settings that make a profile one of some records or fields: they hold for the whole container, a
 * split knows only its own. */
static bool is_partial(const json_t *settings)
{
    static const char *const keys[] = {"where", "limit", "sample", "fields",
                                       "max_records_analyzed_per_partition"};
    for (size_t i = 0; i < ASSAY_COUNT(keys); i++)
        if (assay_json_get(settings, keys[i]))
            return true;
    return false;
}

/* A merge holds the states of all fields at once: what does not fit is read whole, in groups. */
static bool fits_memory(const struct assay_profile_run *run)
{
    const struct assay_profile_result *result = &run->result;
    return assay_groups_plan(&run->source, result->fields, result->fields_count).group_fields >=
           result->fields_count;
}

static int cut(struct assay_profile_run *run, json_t **ret_groups, struct assay_error *err)
{
    const struct assay_task *task = run->task;
    const struct assay_connector *connector = run->source.conn->connector;
    const json_t *limits = assay_json_get(task->spec, "limits");
    const int64_t ms = assay_json_int(limits, "split_ms", 0);
    const int64_t records = assay_json_int(limits, "split_records", 0);
    const struct assay_plan_goal goal = {.count = SPLITS_MAX,
                                         .ms = ms > 0 ? (uint64_t)ms : 0,
                                         .records = records > 0 ? (uint64_t)records : 0};
    *ret_groups = NULL;
    if (!connector->plan || !goal.ms || is_partial(task->settings) || !fits_memory(run))
        return ASSAY_OK;
    atomic_store(&run->task->progress.phase, "planning");
    return connector->plan(run->source.conn, task->container, task->reader, &goal, ret_groups, err);
}

/* What the fields of cells are taken for. */
static int form_beliefs(struct assay_profile_run *run, json_t **ret_beliefs,
                        struct assay_error *err)
{
    struct assay_profile_result *result = &run->result;
    ASSAY_AUTO(assay_free)
    void *memory = assay_calloc(result->fields_count + 1, sizeof(struct assay_profile_field *));
    struct assay_profile_field **pointers = memory;
    if (!pointers)
        return assay_fail_memory(err);
    for (size_t i = 0; i < result->fields_count; i++)
        pointers[i] = &result->fields[i];
    if (!assay_profile_source_is_parquet(&run->source))
        ASSAY_TRY(assay_belief_form(&run->source, pointers, result->fields_count, err));
    return assay_beliefs_json(result->fields, result->fields_count, ret_beliefs, err);
}

/* Reader options of the splits beyond the container's own; *ret_reader NULL: they cannot be told
 * all. */
static int reader_options(const struct assay_profile_run *run, json_t **ret_reader,
                          struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *reader = json_object();
    json_t *fields = NULL;
    *ret_reader = NULL;
    if (!reader)
        return assay_fail_memory(err);
    if (assay_profile_source_is_json(&run->source)) {
        struct assay_error own = {0};
        const int rc = assay_json_fields_save(run->source.set->json, &fields, &own);
        if (rc == ASSAY_UNSUPPORTED)
            return ASSAY_OK;
        if (rc != ASSAY_OK)
            return assay_fail(err, rc, "%s", own.text);
        ASSAY_TRY(assay_json_set(reader, "json_fields", fields, err));
    }
    *ret_reader = ASSAY_TAKE(reader);
    return ASSAY_OK;
}

static bool fits_a_chunk(const json_t *head)
{
    const size_t frame_bytes = 64;
    ASSAY_AUTO(assay_free_text) char *text = assay_json_text(head);
    return text && strlen(text) + frame_bytes < ASSAY_CHUNK_MAX_BYTES;
}

static int describe(struct assay_profile_run *run, const json_t *groups, json_t **ret_head,
                    struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *reader = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *beliefs = NULL;
    *ret_head = NULL;
    ASSAY_TRY(reader_options(run, &reader, err));
    if (!reader)
        return ASSAY_OK;
    ASSAY_TRY(form_beliefs(run, &beliefs, err));
    ASSAY_AUTO(assay_json_decref)
    json_t *head = json_pack("{s:i, s:I, s:O, s:O}", "v", PLAN_VERSION, "splits",
                             (json_int_t)assay_plan_groups_count(groups), "reader", reader,
                             "beliefs", beliefs);
    if (!head)
        return assay_fail_memory(err);
    if (fits_a_chunk(head))
        *ret_head = ASSAY_TAKE(head);
    return ASSAY_OK;
}

/* What the merge is to tell of it. */
static int add_reason(json_t *head, const char *because, bool refused, struct assay_error *err)
{
    if (!because)
        return ASSAY_OK;
    return assay_json_set(head, "full",
                          json_pack("{s:o, s:b}", "because",
                                    assay_json_safe_string(because, strlen(because)), "refused",
                                    (int)refused),
                          err);
}

int assay_profile_plan(struct assay_profile_run *run, const char *because, bool refused,
                       bool *ret_planned, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *groups = NULL;
    json_t *head = NULL;
    *ret_planned = false;
    ASSAY_TRY(cut(run, &groups, err));
    if (assay_plan_groups_count(groups) < 2)
        return ASSAY_OK;
    ASSAY_TRY(describe(run, groups, &head, err));
    if (!head)
        return ASSAY_OK;
    *ret_planned = true;
    const int rc = add_reason(head, because, refused, err);
    if (rc != ASSAY_OK) {
        json_decref(head);
        return rc;
    }
    ASSAY_TRY(assay_task_emit(run->task, "plan", head, err));
    return assay_task_emit_list(run->task, "plan", "groups", groups, err);
}
