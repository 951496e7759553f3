// The exact sum of doubles.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/exact_sum.h"

#include <math.h>
#include <string.h>

#include "worker/executor/kernels/numeric.h"

#define LIMB_MASK   INT64_C(0xFFFFFFFF)
#define PENDING_MAX (1u << 29)

/* Leave 0 ≤ limb < 2^32 everywhere but in the last, which carries the sign. */
static void spread(struct assay_exact_sum *sum)
{
    int64_t carry = 0;
    for (size_t i = 0; i < ASSAY_EXACT_SUM_LIMBS - 1; i++) {
        const int64_t limb = sum->limbs[i] + carry;
        sum->limbs[i] = limb & LIMB_MASK;
        carry = (limb - sum->limbs[i]) / (LIMB_MASK + 1);
    }
    sum->limbs[ASSAY_EXACT_SUM_LIMBS - 1] += carry;
    sum->pending = 0;
}

void assay_exact_sum_put(struct assay_exact_sum *sum, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    const unsigned exponent = (unsigned)(bits >> 52 & 0x7FF);
    const uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
    const uint64_t mantissa = exponent ? fraction | UINT64_C(1) << 52 : fraction;
    const unsigned position = exponent ? exponent - 1 : 0;
    const assay_u128 wide = (assay_u128)mantissa << (position & 31);
    int64_t *limb = &sum->limbs[position >> 5];
    const int64_t sign = bits >> 63 ? -1 : 1;
    limb[0] += sign * (int64_t)((uint64_t)wide & (uint64_t)LIMB_MASK);
    limb[1] += sign * (int64_t)((uint64_t)(wide >> 32) & (uint64_t)LIMB_MASK);
    limb[2] += sign * (int64_t)(uint64_t)(wide >> 64);
    if (++sum->pending == PENDING_MAX)
        spread(sum);
}

void assay_exact_sum_add(struct assay_exact_sum *sum, const double *values, size_t n,
                         double magnitude, double *ret_rounded)
{
    double parts[ASSAY_SUM_PARTS];
    *ret_rounded = 0;
    if (!n || magnitude == 0)
        return;
    if (assay_sum_parts(values, n, magnitude, parts)) {
        for (size_t i = ASSAY_SUM_PARTS; i-- > 0;) {
            assay_exact_sum_put(sum, parts[i]);
            *ret_rounded += parts[i];
        }
        return;
    }
    struct assay_exact_sum batch = {0};
    for (size_t i = 0; i < n; i++)
        assay_exact_sum_put(&batch, values[i]);
    assay_exact_sum_merge(sum, &batch);
    *ret_rounded = assay_exact_sum_round(&batch);
}

void assay_exact_sum_merge(struct assay_exact_sum *sum, const struct assay_exact_sum *other)
{
    struct assay_exact_sum copy = *other;
    spread(&copy);
    spread(sum);
    for (size_t i = 0; i < ASSAY_EXACT_SUM_LIMBS; i++)
        sum->limbs[i] += copy.limbs[i];
    spread(sum);
}

/* The magnitude of a spread sum in limbs of 32 bits; true when it is negative. */
static bool magnitude_of(const struct assay_exact_sum *sum, struct assay_exact_sum *ret_magnitude)
{
    *ret_magnitude = *sum;
    spread(ret_magnitude);
    const bool negative = ret_magnitude->limbs[ASSAY_EXACT_SUM_LIMBS - 1] < 0;
    if (negative) {
        for (size_t i = 0; i < ASSAY_EXACT_SUM_LIMBS; i++)
            ret_magnitude->limbs[i] = -ret_magnitude->limbs[i];
        spread(ret_magnitude);
    }
    return negative;
}

double assay_exact_sum_round(const struct assay_exact_sum *sum)
{
    struct assay_exact_sum m;
    const bool negative = magnitude_of(sum, &m);
    size_t top = ASSAY_EXACT_SUM_LIMBS;
    while (top > 0 && !m.limbs[top - 1])
        top--;
    if (!top)
        return 0;
    /* the leading 96 bits, and whether anything lies below them */
    assay_u128 lead = 0;
    bool sticky = false;
    const size_t first = top > 3 ? top - 3 : 0;
    for (size_t i = top; i-- > first;)
        lead = (assay_u128)(lead << 32) | (assay_u128)m.limbs[i];
    for (size_t i = 0; i < first; i++)
        sticky = sticky || m.limbs[i];
    int shift = 0; /* bits to drop so that 53 are left */
    while (lead >> shift >= (assay_u128)1 << 53)
        shift++;
    const assay_u128 rest = lead - (lead >> shift << shift);
    const assay_u128 half = shift ? (assay_u128)1 << (shift - 1) : 0;
    uint64_t mantissa = (uint64_t)(lead >> shift);
    const bool above_half = shift && (rest > half || (rest == half && (sticky || mantissa & 1)));
    mantissa += above_half;
    const double value = ldexp((double)mantissa, (int)first * 32 + shift - 1074);
    return negative ? -value : value;
}

void assay_exact_sum_save(const struct assay_exact_sum *sum, struct assay_buf *buf)
{
    struct assay_exact_sum canonical = *sum;
    spread(&canonical);
    size_t first = 0, end = ASSAY_EXACT_SUM_LIMBS;
    while (first < end && !canonical.limbs[first])
        first++;
    while (end > first && !canonical.limbs[end - 1])
        end--;
    assay_put_varint(buf, first);
    assay_put_varint(buf, end - first);
    for (size_t i = first; i < end; i++)
        assay_put_u64(buf, (uint64_t)canonical.limbs[i]);
}

void assay_exact_sum_load(struct assay_exact_sum *sum, struct assay_bytes *in)
{
    *sum = (struct assay_exact_sum){0};
    const uint32_t first = assay_get_count(in, ASSAY_EXACT_SUM_LIMBS);
    const uint32_t count = assay_get_count(in, ASSAY_EXACT_SUM_LIMBS - first);
    for (uint32_t i = first; i < first + count; i++) {
        const int64_t limb = (int64_t)assay_get_u64(in);
        const bool last = i == ASSAY_EXACT_SUM_LIMBS - 1;
        in->failed = in->failed || (!last && (limb < 0 || limb > LIMB_MASK)) ||
                     (last && (limb < -LIMB_MASK || limb > LIMB_MASK));
        sum->limbs[i] = in->failed ? 0 : limb;
    }
}
