// Keep: new states, made small.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/datetime.h"
#include "common/base/memory.h"
#include "worker/executor/profile/keep/keep_sum.h"

/* --- making --- */

static int thin_copy(const struct assay_field_state *state, struct assay_field_state **ret_copy,
                     struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf bytes = {0};
    ASSAY_AUTO(assay_field_state_free) struct assay_field_state *copy = NULL;
    size_t used;
    ASSAY_TRY(assay_field_state_save(state, &bytes, err));
    ASSAY_TRY(assay_field_state_load(bytes.data, bytes.size, &used, &copy, err));
    ASSAY_TRY(assay_field_state_thin(copy, err));
    *ret_copy = ASSAY_TAKE(copy);
    return ASSAY_OK;
}

static int save_field(const struct assay_profile_field *field,
                      const struct assay_keep_counts *counts, json_t *chunks,
                      struct assay_error *err)
{
    ASSAY_AUTO(assay_field_state_free) struct assay_field_state *copy = NULL;
    struct assay_profile_field shown = *field; /* its description, with the group's classes */
    shown.types = counts->types;
    ASSAY_TRY(thin_copy(counts->state, &copy, err));
    return assay_state_field_chunks(&shown, copy, chunks, err);
}

/* What holds for the whole container is not a partition's. */
static json_t *own_warnings(const json_t *warnings, const json_t *of_container)
{
    json_t *own = json_array();
    for (size_t i = 0; i < json_array_size(warnings); i++) {
        json_t *warning = json_array_get(warnings, i);
        bool known = false;
        for (size_t k = 0; k < json_array_size(of_container) && !known; k++)
            known = json_equal(json_array_get(of_container, k), warning);
        if (!known)
            (void)json_array_append(own, warning);
    }
    return own;
}

static int partitions_of(const struct assay_keep *keep, const struct assay_keep_group *group,
                         json_t **ret_list, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *list = json_array();
    for (size_t i = group->first; i < group->first + group->count; i++) {
        const struct assay_keep_part *part = &keep->parts[i];
        ASSAY_TRY(assay_json_push(
            list,
            json_pack("[o, o]", assay_json_safe_string(part->key, strlen(part->key)),
                      assay_json_safe_string(part->fingerprint, strlen(part->fingerprint))),
            err));
    }
    *ret_list = ASSAY_TAKE(list);
    return ASSAY_OK;
}

/* The last chunk: records and rejections, whose files count from the group's first one on. */
static int save_records(struct assay_profile_run *run, const struct assay_keep_sum *sum,
                        const struct assay_keep_group *group, json_t **ret_chunk,
                        struct assay_error *err)
{
    const struct assay_file_set *set = run->source.set;
    struct assay_profile_result result = run->result;
    json_t *partitions = NULL;
    result.pass = sum->pass;
    result.pass.warnings = own_warnings(sum->pass.warnings, set ? set->warnings : NULL);
    result.records_count = result.records_processed = sum->records;
    result.bytes_read = sum->pass.bytes;
    result.sampled = false;
    ASSAY_AUTO(assay_json_decref) json_t *chunk = assay_state_split_chunk(&result);
    json_decref(result.pass.warnings);
    json_t *split = json_object_get(chunk, "split"), *item;
    size_t i;
    if (!split)
        return assay_fail_memory(err);
    json_array_foreach(json_object_get(split, "rejections"), i, item)
    {
        const json_int_t file = json_integer_value(json_array_get(item, 0));
        if (json_array_set_new(item, 0, json_integer(file - (json_int_t)group->first)))
            return assay_fail_memory(err);
    }
    ASSAY_TRY(partitions_of(run->keep, group, &partitions, err));
    ASSAY_TRY(assay_json_set(split, "partitions", partitions, err));
    *ret_chunk = ASSAY_TAKE(chunk);
    return ASSAY_OK;
}

/* A place for each field of the container and one for its records. */
static int saved_of(struct assay_profile_run *run, size_t group, json_t **ret_saved,
                    struct assay_error *err)
{
    json_t *saved = json_array_get(run->keep->saved, group);
    if (json_is_null(saved)) {
        ASSAY_AUTO(assay_json_decref) json_t *fresh = json_array();
        for (size_t i = 0; i <= run->result.fields_count; i++)
            ASSAY_TRY(assay_json_push(fresh, json_null(), err));
        if (json_array_set(run->keep->saved, group, fresh))
            return assay_fail_memory(err);
        saved = fresh; /* the list holds it */
    }
    *ret_saved = saved;
    return ASSAY_OK;
}

int assay_keep_save(struct assay_profile_run *run, const struct assay_keep_sum *sum,
                    struct assay_profile_field *const *fields, size_t count, size_t group,
                    struct assay_error *err)
{
    json_t *saved = NULL, *records = NULL;
    ASSAY_TRY(saved_of(run, group, &saved, err));
    for (size_t i = 0; i < count; i++) {
        ASSAY_AUTO(assay_json_decref) json_t *chunks = json_array();
        const size_t place = (size_t)(fields[i] - run->result.fields);
        ASSAY_TRY(save_field(fields[i], &sum->fields[i], chunks, err));
        if (json_array_set(saved, place, chunks))
            return assay_fail_memory(err);
    }
    ASSAY_TRY(save_records(run, sum, &run->keep->groups[group], &records, err));
    return json_array_set_new(saved, run->result.fields_count, json_pack("[o]", records))
               ? assay_fail_memory(err)
               : ASSAY_OK;
}

/* --- emitting --- */

/* A file that changed while it was read is not kept. */
static bool is_as_it_was(const struct assay_profile_run *run, const struct assay_keep_group *group)
{
    bool same = true;
    char now[ASSAY_FINGERPRINT_BYTES];
    for (size_t i = group->first; run->source.set && i < group->first + group->count; i++) {
        (void)assay_set_file_stat(&run->source.set->files[i], now);
        same = same && !strcmp(now, run->keep->parts[i].fingerprint);
    }
    return same;
}

int assay_keep_emit_chunk(struct assay_task *task, size_t number, const json_t *chunk,
                          struct assay_error *err)
{
    ASSAY_AUTO(assay_free_text) char *text = assay_json_text(chunk);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf packed = {0};
    char sum[ASSAY_KEEP_SUM_BYTES];
    if (!text)
        return assay_fail_memory(err);
    ASSAY_TRY(assay_keep_pack(text, strlen(text), &packed, sum, err));
    return assay_task_emit(task, "kept_part",
                           json_pack("{s:I, s:s, s:s}", "no", (json_int_t)number, "sum", sum,
                                     "chunk", assay_buf_str(&packed)),
                           err);
}

static int emit_saved(struct assay_profile_run *run, size_t group, struct assay_error *err)
{
    const json_t *saved = json_array_get(run->keep->saved, group);
    size_t i, k;
    json_t *chunks, *chunk;
    json_array_foreach(saved, i, chunks) json_array_foreach(chunks, k, chunk)
        ASSAY_TRY(assay_keep_emit_chunk(run->task, group, chunk, err));
    return ASSAY_OK;
}

/* When the oldest part of a group was read. */
static const char *as_of(const struct assay_profile_run *run, const struct assay_keep_group *group,
                         const char *now)
{
    const char *oldest = now;
    for (size_t i = group->first; i < group->first + group->count; i++) {
        const ptrdiff_t state = run->keep->parts[i].state;
        if (state >= 0 && strcmp(run->keep->states[state].as_of, oldest) < 0)
            oldest = run->keep->states[state].as_of;
    }
    return oldest;
}

/* One entry of the list: a state that stays, or a new one with its chunks sent before. */
static int emit_group(struct assay_profile_run *run, size_t index, const char *now, json_t *list,
                      struct assay_error *err)
{
    const struct assay_keep *keep = run->keep;
    const struct assay_keep_group *group = &keep->groups[index];
    const ptrdiff_t state = assay_keep_group_state(keep->parts, group);
    json_t *saved = json_array_get(keep->saved, index), *partitions = NULL;
    if (state >= 0)
        return assay_json_push(list, json_pack("{s:I}", "id", (json_int_t)keep->states[state].id),
                               err);
    if (json_is_null(saved) || !is_as_it_was(run, group))
        return ASSAY_OK;
    const json_t *split =
        assay_json_get(json_array_get(json_array_get(saved, run->result.fields_count), 0), "split");
    ASSAY_TRY(emit_saved(run, index, err));
    ASSAY_TRY(partitions_of(keep, group, &partitions, err));
    return assay_json_push(list,
                           json_pack("{s:I, s:o, s:I, s:I, s:s}", "no", (json_int_t)index,
                                     "partitions", partitions, "records",
                                     (json_int_t)assay_json_int(split, "records_count", 0), "bytes",
                                     (json_int_t)assay_json_int(split, "bytes_read", 0), "as_of",
                                     as_of(run, group, now)),
                           err);
}

int assay_keep_emit(struct assay_profile_run *run, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *list = json_array();
    char now[ASSAY_DATETIME_TEXT];
    if (!run->keep)
        return ASSAY_OK;
    (void)assay_format_timestamp(run->task->now_us, "Z", now);
    for (size_t i = 0; i < run->keep->groups_count; i++)
        ASSAY_TRY(emit_group(run, i, now, list, err));
    return assay_task_emit_list(run->task, "kept", "states", list, err);
}
