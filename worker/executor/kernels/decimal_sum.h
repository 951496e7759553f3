/* The exact sum of decimals that were read as doubles: 0.1 and 0.2 make 0.3.
 *
 * A double stands for the decimal units / 10^scale (scale ≤ 22) when |units| < 2^51 and it is the
 * double nearest to it, which the correctly rounded division of the two shows (the converse of W.
 * Clinger, "How to read floating point numbers accurately", 1990). Up to 15 significant digits that
 * is the decimal that was written. The least scale of each value counts, so the sum and whether it
 * is known depend on the values only, never on order or splits. One value that is no such decimal
 * (more digits, an exponent beyond) and the sum is not known. Units are added in 192 bits: no
 * rounding at any length. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_DECIMAL_SUM_H
#define ASSAY_KERNELS_DECIMAL_SUM_H

#include "worker/executor/kernels/wide_sum.h"

#define ASSAY_DECIMAL_SUM_SCALE_MAX 22 /* 10^22 is the last power of ten that a double holds */

/** Zero-initialised is 0. */
struct assay_decimal_sum {
    struct assay_wide_sum units; /* of 10^−scale */
    uint8_t scale;               /* the greatest of the values' least scales */
    bool unknown;                /* some value is no such decimal */
};

/** n ≤ 2048 finite values, none above magnitude. */
void assay_decimal_sum_add(struct assay_decimal_sum *sum, const double *values, size_t n,
                           double magnitude);
void assay_decimal_sum_merge(struct assay_decimal_sum *sum, const struct assay_decimal_sum *other);
/** Plain decimal text, one digit behind the point at least, no further zeros at the end. Returns
 * the length; 0 when the sum is not known. */
size_t assay_decimal_sum_format(const struct assay_decimal_sum *sum,
                                char text[ASSAY_WIDE_SUM_TEXT]);
/** Within a few units of a long double's last place. Known sums only. */
long double assay_decimal_sum_real(const struct assay_decimal_sum *sum);
void assay_decimal_sum_save(const struct assay_decimal_sum *sum, struct assay_buf *buf);
void assay_decimal_sum_load(struct assay_decimal_sum *sum, struct assay_bytes *in);

#endif
