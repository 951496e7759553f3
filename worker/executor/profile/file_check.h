/* File check: a profile, and a scan, counts the files that it began with. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_FILE_CHECK_H
#define ASSAY_PROFILE_FILE_CHECK_H

#include "worker/executor/profile/profile_source.h"

/** After reading: are the files what they were when they were opened, and those of a split what its
 * plan saw (task->split.partitions)? One that is shorter lacks records that were counted on, of one
 * that was replaced some parts were read of either: ASSAY_IO, of a split ASSAY_INVALID, which names
 * it. Any other change becomes the warning `file_changed`, appended to warnings unless it is there.
 * advice: what to do about it, "profile it again". */
ASSAY_MUST_CHECK int assay_file_check(const struct assay_profile_source *source, const char *advice,
                                      json_t *warnings, struct assay_error *err);

#endif
