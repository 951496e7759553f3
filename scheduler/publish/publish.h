/* Publisher: turns the staged results of finished tasks into catalog rows, exactly once, and closes
 * operations. Any number of replicas and threads may run it: a task is locked while it is published
 * (PostgreSQL: SKIP LOCKED), and rows, mark and all are one transaction. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PUBLISH_PUBLISH_H
#define ASSAY_PUBLISH_PUBLISH_H

#include "common/job/job_store.h"

struct assay_publisher_options {
    const char *event_topic; /* for operation.finished; NULL = no event */
};

/** Publish what is there, at most 50 tasks, then close what is complete. *ret_done: tasks published
 * + operations closed; call again at once while it is above 0, else every 0.2 to 1 s. A result that
 * cannot be published (malformed) becomes a failure of its container with the reason;
 * ASSAY_UNAVAILABLE, ASSAY_TRANSIENT: nothing was lost, call again. */
ASSAY_MUST_CHECK int assay_publish_tick(struct assay_job_store *store,
                                        const struct assay_publisher_options *options,
                                        int *ret_done, struct assay_error *err);

#endif
