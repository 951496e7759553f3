// Text envelopes of secrets at rest.
// SPDX-License-Identifier: Apache-2.0
#include "common/crypto/envelope.h"

#include <string.h>

#include "common/base/memory.h"
#include "common/crypto/encoding.h"
#include "common/crypto/random.h"

enum { NONCE_BYTES = 12, TAG_BYTES = 16 };
static const char version[] = "a1";

/* One part of an envelope: from..to without the dots. */
struct part {
    const char *text;
    size_t size;
};

int assay_envelope_seal(const struct assay_keyring *keyring, const char *belongs_to,
                        const void *data, size_t size_bytes, struct assay_buf *envelope,
                        struct assay_error *err)
{
    const struct assay_key *key = &keyring->keys[0];
    uint8_t nonce[NONCE_BYTES];
    uint8_t tag[TAG_BYTES];
    ASSAY_TRY(assay_random_bytes(nonce, sizeof nonce, err));
    ASSAY_AUTO(assay_free) void *ciphertext = assay_malloc(size_bytes + 1);
    if (!ciphertext)
        return assay_fail_memory(err);
    ASSAY_TRY(assay_gcm_encrypt(key->secret[ASSAY_KEY_ENCRYPTION], nonce, belongs_to,
                                strlen(belongs_to), data, size_bytes, ciphertext, tag, err));
    assay_buf_printf(envelope, "%s.%s.", version, key->id);
    assay_base64url_append(envelope, nonce, sizeof nonce);
    assay_buf_char(envelope, '.');
    assay_base64url_append(envelope, tag, sizeof tag);
    assay_buf_char(envelope, '.');
    assay_base64url_append(envelope, ciphertext, size_bytes);
    return assay_buf_check(envelope, err);
}

/* Cut the envelope at its dots. False unless it has the five parts of this version. */
static bool split(const char *envelope, struct part parts[5])
{
    for (size_t i = 0; i < 5; i++) {
        parts[i] = (struct part){envelope, strcspn(envelope, ".")};
        envelope += parts[i].size;
        if ((*envelope == '.') != (i < 4))
            return false;
        envelope += i < 4;
    }
    return parts[0].size == sizeof version - 1 &&
           memcmp(parts[0].text, version, parts[0].size) == 0;
}

static int open_parts(const struct assay_key *key, const char *belongs_to,
                      const struct part parts[5], struct assay_buf *nonce, struct assay_buf *tag,
                      struct assay_buf *ciphertext, struct assay_buf *data, struct assay_error *err)
{
    ASSAY_TRY(assay_base64url_decode(parts[2].text, parts[2].size, nonce, err));
    ASSAY_TRY(assay_base64url_decode(parts[3].text, parts[3].size, tag, err));
    ASSAY_TRY(assay_base64url_decode(parts[4].text, parts[4].size, ciphertext, err));
    if (nonce->size != NONCE_BYTES || tag->size != TAG_BYTES)
        return assay_fail(err, ASSAY_FORMAT, "an encrypted secret is malformed");
    if (!assay_buf_reserve(data, ciphertext->size))
        return assay_fail_memory(err);
    ASSAY_TRY(assay_gcm_decrypt(key->secret[ASSAY_KEY_ENCRYPTION], (const uint8_t *)nonce->data,
                                belongs_to, strlen(belongs_to), (const uint8_t *)tag->data,
                                assay_buf_str(ciphertext), ciphertext->size,
                                (uint8_t *)data->data + data->size, err));
    data->size += ciphertext->size;
    data->data[data->size] = '\0';
    return ASSAY_OK;
}

int assay_envelope_open(const struct assay_keyring *keyring, const char *belongs_to,
                        const char *envelope, struct assay_buf *data, struct assay_error *err)
{
    struct part parts[5];
    if (!split(envelope, parts))
        return assay_fail(err, ASSAY_FORMAT, "an encrypted secret is malformed");
    const struct assay_key *key = assay_keyring_find(keyring, parts[1].text, parts[1].size);
    if (!key)
        return assay_fail(err, ASSAY_NOT_FOUND,
                          "a secret is encrypted with key %.16s, which no line of the passphrase "
                          "file gives: add the old "
                          "passphrase below the new one",
                          parts[1].text);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf nonce = {0};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf tag = {0};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf ciphertext = {0};
    return open_parts(key, belongs_to, parts, &nonce, &tag, &ciphertext, data, err);
}

bool assay_envelope_is_old(const struct assay_keyring *keyring, const char *envelope)
{
    struct part parts[5];
    return split(envelope, parts) &&
           (parts[1].size != ASSAY_KEY_ID_TEXT - 1 ||
            memcmp(parts[1].text, keyring->keys[0].id, parts[1].size) != 0);
}
