/* Tests: a fresh catalog of each kind, migrated, with a clock that can be moved. PostgreSQL is the
 * throw-away server of ASSAY_TEST_POSTGRES (a URI with superuser); without it its cases are
 * skipped, aloud. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_TESTS_DATABASES_H
#define ASSAY_TESTS_DATABASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/db/db.h"
#include "common/db/migrate.h"

struct test_database {
    enum assay_db_kind kind;
    struct assay_db *db;
    char url[512];
    char folder[64]; /* SQLite */
    char name[64];   /* PostgreSQL */
};

#define TEST_OK(call)                                                                              \
    do {                                                                                           \
        struct assay_error *const e_ = &test_err;                                                  \
        assay_error_clear(e_);                                                                     \
        const int test_rc_ = (call);                                                               \
        if (test_rc_ != ASSAY_OK)                                                                  \
            fail_msg("%s:%d: %s: %s (%s)", __FILE__, __LINE__, #call, e_->text, e_->sqlstate);     \
    } while (0)
#define TEST_FAILS(code_, call)                                                                    \
    do {                                                                                           \
        assay_error_clear(&test_err);                                                              \
        const int test_rc_ = (call);                                                               \
        if (test_rc_ != (code_))                                                                   \
            fail_msg("%s:%d: %s gives %s (%s), not %s", __FILE__, __LINE__, #call,                 \
                     assay_code_name(test_rc_), test_err.text, #code_);                            \
    } while (0)
static _Thread_local struct assay_error test_err;

static inline bool test_database_available(enum assay_db_kind kind)
{
    return kind == ASSAY_DB_SQLITE || getenv("ASSAY_TEST_POSTGRES");
}

/* The server's URI with another database in it. */
static inline void test_postgres_url(const char *name, char *ret_url, size_t size)
{
    const char *uri = getenv("ASSAY_TEST_POSTGRES");
    const char *host = strstr(uri, "://") + 3;
    const size_t authority = strcspn(host, "/?");
    const char *query = strchr(host, '?');
    (void)snprintf(ret_url, size, "%.*s/%s%s", (int)(host - uri + (ptrdiff_t)authority), uri, name,
                   query ? query : "");
}

static inline void test_postgres_admin(const char *sql)
{
    char url[512];
    test_postgres_url("postgres", url, sizeof url);
    ASSAY_AUTO(assay_db_close) struct assay_db *db = NULL;
    TEST_OK(assay_db_open(url, 1, &db, &test_err));
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    TEST_OK(assay_db_acquire(db, &conn, &test_err));
    TEST_OK(assay_db_script(conn, sql, &test_err));
}

/* An empty database; not migrated. */
static inline void test_database_make(struct test_database *t, enum assay_db_kind kind)
{
    static atomic_int serial;
    memset(t, 0, sizeof *t);
    assay_clock_real();
    t->kind = kind;
    if (kind == ASSAY_DB_SQLITE) {
        (void)snprintf(t->folder, sizeof t->folder, "/tmp/assay-test-XXXXXX");
        assert_non_null(mkdtemp(t->folder));
        (void)snprintf(t->url, sizeof t->url, "sqlite:%s/catalog.db", t->folder);
        return;
    }
    char sql[128];
    (void)snprintf(t->name, sizeof t->name, "assay_test_%d_%d", (int)getpid(),
                   atomic_fetch_add(&serial, 1));
    (void)snprintf(sql, sizeof sql, "CREATE DATABASE %s", t->name);
    test_postgres_admin(sql);
    test_postgres_url(t->name, t->url, sizeof t->url);
}

static inline void test_sql(struct assay_db *db, const char *sql)
{
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    TEST_OK(assay_db_acquire(db, &conn, &test_err));
    TEST_OK(assay_db_script(conn, sql, &test_err));
}

static inline int64_t test_int(struct assay_db *db, const char *sql)
{
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    TEST_OK(assay_db_acquire(db, &conn, &test_err));
    TEST_OK(assay_db_run(conn, sql, &rows, &test_err));
    return assay_db_get_int(rows, 0, 0);
}

/* The first cell as text, in a buffer of this thread. */
static inline const char *test_text(struct assay_db *db, const char *sql)
{
    static _Thread_local char text[8192];
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    TEST_OK(assay_db_acquire(db, &conn, &test_err));
    TEST_OK(assay_db_run(conn, sql, &rows, &test_err));
    const char *cell = assay_db_get_text(rows, 0, 0);
    (void)snprintf(text, sizeof text, "%s", cell ? cell : "(null)");
    return text;
}

#define TEST_CLOCK_US INT64_C(1800000000000000)
#define TEST_CLOCK_SQL                                                                             \
    "CREATE OR REPLACE FUNCTION assay_now() RETURNS bigint LANGUAGE sql VOLATILE AS $$ "

/* A migrated catalog. Its time stands at TEST_CLOCK_US until test_clock_advance(); that of the
 * program, too, where it is SQLite's. */
static inline void test_database_open(struct test_database *t, enum assay_db_kind kind,
                                      int connections)
{
    test_database_make(t, kind);
    TEST_OK(assay_db_open(t->url, connections, &t->db, &test_err));
    int version = 0;
    TEST_OK(assay_migrate(t->db, &version, &test_err));
    if (kind == ASSAY_DB_SQLITE) {
        assay_clock_fake(TEST_CLOCK_US);
        return;
    }
    char sql[320];
    (void)snprintf(sql, sizeof sql,
                   "CREATE TABLE test_clock (now_us bigint NOT NULL);"
                   "INSERT INTO test_clock VALUES (%" PRId64 ");" TEST_CLOCK_SQL
                   "SELECT now_us FROM test_clock $$",
                   TEST_CLOCK_US);
    test_sql(t->db, sql);
}

static inline int test_clock_move(struct test_database *t, int64_t ms, struct assay_error *err)
{
    if (t->kind == ASSAY_DB_SQLITE) {
        assay_clock_advance_us(ms * 1000);
        return ASSAY_OK;
    }
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    ASSAY_TRY(assay_db_acquire(t->db, &conn, err));
    return assay_db_run(conn, "UPDATE test_clock SET now_us = now_us + $1", NULL, err,
                        assay_db_int(ms * 1000));
}

static inline void test_clock_advance(struct test_database *t, int64_t ms)
{
    TEST_OK(test_clock_move(t, ms, &test_err));
}

/* From here on time passes by itself: for tests of what waits for another process or thread. */
static inline void test_clock_real(struct test_database *t)
{
    assay_clock_real();
    if (t->kind == ASSAY_DB_POSTGRES)
        test_sql(t->db, TEST_CLOCK_SQL
                 "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint $$");
}

static inline void test_database_close(struct test_database *t)
{
    assay_db_close(t->db);
    t->db = NULL;
    assay_clock_real();
    char command[128];
    if (t->kind == ASSAY_DB_SQLITE) {
        static const char *const names[] = {"catalog.db", "catalog.db-wal", "catalog.db-shm"};
        for (size_t i = 0; i < ASSAY_COUNT(names); i++) {
            (void)snprintf(command, sizeof command, "%s/%s", t->folder, names[i]);
            (void)unlink(command);
        }
        (void)rmdir(t->folder);
        return;
    }
    (void)snprintf(command, sizeof command, "DROP DATABASE %s WITH (FORCE)", t->name);
    test_postgres_admin(command);
}

/** The kinds that a suite runs on; says so where one is left out. */
static inline size_t test_kinds(enum assay_db_kind ret_kinds[static 2])
{
    ret_kinds[0] = ASSAY_DB_SQLITE;
    if (test_database_available(ASSAY_DB_POSTGRES)) {
        ret_kinds[1] = ASSAY_DB_POSTGRES;
        return 2;
    }
    (void)fprintf(stderr, "SKIPPED: PostgreSQL cases, because ASSAY_TEST_POSTGRES is not set\n");
    return 1;
}

/** Run every case on each kind: its state points to the enum assay_db_kind. */
static inline int test_main(const char *group, const struct CMUnitTest *cases, size_t count)
{
    enum { TESTS_MAX = 128 };
    static enum assay_db_kind kinds[2];
    static struct CMUnitTest tests[TESTS_MAX];
    static char names[TESTS_MAX][128];
    const size_t kinds_count = test_kinds(kinds);
    size_t n = 0;
    for (size_t k = 0; k < kinds_count; k++)
        for (size_t i = 0; i < count && n < TESTS_MAX; i++, n++) {
            (void)snprintf(names[n], sizeof names[n], "%s: %s",
                           kinds[k] == ASSAY_DB_SQLITE ? "sqlite" : "postgres", cases[i].name);
            tests[n] = cases[i];
            tests[n].name = names[n];
            tests[n].initial_state = &kinds[k];
        }
    return _cmocka_run_group_tests(group, tests, n, NULL, NULL);
}

#endif
