// Plan groups: partitions and splits, put together and taken apart.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/connect/plan_groups.h"

#include <string.h>

#include "common/base/memory.h"

static int open_group(struct assay_plan_groups *groups, struct assay_error *err)
{
    if (!groups->list)
        groups->list = json_array();
    if (!groups->partitions) {
        groups->partitions = json_array();
        groups->splits = json_array();
        groups->records = groups->bytes = 0;
    }
    return groups->list && groups->partitions && groups->splits ? ASSAY_OK : assay_fail_memory(err);
}

int assay_plan_groups_partition(struct assay_plan_groups *groups, const char *key,
                                const char *fingerprint, struct assay_error *err)
{
    ASSAY_TRY(open_group(groups, err));
    return assay_json_push(groups->partitions,
                           json_pack("{s:o, s:o}", "key", assay_json_safe_string(key, strlen(key)),
                                     "fingerprint",
                                     fingerprint ? json_string(fingerprint) : json_null()),
                           err);
}

int assay_plan_groups_split(struct assay_plan_groups *groups, json_t *bounds, int64_t records,
                            int64_t bytes, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *own = bounds;
    if (!own)
        return assay_fail_memory(err);
    ASSAY_TRY(open_group(groups, err));
    groups->records = records < 0 || groups->records < 0 ? -1 : groups->records + records;
    groups->bytes = bytes < 0 || groups->bytes < 0 ? -1 : groups->bytes + bytes;
    return assay_json_push(groups->splits,
                           json_pack("{s:I, s:I, s:O}", "records", (json_int_t)records, "bytes",
                                     (json_int_t)bytes, "bounds", own),
                           err);
}

int assay_plan_groups_close(struct assay_plan_groups *groups, struct assay_error *err)
{
    if (!groups->partitions)
        return ASSAY_OK;
    json_t *partitions = ASSAY_TAKE(groups->partitions), *splits = ASSAY_TAKE(groups->splits);
    return assay_json_push(groups->list,
                           json_pack("{s:o, s:I, s:I, s:o}", "partitions", partitions, "records",
                                     (json_int_t)groups->records, "bytes",
                                     (json_int_t)groups->bytes, "splits", splits),
                           err);
}

json_t *assay_plan_groups_take(struct assay_plan_groups *groups)
{
    return ASSAY_TAKE(groups->list);
}

void assay_plan_groups_release(struct assay_plan_groups *groups)
{
    json_decref(groups->list);
    json_decref(groups->partitions);
    json_decref(groups->splits);
    *groups = (struct assay_plan_groups){0};
}

size_t assay_plan_groups_count(const json_t *groups)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(groups); i++)
        count += json_array_size(assay_json_get(json_array_get(groups, i), "splits"));
    return count;
}

int assay_plan_groups_bounds(const json_t *groups, json_t **ret_bounds, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *bounds = json_array();
    const bool single = assay_plan_groups_count(groups) < 2;
    for (size_t i = 0; i < json_array_size(groups); i++) {
        const json_t *splits = assay_json_get(json_array_get(groups, i), "splits");
        for (size_t k = 0; k < json_array_size(splits) && !single; k++)
            ASSAY_TRY(assay_json_push(
                bounds, json_incref(json_object_get(json_array_get(splits, k), "bounds")), err));
    }
    if (single)
        ASSAY_TRY(assay_json_push(bounds, json_null(), err));
    *ret_bounds = ASSAY_TAKE(bounds);
    return ASSAY_OK;
}
