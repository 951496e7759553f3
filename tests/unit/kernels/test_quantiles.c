// Quantiles of a field: exact from the table of values while there are few of them, by sketch
// beyond, and over the border between both by counting, merging, saving and thinning.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/kernels/kernel_fixture.h"
#include "worker/executor/kernels/quantile.h"

#define ROWS 120000

static int compare_doubles(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

/* Type 7 of Hyndman and Fan (1996) over all finite values: what NumPy's percentile gives. */
static double type7(const double *sorted, size_t n, double q)
{
    const double h = (double)(n - 1) * q, low = floor(h);
    const size_t at = (size_t)low;
    return at + 1 < n ? sorted[at] + (h - low) * (sorted[at + 1] - sorted[at]) : sorted[at];
}

/* The share of values below and up to `value`. */
static void ranks_of(const double *sorted, size_t n, double value, double *ret_low,
                     double *ret_high)
{
    size_t below = 0, up_to = 0;
    for (size_t i = 0; i < n; i++) {
        below += sorted[i] < value;
        up_to += sorted[i] <= value;
    }
    *ret_low = (double)below / (double)n;
    *ret_high = (double)up_to / (double)n;
}

static void check(const struct assay_field_state *state, const double *sorted, size_t n, bool exact)
{
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = stats_of(state);
    const double got[] = {stats->q1, stats->median, stats->q3}, asked[] = {0.25, 0.5, 0.75};
    assert_int_equal(stats->quantile_method, exact ? ASSAY_METHOD_EXACT : ASSAY_METHOD_SKETCH);
    for (size_t i = 0; i < ASSAY_COUNT(asked); i++) {
        double low, high;
        if (exact) {
            assert_close(got[i], type7(sorted, n, asked[i]), 1e-15);
            continue;
        }
        ranks_of(sorted, n, got[i], &low, &high);
        assert_true(low <= asked[i] + ASSAY_QUANTILE_RANK_ERROR);
        assert_true(high >= asked[i] - ASSAY_QUANTILE_RANK_ERROR);
    }
}

/* Save and load, then thin: few values stay exact, more go to the sketch. */
static void check_copies(struct assay_field_state *state, const double *sorted, size_t n,
                         bool exact)
{
    size_t used;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf buf = {0};
    ASSAY_AUTO(assay_field_state_free) struct assay_field_state *loaded = NULL;
    assert_int_equal(assay_field_state_save(state, &buf, NULL), ASSAY_OK);
    assert_int_equal(assay_field_state_load(buf.data, buf.size, &used, &loaded, NULL), ASSAY_OK);
    check(loaded, sorted, n, exact);
    assert_int_equal(assay_field_state_merge(loaded, state, NULL), ASSAY_OK);
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *twice = stats_of(loaded);
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *once = stats_of(state);
    if (exact)
        assert_close(twice->q1, once->q1, 1e-3);
    assert_int_equal(assay_field_state_thin(loaded, NULL), ASSAY_OK);
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *thin = stats_of(loaded);
    double low, high;
    ranks_of(sorted, n, thin->median, &low, &high);
    assert_true(low <= 0.52 && high >= 0.48);
}

/* Small values are more frequent; every 1,000th NaN, infinite, or a zero of the other sign. */
static void reals(void **state)
{
    (void)state;
    static const size_t distincts[] = {1, 7, 4000, 4200, 60000};
    static double values[ROWS], sorted[ROWS];
    for (size_t d = 0; d < ASSAY_COUNT(distincts); d++) {
        size_t n = 0;
        uint64_t random = d;
        for (size_t i = 0; i < ROWS; i++) {
            const uint64_t a = assay_random_next(&random) % distincts[d];
            const uint64_t b = assay_random_next(&random) % distincts[d];
            values[i] = (double)(a < b ? a : b) / 8;
            if (i % 1000 == 999)
                values[i] = i % 3000 == 999 ? NAN : i % 3000 == 1999 ? INFINITY : -0.0;
            if (isfinite(values[i]))
                sorted[n++] = values[i];
        }
        qsort(sorted, n, sizeof *sorted, compare_doubles);
        const struct whole whole = {
            .layout = ASSAY_LAYOUT_DOUBLE, .value_bytes = 8, .values = values, .rows = ROWS};
        for (size_t shards = 1; shards <= 8; shards *= 2) {
            ASSAY_AUTO(assay_field_state_free)
            struct assay_field_state *merged = count_pairwise(&whole, 0, ROWS, shards);
            ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = stats_of(merged);
            const bool exact = stats->distinct_method == ASSAY_METHOD_EXACT;
            check(merged, sorted, n, exact);
            check_copies(merged, sorted, n, exact);
        }
    }
}

/* Shards of few values and of many, merged in both orders; runs of one value fill whole batches. */
static void borders(void **state)
{
    (void)state;
    static int64_t values[ROWS];
    static double sorted[ROWS];
    for (size_t kind = 0; kind < 3; kind++) {
        for (size_t i = 0; i < ROWS; i++) {
            const int64_t few = (int64_t)(i % 100), many = (int64_t)(i % 30000);
            const int64_t runs = (int64_t)(i / ASSAY_BATCH_ROWS);
            const bool first = i < ROWS / 2;
            values[i] = kind == 0 ? (first ? few : many) : kind == 1 ? (first ? many : runs) : runs;
            sorted[i] = (double)values[i];
        }
        qsort(sorted, ROWS, sizeof *sorted, compare_doubles);
        const struct whole whole = {
            .layout = ASSAY_LAYOUT_INT64, .value_bytes = 8, .values = values, .rows = ROWS};
        for (size_t shards = 1; shards <= 4; shards++) {
            for (size_t backwards = 0; backwards < 2; backwards++) {
                ASSAY_AUTO(assay_field_state_free)
                struct assay_field_state *merged = count_sharded(&whole, shards, backwards);
                check(merged, sorted, ROWS, kind == 2);
                check_copies(merged, sorted, ROWS, kind == 2);
            }
        }
    }
}

/* A table that is full meets a run of a value that it lacks. */
static void run_behind_a_full_table(void **state)
{
    (void)state;
    enum { BATCH = ASSAY_BATCH_ROWS, FULL = ASSAY_FIELD_EXACT_VALUES };
    static int64_t values[FULL + BATCH];
    static double sorted[FULL + BATCH];
    for (size_t known = 0; known < 2; known++) {
        for (size_t i = 0; i < FULL + BATCH; i++) {
            values[i] = i < FULL ? (int64_t)i : known ? 5 : -5;
            sorted[i] = (double)values[i];
        }
        qsort(sorted, FULL + BATCH, sizeof *sorted, compare_doubles);
        const struct whole whole = {
            .layout = ASSAY_LAYOUT_INT64, .value_bytes = 8, .values = values, .rows = FULL + BATCH};
        ASSAY_AUTO(assay_field_state_free)
        struct assay_field_state *counted = count_sharded(&whole, 1, false);
        check(counted, sorted, FULL + BATCH, known);
    }
}

/* The greatest level that a saved sketch may have: its offset within a group has 32 bits. */
static void greatest_level(void **state)
{
    (void)state;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf bytes = {0};
    struct assay_quantile quantile;
    assay_put_varint(&bytes, 3); /* values */
    assay_put_u8(&bytes, 0);     /* not exact */
    assay_put_u64(&bytes, 1);    /* random */
    assay_put_varint(&bytes, 0); /* to skip */
    assay_put_varint(&bytes, UINT32_MAX);
    assay_put_varint(&bytes, 32); /* level */
    assay_put_varint(&bytes, 0);  /* keys */
    assay_put_u8(&bytes, 0);      /* no blocks */
    struct assay_bytes in = {.data = (const unsigned char *)bytes.data, .left = bytes.size};
    assay_quantile_init(&quantile, ASSAY_QUANTILE_BLOCK, 1);
    assert_true(assay_quantile_load(&quantile, &in));
    assert_int_equal(quantile.group_offset, UINT32_MAX);
    assay_quantile_release(&quantile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reals),
        cmocka_unit_test(borders),
        cmocka_unit_test(run_behind_a_full_table),
        cmocka_unit_test(greatest_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
