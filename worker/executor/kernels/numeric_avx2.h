/* What numeric_avx2.c offers to numeric.c. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_NUMERIC_AVX2_H
#define ASSAY_KERNELS_NUMERIC_AVX2_H

#include "worker/executor/kernels/numeric.h"

void assay_int_scan_avx2(const int64_t *values, size_t n, struct assay_int_scan *ret_scan);
int64_t assay_int_sum_avx2(const int64_t *values, size_t n);
void assay_real_scan_avx2(const double *values, size_t n, struct assay_real_scan *ret_scan);
void assay_power_sums_avx2(const double *values, size_t n, double shift, double ret_sums[4]);
bool assay_sum_parts_avx2(const double *values, size_t n, const double anchor[ASSAY_SUM_PARTS],
                          double ret_parts[ASSAY_SUM_PARTS]);
bool assay_decimal_units_avx2(const double *values, size_t n, double power, int64_t *ret_units);
void assay_small_ints_to_reals_avx2(const int64_t *values, size_t n, double *ret_values);

#endif
