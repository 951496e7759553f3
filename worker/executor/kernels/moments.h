/* Mean, deviation, skewness and kurtosis: central moments to the 4th order.
 *
 * Inside a batch by two passes around the batch's own mean with the correction of Chan, Golub and
 * LeVeque (1983); batches and states are joined by the pairwise formulas of P. Pébay, "Formulas for
 * robust, one-pass parallel computation of covariances and arbitrary-order statistical moments"
 * (2008), in long double. NIST's sets keep 14 digits of the mean and 12 of the deviation, also from
 * many parts. Any order of merging agrees to about 1e-13 relative, also where the mean is 10^12
 * deviations. Finite values only, of any magnitude: where the powers of doubles would leave their
 * range they are taken as long doubles. What a double cannot hold is inf, which the report shows as
 * null. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_MOMENTS_H
#define ASSAY_KERNELS_MOMENTS_H

#include "worker/executor/kernels/codec.h"

/** Zero-initialised is empty. */
struct assay_moments {
    uint64_t count;
    long double mean, mean_rest; /* their sum: differences of means keep their digits */
    long double m2, m3, m4;      /* Σ(x − mean)^k */
};

/** n ≤ 2048 finite values; sum is their sum (to full precision) when known. */
void assay_moments_add(struct assay_moments *moments, const double *values, size_t n, double sum);
/** The same value n times. */
void assay_moments_put(struct assay_moments *moments, double value, uint64_t n);
void assay_moments_merge(struct assay_moments *moments, const struct assay_moments *other);

/** NaN without enough values or spread: deviation needs 2, skewness and kurtosis a deviation above
 * 0. */
double assay_moments_std_dev(const struct assay_moments *moments);  /* n − 1 */
double assay_moments_skewness(const struct assay_moments *moments); /* g1 */
double assay_moments_kurtosis(const struct assay_moments *moments); /* excess g2 */

void assay_moments_save(const struct assay_moments *moments, struct assay_buf *buf);
void assay_moments_load(struct assay_moments *moments, struct assay_bytes *in);

#endif
