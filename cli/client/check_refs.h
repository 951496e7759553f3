/* References of checks: names in files, ids on a server. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CLI_CHECK_REFS_H
#define ASSAY_CLI_CHECK_REFS_H

#include "cli/client/rest.h"

/** The datastore that checks come from or go to, and what was asked of the server so far. */
struct assay_check_refs {
    struct assay_rest *rest;
    int64_t datastore_id;
    json_t *containers; /* {"<datastore id>": its containers} */
    json_t *known;      /* {"<container id>": one} */
};

/** assay_check_refs_release() in any case. */
ASSAY_MUST_CHECK int assay_check_refs_init(struct assay_check_refs *ret_refs,
                                           struct assay_rest *rest, int64_t datastore_id,
                                           struct assay_error *err);
void assay_check_refs_release(struct assay_check_refs *refs);

/** The containers of a datastore; borrowed. */
ASSAY_MUST_CHECK int assay_check_refs_containers(struct assay_check_refs *refs,
                                                 int64_t datastore_id,
                                                 const json_t **ret_containers,
                                                 struct assay_error *err);
/** ref_container and ref_datastore of properties become ids, in place; nothing without them.
 * ASSAY_NOT_FOUND: the server has no such container. */
ASSAY_MUST_CHECK int assay_check_refs_to_ids(struct assay_check_refs *refs, json_t *properties,
                                             struct assay_error *err);
/** And back: the datastore is named when it is another one. */
ASSAY_MUST_CHECK int assay_check_refs_to_names(struct assay_check_refs *refs, json_t *properties,
                                               struct assay_error *err);

#endif
