/* Cell numbers: integers and doubles from text, fast where the text is short and exact
 * everywhere. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_CELL_NUMBER_H
#define ASSAY_EXECUTOR_CELL_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** Value of a decimal written as [+-]digits[.digits][e±digits]; the text must be of that form
 * (ASSAY_CLASS_INTEGER… to ASSAY_CLASS_EXPONENT, or LEADING_ZERO). Correctly rounded to nearest
 * even: Clinger's exact case, then Eisel–Lemire ("Number Parsing at a Gigabyte per Second", 2021),
 * then strtod. Overflow gives an infinity. Pure. */
double assay_double_read(const char *data, size_t size_bytes);
/** significand × 10^exponent, correctly rounded; false where the fast ways do not decide. Pure. */
bool assay_double_make(uint64_t significand, int exponent, bool negative, double *ret_value);

extern const double assay_tens[23]; /* 10^0 … 10^22, all exact */
/** As above for exponents 0 to -22, the usual case (Clinger 1990: exact operands, one rounding)
 * without a call. */
static inline bool assay_double_divide(uint64_t significand, unsigned digits, bool negative,
                                       double *ret_value)
{
    if (__builtin_expect(significand > (UINT64_C(1) << 53), 0))
        return assay_double_make(significand, -(int)digits, negative, ret_value);
    const double value = (double)(int64_t)significand / assay_tens[digits];
    *ret_value = negative ? -value : value;
    return true;
}

/** Eight bytes as a little-endian word. */
static inline uint64_t assay_load8(const char *data)
{
    uint64_t word;
    memcpy(&word, data, sizeof word);
    return word;
}

/** Eight bytes of which only the first size_bytes (1 to 8) are the text's; the others are any.
 * Reads beyond the text, but never into another page (and never under a sanitizer). */
static inline uint64_t assay_load_beyond(const char *data, size_t size_bytes)
{
#ifndef ASSAY_SANITIZED
    if (__builtin_expect(((uintptr_t)data & 4095) <= 4096 - 8, 1))
        return assay_load8(data);
#endif
    uint64_t word = 0;
    for (size_t i = 0; i < size_bytes && i < 8; i++)
        word |= (uint64_t)(unsigned char)data[i] << (8 * i);
    return word;
}

/** The size_bytes (1 to 8) bytes of a text, the first one lowest, in the high bytes of a word with
 * '0' below them: "12" is "00000012". */
static inline uint64_t assay_load_digits(const char *data, size_t size_bytes)
{
    const unsigned shift = 64 - 8 * (unsigned)size_bytes;
    return assay_load_beyond(data, size_bytes) << shift |
           UINT64_C(0x3030303030303030) >> 1 >> (63 - shift);
}

/** All eight bytes are digits. */
static inline bool assay_are_digits(uint64_t word)
{
    const uint64_t tens = UINT64_C(0xF0F0F0F0F0F0F0F0), sixes = UINT64_C(0x0606060606060606);
    return ((word & tens) | (((word + sixes) & tens) >> 4)) == UINT64_C(0x3333333333333333);
}

/** Value of eight digits, the first one lowest. */
static inline uint32_t assay_digits_value(uint64_t word)
{
    word = (word & UINT64_C(0x0F0F0F0F0F0F0F0F)) * 2561 >> 8;
    word = (word & UINT64_C(0x00FF00FF00FF00FF)) * 6553601 >> 16;
    return (uint32_t)((word & UINT64_C(0x0000FFFF0000FFFF)) * UINT64_C(42949672960001) >> 32);
}

/** Whole text 1 to 16 digits without sign. */
static inline bool assay_digits_read(const char *data, size_t size_bytes, uint64_t *ret_value)
{
    const size_t front = size_bytes > 8 ? size_bytes - 8 : size_bytes;
    const uint64_t high = assay_load_digits(data, front);
    if (!assay_are_digits(high))
        return false;
    *ret_value = assay_digits_value(high);
    if (size_bytes > 8) {
        const uint64_t low = assay_load8(data + front);
        if (!assay_are_digits(low))
            return false;
        *ret_value = *ret_value * 100000000 + assay_digits_value(low);
    }
    return true;
}

/** Whole text an integer as ASSAY_CLASS_INTEGER of at most 16 digits: optional sign, no leading
 * zero. False: look closer. */
static inline bool assay_int64_read_short(const char *data, size_t size_bytes, int64_t *ret_value)
{
    const size_t sign = data[0] == '-';
    const size_t digits = size_bytes - sign;
    uint64_t value;
    if (digits - 1 >= 16 || (data[sign] == '0' && digits > 1) ||
        !assay_digits_read(data + sign, digits, &value))
        return false;
    *ret_value = sign ? -(int64_t)value : (int64_t)value;
    return true;
}

#endif
