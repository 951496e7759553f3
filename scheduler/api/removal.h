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
/** The same of {id, archive?, status?, delete_anomalies?}. */
ASSAY_MUST_CHECK int assay_removal_of_item(const json_t *item, const char *status, int64_t *ret_id,
                                           struct assay_removal *ret_removal,
                                           struct assay_error *err);

#endif
