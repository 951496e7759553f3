// Texts of few values: a field's counts equal those of the scan and the table without the memo.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/kernels/kernel_fixture.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "worker/executor/kernels/field_internal.h"

enum { ROWS = 64 * ASSAY_BATCH_ROWS, TEXT_ROOM = 256 };

/* The rows of a column: texts of a few kinds by their number. */
struct column {
    struct assay_text *texts;
    unsigned char *valid;
    char (*bytes)[TEXT_ROOM];
};

/* The same kernels without the memo. */
struct plain {
    struct assay_text_scan scan;
    struct assay_distinct distinct;
};

static struct column column_new(void)
{
    struct column column = {.texts = assay_calloc(ROWS, sizeof *column.texts),
                            .valid = assay_calloc(ROWS, 1),
                            .bytes = assay_calloc(ROWS, sizeof *column.bytes)};
    assert_true(column.texts && column.valid && column.bytes);
    return column;
}

static void column_free(struct column *column)
{
    assay_free(column->texts);
    assay_free(column->valid);
    assay_free(column->bytes);
}

/* Value `number` of a kind; every row has bytes of its own. */
static struct assay_text make_text(char *bytes, char kind, unsigned number)
{
    static const struct assay_text odd[] = {
        {.data = "a", .size_bytes = 1},
        {.data = "a\0", .size_bytes = 2},
        {.data = "a\0\0\0\0\0\0\0", .size_bytes = 8},
        {.data = "\0", .size_bytes = 1},
        {.data = "Z\xC3\xBCrich", .size_bytes = 7},
        {.data = "\xED\xA0\x80 and more", .size_bytes = 12},
        {.data = "1234567\xC3\xA9", .size_bytes = 9},
        {.data = "123456789012345", .size_bytes = 15},
        {.data = "1234567890123456", .size_bytes = 16},
        {.data = "12345678901234567", .size_bytes = 17},
        {.data = "123456789012345\xC3", .size_bytes = 16},
        {.data = "123456789012345\0", .size_bytes = 16},
        {.data = "\xC3", .size_bytes = 1},       /* malformed */
        {.data = "\xC2\xA0\t", .size_bytes = 3}, /* blank */
        {.data = " ", .size_bytes = 1},
        {.data = "", .size_bytes = 0},
    };
    if (kind == 'o') {
        const struct assay_text text = odd[number % ASSAY_COUNT(odd)];
        memcpy(bytes, text.data, text.size_bytes);
        return (struct assay_text){.data = bytes, .size_bytes = text.size_bytes};
    }
    /* long ones fill the room for texts */
    const char *format = kind == 'l' ? "%u and then a long text of its own that goes on for so "
                                       "long that few of its kind fit into what is kept: %0100u"
                                     : "v%u";
    const int size = snprintf(bytes, TEXT_ROOM, format, number, number);
    return (struct assay_text){.data = bytes, .size_bytes = (uint32_t)size};
}

/* A part of a stream: `values` values of a kind, one of so many rows null. */
struct part {
    char kind;
    unsigned values, null_every, batches;
};

static void fill(struct column *column, const struct part *parts, size_t parts_count)
{
    uint64_t random = 5;
    size_t row = 0;
    for (size_t p = 0; p < parts_count; p++) {
        const size_t end = row + parts[p].batches * (size_t)ASSAY_BATCH_ROWS;
        for (; row < end && row < ROWS; row++) {
            const uint64_t choice = assay_random_next(&random);
            /* low numbers are frequent, as in life */
            const unsigned number =
                (unsigned)((choice >> 8) % parts[p].values * ((choice >> 40) % parts[p].values) /
                           parts[p].values);
            column->valid[row] = !parts[p].null_every || choice % parts[p].null_every;
            column->texts[row] = make_text(column->bytes[row], parts[p].kind, number);
        }
    }
}

static struct plain plain_of(const struct assay_field_state *state)
{
    const struct assay_field_capacity *capacity = &state->capacity;
    struct plain plain = {0};
    assay_text_scan_init(&plain.scan, state->text.opaque, capacity->keep_bytes);
    assert_true(assay_distinct_init(&plain.distinct, capacity->exact, capacity->lossy,
                                    capacity->hashes, true, capacity->blobs_bytes));
    return plain;
}

static void plain_release(struct plain *plain)
{
    assay_text_scan_release(&plain->scan);
    assay_distinct_release(&plain->distinct);
}

static void plain_feed(struct plain *plain, const struct column *column, size_t from, size_t to)
{
    static struct assay_text texts[ASSAY_BATCH_ROWS];
    static uint64_t hashes[ASSAY_BATCH_ROWS];
    for (; from < to; from += ASSAY_BATCH_ROWS) {
        size_t count = 0;
        for (size_t i = from; i < to && i < from + ASSAY_BATCH_ROWS; i++) {
            if (column->valid[i])
                texts[count++] = column->texts[i];
        }
        assert_true(assay_text_scan_add(&plain->scan, texts, count, hashes));
        assert_true(assay_distinct_add_texts(&plain->distinct, hashes, texts, count));
    }
}

static void assert_same_bytes(const struct assay_buf *got, const struct assay_buf *want)
{
    assert_true(!got->failed && !want->failed);
    assert_int_equal(got->size, want->size);
    assert_memory_equal(got->data, want->data, want->size);
}

/* Scan and table, byte by byte as they would be saved. */
static void assert_same(const struct assay_field_state *state, const struct plain *plain)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf got = {0};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf want = {0};
    assay_field_settle(state);
    assay_text_scan_save(&state->text, &got);
    assay_distinct_save(&state->distinct, &got);
    assay_text_scan_save(&plain->scan, &want);
    assay_distinct_save(&plain->distinct, &want);
    assert_same_bytes(&got, &want);
}

static void feed_column(struct assay_field_state *state, const struct column *column, size_t from,
                        size_t to)
{
    const struct whole whole = {.layout = state->plan.layout,
                                .value_bytes = sizeof *column->texts,
                                .values = column->texts,
                                .valid = column->valid,
                                .rows = ROWS};
    feed(state, &whole, from, to);
}

#define PARTS_MAX 3
static const struct {
    struct part parts[PARTS_MAX];
    enum assay_layout layout;
    size_t memory_max_bytes;
    bool remembers, inexact; /* at the end */
} streams[] = {
    {{{'s', 6, 0, 64}}, ASSAY_LAYOUT_TEXT, 0, true, false},
    {{{'s', 1, 9, 64}}, ASSAY_LAYOUT_TEXT, 0, true, false},
    {{{'s', 900, 12, 64}}, ASSAY_LAYOUT_TEXT, 0, true, false},
    {{{'s', 2000, 0, 64}}, ASSAY_LAYOUT_TEXT, 0, true, false},
    {{{'o', 16, 3, 64}}, ASSAY_LAYOUT_TEXT, 0, true, false},
    {{{'o', 16, 3, 64}}, ASSAY_LAYOUT_BYTES, 0, true, false},
    {{{'s', 6, 0, 64}}, ASSAY_LAYOUT_TEXT, 100 << 10, false, false}, /* too small a table */
    {{{'l', 40, 0, 64}}, ASSAY_LAYOUT_TEXT, 0, false, false},        /* nothing to remember */
    /* texts that fill the room, among short ones */
    {{{'s', 300, 0, 20}, {'l', 1200, 0, 2}, {'s', 600, 0, 42}}, ASSAY_LAYOUT_TEXT, 0, true, false},
    /* then too many: half full, and full within a batch */
    {{{'s', 500, 0, 20}, {'s', 3500, 5, 20}, {'s', 500, 0, 24}},
     ASSAY_LAYOUT_TEXT,
     0,
     false,
     false},
    {{{'s', 500, 0, 20}, {'s', 3000000, 5, 9}, {'s', 500, 0, 35}},
     ASSAY_LAYOUT_TEXT,
     0,
     false,
     true},
    {{{'s', 3000000, 0, 64}}, ASSAY_LAYOUT_TEXT, 0, false, true},
};

static void same_as_plain(void **unused)
{
    (void)unused;
    struct column column = column_new();
    for (size_t s = 0; s < ASSAY_COUNT(streams); s++) {
        const struct assay_field_plan plan = {.layout = streams[s].layout,
                                              .seed = SEED,
                                              .memory_max_bytes = streams[s].memory_max_bytes};
        ASSAY_AUTO(assay_field_state_free) struct assay_field_state *state = state_of(&plan);
        struct plain plain = plain_of(state);
        fill(&column, streams[s].parts, PARTS_MAX);
        for (size_t from = 0; from < ROWS; from += (size_t)8 * ASSAY_BATCH_ROWS) {
            const size_t to = from + (size_t)8 * ASSAY_BATCH_ROWS;
            feed_column(state, &column, from, to);
            plain_feed(&plain, &column, from, to);
            assert_same(state, &plain);
        }
        if ((state->memo.known > 0) != streams[s].remembers ||
            assay_distinct_exact(&state->distinct) == streams[s].inexact)
            fail_msg("stream %zu: %zu known of %zu", s, (size_t)state->memo.known,
                     (size_t)state->memo.texts);
        plain_release(&plain);
    }
    column_free(&column);
}

/* Merged, saved and loaded states go on as others do. */
static void merged_and_loaded(void **unused)
{
    (void)unused;
    enum { HALF = ROWS / 2, REST = ROWS / 4 * 3 };
    struct column column = column_new();
    for (size_t s = 0; s < ASSAY_COUNT(streams); s++) {
        const struct assay_field_plan plan = {.layout = streams[s].layout,
                                              .seed = SEED,
                                              .memory_max_bytes = streams[s].memory_max_bytes};
        ASSAY_AUTO(assay_field_state_free) struct assay_field_state *left = state_of(&plan);
        ASSAY_AUTO(assay_field_state_free) struct assay_field_state *right = state_of(&plan);
        ASSAY_AUTO(assay_field_state_free) struct assay_field_state *loaded = NULL;
        ASSAY_SCOPED(assay_buf_release) struct assay_buf saved = {0};
        struct plain both = plain_of(left), other = plain_of(left);
        size_t used;
        fill(&column, streams[s].parts, PARTS_MAX);
        feed_column(left, &column, 0, HALF);
        feed_column(right, &column, HALF, REST);
        plain_feed(&both, &column, 0, HALF);
        plain_feed(&other, &column, HALF, REST);
        assert_int_equal(assay_field_state_merge(left, right, NULL), ASSAY_OK);
        assert_true(assay_text_scan_merge(&both.scan, &other.scan));
        assert_true(assay_distinct_merge(&both.distinct, &other.distinct));
        assert_same(left, &both);
        feed_column(left, &column, REST, ROWS);
        plain_feed(&both, &column, REST, ROWS);
        assert_int_equal(assay_field_state_save(left, &saved, NULL), ASSAY_OK);
        assert_int_equal(assay_field_state_load(saved.data, saved.size, &used, &loaded, NULL),
                         ASSAY_OK);
        ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *before = stats_of(left);
        ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *after = stats_of(loaded);
        assert_same(left, &both);
        assert_close(after->entropy, before->entropy, 1e-12);
        assert_int_equal(after->top_values[0].count, before->top_values[0].count);
        assert_int_equal(assay_field_state_thin(left, NULL), ASSAY_OK);
        assay_text_scan_thin(&both.scan, 2048);
        assert_true(assay_distinct_thin(&both.distinct, 256, 128, 64)); /* as field_thin.c */
        assert_same(left, &both);
        plain_release(&both);
        plain_release(&other);
    }
    column_free(&column);
}

/* Counts wait in the memo: whoever reads the figures gets all of them. */
static void settled_before_reading(void **unused)
{
    (void)unused;
    struct column column = column_new();
    const struct part part = {'s', 2, 0, 64};
    fill(&column, &part, 1);
    const struct assay_field_plan plan = {.layout = ASSAY_LAYOUT_TEXT, .seed = SEED};
    for (size_t batches = 1; batches <= 40; batches++) {
        ASSAY_AUTO(assay_field_state_free) struct assay_field_state *state = state_of(&plan);
        const size_t rows = batches * ASSAY_BATCH_ROWS;
        feed_column(state, &column, 0, rows);
        ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = stats_of(state);
        uint64_t sum = 0;
        for (size_t i = 0; i < stats->top_values_count; i++)
            sum += stats->top_values[i].count;
        assert_int_equal(sum, rows);
        assert_close(stats->mean_length, 2, 0); /* v0, v1 */
    }
    column_free(&column);
}

/* Texts that end where the memory ends. */
static void at_the_end_of_a_page(void **unused)
{
    (void)unused;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(pages != MAP_FAILED);
    assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
    struct column column = column_new();
    for (size_t i = 0; i < ROWS; i++) {
        const uint32_t size = (uint32_t)(i % 16) + 1;
        memset(pages + page - size, 'x', size);
        column.texts[i] = (struct assay_text){.data = pages + page - size, .size_bytes = size};
        column.valid[i] = true;
    }
    const struct assay_field_plan plan = {.layout = ASSAY_LAYOUT_TEXT, .seed = SEED};
    ASSAY_AUTO(assay_field_state_free) struct assay_field_state *state = state_of(&plan);
    feed_column(state, &column, 0, ROWS);
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = stats_of(state);
    assert_true(state->memo.known > 0);
    assert_close(stats->distinct, 16, 0);
    assert_close(stats->mean_length, 8.5, 1e-15);
    for (size_t i = 0; i < stats->top_values_count; i++)
        assert_int_equal(stats->top_values[i].count, ROWS / 16);
    column_free(&column);
    assert_int_equal(munmap(pages, 2 * page), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_plain),
        cmocka_unit_test(merged_and_loaded),
        cmocka_unit_test(settled_before_reading),
        cmocka_unit_test(at_the_end_of_a_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
