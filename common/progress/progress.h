/* Progress: what a person watches while an operation runs. `local:` in memory, `redis://…`. May
 * vanish without harm: every call returns within 250 ms and nothing depends on it. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROGRESS_PROGRESS_H
#define ASSAY_PROGRESS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "common/json/json.h"

struct assay_progress;

ASSAY_MUST_CHECK int assay_progress_open(const char *url, const char *prefix,
                                         struct assay_progress **ret_progress,
                                         struct assay_error *err);
void assay_progress_close(struct assay_progress *progress);
ASSAY_DEFINE_CLEANUP(struct assay_progress, assay_progress_close)
/** Is the store answering? (local: always) */
bool assay_progress_is_up(struct assay_progress *progress);

/** Queue an update of a task; never blocks, coalesced to the latest per task, sent twice a second.
 * An update of an older epoch than the stored one is dropped. fields: flat object of numbers and
 * texts, no row data. */
void assay_progress_task(struct assay_progress *progress, int64_t op_id, int64_t task_id,
                         int64_t epoch, const json_t *fields);
/** The same for an operation: counters and state; also appended to its event stream. */
void assay_progress_operation(struct assay_progress *progress, int64_t op_id, const json_t *fields);
/** Wait until everything queued was sent or dropped, at most timeout_ms. Tests and shutdown. */
void assay_progress_flush(struct assay_progress *progress, int timeout_ms);

/** What is known of an operation: {"operation": {…}, "tasks": [{…}]}, the caller's.
 * ASSAY_NOT_FOUND, ASSAY_UNAVAILABLE. */
ASSAY_MUST_CHECK int assay_progress_get(struct assay_progress *progress, int64_t op_id,
                                        json_t **ret_state, struct assay_error *err);

/** Events of an operation after `after` ("0" = from the start; ids are opaque texts), at most 100;
 * waits up to timeout_ms for the first. *ret_events: [{"id","fields":{…}}], empty after the
 * wait. */
ASSAY_MUST_CHECK int assay_progress_events(struct assay_progress *progress, int64_t op_id,
                                           const char *after, int timeout_ms, json_t **ret_events,
                                           struct assay_error *err);

#endif
