// One look at an array of numbers: the plain form, and the choice of the wider one.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/numeric.h"

#include "worker/executor/kernels/hash.h"
#include "worker/executor/kernels/numeric_avx2.h"
#include "worker/executor/kernels/numeric_body.h"

#define PART_BITS 41 /* 53 of a double, less 11 for 2,048 summands and one for rounding */

void assay_int_scan(const int64_t *values, size_t n, struct assay_int_scan *ret_scan)
{
    if (assay_use_avx2())
        assay_int_scan_avx2(values, n, ret_scan);
    else
        int_scan_body(values, n, ret_scan);
}

int64_t assay_int_sum(const int64_t *values, size_t n)
{
    return assay_use_avx2() ? assay_int_sum_avx2(values, n) : int_sum_body(values, n);
}

void assay_real_scan(const double *values, size_t n, struct assay_real_scan *ret_scan)
{
    if (assay_use_avx2())
        assay_real_scan_avx2(values, n, ret_scan);
    else
        real_scan_body(values, n, ret_scan);
}

void assay_power_sums(const double *values, size_t n, double shift, double ret_sums[4])
{
    if (assay_use_avx2())
        assay_power_sums_avx2(values, n, shift, ret_sums);
    else
        power_sums_body(values, n, shift, ret_sums);
}

bool assay_sum_parts(const double *values, size_t n, double magnitude,
                     double ret_parts[ASSAY_SUM_PARTS])
{
    int exponent;
    frexp(magnitude, &exponent); /* magnitude < 2^exponent */
    if (n > 2048 || exponent > 1000 || exponent < -900)
        return false;
    double anchor[ASSAY_SUM_PARTS];
    for (int part = 0; part < ASSAY_SUM_PARTS; part++)
        anchor[part] = ldexp(1.5, exponent + 12 - part * PART_BITS);
    return assay_use_avx2() ? assay_sum_parts_avx2(values, n, anchor, ret_parts)
                            : sum_parts_body(values, n, anchor, ret_parts);
}

bool assay_decimal_units(const double *values, size_t n, double power, int64_t *ret_units)
{
    return assay_use_avx2() ? assay_decimal_units_avx2(values, n, power, ret_units)
                            : decimal_units_body(values, n, power, ret_units);
}

void assay_ints_to_reals(const int64_t *values, size_t n, bool small, double *ret_values)
{
    if (small && assay_use_avx2()) {
        assay_small_ints_to_reals_avx2(values, n, ret_values);
    } else if (small) {
        small_ints_to_reals_body(values, n, ret_values);
    } else {
        for (size_t i = 0; i < n; i++)
            ret_values[i] = (double)values[i];
    }
}
