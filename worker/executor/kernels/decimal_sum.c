// The exact sum of decimals that were read as doubles.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/decimal_sum.h"

#include <math.h>

#include "worker/executor/kernels/numeric.h"

#define UNITS_END 0x1p51 /* below it a product's rounding cannot move the nearest integer */

static const double powers[ASSAY_DECIMAL_SUM_SCALE_MAX + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* units × 10, modulo 2^192. */
static void times_ten(struct assay_wide_sum *units)
{
    const uint64_t low = (uint64_t)units->low, middle = (uint64_t)(units->low >> 64);
    const assay_u128 first = (assay_u128)low * 10;
    const assay_u128 second = (assay_u128)middle * 10 + (uint64_t)(first >> 64);
    units->low = second << 64 | (uint64_t)first;
    units->high = (int64_t)((uint64_t)units->high * 10 + (uint64_t)(second >> 64));
}

static void raise_scale(struct assay_decimal_sum *sum, uint8_t scale)
{
    for (; sum->scale < scale; sum->scale++)
        times_ten(&sum->units);
}

static void put_units(struct assay_decimal_sum *sum, int64_t units, uint8_t scale)
{
    struct assay_decimal_sum one = {.scale = scale};
    assay_wide_sum_put(&one.units, units);
    assay_decimal_sum_merge(sum, &one);
}

/* All values at the least scale, from the sum's own on, that holds them together. */
static bool add_together(struct assay_decimal_sum *sum, const double *values, size_t n,
                         double magnitude)
{
    for (uint8_t scale = sum->scale; scale <= ASSAY_DECIMAL_SUM_SCALE_MAX; scale++) {
        int64_t units;
        if (magnitude * powers[scale] >= UNITS_END)
            return false;
        if (!assay_decimal_units(values, n, powers[scale], &units))
            continue;
        put_units(sum, units, scale);
        return true;
    }
    return false;
}

static bool put_value(struct assay_decimal_sum *sum, double value)
{
    for (uint8_t scale = 0; scale <= ASSAY_DECIMAL_SUM_SCALE_MAX; scale++) {
        int64_t units;
        if (fabs(value) * powers[scale] >= UNITS_END)
            return false;
        if (!assay_decimal_units(&value, 1, powers[scale], &units))
            continue;
        put_units(sum, units, scale);
        return true;
    }
    return false;
}

void assay_decimal_sum_add(struct assay_decimal_sum *sum, const double *values, size_t n,
                           double magnitude)
{
    if (sum->unknown || !n || add_together(sum, values, n, magnitude))
        return;
    for (size_t i = 0; i < n && !sum->unknown; i++)
        sum->unknown = !put_value(sum, values[i]);
}

void assay_decimal_sum_merge(struct assay_decimal_sum *sum, const struct assay_decimal_sum *other)
{
    struct assay_decimal_sum copy = *other;
    raise_scale(&copy, sum->scale);
    raise_scale(sum, copy.scale);
    assay_wide_sum_merge(&sum->units, &copy.units);
    sum->unknown = sum->unknown || other->unknown;
}

size_t assay_decimal_sum_format(const struct assay_decimal_sum *sum, char text[ASSAY_WIDE_SUM_TEXT])
{
    struct assay_decimal_sum written = *sum;
    if (sum->unknown)
        return 0;
    raise_scale(&written, 1);
    size_t size = assay_wide_sum_format(&written.units, written.scale, text);
    while (text[size - 1] == '0' && text[size - 2] != '.')
        text[--size] = '\0';
    return size;
}

long double assay_decimal_sum_real(const struct assay_decimal_sum *sum)
{
    return assay_wide_sum_real(&sum->units) / (long double)powers[sum->scale];
}

void assay_decimal_sum_save(const struct assay_decimal_sum *sum, struct assay_buf *buf)
{
    assay_put_u8(buf, sum->unknown);
    assay_put_u8(buf, sum->unknown ? 0 : sum->scale);
    if (!sum->unknown)
        assay_wide_sum_save(&sum->units, buf);
}

void assay_decimal_sum_load(struct assay_decimal_sum *sum, struct assay_bytes *in)
{
    const uint8_t unknown = assay_get_u8(in), scale = assay_get_u8(in);
    *sum = (struct assay_decimal_sum){.unknown = unknown != 0};
    in->failed = in->failed || unknown > 1 || scale > ASSAY_DECIMAL_SUM_SCALE_MAX;
    if (in->failed || unknown)
        return;
    sum->scale = scale;
    assay_wide_sum_load(&sum->units, in);
}
