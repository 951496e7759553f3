// Base64, base64url and hex.
// SPDX-License-Identifier: Apache-2.0
#include "common/crypto/encoding.h"

#include <stdint.h>

static const char base64_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void append_letters(struct assay_buf *buf, const void *data, size_t size_bytes,
                           const char *letters, bool pad)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size_bytes; i += 3) {
        const size_t count = size_bytes - i < 3 ? size_bytes - i : 3;
        const uint32_t group = (uint32_t)bytes[i] << 16 |
                               (count > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                               (count > 2 ? bytes[i + 2] : 0);
        for (size_t k = 0; k <= count; k++)
            assay_buf_char(buf, letters[group >> (18 - 6 * k) & 63]);
        for (size_t k = count; pad && k < 3; k++)
            assay_buf_char(buf, '=');
    }
}

void assay_base64_append(struct assay_buf *buf, const void *data, size_t size_bytes)
{
    append_letters(buf, data, size_bytes, base64_letters, true);
}

void assay_base64url_append(struct assay_buf *buf, const void *data, size_t size_bytes)
{
    append_letters(buf, data, size_bytes, base64url_letters, false);
}

void assay_hex_append(struct assay_buf *buf, const void *data, size_t size_bytes)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size_bytes; i++) {
        const unsigned char byte = ((const unsigned char *)data)[i];
        assay_buf_char(buf, digits[byte >> 4]);
        assay_buf_char(buf, digits[byte & 15]);
    }
}

/* The value of a letter, -1 for any other byte. */
static int letter_value(char letter, const char *letters)
{
    for (int i = 0; i < 64; i++)
        if (letters[i] == letter)
            return i;
    return -1;
}

static int decode(const char *text, size_t size_bytes, const char *letters, struct assay_buf *buf,
                  struct assay_error *err)
{
    uint32_t bits = 0;
    unsigned have = 0;
    for (size_t i = 0; i < size_bytes; i++) {
        const int value = letter_value(text[i], letters);
        if (value < 0)
            return assay_fail(err, ASSAY_FORMAT, "base64 text has a wrong letter at byte %zu", i);
        bits = bits << 6 | (uint32_t)value;
        have += 6;
        if (have >= 8) {
            have -= 8;
            assay_buf_char(buf, (char)(bits >> have & 0xFF));
            bits &= (UINT32_C(1) << have) - 1;
        }
    }
    if (size_bytes % 4 == 1 || bits != 0)
        return assay_fail(err, ASSAY_FORMAT, "base64 text ends in the middle of a byte");
    return assay_buf_check(buf, err);
}

int assay_base64_decode(const char *text, size_t size_bytes, struct assay_buf *buf,
                        struct assay_error *err)
{
    if (size_bytes % 4 != 0)
        return assay_fail(err, ASSAY_FORMAT, "base64 text is not padded to a multiple of 4");
    size_t used = size_bytes;
    while (used > 0 && size_bytes - used < 2 && text[used - 1] == '=')
        used--;
    return decode(text, used, base64_letters, buf, err);
}

int assay_base64url_decode(const char *text, size_t size_bytes, struct assay_buf *buf,
                           struct assay_error *err)
{
    return decode(text, size_bytes, base64url_letters, buf, err);
}
