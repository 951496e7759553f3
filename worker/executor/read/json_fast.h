/* JSON fast: the usual member of an object, taken in a few looks: `"key":` as expected, no blanks,
 * a scalar without escapes. What is taken here is strict JSON by RFC 8259; at everything else these
 * give up, and json_scan.h goes over the same bytes, which also finds the words for faults. Private
 * to the JSON reader. Without SSE2 they always give up. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_READ_JSON_FAST_H
#define ASSAY_READ_JSON_FAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum {
    JSON_FAST_KEY = 48,     /* most bytes of a key with its quotes and colon */
    JSON_FAST_PADDING = 64, /* bytes behind a text that must be readable, whatever they are */
};

#ifdef __SSE2__

static inline __m128i json_fast_load(const char *at)
{
    return _mm_loadu_si128((const __m128i *)(const void *)at);
}

/** Both have `size` bytes (1 to JSON_FAST_KEY), in memory readable to the next multiple of 16. */
static inline bool json_fast_equal(const char *a, const char *b, size_t size)
{
    for (; size > 16; a += 16, b += 16, size -= 16)
        if (_mm_movemask_epi8(_mm_cmpeq_epi8(json_fast_load(a), json_fast_load(b))) != 0xFFFF)
            return false;
    const unsigned same =
        (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(json_fast_load(a), json_fast_load(b)));
    return !(~same << (16 - size) & 0xFFFF);
}

/** At an opening quote: the closing one. NULL: give up. */
static inline const char *json_fast_string(const char *at, const char *end)
{
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'),
                  control = _mm_set1_epi8(0x1f);
    for (at++; at < end; at += 16) {
        const __m128i block = json_fast_load(at);
        const __m128i special = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, backslash)),
            _mm_cmpeq_epi8(_mm_min_epu8(block, control), block));
        const unsigned mask = (unsigned)_mm_movemask_epi8(special);
        if (mask) {
            at += __builtin_ctz(mask);
            return *at == '"' ? at : NULL;
        }
    }
    return NULL;
}

static inline uint64_t json_fast_digits(const char *at)
{
    const __m128i values = _mm_sub_epi8(json_fast_load(at), _mm_set1_epi8('0'));
    const __m128i nine = _mm_set1_epi8(9);
    return (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(values, nine), nine));
}

/** At '-' or a digit: behind the number, which has no exponent and less than 32 bytes. NULL: give
 * up. */
static inline const char *json_fast_number(const char *at)
{
    at += *at == '-';
    const uint64_t others = ~(json_fast_digits(at) | json_fast_digits(at + 16) << 16);
    const unsigned whole = (unsigned)__builtin_ctzll(others);
    if (!whole || (*at == '0' && whole > 1))
        return NULL;
    if (at[whole] != '.')
        return at + whole;
    const unsigned fraction = (unsigned)__builtin_ctzll(others >> whole >> 1);
    return fraction && whole + fraction < 31 ? at + whole + 1 + fraction : NULL;
}

#else

static inline bool json_fast_equal(const char *a, const char *b, size_t size)
{
    (void)a, (void)b, (void)size;
    return false;
}

static inline const char *json_fast_string(const char *at, const char *end)
{
    (void)at, (void)end;
    return NULL;
}

static inline const char *json_fast_number(const char *at)
{
    (void)at;
    return NULL;
}

#endif

/** At a letter: behind true, false or null. NULL: give up. */
static inline const char *json_fast_word(const char *at)
{
    if (*at == 'n')
        return memcmp(at, "null", 4) ? NULL : at + 4;
    if (*at == 't')
        return memcmp(at, "true", 4) ? NULL : at + 4;
    return memcmp(at, "false", 5) ? NULL : at + 5;
}

/** At the first byte of a scalar: behind it, where ',' or '}' follows before `end`. NULL: give
 * up. */
static inline const char *json_fast_scalar(const char *at, const char *end)
{
    const char *behind;
    if (*at == '"') {
        behind = json_fast_string(at, end);
        behind += behind != NULL;
    } else {
        behind = *at >= 'a' ? json_fast_word(at) : json_fast_number(at);
    }
    return behind && behind < end && (*behind == ',' || *behind == '}') ? behind : NULL;
}

#endif
