/* API and worker tokens: JWTs (HS256, key from the secrets passphrase) whose ids stand in the
 * catalog, so that each can be revoked. The token itself is stored nowhere. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_AUTH_TOKEN_H
#define ASSAY_AUTH_TOKEN_H

#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/error.h"
#include "common/crypto/keyring.h"
#include "common/crypto/random.h"
#include "common/db/db.h"

/** Which door a token opens. */
enum assay_audience { ASSAY_AUDIENCE_API, ASSAY_AUDIENCE_WORKER };

struct assay_token_new {
    const char *name; /* what a person knows it by */
    enum assay_audience audience;
    int64_t user_id; /* 0 = the first admin (API), nobody (worker) */
    int64_t ttl_us;  /* 0 = does not expire */
};

/** Make a token and note its id. Appends the token; ret_jti may be NULL. */
ASSAY_MUST_CHECK int assay_token_create(struct assay_db_conn *conn,
                                        const struct assay_keyring *keyring,
                                        const struct assay_token_new *token,
                                        struct assay_buf *ret_token, char ret_jti[ASSAY_UUID_TEXT],
                                        struct assay_error *err);

/** Who a token speaks for. */
struct assay_identity {
    char jti[ASSAY_UUID_TEXT];
    int64_t user_id; /* 0 = a worker */
    char user_name[128];
};
/** Check signature (any key of the ring), expiry, audience and revocation.
 *  ASSAY_UNAUTHENTICATED with the reason, never with the token. */
ASSAY_MUST_CHECK int assay_token_verify(struct assay_db_conn *conn,
                                        const struct assay_keyring *keyring, const char *token,
                                        enum assay_audience audience,
                                        struct assay_identity *ret_identity,
                                        struct assay_error *err);

/** From now on refused. ASSAY_NOT_FOUND. */
ASSAY_MUST_CHECK int assay_token_revoke(struct assay_db_conn *conn, const char *jti,
                                        struct assay_error *err);

/** The token file of a machine (`assay.token`, mode 0600): kept when the token in it is still good,
 *  else written anew with a token of that audience. */
ASSAY_MUST_CHECK int assay_token_file_ensure(struct assay_db *db,
                                             const struct assay_keyring *keyring,
                                             enum assay_audience audience, const char *path,
                                             struct assay_error *err);

#endif
