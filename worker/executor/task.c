// Task: parsing what one executor process was asked to do, and delivering chunks.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/task.h"

#include <stdio.h>
#include <string.h>

#include "common/base/datetime.h"
#include "common/base/memory.h"

enum { TASK_VERSION = 1 };
#define DEFAULT_MEMORY_BYTES (INT64_C(1) << 30)

/* --- secrets --- */

/* Overwrite every text below; a text that several trees share is overwritten for all of them. */
static void wipe_texts(json_t *value)
{
    const char *key;
    size_t index;
    json_t *member;
    if (json_is_string(value))
        assay_wipe((void *)(uintptr_t)json_string_value(value), json_string_length(value));
    else if (json_is_object(value))
        json_object_foreach(value, key, member) wipe_texts(member);
    else if (json_is_array(value))
        json_array_foreach(value, index, member) wipe_texts(member);
}

/* Set the secret's members over those of target, object by object: {"parameters": {"password":
 * …}}. */
static int merge_over(json_t *target, const json_t *secret, struct assay_error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)secret, key, value)
    {
        json_t *present = json_object_get(target, key);
        if (json_is_object(present) && json_is_object(value))
            ASSAY_TRY(merge_over(present, value, err));
        else if (json_object_set(target, key, value))
            return assay_fail_memory(err);
    }
    return ASSAY_OK;
}

/* The fence around a source's files is the spec's alone, when it has one: nothing that comes with
 * the secrets widens it. */
static int keep_fence(json_t *properties, const json_t *plain, struct assay_error *err)
{
    static const char *const keys[] = {"roots", "root"};
    for (size_t i = 0; i < ASSAY_COUNT(keys); i++) {
        json_t *own = json_object_get(plain, keys[i]);
        if (own && json_object_set(properties, keys[i], own))
            return assay_fail_memory(err);
    }
    return ASSAY_OK;
}

static int merged_properties(const json_t *secrets, const json_t *source, int64_t datastore_id,
                             json_t **ret_properties, struct assay_error *err)
{
    const json_t *plain = assay_json_get(source, "properties");
    ASSAY_AUTO(assay_json_decref)
    json_t *properties = plain ? json_deep_copy(plain) : json_object();
    if (!properties)
        return assay_fail_memory(err);
    if (!json_is_object(properties))
        return assay_fail(err, ASSAY_INVALID, "the task's properties are not an object");
    char id[24];
    (void)snprintf(id, sizeof id, "%lld", (long long)datastore_id);
    const json_t *secret = assay_json_get(secrets, id);
    if (json_is_object(secret)) {
        ASSAY_TRY(merge_over(properties, secret, err));
        ASSAY_TRY(keep_fence(properties, plain, err));
    }
    json_t *roots = json_object_get(
        plain, "roots"); /* the supervisor's fence around files: no secret moves it */
    if (roots && json_object_set(properties, "roots", roots))
        return assay_fail_memory(err);
    *ret_properties = ASSAY_TAKE(properties);
    return ASSAY_OK;
}

int assay_task_source_properties(const struct assay_task *task, const json_t *source,
                                 json_t **ret_properties, struct assay_error *err)
{
    const json_t *id = assay_json_get(source, "datastore_id");
    return merged_properties(id ? task->secrets : NULL, source, json_integer_value(id),
                             ret_properties, err);
}

/* --- parsing --- */

static int parse_instant(const json_t *spec, int64_t *ret_us, struct assay_error *err)
{
    const char *text;
    bool has_zone;
    ASSAY_TRY(assay_json_need_str(spec, "now", &text, err));
    if (!assay_parse_timestamp(text, strlen(text), ret_us, &has_zone) || !has_zone)
        return assay_fail(err, ASSAY_INVALID, "the task's now is not an instant: %s", text);
    return ASSAY_OK;
}

static int parse_limits(struct assay_task *task, struct assay_error *err)
{
    const json_t *limits = assay_json_get(task->spec, "limits");
    const int64_t memory_bytes = assay_json_int(limits, "memory_bytes", DEFAULT_MEMORY_BYTES);
    const int64_t threads = assay_json_int(limits, "threads", 1);
    if (memory_bytes <= 0 || threads < 1 || threads > 1024)
        return assay_fail(err, ASSAY_INVALID, "the task's limits make no sense");
    if ((uint64_t)memory_bytes < ASSAY_TASK_LEAST_BYTES)
        return assay_fail(err, ASSAY_INVALID,
                          "a memory budget of %lld MiB is too small, as the executor itself takes "
                          "some 40 MiB: give at least %llu MiB (--memory, worker.task_memory)",
                          (long long)(memory_bytes >> 20),
                          (unsigned long long)(ASSAY_TASK_LEAST_BYTES >> 20));
    task->memory_bytes = (uint64_t)memory_bytes;
    task->threads = (int)threads;
    task->split_no = (int)assay_json_int(task->spec, "split_no", 0);
    task->split_count = (int)assay_json_int(task->spec, "split_count", 1);
    task->split = assay_json_get(task->spec, "split");
    task->is_split = !strcmp(task->kind, "profile.split");
    return ASSAY_OK;
}

/* An object or array of the spec; an empty one when it is absent, kept in the spec. */
static int member_or_empty(json_t *spec, const char *key, bool array, const json_t **ret_value,
                           struct assay_error *err)
{
    json_t *value = assay_json_get(spec, key);
    if (!value) {
        value = array ? json_array() : json_object();
        ASSAY_TRY(assay_json_set(spec, key, value, err));
    }
    if (array ? !json_is_array(value) : !json_is_object(value))
        return assay_fail(err, ASSAY_INVALID, "the task's %s is not %s", key,
                          array ? "a list" : "an object");
    *ret_value = value;
    return ASSAY_OK;
}

static int parse_source(struct assay_task *task, struct assay_error *err)
{
    const json_t *source = assay_json_get(task->spec, "source");
    if (source) {
        ASSAY_TRY(assay_json_need_str(source, "connector", &task->connector, err));
        task->container = assay_json_get(source, "container");
    }
    return merged_properties(task->secrets, source, task->datastore_id, &task->properties, err);
}

/* Finding the fields of a large file keeps to the task's threads, unless the reader has its own. */
static int limit_reader(const struct assay_task *task, struct assay_error *err)
{
    if (assay_json_get(task->reader, "threads"))
        return ASSAY_OK;
    return assay_json_set(json_object_get(task->spec, "reader"), "threads",
                          json_integer(task->is_split ? 1 : task->threads), err);
}

static int parse(struct assay_task *task, struct assay_error *err)
{
    json_t *spec = task->spec;
    int64_t version;
    ASSAY_TRY(assay_json_need_int(spec, "v", &version, err));
    if (version != TASK_VERSION)
        return assay_fail(err, ASSAY_INVALID, "the task has version %lld, this executor reads %d",
                          (long long)version, TASK_VERSION);
    ASSAY_TRY(assay_json_need_str(spec, "kind", &task->kind, err));
    ASSAY_TRY(parse_instant(spec, &task->now_us, err));
    task->datastore_id = assay_json_int(spec, "datastore_id", 0);
    task->timezone = assay_json_str(spec, "timezone", "UTC");
    task->seed = (uint64_t)assay_json_int(spec, "seed", 0);
    ASSAY_TRY(parse_limits(task, err));
    ASSAY_TRY(member_or_empty(spec, "reader", false, &task->reader, err));
    ASSAY_TRY(limit_reader(task, err));
    ASSAY_TRY(member_or_empty(spec, "settings", false, &task->settings, err));
    ASSAY_TRY(member_or_empty(spec, "checks", true, &task->checks, err));
    ASSAY_TRY(member_or_empty(spec, "fields", true, &task->fields, err));
    return parse_source(task, err);
}

int assay_task_init(struct assay_task *ret_task, json_t *spec, json_t *secrets,
                    const struct assay_task_outlet *outlet, struct assay_error *err)
{
    ret_task->spec = spec;
    ret_task->secrets = secrets;
    ret_task->outlet = *outlet;
    atomic_store(&ret_task->progress.phase, "starting");
    atomic_store(&ret_task->progress.bytes_total, -1);
    if (!json_is_object(spec))
        return assay_fail(err, ASSAY_INVALID, "the task is not an object");
    return parse(ret_task, err);
}

/* What a reference says of itself beside its source; what it leaves out is empty. */
static int init_members(struct assay_task *task, const json_t *source, struct assay_error *err)
{
    json_t *spec = task->spec = json_object();
    json_t *fields = json_object_get(source, "fields");
    if (fields || !spec)
        ASSAY_TRY(assay_json_set(spec, "fields", json_incref(fields), err));
    ASSAY_TRY(member_or_empty(spec, "settings", false, &task->settings, err));
    ASSAY_TRY(member_or_empty(spec, "checks", true, &task->checks, err));
    return member_or_empty(spec, "fields", true, &task->fields, err);
}

int assay_task_init_reference(struct assay_task *ret_task, const struct assay_task *owner,
                              const json_t *source, struct assay_error *err)
{
    ret_task->owner = owner;
    ret_task->kind = owner->kind;
    ret_task->datastore_id = assay_json_int(source, "datastore_id", 0);
    ret_task->now_us = owner->now_us;
    ret_task->timezone = owner->timezone;
    ret_task->seed = owner->seed;
    ret_task->memory_bytes = owner->memory_bytes;
    ret_task->threads = owner->threads;
    ret_task->split_count = 1;
    ret_task->outlet = owner->outlet;
    atomic_store(&ret_task->progress.bytes_total, -1);
    ret_task->container = assay_json_get(source, "container");
    const json_t *reader = assay_json_get(source, "reader");
    ret_task->reader = reader ? reader : owner->reader;
    ASSAY_TRY(assay_json_need_str(source, "connector", &ret_task->connector, err));
    ASSAY_TRY(init_members(ret_task, source, err));
    return assay_task_source_properties(owner, source, &ret_task->properties, err);
}

void assay_task_release(struct assay_task *task)
{
    wipe_texts(task->secrets);
    json_decref(task->properties);
    json_decref(task->secrets);
    json_decref(task->spec);
    json_decref(task->done.coverage);
    *task = (struct assay_task){0};
}

const atomic_bool *assay_task_cancelled(const struct assay_task *task)
{
    return task->owner ? assay_task_cancelled(task->owner) : &task->cancelled;
}

int assay_task_check(const struct assay_task *task, struct assay_error *err)
{
    return atomic_load(assay_task_cancelled(task)) ? assay_fail(err, ASSAY_CANCELLED, "cancelled")
                                                   : ASSAY_OK;
}

/* --- delivering --- */

int assay_task_emit(struct assay_task *task, const char *t, json_t *body, struct assay_error *err)
{
    if (!body)
        return assay_fail_memory(err);
    const int rc =
        assay_result_send_object(t, body, task->outlet.result, task->outlet.context, err);
    json_decref(body);
    return rc;
}

int assay_task_emit_list(struct assay_task *task, const char *t, const char *key,
                         const json_t *list, struct assay_error *err)
{
    return assay_result_send_list(t, key, list, task->outlet.result, task->outlet.context, err);
}
