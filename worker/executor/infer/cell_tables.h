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

/** What follows the digits at the start of a text is a letter other than 'e' (exponent):
 * "8c7b1cd2-…". word: its first eight bytes, any behind its end. */
static inline bool assay_cell_digits_then_letter(uint64_t word, size_t size_bytes)
{
    const uint64_t values = word ^ UINT64_C(0x3030303030303030),
                   high = UINT64_C(0x8080808080808080);
    const uint64_t others =
        (((values + UINT64_C(0x7676767676767676)) | values) & high) | UINT64_C(1) << 63;
    const unsigned at = (unsigned)__builtin_ctzll(others) - 7;
    const unsigned char stop = (unsigned char)(word >> at) | 0x20;
    return (at >> 3 < size_bytes) & (stop >= 'a') & (stop <= 'z') & (stop != 'e');
}

/** A few bytes and the size tell that a text (not empty) is ASSAY_CLASS_TEXT: the usual case in
 * text columns, and so with few branches that a processor could guess wrong. False: look closer. */
static inline bool assay_cell_is_surely_text(const char *data, size_t size_bytes)
{
    const unsigned char first = (unsigned char)data[0], last = (unsigned char)data[size_bytes - 1];
    const unsigned start = assay_cell_starts[first];
    const bool word = (size_bytes < 16) & (assay_cell_word_sizes[first] >> (size_bytes & 15) & 1);
    if (start == ASSAY_START_DIGIT)
        return assay_cell_digits_then_letter(assay_load_beyond(data, size_bytes), size_bytes);
    return (start == ASSAY_START_TEXT) |
           ((start == ASSAY_START_WORD) & !word & !assay_cell_ends[last]);
}

#endif
