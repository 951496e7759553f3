// API and worker tokens.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/auth/token.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/memory.h"
#include "common/crypto/jwt.h"

static const char *const audiences[] = {
    [ASSAY_AUDIENCE_API] = "api", [ASSAY_AUDIENCE_WORKER] = "worker"};

/* The user a token speaks for: given, else the first admin who is a person. */
static int find_user(struct assay_db_conn *conn, const struct assay_token_new *token,
                     int64_t *ret_user_id, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    if (token->audience == ASSAY_AUDIENCE_WORKER || token->user_id != 0) {
        *ret_user_id = token->audience == ASSAY_AUDIENCE_WORKER ? 0 : token->user_id;
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_db_run(conn,
                           "SELECT id FROM user_account WHERE role = 'Admin' AND is_system = 0 AND "
                           "deactivated_at IS NULL ORDER "
                           "BY id LIMIT 1",
                           &rows, err));
    if (assay_db_rows_count(rows) == 0)
        return assay_fail(err, ASSAY_NOT_FOUND, "the catalog has no active admin");
    *ret_user_id = assay_db_get_int(rows, 0, 0);
    return ASSAY_OK;
}

static int sign(const struct assay_keyring *keyring, const struct assay_token_new *token,
                const char *jti, int64_t user_id, int64_t now_us, struct assay_buf *ret_token,
                struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref)
    json_t *claims =
        json_pack("{s:s, s:s, s:s, s:I}", "jti", jti, "iss", "assay", "aud",
                  audiences[token->audience], "iat", (json_int_t)(now_us / ASSAY_US_PER_S));
    char subject[32];
    (void)snprintf(subject, sizeof subject, "%lld", (long long)user_id);
    if (!claims)
        return assay_fail_memory(err);
    if (user_id != 0)
        ASSAY_TRY(assay_json_set(claims, "sub", json_string(subject), err));
    if (token->ttl_us > 0)
        ASSAY_TRY(assay_json_set(claims, "exp",
                                 json_integer((now_us + token->ttl_us) / ASSAY_US_PER_S), err));
    return assay_jwt_sign(claims, keyring->keys[0].secret[ASSAY_KEY_TOKEN], ASSAY_KEY_BYTES,
                          ret_token, err);
}

int assay_token_create(struct assay_db_conn *conn, const struct assay_keyring *keyring,
                       const struct assay_token_new *token, struct assay_buf *ret_token,
                       char ret_jti[ASSAY_UUID_TEXT], struct assay_error *err)
{
    char jti[ASSAY_UUID_TEXT];
    int64_t user_id;
    const int64_t now_us = assay_now_us();
    ASSAY_TRY(assay_uuid4(jti, err));
    ASSAY_TRY(find_user(conn, token, &user_id, err));
    ASSAY_TRY(
        assay_db_run(conn,
                     "INSERT INTO api_token (jti, name, user_id, audience, expires_at, created_at) "
                     "VALUES ($1, $2, $3, $4, "
                     "$5, $6)",
                     NULL, err, assay_db_text(jti), assay_db_text(token->name),
                     user_id ? assay_db_int(user_id) : assay_db_null(),
                     assay_db_text(audiences[token->audience]),
                     token->ttl_us > 0 ? assay_db_int(now_us + token->ttl_us) : assay_db_null(),
                     assay_db_int(now_us)));
    ASSAY_TRY(sign(keyring, token, jti, user_id, now_us, ret_token, err));
    if (ret_jti)
        memcpy(ret_jti, jti, sizeof jti);
    return ASSAY_OK;
}

/* Tokens of older keys stay good until they are revoked or their key leaves the file. */
static int verify_signature(const struct assay_keyring *keyring, const char *token,
                            json_t **ret_claims, struct assay_error *err)
{
    int rc = ASSAY_UNAUTHENTICATED;
    for (size_t i = 0; i < keyring->count; i++) {
        assay_error_clear(err);
        rc = assay_jwt_verify(token, keyring->keys[i].secret[ASSAY_KEY_TOKEN], ASSAY_KEY_BYTES,
                              assay_now_us(), ret_claims, err);
        if (rc == ASSAY_OK)
            break;
    }
    return rc;
}

static int look_up(struct assay_db_conn *conn, const char *jti, const char *audience,
                   struct assay_identity *ret_identity, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn,
                           "SELECT t.user_id, u.name, t.revoked_at, u.deactivated_at, t.audience "
                           "FROM api_token t LEFT JOIN "
                           "user_account u ON u.id = t.user_id WHERE t.jti = $1",
                           &rows, err, assay_db_text(jti)));
    if (assay_db_rows_count(rows) == 0 || !assay_db_is_null(rows, 0, 2))
        return assay_fail(err, ASSAY_UNAUTHENTICATED, "the token was revoked");
    if (!assay_db_is_null(rows, 0, 3))
        return assay_fail(err, ASSAY_UNAUTHENTICATED, "the token's user is deactivated");
    if (strcmp(assay_db_get_text(rows, 0, 4), audience) != 0)
        return assay_fail(err, ASSAY_UNAUTHENTICATED, "the token is not for this door");
    struct assay_identity identity = {.user_id = assay_db_get_int(rows, 0, 0)};
    const char *name = assay_db_get_text(rows, 0, 1);
    (void)snprintf(identity.jti, sizeof identity.jti, "%s", jti);
    (void)snprintf(identity.user_name, sizeof identity.user_name, "%s", name ? name : "worker");
    *ret_identity = identity;
    return ASSAY_OK;
}

int assay_token_verify(struct assay_db_conn *conn, const struct assay_keyring *keyring,
                       const char *token, enum assay_audience audience,
                       struct assay_identity *ret_identity, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *claims = NULL;
    struct assay_error own = {0};
    if (verify_signature(keyring, token, &claims, &own) != ASSAY_OK)
        return assay_fail(err, own.code, "%s", own.text);
    const char *jti = assay_json_str(claims, "jti", NULL);
    if (!jti || strcmp(assay_json_str(claims, "aud", ""), audiences[audience]) != 0)
        return assay_fail(err, ASSAY_UNAUTHENTICATED, "the token is not for this door");
    return look_up(conn, jti, audiences[audience], ret_identity, err);
}

int assay_token_revoke(struct assay_db_conn *conn, const char *jti, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(
        conn, "UPDATE api_token SET revoked_at = coalesce(revoked_at, $1) WHERE jti = $2", &rows,
        err, assay_db_int(assay_now_us()), assay_db_text(jti)));
    if (assay_db_rows_changed(rows) == 0)
        return assay_fail(err, ASSAY_NOT_FOUND, "there is no token of id %.64s", jti);
    return ASSAY_OK;
}

/* Is there a file with a token that still opens this door? */
static bool is_good(struct assay_db_conn *conn, const struct assay_keyring *keyring,
                    enum assay_audience audience, const char *path)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {.max_bytes = 1 << 20};
    struct assay_identity identity;
    if (assay_file_read(path, &text, NULL) != ASSAY_OK)
        return false;
    text.data[strcspn(text.data, "\r\n")] = '\0';
    return assay_token_verify(conn, keyring, text.data, audience, &identity, NULL) == ASSAY_OK;
}

int assay_token_file_ensure(struct assay_db *db, const struct assay_keyring *keyring,
                            enum assay_audience audience, const char *path, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    ASSAY_TRY(assay_db_acquire(db, &conn, err));
    if (is_good(conn, keyring, audience, path))
        return chmod(path, 0600) == 0
                   ? ASSAY_OK
                   : assay_fail(err, ASSAY_DENIED, "%s cannot be made private", path);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf token = {0};
    const struct assay_token_new spec = {.name = path, .audience = audience};
    ASSAY_TRY(assay_token_create(conn, keyring, &spec, &token, NULL, err));
    assay_buf_char(&token, '\n');
    ASSAY_TRY(assay_buf_check(&token, err));
    return assay_file_write(path, token.data, token.size, 0600, err);
}
