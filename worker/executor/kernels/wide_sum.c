// The exact sum of integers and decimals.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/wide_sum.h"

#include <math.h>
#include <string.h>

#include "worker/executor/kernels/numeric.h"

#define LIMBS      6
#define DIGITS_MAX 64

void assay_wide_sum_put(struct assay_wide_sum *sum, assay_i128 value)
{
    const struct assay_wide_sum wide = {.low = (assay_u128)value, .high = value < 0 ? -1 : 0};
    assay_wide_sum_merge(sum, &wide);
}

void assay_wide_sum_merge(struct assay_wide_sum *sum, const struct assay_wide_sum *other)
{
    const assay_u128 low = sum->low + other->low;
    const uint64_t carry = low < sum->low;
    sum->high = (int64_t)((uint64_t)sum->high + (uint64_t)other->high + carry);
    sum->low = low;
}

void assay_wide_sum_add(struct assay_wide_sum *sum, const int64_t *values, size_t n, bool small,
                        assay_i128 *ret_sum)
{
    assay_i128 batch = 0;
    if (small) {
        batch = assay_int_sum(values, n);
    } else {
        for (size_t i = 0; i < n; i++)
            batch += values[i];
    }
    assay_wide_sum_put(sum, batch);
    *ret_sum = batch;
}

/* The magnitude as limbs of 32 bits, lowest first; true when negative. */
static bool magnitude_of(const struct assay_wide_sum *sum, uint32_t ret_limbs[LIMBS])
{
    assay_u128 low = sum->low;
    uint64_t high = (uint64_t)sum->high;
    const bool negative = sum->high < 0;
    if (negative) {
        low = ~low + 1;
        high = ~high + (low == 0);
    }
    for (unsigned i = 0; i < 4; i++)
        ret_limbs[i] = (uint32_t)(low >> (32 * i));
    ret_limbs[4] = (uint32_t)high;
    ret_limbs[5] = (uint32_t)(high >> 32);
    return negative;
}

/* Divide by ten in place; the remainder is the next digit from the right. */
static unsigned divide_by_ten(uint32_t limbs[LIMBS])
{
    uint64_t rest = 0;
    for (size_t i = LIMBS; i-- > 0;) {
        const uint64_t part = rest << 32 | limbs[i];
        limbs[i] = (uint32_t)(part / 10);
        rest = part % 10;
    }
    return (unsigned)rest;
}

static bool is_zero(const uint32_t limbs[LIMBS])
{
    for (size_t i = 0; i < LIMBS; i++) {
        if (limbs[i])
            return false;
    }
    return true;
}

size_t assay_wide_sum_format(const struct assay_wide_sum *sum, unsigned scale,
                             char text[ASSAY_WIDE_SUM_TEXT])
{
    uint32_t limbs[LIMBS];
    char digits[DIGITS_MAX]; /* from the right */
    unsigned count = 0;
    const bool negative = magnitude_of(sum, limbs);
    while (!is_zero(limbs))
        digits[count++] = (char)('0' + divide_by_ten(limbs));
    while (count < scale + 1)
        digits[count++] = '0';
    size_t size = 0;
    if (negative)
        text[size++] = '-';
    while (count > 0) {
        if (count == scale)
            text[size++] = '.';
        text[size++] = digits[--count];
    }
    text[size] = '\0';
    return size;
}

long double assay_wide_sum_real(const struct assay_wide_sum *sum)
{
    uint32_t limbs[LIMBS];
    const bool negative = magnitude_of(sum, limbs);
    long double value = 0;
    for (size_t i = LIMBS; i-- > 0;)
        value = value * 4294967296.0L + limbs[i];
    return negative ? -value : value;
}

void assay_wide_sum_save(const struct assay_wide_sum *sum, struct assay_buf *buf)
{
    assay_put_i128(buf, (assay_i128)sum->low);
    assay_put_u64(buf, (uint64_t)sum->high);
}

void assay_wide_sum_load(struct assay_wide_sum *sum, struct assay_bytes *in)
{
    sum->low = (assay_u128)assay_get_i128(in);
    sum->high = (int64_t)assay_get_u64(in);
}
