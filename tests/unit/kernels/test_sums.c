// Exact sums: doubles against Python's math.fsum, integers and decimals against its integers.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/kernels/kernel_fixture.h"

#include <float.h>

#include "worker/executor/kernels/decimal_sum.h"
#include "worker/executor/kernels/exact_sum.h"
#include "worker/executor/kernels/numeric.h"
#include "worker/executor/kernels/wide_sum.h"

static double sum_of(const double *values, size_t n)
{
    struct assay_exact_sum sum = {0};
    struct assay_real_scan scan;
    double ignored;
    assay_real_scan(values, n, &scan);
    assay_exact_sum_add(&sum, values, n, scan.magnitude, &ignored);
    return assay_exact_sum_round(&sum);
}

static void doubles(void **state)
{
    (void)state;
    static const struct {
        double values[6];
        size_t n;
        double want; /* math.fsum */
    } cases[] = {
        {{0}, 0, 0},
        {{0.1, 0.2, 0.3}, 3, 0.6},
        {{1e16, 1, -1e16}, 3, 1},
        {{1e308, 1e308, -1e308}, 3, 1e308},
        {{1e308, 1e308}, 2, INFINITY},
        {{-1e308, -1e308}, 2, -INFINITY},
        {{DBL_MAX, -DBL_MAX, 5e-324}, 3, 5e-324},
        {{1, 0x1p-53, 0x1p-106}, 3, 1 + 0x1p-52}, /* above a tie */
        {{1, 0x1p-53}, 2, 1},                     /* a tie, to even */
        {{1 + 0x1p-52, 0x1p-53}, 2, 1 + 0x1p-51}, /* a tie, to even */
        {{5e-324, 5e-324, 5e-324}, 3, 1.5e-323},  /* subnormal */
        {{0x1p-1022, -0x1p-1074}, 2, 0x1p-1022 - 0x1p-1074},
        {{1e100, 1, -1e100, 1e-100}, 4, 1},
        {{-0.0, 0.0}, 2, 0},
        {{-3.5, 1.25, -1e-9}, 3, -2.250000001},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        const double got = sum_of(cases[i].values, cases[i].n);
        if (got != cases[i].want)
            fail_msg("case %zu: %.17g is not %.17g", i, got, cases[i].want);
    }
}

/* Any order and any splits give the same bits; so do both ways of adding a batch. */
static void any_splits(void **state)
{
    (void)state;
    double values[2048];
    uint64_t random = 5;
    for (size_t i = 0; i < 2048; i++) {
        const double mantissa = (double)(int64_t)assay_random_next(&random);
        values[i] = ldexp(mantissa, (int)(assay_random_next(&random) % (i % 2 ? 40 : 400)) - 200);
    }
    struct assay_exact_sum one_by_one = {0};
    for (size_t i = 2048; i-- > 0;)
        assay_exact_sum_put(&one_by_one, values[i]);
    const double want = assay_exact_sum_round(&one_by_one);
    for (size_t parts = 1; parts <= 64; parts++) {
        struct assay_exact_sum total = {0};
        for (size_t part = 0; part < parts; part++) {
            const size_t from = 2048 * part / parts, to = 2048 * (part + 1) / parts;
            struct assay_exact_sum sum = {0};
            struct assay_real_scan scan;
            double rounded;
            assay_real_scan(values + from, to - from, &scan);
            assay_exact_sum_add(&sum, values + from, to - from, scan.magnitude, &rounded);
            assay_exact_sum_merge(&total, &sum);
        }
        assert_true(assay_exact_sum_round(&total) == want);
    }
}

/* Values within 123 bits take the fast way; it must be exact too. */
static void fast_way(void **state)
{
    (void)state;
    double values[2048], rounded;
    uint64_t random = 9;
    for (size_t i = 0; i < 2048; i++)
        values[i] = (double)(int64_t)(assay_random_next(&random) >> 11) / 100 * (i % 3 ? 1 : -1e-6);
    struct assay_exact_sum fast = {0}, slow = {0};
    struct assay_real_scan scan;
    double parts[ASSAY_SUM_PARTS];
    assay_real_scan(values, 2048, &scan);
    assert_true(assay_sum_parts(values, 2048, scan.magnitude, parts));
    assay_exact_sum_add(&fast, values, 2048, scan.magnitude, &rounded);
    for (size_t i = 0; i < 2048; i++)
        assay_exact_sum_put(&slow, values[i]);
    assert_true(assay_exact_sum_round(&fast) == assay_exact_sum_round(&slow));
    assert_close(rounded, assay_exact_sum_round(&slow), 1e-15);
}

static void add_decimals(struct assay_decimal_sum *sum, const double *values, size_t n)
{
    struct assay_real_scan scan;
    assay_real_scan(values, n, &scan);
    assay_decimal_sum_add(sum, values, n, scan.magnitude);
}

/* Doubles that were read from decimal text: Python's sum(map(Decimal, texts)). */
static void decimals(void **state)
{
    (void)state;
    static const struct {
        double values[5];
        size_t n;
        const char *want; /* NULL: some value is no decimal of 15 digits */
    } cases[] = {
        {{0}, 0, "0.0"},
        {{0.1, 0.2}, 2, "0.3"},
        {{0.1, 0.2, -0.3}, 3, "0.0"},
        {{1.1, 2.2, 3.3}, 3, "6.6"},
        {{0.25, 0.75}, 2, "1.0"},
        {{-0.0, 0.0}, 2, "0.0"},
        {{3, 4}, 2, "7.0"},
        {{-1.005, 1e-7}, 2, "-1.0049999"},
        {{123456789012345, 0.00001}, 2, "123456789012345.00001"}, /* each by itself */
        {{12345678901.2345, -0.0045, 1e9, 2.5, 0.1}, 5, "13345678903.83"},
        {{1e-22, 1}, 2, "1.0000000000000000000001"},
        {{2251799813685247}, 1, "2251799813685247.0"}, /* 2^51 − 1 */
        {{2251799813685248}, 1, NULL},
        {{1e-23}, 1, NULL},
        {{0.1, 1.0 / 3}, 2, NULL},
        {{0.1, 1e300}, 2, NULL},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        struct assay_decimal_sum sum = {0};
        char text[ASSAY_WIDE_SUM_TEXT] = "";
        add_decimals(&sum, cases[i].values, cases[i].n);
        const size_t size = assay_decimal_sum_format(&sum, text);
        if (size != (cases[i].want ? strlen(cases[i].want) : 0) ||
            (cases[i].want && strcmp(text, cases[i].want) != 0))
            fail_msg("case %zu: %s is not %s", i, text, cases[i].want ? cases[i].want : "unknown");
    }
}

/* Any parts in any order: the same text; and through saved bytes. */
static void decimals_in_parts(void **state)
{
    (void)state;
    double values[2048];
    uint64_t random = 21;
    for (size_t i = 0; i < 2048; i++) { /* cents, then millionths beside billions */
        const int64_t units = (int64_t)(assay_random_next(&random) % 200000001) - 100000000;
        values[i] = i < 1500 ? (double)units / 100
                             : (double)(units + (i % 2 ? INT64_C(1000000000000000) : 0)) / 1e6;
    }
    struct assay_decimal_sum whole = {0};
    char want[ASSAY_WIDE_SUM_TEXT], got[ASSAY_WIDE_SUM_TEXT];
    add_decimals(&whole, values, 2048);
    assert_true(assay_decimal_sum_format(&whole, want) > 0);
    for (size_t parts = 2; parts <= 64; parts++) {
        struct assay_decimal_sum total = {0};
        for (size_t p = parts; p-- > 0;) {
            ASSAY_SCOPED(assay_buf_release) struct assay_buf bytes = {0};
            struct assay_decimal_sum part = {0}, loaded;
            const size_t from = 2048 * p / parts, to = 2048 * (p + 1) / parts;
            add_decimals(&part, values + from, to - from);
            assay_decimal_sum_save(&part, &bytes);
            struct assay_bytes in = {(const unsigned char *)bytes.data, bytes.size, false};
            assay_decimal_sum_load(&loaded, &in);
            assert_true(!in.failed && !in.left);
            assay_decimal_sum_merge(&total, &loaded);
        }
        assay_decimal_sum_format(&total, got);
        assert_string_equal(got, want);
    }
    struct assay_decimal_sum unknown = {0};
    add_decimals(&unknown, (const double[]){1.0 / 3}, 1);
    assay_decimal_sum_merge(&whole, &unknown);
    assert_int_equal(assay_decimal_sum_format(&whole, got), 0);
}

static void wide(void **state)
{
    (void)state;
    const assay_i128 most = (assay_i128)(~(assay_u128)0 >> 1), least = -most - 1;
    const struct {
        assay_i128 values[3];
        size_t times;
        unsigned scale;
        const char *want;
    } cases[] = {
        {{0, 0, 0}, 1, 0, "0"},
        {{0, 0, 0}, 1, 3, "0.000"},
        {{1, 2, -5}, 1, 0, "-2"},
        {{1, 2, -5}, 1, 2, "-0.02"},
        {{12345, 0, 0}, 1, 2, "123.45"},
        {{most, most, 0}, 1, 0, "340282366920938463463374607431768211454"},
        {{least, least, least}, 1, 0, "-510423550381407695195061911147652317184"},
        {{most, 0, 0}, 1000, 38, "1701.41183460469231731687303715884105727000"},
        {{most, least, 0}, 1000, 0, "-1000"},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        char text[ASSAY_WIDE_SUM_TEXT];
        struct assay_wide_sum sum = {0};
        for (size_t t = 0; t < cases[i].times; t++) {
            for (size_t j = 0; j < 3; j++)
                assay_wide_sum_put(&sum, cases[i].values[j]);
        }
        assay_wide_sum_format(&sum, cases[i].scale, text);
        assert_string_equal(text, cases[i].want);
    }
}

static void wide_never_wraps(void **state)
{
    (void)state;
    int64_t values[2048];
    char text[ASSAY_WIDE_SUM_TEXT];
    struct assay_wide_sum sum = {0};
    assay_i128 batch;
    for (size_t i = 0; i < 2048; i++)
        values[i] = INT64_MAX;
    assay_wide_sum_add(&sum, values, 2048, false, &batch);
    assay_wide_sum_format(&sum, 0, text);
    assert_string_equal(text, "18889465931478580852736"); /* 2048 · (2^63 − 1) */
    assert_close((double)assay_wide_sum_real(&sum), 1.8889465931478580852736e22, 1e-16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles),           cmocka_unit_test(any_splits),
        cmocka_unit_test(fast_way),          cmocka_unit_test(wide),
        cmocka_unit_test(wide_never_wraps),  cmocka_unit_test(decimals),
        cmocka_unit_test(decimals_in_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
