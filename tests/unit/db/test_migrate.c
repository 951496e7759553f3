// Migrations: applied once, concurrently too, and refused where they cannot be trusted.
// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>

#include "tests/unit/db/databases.h"

static void open_empty(struct test_database *t, void **state)
{
    test_database_make(t, *(enum assay_db_kind *)*state);
    TEST_OK(assay_db_open(t->url, 6, &t->db, &test_err));
}

static int newest(enum assay_db_kind kind)
{
    int version = 0;
    for (const struct assay_migration *m = assay_migrations; m->sql; m++)
        version = m->kind == kind && m->version > version ? m->version : version;
    return version;
}

/* Both databases have the same migrations, numbered without a gap. */
static void same_numbers(void **state)
{
    (void)state;
    assert_true(newest(ASSAY_DB_SQLITE) >= 2);
    assert_int_equal(newest(ASSAY_DB_SQLITE), newest(ASSAY_DB_POSTGRES));
}

static void fresh_and_again(void **state)
{
    struct test_database t;
    open_empty(&t, state);
    int version = 0;
    TEST_FAILS(ASSAY_SCHEMA_CHANGED, assay_migrate_check(t.db, &version, &test_err));
    assert_non_null(strstr(test_err.text, "run assay migrate"));
    for (int i = 0; i < 2; i++) {
        TEST_OK(assay_migrate(t.db, &version, &test_err));
        assert_int_equal(version, newest(t.kind));
    }
    TEST_OK(assay_migrate_check(t.db, &version, &test_err));
    assert_int_equal(test_int(t.db, "SELECT count(*) FROM schema_migration"), newest(t.kind));
    assert_int_equal(test_int(t.db, "SELECT count(*) FROM operation"), 0);
    assert_true(test_int(t.db, "SELECT assay_now()") > INT64_C(1700000000000000));
    test_database_close(&t);
}

enum { THREADS = 5 };
struct race {
    struct assay_db *db;
    atomic_int failed;
};

static void *migrate(void *context)
{
    struct race *race = context;
    int version = 0;
    if (assay_migrate(race->db, &version, NULL) != ASSAY_OK)
        atomic_fetch_add(&race->failed, 1);
    return NULL;
}

static void at_the_same_time(void **state)
{
    struct test_database t;
    open_empty(&t, state);
    struct race race = {.db = t.db};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, migrate, &race), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(race.failed, 0);
    assert_int_equal(test_int(t.db, "SELECT count(*) FROM schema_migration"), newest(t.kind));
    test_database_close(&t);
}

static const struct refused {
    const char *change;
    const char *text;
} refusals[] = {
    {"INSERT INTO schema_migration (version, name, checksum, applied_at) VALUES (900, 'future', "
     "'0', 0)",
     "version 900"},
    {"UPDATE schema_migration SET checksum = 'x' WHERE version = 1", "0001_jobs was changed"},
};

static void refused(void **state)
{
    for (size_t i = 0; i < ASSAY_COUNT(refusals); i++) {
        struct test_database t;
        int version = 0;
        open_empty(&t, state);
        TEST_OK(assay_migrate(t.db, &version, &test_err));
        test_sql(t.db, refusals[i].change);
        TEST_FAILS(ASSAY_SCHEMA_CHANGED, assay_migrate(t.db, &version, &test_err));
        assert_non_null(strstr(test_err.text, refusals[i].text));
        TEST_FAILS(ASSAY_SCHEMA_CHANGED, assay_migrate_check(t.db, &version, &test_err));
        test_database_close(&t);
    }
}

/* A migration that fails leaves nothing behind: here because a table of that name is in the way. */
static void all_or_nothing(void **state)
{
    struct test_database t;
    int version = 0;
    open_empty(&t, state);
    test_sql(t.db, "CREATE TABLE leader (x int)");
    TEST_FAILS(ASSAY_INTERNAL, assay_migrate(t.db, &version, &test_err));
    assert_non_null(strstr(test_err.text, "0001_jobs"));
    test_sql(t.db, "DROP TABLE leader");
    TEST_OK(assay_migrate(t.db, &version, &test_err));
    test_database_close(&t);
}

int main(void)
{
    static const struct CMUnitTest cases[] = {
        cmocka_unit_test(same_numbers),     cmocka_unit_test(fresh_and_again),
        cmocka_unit_test(at_the_same_time), cmocka_unit_test(refused),
        cmocka_unit_test(all_or_nothing),
    };
    return test_main("migrate", cases, ASSAY_COUNT(cases));
}
