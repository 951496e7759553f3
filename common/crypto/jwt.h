/* JSON Web Tokens (RFC 7519) signed with HS256 (RFC 7515, 7518 §3.2). No other algorithm is ever
 * accepted. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CRYPTO_JWT_H
#define ASSAY_CRYPTO_JWT_H

#include "common/base/buf.h"
#include "common/base/error.h"
#include "common/json/json.h"

#define ASSAY_JWT_MAX_BYTES 8192

/** Append a token of these claims. Thread-safe. */
ASSAY_MUST_CHECK int assay_jwt_sign(const json_t *claims, const void *key, size_t key_bytes,
                                    struct assay_buf *token, struct assay_error *err);
/** Check form, algorithm, signature and `exp` (seconds, against now_us; absent = no end).
 * *ret_claims is the caller's. ASSAY_UNAUTHENTICATED for each, with a text that says which but
 * never holds the token. */
ASSAY_MUST_CHECK int assay_jwt_verify(const char *token, const void *key, size_t key_bytes,
                                      int64_t now_us, json_t **ret_claims, struct assay_error *err);

#endif
