/* Profile passes: reading the source once for some fields, and what came of it. Shared by profile.c
 * and keep_run.c. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_PASSES_H
#define ASSAY_PROFILE_PASSES_H

#include "worker/executor/profile/profile_run.h"

/** One pass into the fields, whose counts it begins or adds to; counted in run->result. A wrong
 * guess about where records begin is repaired by proving the cuts and reading again: fields that
 * held counts before must not be given then (text files are cut by guess). *ret_pass:
 * assay_pass_result_release(). */
ASSAY_MUST_CHECK int assay_profile_read_once(struct assay_profile_run *run,
                                             struct assay_profile_field *const *fields,
                                             size_t count, struct assay_pass_result *ret_pass,
                                             struct assay_error *err);
/** Decide the types from all values. Fields that were read under another one come to the front of
 * `changed` (count places, may be `fields`); returns how many. */
size_t assay_profile_find_changed(struct assay_profile_field *const *fields, size_t count,
                                  struct assay_profile_field **changed);
/** Forget what was counted. */
void assay_profile_reset_fields(struct assay_profile_field *const *fields, size_t count);

#endif
