// Cell decimals: exact reading, and the choice of a scale.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/infer/cell_decimal.h"

#include "worker/executor/infer/cell_class.h"

enum { FRACTION_MAX = 9, SAMPLED_MAX = 18, WHOLE_SCALE = 2 };
enum { LONG_SCALE = 18, LONG_WHOLE = ASSAY_LONG_DECIMAL_DIGITS - LONG_SCALE };

/* Digits of a plain number: whole ones without zeros in front. */
struct plain {
    const char *whole, *fraction;
    size_t whole_digits, fraction_digits;
    bool negative;
};

static size_t count_digits(const char *data, size_t size)
{
    size_t n = 0;
    while (n < size && (unsigned char)(data[n] - '0') < 10)
        n++;
    return n;
}

static bool split(const char *data, size_t size, struct plain *ret)
{
    const size_t sign = size && (data[0] == '-' || data[0] == '+');
    const char *end = data + size, *whole = data + sign;
    size_t digits = count_digits(whole, size - sign), behind = 0;
    const char *fraction = whole + digits;
    if (fraction < end && *fraction == '.') {
        fraction++;
        behind = count_digits(fraction, (size_t)(end - fraction));
    }
    if (fraction + behind != end || !(digits + behind))
        return false;
    for (; digits && *whole == '0'; digits--)
        whole++;
    *ret = (struct plain){whole, fraction, digits, behind, sign && data[0] == '-'};
    return true;
}

void assay_decimal_shape_add(struct assay_decimal_shape *shape, const struct assay_cell *cell)
{
    struct plain plain;
    uint32_t formats;
    if (cell->kind == ASSAY_CELL_NULL || !cell->size_bytes || shape->other)
        return;
    if (!split(cell->data, cell->size_bytes, &plain)) {
        const enum assay_cell_class class_ = assay_cell_classify(cell, &formats);
        shape->other = class_ == ASSAY_CLASS_EXPONENT || class_ == ASSAY_CLASS_NOT_FINITE ||
                       class_ == ASSAY_CLASS_NAN;
        return;
    }
    shape->seen = true;
    if (plain.whole_digits > shape->whole)
        shape->whole =
            plain.whole_digits > SAMPLED_MAX ? SAMPLED_MAX + 1 : (unsigned)plain.whole_digits;
    if (plain.fraction_digits > shape->fraction)
        shape->fraction = plain.fraction_digits > FRACTION_MAX ? FRACTION_MAX + 1
                                                               : (unsigned)plain.fraction_digits;
}

bool assay_decimal_fits(const struct assay_decimal_shape *shape, uint8_t *ret_scale)
{
    const unsigned scale = shape->fraction ? shape->fraction : WHOLE_SCALE;
    if (!shape->seen || shape->other || scale > FRACTION_MAX || shape->whole + scale > SAMPLED_MAX)
        return false;
    *ret_scale = (uint8_t)scale;
    return true;
}

static void append_digits(assay_i128 *value, const char *data, size_t digits)
{
    for (size_t i = 0; i < digits; i++)
        *value = *value * 10 + (data[i] - '0');
}

static bool read_digits(const char *data, size_t size_bytes, unsigned scale, unsigned digits_max,
                        assay_i128 *ret_value)
{
    struct plain plain;
    assay_i128 value = 0;
    if (!split(data, size_bytes, &plain))
        return false;
    while (plain.fraction_digits > scale && plain.fraction[plain.fraction_digits - 1] == '0')
        plain.fraction_digits--;
    if (plain.fraction_digits > scale || plain.whole_digits + scale > digits_max)
        return false;
    append_digits(&value, plain.whole, plain.whole_digits);
    append_digits(&value, plain.fraction, plain.fraction_digits);
    for (size_t i = plain.fraction_digits; i < scale; i++)
        value *= 10;
    *ret_value = plain.negative ? -value : value;
    return true;
}

bool assay_decimal_read(const char *data, size_t size_bytes, unsigned scale, assay_i128 *ret_value)
{
    return read_digits(data, size_bytes, scale, ASSAY_DECIMAL_DIGITS, ret_value);
}

bool assay_long_decimal_read(const char *data, size_t size_bytes, unsigned scale,
                             assay_i128 *ret_value)
{
    return read_digits(data, size_bytes, scale, ASSAY_LONG_DECIMAL_DIGITS, ret_value);
}

void assay_long_decimals_add(struct assay_long_decimals *decimals, const struct assay_cell *cell)
{
    struct plain plain;
    if (cell->kind == ASSAY_CELL_NULL || !cell->size_bytes)
        return;
    if (!split(cell->data, cell->size_bytes, &plain)) {
        decimals->beyond += cell->kind == ASSAY_CELL_NUMBER; /* text does not fit any number */
        return;
    }
    while (plain.fraction_digits && plain.fraction[plain.fraction_digits - 1] == '0')
        plain.fraction_digits--;
    if (plain.whole_digits + plain.fraction_digits > ASSAY_LONG_DECIMAL_DIGITS) {
        decimals->beyond++;
        return;
    }
    if (plain.whole_digits > decimals->whole)
        decimals->whole = (uint32_t)plain.whole_digits;
    if (plain.fraction_digits > decimals->fraction)
        decimals->fraction = (uint32_t)plain.fraction_digits;
}

void assay_long_decimals_merge(struct assay_long_decimals *decimals,
                               const struct assay_long_decimals *from)
{
    decimals->wanted = decimals->wanted || from->wanted;
    decimals->whole = from->whole > decimals->whole ? from->whole : decimals->whole;
    decimals->fraction = from->fraction > decimals->fraction ? from->fraction : decimals->fraction;
    decimals->beyond += from->beyond;
}

bool assay_long_decimals_fit(const struct assay_long_decimals *decimals, uint8_t *ret_scale)
{
    if (!decimals->wanted || decimals->beyond ||
        decimals->whole + decimals->fraction > ASSAY_LONG_DECIMAL_DIGITS)
        return false;
    const bool common = decimals->whole <= LONG_WHOLE && decimals->fraction <= LONG_SCALE;
    *ret_scale = common ? LONG_SCALE : (uint8_t)decimals->fraction;
    return true;
}
