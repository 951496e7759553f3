// Profile parts: cutting a container for the threads of one process.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/profile_parts.h"

#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/connect/plan_groups.h"
#include "worker/executor/kernels/hash.h"
#include "worker/executor/read/csv_ranges.h"

enum { PARTS_PER_THREAD = 4, PARTS_MAX = 256 };
#define PART_LEAST_BYTES (UINT64_C(2) << 20)
#define PART_BYTES       (UINT64_C(16) << 20)

static int push(json_t *bounds, size_t file, uint64_t begin, uint64_t end, struct assay_error *err)
{
    return assay_json_push(
        bounds,
        json_pack("{s:[[I, I, I]]}", "parts", (json_int_t)file, (json_int_t)begin, (json_int_t)end),
        err);
}

/* Pieces of a file that keep all threads busy to the end without being small. */
static size_t pieces_of(const struct assay_task *task, uint64_t size_bytes)
{
    size_t pieces = (size_t)(size_bytes / PART_BYTES);
    const size_t least = (size_t)task->threads * PARTS_PER_THREAD;
    if (pieces < least)
        pieces = least;
    return pieces > PARTS_MAX ? PARTS_MAX : pieces;
}

static int cut_csv(struct assay_profile_source *source, size_t file, struct assay_source *bytes,
                   bool guess, json_t *bounds, struct assay_error *err)
{
    struct assay_csv_range ranges[PARTS_MAX];
    const size_t pieces = pieces_of(source->task, assay_source_size(bytes));
    const struct assay_csv_head *head = source->set->files[file].head;
    size_t count;
    if (guess)
        ASSAY_TRY(
            assay_csv_ranges_plan(bytes, head, pieces, PART_LEAST_BYTES, ranges, &count, err));
    else
        ASSAY_TRY(
            assay_csv_ranges_exact(bytes, head, pieces, PART_LEAST_BYTES, ranges, &count, err));
    if (count == 1)
        return push(bounds, file, 0, 0, err);
    source->guessed |= guess;
    for (size_t i = 0; i < count; i++)
        ASSAY_TRY(
            push(bounds, file, i ? ranges[i].begin : 0, i + 1 == count ? 0 : ranges[i].end, err));
    return ASSAY_OK;
}

/* JSON lines may be cut at any byte: a reader takes the lines that begin in its range. */
static int cut_json(struct assay_profile_source *source, size_t file, struct assay_source *bytes,
                    json_t *bounds, struct assay_error *err)
{
    enum assay_json_shape shape;
    ASSAY_TRY(assay_json_shape_find(bytes, source->set->options, &shape, err));
    const uint64_t size_bytes = assay_source_size(bytes);
    size_t pieces = pieces_of(source->task, size_bytes);
    if (pieces > size_bytes / PART_LEAST_BYTES)
        pieces = (size_t)(size_bytes / PART_LEAST_BYTES);
    if (shape != ASSAY_JSON_LINES || pieces < 2)
        return push(bounds, file, 0, 0, err);
    for (size_t i = 0; i < pieces; i++)
        ASSAY_TRY(push(bounds, file, size_bytes / pieces * i,
                       i + 1 == pieces ? 0 : size_bytes / pieces * (i + 1), err));
    return ASSAY_OK;
}

static int cut_file(struct assay_profile_source *source, size_t index, bool guess, json_t *bounds,
                    struct assay_error *err)
{
    const struct assay_set_file *file = &source->set->files[index];
    if (!strcmp(file->path, "-"))
        return push(bounds, index, 0, 0, err);
    ASSAY_AUTO(assay_source_close) struct assay_source *bytes = NULL;
    ASSAY_TRY(assay_source_open(file->path, assay_json_str(source->set->options, "encoding", NULL),
                                &bytes, err));
    if (!assay_source_seekable(bytes) || assay_source_size(bytes) < 2 * PART_LEAST_BYTES)
        return push(bounds, index, 0, 0, err);
    return source->set->family == ASSAY_FAMILY_CSV
               ? cut_csv(source, index, bytes, guess, bounds, err)
               : cut_json(source, index, bytes, bounds, err);
}

static int cut_files(struct assay_profile_source *source, bool guess, json_t **ret_bounds,
                     struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *bounds = json_array();
    if (!bounds)
        return assay_fail_memory(err);
    const size_t first = source->only_count ? source->only_first : 0;
    const size_t count = source->only_count ? source->only_count : source->set->count;
    for (size_t i = first; i < first + count; i++)
        ASSAY_TRY(cut_file(source, i, guess, bounds, err));
    *ret_bounds = ASSAY_TAKE(bounds);
    return ASSAY_OK;
}

static int cut_database(struct assay_profile_source *source, json_t **ret_bounds,
                        struct assay_error *err)
{
    const struct assay_task *task = source->task;
    const struct assay_connector *connector = source->conn->connector;
    if (!connector->plan || task->threads < 2) {
        *ret_bounds = json_pack("[n]");
        return *ret_bounds ? ASSAY_OK : assay_fail_memory(err);
    }
    const struct assay_plan_goal goal = {.count = (size_t)task->threads};
    ASSAY_AUTO(assay_json_decref) json_t *groups = NULL;
    ASSAY_TRY(connector->plan(source->conn, task->container, task->reader, &goal, &groups, err));
    return assay_plan_groups_bounds(groups, ret_bounds, err);
}

int assay_profile_parts_whole(struct assay_profile_source *source, bool guess, json_t **ret_bounds,
                              struct assay_error *err)
{
    return source->set ? cut_files(source, guess, ret_bounds, err)
                       : cut_database(source, ret_bounds, err);
}

/* A database's records of a range: each part is cut down to it; an increment is one part. */
static int add_range(const struct assay_profile_source *source, json_t **bounds,
                     struct assay_error *err)
{
    if (assay_json_get(source->range, "after")) {
        json_decref(*bounds);
        *bounds = json_pack("[n]");
    }
    for (size_t i = 0; i < json_array_size(*bounds); i++) {
        json_t *cut = json_deep_copy(json_array_get(*bounds, i));
        if (json_is_null(cut))
            cut = json_object();
        if (json_object_set(cut, "range", source->range) || json_array_set(*bounds, i, cut)) {
            json_decref(cut);
            return assay_fail_memory(err);
        }
        json_decref(cut);
    }
    return *bounds ? ASSAY_OK : assay_fail_memory(err);
}

int assay_profile_parts_plan(struct assay_profile_source *source, bool guess,
                             struct assay_error *err)
{
    json_t *bounds = NULL;
    source->guessed = false;
    if (source->task->split)
        bounds = json_pack("[O]", source->task->split);
    else
        ASSAY_TRY(assay_profile_parts_whole(source, guess, &bounds, err));
    if (!bounds)
        return assay_fail_memory(err);
    json_decref(source->bounds);
    source->bounds = bounds;
    return source->range ? add_range(source, &source->bounds, err) : ASSAY_OK;
}

int assay_profile_parts_restrict(struct assay_profile_source *source, size_t first, size_t count,
                                 struct assay_error *err)
{
    source->only_first = first;
    source->only_count = count;
    source->pass_bytes = assay_profile_source_bytes(source, first, count);
    if (!assay_profile_source_is_parquet(source))
        return assay_profile_parts_plan(source, true, err);
    source->files.paths = source->paths + first;
    source->files.count = count ? count : source->paths_count;
    source->first_file = (uint32_t)first;
    return ASSAY_OK;
}

int assay_profile_parts_range(struct assay_profile_source *source, json_t *range,
                              struct assay_error *err)
{
    const char *after = assay_json_str(range, "after", NULL);
    json_decref(source->range);
    source->range = range;
    source->range_id = after ? assay_hash_text(after, strlen(after)) : 0;
    return assay_profile_parts_plan(source, true, err);
}

bool assay_profile_part_place(const struct assay_profile_source *source, size_t part,
                              size_t *ret_file, uint64_t *ret_begin, uint64_t *ret_end)
{
    const json_t *parts =
        source->set ? assay_json_get(json_array_get(source->bounds, part), "parts") : NULL;
    json_int_t file, begin, end;
    if (json_array_size(parts) != 1 ||
        json_unpack(json_array_get(parts, 0), "[I, I, I]", &file, &begin, &end))
        return false;
    *ret_file = (size_t)file;
    *ret_begin = (uint64_t)begin;
    *ret_end = (uint64_t)end;
    return true;
}

/* The ranges of one file, from `first` on; returns how many there are. */
static size_t ranges_of(const struct assay_profile_source *source, const uint64_t *stops,
                        size_t first, struct assay_csv_range *ranges)
{
    size_t count = 0;
    size_t of = 0;
    for (size_t i = first; i < json_array_size(source->bounds); i++) {
        size_t file;
        uint64_t begin, end;
        if (!assay_profile_part_place(source, i, &file, &begin, &end) || (count && file != of))
            break;
        of = file;
        ranges[count++] = (struct assay_csv_range){
            .begin = begin, .end = end ? end : UINT64_MAX, .stop = stops[i]};
    }
    return count ? count : 1;
}

int assay_profile_parts_verify(const struct assay_profile_source *source, const uint64_t *stops,
                               bool *ret_right, struct assay_error *err)
{
    const size_t parts = json_array_size(source->bounds);
    *ret_right = true;
    if (!source->guessed)
        return ASSAY_OK;
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(parts, sizeof(struct assay_csv_range));
    struct assay_csv_range *ranges = memory;
    if (!ranges)
        return assay_fail_memory(err);
    for (size_t first = 0, count; first < parts && *ret_right; first += count) {
        count = ranges_of(source, stops, first, ranges);
        *ret_right = count == 1 || assay_csv_ranges_verify(ranges, count) == count;
    }
    return ASSAY_OK;
}
