/* Bytes as text: base64 (RFC 4648 §4), base64url without padding (§5), lower-case hex. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CRYPTO_ENCODING_H
#define ASSAY_CRYPTO_ENCODING_H

#include "common/base/buf.h"
#include "common/base/error.h"

/** Append the text form; a failed append shows in assay_buf_check(). */
void assay_base64_append(struct assay_buf *buf, const void *data, size_t size_bytes);
void assay_base64url_append(struct assay_buf *buf, const void *data, size_t size_bytes);
void assay_hex_append(struct assay_buf *buf, const void *data, size_t size_bytes);

/** Append the bytes that a whole text stands for. Strict: no white space, right padding (base64) or
 * none (base64url), and no bits left over. ASSAY_FORMAT without the text in the message: it may be
 * a secret. */
ASSAY_MUST_CHECK int assay_base64_decode(const char *text, size_t size_bytes, struct assay_buf *buf,
                                         struct assay_error *err);
ASSAY_MUST_CHECK int assay_base64url_decode(const char *text, size_t size_bytes,
                                            struct assay_buf *buf, struct assay_error *err);

#endif
