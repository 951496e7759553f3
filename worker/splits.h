/* Splits: what follows from a task: the splits and the merge that a profile.plan asks for, the
 * plan that a profile.merge wants once more (docs/executor-protocol.md, "Plan", "Splits"). One
 * thread. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_WORKER_SPLITS_H
#define ASSAY_WORKER_SPLITS_H

#include "common/job/job_store.h"
#include "common/json/json.h"

/** What the executor said so far. Zero-initialise. */
struct assay_splits {
    json_t *plan;   /* the first plan chunk; NULL = it did not plan */
    json_t *groups; /* of the further ones */
    json_t *again;  /* the merge's wish; NULL = none */
};
void assay_splits_release(struct assay_splits *splits);
/** Look at a result chunk and keep what asks for tasks; all others are passed over.
 * ASSAY_FORMAT. */
ASSAY_MUST_CHECK int assay_splits_take(struct assay_splits *splits, const char *chunk,
                                       size_t size_bytes, struct assay_error *err);
/** Complete the claim with what follows from it, in one transaction: as assay_job_complete() when
 * nothing does. ASSAY_FORMAT: the plan is not whole. */
ASSAY_MUST_CHECK int assay_splits_complete(const struct assay_splits *splits,
                                           struct assay_job_store *store,
                                           const struct assay_job_claim *claim, const char *summary,
                                           struct assay_error *err);

#endif
