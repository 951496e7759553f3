/* The counted cell classes of a field (struct assay_type_profile) as JSON and back. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_STATE_TYPES_H
#define ASSAY_PROFILE_STATE_TYPES_H

#include "common/json/json.h"
#include "worker/executor/infer/type_profile.h"

/** NULL when out of memory. */
json_t *assay_state_types_json(const struct assay_type_profile *types);
/** *ret_types: assay_type_profile_release(). ASSAY_FORMAT. */
ASSAY_MUST_CHECK int assay_state_types_parse(const json_t *json,
                                             struct assay_type_profile *ret_types,
                                             struct assay_error *err);

#endif
