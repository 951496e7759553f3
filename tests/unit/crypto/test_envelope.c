// AES-256-GCM by published vectors; envelopes, rotation of keys, and every altered byte refused.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/memory.h"
#include "common/crypto/encoding.h"
#include "common/crypto/envelope.h"

static size_t from_hex(const char *hex, uint8_t *bytes)
{
    const size_t size = strlen(hex) / 2;
    for (size_t i = 0; i < size; i++) {
        unsigned value = 0;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &value), 1);
        bytes[i] = (uint8_t)value;
    }
    return size;
}

static void assert_hex(const uint8_t *bytes, size_t size, const char *hex)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    assay_hex_append(&text, bytes, size);
    assert_string_equal(assay_buf_str(&text), hex);
}

/* McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13 to 16 (as NIST published
 * them). */
static const struct {
    const char *key, *nonce, *aad, *plain, *cipher, *tag;
} vectors[] = {
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "00000000000000000000000000000000", "cea7403d4d606b6e074ec5d3baf39d18",
     "d0d1c8a799996bf0265b98b5d48ab919"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b"
     "525b16aedf5aa0de657"
     "ba637b391aafd255",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828"
     "838c5f61e6393ba7a0a"
     "bcc9f662898015ad",
     "b094dac5d93471bdec1a502270e3cc6c"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b"
     "525b16aedf5aa0de657"
     "ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828"
     "838c5f61e6393ba7a0a"
     "bcc9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"},
};

static void test_gcm(void **state)
{
    (void)state;
    for (size_t i = 0; i < ASSAY_COUNT(vectors); i++) {
        uint8_t key[32], nonce[12], aad[32], plain[64], cipher[64], tag[16], back[64];
        from_hex(vectors[i].key, key);
        from_hex(vectors[i].nonce, nonce);
        const size_t aad_size = from_hex(vectors[i].aad, aad);
        const size_t size = from_hex(vectors[i].plain, plain);
        assert_int_equal(
            assay_gcm_encrypt(key, nonce, aad, aad_size, plain, size, cipher, tag, NULL), ASSAY_OK);
        assert_hex(cipher, size, vectors[i].cipher);
        assert_hex(tag, sizeof tag, vectors[i].tag);
        assert_int_equal(
            assay_gcm_decrypt(key, nonce, aad, aad_size, tag, cipher, size, back, NULL), ASSAY_OK);
        assert_memory_equal(back, plain, size);
        tag[15] ^= 1;
        assert_int_equal(
            assay_gcm_decrypt(key, nonce, aad, aad_size, tag, cipher, size, back, NULL),
            ASSAY_DENIED);
    }
}

/* Computed with Python: hashlib.scrypt(n=16384, r=8, p=1) and HKDF by hmac. */
static void test_keys_are_derived_as_written(void **state)
{
    (void)state;
    ASSAY_AUTO(assay_keyring_free) struct assay_keyring *ring = NULL;
    assert_int_equal(
        assay_keyring_new((const char *[]){"correct horse battery staple"}, 1, &ring, NULL),
        ASSAY_OK);
    assert_string_equal(ring->keys[0].id, "920416b93df3761f");
    assert_hex(ring->keys[0].secret[ASSAY_KEY_ENCRYPTION], 32,
               "30ed0193e75a3ce8ab7310433b4112b8f538674387f432ba042dfb678813948d");
    assert_hex(ring->keys[0].secret[ASSAY_KEY_TOKEN], 32,
               "4869fad53b0bcd260706f092226bca3aed28d922332324f713c7f6a94af2cb8a");
}

static struct assay_keyring *ring_of(const char *first, const char *second)
{
    struct assay_keyring *ring = NULL;
    assert_int_equal(
        assay_keyring_new((const char *[]){first, second}, second ? 2 : 1, &ring, NULL), ASSAY_OK);
    return ring;
}

static void test_rotation(void **state)
{
    (void)state;
    ASSAY_AUTO(assay_keyring_free)
    struct assay_keyring *old = ring_of("the first passphrase", NULL);
    ASSAY_AUTO(assay_keyring_free)
    struct assay_keyring *both = ring_of("the second passphrase", "the first passphrase");
    ASSAY_AUTO(assay_keyring_free)
    struct assay_keyring *new = ring_of("the second passphrase", NULL);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf envelope = {0};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf secret = {0};
    assert_int_equal(assay_envelope_seal(old, "connection:1", "s3cret", 6, &envelope, NULL),
                     ASSAY_OK);
    assert_null(strstr(envelope.data, "s3cret"));
    assert_int_equal(assay_envelope_open(both, "connection:1", envelope.data, &secret, NULL),
                     ASSAY_OK);
    assert_string_equal(assay_buf_str(&secret), "s3cret");
    assert_true(assay_envelope_is_old(both, envelope.data));
    assert_false(assay_envelope_is_old(old, envelope.data));
    struct assay_error err = {0};
    assert_int_equal(assay_envelope_open(new, "connection:1", envelope.data, &secret, &err),
                     ASSAY_NOT_FOUND);
    assert_non_null(strstr(err.text, old->keys[0].id));
    assert_int_equal(assay_envelope_open(both, "connection:2", envelope.data, &secret, NULL),
                     ASSAY_DENIED);
}

static void test_every_altered_byte_is_refused(void **state)
{
    (void)state;
    ASSAY_AUTO(assay_keyring_free)
    struct assay_keyring *ring = ring_of("the first passphrase", NULL);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf envelope = {0};
    assert_int_equal(assay_envelope_seal(ring, "row:1", "", 0, &envelope, NULL), ASSAY_OK);
    assay_buf_clear(&envelope);
    assert_int_equal(assay_envelope_seal(ring, "row:1", "secret", 6, &envelope, NULL), ASSAY_OK);
    for (size_t i = 0; i < envelope.size; i++) {
        ASSAY_SCOPED(assay_buf_release) struct assay_buf data = {0};
        const char kept = envelope.data[i];
        envelope.data[i] = kept == 'A' ? 'B' : 'A';
        assert_int_not_equal(assay_envelope_open(ring, "row:1", envelope.data, &data, NULL),
                             ASSAY_OK);
        envelope.data[i] = kept;
    }
    for (size_t i = 0; i < envelope.size; i++) {
        ASSAY_SCOPED(assay_buf_release) struct assay_buf data = {0};
        ASSAY_AUTO(assay_free_text) char *cut = assay_strndup(envelope.data, i);
        assert_int_not_equal(assay_envelope_open(ring, "row:1", cut, &data, NULL), ASSAY_OK);
    }
}

static void test_passphrase_files(void **state)
{
    (void)state;
    char folder[] = "/tmp/assay-keyring-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char path[64];
    (void)snprintf(path, sizeof path, "%s/key", folder);
    struct assay_error err = {0};
    ASSAY_AUTO(assay_keyring_free) struct assay_keyring *ring = NULL;
    assert_int_equal(assay_keyring_load(path, &ring, &err), ASSAY_NOT_FOUND);
    assert_int_equal(assay_keyring_create_file(path, NULL), ASSAY_OK);
    assert_int_equal(assay_keyring_create_file(path, NULL), ASSAY_CONFLICT);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(assay_keyring_load(path, &ring, NULL), ASSAY_OK);
    assert_int_equal(ring->count, 1);
    static const struct {
        const char *text;
        size_t keys;
    } files[] = {{"", 0},
                 {"\n\n", 0},
                 {"short\n", 0},
                 {"a passphrase of two lines\r\n\n an older passphrase\n", 2}};
    for (size_t i = 0; i < ASSAY_COUNT(files); i++) {
        ASSAY_AUTO(assay_keyring_free) struct assay_keyring *other = NULL;
        assert_int_equal(assay_file_write(path, files[i].text, strlen(files[i].text), 0600, NULL),
                         ASSAY_OK);
        const int rc = assay_keyring_load(path, &other, NULL);
        assert_int_equal(rc, files[i].keys ? ASSAY_OK : ASSAY_INVALID);
        if (other)
            assert_int_equal(other->count, files[i].keys);
    }
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gcm), cmocka_unit_test(test_keys_are_derived_as_written),
        cmocka_unit_test(test_rotation), cmocka_unit_test(test_every_altered_byte_is_refused),
        cmocka_unit_test(test_passphrase_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
