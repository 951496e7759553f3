// The sqlite connector against the suite, and what only it has: types per value, files that are no
// database.
// SPDX-License-Identifier: Apache-2.0
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/file.h"
#include "common/base/memory.h"
#include "tests/conformance/connect/suite.h"

enum { WIDE_COLUMNS = 1990 }; /* SQLite's limit is 2,000 */

static struct suite_quirks quirks;
static char path[] = "/tmp/assay-sqlite-XXXXXX";

static void run(sqlite3 *db, const char *sql)
{
    char *error = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK) {
        fprintf(stderr, "%.200s: %s\n", sql, error);
        exit(1);
    }
}

static void make_tables(sqlite3 *db)
{
    struct assay_buf sql = {0};
    assay_buf_printf(&sql,
                     "BEGIN; CREATE TABLE many (id INTEGER PRIMARY KEY, label VARCHAR(40)); WITH "
                     "RECURSIVE n(i) AS (SELECT "
                     "0 UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO many SELECT i, "
                     "'row ' || i FROM n",
                     SUITE_MANY_ROWS - 1);
    run(db, assay_buf_str(&sql));
    run(db, "CREATE TABLE empty (id INTEGER, label TEXT)");
    assay_buf_clear(&sql);
    for (int i = 0; i < WIDE_COLUMNS; i++)
        assay_buf_printf(&sql, "%s c%d TEXT", i ? "," : "CREATE TABLE wide (", i);
    assay_buf_char(&sql, ')');
    run(db, assay_buf_str(&sql));
    for (int row = 0; row < SUITE_WIDE_ROWS; row++) {
        assay_buf_clear(&sql);
        for (int i = 0; i < WIDE_COLUMNS; i++)
            assay_buf_printf(&sql, "%s '%d:%d'", i ? "," : "INSERT INTO wide VALUES (", row, i);
        assay_buf_char(&sql, ')');
        run(db, assay_buf_str(&sql));
    }
    assay_buf_release(&sql);
    run(db, "CREATE TABLE \"odd \"\"table\"\"\nn\xc3\xa4me\" (\"Select \"\"x\"\"\" TEXT); INSERT "
            "INTO \"odd "
            "\"\"table\"\"\nn\xc3\xa4me\" VALUES ('fine')");
    run(db, "CREATE TABLE typed (i INTEGER, r REAL, t TEXT, n NUMERIC, b BLOB, a, g TEXT GENERATED "
            "ALWAYS AS (t || '!'));"
            "INSERT INTO typed (i, r, t, n, b, a) VALUES (-9223372036854775808, 0.1, 7, '1.50', "
            "x'41', NULL), "
            "('word', 1e300, '', 'x', NULL, 2.5);"
            "CREATE VIEW seen AS SELECT i FROM typed; COMMIT");
}

static void types_of_values(void **state)
{
    (void)state;
    char *text = suite_read(&quirks, "typed", NULL, NULL, 0);
    assert_string_equal(text,
                        "-9223372036854775808|0.1|7|1.5|A|NULL|7!\nword|1.0e300||x|NULL|2.5|!\n");
    assay_free(text);
    text = suite_read(&quirks, "seen", NULL, NULL, 0);
    assert_string_equal(text, "-9223372036854775808\nword\n");
    assay_free(text);
}

static int open_uri(const char *uri, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *properties = json_pack("{s:s}", "uri", uri);
    struct assay_conn *conn = NULL;
    char *product = NULL;
    ASSAY_TRY(assay_connector_find("sqlite")->open(properties, 1000, NULL, &conn, err));
    const int rc = conn->connector->ping(conn, &product, err);
    assay_free(product);
    conn->connector->close(conn);
    return rc;
}

static void no_database(void **state)
{
    (void)state;
    struct assay_error err = {0};
    assert_int_equal(open_uri("sqlite:/no/such/file.db", &err), ASSAY_NOT_FOUND);
    char other[] = "/tmp/assay-sqlite-XXXXXX";
    const int fd = mkstemp(other);
    assert_int_equal(
        assay_fd_write_all(fd, other,
                           "This is text, not a database at all: it is too long for an empty one.",
                           69, NULL),
        ASSAY_OK);
    (void)close(fd);
    err = (struct assay_error){0};
    assert_int_equal(open_uri(other, &err), ASSAY_FORMAT);
    assert_non_null(strstr(err.text, "not a database"));
    (void)unlink(other);
}

static void fence(void **state)
{
    (void)state;
    ASSAY_AUTO(assay_json_decref)
    json_t *properties = json_pack("{s:s, s:[s]}", "uri", path, "roots", "/usr");
    struct assay_conn *conn = NULL;
    assert_int_equal(assay_connector_find("sqlite")->open(properties, 1000, NULL, &conn, NULL),
                     ASSAY_DENIED);
}

int main(void)
{
    sqlite3 *db = NULL;
    const int fd = mkstemp(path);
    if (fd < 0 || sqlite3_open(path, &db) != SQLITE_OK)
        return 1;
    (void)close(fd);
    make_tables(db);
    (void)sqlite3_close(db);
    quirks = (struct suite_quirks){.connector = "sqlite",
                                   .properties =
                                       json_pack("{s:o}", "uri", json_sprintf("sqlite:%s", path)),
                                   .product = "SQLite 3",
                                   .wide_columns = WIDE_COLUMNS,
                                   .many = "many",
                                   .empty = "empty",
                                   .wide = "wide",
                                   .odd = "odd \"table\"\nn\xc3\xa4me",
                                   .odd_field = "Select \"x\""};
    int failed = suite_run(&quirks);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_of_values),
        cmocka_unit_test(no_database),
        cmocka_unit_test(fence),
    };
    failed += cmocka_run_group_tests_name("sqlite only", tests, NULL, NULL);
    json_decref(quirks.properties);
    (void)unlink(path);
    return failed;
}
