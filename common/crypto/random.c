// Random bytes and UUIDs.
// SPDX-License-Identifier: Apache-2.0
#include "common/crypto/random.h"
#include "common/base/number.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "common/crypto/digest.h"

int assay_random_bytes(void *ret_data, size_t size_bytes, struct assay_error *err)
{
    if (size_bytes > INT_MAX || RAND_bytes(ret_data, (int)size_bytes) != 1)
        return assay_crypto_fail(err, "drawing random bytes");
    return ASSAY_OK;
}

static void format_uuid(uint8_t bytes[16], unsigned version, char ret_text[ASSAY_UUID_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    bytes[6] = (uint8_t)((bytes[6] & 0x0F) | version << 4);
    bytes[8] = (uint8_t)((bytes[8] & 0x3F) | 0x80);
    char *at = ret_text;
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 15];
    }
    *at = '\0';
}

int assay_uuid4(char ret_text[ASSAY_UUID_TEXT], struct assay_error *err)
{
    uint8_t bytes[16];
    ASSAY_TRY(assay_random_bytes(bytes, sizeof bytes, err));
    format_uuid(bytes, 4, ret_text);
    return ASSAY_OK;
}

int assay_uuid5(const uint8_t namespace_id[16], const void *name, size_t name_bytes,
                char ret_text[ASSAY_UUID_TEXT], struct assay_error *err)
{
    uint8_t digest[20];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const bool done = context && EVP_DigestInit_ex(context, EVP_sha1(), NULL) == 1 &&
                      EVP_DigestUpdate(context, namespace_id, 16) == 1 &&
                      EVP_DigestUpdate(context, name, name_bytes) == 1 &&
                      EVP_DigestFinal_ex(context, digest, NULL) == 1;
    EVP_MD_CTX_free(context);
    if (!done)
        return assay_crypto_fail(err, "computing a UUID of version 5");
    format_uuid(digest, 5, ret_text);
    return ASSAY_OK;
}

bool assay_uuid_parse(const char *text, uint8_t ret_bytes[16])
{
    if (strlen(text) != ASSAY_UUID_TEXT - 1)
        return false;
    uint8_t bytes[16];
    size_t at = 0;
    for (size_t i = 0; i < 16; i++) {
        if ((i == 4 || i == 6 || i == 8 || i == 10) && text[at++] != '-')
            return false;
        const int high = assay_hex_digit(text[at]);
        const int low = assay_hex_digit(text[at + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
        at += 2;
    }
    if (ret_bytes)
        memcpy(ret_bytes, bytes, sizeof bytes);
    return true;
}
