/* Relations between the containers of one `assay profile`: candidates from their sketches, judged
 * by a task for each container that refers to another. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CLI_PROFILE_RELATE_H
#define ASSAY_CLI_PROFILE_RELATE_H

#include "cli/input/input.h"

/** Zero-initialise. */
struct assay_profile_relations {
    json_t *known; /* [{"name", "sketches", "input": index}], as assay_relate() takes them */
    size_t found;  /* checks between containers */
};
void assay_profile_relations_release(struct assay_profile_relations *relations);

/** Take the sketches of a profiled input from its document; none below level xhigh. */
ASSAY_MUST_CHECK int assay_profile_relations_take(struct assay_profile_relations *relations,
                                                  const struct assay_inputs *inputs, size_t index,
                                                  json_t *document, struct assay_error *err);
/** Append the checks that hold to `checks`, references by the names of the inputs. Containers that
 * cannot be read again or share a name with another are left out; what cannot be judged is said.
 * ASSAY_CANCELLED. */
ASSAY_MUST_CHECK int assay_profile_relations_find(struct assay_profile_relations *relations,
                                                  struct assay_session *session,
                                                  const struct assay_inputs *inputs, json_t *checks,
                                                  struct assay_error *err);

#endif
