/* Control: the two threads behind the API. It leads or follows; a leader dispatches, relays, reaps
 * and sweeps; every replica publishes. Each turn is a set of ticks that are safe to repeat; a tick
 * that fails is logged once and tried again. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_SCHEDULER_CONTROL_H
#define ASSAY_SCHEDULER_CONTROL_H

#include <stdbool.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "common/job/job_store.h"
#include "common/queue/queue.h"

struct assay_control;

struct assay_control_options {
    struct assay_job_store *store; /* both outlive it */
    struct assay_queue *queue;
    const char *event_topic; /* for operation.finished; NULL = nobody listens */
    bool alone;              /* one process (serve): short turns, no hold-off of the reaper */
    int64_t lease_ttl_ms;    /* of the workers; the reaper's times follow from it */
    int64_t heartbeat_ms;
};

ASSAY_MUST_CHECK int assay_control_start(const struct assay_control_options *options,
                                         struct assay_control **ret_control,
                                         struct assay_error *err);
/** There is something to dispatch: do not wait for the next turn. Any thread; context is the
 * control (see struct assay_api_options). */
void assay_control_wake(void *context);
/** End the turn, give the lead back, free. NULL is allowed. */
void assay_control_stop(struct assay_control *control);
ASSAY_DEFINE_CLEANUP(struct assay_control, assay_control_stop)

#endif
