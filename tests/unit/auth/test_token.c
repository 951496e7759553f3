// Tokens: made, checked, revoked, kept in a file; the proof of a passphrase. On both databases.
// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include "common/base/file.h"
#include "scheduler/auth/catalog_key.h"
#include "scheduler/auth/token.h"
#include "tests/unit/db/databases.h"

static struct assay_keyring *ring_of(const char *first, const char *second)
{
    struct assay_keyring *ring = NULL;
    TEST_OK(
        assay_keyring_new((const char *const[]){first, second}, second ? 2 : 1, &ring, &test_err));
    return ring;
}

static void life_of_a_token(struct test_database *t)
{
    ASSAY_AUTO(assay_keyring_free)
    struct assay_keyring *ring = ring_of("the first passphrase", NULL);
    ASSAY_AUTO(assay_keyring_free)
    struct assay_keyring *rotated = ring_of("the second passphrase", "the first passphrase");
    ASSAY_AUTO(assay_keyring_free)
    struct assay_keyring *other = ring_of("the second passphrase", NULL);
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    char jti[ASSAY_UUID_TEXT];
    struct assay_identity identity;
    assay_clock_fake(INT64_C(1800000000000000));
    TEST_OK(assay_db_acquire(t->db, &conn, &test_err));
    const struct assay_token_new token = {
        .name = "ci", .audience = ASSAY_AUDIENCE_API, .ttl_us = 10 * ASSAY_US_PER_S};
    TEST_OK(assay_token_create(conn, ring, &token, &text, jti, &test_err));
    TEST_OK(assay_token_verify(conn, ring, text.data, ASSAY_AUDIENCE_API, &identity, &test_err));
    assert_string_equal(identity.user_name, "admin");
    assert_string_equal(identity.jti, jti);
    TEST_OK(assay_token_verify(conn, rotated, text.data, ASSAY_AUDIENCE_API, &identity, &test_err));
    TEST_FAILS(ASSAY_UNAUTHENTICATED, assay_token_verify(conn, other, text.data, ASSAY_AUDIENCE_API,
                                                         &identity, &test_err));
    TEST_FAILS(
        ASSAY_UNAUTHENTICATED,
        assay_token_verify(conn, ring, text.data, ASSAY_AUDIENCE_WORKER, &identity, &test_err));
    assert_null(strstr(test_err.text, text.data));
    assay_clock_advance_us(10 * ASSAY_US_PER_S);
    TEST_FAILS(ASSAY_UNAUTHENTICATED,
               assay_token_verify(conn, ring, text.data, ASSAY_AUDIENCE_API, &identity, &test_err));
    assert_string_equal(test_err.text, "the token has expired");
    assay_clock_fake(INT64_C(1800000000000000));
    TEST_OK(assay_token_revoke(conn, jti, &test_err));
    TEST_OK(assay_token_revoke(conn, jti, &test_err));
    TEST_FAILS(ASSAY_UNAUTHENTICATED,
               assay_token_verify(conn, ring, text.data, ASSAY_AUDIENCE_API, &identity, &test_err));
    TEST_FAILS(ASSAY_NOT_FOUND, assay_token_revoke(conn, "nothing", &test_err));
}

static void file_of_a_token(struct test_database *t)
{
    char folder[] = "/tmp/assay-token-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/assay.token", folder);
    ASSAY_AUTO(assay_keyring_free)
    struct assay_keyring *ring = ring_of("the first passphrase", NULL);
    TEST_OK(assay_token_file_ensure(t->db, ring, ASSAY_AUDIENCE_API, path, &test_err));
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf first = {0};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf second = {0};
    TEST_OK(assay_file_read(path, &first, &test_err));
    assert_int_equal(chmod(path, 0644), 0);
    TEST_OK(assay_token_file_ensure(t->db, ring, ASSAY_AUDIENCE_API, path, &test_err));
    TEST_OK(assay_file_read(path, &second, &test_err));
    assert_string_equal(first.data, second.data); /* a good one stays, private again */
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    static const char *const bad[] = {"", "garbage\n", "a.b.c"};
    for (size_t i = 0; i < ASSAY_COUNT(bad); i++) {
        TEST_OK(assay_file_write(path, bad[i], strlen(bad[i]), 0600, &test_err));
        TEST_OK(assay_token_file_ensure(t->db, ring, ASSAY_AUDIENCE_API, path, &test_err));
        assay_buf_clear(&second);
        TEST_OK(assay_file_read(path, &second, &test_err));
        assert_true(second.size > 100);
    }
    unlink(path);
    rmdir(folder);
}

static void proof_of_a_passphrase(struct test_database *t)
{
    ASSAY_AUTO(assay_keyring_free)
    struct assay_keyring *first = ring_of("the first passphrase", NULL);
    ASSAY_AUTO(assay_keyring_free)
    struct assay_keyring *second = ring_of("the second passphrase", NULL);
    ASSAY_AUTO(assay_keyring_free)
    struct assay_keyring *both = ring_of("the second passphrase", "the first passphrase");
    TEST_OK(assay_catalog_key_prove(t->db, first, &test_err));
    TEST_OK(assay_catalog_key_prove(t->db, first, &test_err));
    TEST_FAILS(ASSAY_DENIED, assay_catalog_key_prove(t->db, second, &test_err));
    TEST_OK(assay_catalog_key_prove(t->db, both, &test_err));
    TEST_OK(assay_catalog_key_prove(t->db, second, &test_err)); /* after the rotation */
}

static void run_on_all(void (*body)(struct test_database *t))
{
    enum assay_db_kind kinds[2];
    const size_t count = test_kinds(kinds);
    for (size_t i = 0; i < count; i++) {
        struct test_database t;
        test_database_open(&t, kinds[i], 3);
        body(&t);
        test_database_close(&t);
    }
}

static void test_life(void **state)
{
    (void)state;
    run_on_all(life_of_a_token);
}

static void test_file(void **state)
{
    (void)state;
    run_on_all(file_of_a_token);
}

static void test_proof(void **state)
{
    (void)state;
    run_on_all(proof_of_a_passphrase);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_life), cmocka_unit_test(test_file),
                                       cmocka_unit_test(test_proof)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
