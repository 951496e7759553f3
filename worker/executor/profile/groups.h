/* Groups: the memory contract. State per field is known before the run; fields whose states do not
 * fit the budget together are profiled one group after the other, each in a pass of its own. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_GROUPS_H
#define ASSAY_PROFILE_GROUPS_H

#include "worker/executor/profile/profile_field.h"
#include "worker/executor/profile/profile_source.h"

struct assay_groups {
    size_t state_bytes;  /* ceiling of one state */
    size_t group_fields; /* most fields of one group, ≥ 1 */
    size_t dictionaries; /* of texts that come as codes, at most: what is left over allows them */
};

/** Decide for `fields_count` fields like these, each with a state per lane. Pure. */
struct assay_groups assay_groups_plan(const struct assay_profile_source *source,
                                      const struct assay_profile_field *fields,
                                      size_t fields_count);
/** Lanes of a pass: threads that count at once. */
size_t assay_groups_lanes(const struct assay_profile_source *source);

#endif
