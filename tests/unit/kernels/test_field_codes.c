// Texts as codes: the figures of a field are those of the texts themselves.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/kernels/kernel_fixture.h"

#include <stdio.h>

#include "worker/executor/batch/dictionary.h"
#include "worker/executor/kernels/field_internal.h"

enum { ROWS = 16 * ASSAY_BATCH_ROWS, TEXT_ROOM = 64 };

static const struct assay_text odd[] = {
    {.data = "a", .size_bytes = 1},
    {.data = "", .size_bytes = 0},
    {.data = " ", .size_bytes = 1},
    {.data = "\xC2\xA0\t", .size_bytes = 3}, /* blank */
    {.data = "\xC3", .size_bytes = 1},       /* malformed */
    {.data = "a\0", .size_bytes = 2},
    {.data = "Z\xC3\xBCrich", .size_bytes = 7},
    {.data = "longer than sixteen bytes", .size_bytes = 25},
};

/* odd 0: texts "v<number>". null_every 0: none is null. */
static const struct {
    unsigned values, null_every;
    bool odd;
    enum assay_layout layout;
    unsigned leave_out;
} columns[] = {
    {1, 0, false, ASSAY_LAYOUT_TEXT, 0},    {1, 1, false, ASSAY_LAYOUT_TEXT, 0},
    {7, 3, false, ASSAY_LAYOUT_TEXT, 0},    {8, 5, true, ASSAY_LAYOUT_TEXT, 0},
    {8, 5, true, ASSAY_LAYOUT_BYTES, 0},    {4000, 9, false, ASSAY_LAYOUT_TEXT, 0},
    {50, 0, false, ASSAY_LAYOUT_TEXT, ~0U},
};

struct column {
    char bytes[ROWS][TEXT_ROOM];
    struct assay_text texts[ROWS];
    uint64_t validity[ROWS / 64];
    uint16_t codes[ROWS];
};

static void fill(struct column *column, size_t index)
{
    uint64_t random = index + 1;
    memset(column->validity, 0, sizeof column->validity);
    for (size_t i = 0; i < ROWS; i++) {
        const uint64_t choice = assay_random_next(&random);
        const unsigned number = (unsigned)(choice % columns[index].values);
        const bool valid = !columns[index].null_every || (choice >> 32) % columns[index].null_every;
        const int size = snprintf(column->bytes[i], TEXT_ROOM, "v%u", number);
        column->texts[i] = columns[index].odd ? odd[number]
                                              : (struct assay_text){.data = column->bytes[i],
                                                                    .size_bytes = (uint32_t)size};
        column->validity[i / 64] |= (uint64_t)valid << (i % 64);
    }
}

/* A text that no row has stands in the dictionary too. */
static void code(struct column *column, struct assay_dictionary *dictionary)
{
    const struct assay_text unused = text_of("zz no row has it");
    assay_dictionary_codes(dictionary, &unused, NULL, 1, column->codes);
    assay_dictionary_codes(dictionary, column->texts, column->validity, ROWS, column->codes);
}

/* Batches from `first` on, one of `step`. dictionary: NULL = as texts. */
static void add(struct assay_field_state *state, const struct column *column, size_t first,
                size_t step, const struct assay_dictionary *dictionary)
{
    struct assay_error err = {0};
    ASSAY_AUTO(assay_kernel_rows_free) struct assay_kernel_rows *rows = assay_kernel_rows_new();
    assert_non_null(rows);
    for (size_t at = first * ASSAY_BATCH_ROWS; at < ROWS; at += step * ASSAY_BATCH_ROWS) {
        const struct assay_column texts = {.layout = state->plan.layout,
                                           .values = column->texts + at,
                                           .validity = column->validity + at / 64};
        const struct assay_column codes = {
            .layout = state->plan.layout, .codes = column->codes + at, .dictionary = dictionary};
        assay_kernel_rows_set(rows, SEED, 1, at, NULL, ASSAY_BATCH_ROWS);
        assert_int_equal(assay_field_state_add(state, dictionary ? &codes : &texts, rows, &err),
                         ASSAY_OK);
    }
    assert_int_equal(assay_field_state_settle(state, &err), ASSAY_OK);
}

static struct assay_field_state *state_for(size_t index)
{
    const struct assay_field_plan plan = {
        .layout = columns[index].layout, .seed = SEED, .leave_out = columns[index].leave_out};
    return state_of(&plan);
}

static void assert_same_value(const struct assay_value_text *got,
                              const struct assay_value_text *want)
{
    assert_int_equal(!got->text, !want->text);
    assert_int_equal(got->size_bytes, want->size_bytes);
    assert_int_equal(got->cut, want->cut);
    if (want->text)
        assert_memory_equal(got->text, want->text, want->size_bytes);
}

static void assert_same_counts(const struct assay_field_stats *got,
                               const struct assay_field_stats *want)
{
    const uint64_t pairs[][2] = {
        {got->records_count, want->records_count},
        {got->null_count, want->null_count},
        {got->valid_count, want->valid_count},
        {got->empty_count, want->empty_count},
        {got->blank_count, want->blank_count},
        {got->invalid_utf8_count, want->invalid_utf8_count},
        {got->once_count, want->once_count},
        {got->min_length, want->min_length},
        {got->max_length, want->max_length},
        {got->top_values_count, want->top_values_count},
        {got->top_values_error, want->top_values_error},
        {got->patterns_count, want->patterns_count},
        {got->patterns_sampled, want->patterns_sampled},
        {got->sample_count, want->sample_count},
        {got->buckets_count, want->buckets_count},
    };
    for (size_t i = 0; i < ASSAY_COUNT(pairs); i++)
        if (pairs[i][0] != pairs[i][1])
            fail_msg("count %zu: %zu is not %zu", i, (size_t)pairs[i][0], (size_t)pairs[i][1]);
    assert_close(got->distinct, want->distinct, 0);
    assert_close(got->entropy, want->entropy, 1e-14); /* added up in the order of the table */
    assert_close(got->mean_length, want->mean_length, 0);
    assert_close(got->std_dev_length, want->std_dev_length, 0);
}

static void assert_same(const struct assay_field_state *got_state,
                        const struct assay_field_state *want_state)
{
    struct assay_error err = {0};
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *got = NULL;
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *want = NULL;
    assert_int_equal(assay_field_state_finish(got_state, &got, &err), ASSAY_OK);
    assert_int_equal(assay_field_state_finish(want_state, &want, &err), ASSAY_OK);
    assert_same_counts(got, want);
    assert_same_value(&got->min, &want->min);
    assert_same_value(&got->max, &want->max);
    for (size_t i = 0; i < want->top_values_count; i++) {
        assert_same_value(&got->top_values[i].value, &want->top_values[i].value);
        assert_int_equal(got->top_values[i].count, want->top_values[i].count);
    }
    for (size_t i = 0; i < want->sample_count; i++)
        assert_same_value(&got->sample[i].value, &want->sample[i].value);
    for (size_t i = 0; i < want->patterns_count; i++)
        assert_string_equal(got->patterns[i].pattern, want->patterns[i].pattern);
}

static void same_as_texts(void **unused)
{
    (void)unused;
    struct column *column = assay_calloc(1, sizeof *column);
    assert_non_null(column);
    for (size_t c = 0; c < ASSAY_COUNT(columns); c++) {
        struct assay_error err = {0};
        ASSAY_AUTO(assay_dictionary_free) struct assay_dictionary *dictionary = NULL;
        ASSAY_AUTO(assay_field_state_free) struct assay_field_state *coded = state_for(c);
        ASSAY_AUTO(assay_field_state_free) struct assay_field_state *texts = state_for(c);
        ASSAY_AUTO(assay_field_state_free) struct assay_field_state *other = state_for(c);
        assert_int_equal(assay_dictionary_new(&dictionary, &err), ASSAY_OK);
        fill(column, c);
        code(column, dictionary);
        add(coded, column, 0, 2, dictionary);
        add(texts, column, 0, 2, NULL);
        assert_same(coded, texts);
        /* the other half as another thread's, merged */
        add(other, column, 1, 2, dictionary);
        assert_int_equal(assay_field_state_merge(coded, other, &err), ASSAY_OK);
        assay_field_state_free(ASSAY_TAKE(other));
        other = state_for(c);
        add(other, column, 1, 2, NULL);
        assert_int_equal(assay_field_state_merge(texts, other, &err), ASSAY_OK);
        assert_same(coded, texts);
    }
    assay_free(column);
}

/* Counts settle before they overflow, and never mix dictionaries. */
static void limits(void **unused)
{
    (void)unused;
    struct assay_error err = {0};
    static uint16_t codes[ASSAY_BATCH_ROWS];
    ASSAY_AUTO(assay_dictionary_free) struct assay_dictionary *dictionary = NULL, *second = NULL;
    ASSAY_AUTO(assay_field_state_free) struct assay_field_state *state = state_for(0);
    ASSAY_AUTO(assay_kernel_rows_free) struct assay_kernel_rows *rows = assay_kernel_rows_new();
    const struct assay_text text = text_of("é");
    assert_int_equal(assay_dictionary_new(&dictionary, &err), ASSAY_OK);
    assay_dictionary_codes(dictionary, &text, NULL, 1, codes);
    for (size_t i = 1; i < ASSAY_BATCH_ROWS; i++)
        codes[i] = i % 2 ? codes[0] : ASSAY_CODE_NULL;
    struct assay_column column = {
        .layout = ASSAY_LAYOUT_TEXT, .codes = codes, .dictionary = dictionary};
    assay_kernel_rows_set(rows, SEED, 1, 0, NULL, ASSAY_BATCH_ROWS);
    assert_int_equal(assay_field_state_add(state, &column, rows, &err), ASSAY_OK);
    state->codes.counts[codes[0]] = UINT32_MAX - 5; /* as if so many had come */
    state->codes.records = UINT32_MAX - 5;
    assert_int_equal(assay_field_state_add(state, &column, rows, &err), ASSAY_OK);
    assert_int_equal(state->codes.counts[codes[0]], 1 + ASSAY_BATCH_ROWS / 2);
    column.dictionary = second;
    assert_int_equal(assay_field_state_add(state, &column, rows, &err), ASSAY_INVALID);
    assert_int_equal(assay_field_state_settle(state, &err), ASSAY_OK);
    assert_int_equal(state->distinct.count, UINT32_MAX - 5 + UINT64_C(1) + ASSAY_BATCH_ROWS / 2);
    assert_int_equal(state->text.lengths.count, state->distinct.count);
    assert_int_equal((uint64_t)state->text.lengths.sum, state->distinct.count);
    assert_int_equal((uint64_t)state->text.lengths.squares, state->distinct.count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_texts),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
