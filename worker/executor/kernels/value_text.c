// A field's values as exact text.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/value_text.h"

#include <math.h>
#include <string.h>

#include "common/base/datetime.h"
#include "common/base/number.h"
#include "worker/executor/batch/special.h"

static struct assay_value_text in_arena(struct assay_arena *arena, const char *text, size_t size)
{
    return (struct assay_value_text){.text = assay_arena_strndup(arena, text, size),
                                     .size_bytes = size};
}

static double real_of(uint64_t word)
{
    double value;
    memcpy(&value, &word, sizeof value);
    return value + 0.0; /* −0.0 is 0.0 */
}

static assay_i128 wide_of(struct assay_text bytes)
{
    assay_i128 value = 0;
    memcpy(&value, bytes.data, bytes.size_bytes < sizeof value ? bytes.size_bytes : sizeof value);
    return value;
}

struct assay_value_text assay_text_of_wide(struct assay_arena *arena, enum assay_layout layout,
                                           uint8_t scale, assay_i128 value)
{
    char text[ASSAY_NUMBER_TEXT];
    const char *special = assay_special_text(layout, value);
    if (special)
        return in_arena(arena, special, strlen(special));
    return in_arena(arena, text,
                    assay_format_i128(value, assay_is_decimal(layout) ? scale : 0, text));
}

void assay_text_trim_zeros(struct assay_value_text *value)
{
    if (!value->text || !memchr(value->text, '.', value->size_bytes))
        return;
    while (value->text[value->size_bytes - 1] == '0')
        value->size_bytes--;
    value->size_bytes -= value->text[value->size_bytes - 1] == '.';
    ((char *)(uintptr_t)value->text)[value->size_bytes] = '\0';
}

struct assay_value_text assay_text_of_word(struct assay_arena *arena, enum assay_layout layout,
                                           uint8_t scale, uint64_t word)
{
    char number[ASSAY_NUMBER_TEXT], time[ASSAY_DATETIME_TEXT];
    const char *special = assay_special_text(layout, (int64_t)word);
    if (special)
        return in_arena(arena, special, strlen(special));
    switch (layout) {
    case ASSAY_LAYOUT_BOOL:
        return in_arena(arena, word ? "true" : "false", word ? 4 : 5);
    case ASSAY_LAYOUT_FLOAT:
        return in_arena(arena, number, assay_format_float((float)real_of(word), number));
    case ASSAY_LAYOUT_DOUBLE:
        return in_arena(arena, number, assay_format_double(real_of(word), number));
    case ASSAY_LAYOUT_DATE:
        return in_arena(arena, time, assay_format_date((int64_t)word, time));
    case ASSAY_LAYOUT_TIMESTAMP:
        return in_arena(arena, time, assay_format_timestamp((int64_t)word, "", time));
    case ASSAY_LAYOUT_INSTANT:
        return in_arena(arena, time, assay_format_timestamp((int64_t)word, "Z", time));
    default:
        return assay_text_of_wide(arena, layout, scale, (int64_t)word);
    }
}

struct assay_value_text assay_text_of_bytes(struct assay_arena *arena, enum assay_layout layout,
                                            struct assay_text bytes, bool cut)
{
    struct assay_value_text value = {.cut = cut};
    if (layout != ASSAY_LAYOUT_BYTES) {
        value = in_arena(arena, bytes.data, bytes.size_bytes);
        value.cut = cut;
        return value;
    }
    char *text = assay_arena_alloc(arena, (size_t)bytes.size_bytes * 2 + 1);
    for (size_t i = 0; text && i < bytes.size_bytes; i++) {
        const unsigned char byte = (unsigned char)bytes.data[i];
        text[2 * i] = "0123456789abcdef"[byte >> 4];
        text[2 * i + 1] = "0123456789abcdef"[byte & 15];
    }
    if (text)
        text[(size_t)bytes.size_bytes * 2] = '\0';
    value.text = text;
    value.size_bytes = (size_t)bytes.size_bytes * 2;
    return value;
}

static bool is_wide(enum assay_layout layout)
{
    return layout == ASSAY_LAYOUT_INT128 || layout == ASSAY_LAYOUT_DECIMAL128;
}

struct assay_value_text assay_text_of_kept(struct assay_arena *arena, enum assay_layout layout,
                                           uint8_t scale, uint64_t word,
                                           const struct assay_blobs *blobs)
{
    if (layout != ASSAY_LAYOUT_TEXT && layout != ASSAY_LAYOUT_BYTES && !is_wide(layout))
        return assay_text_of_word(arena, layout, scale, word);
    bool cut;
    if (word == ASSAY_BLOB_NONE)
        return (struct assay_value_text){0};
    const struct assay_text bytes = assay_blobs_get(blobs, word, &cut);
    if (is_wide(layout))
        return assay_text_of_wide(arena, layout, scale, wide_of(bytes));
    return assay_text_of_bytes(arena, layout, bytes, cut);
}

double assay_number_of_kept(enum assay_layout layout, uint8_t scale, uint64_t word,
                            const struct assay_blobs *blobs)
{
    bool cut;
    switch (layout) {
    case ASSAY_LAYOUT_TEXT:
    case ASSAY_LAYOUT_BYTES:
        return NAN;
    case ASSAY_LAYOUT_FLOAT:
    case ASSAY_LAYOUT_DOUBLE:
        return real_of(word);
    case ASSAY_LAYOUT_DECIMAL64:
        return assay_decimal_number(layout, scale, (int64_t)word);
    case ASSAY_LAYOUT_INT128:
    case ASSAY_LAYOUT_DECIMAL128:
        if (word == ASSAY_BLOB_NONE)
            return NAN;
        return layout == ASSAY_LAYOUT_INT128
                   ? (double)wide_of(assay_blobs_get(blobs, word, &cut))
                   : assay_decimal_number(layout, scale,
                                          wide_of(assay_blobs_get(blobs, word, &cut)));
    default:
        return (double)(int64_t)word;
    }
}
