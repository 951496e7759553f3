/* Warnings: what a person should look at in a profile, one row of a table each. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_WARNINGS_H
#define ASSAY_PROFILE_WARNINGS_H

#include "worker/executor/profile/document.h"

/** Warnings are {"code", "field", "message"}. Those of the readers and of the container; groups: of
 * fields, read one after the other. *ret_warnings is an array, the caller's. */
ASSAY_MUST_CHECK int assay_warnings_of_container(const struct assay_profile_result *result,
                                                 size_t groups, json_t **ret_warnings,
                                                 struct assay_error *err);
/** Append those of a finished field. */
ASSAY_MUST_CHECK int assay_warnings_of_field(const struct assay_profile_field *field,
                                             json_t *warnings, struct assay_error *err);

#endif
