// Stored credentials: bound to their row, readable and renewed after a rotation.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/catalog/connection.h"
#include "tests/unit/db/databases.h"

static struct assay_keyring *ring_of(const char *first, const char *second)
{
    struct assay_keyring *ring = NULL;
    TEST_OK(
        assay_keyring_new((const char *const[]){first, second}, second ? 2 : 1, &ring, &test_err));
    return ring;
}

struct creation {
    const struct assay_keyring *ring;
    const char *name;
};

static int create(struct assay_db_conn *conn, void *context, struct assay_error *err)
{
    const struct creation *creation = context;
    ASSAY_AUTO(assay_json_decref)
    json_t *body = json_pack("{s:s, s:s, s:s, s:s}", "type", "postgresql", "name", creation->name,
                             "host", "h", "password", "s3cret");
    ASSAY_SCOPED(assay_connection_draft_release) struct assay_connection_draft draft = {0};
    int64_t id;
    ASSAY_TRY(assay_connection_draft(conn, creation->ring, 0, body, &draft, err));
    return assay_connection_create(conn, creation->ring, body, &draft, &id, err);
}

static const char *password_of(struct assay_db *db, const struct assay_keyring *ring, int64_t id,
                               int code)
{
    static char password[64];
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    ASSAY_SCOPED(assay_connection_draft_release) struct assay_connection_draft draft = {0};
    TEST_OK(assay_db_acquire(db, &conn, &test_err));
    TEST_FAILS(code, assay_connection_draft(conn, ring, id, NULL, &draft, &test_err));
    (void)snprintf(password, sizeof password, "%s", assay_json_str(draft.secret, "password", ""));
    return password;
}

static void rotate(enum assay_db_kind kind)
{
    struct test_database t;
    int count = -1;
    test_database_open(&t, kind, 3);
    ASSAY_AUTO(assay_keyring_free)
    struct assay_keyring *old = ring_of("the first passphrase", NULL);
    ASSAY_AUTO(assay_keyring_free)
    struct assay_keyring *both = ring_of("the second passphrase", "the first passphrase");
    ASSAY_AUTO(assay_keyring_free)
    struct assay_keyring *new = ring_of("the second passphrase", NULL);
    TEST_OK(assay_db_transaction(t.db, create, &(struct creation){old, "one"}, &test_err));
    TEST_OK(assay_db_transaction(t.db, create, &(struct creation){old, "two"}, &test_err));
    TEST_FAILS(ASSAY_CONFLICT,
               assay_db_transaction(t.db, create, &(struct creation){old, "two"}, &test_err));
    assert_string_equal(test_err.text, "a connection named \"two\" exists already");
    assert_string_equal(password_of(t.db, both, 1, ASSAY_OK), "s3cret");
    assert_string_equal(password_of(t.db, new, 1, ASSAY_NOT_FOUND), "");
    TEST_OK(assay_connection_rotate(t.db, both, &count, &test_err));
    assert_int_equal(count, 2);
    TEST_OK(assay_connection_rotate(t.db, both, &count, &test_err));
    assert_int_equal(count, 0);
    assert_string_equal(password_of(t.db, new, 1, ASSAY_OK), "s3cret");
    /* a ciphertext does not open in another row */
    test_sql(t.db, "UPDATE connection SET secrets = (SELECT secrets FROM connection WHERE id = 2) "
                   "WHERE id = 1");
    assert_string_equal(password_of(t.db, new, 1, ASSAY_DENIED), "");
    test_database_close(&t);
}

static void test_rotation(void **state)
{
    (void)state;
    enum assay_db_kind kinds[2];
    const size_t count = test_kinds(kinds);
    for (size_t i = 0; i < count; i++)
        rotate(kinds[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rotation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
