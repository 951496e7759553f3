/* Containers and their fields: what Sync and Profile found, and what a person said of it. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CATALOG_CONTAINER_H
#define ASSAY_CATALOG_CONTAINER_H

#include "scheduler/catalog/listing.h"
#include "scheduler/catalog/write.h"

extern const struct assay_writable assay_container_writables[];
extern const struct assay_listing assay_container_listing;
extern const struct assay_listing assay_field_listing;
extern const struct assay_listing assay_field_profile_listing;

ASSAY_MUST_CHECK int assay_container_page(struct assay_db_conn *conn, const json_t *params,
                                          json_t **ret_page, struct assay_error *err);
ASSAY_MUST_CHECK int assay_container_get(struct assay_db_conn *conn, int64_t id,
                                         json_t **ret_container, struct assay_error *err);
/** [{id, name, container_type}] of the datastores of the filter. */
ASSAY_MUST_CHECK int assay_container_names(struct assay_db_conn *conn, const json_t *params,
                                           json_t **ret_list, struct assay_error *err);
/** Settings of a person: keys that are absent stay, those that change are left alone by later
 * syncs. ASSAY_CONFLICT: another container_type. */
ASSAY_MUST_CHECK int assay_container_update(struct assay_db_conn *conn, int64_t id,
                                            const json_t *body, struct assay_error *err);
/** Its fields, checks and anomalies go; its name is remembered, so that only a Sync with `recreate`
 * brings it back. */
ASSAY_MUST_CHECK int assay_container_delete(struct assay_db_conn *conn, int64_t id,
                                            struct assay_error *err);

/** Active and missing fields of a container in the source's order, a bare list. ASSAY_NOT_FOUND: no
 * such container. */
ASSAY_MUST_CHECK int assay_container_fields(struct assay_db_conn *conn, int64_t id,
                                            json_t **ret_fields, struct assay_error *err);
/** A page of the latest profiles of its fields: name, type and every statistic of
 * docs/documents.md. */
ASSAY_MUST_CHECK int assay_container_field_profiles(struct assay_db_conn *conn, int64_t id,
                                                    const json_t *params, json_t **ret_page,
                                                    struct assay_error *err);
ASSAY_MUST_CHECK int assay_field_get(struct assay_db_conn *conn, int64_t id, json_t **ret_field,
                                     struct assay_error *err);

#endif
