/* The exact sum of doubles, correctly rounded at the end, so the same for any order and any splits.
 *
 * A fixed-point number wide enough for every double (a small superaccumulator: R. Neal, "Fast exact
 * summation using small and large superaccumulators", 2015): 32 bits a limb, carries kept apart
 * in 64. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_EXACT_SUM_H
#define ASSAY_KERNELS_EXACT_SUM_H

#include "worker/executor/kernels/codec.h"

#define ASSAY_EXACT_SUM_LIMBS 70 /* 2,098 bits of doubles, and room for 2^64 of them */

/** Zero-initialised is 0. */
struct assay_exact_sum {
    int64_t limbs[ASSAY_EXACT_SUM_LIMBS]; /* limb i counts 2^(32·i − 1074) */
    uint32_t pending;                     /* additions since carries were last spread */
};

/** Finite values only. */
void assay_exact_sum_put(struct assay_exact_sum *sum, double value);
/** n ≤ 2048 finite values, none above magnitude. *ret_rounded: their own sum, to nearly full
 * precision. */
void assay_exact_sum_add(struct assay_exact_sum *sum, const double *values, size_t n,
                         double magnitude, double *ret_rounded);
void assay_exact_sum_merge(struct assay_exact_sum *sum, const struct assay_exact_sum *other);
/** To the nearest double, ties to even; beyond the range ±inf. */
double assay_exact_sum_round(const struct assay_exact_sum *sum);
void assay_exact_sum_save(const struct assay_exact_sum *sum, struct assay_buf *buf);
void assay_exact_sum_load(struct assay_exact_sum *sum, struct assay_bytes *in);

#endif
