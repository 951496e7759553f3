/* A field's values as exact text. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_VALUE_TEXT_H
#define ASSAY_KERNELS_VALUE_TEXT_H

#include "common/base/arena.h"
#include "worker/executor/kernels/blobs.h"
#include "worker/executor/kernels/field_stats.h"

/** The value of a 64-bit word as text in the arena: integers and decimals plain, doubles shortest,
 * dates and times ISO 8601, booleans "true" and "false"; NaN and infinities as special.h says.
 * text NULL when out of memory. */
struct assay_value_text assay_text_of_word(struct assay_arena *arena, enum assay_layout layout,
                                           uint8_t scale, uint64_t word);
struct assay_value_text assay_text_of_wide(struct assay_arena *arena, enum assay_layout layout,
                                           uint8_t scale, assay_i128 value);
/** Bytes that stand for themselves; of LAYOUT_BYTES hexadecimal digits. */
struct assay_value_text assay_text_of_bytes(struct assay_arena *arena, enum assay_layout layout,
                                            struct assay_text bytes, bool cut);
/** "1.500" becomes "1.5", "2.000" becomes "2": of decimals whose scale says nothing. */
void assay_text_trim_zeros(struct assay_value_text *value);
/** A value as sketches keep it: a word, or the word of a blob. */
struct assay_value_text assay_text_of_kept(struct assay_arena *arena, enum assay_layout layout,
                                           uint8_t scale, uint64_t word,
                                           const struct assay_blobs *blobs);
/** Its number: days, µs, 0 or 1; NaN for text. */
double assay_number_of_kept(enum assay_layout layout, uint8_t scale, uint64_t word,
                            const struct assay_blobs *blobs);

#endif
