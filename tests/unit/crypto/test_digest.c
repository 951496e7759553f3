// SHA-256 (FIPS 180-4 examples), HMAC-SHA-256 (RFC 4231), UUIDs (RFC 9562), comparison.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/base/buf.h"
#include "common/crypto/digest.h"
#include "common/crypto/encoding.h"
#include "common/crypto/random.h"

static void assert_hex(const uint8_t *bytes, size_t size, const char *hex)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    assay_hex_append(&text, bytes, size);
    assert_string_equal(assay_buf_str(&text), hex);
}

static void test_sha256(void **state)
{
    (void)state;
    static const struct {
        const char *text, *digest;
    } vectors[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < ASSAY_COUNT(vectors); i++) {
        uint8_t digest[ASSAY_SHA256_BYTES];
        assert_int_equal(assay_sha256(vectors[i].text, strlen(vectors[i].text), digest, NULL),
                         ASSAY_OK);
        assert_hex(digest, sizeof digest, vectors[i].digest);
    }
}

static void test_hmac_rfc4231(void **state)
{
    (void)state;
    uint8_t key[131];
    uint8_t data[50];
    memset(key, 0x0b, 20);
    uint8_t mac[ASSAY_SHA256_BYTES];
    assert_int_equal(assay_hmac_sha256(key, 20, "Hi There", 8, mac, NULL), ASSAY_OK);
    assert_hex(mac, sizeof mac, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    assert_int_equal(assay_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, mac, NULL),
                     ASSAY_OK);
    assert_hex(mac, sizeof mac, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    memset(data, 0xdd, sizeof data);
    assert_int_equal(assay_hmac_sha256(key, 20, data, sizeof data, mac, NULL), ASSAY_OK);
    assert_hex(mac, sizeof mac, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    const char *long_key = "Test Using Larger Than Block-Size Key - Hash Key First";
    assert_int_equal(assay_hmac_sha256(key, sizeof key, long_key, strlen(long_key), mac, NULL),
                     ASSAY_OK);
    assert_hex(mac, sizeof mac, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    assert_int_equal(assay_hmac_sha256("", 0, "", 0, mac, NULL), ASSAY_OK);
    assert_hex(mac, sizeof mac, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void test_uuids(void **state)
{
    (void)state;
    uint8_t dns[16];
    assert_true(assay_uuid_parse("6ba7b810-9dad-11d1-80b4-00c04fd430c8", dns));
    char text[ASSAY_UUID_TEXT];
    assert_int_equal(assay_uuid5(dns, "www.example.com", 15, text, NULL), ASSAY_OK);
    assert_string_equal(text, "2ed6657d-e927-568b-95e1-2665a8aea6a2"); /* RFC 9562, A.4 */
    char other[ASSAY_UUID_TEXT];
    assert_int_equal(assay_uuid4(text, NULL), ASSAY_OK);
    assert_int_equal(assay_uuid4(other, NULL), ASSAY_OK);
    assert_string_not_equal(text, other);
    assert_int_equal(text[14], '4');
    assert_non_null(strchr("89ab", text[19]));
    assert_true(assay_uuid_parse("6BA7B810-9DAD-11D1-80B4-00C04FD430C8", NULL));
    static const char *const wrong[] = {"",
                                        "6ba7b810",
                                        "6ba7b810-9dad-11d1-80b4-00c04fd430cg",
                                        "6ba7b8109dad-11d1-80b4-00c04fd430c8-",
                                        "6ba7b810-9dad-11d1-80b4-00c04fd430c80",
                                        "00000000-0000-0000-0000-0000000000 0"};
    for (size_t i = 0; i < ASSAY_COUNT(wrong); i++)
        assert_false(assay_uuid_parse(wrong[i], NULL));
}

static void test_equal_bytes(void **state)
{
    (void)state;
    assert_true(assay_equal_bytes("abcd", "abcd", 4));
    assert_false(assay_equal_bytes("abcd", "abce", 4));
    assert_false(assay_equal_bytes("bbcd", "abcd", 4));
    assert_true(assay_equal_bytes("a", "b", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256), cmocka_unit_test(test_hmac_rfc4231),
        cmocka_unit_test(test_uuids), cmocka_unit_test(test_equal_bytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
