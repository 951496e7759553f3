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

static void check_set(const json_t *set)
{
    size_t count;
    const json_t *certified = assay_json_get(set, "certified"),
                 *exact = assay_json_get(set, "exact_from_the_data");
    const double mean = strtod(assay_json_str(certified, "mean", ""), NULL);
    const double deviation = strtod(assay_json_str(exact, "std_dev_sample", ""), NULL);
    const double skewness = strtod(assay_json_str(exact, "skewness_population", "nan"), NULL);
    const double kurtosis =
        strtod(assay_json_str(exact, "kurtosis_excess_population", "nan"), NULL);
    double *values = read_values(assay_json_str(set, "file", ""), &count);
    const struct whole whole = {
        .layout = ASSAY_LAYOUT_DOUBLE, .value_bytes = 8, .values = values, .rows = count};
    for (size_t shards = 1; shards <= 64; shards++) {
        ASSAY_AUTO(assay_field_state_free)
        struct assay_field_state *state = count_sharded(&whole, shards, shards % 2);
        ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = stats_of(state);
        if (log_relative_error(stats->mean, mean) < 14 ||
            log_relative_error(stats->std_dev, deviation) < 12)
            fail_msg("%s in %zu parts: mean %.17g, deviation %.17g",
                     assay_json_str(set, "name", ""), shards, stats->mean, stats->std_dev);
        assert_close(stats->skewness, skewness, 1e-7);
        assert_close(stats->kurtosis, kurtosis, 1e-7);
    }
    assay_free(values);
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
        cmocka_unit_test(too_few),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
