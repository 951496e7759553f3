/* Secrets at rest: AES-256-GCM (NIST SP 800-38D) in a text envelope "a1.<key
 * id>.<nonce>.<tag>.<ciphertext>", the last three in base64url. What the secret belongs to (its
 * row) is authenticated with it, so that a ciphertext moved to another row does not open. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CRYPTO_ENVELOPE_H
#define ASSAY_CRYPTO_ENVELOPE_H

#include <stdbool.h>

#include "common/base/buf.h"
#include "common/base/error.h"
#include "common/crypto/keyring.h"

/** Encrypt with the ring's key in force; appends the envelope. belongs_to: "connection:12".
 * Thread-safe. */
ASSAY_MUST_CHECK int assay_envelope_seal(const struct assay_keyring *keyring,
                                         const char *belongs_to, const void *data,
                                         size_t size_bytes, struct assay_buf *envelope,
                                         struct assay_error *err);
/** Decrypt with whichever key the envelope names; appends the bytes, which the caller wipes.
 *  ASSAY_NOT_FOUND: that key is not in the passphrase file. ASSAY_FORMAT: not an envelope.
 * ASSAY_DENIED: altered, or of another row. */
ASSAY_MUST_CHECK int assay_envelope_open(const struct assay_keyring *keyring,
                                         const char *belongs_to, const char *envelope,
                                         struct assay_buf *data, struct assay_error *err);
/** Is it encrypted with an older key than the one in force? */
bool assay_envelope_is_old(const struct assay_keyring *keyring, const char *envelope);

/** The cipher itself, for one message per nonce. `tag` 16 bytes, `nonce` 12 bytes, out as long as
 * in. */
ASSAY_MUST_CHECK int assay_gcm_encrypt(const uint8_t key[ASSAY_KEY_BYTES], const uint8_t nonce[12],
                                       const void *aad, size_t aad_bytes, const void *data,
                                       size_t size_bytes, uint8_t *ret_ciphertext,
                                       uint8_t ret_tag[16], struct assay_error *err);
/** ASSAY_DENIED when the tag does not match; ret_data is then zeroed. */
ASSAY_MUST_CHECK int assay_gcm_decrypt(const uint8_t key[ASSAY_KEY_BYTES], const uint8_t nonce[12],
                                       const void *aad, size_t aad_bytes, const uint8_t tag[16],
                                       const void *ciphertext, size_t size_bytes, uint8_t *ret_data,
                                       struct assay_error *err);

#endif
