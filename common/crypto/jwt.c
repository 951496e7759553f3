// JSON Web Tokens with HS256.
// SPDX-License-Identifier: Apache-2.0
#include "common/crypto/jwt.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/crypto/digest.h"
#include "common/crypto/encoding.h"

static const char jwt_header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";

int assay_jwt_sign(const json_t *claims, const void *key, size_t key_bytes, struct assay_buf *token,
                   struct assay_error *err)
{
    const size_t start = token->size;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf body = {0};
    ASSAY_TRY(assay_json_append(claims, &body, err));
    assay_base64url_append(token, jwt_header, sizeof jwt_header - 1);
    assay_buf_char(token, '.');
    assay_base64url_append(token, body.data, body.size);
    ASSAY_TRY(assay_buf_check(token, err));
    uint8_t mac[ASSAY_SHA256_BYTES];
    ASSAY_TRY(
        assay_hmac_sha256(key, key_bytes, token->data + start, token->size - start, mac, err));
    assay_buf_char(token, '.');
    assay_base64url_append(token, mac, sizeof mac);
    return assay_buf_check(token, err);
}

static int refuse(struct assay_error *err, const char *why)
{
    return assay_fail(err, ASSAY_UNAUTHENTICATED, "the token %s", why);
}

static int check_signature(const char *token, size_t signed_bytes, const void *key,
                           size_t key_bytes, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf signature = {0};
    const char *text = token + signed_bytes + 1;
    if (assay_base64url_decode(text, strlen(text), &signature, NULL) != ASSAY_OK ||
        signature.size != ASSAY_SHA256_BYTES)
        return refuse(err, "has a malformed signature");
    uint8_t mac[ASSAY_SHA256_BYTES];
    ASSAY_TRY(assay_hmac_sha256(key, key_bytes, token, signed_bytes, mac, err));
    return assay_equal_bytes(mac, signature.data, sizeof mac)
               ? ASSAY_OK
               : refuse(err, "is not signed by this server");
}

/* A part of the token as a JSON object, NULL when it is none. */
static json_t *decode_object(const char *text, size_t size_bytes)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf bytes = {0};
    ASSAY_AUTO(assay_json_decref) json_t *object = NULL;
    if (assay_base64url_decode(text, size_bytes, &bytes, NULL) != ASSAY_OK ||
        assay_json_parse(assay_buf_str(&bytes), bytes.size, "token", &object, NULL) != ASSAY_OK ||
        !json_is_object(object))
        return NULL;
    return ASSAY_TAKE(object);
}

static int check_header(const char *token, size_t size_bytes, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *header = decode_object(token, size_bytes);
    if (!header)
        return refuse(err, "is not a JWT");
    if (strcmp(assay_json_str(header, "alg", ""), "HS256") != 0 || json_object_get(header, "crit"))
        return refuse(err, "is not signed with HS256");
    return ASSAY_OK;
}

static int check_expiry(const json_t *claims, int64_t now_us, struct assay_error *err)
{
    const json_t *end = json_object_get(claims, "exp");
    if (end && !json_is_number(end))
        return refuse(err, "has a malformed exp");
    if (end && json_number_value(end) <= (double)now_us / (double)ASSAY_US_PER_S)
        return refuse(err, "has expired");
    return ASSAY_OK;
}

int assay_jwt_verify(const char *token, const void *key, size_t key_bytes, int64_t now_us,
                     json_t **ret_claims, struct assay_error *err)
{
    const char *first = strchr(token, '.');
    const char *second = first ? strchr(first + 1, '.') : NULL;
    if (!second || strchr(second + 1, '.') || strlen(token) > ASSAY_JWT_MAX_BYTES)
        return refuse(err, "is not a JWT");
    ASSAY_TRY(check_header(token, (size_t)(first - token), err));
    ASSAY_TRY(check_signature(token, (size_t)(second - token), key, key_bytes, err));
    ASSAY_AUTO(assay_json_decref)
    json_t *claims = decode_object(first + 1, (size_t)(second - first - 1));
    if (!claims)
        return refuse(err, "has malformed claims");
    ASSAY_TRY(check_expiry(claims, now_us, err));
    *ret_claims = ASSAY_TAKE(claims);
    return ASSAY_OK;
}
