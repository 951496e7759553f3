/* Attempt: one claimed task from its executor process to its last write in the job store. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_WORKER_ATTEMPT_H
#define ASSAY_WORKER_ATTEMPT_H

#include "worker/leases.h"
#include "worker/worker.h"

/** The task body of docs/executor-protocol.md: the spec with what only the claim knows put in.
 * *ret_task is the caller's. ASSAY_INVALID: the spec is not an object. */
ASSAY_MUST_CHECK int assay_attempt_task(const struct assay_worker_options *options,
                                        const struct assay_job_claim *claim, int64_t deadline_ms,
                                        json_t **ret_task, struct assay_error *err);

/** Run the claim to its end and write how it ended: complete, fail, crash, source down, cancelled,
 * released, or nothing at all when the lease was lost. Logs one event. sent_ns: when the claim was
 * sent. */
void assay_attempt_run(const struct assay_worker_options *options, struct assay_leases *leases,
                       pthread_rwlock_t *together, const struct assay_job_claim *claim,
                       int64_t sent_ns);

#endif
