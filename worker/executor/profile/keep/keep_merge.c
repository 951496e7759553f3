// Keep: states of groups of splits, made small when all of a state was taken.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/keep/keep_merge.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/datetime.h"
#include "common/base/memory.h"
#include "worker/executor/profile/keep/keep_run.h"

enum { FIELDS_MAX = 512 }; /* beyond, a second state of each field is too much beside the first */

void assay_keep_merge_release(struct assay_keep_merge *keep)
{
    assay_state_merge_release(&keep->own);
    json_decref(keep->partitions);
    json_decref(keep->states);
    *keep = (struct assay_keep_merge){0};
}

bool assay_keep_merge_wanted(const struct assay_task *task, size_t fields_count)
{
    return assay_json_get(task->settings, "keep") && fields_count && fields_count <= FIELDS_MAX &&
           assay_keep_groups_max(fields_count);
}

/* --- partitions --- */

/* "size:mtime": one that was young when the operation began may have changed again unseen. */
static bool is_young(const char *fingerprint, const struct assay_task *task)
{
    const char *modified = strchr(fingerprint, ':');
    return !modified || strtoll(modified + 1, NULL, 10) / 1000 > task->now_us - ASSAY_KEEP_YOUNG_US;
}

static int add_partitions(struct assay_keep_merge *keep, const struct assay_task *task,
                          const json_t *entry, struct assay_error *err)
{
    const json_t *partitions = assay_json_get(entry, "partitions");
    if (!keep->partitions && !(keep->partitions = json_array()))
        return assay_fail_memory(err);
    keep->unfit |= !json_array_size(partitions);
    for (size_t i = 0; i < json_array_size(partitions); i++) {
        const json_t *partition = json_array_get(partitions, i);
        const char *key = assay_json_str(partition, "key", "");
        const char *fingerprint = assay_json_str(partition, "fingerprint", "");
        keep->unfit |= is_young(fingerprint, task);
        ASSAY_TRY(assay_json_push(keep->partitions, json_pack("[s, s]", key, fingerprint), err));
    }
    return ASSAY_OK;
}

/* The place of the state's first file among the container's. */
static json_int_t first_file(const struct assay_keep_merge *keep, const struct assay_task *task)
{
    const json_t *files = assay_json_get(task->container, "files");
    const char *key = json_string_value(json_array_get(json_array_get(keep->partitions, 0), 0));
    for (size_t i = 0; key && i < json_array_size(files); i++) {
        const json_t *file = json_array_get(files, i);
        const char *path = assay_json_str(file, "path", "");
        if (!strcmp(assay_json_str(file, "shown", path), key))
            return (json_int_t)i;
    }
    return 0;
}

/* --- a state --- */

static int emit_fields(struct assay_keep_merge *keep, struct assay_task *task, size_t number,
                       struct assay_error *err)
{
    for (size_t i = 0; i < keep->own.fields_count; i++) {
        const struct assay_profile_field *field = &keep->own.fields[i];
        ASSAY_AUTO(assay_json_decref) json_t *chunks = json_array();
        size_t k;
        json_t *chunk;
        ASSAY_TRY(assay_field_state_thin(field->state, err));
        ASSAY_TRY(assay_state_field_chunks(field, field->state, chunks, err));
        json_array_foreach(chunks, k, chunk)
            ASSAY_TRY(assay_keep_emit_chunk(task, number, chunk, err));
    }
    return ASSAY_OK;
}

static int emit_records(struct assay_keep_merge *keep, struct assay_task *task, size_t number,
                        struct assay_error *err)
{
    const struct assay_state_merge *own = &keep->own;
    ASSAY_AUTO(assay_json_decref)
    json_t *split = json_pack("{s:I, s:I, s:I, s:b, s:I, s:o, s:O, s:O, s:O?, s:O}",
                              "records_count", (json_int_t)own->records_count, "records_processed",
                              (json_int_t)own->records_processed, "bytes_read",
                              (json_int_t)own->bytes_read, "sampled", 0, "rejected_records",
                              (json_int_t)own->pass.rejections.count, "rejections",
                              assay_state_rejections(&own->pass.rejections, first_file(keep, task)),
                              "warnings", own->pass.warnings, "format", own->format, "dialect",
                              own->dialect, "partitions", keep->partitions);
    ASSAY_AUTO(assay_json_decref)
    json_t *chunk = json_pack("{s:i, s:O}", "v", ASSAY_STATE_VERSION, "split", split);
    return chunk ? assay_keep_emit_chunk(task, number, chunk, err) : assay_fail_memory(err);
}

static int emit_state(struct assay_keep_merge *keep, struct assay_task *task, size_t number,
                      struct assay_error *err)
{
    char now[ASSAY_DATETIME_TEXT];
    (void)assay_format_timestamp(task->now_us, "Z", now);
    ASSAY_TRY(emit_fields(keep, task, number, err));
    ASSAY_TRY(emit_records(keep, task, number, err));
    return assay_json_push(keep->states,
                           json_pack("{s:I, s:O, s:I, s:I, s:s}", "no", (json_int_t)number,
                                     "partitions", keep->partitions, "records",
                                     (json_int_t)keep->own.records_count, "bytes",
                                     (json_int_t)keep->own.bytes_read, "as_of", now),
                           err);
}

/* Which of at most `most` states an entry goes to. */
static size_t state_of(size_t index, size_t count, size_t most)
{
    return count <= most ? index : index * most / count;
}

int assay_keep_merge_entry(struct assay_keep_merge *keep, struct assay_task *task,
                           const json_t *entry, size_t index, size_t count, struct assay_error *err)
{
    const size_t most = assay_keep_groups_max(keep->own.fields_count);
    const size_t state = state_of(index, count, most);
    if (!keep->states && !(keep->states = json_array()))
        return assay_fail_memory(err);
    ASSAY_TRY(add_partitions(keep, task, entry, err));
    if (index + 1 < count && state_of(index + 1, count, most) == state)
        return ASSAY_OK;
    if (!keep->unfit)
        ASSAY_TRY(emit_state(keep, task, state, err));
    assay_state_merge_release(&keep->own);
    json_decref(ASSAY_TAKE(keep->partitions));
    keep->unfit = false;
    return ASSAY_OK;
}

int assay_keep_merge_emit(struct assay_keep_merge *keep, struct assay_task *task,
                          struct assay_error *err)
{
    return keep->states ? assay_task_emit_list(task, "kept", "states", keep->states, err)
                        : ASSAY_OK;
}

/* --- telling --- */

/* The partitions of all entries. *ret_files: they are files, known by their fingerprints. */
static size_t list_keys(const json_t *entries, const char **keys, bool *ret_files)
{
    size_t count = 0, i, k;
    json_t *entry, *partition;
    *ret_files = true;
    json_array_foreach(entries, i, entry)
        json_array_foreach(assay_json_get(entry, "partitions"), k, partition)
    {
        *ret_files &= assay_json_str(partition, "fingerprint", NULL) != NULL;
        if (keys)
            keys[count] = assay_json_str(partition, "key", "");
        count++;
    }
    *ret_files &= count > 0;
    return count;
}

/* Files of kept states that the container has no more. */
static int count_gone(const json_t *settings, const json_t *entries, size_t count, size_t *ret_gone,
                      struct assay_error *err)
{
    const json_t *offer = assay_json_get(settings, "keep");
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(count + 1, sizeof(char *));
    const char **keys = memory;
    bool files;
    if (!keys)
        return assay_fail_memory(err);
    (void)list_keys(entries, keys, &files);
    *ret_gone = assay_keep_gone(keys, count, assay_json_get(offer, "states"));
    return ASSAY_OK;
}

/* What the plan, the planner, or the merge before this one said. */
static const char *reason_of(const json_t *settings)
{
    const char *of_offer = assay_json_str(assay_json_get(settings, "keep"), "reason", NULL);
    return assay_json_str(assay_json_get(settings, "full"), "because", of_offer);
}

static void notice(const json_t *settings, size_t gone, struct assay_buf *text)
{
    const char *reason = reason_of(settings), *again = assay_json_str(settings, "again", NULL);
    if (reason)
        assay_buf_printf(text, "read all of it: %s", reason);
    if (again)
        assay_buf_printf(text, "%sread twice: %s", text->size ? "; " : "", again);
    assay_keep_append_gone(text, gone);
}

int assay_keep_merge_json(struct assay_profile_run *run, json_t **ret_object,
                          struct assay_error *err)
{
    const json_t *settings = run->task->settings, *entries = assay_json_get(settings, "states");
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    bool files;
    const size_t count = list_keys(entries, NULL, &files);
    size_t gone = 0;
    *ret_object = NULL;
    if (!assay_json_get(settings, "keep") && !assay_json_get(settings, "again"))
        return ASSAY_OK;
    if (files)
        ASSAY_TRY(count_gone(settings, entries, count, &gone, err));
    if (assay_json_bool(assay_json_get(settings, "full"), "refused", false))
        ASSAY_TRY(assay_keep_warn_refused(run, reason_of(settings), err));
    notice(settings, gone, &text);
    ASSAY_TRY(assay_keep_told(reason_of(settings), &text, ret_object, err));
    if (!files)
        return ASSAY_OK;
    ASSAY_TRY(assay_json_set(*ret_object, "partitions", json_integer((json_int_t)count), err));
    ASSAY_TRY(assay_json_set(*ret_object, "partitions_read", json_integer((json_int_t)count), err));
    return assay_json_set(*ret_object, "records_read",
                          json_integer((json_int_t)run->result.records_processed), err);
}
