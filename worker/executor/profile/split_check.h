/* Split check: a split counts the files that its plan saw. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_SPLIT_CHECK_H
#define ASSAY_PROFILE_SPLIT_CHECK_H

#include "worker/executor/profile/profile_run.h"

/** After reading: do the split's files still have the fingerprints of task->split.partitions? One
 * that is shorter now lacks records that the plan counted on: ASSAY_INVALID, which names it. Any
 * other change becomes the warning `file_changed` of the pass. */
ASSAY_MUST_CHECK int assay_split_check(const struct assay_profile_result *result,
                                       struct assay_error *err);

#endif
