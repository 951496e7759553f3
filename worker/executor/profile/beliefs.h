/* Beliefs: the types under which fields are read, as JSON: {"<field>": [layout, date format,
 * leading zeros, texts only, scale, long decimals]} (docs/executor-protocol.md, "Plan"). All splits
 * of a container share them. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_BELIEFS_H
#define ASSAY_PROFILE_BELIEFS_H

#include "common/json/json.h"
#include "worker/executor/profile/profile_field.h"

/** A target as JSON; NULL when out of memory. */
json_t *assay_target_json(const struct assay_cell_target *target);
/** And back. False: malformed, *ret_target is as it was. */
bool assay_target_parse(const json_t *json, struct assay_cell_target *ret_target);

/** The targets of all cell fields. *ret_beliefs is the caller's. */
ASSAY_MUST_CHECK int assay_beliefs_json(const struct assay_profile_field *fields,
                                        size_t fields_count, json_t **ret_beliefs,
                                        struct assay_error *err);
/** Give a field the target that beliefs name for it; *ret_known false: they do not.
 * ASSAY_FORMAT. */
ASSAY_MUST_CHECK int assay_beliefs_apply(const json_t *beliefs, struct assay_profile_field *field,
                                         bool *ret_known, struct assay_error *err);

#endif
