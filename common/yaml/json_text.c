// JSON documents for the YAML parser: surrogate pairs become characters.
// SPDX-License-Identifier: Apache-2.0
#include "common/yaml/json_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/base/memory.h"

/* The four hexadecimal digits of a \uXXXX escape at text, as a number. */
static bool unit_at(const char *text, size_t size, uint32_t *ret_unit)
{
    if (size < 6 || text[0] != '\\' || text[1] != 'u')
        return false;
    uint32_t unit = 0;
    for (int i = 2; i < 6; i++) {
        const char c = (char)(text[i] | 0x20);
        const bool digit = text[i] >= '0' && text[i] <= '9';
        if (!digit && (c < 'a' || c > 'f'))
            return false;
        unit = unit << 4 | (uint32_t)(digit ? text[i] - '0' : c - 'a' + 10);
    }
    *ret_unit = unit;
    return true;
}

static bool pair_at(const char *text, size_t size, uint32_t *ret_code_point)
{
    uint32_t high, low;
    if (size < 12 || !unit_at(text, size, &high) || !unit_at(text + 6, size - 6, &low))
        return false;
    if (high < 0xD800 || high > 0xDBFF || low < 0xDC00 || low > 0xDFFF)
        return false;
    *ret_code_point = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    return true;
}

static void append_four_bytes(struct assay_buf *buf, uint32_t code_point)
{
    const char bytes[4] = {
        (char)(0xF0 | code_point >> 18), (char)(0x80 | (code_point >> 12 & 0x3F)),
        (char)(0x80 | (code_point >> 6 & 0x3F)), (char)(0x80 | (code_point & 0x3F))};
    assay_buf_append(buf, bytes, sizeof bytes);
}

int assay_json_text_prepare(const char **text, size_t *size_bytes, struct assay_buf *buf,
                            struct assay_error *err)
{
    const char *from = *text;
    const size_t size = *size_bytes;
    size_t start = 0;
    while (start < size && strchr(" \t\r\n", from[start]) && from[start])
        start++;
    if (start == size || (from[start] != '{' && from[start] != '['))
        return ASSAY_OK;
    for (size_t i = 0; i < size;) {
        uint32_t code_point;
        if (from[i] != '\\' || i + 1 == size) {
            assay_buf_char(buf, from[i++]);
        } else if (pair_at(from + i, size - i, &code_point)) {
            append_four_bytes(buf, code_point);
            i += 12;
        } else {
            assay_buf_append(buf, from + i, 2);
            i += 2;
        }
    }
    ASSAY_TRY(assay_buf_check(buf, err));
    *text = assay_buf_str(buf);
    *size_bytes = buf->size;
    return ASSAY_OK;
}
