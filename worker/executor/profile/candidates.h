/* Candidates: inferred checks that rest on the sample of records are judged over all records before
 * they are offered; what fails on the data it came from never is.
 *
 * Checks that the statistics of all records settle are emitted at once, those that rest on the
 * sample after the last field: one more reading of the same records judges them (assay_verify_fn of
 * task.h). Where states were kept, only what was read is judged by those that are known to hold for
 * the rest (keep/keep_judged.h). What cannot be judged is not offered: it is emitted as "unjudged",
 * and a warning says why. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_CANDIDATES_H
#define ASSAY_PROFILE_CANDIDATES_H

#include "worker/executor/profile/profile_run.h"

/** Emit what is settled, hold the rest in run->candidates. Borrows checks. */
ASSAY_MUST_CHECK int assay_candidates_take(struct assay_profile_run *run, const json_t *checks,
                                           struct assay_error *err);
/** Verify and emit what is held. Counts into the result's passes and bytes: before the container is
 * emitted. */
ASSAY_MUST_CHECK int assay_candidates_emit(struct assay_profile_run *run, struct assay_error *err);

#endif
