/* SHA-256 (FIPS 180-4), HMAC-SHA-256 (RFC 2104), comparison in constant time. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CRYPTO_DIGEST_H
#define ASSAY_CRYPTO_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"

#define ASSAY_SHA256_BYTES 32

/** One-shot digests. Thread-safe. ASSAY_INTERNAL when the crypto library refuses (out of memory,
 * FIPS self-test). */
ASSAY_MUST_CHECK int assay_sha256(const void *data, size_t size_bytes,
                                  uint8_t ret_digest[ASSAY_SHA256_BYTES], struct assay_error *err);
ASSAY_MUST_CHECK int assay_hmac_sha256(const void *key, size_t key_bytes, const void *data,
                                       size_t size_bytes, uint8_t ret_mac[ASSAY_SHA256_BYTES],
                                       struct assay_error *err);

/** Equal bytes? Takes as long for a first difference as for a last one. */
bool assay_equal_bytes(const void *left, const void *right, size_t size_bytes);

/** Record an error of the crypto library: what was being done, and the library's own reason.
 * Returns ASSAY_INTERNAL. */
int assay_crypto_fail(struct assay_error *err, const char *doing);

#endif
