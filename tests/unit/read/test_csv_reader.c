// Tests of the CSV reader: cells, kinds, positions, rejections, projection, large cells, failing
// memory.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "common/base/memory.h"
#include "tests/unit/read/csv_text.h"

static json_t *options_of(const char *text)
{
    json_t *options = text ? json_loads(text, 0, NULL) : NULL;
    assert_true(!text || options);
    return options;
}

static int read_all(const char *data, size_t size, const char *options, struct assay_buf *text,
                    struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *json = options_of(options);
    ASSAY_AUTO(assay_reader_close) struct assay_reader *reader = NULL;
    struct assay_source *source;
    ASSAY_TRY(assay_source_open_memory(data, size, "test.csv", NULL, &source, err));
    ASSAY_TRY(assay_csv_reader_open(source, NULL, json, NULL, &reader, err));
    for (size_t i = 0; i < reader->schema.count; i++)
        assay_buf_printf(text, "[%s]", reader->schema.fields[i].name);
    assay_buf_char(text, '\n');
    ASSAY_TRY(append_records(reader, text, 0, err));
    append_rejections(reader, text, 0);
    return assay_buf_check(text, err);
}

#define HEADER "{\"delimiter\": \",\", \"quote\": \"\\\"\", \"header\": true}"

/* Kinds: 0 NULL, 1 plain, 2 quoted. */
static const struct {
    const char *label, *data;
    size_t size; /* 0 = strlen */
    const char *options, *expected;
} cases[] = {
    {"plain", "a,b\n1,2\n3,4\n", 0, HEADER, "[a][b]\n1:1:1|1:1:2|@4:2\n1:1:3|1:1:4|@8:3\n"},
    {"no newline at the end", "a,b\n1,2", 0, HEADER, "[a][b]\n1:1:1|1:1:2|@4:2\n"},
    {"ends with a delimiter", "a,b\n1,", 0, HEADER, "[a][b]\n1:1:1|0:0:|@4:2\n"},
    {"CRLF", "a,b\r\n1,\"2\"\r\n,\r\n", 0, HEADER, "[a][b]\n1:1:1|2:1:2|@5:2\n0:0:|0:0:|@12:3\n"},
    {"CR only", "a,b\r1,2\r3,4", 0, HEADER, "[a][b]\n1:1:1|1:1:2|@4:2\n1:1:3|1:1:4|@8:3\n"},
    {"null and empty", "a,b\n,\"\"\n", 0, HEADER, "[a][b]\n0:0:|2:0:|@4:2\n"},
    {"all cells quoted: empty is null", "\"a\",\"b\"\n\"x\",\"\"\n", 0, HEADER,
     "[a][b]\n2:1:x|0:0:|@8:2\n"},
    {"all cells quoted, told otherwise", "\"a\",\"b\"\n\"x\",\"\"\n", 0,
     "{\"header\": true, \"delimiter\": \",\", \"quoted_null\": \"false\"}",
     "[a][b]\n2:1:x|2:0:|@8:2\n"},
    {"treat_empty_as_null", "a,b\nx,\"\"\n", 0,
     "{\"header\": true, \"delimiter\": \",\", \"treat_empty_as_null\": true}",
     "[a][b]\n1:1:x|0:0:|@4:2\n"},
    {"null_values", "a,b\nNA,-\nx,\"NA\"\n", 0,
     "{\"header\": true, \"delimiter\": \",\", \"null_values\": \"NA,-\"}",
     "[a][b]\n0:2:NA|0:1:-|@4:2\n1:1:x|0:2:NA|@9:3\n"},
    {"quotes", "a,b\n\"x \"\"y\"\"\",\"p,q\"\n", 0, HEADER, "[a][b]\n2:5:x \"y\"|2:3:p,q|@4:2\n"},
    {"quoted newline moves lines", "a,b\n\"x\ny\",1\n2,3\n", 0, HEADER,
     "[a][b]\n2:3:x\ny|1:1:1|@4:2\n1:1:2|1:1:3|@12:4\n"},
    {"escape", "a,b\n\"x\\\"y\",p\\,q\n", 0,
     "{\"header\": true, \"delimiter\": \",\", \"escape\": \"\\\\\"}",
     "[a][b]\n2:3:x\"y|1:3:p,q|@4:2\n"},
    {"stray quote is text", "a,b\nx\"y\",z\"\n", 0, HEADER, "[a][b]\n1:4:x\"y\"|1:2:z\"|@4:2\n"},
    {"too few", "a,b,c\n1,2\n4,5,6\n", 0, HEADER,
     "[a][b][c]\n1:1:4|1:1:5|1:1:6|@10:3\n!6:2:2 cells where the header has 3\n"},
    {"too many", "a,b\n1,2,3\n4,5\n", 0, HEADER,
     "[a][b]\n1:1:4|1:1:5|@10:3\n!4:2:3 cells where the header has 2\n"},
    {"trailing delimiter", "a,b\n1,2,\n", 0, HEADER, "[a][b]\n1:1:1|1:1:2|@4:2\n"},
    {"text behind a quote", "a,b\n\"x\"y,1\n2,3\n", 0, HEADER,
     "[a][b]\n1:1:2|1:1:3|@11:3\n!4:2:text behind the closing quote in cell 1\n"},
    {"quote never closed", "a,b\n1,\"x\n2,3\n4,5\n", 0, HEADER,
     "[a][b]\n1:1:2|1:1:3|@9:3\n1:1:4|1:1:5|@13:4\n!4:2:the quote that opens cell 2 is never "
     "closed\n"},
    {"blank lines", "a,b\n\n1,2\n\r\n3,4\n\n", 0, HEADER,
     "[a][b]\n1:1:1|1:1:2|@5:3\n1:1:3|1:1:4|@11:5\n"},
    {"blank line of one column is null", "a\n1\n\n2\n", 0, HEADER,
     "[a]\n1:1:1|@2:2\n0:0:|@4:3\n1:1:2|@5:4\n"},
    {"names made unique", "a,,a,a_2,a\n1,2,3,4,5\n", 0, HEADER,
     "[a][column_2][a_2][a_2_2][a_3]\n1:1:1|1:1:2|1:1:3|1:1:4|1:1:5|@11:2\n"},
    {"no header", "1,2\n3,4\n", 0, "{\"header\": \"false\", \"delimiter\": \"comma\"}",
     "[column_1][column_2]\n1:1:1|1:1:2|@0:1\n1:1:3|1:1:4|@4:2\n"},
    {"skip and comment", "junk\n# more, junk\na,b\n#1,\"2\n3,4\n", 0,
     "{\"header\": true, \"delimiter\": \",\", \"skip\": 1, \"comment\": \"#\"}",
     "[a][b]\n1:1:3|1:1:4|@28:5\n"},
    {"tsv", "a\tb,c\n1\t2,3\n", 0, "{\"format\": \"tsv\", \"header\": true}",
     "[a][b,c]\n1:1:1|1:3:2,3|@6:2\n"},
    {"psv", "a|b\n1|2\n", 0, "{\"format\": \"psv\", \"header\": true}",
     "[a][b]\n1:1:1|1:1:2|@4:2\n"},
    {"NUL is data", "a,b\nx\0y,\0\n", 10, HEADER, "[a][b]\n1:3:x\0y|1:1:\0|@4:2\n"},
    {"byte order mark",
     "\xEF\xBB\xBF"
     "a,b\n1,2\n",
     0, HEADER, "[a][b]\n1:1:1|1:1:2|@7:2\n"},
    {"empty file", "", 0, NULL, "\n"},
    {"header only", "a,b\n", 0, HEADER, "[a][b]\n"},
    {"header only, no newline", "a,b", 0, HEADER, "[a][b]\n"},
    {"cell above max_cell", "a,b\n1,xxxxx\n2,y\n", 0,
     "{\"header\": true, \"delimiter\": \",\", \"max_cell\": 4}",
     "[a][b]\n1:1:2|1:1:y|@12:3\n!4:2:cell 2 is larger than max_cell (4 bytes)\n"},
};

static size_t expected_size(const char *expected, const char *label)
{
    /* the case with NUL bytes has them in its expectation */
    return strcmp(label, "NUL is data") ? strlen(expected)
                                        : sizeof "[a][b]\n1:3:x\0y|1:1:\0|@4:2\n" - 1;
}

static void table(void **unused)
{
    (void)unused;
    for (size_t form = 0; form < 2; form++) {
        if (!assay_csv_use_avx2(form))
            continue;
        for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
            ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
            struct assay_error err = {0};
            const size_t size = cases[i].size ? cases[i].size : strlen(cases[i].data);
            print_message("%s\n", cases[i].label);
            assert_int_equal(read_all(cases[i].data, size, cases[i].options, &text, &err),
                             ASSAY_OK);
            assert_int_equal(text.size, expected_size(cases[i].expected, cases[i].label));
            assert_memory_equal(assay_buf_str(&text), cases[i].expected, text.size);
        }
    }
}

static void projection(void **unused)
{
    (void)unused;
    static const char data[] = "a,b,c\n1,\"x\"\"y\",3\n4,5,6\n";
    static const char *const fields[] = {"c", "a"};
    const struct assay_csv_part part = {.fields = fields, .fields_count = 2, .file = 7};
    ASSAY_AUTO(assay_reader_close) struct assay_reader *reader = NULL;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    struct assay_source *source;
    struct assay_error err = {0};
    assert_int_equal(assay_source_open_memory(data, sizeof data - 1, "t", NULL, &source, &err),
                     ASSAY_OK);
    assert_int_equal(assay_csv_reader_open(source, NULL, NULL, &part, &reader, &err), ASSAY_OK);
    assert_int_equal(append_records(reader, &text, 0, &err), ASSAY_OK);
    assert_string_equal(assay_buf_str(&text), "1:1:3|1:1:1|@6:2\n1:1:6|1:1:4|@17:3\n");
    assert_string_equal(reader->schema.fields[0].name, "c");
    assert_int_equal(reader->records_read, 2);
    assert_int_equal(reader->lines_read, 3);
}

static void unknown_field_names_the_nearest(void **unused)
{
    (void)unused;
    static const char *const fields[] = {"amuont"};
    const struct assay_csv_part part = {.fields = fields, .fields_count = 1};
    struct assay_reader *reader;
    struct assay_source *source;
    struct assay_error err = {0};
    assert_int_equal(assay_source_open_memory("id,amount\n1,2\n", 14, "t", NULL, &source, &err),
                     ASSAY_OK);
    assert_int_equal(assay_csv_reader_open(source, NULL, NULL, &part, &reader, &err),
                     ASSAY_NOT_FOUND);
    assert_non_null(strstr(err.text, "did you mean \"amount\""));
}

/* Cells far beyond the window; one above max_cell; a quote that opens 40 MB before the end. */
static void large_cells(void **unused)
{
    (void)unused;
    const size_t big = (size_t)3 << 20, huge = (size_t)20 << 20;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf data = {0};
    assay_buf_text(&data, "a,b\n1,");
    assert_true(assay_buf_reserve(&data, huge + big + 100));
    memset(data.data + data.size, 'x', big);
    data.size += big;
    assay_buf_text(&data, "\n2,\"");
    memset(data.data + data.size, 'y', huge);
    data.size += huge;
    assay_buf_text(&data, "\"\n3,4\n5,\"open\n6,7\n");
    ASSAY_AUTO(assay_reader_close) struct assay_reader *reader = NULL;
    struct assay_source *source;
    struct assay_error err = {0};
    uint64_t rows = 0, bytes = 0;
    assert_int_equal(assay_source_open_memory(data.data, data.size, "t", NULL, &source, &err),
                     ASSAY_OK);
    assert_int_equal(assay_csv_reader_open(source, NULL, NULL, NULL, &reader, &err), ASSAY_OK);
    for (;;) {
        const struct assay_batch *batch;
        assert_int_equal(assay_reader_next(reader, &batch, &err), ASSAY_OK);
        if (!batch)
            break;
        rows += batch->rows;
        for (size_t i = 0; i < batch->rows; i++)
            bytes += ((const struct assay_cell *)batch->columns[1].values)[i].size_bytes;
    }
    assert_int_equal(rows, 3);
    assert_int_equal(bytes, big + 2);
    assert_int_equal(reader->rejections.count, 2);
    assert_int_equal(reader->rejections.items[0].line, 3);
    assert_non_null(strstr(reader->rejections.items[0].reason, "larger than max_cell"));
    assert_int_equal(strlen(reader->rejections.items[0].raw), ASSAY_RAW_BYTES);
    assert_int_equal(reader->rejections.items[1].line, 5);
    assert_int_equal(reader->lines_read, 6);
}

/* An unclosed quote with more behind it than may be kept: the rest is read all the same. */
static void unclosed_far_from_the_end(void **unused)
{
    (void)unused;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf data = {0};
    assay_buf_text(&data, "a,b\n1,2\n3,\"x\n");
    for (int i = 0; i < 200000; i++)
        assay_buf_printf(&data, "%d,%d\n", i, i);
    ASSAY_AUTO(assay_json_decref)
    json_t *options = options_of("{\"max_cell\": 1000000, \"delimiter\": \",\"}");
    ASSAY_AUTO(assay_reader_close) struct assay_reader *reader = NULL;
    struct assay_source *source;
    struct assay_error err = {0};
    assert_int_equal(assay_source_open_memory(data.data, data.size, "t", NULL, &source, &err),
                     ASSAY_OK);
    assert_int_equal(assay_csv_reader_open(source, NULL, options, NULL, &reader, &err), ASSAY_OK);
    const struct assay_batch *batch;
    do {
        assert_int_equal(assay_reader_next(reader, &batch, &err), ASSAY_OK);
    } while (batch);
    assert_int_equal(reader->records_read, 200001);
    assert_int_equal(reader->rejections.count, 1);
    assert_int_equal(reader->lines_read, 200003);
}

static void many_columns(void **unused)
{
    (void)unused;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf data = {0};
    for (int row = 0; row < 300; row++)
        for (int c = 0; c < 2000; c++)
            assay_buf_printf(&data, "%c%d%s", row ? 'v' : 'c', c, c == 1999 ? "\n" : ",");
    ASSAY_AUTO(assay_reader_close) struct assay_reader *reader = NULL;
    struct assay_source *source;
    struct assay_error err = {0};
    assert_int_equal(assay_source_open_memory(data.data, data.size, "t", NULL, &source, &err),
                     ASSAY_OK);
    assert_int_equal(assay_csv_reader_open(source, NULL, NULL, NULL, &reader, &err), ASSAY_OK);
    assert_int_equal(reader->schema.count, 2000);
    const struct assay_batch *batch;
    do {
        assert_int_equal(assay_reader_next(reader, &batch, &err), ASSAY_OK);
    } while (batch);
    assert_int_equal(reader->records_read, 299);
    assert_int_equal(reader->rejections.count, 0);
}

static void too_many_columns(void **unused)
{
    (void)unused;
    static char data[300000];
    struct assay_source *source;
    struct assay_reader *reader;
    struct assay_error err = {0};
    memset(data, ',', sizeof data);
    assert_int_equal(assay_source_open_memory(data, sizeof data, "commas.csv", NULL, &source, &err),
                     ASSAY_OK);
    assert_int_equal(assay_csv_reader_open(source, NULL, NULL, NULL, &reader, &err), ASSAY_LIMIT);
    assert_non_null(strstr(err.text, "commas.csv"));
}

static void options_are_checked(void **unused)
{
    (void)unused;
    static const char *const wrong[] = {"{\"delimiter\": \"ab\"}",
                                        "{\"delimiter\": \"\"}",
                                        "{\"header\": \"maybe\"}",
                                        "{\"skip\": \"x\"}",
                                        "{\"max_cell\": 0}",
                                        "{\"quote\": 7.5}",
                                        "{\"format\": \"xls\"}",
                                        "{\"null_values\": 1}",
                                        "{\"delimiter\": \"\\n\"}",
                                        "{\"max_cell\": \"1g\"}",
                                        "{\"delimiter\": \",\", \"comment\": \",\"}"};
    for (size_t i = 0; i < ASSAY_COUNT(wrong); i++) {
        ASSAY_AUTO(assay_json_decref) json_t *json = options_of(wrong[i]);
        struct assay_csv_options options;
        struct assay_error err = {0};
        assert_int_equal(assay_csv_options_parse(json, &options, &err), ASSAY_INVALID);
        assert_non_null(strstr(err.text, "reader option"));
    }
}

static void cancelled(void **unused)
{
    (void)unused;
    ASSAY_AUTO(assay_reader_close) struct assay_reader *reader = NULL;
    atomic_bool stop = true;
    struct assay_source *source;
    struct assay_error err = {0};
    const struct assay_batch *batch;
    assert_int_equal(assay_source_open_memory("a\n1\n", 4, "t", NULL, &source, &err), ASSAY_OK);
    assert_int_equal(assay_csv_reader_open(source, NULL, NULL, NULL, &reader, &err), ASSAY_OK);
    reader->cancelled = &stop;
    assert_int_equal(assay_reader_next(reader, &batch, &err), ASSAY_CANCELLED);
}

/* Each allocation fails in turn: an error, never a crash or a leak (which the sanitizer sees). */
static void failing_memory(void **unused)
{
    (void)unused;
    static const char data[] = "a,b,a\n1,\"x\"\"y\",3\n4,5\n\"x\"y,5,6\n7,8,9\n";
    for (int64_t nth = 1;; nth++) {
        ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
        struct assay_error err = {0};
        assay_memory_fail_at(nth);
        const int rc =
            read_all(data, sizeof data - 1, "{\"null_values\": \"NA,-\", \"encoding\": \"utf-8\"}",
                     &text, &err);
        const bool over = assay_memory_count() < nth;
        assay_memory_fail_at(0);
        if (over) {
            assert_int_equal(rc, ASSAY_OK);
            assert_true(nth > 20);
            return;
        }
        assert_int_equal(rc, ASSAY_NO_MEMORY);
        assert_int_equal(err.code, ASSAY_NO_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(projection),
        cmocka_unit_test(unknown_field_names_the_nearest),
        cmocka_unit_test(large_cells),
        cmocka_unit_test(unclosed_far_from_the_end),
        cmocka_unit_test(many_columns),
        cmocka_unit_test(too_many_columns),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(cancelled),
        cmocka_unit_test(failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
