// Tests of the survey: what grouped queries of the metadata say, of files that the engine wrote.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <duckdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "worker/executor/engine/parquet.h"
#include "worker/executor/engine/parquet_survey.h"

static char path[64];
static duckdb_database database;
static duckdb_connection connection;

/* Files, and which of their columns have small dictionaries. */
static const struct {
    const char *label, *copy, *small[4];
} files[] = {
    {"one column", "COPY (SELECT 1 AS a) TO '%s' (FORMAT parquet)", {0}},
    {"no records", "COPY (SELECT 1 AS a, 'x' AS b WHERE false) TO '%s' (FORMAT parquet)", {0}},
    {"too few values",
     "COPY (SELECT range %% 7 || 'x' AS a FROM range(8191)) TO '%s' (FORMAT parquet)",
     {0}},
    {"few texts, many texts, numbers",
     "COPY (SELECT range %% 7 || 'x' AS a, md5(range::VARCHAR) AS b, range %% 7 AS c, range %% 5 "
     "|| 'y' AS \"d \"\"e\" FROM range(20000)) TO '%s' (FORMAT parquet, ROW_GROUP_SIZE 2048)",
     {"a", "d \"e"}},
    {"small in all row groups but the last",
     "COPY (SELECT CASE WHEN range < 16384 THEN 'x' || range %% 7 ELSE md5(range::VARCHAR) END AS "
     "a, 'z' || range %% 3 AS b FROM range(20000)) TO '%s' (FORMAT parquet, ROW_GROUP_SIZE 8192)",
     {"b"}},
    {"nested",
     "COPY (SELECT {'x': range %% 3 || 'x', 'y': range} AS s, range %% 2 || 'x' AS t FROM "
     "range(9000)) TO '%s' (FORMAT parquet, ROW_GROUP_SIZE 4096, CODEC zstd)",
     {"t", "s, x"}},
};

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/assay-survey-%d.parquet", (int)getpid());
    return duckdb_open(NULL, &database) != DuckDBSuccess ||
           duckdb_connect(database, &connection) != DuckDBSuccess;
}

static int tear_down(void **state)
{
    (void)state;
    duckdb_disconnect(&connection);
    duckdb_close(&database);
    (void)unlink(path);
    return 0;
}

static void query(const char *format, duckdb_result *result)
{
    char sql[1024];
    (void)snprintf(sql, sizeof sql, format, path); // NOLINT: formats of the tables here
    if (duckdb_query(connection, sql, result) != DuckDBSuccess)
        fail_msg("%s: %s", sql, duckdb_result_error(result));
}

static struct assay_session *open_session(void)
{
    struct assay_error err = {0};
    struct assay_session *session = NULL;
    const char *const paths[] = {path};
    const struct assay_session_options options = {.threads = 2, .paths = paths, .paths_count = 1};
    assert_int_equal(assay_session_open(&options, &session, &err), ASSAY_OK);
    return session;
}

static void test_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < ASSAY_COUNT(files); i++) {
        struct assay_error err = {0};
        struct assay_parquet_survey survey = {0};
        duckdb_result result;
        print_message("%s\n", files[i].label);
        query(files[i].copy, &result);
        duckdb_destroy_result(&result);
        struct assay_session *session = open_session();
        assert_int_equal(assay_parquet_survey(session, path, &survey, &err), ASSAY_OK);
        query(
            "SELECT coalesce(floor(avg(most)), 0)::BIGINT FROM (SELECT max(total_compressed_size "
            "+ least(total_uncompressed_size, 1048576)) AS most FROM parquet_metadata('%s') GROUP "
            "BY column_id)",
            &result);
        assert_int_equal(survey.column_bytes, duckdb_value_int64(&result, 0, 0));
        duckdb_destroy_result(&result);
        size_t count = 0;
        for (; count < ASSAY_COUNT(files[i].small) && files[i].small[count]; count++)
            assert_true(assay_parquet_survey_is_small(&survey, files[i].small[count]));
        assert_int_equal(survey.small_count, count);
        assert_false(assay_parquet_survey_is_small(&survey, "none"));
        assay_parquet_survey_release(&survey);
        assay_session_close(session);
    }
}

static void test_no_parquet(void **state)
{
    (void)state;
    struct assay_error err = {0};
    struct assay_parquet_survey survey = {0};
    FILE *file = fopen(path, "wbe");
    assert_non_null(file);
    assert_int_equal(fputs("a,b\n1,2\n", file) < 0, 0);
    assert_int_equal(fclose(file), 0);
    struct assay_session *session = open_session();
    assert_int_equal(assay_parquet_survey(session, path, &survey, &err), ASSAY_FORMAT);
    assert_int_equal(survey.column_bytes, 0);
    assay_parquet_survey_release(&survey);
    assay_session_close(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_no_parquet),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
