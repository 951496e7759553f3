/* Connections: the one place where credentials are kept (encrypted) and given out (never to
 * people). */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CATALOG_CONNECTION_H
#define ASSAY_CATALOG_CONNECTION_H

#include "common/connectors/connector_def.h"
#include "common/crypto/envelope.h"
#include "scheduler/catalog/listing.h"
#include "scheduler/catalog/write.h"

extern const struct assay_writable assay_connection_writables[];
extern const struct assay_listing assay_connection_listing;

/** Lists and single ones show secrets masked. */
ASSAY_MUST_CHECK int assay_connection_page(struct assay_db_conn *conn,
                                           const struct assay_keyring *keyring,
                                           const json_t *params, json_t **ret_page,
                                           struct assay_error *err);
ASSAY_MUST_CHECK int assay_connection_get(struct assay_db_conn *conn,
                                          const struct assay_keyring *keyring, int64_t id,
                                          json_t **ret_connection, struct assay_error *err);

/** A connection as it would be if `body` were saved: the stored one (id; 0 = none) with the body
 * over it. Release with assay_connection_draft_release(); it holds secrets. */
struct assay_connection_draft {
    const struct assay_connector_def *def;
    json_t *open_part; /* properties without secrets */
    json_t *secret;
    bool changed; /* differs from what is stored in more than its name */
};
void assay_connection_draft_release(struct assay_connection_draft *draft);
/** body may be NULL. Validated against the connector. ASSAY_INVALID, ASSAY_NOT_FOUND;
 * ASSAY_CONFLICT: another type. */
ASSAY_MUST_CHECK int assay_connection_draft(struct assay_db_conn *conn,
                                            const struct assay_keyring *keyring, int64_t id,
                                            const json_t *body,
                                            struct assay_connection_draft *ret_draft,
                                            struct assay_error *err);

/** Save a draft under the body's name. ASSAY_CONFLICT: the name is taken. Call in a transaction. */
ASSAY_MUST_CHECK int assay_connection_create(struct assay_db_conn *conn,
                                             const struct assay_keyring *keyring,
                                             const json_t *body,
                                             const struct assay_connection_draft *draft,
                                             int64_t *ret_id, struct assay_error *err);
ASSAY_MUST_CHECK int assay_connection_update(struct assay_db_conn *conn,
                                             const struct assay_keyring *keyring, int64_t id,
                                             const json_t *body,
                                             const struct assay_connection_draft *draft,
                                             struct assay_error *err);
/** ASSAY_CONFLICT while a datastore uses it. */
ASSAY_MUST_CHECK int assay_connection_delete(struct assay_db_conn *conn, int64_t id,
                                             struct assay_error *err);
/** What a successful test said of the server. */
ASSAY_MUST_CHECK int assay_connection_note_product(struct assay_db_conn *conn, int64_t id,
                                                   const char *product, struct assay_error *err);

/** Encrypt or decrypt an object of secrets that belongs to a row ("connection:7"). Open wipes
 * nothing: the caller's object. */
ASSAY_MUST_CHECK int assay_secret_seal(const struct assay_keyring *keyring, const char *belongs_to,
                                       const json_t *secret, struct assay_buf *ret_envelope,
                                       struct assay_error *err);
ASSAY_MUST_CHECK int assay_secret_open(const struct assay_keyring *keyring, const char *belongs_to,
                                       const char *envelope, json_t **ret_secret,
                                       struct assay_error *err);

/** Encrypt again whatever an older key still protects; *ret_count rows were changed. Safe to
 * repeat. */
ASSAY_MUST_CHECK int assay_connection_rotate(struct assay_db *db,
                                             const struct assay_keyring *keyring, int *ret_count,
                                             struct assay_error *err);

#endif
