// State: what a split counted, as chunks, and merging them.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/state.h"

#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/profile/base64.h"
#include "worker/executor/profile/beliefs.h"
#include "worker/executor/profile/state_types.h"

enum { PIECE_BYTES = 384 << 10, STATE_MAX_BYTES = 64 << 20 };

/* --- out --- */

static json_t *field_json(const struct assay_profile_field *field)
{
    const char *native = field->native_type;
    return json_pack(
        "{s:i, s:o, s:o, s:i, s:i, s:b, s:b, s:b, s:o, s:o}", "v", ASSAY_STATE_VERSION, "field",
        assay_json_safe_string(field->name, strlen(field->name)), "native_type",
        native ? assay_json_safe_string(native, strlen(native)) : json_null(), "layout",
        (int)field->layout, "scale", (int)field->scale, "cells", (int)field->cells, "projected",
        (int)field->projected, "given", (int)field->given, "target",
        assay_target_json(&field->target), "types", assay_state_types_json(&field->types));
}

/* A piece of the saved bytes; the first one carries the description. */
static int piece_json(const struct assay_profile_field *field, const struct assay_buf *saved,
                      size_t from, json_t **ret_chunk, struct assay_error *err)
{
    const size_t left = saved->size - from;
    const size_t size = left < PIECE_BYTES ? left : PIECE_BYTES;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    assay_base64_append(&text, saved->data + from, size);
    ASSAY_TRY(assay_buf_check(&text, err));
    ASSAY_AUTO(assay_json_decref)
    json_t *body = from ? json_pack("{s:i}", "v", ASSAY_STATE_VERSION) : field_json(field);
    if (!body)
        return assay_fail_memory(err);
    ASSAY_TRY(assay_json_set(body, "data", json_stringn(text.data, text.size), err));
    ASSAY_TRY(assay_json_set(body, "last", json_boolean(size == left), err));
    *ret_chunk = ASSAY_TAKE(body);
    return ASSAY_OK;
}

int assay_state_field_chunks(const struct assay_profile_field *field,
                             const struct assay_field_state *state, json_t *chunks,
                             struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf saved = {0};
    ASSAY_TRY(assay_field_state_save(state, &saved, err));
    for (size_t from = 0; from < saved.size; from += PIECE_BYTES) {
        json_t *chunk = NULL;
        ASSAY_TRY(piece_json(field, &saved, from, &chunk, err));
        ASSAY_TRY(assay_json_push(chunks, chunk, err));
    }
    return ASSAY_OK;
}

int assay_state_emit_field(struct assay_task *task, const struct assay_profile_field *field,
                           struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *chunks = json_array();
    size_t i;
    json_t *chunk;
    ASSAY_TRY(assay_state_field_chunks(field, field->state, chunks, err));
    json_array_foreach(chunks, i, chunk)
        ASSAY_TRY(assay_task_emit(task, "state", json_incref(chunk), err));
    return ASSAY_OK;
}

json_t *assay_state_rejections(const struct assay_rejections *rejections, json_int_t first_file)
{
    json_t *list = json_array();
    for (size_t i = 0; i < rejections->kept; i++) {
        const struct assay_rejection *item = &rejections->items[i];
        const char *raw = item->raw ? item->raw : "", *reason = item->reason ? item->reason : "";
        (void)json_array_append_new(
            list, json_pack("[I, I, I, o, o]", (json_int_t)item->file - first_file,
                            (json_int_t)item->line, (json_int_t)item->byte_offset,
                            assay_json_safe_string(reason, strlen(reason)),
                            assay_json_safe_string(raw, strlen(raw))));
    }
    return list;
}

json_t *assay_state_split_chunk(const struct assay_profile_result *result)
{
    const struct assay_pass_result *pass = &result->pass;
    json_t *dialect = assay_document_dialect(result->source);
    json_t *split = json_pack(
        "{s:I, s:I, s:I, s:b, s:I, s:o, s:O, s:s, s:o}", "records_count",
        (json_int_t)result->records_count, "records_processed",
        (json_int_t)result->records_processed, "bytes_read", (json_int_t)result->bytes_read,
        "sampled", (int)result->sampled, "rejected_records", (json_int_t)pass->rejections.count,
        "rejections", assay_state_rejections(&pass->rejections, 0), "warnings", pass->warnings,
        "format", assay_profile_source_format(result->source), "dialect", dialect);
    return json_pack("{s:i, s:o}", "v", ASSAY_STATE_VERSION, "split", split);
}

int assay_state_emit_split(const struct assay_profile_result *result, struct assay_error *err)
{
    return assay_task_emit((struct assay_task *)(uintptr_t)result->task, "state",
                           assay_state_split_chunk(result), err);
}

/* --- in --- */

void assay_state_merge_release(struct assay_state_merge *merge)
{
    for (size_t i = 0; i < merge->fields_count; i++)
        assay_profile_field_release(&merge->fields[i]);
    assay_free(merge->fields);
    assay_schema_release(&merge->schema);
    assay_pass_result_release(&merge->pass);
    json_decref(merge->format);
    json_decref(merge->dialect);
    assay_buf_release(&merge->bytes);
    *merge = (struct assay_state_merge){0};
}

/* What a chunk says of its field. */
struct description {
    const char *name;
    enum assay_layout layout;
    struct assay_cell_target target;
};

static int describe(const json_t *chunk, struct description *ret_description,
                    struct assay_error *err)
{
    const char *name = NULL;
    struct assay_cell_target target;
    const int64_t delivered = assay_json_int(chunk, "layout", -1);
    ASSAY_TRY(assay_json_need_str(chunk, "field", &name, err));
    if (!assay_target_parse(assay_json_get(chunk, "target"), &target) || delivered < 0 ||
        delivered > ASSAY_LAYOUT_CELL)
        return assay_fail(err, ASSAY_FORMAT, "the state of %.100s makes no sense", name);
    *ret_description = (struct description){
        .name = name, .layout = (enum assay_layout)delivered, .target = target};
    return ASSAY_OK;
}

/* A field of the first split. */
static int make_field(struct assay_state_merge *merge, const json_t *chunk,
                      const struct description *description, struct assay_error *err)
{
    struct assay_profile_field *fields =
        assay_reallocarray(merge->fields, merge->fields_count + 1, sizeof *fields);
    if (!fields)
        return assay_fail_memory(err);
    merge->fields = fields;
    struct assay_field *added = assay_schema_add(
        &merge->schema, description->name, assay_json_str(chunk, "native_type", NULL),
        assay_layout_type(description->layout), description->layout);
    if (!added)
        return assay_fail_memory(err);
    added->scale = (uint8_t)assay_json_int(chunk, "scale", 0);
    added->projected = assay_json_bool(chunk, "projected", false);
    struct assay_profile_field *field = &fields[merge->fields_count++];
    assay_profile_field_init(field, added, false);
    field->cells = assay_json_bool(chunk, "cells", false);
    field->given = assay_json_bool(chunk, "given", false);
    field->target = field->given_target = description->target;
    return ASSAY_OK;
}

static int open_field(struct assay_state_merge *merge, const json_t *chunk, size_t *ret_field,
                      struct assay_error *err)
{
    struct description description;
    ASSAY_TRY(describe(chunk, &description, err));
    ptrdiff_t found = assay_schema_find(&merge->schema, description.name);
    if (found < 0 && merge->splits)
        return assay_fail(err, ASSAY_CONFLICT, "the first split has no field %.100s",
                          description.name);
    if (found < 0) {
        ASSAY_TRY(make_field(merge, chunk, &description, err));
        found = (ptrdiff_t)merge->fields_count - 1;
    }
    const struct assay_profile_field *field = &merge->fields[found];
    if (field->layout != description.layout ||
        (field->cells && !assay_cell_target_equal(&description.target, &field->target)))
        return assay_fail(err, ASSAY_CONFLICT,
                          "the splits read the field %.100s under different types: name its type "
                          "(types.%.100s) and profile again",
                          description.name, description.name);
    *ret_field = (size_t)found;
    return ASSAY_OK;
}

static int merge_state(struct assay_profile_field *field, const struct assay_buf *bytes,
                       struct assay_error *err)
{
    ASSAY_AUTO(assay_field_state_free) struct assay_field_state *state = NULL;
    size_t used;
    ASSAY_TRY(assay_field_state_load(bytes->data, bytes->size, &used, &state, err));
    if (used != bytes->size)
        return assay_fail(err, ASSAY_FORMAT, "the state of %.100s has bytes behind it",
                          field->name);
    if (field->state)
        return assay_field_state_merge(field->state, state, err);
    field->state = ASSAY_TAKE(state);
    field->plan = *assay_field_state_plan(field->state);
    return ASSAY_OK;
}

/* Misfits hold the record number within their split; it becomes the container's. */
static int merge_types(const struct assay_state_merge *merge, struct assay_profile_field *field,
                       const json_t *json, struct assay_error *err)
{
    struct assay_type_profile types = {0};
    if (!field->cells)
        return ASSAY_OK;
    ASSAY_TRY(assay_state_types_parse(json, &types, err));
    assay_type_profile_shift(&types, merge->pass.records);
    const int rc = assay_type_profile_merge(&field->types, &types, err);
    assay_type_profile_release(&types);
    return rc;
}

static int take_field(struct assay_state_merge *merge, const json_t *chunk, struct assay_error *err)
{
    const char *data = NULL;
    ASSAY_TRY(assay_json_need_str(chunk, "data", &data, err));
    if (assay_json_get(chunk, "field")) {
        ASSAY_TRY(open_field(merge, chunk, &merge->current, err));
        ASSAY_TRY(merge_types(merge, &merge->fields[merge->current], assay_json_get(chunk, "types"),
                              err));
        assay_buf_clear(&merge->bytes);
        merge->bytes.max_bytes = STATE_MAX_BYTES;
        merge->open = true;
    }
    if (!merge->open || !assay_base64_parse(&merge->bytes, data, strlen(data)))
        return assay_fail(err, ASSAY_FORMAT, "a piece of a state is malformed or out of order");
    if (!assay_json_bool(chunk, "last", false))
        return ASSAY_OK;
    merge->open = false;
    return merge_state(&merge->fields[merge->current], &merge->bytes, err);
}

static int take_rejections(struct assay_state_merge *merge, const json_t *split,
                           struct assay_error *err)
{
    struct assay_rejections *all = &merge->pass.rejections;
    const json_t *list = assay_json_get(split, "rejections");
    for (size_t i = 0; i < json_array_size(list) && all->kept < ASSAY_REJECTIONS_KEPT; i++) {
        json_int_t file, line, offset;
        const char *reason, *raw;
        if (json_unpack(json_array_get(list, i), "[I, I, I, s, s]", &file, &line, &offset, &reason,
                        &raw) ||
            file < 0)
            return assay_fail(err, ASSAY_FORMAT, "a rejection of a state is malformed");
        if (!assay_rejections_add(all, (uint32_t)file, (uint64_t)line, (uint64_t)offset, raw,
                                  strlen(raw), "%s", reason))
            return assay_fail_memory(err);
        all->count--; /* counted as a whole */
    }
    all->count += (uint64_t)assay_json_int(split, "rejected_records", 0);
    return ASSAY_OK;
}

static int take_split(struct assay_state_merge *merge, const json_t *split, struct assay_error *err)
{
    ASSAY_TRY(take_rejections(merge, split, err));
    if (!merge->pass.warnings && !(merge->pass.warnings = json_array()))
        return assay_fail_memory(err);
    ASSAY_TRY(
        assay_pass_add_warnings(merge->pass.warnings, assay_json_get(split, "warnings"), err));
    if (!json_is_string(json_object_get(split, "format")) || !json_object_get(split, "dialect"))
        return assay_fail(err, ASSAY_FORMAT, "the state of a split does not name its format");
    if (!merge->splits) {
        merge->format = json_incref(assay_json_get(split, "format"));
        merge->dialect = json_incref(json_object_get(split, "dialect")); /* null for others */
    }
    merge->splits++;
    merge->records_count += (uint64_t)assay_json_int(split, "records_count", 0);
    merge->records_processed += (uint64_t)assay_json_int(split, "records_processed", 0);
    merge->pass.records += (uint64_t)assay_json_int(split, "records_count", 0);
    merge->bytes_read += (uint64_t)assay_json_int(split, "bytes_read", 0);
    merge->sampled |= assay_json_bool(split, "sampled", false);
    return ASSAY_OK;
}

int assay_state_take(struct assay_state_merge *merge, const json_t *chunk, struct assay_error *err)
{
    const int64_t version = assay_json_int(chunk, "v", 0);
    if (version != ASSAY_STATE_VERSION)
        return assay_fail(err, ASSAY_FORMAT, "a state has version %lld, this executor reads %d",
                          (long long)version, ASSAY_STATE_VERSION);
    const json_t *split = assay_json_get(chunk, "split");
    return split ? take_split(merge, split, err) : take_field(merge, chunk, err);
}
