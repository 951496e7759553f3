// Cutting a set of files into groups and splits of about equal work.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/connect/connector.h"
#include "worker/executor/connect/file_plan.h"
#include "worker/executor/connect/file_set.h"
#include "worker/executor/connect/plan_groups.h"
#include "worker/executor/read/csv_ranges.h"

enum { SAMPLE_BYTES = 64 << 10 };
/* A bundle fits a chunk: bytes of its names, and of what a file takes besides. */
enum { NAMES_BYTES = 256 << 10, FILE_BYTES = 100 };
#define LEAST_BYTES (UINT64_C(8) << 20) /* of a split that only threads want */

/* What one thread profiles in a millisecond, from runs on wide tables (docs/performance.md). */
static const uint64_t bytes_a_ms[] = {
    [ASSAY_FAMILY_CSV] = 160000, [ASSAY_FAMILY_JSON] = 120000, [ASSAY_FAMILY_PARQUET] = 100000};

struct planner {
    const struct assay_file_set *set;
    struct assay_plan_groups groups;
    json_t *parts;         /* of the bundle being filled; NULL = none */
    uint64_t filled;       /* bytes in it */
    size_t names;          /* bytes of its files' names */
    uint64_t target;       /* bytes of a split */
    uint64_t least;        /* bytes that no split of a cut file goes below */
    uint64_t record_bytes; /* estimate; 0 = unknown */
    struct assay_error *err;
};

static int64_t records_of(const struct planner *planner, uint64_t bytes)
{
    return planner->record_bytes ? (int64_t)(bytes / planner->record_bytes) : -1;
}

/* --- bundles of small files --- */

static int close_bundle(struct planner *planner)
{
    if (!planner->parts)
        return ASSAY_OK;
    json_t *parts = ASSAY_TAKE(planner->parts);
    const uint64_t bytes = planner->filled;
    planner->filled = 0;
    planner->names = 0;
    ASSAY_TRY(assay_plan_groups_split(&planner->groups, json_pack("{s:o}", "parts", parts),
                                      records_of(planner, bytes), (int64_t)bytes, planner->err));
    return assay_plan_groups_close(&planner->groups, planner->err);
}

static int add_whole(struct planner *planner, size_t file, uint64_t size, const char *fingerprint)
{
    if (!planner->parts && !(planner->parts = json_array()))
        return assay_fail_memory(planner->err);
    ASSAY_TRY(assay_plan_groups_partition(&planner->groups, planner->set->files[file].shown,
                                          fingerprint, planner->err));
    ASSAY_TRY(assay_json_push(planner->parts, json_pack("[I, i, i]", (json_int_t)file, 0, 0),
                              planner->err));
    planner->filled += size;
    planner->names += strlen(planner->set->files[file].shown) + FILE_BYTES;
    return planner->filled >= planner->target || planner->names >= NAMES_BYTES
               ? close_bundle(planner)
               : ASSAY_OK;
}

/* --- large files --- */

static int add_range(struct planner *planner, size_t file, uint64_t begin, uint64_t end,
                     uint64_t bytes)
{
    return assay_plan_groups_split(
        &planner->groups,
        json_pack("{s:[[I, I, I]]}", "parts", (json_int_t)file, (json_int_t)begin, (json_int_t)end),
        records_of(planner, bytes), (int64_t)bytes, planner->err);
}

/* JSON lines may be cut at any byte: a reader takes the lines that begin in its range. */
static int cut_json(struct planner *planner, size_t file, uint64_t size, size_t pieces)
{
    for (size_t i = 0; i < pieces; i++)
        ASSAY_TRY(add_range(planner, file, size / pieces * i,
                            i + 1 == pieces ? 0 : size / pieces * (i + 1), size / pieces));
    return ASSAY_OK;
}

static int cut_csv(struct planner *planner, size_t file, struct assay_source *source, size_t pieces)
{
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(pieces, sizeof(struct assay_csv_range));
    struct assay_csv_range *ranges = memory;
    size_t count = 0;
    if (!ranges)
        return assay_fail_memory(planner->err);
    ASSAY_TRY(assay_csv_ranges_exact(source, planner->set->files[file].head, pieces, planner->least,
                                     ranges, &count, planner->err));
    for (size_t i = 0; i < count; i++)
        ASSAY_TRY(add_range(planner, file, i ? ranges[i].begin : 0,
                            i + 1 == count ? 0 : ranges[i].end, ranges[i].end - ranges[i].begin));
    return ASSAY_OK;
}

/* Text in ranges; *ret_cut false: the file is to be read from its beginning. */
static int cut_text(struct planner *planner, size_t file, uint64_t size, size_t pieces,
                    const char *fingerprint, bool *ret_cut)
{
    const struct assay_file_set *set = planner->set;
    const char *key = set->files[file].shown;
    ASSAY_AUTO(assay_source_close) struct assay_source *source = NULL;
    enum assay_json_shape shape = ASSAY_JSON_LINES;
    *ret_cut = false;
    ASSAY_TRY(assay_source_open(set->files[file].path,
                                assay_json_str(set->options, "encoding", NULL), &source,
                                planner->err));
    if (!assay_source_seekable(source))
        return ASSAY_OK;
    if (set->family == ASSAY_FAMILY_JSON)
        ASSAY_TRY(assay_json_shape_find(source, set->options, &shape, planner->err));
    if (shape != ASSAY_JSON_LINES)
        return ASSAY_OK;
    *ret_cut = true;
    ASSAY_TRY(close_bundle(planner));
    ASSAY_TRY(assay_plan_groups_partition(&planner->groups, key, fingerprint, planner->err));
    ASSAY_TRY(set->family == ASSAY_FAMILY_CSV ? cut_csv(planner, file, source, pieces)
                                              : cut_json(planner, file, size, pieces));
    return assay_plan_groups_close(&planner->groups, planner->err);
}

static int cut_parquet(struct planner *planner, size_t file, size_t pieces, const char *fingerprint)
{
    const struct assay_set_file *item = &planner->set->files[file];
    const struct assay_plan_goal goal = {
        .count = pieces,
        .records = planner->record_bytes ? planner->least / planner->record_bytes : 0};
    ASSAY_TRY(close_bundle(planner));
    ASSAY_TRY(
        assay_plan_groups_partition(&planner->groups, item->shown, fingerprint, planner->err));
    ASSAY_TRY(assay_file_plan_parquet(item->path, file, &goal, &planner->groups, planner->err));
    return assay_plan_groups_close(&planner->groups, planner->err);
}

static int cut_file(struct planner *planner, size_t file)
{
    char fingerprint[ASSAY_FINGERPRINT_BYTES];
    bool cut = false;
    const uint64_t size = assay_set_file_stat(&planner->set->files[file], fingerprint);
    size_t pieces = (size_t)((size + planner->target - 1) / planner->target);
    if (planner->least && pieces > size / planner->least)
        pieces = (size_t)(size / planner->least);
    if (pieces > 1 && planner->set->family == ASSAY_FAMILY_PARQUET)
        return cut_parquet(planner, file, pieces, fingerprint);
    if (pieces > 1)
        ASSAY_TRY(cut_text(planner, file, size, pieces, fingerprint, &cut));
    return cut ? ASSAY_OK : add_whole(planner, file, size, fingerprint);
}

/* --- estimates --- */

/* Bytes of a record, from the lines at the beginning of the first file; 0 = unknown. */
static int estimate_text(const struct assay_file_set *set, uint64_t *ret_bytes,
                         struct assay_error *err)
{
    ASSAY_AUTO(assay_source_close) struct assay_source *source = NULL;
    ASSAY_AUTO(assay_free_text) char *text = assay_malloc(SAMPLE_BYTES);
    size_t size = 0, got, lines = 0;
    if (!text)
        return assay_fail_memory(err);
    ASSAY_TRY(assay_source_open(set->files[0].path, assay_json_str(set->options, "encoding", NULL),
                                &source, err));
    do {
        ASSAY_TRY(assay_source_read(source, text + size, SAMPLE_BYTES - size, &got, err));
        size += got;
    } while (got && size < SAMPLE_BYTES);
    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';
    *ret_bytes = lines ? (size + lines - 1) / lines : 0;
    return ASSAY_OK;
}

static int estimate(struct planner *planner, const struct assay_plan_goal *goal)
{
    const struct assay_file_set *set = planner->set;
    planner->least = goal->ms ? 1 : LEAST_BYTES;
    if (!goal->ms || !set->count || !strcmp(set->files[0].path, "-"))
        return ASSAY_OK;
    ASSAY_TRY(set->family == ASSAY_FAMILY_PARQUET
                  ? assay_file_plan_parquet_record(set->files[0].path, &planner->record_bytes,
                                                   planner->err)
                  : estimate_text(set, &planner->record_bytes, planner->err));
    if (goal->records * planner->record_bytes > planner->least)
        planner->least = goal->records * planner->record_bytes;
    return ASSAY_OK;
}

static uint64_t target_of(const struct planner *planner, const struct assay_plan_goal *goal,
                          uint64_t total)
{
    const uint64_t by_count = total / (goal->count ? goal->count : 1) + 1;
    const uint64_t by_time = goal->ms * bytes_a_ms[planner->set->family];
    const uint64_t target = by_time > by_count ? by_time : by_count;
    return target > planner->least ? target : planner->least;
}

static int plan(struct planner *planner, const struct assay_plan_goal *goal)
{
    const struct assay_file_set *set = planner->set;
    char fingerprint[ASSAY_FINGERPRINT_BYTES];
    uint64_t total = 0;
    for (size_t i = 0; i < set->count; i++)
        total += assay_set_file_stat(&set->files[i], fingerprint);
    ASSAY_TRY(estimate(planner, goal));
    planner->target = target_of(planner, goal, total);
    if (goal->count < 2 || total <= planner->target)
        planner->target = UINT64_MAX; /* one bundle */
    for (size_t i = 0; i < set->count; i++)
        ASSAY_TRY(cut_file(planner, i));
    return close_bundle(planner);
}

int assay_file_set_plan(const struct assay_file_set *set, const struct assay_plan_goal *goal,
                        json_t **ret_groups, struct assay_error *err)
{
    struct planner planner = {.set = set, .err = err};
    const int rc = plan(&planner, goal);
    if (rc == ASSAY_OK)
        *ret_groups = assay_plan_groups_take(&planner.groups);
    json_decref(planner.parts);
    assay_plan_groups_release(&planner.groups);
    return rc;
}
