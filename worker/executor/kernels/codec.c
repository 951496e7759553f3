// Bytes of a saved state.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/codec.h"

#include <math.h>
#include <string.h>

enum { LONG_EXPONENT_BIAS = 32768 }; /* more than that of x87 */

void assay_put_u8(struct assay_buf *buf, uint8_t value)
{
    assay_buf_append(buf, &value, 1);
}

void assay_put_u32(struct assay_buf *buf, uint32_t value)
{
    unsigned char bytes[4];
    for (unsigned i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(value >> (8 * i));
    assay_buf_append(buf, bytes, sizeof bytes);
}

void assay_put_u64(struct assay_buf *buf, uint64_t value)
{
    assay_put_u32(buf, (uint32_t)value);
    assay_put_u32(buf, (uint32_t)(value >> 32));
}

void assay_put_i128(struct assay_buf *buf, assay_i128 value)
{
    assay_put_u64(buf, (uint64_t)(assay_u128)value);
    assay_put_u64(buf, (uint64_t)((assay_u128)value >> 64));
}

void assay_put_real(struct assay_buf *buf, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    assay_put_u64(buf, bits);
}

void assay_put_varint(struct assay_buf *buf, uint64_t value)
{
    unsigned char bytes[10];
    size_t size = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[size++] = (unsigned char)(value | 0x80);
    bytes[size++] = (unsigned char)value;
    assay_buf_append(buf, bytes, size);
}

void assay_put_long_real(struct assay_buf *buf, long double value)
{
    int exponent = 0;
    const long double mantissa = isfinite(value) ? frexpl(value, &exponent) : value;
    const double high = (double)mantissa;
    assay_put_real(buf, high);
    assay_put_real(buf, isfinite(value) ? (double)(mantissa - (long double)high) : 0.0);
    assay_put_varint(buf, (uint64_t)(exponent + LONG_EXPONENT_BIAS));
}

const void *assay_get_bytes(struct assay_bytes *in, size_t size_bytes)
{
    if (in->failed || in->left < size_bytes) {
        in->failed = true;
        return NULL;
    }
    const void *data = in->data;
    in->data += size_bytes;
    in->left -= size_bytes;
    return data;
}

uint8_t assay_get_u8(struct assay_bytes *in)
{
    const unsigned char *byte = assay_get_bytes(in, 1);
    return byte ? *byte : 0;
}

uint32_t assay_get_u32(struct assay_bytes *in)
{
    const unsigned char *bytes = assay_get_bytes(in, 4);
    if (!bytes)
        return 0;
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

uint64_t assay_get_u64(struct assay_bytes *in)
{
    const uint64_t low = assay_get_u32(in);
    return low | (uint64_t)assay_get_u32(in) << 32;
}

assay_i128 assay_get_i128(struct assay_bytes *in)
{
    const assay_u128 low = assay_get_u64(in);
    return (assay_i128)(low | (assay_u128)assay_get_u64(in) << 64);
}

double assay_get_real(struct assay_bytes *in)
{
    const uint64_t bits = assay_get_u64(in);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

long double assay_get_long_real(struct assay_bytes *in)
{
    const long double high = assay_get_real(in), low = assay_get_real(in);
    const uint64_t exponent = assay_get_varint(in);
    if (exponent > 2 * LONG_EXPONENT_BIAS) {
        in->failed = true;
        return 0;
    }
    return ldexpl(high + low, (int)exponent - LONG_EXPONENT_BIAS);
}

uint64_t assay_get_varint(struct assay_bytes *in)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const uint8_t byte = assay_get_u8(in);
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80))
            return value;
    }
    in->failed = true;
    return 0;
}

uint32_t assay_get_count(struct assay_bytes *in, uint32_t max)
{
    const uint64_t count = assay_get_varint(in);
    if (count > max)
        in->failed = true;
    return in->failed ? 0 : (uint32_t)count;
}
