/* How a check or an anomaly is to be taken away: from a query, or from a member of a list. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_API_REMOVAL_H
#define ASSAY_API_REMOVAL_H

#include "scheduler/api/request.h"

/** `archive` (true), `status`, `delete_anomalies` (true when deleted for good). Texts are the
 * request's. ASSAY_INVALID. */
ASSAY_MUST_CHECK int assay_removal_of_query(const struct assay_request *request, const char *status,
                                            struct assay_removal *ret_removal,
                                            struct assay_error *err);
/** Takes away what has that id. */
typedef int assay_remover(struct assay_db_conn *conn, const struct assay_request *request,
                          int64_t id, const struct assay_removal *removal, struct assay_error *err);
/** Take away what the body lists as {id, archive?, status?, delete_anomalies?}: all or nothing. */
ASSAY_MUST_CHECK int assay_remove_listed(struct assay_request *request, const char *status,
                                         assay_remover *remove, struct assay_error *err);

#endif
