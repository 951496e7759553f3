/* File check: a profile counts the files that it began with. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_FILE_CHECK_H
#define ASSAY_PROFILE_FILE_CHECK_H

#include "worker/executor/profile/profile_run.h"

/** After reading: are the files what they were when they were opened, and those of a split what its
 * plan saw (task->split.partitions)? One that is shorter lacks records that were counted on, of one
 * that was replaced some parts were read of either: ASSAY_IO, of a split ASSAY_INVALID, which names
 * it. Any other change becomes the warning `file_changed` of the pass. */
ASSAY_MUST_CHECK int assay_file_check(const struct assay_profile_result *result,
                                      struct assay_error *err);

#endif
