// Bounds that inference offers: few records, skewed and normal numbers, times, records a month.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/infer/check_fixture.h"

/* Fifty records have no range; a long tail has room. */
static void small_and_skewed(void **state)
{
    (void)state;
    uint64_t random = 2;
    for (size_t i = 0; i < ROWS; i++)
        reals[i] = exp(2 * (uniform(&random) + uniform(&random) + uniform(&random) - 1.5));
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *few = stats_for(REALS, 50, false);
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *all = stats_for(REALS, ROWS, false);
    const struct assay_infer_field fields[] = {field_of("few", few), field_of("all", all)};
    ASSAY_AUTO(assay_json_decref) json_t *of_few = infer(&fields[0], 1, ASSAY_INFER_MAX);
    ASSAY_AUTO(assay_json_decref) json_t *of_all = infer(&fields[1], 1, ASSAY_INFER_MEDIUM);
    assert_null(find(of_few, "between", "few"));
    assert_non_null(find(of_few, "notNull", "few"));
    const json_t *between = find(of_all, "between", "all");
    if (between) {
        assert_true(number_of(between, "min") >= 0);
        assert_true(number_of(between, "max") > all->max_number * 1.09);
    }
}

/* A tail that decays as x^−1 has no end: no upper bound; the lower one stays. Its mirror image the
 * other way round. */
static void heavy_tails(void **state)
{
    (void)state;
    uint64_t random = 11;
    for (size_t i = 0; i < ROWS; i++)
        reals[i] = 5 + 10 / (1 - uniform(&random));
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *above = stats_for(REALS, ROWS, false);
    for (size_t i = 0; i < ROWS; i++)
        reals[i] = -reals[i];
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *below = stats_for(REALS, ROWS, false);
    for (size_t i = 0; i < ROWS; i++)
        reals[i] = i % 50 ? 0 : 1 / uniform(&random); /* hardly ever anything but zero */
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *zeros = stats_for(REALS, ROWS, false);
    const struct assay_infer_field fields[] = {field_of("above", above), field_of("below", below),
                                               field_of("zeros", zeros)};
    ASSAY_AUTO(assay_json_decref) json_t *checks = infer(fields, 3, ASSAY_INFER_MEDIUM);
    const json_t *check = find(checks, "between", "above");
    assert_true(!check || (!property(check, "max") && number_of(check, "min") >= 0));
    check = find(checks, "between", "below");
    assert_true(!check || !property(check, "min"));
    assert_null(find(checks, "between", "zeros"));
    assert_non_null(find(checks, "notNegative", "zeros"));
}

/* The next brewery has the number 621: integers whose name says that they are keys have no range;
 * other integers have, and so have fractions of such a name. */
static void references(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool reference;
    } cases[] = {
        {"brewery_id", true},    {"customerId", true}, {"Sort Key", true},  {"area_code", true},
        {"flight number", true}, {"gate_no", true},    {"altitude", false}, {"number", false},
        {"NO2", false},          {"key_count", false},
    };
    uint64_t random = 31;
    for (size_t i = 0; i < ROWS; i++) {
        ints[i] = (int64_t)(90 * uniform(&random)) + 10;
        reals[i] = 90 * uniform(&random) + 10;
    }
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *whole = stats_for(INTS, ROWS, false);
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *parts = stats_for(REALS, ROWS, false);
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        const char *name = cases[i].name;
        const struct assay_infer_field field = field_of(name, whole);
        const struct assay_infer_field real = field_of(name, parts);
        ASSAY_AUTO(assay_json_decref) json_t *checks = infer(&field, 1, ASSAY_INFER_MAX);
        ASSAY_AUTO(assay_json_decref) json_t *of_real = infer(&real, 1, ASSAY_INFER_MEDIUM);
        if ((find(checks, "between", name) == NULL) != cases[i].reference)
            fail_msg("%s", name);
        assert_true((find(checks, "greaterThan", name) == NULL) == cases[i].reference);
        assert_true((find(checks, "lessThan", name) == NULL) == cases[i].reference); /* to 99 */
        assert_non_null(find(checks, "notNegative", name)); /* a lower bound stays */
        assert_null(find(checks, "expectedValues", name));
        assert_non_null(find(of_real, "between", name));
    }
}

/* Speeds are told in tens: twenty of them make up 85 % or 97 % of the records, the others lie
 * between them or have no end. A list says something only where it is of nearly all and there is no
 * range. */
static void roundings(void **state)
{
    (void)state;
    static const struct {
        size_t others; /* one of so many */
        bool endless, list;
    } cases[] = {{7, false, false}, {7, true, false}, {33, false, false}, {33, true, true}};
    for (size_t c = 0; c < ASSAY_COUNT(cases); c++) {
        uint64_t random = 41;
        for (size_t i = 0; i < ROWS; i++) {
            const double other =
                cases[c].endless ? 300 / (1 - uniform(&random)) : 100 + 190 * uniform(&random);
            ints[i] =
                i % cases[c].others ? 100 + 10 * (int64_t)(20 * uniform(&random)) : (int64_t)other;
        }
        ASSAY_AUTO(assay_field_stats_free)
        struct assay_field_stats *stats = stats_for(INTS, ROWS, false);
        const struct assay_infer_field field = field_of("speed", stats);
        ASSAY_AUTO(assay_json_decref) json_t *checks = infer(&field, 1, ASSAY_INFER_MAX);
        const json_t *between = find(checks, "between", "speed");
        const json_t *values = find(checks, "expectedValues", "speed");
        assert_true((between && property(between, "max")) != cases[c].endless);
        assert_true((values != NULL) == cases[c].list);
        assert_true(!values || assay_json_num(values, "coverage", 0) >= 0.95);
    }
}

/* Normal numbers of mean 50, deviation 12 are all positive in 4,000 and not in a million. Those of
 * deviation 2, and evenly spread ones, have a limit. */
static void bells(void **state)
{
    (void)state;
    static const double deviations[] = {12, 2, 0};
    for (size_t c = 0; c < ASSAY_COUNT(deviations); c++) {
        uint64_t random = 21;
        for (size_t i = 0; i < ROWS; i++) {
            const double radius = sqrt(-2 * log(1 - uniform(&random)));
            const double normal = radius * cos(2 * M_PI * uniform(&random));
            reals[i] =
                deviations[c] > 0 ? fabs(50 + deviations[c] * normal) + 1 : 100 * uniform(&random);
        }
        ASSAY_AUTO(assay_field_stats_free)
        struct assay_field_stats *stats = stats_for(REALS, ROWS, false);
        const struct assay_infer_field field = field_of("a", stats);
        ASSAY_AUTO(assay_json_decref) json_t *checks = infer(&field, 1, ASSAY_INFER_HIGH);
        const bool limited = c > 0;
        assert_int_equal(find(checks, "notNegative", "a") != NULL, limited);
        assert_int_equal(find(checks, "greaterThan", "a") != NULL, limited);
        const json_t *between = find(checks, "between", "a");
        assert_true(between && (number_of(between, "min") < 0) != limited);
    }
}

static void times(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        days[i] = 15000 + (int32_t)(i % 1000); /* 2011-01-26 … 2013-10-21 */
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *past = stats_for(DAYS, ROWS, false);
    for (size_t i = 0; i < ROWS; i++)
        days[i] = 19000 + (int32_t)(i % 1000);
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *now = stats_for(DAYS, ROWS, false);
    for (size_t i = 0; i < ROWS; i++)
        days[i] = 19900 + (int32_t)(i % 1000);
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *future = stats_for(DAYS, ROWS, false);
    const struct assay_infer_field fields[] = {field_of("past", past), field_of("now", now),
                                               field_of("future", future)};
    ASSAY_AUTO(assay_json_decref) json_t *checks = infer(fields, 3, ASSAY_INFER_HIGH);
    assert_non_null(find(checks, "notFuture", "past"));
    assert_non_null(find(checks, "notFuture", "now"));
    assert_null(find(checks, "notFuture", "future"));
    const json_t *closed = find(checks, "betweenTimes", "past");
    assert_string_equal(json_string_value(property(closed, "min_time")), "2010-01-01");
    assert_string_equal(json_string_value(property(closed, "max_time")), "2014-12-31");
    assert_null(find(checks, "betweenTimes", "now")); /* goes on: tomorrow would fail */
    assert_non_null(find(checks, "afterDateTime", "now"));
    assert_null(find(checks, "beforeDateTime", "now"));
    assert_non_null(find(checks, "beforeDateTime", "future"));
}

/* 9999-12-31 stands for "never" in many tables: no year comes after it that a rule could name. What
 * lies before year 1 or is infinite has no bounds at all. */
static void times_without_end(void **state)
{
    (void)state;
    static const struct {
        int32_t odd;
        bool after, before;
    } cases[] = {
        {2932896, true, false},  /* 9999-12-31; a tenth of 8,000 years before now is after year 1 */
        {2932897, false, false}, /* 10000-01-01 */
        {INT32_MAX, false, false},  /* infinity */
        {-719162, false, true},     /* 0001-01-01: the widened beginning would lie before it */
        {-719163, false, false},    /* 0000-12-31 */
        {-INT32_MAX, false, false}, /* -infinity */
    };
    for (size_t c = 0; c < ASSAY_COUNT(cases); c++) {
        for (size_t i = 0; i < ROWS; i++)
            days[i] = i % 3 ? 19900 + (int32_t)(i % 1000) : cases[c].odd;
        ASSAY_AUTO(assay_field_stats_free)
        struct assay_field_stats *stats = stats_for(DAYS, ROWS, false);
        const struct assay_infer_field fields[] = {field_of("until", stats)};
        ASSAY_AUTO(assay_json_decref) json_t *checks = infer(fields, 1, ASSAY_INFER_MAX);
        assert_null(find(checks, "betweenTimes", "until"));
        assert_true((find(checks, "afterDateTime", "until") != NULL) == cases[c].after);
        assert_true((find(checks, "beforeDateTime", "until") != NULL) == cases[c].before);
    }
}

/* A thousand days, four records each: some 120 a month. */
static void sizes_over_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        days[i] = 15000 + (int32_t)(i / 4);
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *even = stats_for(DAYS, ROWS, false);
    for (size_t i = 0; i < ROWS; i++)
        days[i] = 15000 + (int32_t)(1000 * pow((double)i / ROWS, 8));
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *bursts = stats_for(DAYS, ROWS, false);
    const struct assay_infer_field fields[] = {field_of("even", even), field_of("bursts", bursts)};
    ASSAY_AUTO(assay_json_decref) json_t *checks = infer(fields, 2, ASSAY_INFER_MAX);
    const json_t *check = find(checks, "timeDistributionSize", "even");
    assert_non_null(check);
    assert_string_equal(json_string_value(property(check, "interval_name")), "Monthly");
    assert_true(json_integer_value(property(check, "min_size")) < 110);
    assert_true(json_integer_value(property(check, "max_size")) > 124);
    assert_null(find(checks, "timeDistributionSize", "bursts"));
    for (size_t i = 0; i < ROWS; i++)
        days[i] = 15000 + (int32_t)(i * 200 / ROWS);
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *half_year = stats_for(DAYS, ROWS, false);
    const struct assay_infer_field weeks = field_of("weeks", half_year);
    ASSAY_AUTO(assay_json_decref) json_t *weekly = infer(&weeks, 1, ASSAY_INFER_HIGH);
    check = find(weekly, "timeDistributionSize", "weeks");
    assert_string_equal(json_string_value(property(check, "interval_name")), "Weekly");
    assert_in_range(json_integer_value(property(check, "min_size")), 1, 140);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_and_skewed),
        cmocka_unit_test(heavy_tails),
        cmocka_unit_test(references),
        cmocka_unit_test(roundings),
        cmocka_unit_test(bells),
        cmocka_unit_test(times),
        cmocka_unit_test(times_without_end),
        cmocka_unit_test(sizes_over_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
