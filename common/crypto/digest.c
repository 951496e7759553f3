// SHA-256 and HMAC by OpenSSL.
// SPDX-License-Identifier: Apache-2.0
#include "common/crypto/digest.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

int assay_crypto_fail(struct assay_error *err, const char *doing)
{
    const unsigned long code = ERR_peek_last_error();
    const char *reason = ERR_reason_error_string(code);
    ERR_clear_error();
    return assay_fail(err, ASSAY_INTERNAL, "%s: %s", doing,
                      reason ? reason : "the crypto library refused");
}

int assay_sha256(const void *data, size_t size_bytes, uint8_t ret_digest[ASSAY_SHA256_BYTES],
                 struct assay_error *err)
{
    if (EVP_Digest(data, size_bytes, ret_digest, NULL, EVP_sha256(), NULL) != 1)
        return assay_crypto_fail(err, "computing SHA-256");
    return ASSAY_OK;
}

int assay_hmac_sha256(const void *key, size_t key_bytes, const void *data, size_t size_bytes,
                      uint8_t ret_mac[ASSAY_SHA256_BYTES], struct assay_error *err)
{
    if (key_bytes > INT_MAX)
        return assay_fail(err, ASSAY_LIMIT, "HMAC key is too long");
    static const unsigned char empty = 0; /* OpenSSL takes a NULL key as "the key set before" */
    if (!HMAC(EVP_sha256(), key_bytes ? key : &empty, (int)key_bytes, size_bytes ? data : &empty,
              size_bytes, ret_mac, NULL))
        return assay_crypto_fail(err, "computing HMAC-SHA-256");
    return ASSAY_OK;
}

bool assay_equal_bytes(const void *left, const void *right, size_t size_bytes)
{
    return CRYPTO_memcmp(left, right, size_bytes) == 0;
}
