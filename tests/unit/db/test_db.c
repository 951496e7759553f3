// Database layer: values, errors, transactions, pool, lost connections.
// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <math.h>
#include <pthread.h>
#include <sys/socket.h>

#include "tests/unit/db/databases.h"

static void open_empty(struct test_database *t, void **state, int connections)
{
    test_database_make(t, *(enum assay_db_kind *)*state);
    TEST_OK(assay_db_open(t->url, connections, &t->db, &test_err));
    assert_int_equal(assay_db_kind(t->db), t->kind);
}

#define OPEN(connections)                                                                          \
    struct test_database t;                                                                        \
    open_empty(&t, state, (connections));                                                          \
    struct assay_db_conn *conn = NULL;                                                             \
    TEST_OK(assay_db_acquire(t.db, &conn, &test_err))
#define CLOSE()                                                                                    \
    assay_db_release(conn);                                                                        \
    test_database_close(&t)

static void values_round_trip(void **state)
{
    static const unsigned char bytes[] = {0, 1, 255, 0, '\\', '\''};
    static const int64_t integers[] = {0, -1, INT64_MAX, INT64_MIN};
    static const double reals[] = {0.1, -1.5e300, 5e-324, 1.0 / 3};
    OPEN(2);
    TEST_OK(assay_db_script(conn,
                            t.kind == ASSAY_DB_POSTGRES
                                ? "CREATE TABLE v (i bigint, r double precision, s text, b bytea)"
                                : "CREATE TABLE v (i bigint, r real, s text, b blob)",
                            &test_err));
    for (size_t i = 0; i < ASSAY_COUNT(integers); i++) {
        ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
        TEST_OK(assay_db_run(
            conn, "INSERT INTO v (i, r, s, b) VALUES ($1, $2, $3, $4) RETURNING i, r, s, b", &rows,
            &test_err, assay_db_int(integers[i]), assay_db_real(reals[i]),
            assay_db_text("naïve ☃ 'quoted' \"name\""), assay_db_blob(bytes, sizeof bytes)));
        size_t size = 0;
        assert_int_equal(assay_db_rows_count(rows), 1);
        assert_int_equal(assay_db_rows_columns(rows), 4);
        assert_int_equal(assay_db_rows_changed(rows), 1);
        assert_true(assay_db_get_int(rows, 0, 0) == integers[i]);
        assert_true(assay_db_get_real(rows, 0, 1) == reals[i]);
        assert_string_equal(assay_db_get_text(rows, 0, 2), "naïve ☃ 'quoted' \"name\"");
        assert_memory_equal(assay_db_get_blob(rows, 0, 3, &size), bytes, sizeof bytes);
        assert_int_equal(size, sizeof bytes);
    }
    CLOSE();
}

static void null_empty_and_absent(void **state)
{
    OPEN(1);
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    TEST_OK(assay_db_run(conn, "SELECT cast($1 AS text), cast($2 AS text), 5, 1 = 1, 1 = 2", &rows,
                         &test_err, assay_db_text(NULL), assay_db_text("")));
    assert_true(assay_db_is_null(rows, 0, 0));
    assert_null(assay_db_get_text(rows, 0, 0));
    assert_int_equal(assay_db_get_int(rows, 0, 0), 0);
    assert_false(assay_db_is_null(rows, 0, 1));
    assert_string_equal(assay_db_get_text(rows, 0, 1), "");
    assert_string_equal(assay_db_get_text(rows, 0, 2), "5");
    assert_int_equal(assay_db_get_int(rows, 0, 3), 1); /* truth values are numbers in both */
    assert_int_equal(assay_db_get_int(rows, 0, 4), 0);
    assert_true(assay_db_is_null(rows, 1, 0) && assay_db_is_null(rows, 0, 9));
    CLOSE();
}

/* Placeholders may come in any order and more than once. */
static void placeholders(void **state)
{
    OPEN(1);
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    TEST_OK(assay_db_run(conn, "SELECT cast($2 AS text), cast($1 AS text), cast($2 AS text)", &rows,
                         &test_err, assay_db_text("one"), assay_db_text("two")));
    assert_string_equal(assay_db_get_text(rows, 0, 0), "two");
    assert_string_equal(assay_db_get_text(rows, 0, 1), "one");
    assert_string_equal(assay_db_get_text(rows, 0, 2), "two");
    CLOSE();
}

static const char schema[] =
    "CREATE TABLE parent (id int PRIMARY KEY, name text NOT NULL UNIQUE, n int NOT NULL DEFAULT 0);"
    "CREATE TABLE child (id int PRIMARY KEY, parent_id int REFERENCES parent (id));"
    "INSERT INTO parent (id, name) VALUES (1, 'a')";

static const struct broken {
    const char *sql;
    int code;
    const char *sqlstate;
} broken[] = {
    {"INSERT INTO parent (id, name) VALUES (1, 'b')", ASSAY_CONFLICT, "23505"},
    {"INSERT INTO parent (id, name) VALUES (2, 'a')", ASSAY_CONFLICT, "23505"},
    {"INSERT INTO child (id, parent_id) VALUES (1, 9)", ASSAY_CONFLICT, "23503"},
    {"INSERT INTO parent (id, name) VALUES (3, NULL)", ASSAY_INTERNAL, "23502"},
    {"SELECT * FROM nowhere", ASSAY_INTERNAL, NULL},
    {"SELEC 1", ASSAY_INTERNAL, NULL},
};

static void errors_by_sqlstate(void **state)
{
    OPEN(1);
    TEST_OK(assay_db_script(conn, schema, &test_err));
    for (size_t i = 0; i < ASSAY_COUNT(broken); i++) {
        TEST_FAILS(broken[i].code, assay_db_run(conn, broken[i].sql, NULL, &test_err));
        if (broken[i].sqlstate)
            assert_string_equal(test_err.sqlstate, broken[i].sqlstate);
        assert_true(*test_err.text);
    }
    TEST_OK(assay_db_run(conn, "SELECT 1", NULL, &test_err)); /* the connection goes on */
    CLOSE();
}

static const struct raised {
    const char *sqlstate;
    int code;
} raised[] = {
    {"40001", ASSAY_TRANSIENT}, {"40P01", ASSAY_TRANSIENT},   {"55P03", ASSAY_TRANSIENT},
    {"57014", ASSAY_TIMEOUT},   {"57P03", ASSAY_UNAVAILABLE}, {"53300", ASSAY_UNAVAILABLE},
    {"53100", ASSAY_TRANSIENT}, {"25006", ASSAY_UNAVAILABLE}, {"42501", ASSAY_DENIED},
    {"28P01", ASSAY_DENIED},    {"XX000", ASSAY_INTERNAL},
};

static void postgres_states(void **state)
{
    OPEN(1);
    for (size_t i = 0; t.kind == ASSAY_DB_POSTGRES && i < ASSAY_COUNT(raised); i++) {
        char sql[128];
        (void)snprintf(sql, sizeof sql, "DO $$ BEGIN RAISE SQLSTATE '%s'; END $$",
                       raised[i].sqlstate);
        TEST_FAILS(raised[i].code, assay_db_script(conn, sql, &test_err));
    }
    if (t.kind == ASSAY_DB_POSTGRES) {
        TEST_OK(assay_db_script(conn, "SET statement_timeout = '20ms'", &test_err));
        TEST_FAILS(ASSAY_TIMEOUT, assay_db_run(conn, "SELECT pg_sleep(5)", NULL, &test_err));
    }
    CLOSE();
}

/* More texts than the cache holds, and the same ones again. */
static void many_statements(void **state)
{
    OPEN(1);
    for (int i = 0; i < 1200; i++) {
        char sql[64];
        ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
        (void)snprintf(sql, sizeof sql, "SELECT %d + cast($1 AS bigint)", i % 600);
        TEST_OK(assay_db_run(conn, sql, &rows, &test_err, assay_db_int(1)));
        assert_int_equal(assay_db_get_int(rows, 0, 0), i % 600 + 1);
    }
    CLOSE();
}

static void transactions(void **state)
{
    OPEN(2);
    TEST_OK(assay_db_script(conn, schema, &test_err));
    TEST_OK(assay_db_begin(conn, true, &test_err));
    TEST_FAILS(ASSAY_INTERNAL, assay_db_begin(conn, true, &test_err));
    TEST_OK(assay_db_run(conn, "UPDATE parent SET n = 5", NULL, &test_err));
    assert_int_equal(test_int(t.db, "SELECT n FROM parent"), 0); /* others do not see it yet */
    assay_db_rollback(conn);
    assert_int_equal(test_int(t.db, "SELECT n FROM parent"), 0);
    TEST_OK(assay_db_begin(conn, true, &test_err));
    TEST_OK(assay_db_run(conn, "UPDATE parent SET n = 6", NULL, &test_err));
    TEST_OK(assay_db_commit(conn, &test_err));
    assert_int_equal(test_int(t.db, "SELECT n FROM parent"), 6);
    TEST_FAILS(ASSAY_INTERNAL, assay_db_commit(conn, &test_err));
    TEST_OK(assay_db_begin(conn, true, &test_err));
    TEST_OK(assay_db_run(conn, "UPDATE parent SET n = 7", NULL, &test_err));
    assay_db_release(conn); /* rolls back, and frees SQLite's writer */
    assert_int_equal(test_int(t.db, "SELECT n FROM parent"), 6);
    TEST_OK(assay_db_acquire(t.db, &conn, &test_err));
    TEST_OK(assay_db_begin(conn, false, &test_err));
    assert_int_not_equal(assay_db_run(conn, "UPDATE parent SET n = 8", NULL, &test_err), ASSAY_OK);
    CLOSE();
}

static void reads_see_one_snapshot(void **state)
{
    OPEN(2);
    TEST_OK(assay_db_script(conn, schema, &test_err));
    TEST_OK(assay_db_begin(conn, false, &test_err));
    for (int i = 0; i < 2; i++) {
        ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
        TEST_OK(assay_db_run(conn, "SELECT n FROM parent", &rows, &test_err));
        assert_int_equal(assay_db_get_int(rows, 0, 0), 0);
        test_sql(t.db, "UPDATE parent SET n = n + 1");
    }
    CLOSE();
}

static int count_and_fail(struct assay_db_conn *conn, void *context, struct assay_error *err)
{
    int *calls = context;
    ASSAY_TRY(assay_db_run(conn, "UPDATE parent SET n = n + 1", NULL, err));
    return --*calls > 0 ? assay_fail(err, ASSAY_TRANSIENT, "again") : ASSAY_OK;
}

static void transactions_are_repeated(void **state)
{
    OPEN(2);
    TEST_OK(assay_db_script(conn, schema, &test_err));
    int calls = 3;
    TEST_OK(assay_db_transaction(t.db, count_and_fail, &calls, &test_err));
    assert_int_equal(test_int(t.db, "SELECT n FROM parent"), 1); /* two were rolled back */
    calls = 100;
    TEST_FAILS(ASSAY_TRANSIENT, assay_db_transaction(t.db, count_and_fail, &calls, &test_err));
    assert_int_equal(calls, 95); /* five tries */
    CLOSE();
}

enum { THREADS = 4, INCREMENTS = 40 };
struct counting {
    struct assay_db *db;
    atomic_int failed;
};

static int increment(struct assay_db_conn *conn, void *context, struct assay_error *err)
{
    (void)context;
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    const char *sql = assay_db_conn_kind(conn) == ASSAY_DB_POSTGRES
                          ? "SELECT n FROM parent FOR UPDATE"
                          : "SELECT n FROM parent";
    ASSAY_TRY(assay_db_run(conn, sql, &rows, err));
    return assay_db_run(conn, "UPDATE parent SET n = $1", NULL, err,
                        assay_db_int(assay_db_get_int(rows, 0, 0) + 1));
}

static void *count_up(void *context)
{
    struct counting *c = context;
    for (int i = 0; i < INCREMENTS; i++)
        if (assay_db_transaction(c->db, increment, NULL, NULL) != ASSAY_OK)
            atomic_fetch_add(&c->failed, 1);
    return NULL;
}

static void threads_do_not_lose_writes(void **state)
{
    OPEN(3); /* fewer than threads: they wait for one another */
    TEST_OK(assay_db_script(conn, schema, &test_err));
    struct counting c = {.db = t.db};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_up, &c), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(c.failed, 0);
    assert_int_equal(test_int(t.db, "SELECT n FROM parent"), THREADS * INCREMENTS);
    CLOSE();
}

static void lost_connection(void **state)
{
    OPEN(1);
    if (t.kind == ASSAY_DB_POSTGRES) {
        TEST_FAILS(
            ASSAY_UNAVAILABLE,
            assay_db_run(conn, "SELECT pg_terminate_backend(pg_backend_pid())", NULL, &test_err));
        TEST_FAILS(ASSAY_UNAVAILABLE, assay_db_run(conn, "SELECT 1", NULL, &test_err));
        assay_db_release(conn);
        TEST_OK(assay_db_acquire(t.db, &conn, &test_err)); /* a new one */
        TEST_OK(assay_db_run(conn, "SELECT 1", NULL, &test_err));
    }
    CLOSE();
}

/* A connection that the server ended while it lay in the pool is replaced before anybody gets
 * it. */
static void stale_pool(void **state)
{
    OPEN(1);
    if (t.kind == ASSAY_DB_POSTGRES) {
        char sql[160];
        assay_db_release(conn);
        (void)snprintf(
            sql, sizeof sql,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'", t.name);
        test_postgres_admin(sql);
        (void)snprintf(
            sql, sizeof sql,
            "DO $$ BEGIN WHILE EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = '%s') LOOP "
            "PERFORM pg_stat_clear_snapshot(); END LOOP; END $$",
            t.name);
        test_postgres_admin(sql);
        TEST_OK(assay_db_acquire(t.db, &conn, &test_err));
        TEST_OK(assay_db_run(conn, "SELECT 1", NULL, &test_err));
    }
    CLOSE();
}

static void exhausted_pool(void **state)
{
    OPEN(1);
    struct assay_db_conn *second = NULL;
    TEST_FAILS(ASSAY_UNAVAILABLE, assay_db_acquire(t.db, &second, &test_err));
    CLOSE();
}

/* A server that takes the connection and says nothing must not hold us. */
static void silent_server(void **state)
{
    if (*(enum assay_db_kind *)*state == ASSAY_DB_SQLITE)
        return;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    char url[128];
    struct assay_db *db = NULL;
    (void)snprintf(url, sizeof url, "postgresql://u:secret@127.0.0.1:%d/x",
                   ntohs(address.sin_port));
    TEST_FAILS(ASSAY_UNAVAILABLE, assay_db_open(url, 1, &db, &test_err));
    assert_null(strstr(test_err.text, "secret"));
    (void)close(listener);
}

static const struct bad_url {
    const char *url;
    int code;
} bad_urls[] = {
    {"mysql://u:secret@h/d", ASSAY_INVALID},
    {"", ASSAY_INVALID},
    {"sqlite:", ASSAY_INVALID},
    {"sqlite:/nowhere/at/all/x.db", ASSAY_UNAVAILABLE},
    {"sqlite:" ASSAY_SOURCE_DIR "/CMakeLists.txt", ASSAY_FORMAT},
    {"postgresql://u:secret@[broken", ASSAY_INVALID},
    {"postgresql://u:secret@127.0.0.1:1/d", ASSAY_UNAVAILABLE},
};

static void bad_urls_are_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < ASSAY_COUNT(bad_urls); i++) {
        struct assay_db *db = NULL;
        TEST_FAILS(bad_urls[i].code, assay_db_open(bad_urls[i].url, 1, &db, &test_err));
        assert_null(strstr(test_err.text, "secret"));
        assert_null(db);
    }
}

static void memory_is_shared_by_the_pool(void **state)
{
    (void)state;
    struct assay_db *db = NULL, *other = NULL;
    TEST_OK(assay_db_open("sqlite::memory:", 2, &db, &test_err));
    TEST_OK(assay_db_open("sqlite::memory:", 2, &other, &test_err));
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *first = NULL;
    TEST_OK(assay_db_acquire(db, &first, &test_err));
    TEST_OK(assay_db_script(first, schema, &test_err));
    assert_int_equal(test_int(db, "SELECT count(*) FROM parent"), 1);
    assert_int_equal(test_int(other, "SELECT count(*) FROM sqlite_master"), 0);
    assay_db_release(ASSAY_TAKE(first));
    assay_db_close(db);
    assay_db_close(other);
}

/* Every allocation of ours failing in turn: an error or success, no crash, no leak. */
static void memory_runs_out(void **state)
{
    OPEN(1);
    TEST_OK(assay_db_script(conn, schema, &test_err));
    int rc = ASSAY_NO_MEMORY;
    for (int64_t nth = 1; rc != ASSAY_OK && nth < 100; nth++) {
        struct assay_db_rows *rows = NULL;
        assay_error_clear(&test_err);
        assay_memory_fail_at(nth);
        rc = assay_db_run(conn, "SELECT name, id FROM parent WHERE id = $1 AND name = $2", &rows,
                          &test_err, assay_db_int(1), assay_db_text("a"));
        assay_memory_fail_at(0);
        assert_true(rc == ASSAY_OK || rc == ASSAY_NO_MEMORY);
        assay_db_rows_free(rows);
    }
    assert_int_equal(rc, ASSAY_OK);
    CLOSE();
}

int main(void)
{
    static const struct CMUnitTest cases[] = {
        cmocka_unit_test(values_round_trip),
        cmocka_unit_test(null_empty_and_absent),
        cmocka_unit_test(placeholders),
        cmocka_unit_test(errors_by_sqlstate),
        cmocka_unit_test(postgres_states),
        cmocka_unit_test(many_statements),
        cmocka_unit_test(transactions),
        cmocka_unit_test(reads_see_one_snapshot),
        cmocka_unit_test(transactions_are_repeated),
        cmocka_unit_test(threads_do_not_lose_writes),
        cmocka_unit_test(lost_connection),
        cmocka_unit_test(stale_pool),
        cmocka_unit_test(exhausted_pool),
        cmocka_unit_test(silent_server),
        cmocka_unit_test(bad_urls_are_told),
        cmocka_unit_test(memory_is_shared_by_the_pool),
        cmocka_unit_test(memory_runs_out),
    };
    return test_main("db", cases, ASSAY_COUNT(cases));
}
