// Tests of CSV ranges: for every pair of cuts the records are those of one reader, wrong guesses
// included.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "common/base/memory.h"
#include "tests/unit/read/csv_text.h"
#include "worker/executor/read/csv_ranges.h"

/* A file that is hard to cut: quoted newlines and records within quotes, ragged and malformed
 * records, blank lines. */
static const char hard[] =
    "id,text,n\n1,\"one\n2,fake,0\n\",1\n2,\"a \"\"b\"\"\n\",2\n\n3,short\n4,\"x\"y,4\n"
    "5,\"4,fake,0\n5,fake,0\n6,fake,0\n\",5\r\n6,,\n7,\"\",7\n8,never \"mind,8\n9,last,9";

static struct assay_source *open_text(const char *data, size_t size)
{
    struct assay_source *source = NULL;
    struct assay_error err = {0};
    assert_int_equal(assay_source_open_memory(data, size, "t", NULL, &source, &err), ASSAY_OK);
    return source;
}

/* Read one range; its records go to text, its rejections to rejected. */
static void read_range(const char *data, size_t size, const struct assay_csv_head *head,
                       struct assay_csv_range *range, struct assay_buf *text, uint64_t *lines)
{
    ASSAY_AUTO(assay_reader_close) struct assay_reader *reader = NULL;
    struct assay_error err = {0};
    const struct assay_csv_part part = {.begin = range->begin, .end = range->end};
    assert_int_equal(assay_csv_reader_open(open_text(data, size), head, NULL, &part, &reader, &err),
                     ASSAY_OK);
    assay_buf_clear(text);
    assert_int_equal(append_records(reader, text, *lines, &err), ASSAY_OK);
    append_rejections(reader, text, *lines);
    range->stop = assay_csv_reader_stop(reader);
    *lines += reader->lines_read;
}

/* Read all ranges, verify, read again what was wrong, until the chain is whole. The records in
 * order. */
static size_t read_chain(const char *data, size_t size, const struct assay_csv_head *head,
                         struct assay_csv_range *ranges, size_t count, struct assay_buf *records)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    size_t again = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t lines = 0;
        read_range(data, size, head, &ranges[i], &text, &lines);
    }
    for (size_t wrong; (wrong = assay_csv_ranges_verify(ranges, count)) < count; again++) {
        uint64_t lines = 0;
        read_range(data, size, head, &ranges[wrong], &text, &lines);
        assert_true(again <= count);
    }
    uint64_t lines = 0;
    for (size_t i = 0; i < count; i++) {
        read_range(data, size, head, &ranges[i], &text, &lines);
        assay_buf_append(records, text.data, text.size);
    }
    return again;
}

/* Records first, rejections behind them, so that the order of both can be compared whatever the
 * cuts. */
static void sort_rejections(struct assay_buf *text)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf rejected = {0}, kept = {0};
    for (const char *at = assay_buf_str(text), *end; *at; at = end) {
        const char *newline = strchr(at, '\n');
        end = newline ? newline + 1 : at + strlen(at);
        assay_buf_append(*at == '!' ? &rejected : &kept, at, (size_t)(end - at));
    }
    assay_buf_clear(text);
    assay_buf_text(text, assay_buf_str(&kept));
    assay_buf_text(text, assay_buf_str(&rejected));
}

static void every_cut(void **unused)
{
    (void)unused;
    const size_t size = sizeof hard - 1;
    ASSAY_AUTO(assay_csv_head_free) struct assay_csv_head *head = NULL;
    ASSAY_AUTO(assay_json_decref)
    json_t *options = json_loads("{\"delimiter\": \",\", \"header\": true}", 0, NULL);
    ASSAY_AUTO(assay_source_close) struct assay_source *source = open_text(hard, size);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf whole = {0};
    struct assay_error err = {0};
    assert_int_equal(assay_csv_head_read(source, options, &head, &err), ASSAY_OK);
    struct assay_csv_range all = {.begin = head->data_begin, .end = size};
    (void)read_chain(hard, size, head, &all, 1, &whole);
    sort_rejections(&whole);
    size_t again = 0;
    for (uint64_t a = head->data_begin + 1; a < size; a++) {
        for (uint64_t b = a; b < size; b += 3) {
            struct assay_csv_range ranges[] = {{.begin = head->data_begin, .end = a},
                                               {.begin = a, .end = b},
                                               {.begin = b, .end = size}};
            ASSAY_SCOPED(assay_buf_release) struct assay_buf records = {0};
            again += read_chain(hard, size, head, ranges, 3, &records);
            sort_rejections(&records);
            assert_string_equal(assay_buf_str(&records), assay_buf_str(&whole));
        }
    }
    assert_true(again > 0); /* most cuts are wrong ones, and were found */
}

/* 3,000 records of which a third hold newlines within quotes: guesses are right, and the chain
 * proves it. */
static void make_file(struct assay_buf *data)
{
    uint64_t random = 7;
    assay_buf_text(data, "id,name,note\n");
    for (int i = 0; i < 3000; i++) {
        assay_buf_printf(data, "%d,name %d,", i, i);
        const uint64_t kind = next_random(&random) % 3;
        assay_buf_printf(data,
                         kind == 0   ? "\"line\n%d,fake,\"\"note\"\"\nend\"\n"
                         : kind == 1 ? "plain %d\n"
                                     : "\"quoted, %d\"\n",
                         i);
    }
}

static void guesses_and_proofs(void **unused)
{
    (void)unused;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf data = {0}, whole = {0};
    ASSAY_AUTO(assay_csv_head_free) struct assay_csv_head *head = NULL;
    struct assay_error err = {0};
    make_file(&data);
    ASSAY_AUTO(assay_source_close) struct assay_source *source = open_text(data.data, data.size);
    assert_int_equal(assay_csv_head_read(source, NULL, &head, &err), ASSAY_OK);
    struct assay_csv_range all = {.begin = head->data_begin, .end = data.size};
    (void)read_chain(data.data, data.size, head, &all, 1, &whole);
    for (size_t wanted = 1; wanted <= 64; wanted *= 2) {
        struct assay_csv_range planned[64], proved[64];
        ASSAY_SCOPED(assay_buf_release) struct assay_buf records = {0};
        size_t count, exact;
        assert_int_equal(assay_csv_ranges_plan(source, head, wanted, 100, planned, &count, &err),
                         ASSAY_OK);
        assert_int_equal(count, wanted);
        assert_int_equal(read_chain(data.data, data.size, head, planned, count, &records), 0);
        assert_string_equal(assay_buf_str(&records), assay_buf_str(&whole));
        assert_int_equal(assay_csv_ranges_exact(source, head, wanted, 100, proved, &exact, &err),
                         ASSAY_OK);
        assert_int_equal(exact, wanted);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(planned[i].begin, proved[i].begin);
            assert_int_equal(planned[i].end, proved[i].end);
        }
    }
}

static void small_files_are_one_range(void **unused)
{
    (void)unused;
    static const char *const files[] = {"", "a,b\n", "a,b\n1,2\n", "a"};
    for (size_t i = 0; i < ASSAY_COUNT(files); i++) {
        ASSAY_AUTO(assay_csv_head_free) struct assay_csv_head *head = NULL;
        ASSAY_AUTO(assay_source_close)
        struct assay_source *source = open_text(files[i], strlen(files[i]));
        struct assay_csv_range ranges[8];
        struct assay_error err = {0};
        size_t count;
        assert_int_equal(assay_csv_head_read(source, NULL, &head, &err), ASSAY_OK);
        assert_int_equal(assay_csv_ranges_plan(source, head, 8, 1 << 20, ranges, &count, &err),
                         ASSAY_OK);
        assert_int_equal(count, 1);
        assert_int_equal(assay_csv_ranges_exact(source, head, 8, 1 << 20, ranges, &count, &err),
                         ASSAY_OK);
        assert_int_equal(count, 1);
    }
}

static void failing_memory(void **unused)
{
    (void)unused;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf data = {0};
    ASSAY_AUTO(assay_csv_head_free) struct assay_csv_head *head = NULL;
    struct assay_error err = {0};
    make_file(&data);
    ASSAY_AUTO(assay_source_close) struct assay_source *source = open_text(data.data, data.size);
    assert_int_equal(assay_csv_head_read(source, NULL, &head, &err), ASSAY_OK);
    for (int64_t nth = 1;; nth++) {
        struct assay_csv_range ranges[8];
        size_t count = 0;
        assay_error_clear(&err);
        assay_memory_fail_at(nth);
        int rc = assay_csv_ranges_plan(source, head, 3, 100, ranges, &count, &err);
        if (rc == ASSAY_OK)
            rc = assay_csv_ranges_exact(source, head, 3, 100, ranges, &count, &err);
        const bool over = assay_memory_count() < nth;
        assay_memory_fail_at(0);
        if (over)
            break;
        assert_int_equal(rc, ASSAY_NO_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut), cmocka_unit_test(guesses_and_proofs),
        cmocka_unit_test(small_files_are_one_range), cmocka_unit_test(failing_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
