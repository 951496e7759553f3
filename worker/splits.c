// Splits: from plan chunks to tasks.
// SPDX-License-Identifier: Apache-2.0
#include "worker/splits.h"

#include <string.h>

#include "common/base/memory.h"

/* --- what the executor says --- */

void assay_splits_release(struct assay_splits *splits)
{
    json_decref(splits->plan);
    json_decref(splits->groups);
    json_decref(splits->again);
    *splits = (struct assay_splits){0};
}

static bool begins_with(const char *chunk, size_t size_bytes, const char *text)
{
    return size_bytes >= strlen(text) && !memcmp(chunk, text, strlen(text));
}

static int take_plan(struct assay_splits *splits, json_t *chunk, struct assay_error *err)
{
    json_t *groups = assay_json_get(chunk, "groups");
    if (!groups && !splits->plan) {
        splits->plan = json_incref(chunk);
        splits->groups = json_array();
        return splits->groups ? ASSAY_OK : assay_fail_memory(err);
    }
    if (!splits->plan || !json_is_array(groups))
        return assay_fail(err, ASSAY_FORMAT, "a plan's chunk is malformed or out of order");
    return json_array_extend(splits->groups, groups) ? assay_fail_memory(err) : ASSAY_OK;
}

int assay_splits_take(struct assay_splits *splits, const char *chunk, size_t size_bytes,
                      struct assay_error *err)
{
    const bool plan = begins_with(chunk, size_bytes, "{\"t\":\"plan\"");
    if (!plan && !begins_with(chunk, size_bytes, "{\"t\":\"again\""))
        return ASSAY_OK;
    ASSAY_AUTO(assay_json_decref) json_t *body = NULL;
    ASSAY_TRY(assay_json_parse(chunk, size_bytes, "a plan", &body, err));
    if (plan)
        return take_plan(splits, body, err);
    json_decref(splits->again);
    splits->again = ASSAY_TAKE(body);
    return ASSAY_OK;
}

/* --- what follows --- */

/* Texts and tasks of what is to be inserted. */
struct following {
    char *specs[2];
    size_t specs_count;
    struct assay_job_task_new *tasks;
    char **bounds; /* texts of the tasks' splits */
    size_t count;
};

static void release_following(struct following *f)
{
    for (size_t i = 0; i < f->specs_count; i++)
        assay_free(f->specs[i]);
    for (size_t i = 0; f->bounds && i < f->count; i++)
        assay_free(f->bounds[i]);
    assay_free(f->bounds);
    assay_free(f->tasks);
}

/* A member of the spec that is an object, made when it is not there. */
static int member(json_t *spec, const char *key, json_t **ret_member, struct assay_error *err)
{
    if (!json_is_object(json_object_get(spec, key)))
        ASSAY_TRY(assay_json_set(spec, key, json_object(), err));
    *ret_member = json_object_get(spec, key);
    return ASSAY_OK;
}

static int add_spec(struct following *f, const json_t *spec, struct assay_error *err)
{
    f->specs[f->specs_count] = assay_json_text(spec);
    return f->specs[f->specs_count++] ? ASSAY_OK : assay_fail_memory(err);
}

static int claim_spec(const struct assay_job_claim *claim, json_t **ret_spec,
                      struct assay_error *err)
{
    return assay_json_parse(claim->spec, strlen(claim->spec), "task spec", ret_spec, err);
}

static int set_beliefs(json_t *spec, const json_t *from, struct assay_error *err)
{
    json_t *settings = NULL, *beliefs = assay_json_get(from, "beliefs");
    ASSAY_TRY(member(spec, "settings", &settings, err));
    return beliefs ? assay_json_set(settings, "beliefs", json_incref(beliefs), err) : ASSAY_OK;
}

/* The merge's spec: the plan's own, for it may ask for another one, and what it is to tell. */
static int make_merge_spec(const struct assay_splits *splits, const struct assay_job_claim *claim,
                           struct following *f, struct assay_error *err)
{
    json_t *settings = NULL, *full = assay_json_get(splits->plan, "full");
    ASSAY_AUTO(assay_json_decref) json_t *spec = NULL;
    ASSAY_TRY(claim_spec(claim, &spec, err));
    if (full) {
        ASSAY_TRY(member(spec, "settings", &settings, err));
        ASSAY_TRY(assay_json_set(settings, "full", json_incref(full), err));
    }
    return add_spec(f, spec, err);
}

static int make_specs(const struct assay_splits *splits, const struct assay_job_claim *claim,
                      struct following *f, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *spec = NULL;
    json_t *reader = NULL, *more = assay_json_get(splits->plan, "reader");
    ASSAY_TRY(claim_spec(claim, &spec, err));
    ASSAY_TRY(member(spec, "reader", &reader, err));
    if (more && json_object_update(reader, more))
        return assay_fail_memory(err);
    ASSAY_TRY(set_beliefs(spec, splits->plan, err));
    ASSAY_TRY(add_spec(f, spec, err));
    return make_merge_spec(splits, claim, f, err);
}

/* A split knows its group, so that what is kept of it can be told from the others'. */
static int add_split(struct following *f, size_t place, size_t group, const json_t *of,
                     const json_t *split, int64_t container_id, struct assay_error *err)
{
    json_t *bounds = assay_json_get(split, "bounds"),
           *partitions = assay_json_get(of, "partitions");
    ASSAY_AUTO(assay_json_decref) json_t *own = bounds ? json_copy(bounds) : json_object();
    ASSAY_TRY(assay_json_set(own, "group", json_integer((json_int_t)group), err));
    if (partitions)
        ASSAY_TRY(assay_json_set(own, "partitions", json_incref(partitions), err));
    f->bounds[place] = assay_json_text(own);
    f->tasks[place] = (struct assay_job_task_new){.kind = "profile.split",
                                                  .container_id = container_id,
                                                  .spec = 0,
                                                  .split = f->bounds[place],
                                                  .split_no = (int)place,
                                                  .split_count = (int)f->count,
                                                  .unblocks = (int)f->count};
    return f->bounds[place] ? ASSAY_OK : assay_fail_memory(err);
}

static int reserve(struct following *f, size_t count, struct assay_error *err)
{
    f->tasks = assay_calloc(count + 1, sizeof *f->tasks);
    f->bounds = assay_calloc(count + 1, sizeof *f->bounds);
    f->count = count;
    return f->tasks && f->bounds ? ASSAY_OK : assay_fail_memory(err);
}

static int follow_plan(const struct assay_splits *splits, const struct assay_job_claim *claim,
                       struct following *f, struct assay_error *err)
{
    const int64_t count = assay_json_int(splits->plan, "splits", 0);
    size_t group, i, place = 0;
    json_t *of, *split;
    if (count < 1 || count > INT32_MAX - 1)
        return assay_fail(err, ASSAY_FORMAT, "the plan has no splits");
    ASSAY_TRY(make_specs(splits, claim, f, err));
    ASSAY_TRY(reserve(f, (size_t)count, err));
    json_array_foreach(splits->groups, group, of)
        json_array_foreach(assay_json_get(of, "splits"), i, split)
    {
        if (place == f->count)
            return assay_fail(err, ASSAY_FORMAT, "the plan holds more splits than it says");
        ASSAY_TRY(add_split(f, place++, group, of, split, claim->container_id, err));
    }
    if (place != f->count)
        return assay_fail(err, ASSAY_FORMAT, "the plan holds fewer splits than it says");
    f->tasks[place] = (struct assay_job_task_new){.kind = "profile.merge",
                                                  .container_id = claim->container_id,
                                                  .spec = 1,
                                                  .split_count = (int)f->count,
                                                  .unblocks = -1};
    return ASSAY_OK;
}

static int follow_again(const struct assay_splits *splits, const struct assay_job_claim *claim,
                        struct following *f, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *spec = NULL;
    ASSAY_TRY(claim_spec(claim, &spec, err));
    ASSAY_TRY(set_beliefs(spec, splits->again, err));
    const char *because = assay_json_str(splits->again, "because", "the types of its values");
    ASSAY_TRY(assay_json_set(json_object_get(spec, "settings"), "again",
                             assay_json_safe_string(because, strlen(because)), err));
    ASSAY_TRY(add_spec(f, spec, err));
    ASSAY_TRY(reserve(f, 0, err));
    f->tasks[0] = (struct assay_job_task_new){.kind = "profile.plan",
                                              .container_id = claim->container_id,
                                              .spec = 0,
                                              .split_count = 1,
                                              .unblocks = -1};
    return ASSAY_OK;
}

int assay_splits_complete(const struct assay_splits *splits, struct assay_job_store *store,
                          const struct assay_job_claim *claim, const char *summary,
                          struct assay_error *err)
{
    if (!splits->plan && !splits->again)
        return assay_job_complete(store, claim->task_id, claim->epoch, summary, err);
    ASSAY_SCOPED(release_following) struct following f = {0};
    ASSAY_TRY(splits->plan ? follow_plan(splits, claim, &f, err)
                           : follow_again(splits, claim, &f, err));
    return assay_job_plan_done(store, claim->task_id, claim->epoch, summary,
                               (const char *const *)f.specs, f.specs_count, f.tasks, f.count + 1,
                               err);
}
