// Base64 of saved states.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/base64.h"

#include <stdint.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void assay_base64_append(struct assay_buf *text, const void *data, size_t size_bytes)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size_bytes; i += 3) {
        const size_t left = size_bytes - i;
        const uint32_t group = (uint32_t)bytes[i] << 16 |
                               (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                               (left > 2 ? (uint32_t)bytes[i + 2] : 0);
        const char four[] = {digits[group >> 18], digits[group >> 12 & 63],
                             left > 1 ? digits[group >> 6 & 63] : '=',
                             left > 2 ? digits[group & 63] : '='};
        assay_buf_append(text, four, sizeof four);
    }
}

static int value_of(char digit)
{
    const char *found = digit ? memchr(digits, digit, sizeof digits - 1) : NULL;
    return found ? (int)(found - digits) : -1;
}

bool assay_base64_parse(struct assay_buf *bytes, const char *text, size_t size)
{
    if (size % 4)
        return false;
    for (size_t i = 0; i < size; i += 4) {
        const bool last = i + 4 == size;
        const size_t padding = last && text[i + 3] == '=' ? 1 + (text[i + 2] == '=') : 0;
        uint32_t group = 0;
        for (size_t k = 0; k < 4 - padding; k++) {
            const int value = value_of(text[i + k]);
            if (value < 0)
                return false;
            group |= (uint32_t)value << (18 - 6 * k);
        }
        const unsigned char three[] = {(unsigned char)(group >> 16), (unsigned char)(group >> 8),
                                       (unsigned char)group};
        assay_buf_append(bytes, three, 3 - padding);
    }
    return !bytes->failed;
}
