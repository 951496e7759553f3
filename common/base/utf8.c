// UTF-8 by the well-formedness table of the Unicode standard, with a fast way for ASCII.
// SPDX-License-Identifier: Apache-2.0
#include "common/base/utf8.h"

#include <string.h>

static bool in(unsigned char c, unsigned char low, unsigned char high)
{
    return c >= low && c <= high;
}

/* Size of the well-formed sequence at p, 0 when malformed. */
static size_t sequence(const unsigned char *p, size_t left)
{
    if (p[0] < 0x80)
        return 1;
    if (in(p[0], 0xC2, 0xDF))
        return left >= 2 && in(p[1], 0x80, 0xBF) ? 2 : 0;
    if (in(p[0], 0xE0, 0xEF)) {
        const unsigned char low = p[0] == 0xE0 ? 0xA0 : 0x80, high = p[0] == 0xED ? 0x9F : 0xBF;
        return left >= 3 && in(p[1], low, high) && in(p[2], 0x80, 0xBF) ? 3 : 0;
    }
    if (in(p[0], 0xF0, 0xF4)) {
        const unsigned char low = p[0] == 0xF0 ? 0x90 : 0x80, high = p[0] == 0xF4 ? 0x8F : 0xBF;
        return left >= 4 && in(p[1], low, high) && in(p[2], 0x80, 0xBF) && in(p[3], 0x80, 0xBF) ? 4
                                                                                                : 0;
    }
    return 0;
}

static bool ascii_word(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof word);
    return !(word & UINT64_C(0x8080808080808080));
}

bool assay_utf8_valid(const char *text, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes;) {
        if (size_bytes - i >= 8 && ascii_word(text + i)) {
            i += 8;
            continue;
        }
        const size_t step = sequence((const unsigned char *)text + i, size_bytes - i);
        if (!step)
            return false;
        i += step;
    }
    return true;
}

size_t assay_utf8_length(const char *text, size_t size_bytes)
{
    size_t length = 0;
    for (size_t i = 0; i < size_bytes; length++) {
        while (size_bytes - i >= 8 && ascii_word(text + i)) {
            i += 8;
            length += 8;
        }
        if (i >= size_bytes)
            break;
        const size_t step = sequence((const unsigned char *)text + i, size_bytes - i);
        i += step ? step : 1;
    }
    return length;
}

size_t assay_utf8_next(const char *text, size_t size_bytes, uint32_t *ret_code_point)
{
    const unsigned char *p = (const unsigned char *)text;
    const size_t size = sequence(p, size_bytes);
    static const unsigned char lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    if (!size) {
        *ret_code_point = 0xFFFD;
        return 1;
    }
    uint32_t value = p[0] & lead_bits[size];
    for (size_t i = 1; i < size; i++)
        value = value << 6 | (p[i] & 0x3Fu);
    *ret_code_point = value;
    return size;
}

void assay_utf8_append_safe(struct assay_buf *buf, const char *text, size_t size_bytes)
{
    size_t start = 0;
    for (size_t i = 0; i < size_bytes;) {
        const size_t step = sequence((const unsigned char *)text + i, size_bytes - i);
        if (step) {
            i += step;
            continue;
        }
        assay_buf_append(buf, text + start, i - start);
        assay_buf_append(buf, "\xEF\xBF\xBD", 3);
        start = ++i;
    }
    assay_buf_append(buf, text + start, size_bytes - start);
}

size_t assay_utf8_cut(const char *text, size_t size_bytes, size_t max_bytes)
{
    if (size_bytes <= max_bytes)
        return size_bytes;
    size_t cut = max_bytes;
    while (cut && ((unsigned char)text[cut] & 0xC0) == 0x80 && max_bytes - cut < 4)
        cut--;
    return cut;
}
