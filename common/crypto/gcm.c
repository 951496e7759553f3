// AES-256-GCM by OpenSSL's EVP.
// SPDX-License-Identifier: Apache-2.0
#include <limits.h>
#include <openssl/evp.h>

#include "common/base/memory.h"
#include "common/crypto/digest.h"
#include "common/crypto/envelope.h"

static int check_sizes(size_t aad_bytes, size_t size_bytes, struct assay_error *err)
{
    if (aad_bytes > INT_MAX || size_bytes > INT_MAX)
        return assay_fail(err, ASSAY_LIMIT, "a secret is too large to be encrypted");
    return ASSAY_OK;
}

int assay_gcm_encrypt(const uint8_t key[ASSAY_KEY_BYTES], const uint8_t nonce[12], const void *aad,
                      size_t aad_bytes, const void *data, size_t size_bytes,
                      uint8_t *ret_ciphertext, uint8_t ret_tag[16], struct assay_error *err)
{
    ASSAY_TRY(check_sizes(aad_bytes, size_bytes, err));
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int used = 0;
    const bool done =
        context && EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
        (aad_bytes == 0 || EVP_EncryptUpdate(context, NULL, &used, aad, (int)aad_bytes) == 1) &&
        (size_bytes == 0 ||
         EVP_EncryptUpdate(context, ret_ciphertext, &used, data, (int)size_bytes) == 1) &&
        EVP_EncryptFinal_ex(context, (uint8_t[16]){0}, &used) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, 16, ret_tag) == 1;
    EVP_CIPHER_CTX_free(context);
    return done ? ASSAY_OK : assay_crypto_fail(err, "encrypting");
}

int assay_gcm_decrypt(const uint8_t key[ASSAY_KEY_BYTES], const uint8_t nonce[12], const void *aad,
                      size_t aad_bytes, const uint8_t tag[16], const void *ciphertext,
                      size_t size_bytes, uint8_t *ret_data, struct assay_error *err)
{
    ASSAY_TRY(check_sizes(aad_bytes, size_bytes, err));
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int used = 0;
    uint8_t expected[16];
    for (size_t i = 0; i < sizeof expected; i++)
        expected[i] = tag[i];
    const bool ready =
        context && EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
        (aad_bytes == 0 || EVP_DecryptUpdate(context, NULL, &used, aad, (int)aad_bytes) == 1) &&
        (size_bytes == 0 ||
         EVP_DecryptUpdate(context, ret_data, &used, ciphertext, (int)size_bytes) == 1) &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, 16, expected) == 1;
    const bool authentic = ready && EVP_DecryptFinal_ex(context, (uint8_t[16]){0}, &used) == 1;
    EVP_CIPHER_CTX_free(context);
    if (!ready)
        return assay_crypto_fail(err, "decrypting");
    if (!authentic) {
        assay_wipe(ret_data, size_bytes);
        return assay_fail(err, ASSAY_DENIED,
                          "an encrypted secret was altered or belongs elsewhere");
    }
    return ASSAY_OK;
}
