/* Quick classes: those of the few kinds of texts with digits in front that fill whole text columns,
 * postcodes and addresses of hosts, without the loops and guesses of cell_class.c. Internal to
 * infer/. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_CELL_QUICK_H
#define ASSAY_EXECUTOR_CELL_QUICK_H

#include "worker/executor/infer/cell_class.h"
#include "worker/executor/infer/cell_tables.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#ifdef ASSAY_SANITIZED /* nothing is read behind a text, not even in its page */
#define ASSAY_QUICK_ALONE true
#else
#define ASSAY_QUICK_ALONE false
#endif

/** Digits only, at most 16. */
static inline bool assay_quick_digits(const char *data, size_t size_bytes)
{
    uint64_t value;
    return size_bytes - 1 < 16 && assay_digits_read(data, size_bytes, &value);
}

static inline unsigned assay_quick_three(const char *data)
{
    return (unsigned)(data[0] - '0') * 100 + (unsigned)(data[1] - '0') * 10 +
           (unsigned)(data[2] - '0');
}

/** Digits with three points between, of at most 15 bytes, that are no grouped digits
 * ("1.234.567.890" has a group beyond 255). */
static inline bool assay_quick_address(const char *data, size_t size_bytes)
{
#ifdef __SSE2__
    char room[16];
    if (size_bytes - 7 > 8)
        return false;
    if (ASSAY_QUICK_ALONE || ((uintptr_t)data & 4095) > 4096 - sizeof room)
        data = memcpy(room, data, size_bytes);
    const __m128i text = _mm_loadu_si128((const __m128i *)(const void *)data);
    const __m128i values = _mm_sub_epi8(text, _mm_set1_epi8('0')), nine = _mm_set1_epi8(9);
    const unsigned all = (1u << size_bytes) - 1;
    const unsigned points =
        (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(text, _mm_set1_epi8('.'))) & all;
    const unsigned digits =
        (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(values, nine), nine)) & all;
    const unsigned two = points & (points - 1), one = two & (two - 1);
    if ((points | digits) != all || !one || (one & (one - 1)))
        return false;
    const unsigned first = (unsigned)__builtin_ctz(points);
    if (points != 0x111u << first || size_bytes != first + 12 || first > 3)
        return true;
    const unsigned lead = first == 3 ? assay_quick_three(data) : 0;
    const unsigned a = assay_quick_three(data + first + 1), b = assay_quick_three(data + first + 5),
                   c = assay_quick_three(data + first + 9);
    return (lead <= 255) & (a <= 255) & (b <= 255) & (c <= 255);
#else
    (void)data, (void)size_bytes;
    return false;
#endif
}

/** The class of a text (not empty); ASSAY_CLASS_COUNT: look closer. */
static inline enum assay_cell_class assay_quick_class(const char *data, size_t size_bytes)
{
    const bool sign = (data[0] == '+') | (data[0] == '-');
    if (assay_cell_digits_then_text(assay_load_beyond(data, size_bytes), size_bytes, sign,
                                    (unsigned char)data[size_bytes - 1]))
        return ASSAY_CLASS_TEXT;
    if (assay_quick_digits(data, size_bytes))
        return (data[0] == '0') & (size_bytes > 1) ? ASSAY_CLASS_LEADING_ZERO : ASSAY_CLASS_INTEGER;
    return assay_quick_address(data, size_bytes) ? ASSAY_CLASS_TEXT : ASSAY_CLASS_COUNT;
}

#endif
