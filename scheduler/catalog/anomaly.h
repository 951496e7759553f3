/* Anomalies: what scans found. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CATALOG_ANOMALY_H
#define ASSAY_CATALOG_ANOMALY_H

#include "scheduler/catalog/check.h"

extern const struct assay_writable assay_anomaly_writables[];
extern const struct assay_listing assay_anomaly_listing;

ASSAY_MUST_CHECK int assay_anomaly_page(struct assay_db_conn *conn, const json_t *params,
                                        json_t **ret_page, struct assay_error *err);
ASSAY_MUST_CHECK int assay_anomaly_get(struct assay_db_conn *conn, int64_t id, json_t **ret_anomaly,
                                       struct assay_error *err);
/** The id of a text that is an id or a uuid. ASSAY_NOT_FOUND. */
ASSAY_MUST_CHECK int assay_anomaly_find(struct assay_db_conn *conn, const char *id_or_uuid,
                                        int64_t *ret_id, struct assay_error *err);
/** status (Active, Acknowledged: brings an archived one back), description, tags, assignee_ids. */
ASSAY_MUST_CHECK int assay_anomaly_update(struct assay_db_conn *conn, int64_t id,
                                          const json_t *body, struct assay_error *err);
/** Archive as Resolved, Duplicate, Invalid or Discarded, or delete for good. */
ASSAY_MUST_CHECK int assay_anomaly_remove(struct assay_db_conn *conn, int64_t id,
                                          const struct assay_removal *removal,
                                          struct assay_error *err);

#endif
