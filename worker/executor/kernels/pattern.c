// Character-class patterns.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/pattern.h"

#include <stdio.h>
#include <string.h>

#include "common/base/utf8.h"

#define RUN_TEXT 16 /* bytes that one run takes at most: a code point and {4294967295} */
#define ELLIPSIS "\xE2\x80\xA6"

static bool in(uint32_t c, uint32_t low, uint32_t high)
{
    return c >= low && c <= high;
}

/* 'A', 'a', '9', or the code point itself. */
static uint32_t class_of(uint32_t c)
{
    if (in(c, '0', '9'))
        return '9';
    if (in(c, 'A', 'Z') || (in(c, 0xC0, 0xDE) && c != 0xD7) || in(c, 0x391, 0x3A9) ||
        in(c, 0x400, 0x42F))
        return 'A';
    if (in(c, 'a', 'z') || (in(c, 0xDF, 0xFF) && c != 0xF7) || in(c, 0x3AC, 0x3CE) ||
        in(c, 0x430, 0x45F))
        return 'a';
    if (in(c, 0x100,
           0x17F)) /* Latin Extended-A: pairs, upper case first (the other way round in two runs) */
        return ((c & 1) ^ (in(c, 0x139, 0x148) || in(c, 0x179, 0x17E))) ? 'a' : 'A';
    return c;
}

/* One code point as UTF-8; the text is from assay_utf8_next(), so it is a scalar value. */
static size_t put_code_point(char *text, uint32_t c)
{
    if (c < 0x80) {
        text[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        text[0] = (char)(0xC0 | c >> 6);
        text[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        text[0] = (char)(0xE0 | c >> 12);
        text[1] = (char)(0x80 | (c >> 6 & 0x3F));
        text[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    text[0] = (char)(0xF0 | c >> 18);
    text[1] = (char)(0x80 | (c >> 12 & 0x3F));
    text[2] = (char)(0x80 | (c >> 6 & 0x3F));
    text[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

size_t assay_pattern_of(struct assay_text text, char pattern[ASSAY_PATTERN_TEXT])
{
    size_t size = 0;
    for (size_t i = 0; i < text.size_bytes;) {
        uint32_t code_point, next;
        i += assay_utf8_next(text.data + i, text.size_bytes - i, &code_point);
        const uint32_t class = code_point ? class_of(code_point) : 0xFFFD;
        size_t run = 1;
        while (i < text.size_bytes) {
            const size_t step = assay_utf8_next(text.data + i, text.size_bytes - i, &next);
            if (!next || class_of(next) != class)
                break;
            i += step;
            run++;
        }
        if (size + RUN_TEXT + sizeof ELLIPSIS > ASSAY_PATTERN_TEXT) {
            memcpy(pattern + size, ELLIPSIS, sizeof ELLIPSIS);
            return size + sizeof ELLIPSIS - 1;
        }
        size += put_code_point(pattern + size, class);
        if (run > 1)
            size += (size_t)snprintf(pattern + size, RUN_TEXT, "{%zu}", run);
    }
    pattern[size] = '\0';
    return size;
}
