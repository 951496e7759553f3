// Drift between two profiles, against figures computed by hand.
// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
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
                   "{\"type\": \"Fractional\", \"min\": \"%g\", \"max\": \"%g\", \"q1\": %g, "
                   "\"median\": %g, \"q3\": %g, "
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
    json_t *before = parse("{\"type\": \"Integral\", \"min\": \"0\", \"max\": \"100\", \"q1\": 0, "
                           "\"median\": 0, \"q3\": "
                           "0, \"quantiles\": {\"0.01\": 0, "
                           "\"0.05\": 0, \"0.95\": 0, \"0.99\": 50}}");
    json_t *after = parse("{\"type\": \"Integral\", \"min\": \"0\", \"max\": \"90\", \"q1\": 0, "
                          "\"median\": 0, \"q3\": 0, "
                          "\"quantiles\": {\"0.01\": 0, "
                          "\"0.05\": 0, \"0.95\": 0, \"0.99\": 45}}");
    assert_true(assay_drift_ks(before, after) < 0.02);
    json_decref(before);
    json_decref(after);
}

/* {"type", "histogram_buckets": one value each, from first to last, as often} */
static json_t *values(const char *type, int first, int last)
{
    json_t *field = json_pack("{s:s, s:[]}", "type", type, "histogram_buckets");
    for (int i = first; i <= last; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, strcmp(type, "Date") == 0 ? "2024-01-%02d" : "%d", i);
        assert_int_equal(json_array_append_new(json_object_get(field, "histogram_buckets"),
                                               json_pack("{s:s, s:i}", "value", text, "count", 10)),
                         0);
    }
    return field;
}

/* Where every value is counted the distance is that of the data. */
static void distances_of_values(void **state)
{
    (void)state;
    static const struct {
        const char *before_type, *after_type;
        int from, to, other_from, other_to;
        double ks; /* NaN: nothing to compare */
    } cases[] = {
        {"Integral", "Integral", 0, 9, 0, 11, 1.0 - 10.0 / 12},   /* at 9 */
        {"Integral", "Fractional", 0, 9, 0, 11, 1.0 - 10.0 / 12}, /* one line of numbers */
        {"Date", "Date", 1, 28, 1, 14, 0.5},
        {"Date", "Date", 1, 10, 11, 20, 1},
        {"Integral", "Integral", 9, 9, 9, 9, 0},
        {"Integral", "Integral", 9, 9, 10, 10, 1},
        {"Integral", "Integral", 9, 10, 10, 11, 0.5},
        {"String", "String", 1, 3, 2, 5, NAN},
        {"Integral", "String", 1, 3, 1, 3, NAN},
        {"Integral", "Date", 1, 3, 1, 3, NAN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *before = values(cases[i].before_type, cases[i].from, cases[i].to),
               *after = values(cases[i].after_type, cases[i].other_from, cases[i].other_to);
        const double ks = assay_drift_ks(before, after);
        if (isnan(cases[i].ks) ? !isnan(ks) : !(fabs(ks - cases[i].ks) < 1e-12))
            fail_msg("case %zu: %g", i, ks);
        json_decref(before);
        json_decref(after);
    }
}

/* A fifth of the values moved between two quartiles, which the quantiles do not show: the buckets
 * do. */
static void buckets_between_quantiles_count(void **state)
{
    (void)state;
    static const char form[] =
        "{\"type\": \"Fractional\", \"min\": \"0\", \"max\": \"100\", \"q1\": 0, \"median\": 50, "
        "\"q3\": 100, \"quantiles\": {}, \"histogram_buckets\": [{\"from\": \"0\", \"to\": \"25\", "
        "\"count\": %d}, {\"from\": \"25\", \"to\": \"50\", \"count\": %d}, {\"from\": \"50\", "
        "\"to\": \"100\", \"count\": 50}]}";
    char early[512], late[512];
    (void)snprintf(early, sizeof early, form, 45, 5);
    (void)snprintf(late, sizeof late, form, 25, 25);
    json_t *before = parse(early), *after = parse(late);
    assert_true(fabs(assay_drift_ks(before, after) - 0.2) < 1e-9);
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
        {"{\"type\": \"Fractional\", \"histogram_buckets\": [{\"from\": \"0\", \"to\": \"1\", "
         "\"count\": 5}, {\"from\": "
         "\"1\", \"to\": \"2\", \"count\": 5}]}",
         "{\"type\": \"Fractional\", \"histogram_buckets\": [{\"from\": \"0\", \"to\": \"1\", "
         "\"count\": 1}, {\"from\": "
         "\"1\", \"to\": \"2\", \"count\": 3}]}",
         0, (0.25 - 0.5) * -0.6931471805599453 + (0.75 - 0.5) * 0.4054651081081644},
        /* values before, buckets after: [1, 2) and from 2 on */
        {"{\"type\": \"Integral\", \"histogram_buckets\": [{\"value\": \"1\", \"count\": 50}, "
         "{\"value\": \"2\", \"count\": 50}]}",
         "{\"type\": \"Fractional\", \"histogram_buckets\": [{\"from\": \"1\", \"to\": \"2\", "
         "\"count\": 3}, {\"from\": \"2\", \"to\": \"3\", \"count\": 7}]}",
         0, (0.3 - 0.5) * -0.5108256237659907 + (0.7 - 0.5) * 0.3364722366212129},
        /* buckets before, values after: a value at a bound lies in the upper one */
        {"{\"type\": \"Date\", \"histogram_buckets\": [{\"from\": \"2024-01-01\", \"to\": "
         "\"2024-01-03\", \"count\": 5}, {\"from\": \"2024-01-03\", \"to\": \"2024-01-05\", "
         "\"count\": 5}]}",
         "{\"type\": \"Timestamp\", \"histogram_buckets\": [{\"value\": \"2024-01-02T12:00:00\", "
         "\"count\": 1}, {\"value\": \"2024-01-03T00:00:00\", \"count\": 3}]}",
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
        cmocka_unit_test(distances_of_values),
        cmocka_unit_test(buckets_between_quantiles_count),
        cmocka_unit_test(stability_of_values),
        cmocka_unit_test(nothing_to_compare_is_not_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
