// Cutting a set of files into parts of about equal size.
// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include "common/base/memory.h"
#include "worker/executor/connect/file_set.h"
#include "worker/executor/read/csv_ranges.h"

enum { LEAST_BYTES = 8 << 20 }; /* a smaller part is not worth a task */

struct planner {
    const struct assay_file_set *set;
    json_t *bounds; /* done */
    json_t *parts;  /* of the bounds being filled */
    uint64_t filled, target;
    struct assay_error *err;
};

static uint64_t file_size(const struct assay_set_file *file)
{
    struct stat info;
    return stat(file->path, &info) ? 0 : (uint64_t)info.st_size;
}

static int finish_bounds(struct planner *planner)
{
    json_t *parts = ASSAY_TAKE(planner->parts);
    planner->filled = 0;
    return parts
               ? assay_json_push(planner->bounds, json_pack("{s:o}", "parts", parts), planner->err)
               : ASSAY_OK;
}

static int add_part(struct planner *planner, size_t file, uint64_t begin, uint64_t end,
                    uint64_t size)
{
    if (!planner->parts && !(planner->parts = json_array()))
        return assay_fail_memory(planner->err);
    ASSAY_TRY(assay_json_push(
        planner->parts,
        json_pack("[I, I, I]", (json_int_t)file, (json_int_t)begin, (json_int_t)end),
        planner->err));
    planner->filled += size;
    return planner->filled >= planner->target ? finish_bounds(planner) : ASSAY_OK;
}

/* JSON lines may be cut at any byte: a reader takes the lines that begin in its range. */
static int cut_json(struct planner *planner, size_t file, uint64_t size, size_t pieces)
{
    for (size_t i = 0; i < pieces; i++) {
        const uint64_t begin = size / pieces * i,
                       end = i + 1 == pieces ? 0 : size / pieces * (i + 1);
        ASSAY_TRY(add_part(planner, file, begin, end, size / pieces));
    }
    return ASSAY_OK;
}

static int cut_csv(struct planner *planner, size_t file, struct assay_source *source, size_t pieces)
{
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(pieces, sizeof(struct assay_csv_range));
    struct assay_csv_range *ranges = memory;
    size_t count = 0;
    if (!ranges)
        return assay_fail_memory(planner->err);
    ASSAY_TRY(assay_csv_ranges_exact(source, planner->set->files[file].head, pieces, LEAST_BYTES,
                                     ranges, &count, planner->err));
    for (size_t i = 0; i < count; i++)
        ASSAY_TRY(add_part(planner, file, ranges[i].begin, i + 1 == count ? 0 : ranges[i].end,
                           ranges[i].end - ranges[i].begin));
    return ASSAY_OK;
}

static int cut_file(struct planner *planner, size_t file)
{
    const struct assay_file_set *set = planner->set;
    const uint64_t size = file_size(&set->files[file]);
    const size_t pieces = (size_t)((size + planner->target - 1) / planner->target);
    ASSAY_AUTO(assay_source_close) struct assay_source *source = NULL;
    if (pieces < 2 || size < 2 * (uint64_t)LEAST_BYTES)
        return add_part(planner, file, 0, 0, size);
    ASSAY_TRY(assay_source_open(set->files[file].path,
                                assay_json_str(set->options, "encoding", NULL), &source,
                                planner->err));
    if (!assay_source_seekable(source))
        return add_part(planner, file, 0, 0, size);
    if (set->family == ASSAY_FAMILY_CSV)
        return cut_csv(planner, file, source, pieces);
    enum assay_json_shape shape;
    ASSAY_TRY(assay_json_shape_find(source, set->options, &shape, planner->err));
    return shape == ASSAY_JSON_LINES ? cut_json(planner, file, size, pieces)
                                     : add_part(planner, file, 0, 0, size);
}

int assay_file_set_plan(const struct assay_file_set *set, size_t count, json_t **ret_bounds,
                        struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *bounds = json_array();
    uint64_t total = 0;
    for (size_t i = 0; i < set->count; i++)
        total += file_size(&set->files[i]);
    if (!bounds)
        return assay_fail_memory(err);
    struct planner planner = {
        .set = set, .bounds = bounds, .target = total / (count ? count : 1) + 1, .err = err};
    if (planner.target < LEAST_BYTES)
        planner.target = LEAST_BYTES;
    int rc = ASSAY_OK;
    if (count < 2 || set->family == ASSAY_FAMILY_PARQUET || total <= planner.target)
        rc = assay_json_push(bounds, json_null(), err);
    else
        for (size_t i = 0; i < set->count && rc == ASSAY_OK; i++)
            rc = cut_file(&planner, i);
    if (rc == ASSAY_OK)
        rc = finish_bounds(&planner);
    json_decref(planner.parts);
    ASSAY_TRY(rc);
    *ret_bounds = ASSAY_TAKE(bounds);
    return ASSAY_OK;
}
