// A field's statistics: hand-computed figures for every layout, merges, saved states, hostile
// bytes.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/kernels/kernel_fixture.h"
#include "worker/executor/batch/special.h"

static void integers(void **state)
{
    (void)state;
    static const int64_t values[] = {5, 0, -3, 5, 9, 2, 77, 5};
    static const unsigned char valid[] = {1, 1, 1, 1, 1, 1, 0, 1};
    const struct whole whole = {.layout = ASSAY_LAYOUT_INT64,
                                .value_bytes = 8,
                                .values = values,
                                .valid = valid,
                                .rows = 8};
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = count_whole(&whole);
    assert_int_equal(stats->type, ASSAY_TYPE_INTEGRAL);
    assert_int_equal(stats->records_count, 8);
    assert_int_equal(stats->null_count, 1);
    assert_int_equal(stats->zero_count, 1);
    assert_int_equal(stats->negative_count, 1);
    assert_close(stats->completeness, 7.0 / 8, 1e-15);
    assert_text(stats->min, "-3");
    assert_text(stats->max, "9");
    assert_text(stats->sum, "23");
    assert_close(stats->mean, 23.0 / 7, 1e-15);
    assert_close(stats->std_dev, 3.946064947695181, 1e-14); /* numpy, ddof = 1 */
    assert_close(stats->skewness, -0.24681586158714355, 1e-12);
    assert_close(stats->kurtosis, -0.7766602137867182, 1e-12);
    assert_int_equal((int)stats->distinct, 5);
    assert_int_equal(stats->distinct_method, ASSAY_METHOD_EXACT);
    assert_close(stats->unique_distinct_ratio, 4.0 / 5, 1e-15);
    assert_close(stats->entropy, 1.475076311054695, 1e-14); /* −3/7·ln 3/7 − 4·1/7·ln 1/7 */
    /* sorted: −3 0 2 5 5 5 9; type 7 */
    assert_close(stats->q1, 1, 1e-15);
    assert_close(stats->median, 5, 1e-15);
    assert_close(stats->q3, 5, 1e-15);
    assert_close(stats->q01, -3 + 0.06 * 3, 1e-14);
    assert_close(stats->q99, 5 + 0.94 * 4, 1e-14);
    assert_true(stats->quantile_rank_error == 0);
    assert_int_equal(stats->top_values_count, 5);
    assert_text(stats->top_values[0].value, "5");
    assert_int_equal(stats->top_values[0].count, 3);
    assert_text(stats->top_values[1].value, "-3"); /* of equal counts the lesser value first */
    assert_true(stats->all_values && stats->top_values_error == 0);
    assert_int_equal(stats->buckets_count, 5);
    assert_text(stats->buckets[4].value, "9");
    assert_false(stats->has_lengths);
    assert_int_equal(stats->is_not_normal, -1);
    assert_int_equal(stats->sample_count, 7);
}

static void doubles(void **state)
{
    (void)state;
    static const double values[] = {1.5, NAN, -0.0, 0.0, INFINITY, -NAN, 2.25, -INFINITY, 1.5};
    const struct whole whole = {
        .layout = ASSAY_LAYOUT_DOUBLE, .value_bytes = 8, .values = values, .rows = 9};
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = count_whole(&whole);
    assert_int_equal(stats->nan_count, 2);
    assert_int_equal(stats->inf_count, 2);
    assert_int_equal(stats->zero_count, 2);
    assert_int_equal(stats->negative_count, 1); /* −inf; −0.0 is no negative number */
    assert_true(stats->completeness == 1);
    assert_text(stats->min, "-Infinity");
    assert_text(stats->max, "Infinity");
    assert_text(stats->sum, "5.25");
    assert_int_equal(stats->moments_count, 5);
    assert_close(stats->mean, 1.05, 1e-15);
    assert_close(stats->median, 1.5, 1e-15);
    assert_int_equal((int)stats->distinct, 6); /* 1.5, NaN, 0, inf, −inf, 2.25 */
    assert_int_equal(stats->buckets_count, 3); /* neither NaN nor infinities */
    assert_text(stats->buckets[0].value, "0.0");
    assert_int_equal(stats->buckets[0].count, 2);
    assert_text(stats->top_values[0].value, "0.0");
}

static void all_nan(void **state)
{
    (void)state;
    static const double values[] = {NAN, NAN, NAN};
    const struct whole whole = {
        .layout = ASSAY_LAYOUT_DOUBLE, .value_bytes = 8, .values = values, .rows = 3};
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = count_whole(&whole);
    assert_text(stats->min, NULL);
    assert_text(stats->sum, NULL);
    assert_true(isnan(stats->mean) && isnan(stats->median));
    assert_int_equal((int)stats->distinct, 1);
    assert_text(stats->top_values[0].value, "NaN");
    assert_int_equal(stats->buckets_count, 0);
}

static void floats(void **state)
{
    (void)state;
    static const float values[] = {0.1F, 0.2F, 0.1F};
    const struct whole whole = {
        .layout = ASSAY_LAYOUT_FLOAT, .value_bytes = 4, .values = values, .rows = 3};
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = count_whole(&whole);
    assert_text(stats->min, "0.1");
    assert_text(stats->max, "0.2");
    assert_text(stats->top_values[0].value, "0.1");
    assert_int_equal((int)stats->distinct, 2);
}

static void decimals(void **state)
{
    (void)state;
    static const int64_t values[] = {1050, -25, 1050, 0};
    const struct whole whole = {.layout = ASSAY_LAYOUT_DECIMAL64,
                                .scale = 2,
                                .value_bytes = 8,
                                .values = values,
                                .rows = 4};
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = count_whole(&whole);
    assert_int_equal(stats->type, ASSAY_TYPE_FRACTIONAL);
    assert_text(stats->min, "-0.25");
    assert_text(stats->max, "10.50");
    assert_text(stats->sum, "20.75");
    assert_close(stats->mean, 5.1875, 1e-15);
    assert_close(stats->median, 5.25, 1e-15);
    assert_close(stats->std_dev, 6.135195595904014, 1e-14); /* statistics.stdev */
    assert_text(stats->buckets[1].value, "0.00");
}

/* 38 digits: 99…9, its negative, and one less. */
static void wide_decimals(void **state)
{
    (void)state;
    assay_i128 most;
    static const char digits[] = "99999999999999999999999999999999999999";
    assert_true(assay_parse_i128(digits, 38, &most));
    const assay_i128 values[] = {most, -most, most - 1, most};
    const struct whole whole = {.layout = ASSAY_LAYOUT_DECIMAL128,
                                .scale = 10,
                                .value_bytes = 16,
                                .values = values,
                                .rows = 4};
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = count_whole(&whole);
    assert_text(stats->max, "9999999999999999999999999999.9999999999");
    assert_text(stats->min, "-9999999999999999999999999999.9999999999");
    assert_text(stats->sum, "19999999999999999999999999999.9999999997");
    assert_int_equal((int)stats->distinct, 3);
    assert_text(stats->top_values[0].value, "9999999999999999999999999999.9999999999");
    assert_text(stats->top_values[2].value, "9999999999999999999999999999.9999999998");
    assert_close(stats->mean, 5e27, 1e-15);
}

/* NaN and infinities of both widths: 0.50, 2.25, 2.25, -1.00 are the numbers; all figures of these
 * worked out by hand, as doubles() has them of doubles. */
static void special_decimals(void **state)
{
    (void)state;
    static const int64_t narrow[] = {ASSAY_DECIMAL64_NAN, 50,  225,  ASSAY_DECIMAL64_INFINITY,
                                     ASSAY_DECIMAL64_NAN, 225, -100, -ASSAY_DECIMAL64_INFINITY};
    const assay_i128 wide[] = {ASSAY_DECIMAL128_NAN, 50,  225,  ASSAY_DECIMAL128_INFINITY,
                               ASSAY_DECIMAL128_NAN, 225, -100, -ASSAY_DECIMAL128_INFINITY};
    const struct whole both[] = {
        {.layout = ASSAY_LAYOUT_DECIMAL64, .scale = 2, .value_bytes = 8, .values = narrow},
        {.layout = ASSAY_LAYOUT_DECIMAL128, .scale = 2, .value_bytes = 16, .values = wide},
    };
    for (size_t i = 0; i < 2; i++) {
        struct whole whole = both[i];
        whole.rows = 8;
        ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = count_whole(&whole);
        assert_int_equal(stats->null_count, 0);
        assert_int_equal(stats->nan_count, 2);
        assert_int_equal(stats->inf_count, 2);
        assert_int_equal(stats->negative_count, 2);
        assert_text(stats->min, "-Infinity");
        assert_text(stats->max, "Infinity");
        assert_true(stats->min_number == -INFINITY && stats->max_number == INFINITY);
        assert_text(stats->sum, "4.00");
        assert_int_equal(stats->moments_count, 4);
        assert_close(stats->mean, 1, 1e-15);
        assert_close(stats->median, 1.375, 1e-15);
        assert_int_equal((int)stats->distinct, 6);
        assert_int_equal(stats->buckets_count, 3);
        assert_text(stats->buckets[0].value, "-1.00");
        assert_text(stats->top_values[0].value, "2.25");
        assert_text(stats->top_values[1].value, "NaN");
        assert_int_equal(stats->top_values[1].count, 2);
        assert_int_equal(stats->top_values_count, 6);
    }
}

/* Nothing but NaN; and one NaN among so many numbers that only sketches hold them, the last value
 * that the table of values has room for. */
static void special_decimals_among_many(void **state)
{
    (void)state;
    enum { ROWS = 10000 };
    static int64_t values[ROWS];
    for (int i = 0; i < ROWS; i++)
        values[i] = i;
    values[ASSAY_FIELD_EXACT_VALUES] = ASSAY_DECIMAL64_NAN;
    values[ROWS - 1] = -ASSAY_DECIMAL64_INFINITY;
    struct whole whole = {.layout = ASSAY_LAYOUT_DECIMAL64,
                          .scale = 1,
                          .value_bytes = 8,
                          .values = values,
                          .rows = ROWS};
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = count_whole(&whole);
    assert_int_equal(stats->nan_count, 1);
    assert_int_equal(stats->inf_count, 1);
    assert_text(stats->max, "999.8");
    assert_text(stats->min, "-Infinity");
    assert_text(stats->sum, "4998090.5"); /* (0 + … + 9,998 − 4,096) / 10 */
    assert_close(stats->median, 500, 0.02);
    uint64_t in_buckets = 0;
    for (size_t i = 0; i < stats->buckets_count; i++) {
        assert_true(isfinite(stats->buckets[i].from_number) && stats->buckets[i].from_number >= 0);
        in_buckets += stats->buckets[i].count;
    }
    assert_int_equal(in_buckets, ROWS - 2);
    ASSAY_AUTO(assay_field_state_free)
    struct assay_field_state *merged = count_sharded(&whole, 3, true);
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *again = NULL;
    assert_int_equal(assay_field_state_finish(merged, &again, NULL), ASSAY_OK);
    assert_int_equal(again->nan_count + again->inf_count, 2);
    assert_text(again->min, "-Infinity");
    assert_text(again->max, "999.8");
    assert_text(again->sum, "4998090.5");
    assert_close(again->median, 500, 0.02);
    static const int64_t none[] = {ASSAY_DECIMAL64_NAN, ASSAY_DECIMAL64_NAN};
    whole.values = none;
    whole.rows = 2;
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *empty = count_whole(&whole);
    assert_text(empty->min, NULL);
    assert_text(empty->sum, NULL);
    assert_int_equal(empty->null_count, 0);
    assert_int_equal(empty->buckets_count, 0);
    assert_int_equal((int)empty->distinct, 1);
}

static void texts(void **state)
{
    (void)state;
    const struct assay_text values[] = {
        text_of("b"),
        text_of(""),
        text_of(" \t"),
        text_of("\xC3\xA9t\xC3\xA9"), /* été */
        text_of("AB-1234"),
        text_of("\xFF"
                "x"),
        text_of("AB-1234"),
        text_of("XY-0001"),
        text_of("\xE2\x80\x83"), /* em space */
    };
    const struct whole whole = {
        .layout = ASSAY_LAYOUT_TEXT, .value_bytes = sizeof *values, .values = values, .rows = 9};
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = count_whole(&whole);
    assert_int_equal(stats->empty_count, 1);
    assert_int_equal(stats->blank_count, 2);
    assert_int_equal(stats->invalid_utf8_count, 1);
    assert_int_equal(stats->min_length, 0);
    assert_int_equal(stats->max_length, 7);
    assert_close(stats->mean_length, (1 + 0 + 2 + 3 + 7 + 2 + 7 + 7 + 1) / 9.0, 1e-15);
    assert_text(stats->min, "");
    assert_text(stats->max, "\xFF"
                            "x");
    assert_int_equal((int)stats->distinct, 8);
    assert_text(stats->top_values[0].value, "AB-1234");
    assert_int_equal(stats->top_values[0].count, 2);
    assert_string_equal(stats->patterns[0].pattern, "A{2}-9{4}");
    assert_int_equal(stats->patterns[0].count, 3);
    assert_int_equal(stats->patterns_sampled, 9);
    assert_true(isnan(stats->mean) && stats->sum.text == NULL);
    assert_int_equal(stats->buckets_count, 8);
}

static void bytes(void **state)
{
    (void)state;
    const struct assay_text values[] = {{.data = "\x00\xFF", .size_bytes = 2}, text_of("a")};
    const struct whole whole = {
        .layout = ASSAY_LAYOUT_BYTES, .value_bytes = sizeof *values, .values = values, .rows = 2};
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = count_whole(&whole);
    assert_text(stats->min, "00ff");
    assert_text(stats->max, "61");
    assert_int_equal(stats->invalid_utf8_count, 0);
    assert_int_equal(stats->patterns_count, 0);
}

static void booleans(void **state)
{
    (void)state;
    static const uint8_t values[] = {1, 0, 1, 1};
    static const unsigned char valid[] = {1, 1, 0, 1};
    const struct whole whole = {
        .layout = ASSAY_LAYOUT_BOOL, .value_bytes = 1, .values = values, .valid = valid, .rows = 4};
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = count_whole(&whole);
    assert_text(stats->min, "false");
    assert_text(stats->max, "true");
    assert_int_equal((int)stats->distinct, 2);
    assert_text(stats->top_values[0].value, "true");
    assert_int_equal(stats->top_values[0].count, 2);
    assert_true(isnan(stats->mean));
}

static void dates(void **state)
{
    (void)state;
    /* 2024-02-29, 0001-01-01, 9999-12-31 */
    static const int32_t values[] = {19782, -719162, 2932896};
    const struct whole whole = {
        .layout = ASSAY_LAYOUT_DATE, .value_bytes = 4, .values = values, .rows = 3};
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = count_whole(&whole);
    assert_text(stats->min, "0001-01-01");
    assert_text(stats->max, "9999-12-31");
    assert_int_equal(stats->granularity, ASSAY_GRANULARITY_DAY);
    assert_int_equal(stats->zero_count + stats->negative_count, 0);
    assert_true(isnan(stats->mean));
    assert_close(stats->median, 19782, 1e-15);
}

/* Infinity has neither a day of the week nor of the month. */
static void infinite_dates(void **state)
{
    (void)state;
    /* 2024-01-01, 2024-02-01, 2024-03-01 */
    static const int32_t values[] = {19723, ASSAY_DATE_INFINITY, 19754, 19783,
                                     -ASSAY_DATE_INFINITY};
    const struct whole whole = {
        .layout = ASSAY_LAYOUT_DATE, .value_bytes = 4, .values = values, .rows = 5};
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = count_whole(&whole);
    assert_text(stats->min, "-infinity");
    assert_text(stats->max, "infinity");
    assert_int_equal(stats->granularity, ASSAY_GRANULARITY_MONTH);
}

static void instants(void **state)
{
    (void)state;
    static const int64_t values[] = {0, 1500000, -1000000};
    const struct whole instant = {
        .layout = ASSAY_LAYOUT_INSTANT, .value_bytes = 8, .values = values, .rows = 3};
    const struct whole timestamp = {
        .layout = ASSAY_LAYOUT_TIMESTAMP, .value_bytes = 8, .values = values, .rows = 1};
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *with_zone = count_whole(&instant);
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *without = count_whole(&timestamp);
    assert_text(with_zone->min, "1969-12-31T23:59:59Z");
    assert_text(with_zone->max, "1970-01-01T00:00:01.5Z");
    assert_int_equal(with_zone->granularity, ASSAY_GRANULARITY_MILLISECOND);
    assert_text(without->min, "1970-01-01T00:00:00");
    assert_int_equal(without->granularity, ASSAY_GRANULARITY_DAY);
}

static void lists(void **state)
{
    (void)state;
    struct assay_error err = {0};
    static const int64_t elements[] = {1, 2, 3, 4, 5};
    static const struct assay_list values[] = {{0, 2}, {2, 0}, {9, 9}, {2, 3}};
    static const uint64_t validity[] = {0xB}, element_validity[] = {0x1E};
    const struct assay_column child = {
        .layout = ASSAY_LAYOUT_INT64, .validity = element_validity, .values = elements};
    const struct assay_column column = {.layout = ASSAY_LAYOUT_LIST,
                                        .validity = validity,
                                        .values = values,
                                        .child = &child,
                                        .child_rows = 5};
    ASSAY_AUTO(assay_kernel_rows_free) struct assay_kernel_rows *rows = assay_kernel_rows_new();
    ASSAY_AUTO(assay_field_state_free)
    struct assay_field_state *list =
        state_of(&(struct assay_field_plan){.layout = ASSAY_LAYOUT_LIST, .seed = SEED});
    assay_kernel_rows_set(rows, SEED, 0, 0, NULL, 4);
    assert_int_equal(assay_field_state_add(list, &column, rows, &err), ASSAY_OK);
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = stats_of(list);
    assert_int_equal(stats->null_count, 1);
    assert_int_equal(stats->min_length, 0);
    assert_int_equal(stats->max_length, 3);
    assert_close(stats->mean_length, 5.0 / 3, 1e-15);
    assert_non_null(stats->elements);
    assert_int_equal(stats->elements->records_count, 5);
    assert_int_equal(stats->elements->null_count, 1);
    assert_text(stats->elements->sum, "14");
    /* a list that ends behind its values is refused */
    const struct assay_column damaged = {
        .layout = ASSAY_LAYOUT_LIST, .values = values, .child = &child, .child_rows = 5};
    assert_int_equal(assay_field_state_add(list, &damaged, rows, &err), ASSAY_INVALID);
}

static void nothing(void **state)
{
    (void)state;
    static const enum assay_layout layouts[] = {
        ASSAY_LAYOUT_NULL,   ASSAY_LAYOUT_BOOL, ASSAY_LAYOUT_INT64,   ASSAY_LAYOUT_INT128,
        ASSAY_LAYOUT_DOUBLE, ASSAY_LAYOUT_TEXT, ASSAY_LAYOUT_INSTANT, ASSAY_LAYOUT_LIST};
    const struct assay_column nulls = {.layout = ASSAY_LAYOUT_NULL};
    for (size_t i = 0; i < ASSAY_COUNT(layouts); i++) {
        for (size_t records = 0; records <= 1; records++) {
            ASSAY_AUTO(assay_kernel_rows_free)
            struct assay_kernel_rows *rows = assay_kernel_rows_new();
            ASSAY_AUTO(assay_field_state_free)
            struct assay_field_state *field =
                state_of(&(struct assay_field_plan){.layout = layouts[i]});
            assay_kernel_rows_set(rows, SEED, 0, 0, NULL, records);
            assert_int_equal(assay_field_state_add(field, &nulls, rows, NULL), ASSAY_OK);
            ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = stats_of(field);
            assert_int_equal(stats->null_count, records);
            assert_text(stats->min, NULL);
            assert_true(isnan(stats->mean) && isnan(stats->median) && isnan(stats->entropy));
            assert_true(records ? stats->completeness == 0 : isnan(stats->completeness));
            assert_int_equal(stats->buckets_count + stats->top_values_count + stats->sample_count,
                             0);
            assert_false(stats->has_lengths);
        }
    }
}

static void refused(void **state)
{
    (void)state;
    struct assay_error err = {0};
    struct assay_field_state *none = NULL;
    const struct assay_field_plan cell = {.layout = ASSAY_LAYOUT_CELL},
                                  other = {.layout = ASSAY_LAYOUT_TEXT};
    assert_int_equal(assay_field_state_new(&cell, &none, &err), ASSAY_INVALID);
    ASSAY_AUTO(assay_kernel_rows_free) struct assay_kernel_rows *rows = assay_kernel_rows_new();
    ASSAY_AUTO(assay_field_state_free)
    struct assay_field_state *a =
        state_of(&(struct assay_field_plan){.layout = ASSAY_LAYOUT_INT64});
    ASSAY_AUTO(assay_field_state_free) struct assay_field_state *b = state_of(&other);
    assert_int_equal(assay_field_state_merge(a, b, NULL), ASSAY_INVALID);
    assay_kernel_rows_set(rows, SEED, 0, 0, NULL, 1);
    const struct assay_column column = {.layout = ASSAY_LAYOUT_DOUBLE, .values = &(double){1}};
    assert_int_equal(assay_field_state_add(a, &column, rows, NULL), ASSAY_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),
        cmocka_unit_test(doubles),
        cmocka_unit_test(all_nan),
        cmocka_unit_test(floats),
        cmocka_unit_test(decimals),
        cmocka_unit_test(wide_decimals),
        cmocka_unit_test(special_decimals),
        cmocka_unit_test(special_decimals_among_many),
        cmocka_unit_test(texts),
        cmocka_unit_test(bytes),
        cmocka_unit_test(booleans),
        cmocka_unit_test(dates),
        cmocka_unit_test(infinite_dates),
        cmocka_unit_test(instants),
        cmocka_unit_test(lists),
        cmocka_unit_test(nothing),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
