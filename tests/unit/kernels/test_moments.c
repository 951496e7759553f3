// Moments and sums against NIST's certified values, whole and merged from parts.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/kernels/kernel_fixture.h"

#include <stdio.h>

#include "common/base/file.h"
#include "common/json/json.h"
#include "worker/executor/kernels/moments.h"

#define NIST ASSAY_SOURCE_DIR "/../shared/data/nist/"

static double *read_values(const char *file, size_t *ret_count)
{
    char path[512];
    struct assay_error err = {0};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    snprintf(path, sizeof path, NIST "%s", file);
    assert_int_equal(assay_file_read(path, &text, &err), ASSAY_OK);
    double *values = assay_calloc(text.size, sizeof *values);
    size_t count = 0;
    const char *line = strchr(text.data, '\n'); /* behind the header */
    while (line && line[1]) {
        values[count++] = strtod(line + 1, NULL);
        line = strchr(line + 1, '\n');
    }
    *ret_count = count;
    return values;
}

/* Digits that agree. */
static double log_relative_error(double got, double want)
{
    return got == want ? 16 : -log10(fabs(got - want) / fabs(want));
}

struct certified {
    const char *name;
    double mean, deviation, skewness, kurtosis;
};

/* The fewest digits that any layout, tree and number of parts of a set has kept. */
static double least_mean, least_deviation;

static void check_state(struct assay_field_state *state, size_t shards,
                        const struct certified *want)
{
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = stats_of(state);
    assay_field_state_free(state);
    const double mean = log_relative_error(stats->mean, want->mean),
                 deviation = log_relative_error(stats->std_dev, want->deviation);
    least_mean = fmin(least_mean, mean);
    least_deviation = fmin(least_deviation, deviation);
    if (mean < 14 || deviation < 12)
        fail_msg("%s in %zu parts: mean %.17g, deviation %.17g", want->name, shards, stats->mean,
                 stats->std_dev);
    assert_close(stats->skewness, want->skewness, 1e-7);
    assert_close(stats->kurtosis, want->kurtosis, 1e-7);
}

/* In 1 to 64 parts, merged forward, backward and pairwise. */
static void check_whole(const struct whole *whole, size_t step, const struct certified *want)
{
    for (size_t shards = 1; shards <= 64; shards += step) {
        check_state(count_sharded(whole, shards, false), shards, want);
        check_state(count_sharded(whole, shards, true), shards, want);
        check_state(count_pairwise(whole, 0, whole->rows, shards), shards, want);
    }
}

/* NIST's data are decimals: the same digits as doubles, as doubles that came from text, and as
 * decimals of 64 and 128 bits. */
static void check_layouts(const double *values, size_t count, const struct certified *want)
{
    enum { SCALE = 7 }; /* more digits than any of the sets has */
    ASSAY_AUTO(assay_free) void *narrow_memory = assay_calloc(count, sizeof(int64_t));
    ASSAY_AUTO(assay_free) void *wide_memory = assay_calloc(count, sizeof(assay_i128));
    int64_t *narrow = narrow_memory;
    assay_i128 *wide = wide_memory;
    for (size_t i = 0; i < count; i++) {
        narrow[i] = llround(values[i] * 1e7);
        wide[i] = (assay_i128)narrow[i] * 1000000000; /* scale 16 */
    }
    struct whole columns[] = {
        {.layout = ASSAY_LAYOUT_DOUBLE, .value_bytes = 8, .values = values},
        {.layout = ASSAY_LAYOUT_DOUBLE, .value_bytes = 8, .values = values, .decimals = true},
        {.layout = ASSAY_LAYOUT_DECIMAL64, .scale = SCALE, .value_bytes = 8, .values = narrow},
        {.layout = ASSAY_LAYOUT_DECIMAL128, .scale = SCALE + 9, .value_bytes = 16, .values = wide},
    };
    for (size_t i = 0; i < ASSAY_COUNT(columns); i++) {
        columns[i].rows = count;
        check_whole(&columns[i], i ? 21 : 3, want); /* 1, 4, …, 64 parts; 1, 22, 43, 64 */
    }
}

static void check_set(const json_t *set)
{
    size_t count;
    const json_t *certified = assay_json_get(set, "certified"),
                 *exact = assay_json_get(set, "exact_from_the_data");
    const struct certified want = {
        .name = assay_json_str(set, "name", ""),
        .mean = strtod(assay_json_str(certified, "mean", ""), NULL),
        .deviation = strtod(assay_json_str(exact, "std_dev_sample", ""), NULL),
        .skewness = strtod(assay_json_str(exact, "skewness_population", "nan"), NULL),
        .kurtosis = strtod(assay_json_str(exact, "kurtosis_excess_population", "nan"), NULL),
    };
    double *values = read_values(assay_json_str(set, "file", ""), &count);
    least_mean = least_deviation = INFINITY;
    check_layouts(values, count, &want);
    print_message("%s: mean %.1f digits, deviation %.1f at the least\n", want.name, least_mean,
                  least_deviation);
    assay_free(values);
}

static void check_pair(struct assay_field_state *state, double mean, double deviation)
{
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = stats_of(state);
    assay_field_state_free(state);
    if (log_relative_error(stats->mean, mean) < 14 ||
        log_relative_error(stats->std_dev, deviation) < 12)
        fail_msg("mean %.17g, deviation %.17g", stats->mean, stats->std_dev);
}

/* NIST's NumAcc3 and NumAcc4: 1000000.2 and 10000000.2, then .1 and .3 in turn, 1,001 values;
 * mean ….2 and deviation 0.1. As doubles the data themselves are rounded: the deviation of those is
 * exact rational arithmetic's (Python's fractions). */
static void nist_hardest(void **state)
{
    (void)state;
    static const struct {
        int64_t tenths;
        double of_doubles; /* deviation of the values rounded to doubles */
    } sets[] = {{10000000, 0.10000000003492460}, {100000000, 0.10000000055879354}};
    for (size_t s = 0; s < ASSAY_COUNT(sets); s++) {
        double reals[1001];
        int64_t tenths[1001];
        for (size_t i = 0; i < 1001; i++) {
            tenths[i] = sets[s].tenths + (i == 0 ? 2 : i % 2 ? 1 : 3);
            reals[i] = (double)tenths[i] / 10;
        }
        const struct whole decimal = {.layout = ASSAY_LAYOUT_DECIMAL64,
                                      .scale = 1,
                                      .value_bytes = 8,
                                      .values = tenths,
                                      .rows = 1001};
        const struct whole real = {
            .layout = ASSAY_LAYOUT_DOUBLE, .value_bytes = 8, .values = reals, .rows = 1001};
        for (size_t shards = 1; shards <= 64; shards += 9) {
            const double mean = (double)(sets[s].tenths + 2) / 10;
            check_pair(count_pairwise(&decimal, 0, 1001, shards), mean, 0.1);
            check_pair(count_sharded(&decimal, shards, true), mean, 0.1);
            check_pair(count_pairwise(&real, 0, 1001, shards), mean, sets[s].of_doubles);
            check_pair(count_sharded(&real, shards, true), mean, sets[s].of_doubles);
        }
    }
}

static void nist(void **state)
{
    (void)state;
    struct assay_error err = {0};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    ASSAY_AUTO(assay_json_decref) json_t *all = NULL;
    if (assay_file_read(NIST "certified.json", &text, &err) != ASSAY_OK) {
        print_message("skipped: %s\n", err.text);
        skip();
    }
    assert_int_equal(assay_json_parse(text.data, text.size, "certified.json", &all, &err),
                     ASSAY_OK);
    size_t i;
    json_t *set;
    json_array_foreach(json_object_get(all, "sets"), i, set) check_set(set);
}

/* By hand: 1, 2, 3, 10 has Σd² = 50, Σd³ = 180, Σd⁴ = 1394 around 4. */
static void by_hand(void **state)
{
    (void)state;
    const double values[] = {1, 2, 3, 10};
    struct assay_moments all = {0}, parts = {0};
    assay_moments_add(&all, values, 4, 16);
    for (size_t i = 0; i < 4; i++)
        assay_moments_put(&parts, values[i], 1);
    const struct assay_moments *both[] = {&all, &parts};
    for (size_t i = 0; i < 2; i++) {
        assert_close((double)both[i]->mean, 4, 1e-15);
        assert_close(assay_moments_std_dev(both[i]), sqrt(50.0 / 3), 1e-15);
        assert_close(assay_moments_skewness(both[i]), 2 * 180 / pow(50, 1.5), 1e-14);
        assert_close(assay_moments_kurtosis(both[i]), 4.0 * 1394 / 2500 - 3, 1e-14);
    }
}

/* Far from zero: the spread must not drown in the rounding of the values to doubles. Values 0, 1, …
 * 999 above `base`, 20 times each: variance (1000² − 1)/12 of the population. */
static void far_from_zero(void **state)
{
    (void)state;
    static int64_t ints[20000], decimals[20000]; /* of 18 digits */
    static assay_i128 wides[20000];
    const int64_t bases[] = {0, 9007199254740993, INT64_MAX - 999, INT64_MIN, -4000000000000000001};
    const double deviation = sqrt((1000.0 * 1000 - 1) / 12 * 20000 / 19999);
    for (size_t b = 0; b < ASSAY_COUNT(bases); b++) {
        for (size_t i = 0; i < 20000; i++) {
            ints[i] = bases[b] + (int64_t)(i * 7 % 1000);
            decimals[i] = (llabs(bases[b] / 10) > 99999999999999999 ? bases[b] / 10 : bases[b]) +
                          (int64_t)(i * 7 % 1000);
            wides[i] = (assay_i128)bases[b] * 10000000000000000000U + (int64_t)(i * 7 % 1000);
        }
        const struct whole columns[] = {
            {.layout = ASSAY_LAYOUT_INT64, .value_bytes = 8, .values = ints, .rows = 20000},
            {.layout = ASSAY_LAYOUT_DECIMAL64, .value_bytes = 8, .values = decimals, .rows = 20000},
            {.layout = ASSAY_LAYOUT_INT128, .value_bytes = 16, .values = wides, .rows = 20000},
            {.layout = ASSAY_LAYOUT_DECIMAL128, .value_bytes = 16, .values = wides, .rows = 20000},
        };
        for (size_t c = 0; c < ASSAY_COUNT(columns); c++) {
            for (size_t shards = 1; shards <= 64; shards *= 4) {
                ASSAY_AUTO(assay_field_state_free)
                struct assay_field_state *merged =
                    count_pairwise(&columns[c], 0, columns[c].rows, shards);
                ASSAY_AUTO(assay_field_stats_free)
                struct assay_field_stats *stats = stats_of(merged);
                assert_close(stats->std_dev, deviation, 1e-13);
                assert_true(fabs(stats->skewness) < 1e-12);
                /* −6/5 · (m² + 1)/(m² − 1) of m equally likely integers */
                assert_close(stats->kurtosis, -1.2 * 1000001 / 999999, 1e-12);
            }
        }
    }
}

/* A mean of 10^13 deviations: the doubles 10^9 + k · 2^-23, k = i² mod 1009. Skewness and kurtosis
 * of k by exact rational arithmetic (Python's fractions); from 1 to 256 parts, merged in a row. */
static void far_mean_in_many_parts(void **state)
{
    (void)state;
    enum { N = 6400 };
    static double values[N];
    for (size_t i = 0; i < N; i++)
        values[i] = 1e9 + ldexp((double)(i * i % 1009), -23);
    for (size_t parts = 1; parts <= 256; parts *= 2) {
        struct assay_moments all = {0};
        for (size_t part = 0; part < parts; part++) {
            const size_t n = N / parts;
            for (size_t i = 0; i < n; i += 1600) {
                const size_t lot = n - i < 1600 ? n - i : 1600;
                double sum = 0;
                for (size_t k = 0; k < lot; k++)
                    sum += values[part * n + i + k];
                struct assay_moments one = {0};
                assay_moments_add(&one, values + part * n + i, lot, sum);
                assay_moments_merge(&all, &one);
            }
        }
        assert_close(assay_moments_std_dev(&all), 3.5754198783533271e-05, 1e-12);
        assert_close(assay_moments_skewness(&all), 0.0031160657115718196, 1e-11);
        assert_close(assay_moments_kurtosis(&all), -1.2110985459787778, 1e-11);
    }
}

/* 1, 2, 3, 10 at the ends of the range of doubles, from one part and from two, one of them saved
 * and loaded: the same skewness and kurtosis, the deviation at scale. */
static void ends_of_the_range(void **state)
{
    (void)state;
    static const double scales[] = {1e307, 1e200, 1e77,  1e76,   1,
                                    1e-70, 1e-77, 1e-78, 1e-200, 1e-300};
    for (size_t s = 0; s < ASSAY_COUNT(scales); s++) {
        double values[4];
        for (size_t i = 0; i < 4; i++)
            values[i] = (const double[]){1, 2, 3, 10}[i] * scales[s];
        struct assay_moments all = {0}, parts = {0}, part = {0}, loaded = {0};
        ASSAY_SCOPED(assay_buf_release) struct assay_buf saved = {0};
        assay_moments_add(&all, values, 4, values[0] + values[1] + values[2] + values[3]);
        assay_moments_add(&parts, values, 2, values[0] + values[1]);
        assay_moments_add(&part, values + 2, 2, values[2] + values[3]);
        assay_moments_save(&part, &saved);
        struct assay_bytes in = {.data = (const unsigned char *)saved.data, .left = saved.size};
        assay_moments_load(&loaded, &in);
        assert_true(!in.failed && in.left == 0);
        assert_true(loaded.m2 == part.m2 && loaded.m3 == part.m3 && loaded.m4 == part.m4);
        assay_moments_merge(&parts, &loaded);
        const struct assay_moments *both[] = {&all, &parts};
        for (size_t i = 0; i < 2; i++) {
            assert_close((double)both[i]->mean / scales[s], 4, 1e-14);
            assert_close(assay_moments_std_dev(both[i]) / scales[s], sqrt(50.0 / 3), 1e-14);
            assert_close(assay_moments_skewness(both[i]), 2 * 180 / pow(50, 1.5), 1e-13);
            assert_close(assay_moments_kurtosis(both[i]), 4.0 * 1394 / 2500 - 3, 1e-13);
        }
    }
}

/* The sum is beyond doubles, the mean and the deviation are not. */
static void a_sum_out_of_range(void **state)
{
    (void)state;
    const double values[] = {1.5e308, 1.7e308, 1.6e308};
    struct assay_moments all = {0};
    assay_moments_add(&all, values, 3, INFINITY);
    assert_close((double)all.mean, 1.6e308, 1e-15);
    assert_close(assay_moments_std_dev(&all), 1e307, 1e-14);
    assert_true(fabs(assay_moments_skewness(&all)) < 1e-12);
    assert_close(assay_moments_kurtosis(&all), -1.5, 1e-13);
}

static void too_few(void **state)
{
    (void)state;
    struct assay_moments none = {0}, one = {0}, equal = {0};
    assay_moments_put(&one, 5, 1);
    assay_moments_put(&equal, 0.1, 1000);
    assay_moments_merge(&equal, &none);
    assert_true(isnan(assay_moments_std_dev(&none)) && isnan(assay_moments_std_dev(&one)));
    assert_true(assay_moments_std_dev(&equal) == 0);
    assert_true(isnan(assay_moments_skewness(&equal)) && isnan(assay_moments_kurtosis(&equal)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nist),
        cmocka_unit_test(by_hand),
        cmocka_unit_test(nist_hardest),
        cmocka_unit_test(far_from_zero),
        cmocka_unit_test(far_mean_in_many_parts),
        cmocka_unit_test(ends_of_the_range),
        cmocka_unit_test(a_sum_out_of_range),
        cmocka_unit_test(too_few),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
