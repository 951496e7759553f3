// Tests of column chunks: what the engine's own table of the metadata says, of files that it wrote;
// and footers that are none.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <duckdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/file.h"
#include "worker/executor/engine/parquet.h"
#include "worker/executor/engine/parquet_chunks.h"

enum { CHUNKS_MOST = 512 };

static char path[64];

/* Files of one to many columns and row groups, flat and nested, of several codecs. */
static const struct {
    const char *label, *copy;
} files[] = {
    {"one column", "COPY (SELECT 1 AS a) TO '%s' (FORMAT parquet)"},
    {"no records", "COPY (SELECT 1 AS a, 'x' AS b WHERE false) TO '%s' (FORMAT parquet)"},
    {"groups", "COPY (SELECT range AS a, range::VARCHAR AS b, range %% 7 = 0 AS c, random() AS d "
               "FROM range(20000)) TO '%s' (FORMAT parquet, ROW_GROUP_SIZE 2048)"},
    {"nested",
     "COPY (SELECT {'x': range, 'y': [range::VARCHAR, NULL]} AS s, MAP {'k': range} AS m, "
     "[[range]] AS l FROM range(5000)) TO '%s' (FORMAT parquet, ROW_GROUP_SIZE 2048)"},
    {"zstd",
     "COPY (SELECT DATE '2020-01-01' + range::INTEGER AS a, 'é' || range AS b, "
     "range::DECIMAL(38,3) AS c, NULL::UUID AS d FROM range(9000)) TO '%s' (FORMAT parquet, "
     "CODEC zstd, ROW_GROUP_SIZE 4096, KV_METADATA {'key': 'value'})"},
    {"forty columns",
     "COPY (SELECT COLUMNS(c -> true) FROM (SELECT * FROM (SELECT range AS c0 FROM "
     "range(3000)), (SELECT 1 c1, 'b' c2, 3.5 c3, true c4, NULL c5, 6 c6, 7 c7, 8 "
     "c8, 9 c9, 10 c10, 11 c11, 12 c12, 13 c13, 14 c14, 15 c15, 16 c16, 17 c17))) "
     "TO '%s' (FORMAT parquet, ROW_GROUP_SIZE 2048)"},
};

static duckdb_database database;
static duckdb_connection connection;

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/assay-chunks-%d.parquet", (int)getpid());
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

static void write_file(const char *copy)
{
    duckdb_result result;
    query(copy, &result);
    duckdb_destroy_result(&result);
}

struct taken {
    struct assay_parquet_chunk chunks[CHUNKS_MOST];
    char names[CHUNKS_MOST][16]; /* "" = part of another column */
    size_t count;
};

static int take(void *context, const struct assay_parquet_chunk *chunk, struct assay_error *err)
{
    struct taken *taken = context;
    if (taken->count == CHUNKS_MOST)
        return assay_fail(err, ASSAY_LIMIT, "enough");
    if (chunk->name)
        (void)snprintf(taken->names[taken->count], sizeof taken->names[0], "%.*s",
                       (int)chunk->name_bytes, chunk->name);
    taken->chunks[taken->count++] = *chunk;
    return ASSAY_OK;
}

static void test_as_the_engine_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ASSAY_COUNT(files); i++) {
        struct assay_error err = {0};
        struct taken taken = {0};
        duckdb_result result;
        print_message("%s\n", files[i].label);
        write_file(files[i].copy);
        assert_int_equal(assay_parquet_chunks(path, take, &taken, &err), ASSAY_OK);
        query("SELECT row_group_id, column_id, total_compressed_size, total_uncompressed_size, "
              "num_values, (type = 'BYTE_ARRAY')::INTEGER, coalesce(greatest(data_page_offset - "
              "dictionary_page_offset, 0), 0), if(contains(path_in_schema, ', '), '', "
              "path_in_schema) FROM parquet_metadata('%s') ORDER BY ALL",
              &result);
        assert_int_equal(taken.count, duckdb_row_count(&result));
        for (idx_t row = 0; row < taken.count; row++) {
            const struct assay_parquet_chunk *chunk = &taken.chunks[row];
            assert_int_equal(chunk->group, duckdb_value_int64(&result, 0, row));
            assert_int_equal(chunk->column, duckdb_value_int64(&result, 1, row));
            assert_int_equal(chunk->compressed_bytes, duckdb_value_int64(&result, 2, row));
            assert_int_equal(chunk->plain_bytes, duckdb_value_int64(&result, 3, row));
            assert_int_equal(chunk->values, duckdb_value_int64(&result, 4, row));
            assert_int_equal(chunk->texts, duckdb_value_int64(&result, 5, row));
            assert_int_equal(chunk->dictionary_bytes, duckdb_value_int64(&result, 6, row));
            char *name = duckdb_value_varchar(&result, 7, row);
            assert_string_equal(taken.names[row], name);
            duckdb_free(name);
        }
        duckdb_destroy_result(&result);
        uint64_t bytes;
        assert_int_equal(assay_parquet_column_bytes(path, &bytes, &err), ASSAY_OK);
        query(
            "SELECT coalesce(floor(avg(most)), 0)::BIGINT FROM (SELECT max(total_compressed_size "
            "+ least(total_uncompressed_size, 1048576)) AS most FROM parquet_metadata('%s') GROUP "
            "BY column_id)",
            &result);
        assert_int_equal(bytes, duckdb_value_int64(&result, 0, 0));
        duckdb_destroy_result(&result);
    }
}

/* Small in every row group, of enough records, and by themselves. */
static void test_small_dictionaries(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool small;
    } columns[] = {{"few", true},     {"nulls", true}, {"late", false}, {"other", false},
                   {"number", false}, {"bytes", true}, {"none", false}, {"s", false}};
    const char *names[ASSAY_COUNT(columns)];
    bool small[ASSAY_COUNT(columns)];
    struct assay_error err = {0};
    for (size_t i = 0; i < ASSAY_COUNT(columns); i++)
        names[i] = columns[i].name;
    for (int records = 8191; records <= 20000; records += 11809) {
        char copy[1024];
        (void)snprintf(
            copy, sizeof copy,
            "COPY (SELECT 1 AS before, 'v' || range %% 9 AS few, CASE WHEN range %% 3 = 0 THEN 'x' "
            "END AS nulls, 'w' || CASE WHEN range < 4096 THEN range %% 5 ELSE range END AS late, "
            "range::VARCHAR AS other, range %% 9 AS number, 'a'::BLOB AS bytes, {'s': 'v'} AS s "
            "FROM range(%d)) TO '%%s' (FORMAT parquet, ROW_GROUP_SIZE 4096)",
            records);
        write_file(copy);
        assert_int_equal(
            assay_parquet_small_dictionaries(path, names, ASSAY_COUNT(columns), small, &err),
            ASSAY_OK);
        for (size_t i = 0; i < ASSAY_COUNT(columns); i++)
            if (small[i] != (columns[i].small && records == 20000))
                fail_msg("%s of %d records: %d", names[i], records, small[i]);
    }
}

static void test_the_first_failure_ends_it(void **state)
{
    (void)state;
    struct assay_error err = {0};
    struct taken taken = {.count = CHUNKS_MOST};
    write_file(files[0].copy);
    assert_int_equal(assay_parquet_chunks(path, take, &taken, &err), ASSAY_LIMIT);
    assert_string_equal(err.text, "enough");
}

static void put_file(const struct assay_buf *bytes)
{
    (void)unlink(path); /* cutting a file that is there waits for the disk */
    FILE *file = fopen(path, "wbe");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes->data, 1, bytes->size, file), bytes->size);
    assert_int_equal(fclose(file), 0);
}

/* Whatever stands in a footer, it is read or refused; the sanitizers see the rest. */
static void test_damaged(void **state)
{
    (void)state;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf bytes = {0};
    struct assay_error err = {0};
    write_file(files[3].copy);
    assert_int_equal(assay_file_read(path, &bytes, &err), ASSAY_OK);
    size_t refused = 0;
    for (size_t back = 1; back <= 400 && back < bytes.size; back++) {
        for (unsigned change = 1; change < 256; change = change * 4 + 3) {
            struct taken taken = {0};
            struct assay_error why = {0};
            bytes.data[bytes.size - back] ^= (char)change;
            put_file(&bytes);
            const int rc = assay_parquet_chunks(path, take, &taken, &why);
            assert_true(rc == ASSAY_OK || rc == ASSAY_FORMAT || rc == ASSAY_LIMIT);
            refused += rc == ASSAY_FORMAT;
            bytes.data[bytes.size - back] ^= (char)change;
        }
    }
    assert_in_range(refused, 1, SIZE_MAX);
}

/* Endings of files, each with the code of what is said about it. */
static const struct {
    const char *label, *bytes;
    size_t size;
    int code;
} endings[] = {
    {"nothing", "", 0, ASSAY_FORMAT},
    {"no Parquet", "a,b\n1,2\n", 8, ASSAY_FORMAT},
    {"encrypted", "PAR1\x00\x00\x00\x00PARE", 12, ASSAY_FORMAT},
    {"longer than the file", "PAR1\xff\xff\xff\x7fPAR1", 12, ASSAY_FORMAT},
    {"no footer at all", "PAR1\x00\x00\x00\x00PAR1", 12, ASSAY_FORMAT},
    {"an empty one", "PAR1\x00\x01\x00\x00\x00PAR1", 13, ASSAY_OK},
    {"a list of 2^63 groups",
     "PAR1\x49\xfc\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x00\x0c\x00\x00\x00PAR1", 24, ASSAY_FORMAT},
    {"a text of 2^63 bytes", "PAR1\x68\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x0a\x00\x00\x00PAR1", 22,
     ASSAY_FORMAT},
    {"a number without an end",
     "PAR1\x16\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x0b\x00\x00\x00PAR1", 23, ASSAY_FORMAT},
};

static void test_endings(void **state)
{
    (void)state;
    for (size_t i = 0; i < ASSAY_COUNT(endings); i++) {
        ASSAY_SCOPED(assay_buf_release) struct assay_buf bytes = {0};
        struct taken taken = {0};
        struct assay_error err = {0};
        assay_buf_append(&bytes, endings[i].bytes, endings[i].size);
        put_file(&bytes);
        const int rc = assay_parquet_chunks(path, take, &taken, &err);
        if (rc != endings[i].code)
            fail_msg("%s: %d instead of %d", endings[i].label, rc, endings[i].code);
        assert_int_equal(taken.count, 0);
    }
}

/* Structs in structs, deeper than any footer: refused before the stack ends. */
static void test_deep(void **state)
{
    (void)state;
    enum { DEEP = 1 << 20 };
    ASSAY_SCOPED(assay_buf_release) struct assay_buf bytes = {0};
    struct taken taken = {0};
    struct assay_error err = {0};
    assay_buf_text(&bytes, "PAR1");
    for (size_t i = 0; i < DEEP; i++)
        assay_buf_char(&bytes, '\x1c'); /* a struct as field 1 */
    assay_buf_append(&bytes, "\x00\x00\x10\x00PAR1", 8);
    put_file(&bytes);
    assert_int_equal(assay_parquet_chunks(path, take, &taken, &err), ASSAY_FORMAT);
}

static void test_no_file(void **state)
{
    (void)state;
    struct taken taken = {0};
    struct assay_error err = {0};
    assert_int_equal(assay_parquet_chunks("/no/such.parquet", take, &taken, &err), ASSAY_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_the_engine_says),
        cmocka_unit_test(test_small_dictionaries),
        cmocka_unit_test(test_the_first_failure_ends_it),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_endings),
        cmocka_unit_test(test_deep),
        cmocka_unit_test(test_no_file),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
