/* Dispatch loop: hands ready tasks of every pool and lane to the outbox, as many as live workers
 * can start soon. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_DISPATCH_DISPATCH_H
#define ASSAY_DISPATCH_DISPATCH_H

#include "common/job/job_store.h"
#include "common/queue/queue.h"

/** One round over all pools with open tasks; call every 0.5 s, or when woken. queue gives the
 * topics' names. The window of a lane is 1.25 × free slots + 2 of the workers seen within 20 s.
 * *ret_dispatched: tasks handed out; above 0 the relay has work. One thread (the leader's). */
ASSAY_MUST_CHECK int assay_dispatch_tick(struct assay_job_store *store,
                                         const struct assay_queue *queue, int *ret_dispatched,
                                         struct assay_error *err);

#endif
