// Splits, merges and saved states: equal where it must be equal, close where it is estimated, safe
// with hostile bytes.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/kernels/kernel_fixture.h"

#include <stdio.h>

#define ROWS 20000

struct column_data {
    int64_t ints[ROWS];
    double reals[ROWS];
    assay_i128 wides[ROWS];
    unsigned char bools[ROWS];
    int32_t days[ROWS];
    struct assay_text texts[ROWS];
    char bytes[ROWS][16];
    unsigned char valid[ROWS];
};

static struct column_data *data;

static int make_data(void **state)
{
    (void)state;
    uint64_t random = 3;
    data = assay_calloc(1, sizeof *data);
    for (size_t i = 0; data && i < ROWS; i++) {
        const uint64_t r = assay_random_next(&random);
        data->ints[i] = i % 5 ? (int64_t)(r % 9000) - 1000 : 7;
        data->wides[i] = (assay_i128)data->ints[i] * INT64_C(1000000000000) * INT64_C(1000000000);
        data->bools[i] = r % 3 == 0;
        data->days[i] = (int32_t)(r % 9000) - 4000;
        data->reals[i] = i % 97 ? (double)(r >> 12) / 1e9 : (i % 2 ? INFINITY : NAN);
        const int size = snprintf(data->bytes[i], 16, "v%u", (unsigned)(r % (i % 3 ? 100000 : 10)));
        data->texts[i] = (struct assay_text){.data = data->bytes[i], .size_bytes = (uint32_t)size};
        data->valid[i] = r % 10 != 0;
    }
    return data ? 0 : -1;
}

static int free_data(void **state)
{
    (void)state;
    assay_free(data);
    return 0;
}

static struct whole whole_of(enum assay_layout layout)
{
    struct whole whole = {.layout = layout, .value_bytes = 8, .valid = data->valid, .rows = ROWS};
    whole.values =
        layout == ASSAY_LAYOUT_DOUBLE ? (const void *)data->reals : (const void *)data->ints;
    const struct {
        enum assay_layout layout;
        const void *values;
        size_t value_bytes;
    } others[] = {{ASSAY_LAYOUT_TEXT, data->texts, sizeof *data->texts},
                  {ASSAY_LAYOUT_DECIMAL128, data->wides, sizeof *data->wides},
                  {ASSAY_LAYOUT_BOOL, data->bools, sizeof *data->bools},
                  {ASSAY_LAYOUT_DATE, data->days, sizeof *data->days}};
    for (size_t i = 0; i < ASSAY_COUNT(others); i++) {
        if (layout == others[i].layout) {
            whole.values = others[i].values;
            whole.value_bytes = others[i].value_bytes;
        }
    }
    whole.scale = layout == ASSAY_LAYOUT_DECIMAL128 ? 21 : 0;
    return whole;
}

static const enum assay_layout layouts[] = {
    ASSAY_LAYOUT_INT64,      ASSAY_LAYOUT_DOUBLE, ASSAY_LAYOUT_TEXT, ASSAY_LAYOUT_INSTANT,
    ASSAY_LAYOUT_DECIMAL128, ASSAY_LAYOUT_BOOL,   ASSAY_LAYOUT_DATE,
};

static void same_text(struct assay_value_text a, struct assay_value_text b)
{
    assert_int_equal(a.size_bytes, b.size_bytes);
    assert_true(!a.text == !b.text && (!a.text || !memcmp(a.text, b.text, a.size_bytes)));
}

static double share_below(const struct whole *whole, double value)
{
    size_t below = 0, all = 0;
    for (size_t i = 0; i < ROWS; i++) {
        const double x = whole->layout == ASSAY_LAYOUT_DOUBLE ? data->reals[i]
                         : whole->layout == ASSAY_LAYOUT_DATE ? (double)data->days[i]
                                                              : (double)data->ints[i];
        all += data->valid[i] && isfinite(x);
        below += data->valid[i] && isfinite(x) && x < value;
    }
    return (double)below / (double)all;
}

/* What is promised to be equal for any splits and order. */
static void same_figures(const struct whole *whole, const struct assay_field_stats *a,
                         const struct assay_field_stats *b)
{
    const uint64_t counts[][2] = {
        {a->records_count, b->records_count},   {a->null_count, b->null_count},
        {a->zero_count, b->zero_count},         {a->negative_count, b->negative_count},
        {a->nan_count, b->nan_count},           {a->inf_count, b->inf_count},
        {a->empty_count, b->empty_count},       {a->min_length, b->min_length},
        {a->max_length, b->max_length},         {a->once_count, b->once_count},
        {a->sample_count, b->sample_count},     {a->granularity, b->granularity},
        {a->patterns_count, b->patterns_count},
    };
    for (size_t i = 0; i < ASSAY_COUNT(counts); i++)
        assert_int_equal(counts[i][0], counts[i][1]);
    same_text(a->min, b->min);
    same_text(a->max, b->max);
    same_text(a->sum, b->sum);
    assert_true(a->distinct == b->distinct);
    assert_close(a->mean, b->mean, 1e-15);
    assert_close(a->std_dev, b->std_dev, 1e-13);
    assert_close(a->skewness, b->skewness, 1e-11);
    assert_close(a->kurtosis, b->kurtosis, 1e-11);
    assert_close(a->entropy, b->entropy, 0.02);
    for (size_t i = 0; i < a->sample_count; i++) {
        assert_true(a->sample[i].row_hash == b->sample[i].row_hash);
        same_text(a->sample[i].value, b->sample[i].value);
    }
    if (!isnan(b->median))
        assert_true(fabs(share_below(whole, b->median) - 0.5) < 0.01 &&
                    fabs(share_below(whole, b->q3) - 0.75) < 0.01);
}

/* The frequent texts lie in their bounds, whatever was forgotten in between. */
static void top_values_hold(const struct assay_field_stats *stats)
{
    for (size_t t = 0; t < stats->top_values_count; t++) {
        const struct assay_value_count *top = &stats->top_values[t];
        uint64_t count = 0;
        for (size_t i = 0; i < ROWS; i++)
            count += data->valid[i] && data->texts[i].size_bytes == top->value.size_bytes &&
                     !memcmp(data->texts[i].data, top->value.text, top->value.size_bytes);
        if (count < top->count || count > top->count + top->error)
            fail_msg("%s: %zu is not in %zu + %zu", top->value.text, (size_t)count,
                     (size_t)top->count, (size_t)top->error);
    }
}

static void any_splits(void **state)
{
    (void)state;
    for (size_t l = 0; l < ASSAY_COUNT(layouts); l++) {
        const struct whole whole = whole_of(layouts[l]);
        ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *want = count_whole(&whole);
        for (size_t shards = 1; shards <= 64; shards = shards < 8 ? shards + 1 : shards * 2) {
            for (int backwards = 0; backwards <= 1; backwards++) {
                ASSAY_AUTO(assay_field_state_free)
                struct assay_field_state *merged = count_sharded(&whole, shards, backwards);
                ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *got = stats_of(merged);
                same_figures(&whole, want, got);
                if (layouts[l] == ASSAY_LAYOUT_TEXT) {
                    assert_true(got->top_values_count >= 9);
                    top_values_hold(got);
                }
            }
        }
    }
}

static void save(const struct assay_field_state *field, struct assay_buf *buf)
{
    assert_int_equal(assay_field_state_save(field, buf, NULL), ASSAY_OK);
}

/* Saved and loaded it goes on as if nothing had happened, and saves the same bytes. */
static void round_trip(void **state)
{
    (void)state;
    for (size_t l = 0; l < ASSAY_COUNT(layouts); l++) {
        const struct whole whole = whole_of(layouts[l]);
        static const size_t rows[] = {0, 1, 700, 6000, ROWS};
        for (size_t r = 0; r < ASSAY_COUNT(rows); r++) {
            ASSAY_SCOPED(assay_buf_release) struct assay_buf bytes = {0}, again = {0};
            ASSAY_AUTO(assay_field_state_free) struct assay_field_state *loaded = NULL;
            const struct assay_field_plan plan = {
                .layout = layouts[l], .scale = whole.scale, .seed = SEED};
            ASSAY_AUTO(assay_field_state_free) struct assay_field_state *field = state_of(&plan);
            struct assay_error err = {0};
            size_t used = 0;
            feed(field, &whole, 0, rows[r]);
            save(field, &bytes);
            assay_buf_text(&bytes, "more");
            if (assay_field_state_load(bytes.data, bytes.size, &used, &loaded, &err) != ASSAY_OK)
                fail_msg("layout %d, %zu rows: %s", (int)layouts[l], rows[r], err.text);
            assert_int_equal(used, bytes.size - 4);
            ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *want = stats_of(field);
            ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *got = stats_of(loaded);
            assert_true(want->median == got->median || isnan(want->median));
            assert_int_equal(want->top_values_count, got->top_values_count);
            same_text(want->min, got->min);
            same_text(want->sum, got->sum);
            assert_int_equal(assay_field_state_merge(loaded, field, NULL), ASSAY_OK);
            save(loaded, &again);
            assert_true(again.size > 0);
        }
    }
}

/* The same splits in the same order give the same bytes. */
static void same_bytes(void **state)
{
    (void)state;
    for (size_t l = 0; l < ASSAY_COUNT(layouts); l++) {
        const struct whole whole = whole_of(layouts[l]);
        ASSAY_SCOPED(assay_buf_release) struct assay_buf first = {0}, second = {0};
        ASSAY_AUTO(assay_field_state_free)
        struct assay_field_state *a = count_sharded(&whole, 7, false);
        ASSAY_AUTO(assay_field_state_free)
        struct assay_field_state *b = count_sharded(&whole, 7, false);
        save(a, &first);
        save(b, &second);
        assert_int_equal(first.size, second.size);
        assert_memory_equal(first.data, second.data, first.size);
    }
}

/* Write the checksum anew, so that damage reaches the parts behind it. */
static void seal(char *bytes, size_t size)
{
    const uint64_t sum = assay_hash_text(bytes + 5, size - 13);
    for (size_t i = 0; i < 8; i++)
        bytes[size - 8 + i] = (char)(sum >> (8 * i));
}

static void hostile_bytes(void **state)
{
    (void)state;
    uint64_t random = 11;
    for (size_t l = 0; l < ASSAY_COUNT(layouts); l++) {
        const struct whole whole = whole_of(layouts[l]);
        ASSAY_SCOPED(assay_buf_release) struct assay_buf good = {0};
        ASSAY_AUTO(assay_field_state_free)
        struct assay_field_state *field = count_sharded(&whole, 2, false);
        save(field, &good);
        for (size_t i = 0; i < 300; i++) {
            ASSAY_AUTO(assay_free) void *memory = assay_memdup(good.data, good.size);
            char *bytes = memory;
            size_t size = good.size, used = 0;
            struct assay_field_state *loaded = NULL;
            const size_t at = 5 + assay_random_next(&random) % (i % 2 ? 200 : size - 13);
            if (i % 3 == 0) {
                size = assay_random_next(&random) % size; /* cut short */
            } else {
                bytes[at] = (char)assay_random_next(&random);
                if (i % 3 == 1)
                    seal(bytes, size);
            }
            if (assay_field_state_load(bytes, size, &used, &loaded, NULL) == ASSAY_OK) {
                ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = NULL;
                int rc = assay_field_state_merge(loaded, field, NULL);
                if (rc == ASSAY_OK)
                    rc = assay_field_state_finish(loaded, &stats, NULL);
                assert_true(rc == ASSAY_OK || rc == ASSAY_INVALID);
            }
            assay_field_state_free(loaded);
        }
        good.data[0] = 99;
        struct assay_error err = {0};
        struct assay_field_state *loaded = NULL;
        size_t used;
        assert_int_equal(assay_field_state_load(good.data, good.size, &used, &loaded, &err),
                         ASSAY_FORMAT);
        assert_non_null(strstr(err.text, "version"));
    }
}

/* Thin states keep the counts, are small, and merge to figures within their errors. */
static void thin(void **state)
{
    (void)state;
    struct assay_error err = {0};
    for (size_t l = 0; l < ASSAY_COUNT(layouts); l++) {
        const struct whole whole = whole_of(layouts[l]);
        ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *want = count_whole(&whole);
        const struct assay_field_plan plan = {
            .layout = layouts[l], .scale = whole.scale, .seed = SEED};
        ASSAY_AUTO(assay_field_state_free) struct assay_field_state *total = state_of(&plan);
        for (size_t part = 0; part < 4; part++) {
            ASSAY_SCOPED(assay_buf_release) struct assay_buf bytes = {0};
            ASSAY_AUTO(assay_field_state_free) struct assay_field_state *field = state_of(&plan);
            ASSAY_AUTO(assay_field_state_free) struct assay_field_state *loaded = NULL;
            size_t used;
            feed(field, &whole, ROWS * part / 4, ROWS * (part + 1) / 4);
            assert_int_equal(assay_field_state_thin(field, &err), ASSAY_OK);
            save(field, &bytes);
            assert_true(bytes.size < 32 << 10);
            assert_int_equal(assay_field_state_load(bytes.data, bytes.size, &used, &loaded, &err),
                             ASSAY_OK);
            assert_int_equal(assay_field_state_merge(total, loaded, &err), ASSAY_OK);
        }
        ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *got = stats_of(total);
        assert_int_equal(got->null_count, want->null_count);
        same_text(got->min, want->min);
        same_text(got->sum, want->sum);
        assert_close(got->distinct, want->distinct, 4 * 0.008125);
        assert_true(got->sample_count >= 64 && got->sample_count <= want->sample_count);
        for (size_t i = 0; i < got->sample_count; i++)
            assert_true(got->sample[i].row_hash == want->sample[i].row_hash);
        if (!isnan(want->median))
            assert_true(fabs(share_below(&whole, got->q3) - 0.75) < 0.02);
        if (layouts[l] == ASSAY_LAYOUT_TEXT)
            top_values_hold(got);
    }
}

/* Every allocation failing in turn gives an error, no crash and no leak. */
static void out_of_memory(void **state)
{
    (void)state;
    for (size_t l = 0; l < ASSAY_COUNT(layouts); l++) {
        bool finished = false;
        for (int64_t nth = 1; !finished && nth < 400; nth += nth < 40 ? 1 : 17) {
            struct assay_field_state *field = NULL;
            struct assay_field_stats *stats = NULL;
            const struct whole whole = whole_of(layouts[l]);
            ASSAY_AUTO(assay_kernel_rows_free)
            struct assay_kernel_rows *rows = assay_kernel_rows_new();
            ASSAY_SCOPED(assay_buf_release) struct assay_buf bytes = {0};
            assay_memory_fail_at(nth);
            int rc = assay_field_state_new(
                &(struct assay_field_plan){.layout = layouts[l], .scale = whole.scale}, &field,
                NULL);
            for (size_t from = 0; rc == ASSAY_OK && from < 8192; from += 2048) {
                const struct assay_column column = {.layout = layouts[l],
                                                    .scale = whole.scale,
                                                    .values = (const char *)whole.values +
                                                              from * whole.value_bytes};
                assay_kernel_rows_set(rows, SEED, 0, from, NULL, 2048);
                rc = assay_field_state_add(field, &column, rows, NULL);
            }
            rc = rc == ASSAY_OK ? assay_field_state_finish(field, &stats, NULL) : rc;
            rc = rc == ASSAY_OK ? assay_field_state_save(field, &bytes, NULL) : rc;
            finished = assay_memory_count() < nth;
            assay_memory_fail_at(0);
            assert_true(rc == ASSAY_OK || rc == ASSAY_NO_MEMORY);
            assay_field_stats_free(stats);
            assay_field_state_free(field);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_splits), cmocka_unit_test(round_trip),
        cmocka_unit_test(same_bytes), cmocka_unit_test(hostile_bytes),
        cmocka_unit_test(thin),       cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, make_data, free_data);
}
