/* The exact sum of integers and decimals: 192 bits, so that 2^64 values of 128 bits cannot
 * overflow. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_WIDE_SUM_H
#define ASSAY_KERNELS_WIDE_SUM_H

#include "worker/executor/kernels/codec.h"

#define ASSAY_WIDE_SUM_TEXT 96 /* bytes that hold any text made here */

/** Two's complement; zero-initialised is 0. */
struct assay_wide_sum {
    assay_u128 low;
    int64_t high;
};

void assay_wide_sum_put(struct assay_wide_sum *sum, assay_i128 value);
/** n ≤ 2048 values; small: all |values| < 2^52 (faster). *ret_sum is their own sum. */
void assay_wide_sum_add(struct assay_wide_sum *sum, const int64_t *values, size_t n, bool small,
                        assay_i128 *ret_sum);
void assay_wide_sum_merge(struct assay_wide_sum *sum, const struct assay_wide_sum *other);
/** The sum / 10^scale as exact decimal text with `scale` (≤ 38) digits after the point. Returns the
 * length. */
size_t assay_wide_sum_format(const struct assay_wide_sum *sum, unsigned scale,
                             char text[ASSAY_WIDE_SUM_TEXT]);
/** The sum as a long double, within a few units of its last place. */
long double assay_wide_sum_real(const struct assay_wide_sum *sum);
void assay_wide_sum_save(const struct assay_wide_sum *sum, struct assay_buf *buf);
void assay_wide_sum_load(struct assay_wide_sum *sum, struct assay_bytes *in);

#endif
