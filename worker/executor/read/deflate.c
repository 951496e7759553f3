// Deflate: bytes in memory, packed and unpacked.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/read/deflate.h"

#include <stdint.h>
#include <zlib.h>

enum { LEVEL = 6, PART_BYTES = 64 << 10 };

int assay_deflate(const void *data, size_t size_bytes, struct assay_buf *packed,
                  struct assay_error *err)
{
    uLongf size = compressBound((uLong)size_bytes);
    if (!assay_buf_reserve(packed, size) || compress2((Bytef *)packed->data + packed->size, &size,
                                                      data, (uLong)size_bytes, LEVEL) != Z_OK)
        return assay_fail_memory(err);
    packed->size += size;
    return ASSAY_OK;
}

int assay_inflate(const void *data, size_t size_bytes, size_t max_bytes, struct assay_buf *bytes,
                  struct assay_error *err)
{
    char part[PART_BYTES];
    const size_t before = bytes->size;
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)data, .avail_in = (uInt)size_bytes};
    int rc = inflateInit(&stream);
    while (rc == Z_OK && bytes->size - before <= max_bytes) {
        stream.next_out = (Bytef *)part;
        stream.avail_out = sizeof part;
        rc = inflate(&stream, Z_NO_FLUSH);
        if (rc == Z_OK || rc == Z_STREAM_END)
            assay_buf_append(bytes, part, sizeof part - stream.avail_out);
    }
    (void)inflateEnd(&stream);
    if (rc != Z_STREAM_END || bytes->size - before > max_bytes)
        return assay_fail(err, ASSAY_FORMAT, "packed bytes are damaged");
    return assay_buf_check(bytes, err);
}
