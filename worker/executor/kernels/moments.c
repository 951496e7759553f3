// Central moments to the 4th order.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/moments.h"

#include <math.h>

#include "worker/executor/kernels/numeric.h"

/* a + b, and what its rounding left over: exact (D. Knuth, TAOCP 2, 4.2.2). */
static long double two_sum(long double a, long double b, long double *ret_rest)
{
    const long double sum = a + b, part = sum - a;
    *ret_rest = (a - (sum - part)) + (b - part);
    return sum;
}

/* Below this a sum of fourth powers has lost digits to the end of the range of doubles. */
#define LEAST_FOURTH_POWERS 1e-280L

/* Σ(x − shift)^k for k = 1 … 4 around the values' mean, where they lie near the ends of the range:
 * the powers of doubles never leave that of long doubles. */
static long double wide_power_sums(const double *values, size_t n, long double sums[static 4])
{
    long double shift = 0;
    for (size_t i = 0; i < n; i++)
        shift += values[i];
    shift /= (long double)n;
    sums[0] = sums[1] = sums[2] = sums[3] = 0;
    for (size_t i = 0; i < n; i++) {
        long double power = 1;
        for (size_t k = 0; k < 4; k++)
            sums[k] += power *= (long double)values[i] - shift;
    }
    return shift;
}

void assay_moments_add(struct assay_moments *moments, const double *values, size_t n, double sum)
{
    if (!n)
        return;
    double narrow[4];
    const long double count = (long double)n;
    long double shift = sum / (double)n;
    assay_power_sums(values, n, (double)shift, narrow);
    long double sums[4] = {narrow[0], narrow[1], narrow[2], narrow[3]};
    if (!(isfinite(narrow[3]) && narrow[3] >= LEAST_FOURTH_POWERS))
        shift = wide_power_sums(values, n, sums);
    const long double e = sums[0] / count, s2 = sums[1], s3 = sums[2], s4 = sums[3];
    struct assay_moments batch = {
        .count = n,
        .m2 = fmaxl(0, s2 - count * e * e),
        .m3 = s3 - 3 * e * s2 + 2 * count * e * e * e,
        .m4 = fmaxl(0, s4 - 4 * e * s3 + 6 * e * e * s2 - 3 * count * e * e * e * e),
    };
    batch.mean = two_sum(shift, e, &batch.mean_rest);
    assay_moments_merge(moments, &batch);
}

void assay_moments_put(struct assay_moments *moments, double value, uint64_t n)
{
    const struct assay_moments batch = {.count = n, .mean = value};
    assay_moments_merge(moments, &batch);
}

void assay_moments_merge(struct assay_moments *moments, const struct assay_moments *other)
{
    if (!other->count)
        return;
    if (!moments->count) {
        *moments = *other;
        return;
    }
    const long double na = (long double)moments->count, nb = (long double)other->count, n = na + nb;
    const long double d = (other->mean - moments->mean) + (other->mean_rest - moments->mean_rest);
    const long double dn = d / n, dn2 = dn * dn;
    const long double term = d * dn * na * nb;
    const struct assay_moments a = *moments, *b = other;
    moments->count = a.count + b->count;
    long double rest;
    moments->mean = two_sum(a.mean, dn * nb, &rest);
    moments->mean_rest = a.mean_rest + rest;
    moments->m2 = a.m2 + b->m2 + term;
    moments->m3 = a.m3 + b->m3 + term * dn * (na - nb) + 3 * dn * (na * b->m2 - nb * a.m2);
    moments->m4 = a.m4 + b->m4 + term * dn2 * (na * na - na * nb + nb * nb) +
                  6 * dn2 * (na * na * b->m2 + nb * nb * a.m2) + 4 * dn * (na * b->m3 - nb * a.m3);
}

double assay_moments_std_dev(const struct assay_moments *moments)
{
    if (moments->count < 2)
        return NAN;
    return (double)sqrtl(moments->m2 / (long double)(moments->count - 1));
}

double assay_moments_skewness(const struct assay_moments *moments)
{
    const long double n = (long double)moments->count;
    if (moments->count < 2 || !(moments->m2 > 0))
        return NAN;
    return (double)(sqrtl(n) * moments->m3 / powl(moments->m2, 1.5L));
}

double assay_moments_kurtosis(const struct assay_moments *moments)
{
    const long double n = (long double)moments->count;
    if (moments->count < 2 || !(moments->m2 > 0))
        return NAN;
    return (double)(n * moments->m4 / (moments->m2 * moments->m2) - 3);
}

void assay_moments_save(const struct assay_moments *moments, struct assay_buf *buf)
{
    assay_put_varint(buf, moments->count);
    assay_put_long_real(buf, moments->mean);
    assay_put_long_real(buf, moments->mean_rest);
    assay_put_long_real(buf, moments->m2);
    assay_put_long_real(buf, moments->m3);
    assay_put_long_real(buf, moments->m4);
}

void assay_moments_load(struct assay_moments *moments, struct assay_bytes *in)
{
    moments->count = assay_get_varint(in);
    moments->mean = assay_get_long_real(in);
    moments->mean_rest = assay_get_long_real(in);
    moments->m2 = assay_get_long_real(in);
    moments->m3 = assay_get_long_real(in);
    moments->m4 = assay_get_long_real(in);
}
