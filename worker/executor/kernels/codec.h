/* Bytes of a saved state: little-endian, bounds checked when read. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_CODEC_H
#define ASSAY_KERNELS_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/number.h"

void assay_put_u8(struct assay_buf *buf, uint8_t value);
void assay_put_u32(struct assay_buf *buf, uint32_t value);
void assay_put_u64(struct assay_buf *buf, uint64_t value);
void assay_put_i128(struct assay_buf *buf, assay_i128 value);
void assay_put_real(struct assay_buf *buf, double value);
/** Exact for x87: the mantissa in [0.5, 1) as two doubles, high part first, and the exponent of 2,
 * beyond the range of doubles, too. */
void assay_put_long_real(struct assay_buf *buf, long double value);
/** LEB128: small numbers take few bytes. */
void assay_put_varint(struct assay_buf *buf, uint64_t value);

/** What is left to read. The first read beyond the end sets `failed`; reads then give 0. */
struct assay_bytes {
    const unsigned char *data;
    size_t left;
    bool failed;
};

uint8_t assay_get_u8(struct assay_bytes *in);
uint32_t assay_get_u32(struct assay_bytes *in);
uint64_t assay_get_u64(struct assay_bytes *in);
assay_i128 assay_get_i128(struct assay_bytes *in);
double assay_get_real(struct assay_bytes *in);
long double assay_get_long_real(struct assay_bytes *in);
uint64_t assay_get_varint(struct assay_bytes *in);
/** The next size_bytes bytes, NULL (and failed) when there are fewer. Borrowed. */
const void *assay_get_bytes(struct assay_bytes *in, size_t size_bytes);
/** A varint ≤ max; more is a failure. */
uint32_t assay_get_count(struct assay_bytes *in, uint32_t max);

#endif
