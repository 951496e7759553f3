/* Operations as people read them. Their states and verbs belong to common/job. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CATALOG_OPERATION_H
#define ASSAY_CATALOG_OPERATION_H

#include "scheduler/catalog/listing.h"

extern const struct assay_listing assay_operation_listing;

ASSAY_MUST_CHECK int assay_operation_page(struct assay_db_conn *conn, const json_t *params,
                                          json_t **ret_page, struct assay_error *err);
/** With the containers it covers, and what each one's profile or scan came to. `status` holds the
 * final counters, or while it runs the sum of what the leases say ("live": false). */
ASSAY_MUST_CHECK int assay_operation_get(struct assay_db_conn *conn, int64_t id,
                                         json_t **ret_operation, struct assay_error *err);
/** Operations of a datastore that are not finished: column 0 the id. */
ASSAY_MUST_CHECK int assay_operation_open_of(struct assay_db_conn *conn, int64_t datastore_id,
                                             struct assay_db_rows **ret_rows,
                                             struct assay_error *err);

#endif
