// The wide form gives what the plain form gives, bit for bit; hashes are the library's; the sort
// sorts.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/kernels/kernel_fixture.h"

#include <xxhash.h>

#include "worker/executor/kernels/numeric.h"
#include "worker/executor/kernels/sort.h"

#define N 1003

static int64_t ints[N];
static double reals[N];

static void make_values(uint64_t seed, unsigned kind)
{
    for (size_t i = 0; i < N; i++) {
        const uint64_t r = assay_random_next(&seed);
        ints[i] = kind == 0 ? (int64_t)r : (int64_t)(r % 2001) - 1000;
        memcpy(&reals[i], &r, sizeof r); /* any bits: NaN, subnormal, huge */
        if (kind == 1)
            reals[i] = (double)((int64_t)(r % 20000001) - 10000000) / 100;
        if (kind == 2 && i % 3 == 0)
            reals[i] = i % 2 ? -0.0 : (i % 5 ? INFINITY : NAN);
    }
}

struct results {
    struct assay_int_scan int_scan;
    struct assay_real_scan real_scan;
    int64_t sum;
    double powers[4], parts[ASSAY_SUM_PARTS], converted[N];
    int64_t units;
    bool decimals[2];
    uint64_t int_hashes[N], real_hashes[N];
};

static void run(size_t n, bool finite, struct results *ret)
{
    memset(ret, 0, sizeof *ret);
    assay_int_scan(ints, n, &ret->int_scan);
    ret->sum = assay_int_sum(ints, n);
    assay_real_scan(reals, n, &ret->real_scan);
    if (finite) {
        assay_power_sums(reals, n, 0.37, ret->powers);
        assert_true(assay_sum_parts(reals, n, ret->real_scan.magnitude, ret->parts) || n == 0);
        assay_ints_to_reals(ints, n, true, ret->converted);
        ret->decimals[0] = assay_decimal_units(reals, n, 1, &(int64_t){0});
        ret->decimals[1] = assay_decimal_units(reals, n, 100, &ret->units);
        assert_true(ret->decimals[1] && (n < 8 || !ret->decimals[0]));
    }
    assay_hash_ints(ints, n, ret->int_hashes);
    assay_hash_reals(reals, n, ret->real_hashes);
}

static void both_forms(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 2, 3, 4, 5, 7, 8, 63, 64, 65, 1000, 1003};
    static struct results plain, wide;
    for (unsigned kind = 0; kind < 3; kind++) {
        make_values(kind + 77, kind);
        for (size_t s = 0; s < ASSAY_COUNT(sizes); s++) {
            assay_use_avx2_set(false);
            assert_false(assay_use_avx2());
            run(sizes[s], kind == 1, &plain);
            assay_use_avx2_set(true);
            run(sizes[s], kind == 1, &wide);
            assert_memory_equal(&plain, &wide, sizeof plain);
        }
    }
    if (!assay_use_avx2())
        print_message("this processor has no AVX2: the plain form was compared with itself\n");
}

static void scan_by_hand(void **state)
{
    (void)state;
    static const double values[] = {NAN, -2, 0, -0.0, INFINITY, 3, -INFINITY, NAN, -1e-310};
    struct assay_real_scan scan;
    assay_real_scan(values, ASSAY_COUNT(values), &scan);
    assert_int_equal(scan.nan, 2);
    assert_int_equal(scan.inf, 2);
    assert_int_equal(scan.zero, 2);
    assert_int_equal(scan.negative, 3);
    assert_true(scan.min == -INFINITY && scan.max == INFINITY && scan.magnitude == 3);
}

static void hashes_are_xxh3(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (size_t i = 0; i < 1000; i++) {
        const int64_t value = (int64_t)assay_random_next(&seed) >> (i % 60);
        assert_true(assay_hash_int(value) == XXH3_64bits(&value, sizeof value));
    }
    assert_true(assay_hash_text("abc", 3) == XXH3_64bits("abc", 3));
}

static void equal_values_equal_hashes(void **state)
{
    (void)state;
    const double values[] = {0.0, -0.0, NAN, -NAN, nan("7"), 1.0};
    uint64_t hashes[6];
    assay_hash_reals(values, 6, hashes);
    assert_true(hashes[0] == hashes[1] && hashes[2] == hashes[3] && hashes[3] == hashes[4]);
    assert_true(hashes[0] != hashes[5] && hashes[2] != hashes[5]);
}

static int compare_ints(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static void sorting(void **state)
{
    (void)state;
    static int64_t keys[ASSAY_SORT_MAX], want[ASSAY_SORT_MAX], scratch[ASSAY_SORT_MAX];
    static const size_t sizes[] = {0, 1, 2, 20, 21, 100, 1024, 4096, ASSAY_SORT_MAX};
    uint64_t seed = 4;
    for (size_t shape = 0; shape < 6; shape++) {
        for (size_t s = 0; s < ASSAY_COUNT(sizes); s++) {
            for (size_t i = 0; i < sizes[s]; i++) {
                const uint64_t r = assay_random_next(&seed);
                const int64_t shapes[] = {(int64_t)r,
                                          (int64_t)(r % 3),
                                          -(int64_t)i,
                                          (int64_t)(UINT64_C(1) << (r % 64)),
                                          i % 2 ? INT64_MIN : INT64_MAX,
                                          5};
                keys[i] = want[i] = shapes[shape];
            }
            assay_sort_ints(keys, sizes[s], scratch);
            if (sizes[s])
                qsort(want, sizes[s], sizeof *want, compare_ints);
            assert_memory_equal(keys, want, sizes[s] * sizeof *keys);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms),      cmocka_unit_test(scan_by_hand),
        cmocka_unit_test(hashes_are_xxh3), cmocka_unit_test(equal_values_equal_hashes),
        cmocka_unit_test(sorting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
