// JWT: the example of RFC 7515 A.1, and what is refused (other algorithms, altered, expired).
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/crypto/encoding.h"
#include "common/crypto/jwt.h"

static const char rfc_key[] =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
static const char rfc_token[] = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
                                ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtc"
                                "GxlLmNvbS9pc19yb290Ijp0cnVlfQ"
                                ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
static const int64_t rfc_expiry_us = INT64_C(1300819380) * ASSAY_US_PER_S;

static void test_rfc7515(void **state)
{
    (void)state;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf key = {0};
    assert_int_equal(assay_base64url_decode(rfc_key, strlen(rfc_key), &key, NULL), ASSAY_OK);
    ASSAY_AUTO(assay_json_decref) json_t *claims = NULL;
    assert_int_equal(
        assay_jwt_verify(rfc_token, key.data, key.size, rfc_expiry_us - 1, &claims, NULL),
        ASSAY_OK);
    assert_string_equal(assay_json_str(claims, "iss", ""), "joe");
    struct assay_error err = {0};
    ASSAY_AUTO(assay_json_decref) json_t *late = NULL;
    assert_int_equal(assay_jwt_verify(rfc_token, key.data, key.size, rfc_expiry_us, &late, &err),
                     ASSAY_UNAUTHENTICATED);
    assert_string_equal(err.text, "the token has expired");
}

static void test_sign_and_verify(void **state)
{
    (void)state;
    ASSAY_AUTO(assay_json_decref)
    json_t *claims = json_pack("{s:s, s:i}", "jti", "abc", "exp", 2000000000);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf token = {0};
    assert_int_equal(assay_jwt_sign(claims, "key", 3, &token, NULL), ASSAY_OK);
    ASSAY_AUTO(assay_json_decref) json_t *back = NULL;
    assert_int_equal(assay_jwt_verify(token.data, "key", 3, 0, &back, NULL), ASSAY_OK);
    assert_true(json_equal(claims, back));
    for (size_t i = 0; i < token.size; i++) {
        ASSAY_AUTO(assay_json_decref) json_t *altered = NULL;
        const char kept = token.data[i];
        token.data[i] = kept == 'A' ? 'B' : 'A';
        assert_int_equal(assay_jwt_verify(token.data, "key", 3, 0, &altered, NULL),
                         ASSAY_UNAUTHENTICATED);
        token.data[i] = kept;
    }
    ASSAY_AUTO(assay_json_decref) json_t *other = NULL;
    assert_int_equal(assay_jwt_verify(token.data, "kez", 3, 0, &other, NULL),
                     ASSAY_UNAUTHENTICATED);
}

/* Tokens with headers of their own; the signature is right where there is a way to make one. */
static void test_other_algorithms(void **state)
{
    (void)state;
    static const char *const headers[] = {"{\"alg\":\"none\"}",
                                          "{\"alg\":\"HS512\"}",
                                          "{\"alg\":\"RS256\"}",
                                          "{}",
                                          "[]",
                                          "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}",
                                          "not json",
                                          "{\"alg\":256}"};
    for (size_t i = 0; i < ASSAY_COUNT(headers); i++) {
        ASSAY_SCOPED(assay_buf_release) struct assay_buf token = {0};
        assay_base64url_append(&token, headers[i], strlen(headers[i]));
        assay_buf_text(&token, ".e30.");
        ASSAY_AUTO(assay_json_decref) json_t *claims = NULL;
        assert_int_equal(assay_jwt_verify(token.data, "key", 3, 0, &claims, NULL),
                         ASSAY_UNAUTHENTICATED);
    }
}

static void test_garbage(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        ".",
                                        "..",
                                        "...",
                                        "a.b.c",
                                        "eyJhbGciOiJIUzI1NiJ9..",
                                        "eyJhbGciOiJIUzI1NiJ9.e30",
                                        "eyJhbGciOiJIUzI1NiJ9.e30.\xff\xfe"};
    for (size_t i = 0; i < ASSAY_COUNT(texts); i++) {
        ASSAY_AUTO(assay_json_decref) json_t *claims = NULL;
        assert_int_equal(assay_jwt_verify(texts[i], "key", 3, 0, &claims, NULL),
                         ASSAY_UNAUTHENTICATED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc7515), cmocka_unit_test(test_sign_and_verify),
        cmocka_unit_test(test_other_algorithms), cmocka_unit_test(test_garbage)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
