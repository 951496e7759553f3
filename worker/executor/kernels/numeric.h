/* One look at an array of numbers: counts, extremes, power sums, exact partial sums, conversions.
 * The plain form is the truth; where the processor has AVX2 the same source compiled for it is
 * used, lane by lane with equal results. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_NUMERIC_H
#define ASSAY_KERNELS_NUMERIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Integers: extremes (of none: INT64_MAX, INT64_MIN) and counts. Exact. */
struct assay_int_scan {
    int64_t min, max;
    uint64_t zero, negative;
};
void assay_int_scan(const int64_t *values, size_t n, struct assay_int_scan *ret_scan);
/** The sum modulo 2^64; exact when |values| < 2^52 and n ≤ 2048. */
int64_t assay_int_sum(const int64_t *values, size_t n);

/** Doubles: NaN is in nothing but its count; ±inf in min, max and inf; greatest finite |x|.
 * Exact. */
struct assay_real_scan {
    double min, max; /* of none: +inf, −inf */
    double magnitude;
    uint64_t zero, negative, nan, inf;
};
void assay_real_scan(const double *values, size_t n, struct assay_real_scan *ret_scan);

/** Σ(x−shift)^k for k = 1 … 4, four lanes wide. */
void assay_power_sums(const double *values, size_t n, double shift, double ret_sums[4]);

#define ASSAY_SUM_PARTS 3
/** Three doubles whose exact sum is the exact sum of n ≤ 2048 finite doubles of at most
 * `magnitude`: high, middle and low bits, each summed without rounding (error-free extraction, S.
 * Rump, T. Ogita, S. Oishi, "Accurate floating-point summation", 2008). False when the values
 * spread over more than 123 bits or lie at the ends of the range. */
bool assay_sum_parts(const double *values, size_t n, double magnitude,
                     double ret_parts[ASSAY_SUM_PARTS]);

/** The sum of n ≤ 2048 doubles taken as integers × 1/power, exact; |values| · power < 2^51. False
 * when one of them is not the double nearest to such a decimal. */
bool assay_decimal_units(const double *values, size_t n, double power, int64_t *ret_units);

/** To double, rounding beyond 2^53. small: all |values| < 2^51 (faster). */
void assay_ints_to_reals(const int64_t *values, size_t n, bool small, double *ret_values);

#endif
