// Drift between two profiles, against figures computed by hand.
// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
// cmocka.h needs setjmp, stdarg and stddef
#include <cmocka.h>

#include "cli/profile/drift.h"

static json_t *parse(const char *text)
{
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    return json;
}

/* The uniform distribution on [from, to]. */
static json_t *uniform(double from, double to)
{
    char text[512];
    const double w = to - from;
    (void)snprintf(text, sizeof text,
                   "{\"min\": \"%g\", \"max\": \"%g\", \"q1\": %g, \"median\": %g, \"q3\": %g, "
                   "\"quantiles\": {\"0.01\": %g, "
                   "\"0.05\": %g, \"0.95\": %g, \"0.99\": %g}}",
                   from, to, from + w * 0.25, from + w * 0.5, from + w * 0.75, from + w * 0.01,
                   from + w * 0.05, from + w * 0.95, from + w * 0.99);
    return parse(text);
}

static void distances_of_uniform_distributions(void **state)
{
    (void)state;
    static const struct {
        double from, to, other_from, other_to, ks;
    } cases[] = {
        {0, 100, 0, 100, 0},    /* the same */
        {0, 100, 50, 150, 0.5}, /* half of it moved */
        {0, 100, 200, 300, 1},  /* nothing in common */
        {0, 100, 0, 200, 0.5},  /* at 100: 1 against 0.5 */
        {0, 100, 25, 75, 0.25}, /* at 25: 0.25 against 0 */
        {5, 5, 5, 5, 0},        /* both constant */
        {5, 5, 6, 6, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *before = uniform(cases[i].from, cases[i].to),
               *after = uniform(cases[i].other_from, cases[i].other_to);
        assert_true(fabs(assay_drift_ks(before, after) - cases[i].ks) < 1e-9);
        assert_true(fabs(assay_drift_ks(after, before) - cases[i].ks) < 1e-9);
        json_decref(before);
        json_decref(after);
    }
}

/* 95 % of both are 0; a curve that rises at 0 is no distance. */
static void mass_at_one_value_is_no_drift(void **state)
{
    (void)state;
    json_t *before = parse("{\"min\": \"0\", \"max\": \"100\", \"q1\": 0, \"median\": 0, \"q3\": "
                           "0, \"quantiles\": {\"0.01\": 0, "
                           "\"0.05\": 0, \"0.95\": 0, \"0.99\": 50}}");
    json_t *after = parse("{\"min\": \"0\", \"max\": \"90\", \"q1\": 0, \"median\": 0, \"q3\": 0, "
                          "\"quantiles\": {\"0.01\": 0, "
                          "\"0.05\": 0, \"0.95\": 0, \"0.99\": 45}}");
    assert_true(assay_drift_ks(before, after) < 0.02);
    json_decref(before);
    json_decref(after);
}

static void stability_of_values(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
        double records, psi;
    } cases[] = {
        /* (0.9 − 0.5) ln(0.9 / 0.5) + (0.1 − 0.5) ln(0.1 / 0.5) */
        {"{\"histogram_buckets\": [{\"value\": \"a\", \"count\": 50}, {\"value\": \"b\", "
         "\"count\": 50}]}",
         "{\"histogram_buckets\": [{\"value\": \"a\", \"count\": 90}, {\"value\": \"b\", "
         "\"count\": 10}]}",
         100, 0.8788898309344878},
        {"{\"histogram_buckets\": [{\"value\": \"a\", \"count\": 50}, {\"value\": \"b\", "
         "\"count\": 50}]}",
         "{\"histogram_buckets\": [{\"value\": \"b\", \"count\": 500}, {\"value\": \"a\", "
         "\"count\": 500}]}",
         0, 0},
        /* a value that is new counts against 0.0001 */
        {"{\"histogram_buckets\": [{\"value\": \"a\", \"count\": 100}]}",
         "{\"histogram_buckets\": [{\"value\": \"a\", \"count\": 50}, {\"value\": \"b\", "
         "\"count\": 50}]}",
         100, (0.5 - 1) * -0.6931471805599453 + (0.5 - 1e-4) * 8.517193191416238},
        /* equal buckets of equal width: half of the mass moved into the upper one: 0.25/0.75
           against 0.5/0.5 */
        {"{\"histogram_buckets\": [{\"from\": \"0\", \"to\": \"1\", \"count\": 5}, {\"from\": "
         "\"1\", \"to\": \"2\", \"count\": 5}]}",
         "{\"histogram_buckets\": [{\"from\": \"0\", \"to\": \"1\", \"count\": 1}, {\"from\": "
         "\"1\", \"to\": \"2\", \"count\": 3}]}",
         0, (0.25 - 0.5) * -0.6931471805599453 + (0.75 - 0.5) * 0.4054651081081644},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *before = parse(cases[i].before), *after = parse(cases[i].after);
        const double psi = assay_drift_psi(before, cases[i].records, after, cases[i].records);
        if (!(fabs(psi - cases[i].psi) < 1e-9))
            fail_msg("case %zu: %.12f", i, psi);
        json_decref(before);
        json_decref(after);
    }
}

static void nothing_to_compare_is_not_a_number(void **state)
{
    (void)state;
    json_t *empty = parse("{\"min\": null, \"histogram_buckets\": [], \"top_values\": []}"),
           *some = uniform(0, 1);
    assert_true(isnan(assay_drift_ks(empty, some)));
    assert_true(isnan(assay_drift_psi(empty, 0, some, 10)));
    json_decref(empty);
    json_decref(some);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_of_uniform_distributions),
        cmocka_unit_test(mass_at_one_value_is_no_drift),
        cmocka_unit_test(stability_of_values),
        cmocka_unit_test(nothing_to_compare_is_not_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
