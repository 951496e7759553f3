// Progress: chooses the implementation by the URL's scheme; waiting for events is done here, by
// asking again.
// SPDX-License-Identifier: Apache-2.0
#include "common/progress/progress.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/progress/progress_ops.h"

enum { ASK_AGAIN_MS = 200 };

static const struct {
    const char *scheme;
    const struct assay_progress_ops *ops;
} schemes[] = {{"local:", &assay_progress_local}, {"redis://", &assay_progress_redis}};

int assay_progress_open(const char *url, const char *prefix, struct assay_progress **ret_progress,
                        struct assay_error *err)
{
    for (size_t i = 0; i < ASSAY_COUNT(schemes); i++) {
        const size_t size = strlen(schemes[i].scheme);
        if (!strncmp(url, schemes[i].scheme, size))
            return schemes[i].ops->open(url + size, prefix, ret_progress, err);
    }
    if (!strncmp(url, "rediss://", strlen("rediss://")))
        return assay_fail(err, ASSAY_UNSUPPORTED,
                          "progress.url rediss:// needs a hiredis with TLS, which this build has "
                          "not: use redis:// "
                          "on a private network or through a TLS tunnel");
    return assay_fail(err, ASSAY_USAGE, "progress.url must begin with local: or redis://");
}

void assay_progress_close(struct assay_progress *progress)
{
    if (progress)
        progress->ops->close(progress);
}

bool assay_progress_is_up(struct assay_progress *progress)
{
    return progress->ops->is_up(progress);
}

void assay_progress_task(struct assay_progress *progress, int64_t op_id, int64_t task_id,
                         int64_t epoch, const json_t *fields)
{
    struct assay_progress_update update = {op_id, task_id, epoch, json_deep_copy(fields)};
    if (update.fields)
        progress->ops->put(progress, &update);
}

void assay_progress_operation(struct assay_progress *progress, int64_t op_id, const json_t *fields)
{
    assay_progress_task(progress, op_id, 0, 0, fields);
}

void assay_progress_flush(struct assay_progress *progress, int timeout_ms)
{
    progress->ops->flush(progress, timeout_ms);
}

int assay_progress_get(struct assay_progress *progress, int64_t op_id, json_t **ret_state,
                       struct assay_error *err)
{
    return progress->ops->get(progress, op_id, ret_state, err);
}

int assay_progress_events(struct assay_progress *progress, int64_t op_id, const char *after,
                          int timeout_ms, json_t **ret_events, struct assay_error *err)
{
    const int64_t end_ns = assay_monotonic_ns() + (int64_t)timeout_ms * 1000000;
    for (;;) {
        json_t *events = NULL;
        ASSAY_TRY(progress->ops->events(progress, op_id, after, &events, err));
        if (json_array_size(events) || assay_monotonic_ns() >= end_ns) {
            *ret_events = events;
            return ASSAY_OK;
        }
        json_decref(events);
        assay_sleep_ms(ASK_AGAIN_MS);
    }
}
