/* Keys of an installation: derived from the passphrase file, the first line in force, older ones
 * still readable. A line becomes a master key by scrypt (RFC 7914), and that one key per purpose by
 * HKDF-SHA-256 (RFC 5869). */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CRYPTO_KEYRING_H
#define ASSAY_CRYPTO_KEYRING_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"

#define ASSAY_KEY_BYTES      32
#define ASSAY_KEY_ID_TEXT    17 /* 16 hex digits and NUL */
#define ASSAY_KEYRING_MAX    16 /* passphrases in a file */
#define ASSAY_PASSPHRASE_MIN 16 /* characters */

/** What a key is for; one never serves two. */
enum assay_key_purpose { ASSAY_KEY_ENCRYPTION, ASSAY_KEY_TOKEN };

struct assay_key {
    char id[ASSAY_KEY_ID_TEXT];         /* names the key in an envelope; tells nothing about it */
    uint8_t secret[2][ASSAY_KEY_BYTES]; /* by enum assay_key_purpose */
};

/** Immutable after it was made; any thread reads it. */
struct assay_keyring {
    size_t count;
    struct assay_key keys[ASSAY_KEYRING_MAX]; /* [0] is in force */
};

/** Read a passphrase file: a line each, newest first, blank lines left out. Takes about 50 ms a
 * line. To rotate, put a new line on top; drop the last one when nothing is encrypted with it any
 * more. ASSAY_NOT_FOUND, ASSAY_DENIED; ASSAY_INVALID: no line, too many, or one shorter than
 * ASSAY_PASSPHRASE_MIN. */
ASSAY_MUST_CHECK int assay_keyring_load(const char *path, struct assay_keyring **ret_keyring,
                                        struct assay_error *err);
/** The same from texts, newest first. */
ASSAY_MUST_CHECK int assay_keyring_new(const char *const *passphrases, size_t count,
                                       struct assay_keyring **ret_keyring, struct assay_error *err);
/** Write a new passphrase file of 256 random bits, mode 0600. ASSAY_CONFLICT when the file
 * exists. */
ASSAY_MUST_CHECK int assay_keyring_create_file(const char *path, struct assay_error *err);
/** The key of that id, NULL when the ring has none. The ring's. */
const struct assay_key *assay_keyring_find(const struct assay_keyring *keyring, const char *id,
                                           size_t id_bytes);
/** Wipes the keys. */
void assay_keyring_free(struct assay_keyring *keyring);
ASSAY_DEFINE_CLEANUP(struct assay_keyring, assay_keyring_free)

#endif
