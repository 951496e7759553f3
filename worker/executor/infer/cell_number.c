// Doubles from decimal text, correctly rounded.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/infer/cell_number.h"

#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/number.h"

enum { LEAST_POWER = -55, MOST_POWER = 55 }; /* beyond: strtod */

const double assay_tens[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                               1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                               1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* 5^q as its highest 128 bits (Lemire 2021, section 5). */
struct power {
    uint64_t high, low;
};
static struct power powers[MOST_POWER - LEAST_POWER + 1];
static pthread_once_t powers_once = PTHREAD_ONCE_INIT;
static locale_t c_locale;

static unsigned bits_of(assay_u128 value)
{
    const uint64_t high = (uint64_t)(value >> 64);
    return high ? 128 - (unsigned)__builtin_clzll(high)
                : 64 - (unsigned)__builtin_clzll((uint64_t)value);
}

/* floor(2^(127 + bits(divisor)) / divisor): 128 bits, the highest one set, unless divisor is a
 * power of two. */
static assay_u128 reciprocal(assay_u128 divisor)
{
    const unsigned shift = 128 - bits_of(divisor);
    const assay_u128 scaled = divisor << shift; /* ≥ 2^127 */
    assay_u128 rest = (assay_u128)1 << 127, quotient = 0;
    for (int i = 0; i < 128; i++) { /* long division; rest < scaled, doubled with its carry */
        const bool carry = rest >> 127;
        rest <<= 1;
        quotient <<= 1;
        if (carry || rest >= scaled) {
            rest -= scaled;
            quotient |= 1;
        }
    }
    return quotient;
}

static void make_powers(void)
{
    assay_u128 power = 1;
    for (int q = 0; q <= MOST_POWER; q++, power *= 5) {
        const assay_u128 up = power << (128 - bits_of(power));
        powers[q - LEAST_POWER] = (struct power){(uint64_t)(up >> 64), (uint64_t)up};
        if (!q)
            continue;
        const assay_u128 down = reciprocal(power) + (q <= 27);
        powers[-q - LEAST_POWER] = (struct power){(uint64_t)(down >> 64), (uint64_t)down};
    }
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* Eisel–Lemire for w × 10^q, w > 0. False: too close to call, or outside of the normal doubles. */
static bool eisel_lemire(uint64_t w, int q, uint64_t *ret_bits)
{
    const struct power *power = &powers[q - LEAST_POWER];
    const int zeros = __builtin_clzll(w);
    w <<= zeros;
    const assay_u128 first = (assay_u128)w * power->high;
    uint64_t high = (uint64_t)(first >> 64), low = (uint64_t)first;
    if ((high & 0x1FF) == 0x1FF) {
        const uint64_t second = (uint64_t)((assay_u128)w * power->low >> 64);
        low += second;
        high += low < second;
        if (low == UINT64_MAX && (q < -27 || q > 55))
            return false;
    }
    const int upper = (int)(high >> 63);
    uint64_t mantissa = high >> (upper + 9);
    int exponent = ((217706 * q) >> 16) + 63 + upper - zeros + 1023;
    if (exponent <= 0 || exponent >= 2046)
        return false;
    if (low <= 1 && q >= -4 && q <= 23 && (mantissa & 3) == 1 && mantissa << (upper + 9) == high)
        mantissa &= ~UINT64_C(1); /* exactly between two doubles: to even */
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    if (mantissa >> 53) {
        mantissa >>= 1;
        exponent++;
    }
    *ret_bits = (mantissa & ~(UINT64_C(1) << 52)) | (uint64_t)exponent << 52;
    return true;
}

bool assay_double_make(uint64_t significand, int exponent, bool negative, double *ret_value)
{
    double value;
    if (significand <= (UINT64_C(1) << 53) && exponent >= -22 && exponent <= 22) {
        value = exponent < 0 ? (double)significand / assay_tens[-exponent]
                             : (double)significand * assay_tens[exponent];
    } else if (!significand) {
        value = 0;
    } else {
        uint64_t bits;
        (void)pthread_once(&powers_once, make_powers);
        if (exponent < LEAST_POWER || exponent > MOST_POWER ||
            !eisel_lemire(significand, exponent, &bits))
            return false;
        memcpy(&value, &bits, sizeof value);
    }
    *ret_value = negative ? -value : value;
    return true;
}

/* The written exponent behind 'e', bounded far beyond the doubles. */
static int64_t read_exponent(const char *at, const char *end)
{
    const bool down = at < end && *at == '-';
    int64_t exponent = 0;
    at += at < end && (*at == '-' || *at == '+');
    for (; at < end && exponent < 100000000; at++)
        exponent = exponent * 10 + (*at - '0');
    return down ? -exponent : exponent;
}

enum { DECIDING_DIGITS = 800 }; /* no double needs more than 767, and to know whether more follow */

/* A long text with its deciding digits only: "-1234…1e-56". room: DECIDING_DIGITS + 32. */
static void shorten(const char *data, size_t size_bytes, char *room)
{
    const char *at = data, *const end = data + size_bytes;
    size_t made = 0, digits = 0;
    int64_t exponent = 0;
    bool point = false, more = false;
    if (*at == '-')
        room[made++] = '-';
    at += *at == '-' || *at == '+';
    for (; at < end && (*at | 0x20) != 'e'; at++) {
        if (*at == '.') {
            point = true;
        } else if (digits < DECIDING_DIGITS) {
            exponent -= point;
            if (digits || *at != '0')
                room[made + digits++] = *at;
        } else {
            exponent += !point;
            more |= *at != '0';
        }
    }
    made += digits;
    room[made++] = more ? '1' : '0';
    (void)snprintf(room + made, 28, "e%lld",
                   (long long)(exponent - 1 + (at < end ? read_exponent(at + 1, end) : 0)));
}

/* The text by strtod in the C locale. */
static double slow(const char *data, size_t size_bytes)
{
    char room[DECIDING_DIGITS + 32];
    if (size_bytes < sizeof room) {
        memcpy(room, data, size_bytes);
        room[size_bytes] = '\0';
    } else {
        shorten(data, size_bytes, room);
    }
    (void)pthread_once(&powers_once, make_powers);
    return c_locale ? strtod_l(room, NULL, c_locale) : strtod(room, NULL);
}

/* Digits into *significand, at most 19 significant ones; the others are counted. */
static const char *take_digits(const char *at, const char *end, uint64_t *significand,
                               size_t *taken)
{
    while (end - at >= 8 && *taken <= 11 && assay_are_digits(assay_load8(at))) {
        *significand = *significand * 100000000 + assay_digits_value(assay_load8(at));
        *taken += *significand ? 8 : 0;
        at += 8;
    }
    for (; at < end && (unsigned char)(*at - '0') < 10; at++) {
        if (*taken < 19)
            *significand = *significand * 10 + (uint64_t)(*at - '0');
        *taken += *significand != 0;
    }
    return at;
}

double assay_double_read(const char *data, size_t size_bytes)
{
    const char *at = data, *const end = data + size_bytes;
    const bool negative = at < end && *at == '-';
    at += at < end && (*at == '-' || *at == '+');
    uint64_t significand = 0;
    size_t taken = 0;
    int64_t exponent = 0;
    at = take_digits(at, end, &significand, &taken);
    if (at < end && *at == '.') {
        const char *from = ++at;
        at = take_digits(at, end, &significand, &taken);
        exponent = from - at;
    }
    if (at < end) /* 'e' */
        exponent += read_exponent(at + 1, end);
    double value;
    if (taken <= 19 && exponent > -400 && exponent < 400 &&
        assay_double_make(significand, (int)exponent, negative, &value))
        return value;
    return slow(data, size_bytes);
}
