// Keys of an installation, derived from its passphrases.
// SPDX-License-Identifier: Apache-2.0
#include "common/crypto/keyring.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <string.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/memory.h"
#include "common/crypto/digest.h"
#include "common/crypto/encoding.h"
#include "common/crypto/random.h"

/* scrypt: 16 MiB and about 50 ms, so that a guessed passphrase costs something. The salt is fixed
 * because every replica must reach the same key from the file alone; what serve generates has 256
 * bits and needs no salt. */
enum { SCRYPT_N = 1 << 14, SCRYPT_R = 8, SCRYPT_P = 1, SCRYPT_MAX_BYTES = 32 << 20 };
static const char scrypt_salt[] = "assay.keyring.v1";

static int derive(const uint8_t master[ASSAY_KEY_BYTES], const char *label, uint8_t *ret_key,
                  size_t key_bytes, struct assay_error *err)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, NULL);
    const bool done = context && EVP_PKEY_derive_init(context) == 1 &&
                      EVP_PKEY_CTX_set_hkdf_md(context, EVP_sha256()) == 1 &&
                      EVP_PKEY_CTX_set1_hkdf_key(context, master, ASSAY_KEY_BYTES) == 1 &&
                      EVP_PKEY_CTX_add1_hkdf_info(context, (const unsigned char *)label,
                                                  (int)strlen(label)) == 1 &&
                      EVP_PKEY_derive(context, ret_key, &key_bytes) == 1;
    EVP_PKEY_CTX_free(context);
    return done ? ASSAY_OK : assay_crypto_fail(err, "deriving a key");
}

static int make_key(const char *passphrase, size_t size_bytes, struct assay_key *ret_key,
                    struct assay_error *err)
{
    if (size_bytes < ASSAY_PASSPHRASE_MIN)
        return assay_fail(err, ASSAY_INVALID,
                          "a passphrase is shorter than %d characters: use a longer, random one",
                          ASSAY_PASSPHRASE_MIN);
    uint8_t master[ASSAY_KEY_BYTES];
    if (EVP_PBE_scrypt(passphrase, size_bytes, (const unsigned char *)scrypt_salt,
                       sizeof scrypt_salt - 1, SCRYPT_N, SCRYPT_R, SCRYPT_P, SCRYPT_MAX_BYTES,
                       master, sizeof master) != 1)
        return assay_crypto_fail(err, "deriving the key of a passphrase");
    uint8_t id[8];
    struct assay_buf text = {0};
    int rc = derive(master, "assay key id", id, sizeof id, err);
    if (rc == ASSAY_OK)
        rc = derive(master, "assay encryption", ret_key->secret[ASSAY_KEY_ENCRYPTION],
                    ASSAY_KEY_BYTES, err);
    if (rc == ASSAY_OK)
        rc = derive(master, "assay token", ret_key->secret[ASSAY_KEY_TOKEN], ASSAY_KEY_BYTES, err);
    assay_wipe(master, sizeof master);
    assay_hex_append(&text, id, sizeof id);
    if (rc == ASSAY_OK)
        rc = assay_buf_check(&text, err);
    if (rc == ASSAY_OK)
        memcpy(ret_key->id, text.data, ASSAY_KEY_ID_TEXT);
    assay_buf_release(&text);
    return rc;
}

static int add_key(struct assay_keyring *keyring, const char *passphrase, size_t size_bytes,
                   struct assay_error *err)
{
    if (keyring->count == ASSAY_KEYRING_MAX)
        return assay_fail(err, ASSAY_INVALID, "more than %d passphrases: drop the oldest",
                          ASSAY_KEYRING_MAX);
    ASSAY_TRY(make_key(passphrase, size_bytes, &keyring->keys[keyring->count], err));
    keyring->count++;
    return ASSAY_OK;
}

static int add_lines(struct assay_keyring *keyring, const char *text, struct assay_error *err)
{
    while (*text) {
        const size_t length = strcspn(text, "\n");
        size_t used = length;
        while (used > 0 && (text[used - 1] == '\r' || text[used - 1] == ' '))
            used--;
        if (used > 0)
            ASSAY_TRY(add_key(keyring, text, used, err));
        text += length + (text[length] == '\n');
    }
    if (keyring->count == 0)
        return assay_fail(err, ASSAY_INVALID, "the file holds no passphrase");
    return ASSAY_OK;
}

int assay_keyring_load(const char *path, struct assay_keyring **ret_keyring,
                       struct assay_error *err)
{
    ASSAY_AUTO(assay_keyring_free) struct assay_keyring *keyring = assay_calloc(1, sizeof *keyring);
    if (!keyring)
        return assay_fail_memory(err);
    struct assay_buf text = {.max_bytes = 1 << 20};
    int rc = assay_file_read(path, &text, err);
    if (rc == ASSAY_OK)
        rc = add_lines(keyring, assay_buf_str(&text), err);
    if (text.data)
        assay_wipe(text.data, text.size);
    assay_buf_release(&text);
    if (rc != ASSAY_OK)
        return assay_context(err, rc, "reading the passphrase file %s", path);
    *ret_keyring = ASSAY_TAKE(keyring);
    return ASSAY_OK;
}

int assay_keyring_new(const char *const *passphrases, size_t count,
                      struct assay_keyring **ret_keyring, struct assay_error *err)
{
    ASSAY_AUTO(assay_keyring_free) struct assay_keyring *keyring = assay_calloc(1, sizeof *keyring);
    if (!keyring)
        return assay_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        ASSAY_TRY(add_key(keyring, passphrases[i], strlen(passphrases[i]), err));
    if (keyring->count == 0)
        return assay_fail(err, ASSAY_INVALID, "no passphrase given");
    *ret_keyring = ASSAY_TAKE(keyring);
    return ASSAY_OK;
}

int assay_keyring_create_file(const char *path, struct assay_error *err)
{
    if (access(path, F_OK) == 0)
        return assay_fail(err, ASSAY_CONFLICT, "%s exists: secrets may be encrypted with it", path);
    uint8_t secret[ASSAY_KEY_BYTES];
    ASSAY_TRY(assay_random_bytes(secret, sizeof secret, err));
    struct assay_buf text = {0};
    assay_base64url_append(&text, secret, sizeof secret);
    assay_buf_char(&text, '\n');
    int rc = assay_buf_check(&text, err);
    if (rc == ASSAY_OK)
        rc = assay_file_write(path, text.data, text.size, 0600, err);
    assay_wipe(secret, sizeof secret);
    if (text.data)
        assay_wipe(text.data, text.size);
    assay_buf_release(&text);
    return rc;
}

const struct assay_key *assay_keyring_find(const struct assay_keyring *keyring, const char *id,
                                           size_t id_bytes)
{
    for (size_t i = 0; i < keyring->count; i++)
        if (id_bytes == ASSAY_KEY_ID_TEXT - 1 && memcmp(keyring->keys[i].id, id, id_bytes) == 0)
            return &keyring->keys[i];
    return NULL;
}

void assay_keyring_free(struct assay_keyring *keyring)
{
    if (keyring)
        assay_wipe(keyring, sizeof *keyring);
    assay_free(keyring);
}
