/* Fast reading of the common forms of numbers, dates and truth values. False never means "no
 * value": the caller looks closer (cell_class.h). */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_CELL_FAST_H
#define ASSAY_EXECUTOR_CELL_FAST_H

#include "common/base/number.h"
#include "worker/executor/infer/cell_number.h"

/* First days of the months of these years, for dates without division. */
enum { ASSAY_FAST_YEAR = 1800, ASSAY_FAST_YEARS = 400 };
extern int32_t
    assay_fast_months[ASSAY_FAST_YEARS * 12 + 1]; /* days since 1970-01-01; assay_fast_setup() */
void assay_fast_setup(void);                      /* thread-safe, any number of times */

/** Index of the first point among eight bytes, -1 when there is none. */
static inline int assay_fast_point(uint64_t word)
{
    const uint64_t x = word ^ UINT64_C(0x2E2E2E2E2E2E2E2E);
    const uint64_t zero = (x - UINT64_C(0x0101010101010101)) & ~x & UINT64_C(0x8080808080808080);
    return zero ? __builtin_ctzll(zero) >> 3 : -1;
}

/** The bytes below `at` one place up, `front` as the first byte: the byte at `at` is gone. */
static inline uint64_t assay_fast_close(uint64_t word, int at, uint64_t front)
{
    const uint64_t below = (UINT64_C(1) << (8 * at)) - 1;
    const uint64_t above = at == 7 ? 0 : ~UINT64_C(0) << (8 * at + 8);
    return (word & above) | (word & below) << 8 | front;
}

/** Whole text an optional '-', digits and at most one point, of at most 16 bytes behind the sign;
 * no leading zero. *ret_digits behind the point, -1 without a point. Value: ±significand ×
 * 10^-digits. */
static inline bool assay_fast_decimal16(const char *data, size_t size, uint64_t *ret_significand,
                                        int *ret_digits)
{
    const size_t front = size > 8 ? size - 8 : size;
    uint64_t high = assay_load_digits(data, front), low = UINT64_C(0x3030303030303030);
    int at = assay_fast_point(high), digits = at < 0 ? -1 : 7 - at;
    if (size > 8) {
        low = assay_load8(data + front);
        if (at >= 0) {
            high = assay_fast_close(high, at, '0');
            digits += 8;
        } else if ((at = assay_fast_point(low)) >= 0) {
            digits = 7 - at;
            low = assay_fast_close(low, at, high >> 56);
            high = high << 8 | '0';
        }
        if (!assay_are_digits(low))
            return false;
    } else if (at >= 0) {
        high = assay_fast_close(high, at, '0');
    }
    if (!assay_are_digits(high))
        return false;
    *ret_significand = assay_digits_value(high);
    if (size > 8)
        *ret_significand = *ret_significand * 100000000 + assay_digits_value(low);
    *ret_digits = digits;
    return true;
}

/** As above for 17 to 20 bytes with a point among the first `size - 8`: "0.12008397020436501". */
static inline bool assay_fast_decimal20(const char *data, size_t size, uint64_t *ret_significand,
                                        int *ret_digits)
{
    const size_t front = size - 16;
    uint64_t high = assay_load_digits(data, front), middle = assay_load8(data + front);
    const uint64_t low = assay_load8(data + front + 8);
    int at = assay_fast_point(high), digits = 23 - at;
    if (at >= 0) {
        high = assay_fast_close(high, at, '0');
    } else if ((at = assay_fast_point(middle)) >= 0) {
        digits = 15 - at;
        middle = assay_fast_close(middle, at, high >> 56);
        high = high << 8 | '0';
    }
    if (at < 0 || !assay_are_digits(high) || !assay_are_digits(middle) || !assay_are_digits(low))
        return false;
    *ret_significand =
        (assay_digits_value(high) * UINT64_C(100000000) + assay_digits_value(middle)) * 100000000 +
        assay_digits_value(low);
    *ret_digits = digits;
    return true;
}

/** A double without exponent; *ret_decimal: it has a point. */
static inline bool assay_fast_double(const char *data, size_t size, double *ret_value,
                                     bool *ret_decimal)
{
    const size_t sign = data[0] == '-';
    const char *text = data + sign;
    const size_t left = size - sign;
    uint64_t significand;
    int digits;
    if (left - 1 >= 20 || (text[0] == '0' && left > 1 && text[1] != '.') ||
        (left == 1 && text[0] == '.'))
        return false;
    if (!(left <= 16 ? assay_fast_decimal16(text, left, &significand, &digits)
                     : assay_fast_decimal20(text, left, &significand, &digits)))
        return false;
    *ret_decimal = digits >= 0;
    return assay_double_divide(significand, digits > 0 ? (unsigned)digits : 0, sign, ret_value);
}

/** A decimal of at most 16 bytes at a scale of at most 9; *ret_decimal: it has a point. */
static inline bool assay_fast_decimal(const char *data, size_t size, unsigned scale,
                                      assay_i128 *ret_value, bool *ret_decimal)
{
    static const uint64_t tens[] = {1,      10,      100,      1000,      10000,
                                    100000, 1000000, 10000000, 100000000, 1000000000};
    const size_t sign = data[0] == '-';
    const char *text = data + sign;
    const size_t left = size - sign;
    uint64_t significand;
    int digits;
    if (left - 1 >= 16 || (text[0] == '0' && left > 1 && text[1] != '.') ||
        (left == 1 && text[0] == '.') || !assay_fast_decimal16(text, left, &significand, &digits))
        return false;
    *ret_decimal = digits >= 0;
    const unsigned behind = digits > 0 ? (unsigned)digits : 0;
    if (behind > scale)
        return false;
    const assay_i128 value = (assay_i128)significand * tens[scale - behind];
    *ret_value = sign ? -value : value;
    return value < (assay_i128)UINT64_C(10000000000000000000); /* 19 digits */
}

/** Eight bytes against a pattern: digits where it has '0', else the same byte. The digits' values
 * are left in the bytes. */
static inline bool assay_fast_pattern(uint64_t word, uint64_t pattern, uint64_t digits,
                                      uint64_t *ret_values)
{
    const uint64_t values = word ^ pattern;
    const uint64_t limit =
        UINT64_C(0x7F7F7F7F7F7F7F7F) - digits; /* 0x76 at digits: 10 and more carry */
    *ret_values = values;
    return !(((values + limit) | values) & UINT64_C(0x8080808080808080));
}

static inline unsigned assay_fast_two(uint64_t values, unsigned at)
{
    return (unsigned)(values >> (8 * at) & 0xFF) * 10 + (unsigned)(values >> (8 * at + 8) & 0xFF);
}

/** "yyyy-MM-dd" at the start of at least 10 bytes. */
static inline bool assay_fast_date(const char *data, int32_t *ret_days)
{
    uint64_t first, second;
    uint16_t day_text;
    memcpy(&day_text, data + 8, 2);
    if (!assay_fast_pattern(assay_load8(data), UINT64_C(0x2D30302D30303030),
                            UINT64_C(0x0009090009090909), &first) ||
        !assay_fast_pattern(day_text | UINT64_C(0), UINT64_C(0x3030), UINT64_C(0x0909), &second))
        return false;
    const unsigned year = assay_fast_two(first, 0) * 100 + assay_fast_two(first, 2);
    const unsigned month = assay_fast_two(first, 5), day = assay_fast_two(second, 0);
    if (year - ASSAY_FAST_YEAR >= ASSAY_FAST_YEARS || month - 1 >= 12 || !day)
        return false;
    const int32_t *from = &assay_fast_months[(year - ASSAY_FAST_YEAR) * 12 + month - 1];
    *ret_days = from[0] + (int32_t)day - 1;
    return *ret_days < from[1];
}

/** "yyyy-MM-dd hh:mm:ss", blank or 'T', at the start of at least 19 bytes: microseconds. */
static inline bool assay_fast_timestamp(const char *data, int64_t *ret_us)
{
    int32_t days;
    uint64_t clock, seconds;
    uint32_t tail;
    if (!assay_fast_date(data, &days) || (data[10] != ' ' && data[10] != 'T'))
        return false;
    memcpy(&tail, data + 15, 4);
    if (!assay_fast_pattern(assay_load8(data + 8) & ~UINT64_C(0xFF0000),
                            UINT64_C(0x30303A3030003030), UINT64_C(0x0909000909000909), &clock) ||
        !assay_fast_pattern(tail, UINT64_C(0x30303A30), UINT64_C(0x09090009), &seconds))
        return false;
    const unsigned hour = assay_fast_two(clock, 3), minute = assay_fast_two(clock, 6),
                   second = assay_fast_two(seconds, 2);
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    *ret_us = ((int64_t)days * 86400 + (int64_t)(hour * 3600 + minute * 60 + second)) * 1000000;
    return true;
}

/** What may follow the seconds: ".123456789", then nothing, 'Z' or ±hh:mm. *us is moved;
 * *ret_zoned: there is a zone. */
static inline bool assay_fast_tail(const char *data, size_t size, int64_t *us, bool *ret_zoned)
{
    size_t at = 0;
    if (size > 1 && data[0] == '.') {
        int64_t unit = 100000;
        for (at = 1; at < size && (unsigned char)(data[at] - '0') < 10; at++, unit /= 10)
            *us += (data[at] - '0') * unit;
        if (at == 1)
            return false;
    }
    *ret_zoned = at < size;
    if (at == size || (at + 1 == size && data[at] == 'Z'))
        return true;
    if (size - at != 6 || (data[at] != '+' && data[at] != '-') || data[at + 3] != ':')
        return false;
    const unsigned tens = (unsigned char)(data[at + 1] - '0'),
                   ones = (unsigned char)(data[at + 2] - '0');
    const unsigned sixths = (unsigned char)(data[at + 4] - '0'),
                   minutes = (unsigned char)(data[at + 5] - '0');
    if (tens > 1 || ones > 9 || tens * 10 + ones > 15 || sixths > 5 || minutes > 9)
        return false;
    const int64_t offset = (int64_t)((tens * 10 + ones) * 60 + sixths * 10 + minutes) * 60000000;
    *us += data[at] == '+' ? -offset : offset;
    return true;
}

/** true and false in any case. */
static inline bool assay_fast_bool(const char *data, size_t size, uint8_t *ret_value)
{
    uint32_t word;
    if (size - 4 > 1)
        return false;
    memcpy(&word, data, 4);
    word |= 0x20202020;
    *ret_value = size == 4;
    return size == 4 ? word == 0x65757274 /* "true" */
                     : word == 0x736C6166 /* "fals" */ && (data[4] | 0x20) == 'e';
}

#endif
