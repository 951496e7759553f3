/* Deflate: small pieces of bytes in memory, packed and unpacked (RFC 1950). */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_READ_DEFLATE_H
#define ASSAY_READ_DEFLATE_H

#include "common/base/buf.h"
#include "common/base/error.h"

/** Append the packed bytes. ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK int assay_deflate(const void *data, size_t size_bytes, struct assay_buf *packed,
                                   struct assay_error *err);
/** Append what was packed, at most max_bytes. Hostile bytes are safe. ASSAY_FORMAT: damaged, or
 * more than that. */
ASSAY_MUST_CHECK int assay_inflate(const void *data, size_t size_bytes, size_t max_bytes,
                                   struct assay_buf *bytes, struct assay_error *err);

#endif
