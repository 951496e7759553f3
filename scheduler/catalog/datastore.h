/* Datastores: one scope of data below a connection. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CATALOG_DATASTORE_H
#define ASSAY_CATALOG_DATASTORE_H

#include "common/crypto/keyring.h"
#include "scheduler/catalog/listing.h"
#include "scheduler/catalog/write.h"

extern const struct assay_writable assay_datastore_writables[];
extern const struct assay_listing assay_datastore_listing;

ASSAY_MUST_CHECK int assay_datastore_page(struct assay_db_conn *conn, const json_t *params,
                                          json_t **ret_page, struct assay_error *err);
/** With connection, tags, teams, metrics, latest_operation. */
ASSAY_MUST_CHECK int assay_datastore_get(struct assay_db_conn *conn, int64_t id,
                                         json_t **ret_datastore, struct assay_error *err);
/** The body's keys of the connector's datastore level (database, schema, root_path, …) over
 * `stored` (NULL = none) as one object, validated. ASSAY_INVALID. */
ASSAY_MUST_CHECK int assay_datastore_scope(const char *connector, const json_t *stored,
                                           const json_t *body, json_t **ret_properties,
                                           struct assay_error *err);
/** In a transaction; connection_id must exist (ASSAY_INVALID). ASSAY_CONFLICT: the name is
 * taken. */
ASSAY_MUST_CHECK int assay_datastore_create(struct assay_db_conn *conn, const json_t *body,
                                            int64_t connection_id, int64_t *ret_id,
                                            struct assay_error *err);
/** Keys that are absent stay; tags and teams that are given replace the lists. */
ASSAY_MUST_CHECK int assay_datastore_update(struct assay_db_conn *conn, int64_t id,
                                            const json_t *body, struct assay_error *err);
/** With everything below it. ASSAY_CONFLICT: it is the enrichment datastore of another. */
ASSAY_MUST_CHECK int assay_datastore_delete(struct assay_db_conn *conn, int64_t id,
                                            struct assay_error *err);
/** Note whether it was reached. */
ASSAY_MUST_CHECK int assay_datastore_note_connected(struct assay_db_conn *conn, int64_t id,
                                                    bool connected, struct assay_error *err);

/** The secrets of a datastore's connection, as the executor merges them over the spec's properties
 * ({} when there are none). For the credentials of a claimed task only. */
ASSAY_MUST_CHECK int assay_datastore_secrets(struct assay_db_conn *conn,
                                             const struct assay_keyring *keyring, int64_t id,
                                             json_t **ret_secrets, struct assay_error *err);

#endif
