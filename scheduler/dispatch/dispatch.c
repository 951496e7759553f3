// Dispatch loop: pools, lanes, windows.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/dispatch/dispatch.h"

#include <string.h>

#include "common/base/memory.h"
#include "common/json/json.h"

enum { WORKER_SILENT_MS = 20000, WINDOW_SPARE = 2 };

static int dispatch_pool(struct assay_job_store *store, const struct assay_queue *queue,
                         const char *name, int *dispatched, struct assay_error *err)
{
    struct assay_job_pool pool;
    ASSAY_TRY(assay_job_pool(store, name, WORKER_SILENT_MS, &pool, err));
    const int window = pool.free * 5 / 4 + WINDOW_SPARE;
    for (int lane = 0; lane < ASSAY_LANES; lane++) {
        char topic[128];
        int count = 0;
        assay_queue_task_topic(queue, name, lane, topic);
        ASSAY_TRY(assay_job_dispatch(store, name, lane, window, topic, pool.max_spec_version,
                                     &count, err));
        *dispatched += count;
    }
    return ASSAY_OK;
}

int assay_dispatch_tick(struct assay_job_store *store, const struct assay_queue *queue,
                        int *ret_dispatched, struct assay_error *err)
{
    ASSAY_AUTO(assay_free_text) char *text = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *pools = NULL;
    int dispatched = 0;
    ASSAY_TRY(assay_job_pools(store, &text, err));
    ASSAY_TRY(assay_json_parse(text, strlen(text), "pools", &pools, err));
    size_t i;
    json_t *name;
    json_array_foreach(pools, i, name)
        ASSAY_TRY(dispatch_pool(store, queue, json_string_value(name), &dispatched, err));
    *ret_dispatched = dispatched;
    return ASSAY_OK;
}
