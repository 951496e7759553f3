/* What an implementation of progress gives; only files of this folder include it. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROGRESS_PROGRESS_OPS_H
#define ASSAY_PROGRESS_PROGRESS_OPS_H

#include "common/progress/progress.h"

/** An update: of a task (task_id > 0) or of the operation itself (task_id 0, epoch 0). */
struct assay_progress_update {
    int64_t op_id, task_id, epoch;
    json_t *fields; /* owned */
};

struct assay_progress_ops {
    int (*open)(const char *address, const char *prefix, struct assay_progress **ret_progress,
                struct assay_error *err);
    void (*close)(struct assay_progress *progress);
    bool (*is_up)(struct assay_progress *progress);
    /** Takes update->fields over. Never blocks. */
    void (*put)(struct assay_progress *progress, struct assay_progress_update *update);
    void (*flush)(struct assay_progress *progress, int timeout_ms);
    int (*get)(struct assay_progress *progress, int64_t op_id, json_t **ret_state,
               struct assay_error *err);
    /** Events that are there now, without waiting. */
    int (*events)(struct assay_progress *progress, int64_t op_id, const char *after,
                  json_t **ret_events, struct assay_error *err);
};

struct assay_progress {
    const struct assay_progress_ops *ops;
};

enum { ASSAY_PROGRESS_EVENTS = 100, ASSAY_PROGRESS_EVENTS_KEPT = 1000 };

extern const struct assay_progress_ops assay_progress_local;
extern const struct assay_progress_ops assay_progress_redis;

#endif
