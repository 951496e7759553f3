// Loops over arrays of numbers, for processors with AVX2.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/numeric_avx2.h"

#include "worker/executor/kernels/numeric_body.h"

void assay_int_scan_avx2(const int64_t *values, size_t n, struct assay_int_scan *ret_scan)
{
    int_scan_body(values, n, ret_scan);
}

int64_t assay_int_sum_avx2(const int64_t *values, size_t n)
{
    return int_sum_body(values, n);
}

void assay_real_scan_avx2(const double *values, size_t n, struct assay_real_scan *ret_scan)
{
    real_scan_body(values, n, ret_scan);
}

void assay_power_sums_avx2(const double *values, size_t n, double shift, double ret_sums[4])
{
    power_sums_body(values, n, shift, ret_sums);
}

bool assay_sum_parts_avx2(const double *values, size_t n, const double anchor[ASSAY_SUM_PARTS],
                          double ret_parts[ASSAY_SUM_PARTS])
{
    return sum_parts_body(values, n, anchor, ret_parts);
}

bool assay_decimal_units_avx2(const double *values, size_t n, double power, int64_t *ret_units)
{
    return decimal_units_body(values, n, power, ret_units);
}

void assay_small_ints_to_reals_avx2(const int64_t *values, size_t n, double *ret_values)
{
    small_ints_to_reals_body(values, n, ret_values);
}
