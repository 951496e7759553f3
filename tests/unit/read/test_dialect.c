// Tests of dialect detection: against the files of CleverCSV and csv-spectrum, by hand, and with
// options given.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "common/base/file.h"
#include "common/base/memory.h"
#include "worker/executor/read/csv_reader.h"

#define DATA ASSAY_SOURCE_DIR "/../shared/data/csv/"

static int detect(const char *data, size_t size, const char *options, struct assay_dialect *dialect,
                  struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *json = options ? json_loads(options, 0, NULL) : NULL;
    struct assay_csv_options parsed;
    ASSAY_TRY(assay_csv_options_parse(json, &parsed, err));
    const int rc = assay_dialect_detect(data, size, true, &parsed, dialect, err);
    assay_csv_options_release(&parsed);
    return rc;
}

/* Every file of dialects.json: what the source says is what must be found. */
static void clever_csv(void **unused)
{
    (void)unused;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    struct assay_error err = {0};
    if (assay_file_read(DATA "dialects/dialects.json", &text, &err) != ASSAY_OK) {
        print_message("no shared data: skipped\n");
        skip();
    }
    ASSAY_AUTO(assay_json_decref) json_t *json = json_loads(assay_buf_str(&text), 0, NULL);
    const json_t *file;
    size_t index, decided = 0, right = 0;
    json_array_foreach(json_object_get(json, "files"), index, file)
    {
        ASSAY_SCOPED(assay_buf_release) struct assay_buf sample = {0};
        struct assay_dialect dialect;
        char path[512];
        const json_t *quote = json_object_get(file, "quotechar"),
                     *header = json_object_get(file, "has_header");
        (void)snprintf(path, sizeof path, DATA "dialects/%s", assay_json_str(file, "file", ""));
        assert_int_equal(assay_file_read(path, &sample, &err), ASSAY_OK);
        assert_int_equal(detect(sample.data, sample.size, NULL, &dialect, &err), ASSAY_OK);
        bool good = dialect.delimiter == assay_json_str(file, "delimiter", "")[0];
        if (json_is_string(quote)) { /* none: no cell may be quoted */
            const char wanted = json_string_value(quote)[0];
            good = good && (wanted ? dialect.quote == wanted
                                   : !dialect.quote || !strchr(sample.data, dialect.quote));
        }
        if (json_is_boolean(header))
            good = good && dialect.header == json_is_true(header);
        print_message("%s: %s\n", assay_json_str(file, "file", ""), good ? "right" : "WRONG");
        decided++;
        right += good;
    }
    print_message("%zu of %zu dialects found\n", right, decided);
    assert_int_equal(right, decided);
}

/* The records of a csv-spectrum file as its JSON: an array of objects of texts. */
static void spectrum_file(const char *name)
{
    char path[512];
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    ASSAY_AUTO(assay_reader_close) struct assay_reader *reader = NULL;
    struct assay_source *source;
    struct assay_error err = {0};
    const struct assay_batch *batch;
    (void)snprintf(path, sizeof path, DATA "spectrum/json/%s.json", name);
    assert_int_equal(assay_file_read(path, &text, &err), ASSAY_OK);
    ASSAY_AUTO(assay_json_decref) json_t *wanted = json_loads(assay_buf_str(&text), 0, NULL);
    (void)snprintf(path, sizeof path, DATA "spectrum/%s.csv", name);
    assert_int_equal(assay_source_open(path, NULL, &source, &err), ASSAY_OK);
    assert_int_equal(assay_csv_reader_open(source, NULL, NULL, NULL, &reader, &err), ASSAY_OK);
    assert_int_equal(assay_reader_next(reader, &batch, &err), ASSAY_OK);
    if (json_is_object(wanted)) { /* one record stands alone */
        json_t *array = json_array();
        assert_int_equal(json_array_append_new(array, wanted), 0);
        wanted = array;
    }
    assert_int_equal(batch->rows, json_array_size(wanted));
    for (size_t row = 0; row < batch->rows; row++) {
        for (size_t c = 0; c < batch->columns_count; c++) {
            const struct assay_cell *cell =
                (const struct assay_cell *)batch->columns[c].values + row;
            const json_t *value =
                json_object_get(json_array_get(wanted, row), reader->schema.fields[c].name);
            if (!strcmp(reader->schema.fields[c].name, "Contact Phone Number"))
                continue; /* differs at the source (README of the data) */
            assert_int_equal(json_string_length(value), cell->size_bytes);
            assert_memory_equal(json_string_value(value), cell->data, cell->size_bytes);
        }
    }
}

static void spectrum(void **unused)
{
    (void)unused;
    static const char *const names[] = {"comma_in_quotes",
                                        "empty",
                                        "empty_crlf",
                                        "escaped_quotes",
                                        "json",
                                        "newlines",
                                        "newlines_crlf",
                                        "quotes_and_newlines",
                                        "simple",
                                        "simple_crlf",
                                        "utf8",
                                        "location_coordinates"};
    struct assay_source *source;
    struct assay_error err = {0};
    if (assay_source_open(DATA "spectrum/simple.csv", NULL, &source, &err) != ASSAY_OK) {
        print_message("no shared data: skipped\n");
        skip();
    }
    assay_source_close(source);
    for (size_t i = 0; i < ASSAY_COUNT(names); i++) {
        print_message("%s\n", names[i]);
        spectrum_file(names[i]);
    }
}

static const struct {
    const char *label, *data, *options;
    char delimiter, quote, escape;
    bool header;
} cases[] = {
    {"empty", "", NULL, ',', '"', 0, false},
    {"one column", "name\nAnna\nBert\n", NULL, ',', '"', 0, true},
    {"one column of numbers", "1\n2\n3\n", NULL, ',', '"', 0, false},
    {"one column of sentences",
     "Once upon a time, there was\na king. He had\nthree, or was it four; sons\n", NULL, ',', '"',
     0, true},
    {"header only", "id,name,created_at\n", NULL, ',', '"', 0, true},
    {"semicolons with decimal commas", "a;b\n1,5;2,5\n3,25;4,5\n", NULL, ';', '"', 0, true},
    {"dates with blanks and colons", "t,v\n2026-01-01 10:00:00,1\n2026-01-02 11:00:00,2\n", NULL,
     ',', '"', 0, true},
    {"backslash escapes", "a,b\n\"x \\\"y\\\", z\",1\n\"p\",2\n", NULL, ',', '"', '\\', true},
    {"commas within quotes", "a|b\n\"x,y\"|1\n\"p,q\"|2\n", NULL, '|', '"', 0, true},
    {"empty header names", "a,,c\n1,2,3\n4,5,6\n", NULL, ',', '"', 0, true},
    {"blanks", "a b\n1 2\n3 4\n", NULL, ' ', '"', 0, true},
    {"delimiter given", "a;b,c\n1;2,3\n", "{\"delimiter\": \";\"}", ';', '"', 0, true},
    {"header given", "1,2\n3,4\n", "{\"header\": true}", ',', '"', 0, true},
    {"quote given", "a,b\n'x',1\n", "{\"quote\": \"none\"}", ',', 0, 0, true},
    {"texts only", "country,city\nFrance,Paris\nItaly,Rome\n", NULL, ',', '"', 0, true},
    {"repeated text of a record", "red,open\nred,closed\nblue,open\nred,open\n", NULL, ',', '"', 0,
     false},
};

static void by_hand(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        struct assay_dialect dialect;
        struct assay_error err = {0};
        print_message("%s\n", cases[i].label);
        assert_int_equal(
            detect(cases[i].data, strlen(cases[i].data), cases[i].options, &dialect, &err),
            ASSAY_OK);
        assert_int_equal(dialect.delimiter, cases[i].delimiter);
        assert_int_equal(dialect.quote, cases[i].quote);
        assert_int_equal(dialect.escape, cases[i].escape);
        assert_int_equal(dialect.header, cases[i].header);
        assert_true(dialect.confidence >= 0 && dialect.confidence <= 1);
    }
}

static void as_json(void **unused)
{
    (void)unused;
    const struct assay_dialect dialect = {
        .delimiter = '\t', .quote = '"', .header = true, .confidence = 0.75004};
    ASSAY_AUTO(assay_json_decref) json_t *json = assay_dialect_json(&dialect, "utf-8");
    ASSAY_AUTO(assay_free_text) char *text = assay_json_text(json);
    assert_string_equal(text,
                        "{\"delimiter\":\"\\t\",\"quote\":\"\\\"\",\"escape\":null,\"header\":true,"
                        "\"encoding\":\"utf-8\",\"confidence\":0.75}");
}

static void failing_memory(void **unused)
{
    (void)unused;
    for (int64_t nth = 1;; nth++) {
        struct assay_dialect dialect;
        struct assay_error err = {0};
        assay_memory_fail_at(nth);
        const int rc = detect("a,b\n1,\"2\"\n", 10, "{\"null_values\": \"a,b\"}", &dialect, &err);
        const bool over = assay_memory_count() < nth;
        assay_memory_fail_at(0);
        if (over)
            break;
        assert_int_equal(rc, ASSAY_NO_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(clever_csv), cmocka_unit_test(spectrum),
                                       cmocka_unit_test(by_hand), cmocka_unit_test(as_json),
                                       cmocka_unit_test(failing_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
