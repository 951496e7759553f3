/* Belief: a first opinion about the types of untyped fields, from the beginnings of parts spread
 * over the container. Under it the first pass converts; the decision after the pass rests on all
 * values. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_BELIEF_H
#define ASSAY_PROFILE_BELIEF_H

#include "worker/executor/profile/profile_field.h"
#include "worker/executor/profile/profile_source.h"

/** Set decision and target of the cell fields. The user's own types (types.<field>) are heeded. */
ASSAY_MUST_CHECK int assay_belief_form(struct assay_profile_source *source,
                                       struct assay_profile_field *const *fields,
                                       size_t fields_count, struct assay_error *err);
/** Decide from all values. *ret_changed: the field has to be read again under another target. */
void assay_belief_decide(struct assay_profile_field *field, bool *ret_changed);

#endif
