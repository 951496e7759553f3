/* Cell tables: what the first and the last byte of a text allow it to be. Internal to infer/. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_CELL_TABLES_H
#define ASSAY_EXECUTOR_CELL_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/executor/infer/cell_number.h"

/** What a first byte allows. */
enum assay_cell_start {
    ASSAY_START_TEXT, /* nothing but text */
    ASSAY_START_DIGIT,
    ASSAY_START_SIGN,  /* + - . */
    ASSAY_START_WORD,  /* a letter that begins a word with a class, a month or a currency code */
    ASSAY_START_OTHER, /* blank, '#', '?', '$', … */
};
extern const unsigned char assay_cell_starts[256];
/** Bit n: a word with a class of its own that begins with this byte has n bytes. */
extern const unsigned short assay_cell_word_sizes[256];
/** Last bytes of dates with a month's name and of amounts with a currency code: digits, AM, PM, Z,
 * UTC, GMT. */
extern const bool assay_cell_ends[256];

/** Bit n: a month's name or a currency code that begins with this byte goes on with letter n, in
 * any case. */
extern const uint32_t assay_cell_seconds[256];

/** Digits, with a sign in front or not, and then what no number, date or amount goes on with: a
 * letter ("8c7b1cd2-…", but not the 'e' of an exponent), behind a sign a '-' ("+1-706-…"), else a
 * blank and a word ("2187 Sise Avenue"). word: the text's first eight bytes, any behind its end. */
static inline bool assay_cell_digits_then_text(uint64_t word, size_t size_bytes, bool sign,
                                               unsigned char last)
{
    word >>= 8 * sign;
    const uint64_t values = word ^ UINT64_C(0x3030303030303030),
                   high = UINT64_C(0x8080808080808080);
    const uint64_t others =
        (((values + UINT64_C(0x7676767676767676)) | values) & high) | UINT64_C(1) << 63;
    const unsigned bits = (unsigned)__builtin_ctzll(others) - 7, digits = bits >> 3;
    const unsigned stop = (unsigned)(word >> bits) & 0xFF,
                   next = (unsigned)(word >> bits >> 8) & 0xFF;
    const size_t taken = digits + (size_t)sign + 1;
    const bool letter = (stop | 0x20) - 'a' < 26;
    const bool goes_on = ((next | 0x20) - 'a' < 26) & (taken < 8) & (taken < size_bytes);
    const bool by_letter = letter & (((stop | 0x20) != 'e') | goes_on);
    const bool by_sign = sign & ((stop == '-') | (stop == '/'));
    const bool by_word = !sign & (stop == ' ') & goes_on & (size_bytes - taken != 3) &
                         ((digits > 2) | !assay_cell_ends[last]);
    return (digits > 0) & (taken <= size_bytes) & (by_letter | by_sign | by_word);
}

/** Two bytes at each end and the size tell that a text (not empty) is ASSAY_CLASS_TEXT: the usual
 * case in text columns, and so without branches that a processor could guess wrong. False: look
 * closer. */
static inline bool assay_cell_is_surely_text(const char *data, size_t size_bytes)
{
    const unsigned char first = (unsigned char)data[0], last = (unsigned char)data[size_bytes - 1];
    const unsigned char second = (unsigned char)data[size_bytes > 1];
    const unsigned start = assay_cell_starts[first];
    const bool spelled =
        (size_bytes < 16) & (assay_cell_word_sizes[first] >> (size_bytes & 15) & 1);
    const bool named = assay_cell_ends[last] & (assay_cell_seconds[first] >> (second & 31) & 1);
    return (start == ASSAY_START_TEXT) | ((start == ASSAY_START_WORD) & !spelled & !named);
}

#endif
