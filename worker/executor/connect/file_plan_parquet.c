// Cutting a Parquet file between its row groups.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/connect/file_plan.h"

#include "common/base/memory.h"
#include "worker/executor/engine/parquet.h"

static void free_groups(struct assay_parquet_group *groups)
{
    assay_free(groups);
}
ASSAY_DEFINE_CLEANUP(struct assay_parquet_group, free_groups)

static int read_groups(const char *path, struct assay_parquet_group **ret_groups, size_t *ret_count,
                       struct assay_error *err)
{
    const struct assay_session_options options = {.threads = 1, .paths = &path, .paths_count = 1};
    ASSAY_AUTO(assay_session_close) struct assay_session *session = NULL;
    ASSAY_TRY(assay_session_open(&options, &session, err));
    return assay_parquet_groups(session, path, ret_groups, ret_count, err);
}

int assay_file_plan_parquet(const char *path, size_t file, const struct assay_plan_goal *goal,
                            struct assay_plan_groups *groups, struct assay_error *err)
{
    ASSAY_AUTO(free_groups) struct assay_parquet_group *items = NULL;
    size_t count = 0;
    ASSAY_TRY(read_groups(path, &items, &count, err));
    uint64_t records = 0;
    for (size_t i = 0; i < count; i++)
        records += items[i].records;
    uint64_t target = (records + goal->count - 1) / (goal->count ? goal->count : 1);
    if (target < goal->records)
        target = goal->records;
    uint64_t row = 0, begin = 0, bytes = 0;
    for (size_t i = 0; i < count || !count; i++) {
        row += count ? items[i].records : 0;
        bytes += count ? items[i].bytes : 0;
        const bool last = i + 1 >= count;
        if (!last && (row - begin < target || records - row < goal->records))
            continue;
        ASSAY_TRY(assay_plan_groups_split(groups,
                                          json_pack("{s:[[I, I, I]]}", "parts", (json_int_t)file,
                                                    (json_int_t)begin,
                                                    last ? (json_int_t)0 : (json_int_t)row),
                                          (int64_t)(row - begin), (int64_t)bytes, err));
        begin = row;
        bytes = 0;
        if (last)
            break;
    }
    return ASSAY_OK;
}

int assay_file_plan_parquet_record(const char *path, uint64_t *ret_bytes, struct assay_error *err)
{
    ASSAY_AUTO(free_groups) struct assay_parquet_group *items = NULL;
    size_t count = 0;
    uint64_t records = 0, bytes = 0;
    ASSAY_TRY(read_groups(path, &items, &count, err));
    for (size_t i = 0; i < count; i++) {
        records += items[i].records;
        bytes += items[i].bytes;
    }
    *ret_bytes = records ? bytes / records : 0;
    return ASSAY_OK;
}
