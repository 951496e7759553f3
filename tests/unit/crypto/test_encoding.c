// Base64 and hex: the vectors of RFC 4648 §10, and refusal of everything that is not canonical.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/base/cleanup.h"
#include "common/crypto/encoding.h"

static const struct {
    const char *bytes, *base64, *base64url, *hex;
} vectors[] = {
    {"", "", "", ""},
    {"f", "Zg==", "Zg", "66"},
    {"fo", "Zm8=", "Zm8", "666f"},
    {"foo", "Zm9v", "Zm9v", "666f6f"},
    {"foob", "Zm9vYg==", "Zm9vYg", "666f6f62"},
    {"fooba", "Zm9vYmE=", "Zm9vYmE", "666f6f6261"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy", "666f6f626172"},
    {"\xfb\xff\xbf", "+/+/", "-_-_", "fbffbf"},
};

static void test_rfc4648(void **state)
{
    (void)state;
    for (size_t i = 0; i < ASSAY_COUNT(vectors); i++) {
        ASSAY_SCOPED(assay_buf_release) struct assay_buf buf = {0};
        const size_t size = strlen(vectors[i].bytes);
        assay_base64_append(&buf, vectors[i].bytes, size);
        assert_string_equal(assay_buf_str(&buf), vectors[i].base64);
        assay_buf_clear(&buf);
        assay_base64url_append(&buf, vectors[i].bytes, size);
        assert_string_equal(assay_buf_str(&buf), vectors[i].base64url);
        assay_buf_clear(&buf);
        assay_hex_append(&buf, vectors[i].bytes, size);
        assert_string_equal(assay_buf_str(&buf), vectors[i].hex);
        assay_buf_clear(&buf);
        assert_int_equal(
            assay_base64_decode(vectors[i].base64, strlen(vectors[i].base64), &buf, NULL),
            ASSAY_OK);
        assert_string_equal(assay_buf_str(&buf), vectors[i].bytes);
        assay_buf_clear(&buf);
        assert_int_equal(
            assay_base64url_decode(vectors[i].base64url, strlen(vectors[i].base64url), &buf, NULL),
            ASSAY_OK);
        assert_string_equal(assay_buf_str(&buf), vectors[i].bytes);
    }
}

static void test_refuses_what_is_not_canonical(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool url;
    } wrong[] = {{"Zg", false},    {"Zg=", false},  {"Z===", false},  {"Zh==", false},
                 {"Zm 9v", false}, {"====", false}, {"Zm9v\n", true}, {"Zg==", true},
                 {"Zh", true},     {"Z", true},     {"+/+/", true},   {"-_-_", false}};
    for (size_t i = 0; i < ASSAY_COUNT(wrong); i++) {
        ASSAY_SCOPED(assay_buf_release) struct assay_buf buf = {0};
        const size_t size = strlen(wrong[i].text);
        const int rc = wrong[i].url ? assay_base64url_decode(wrong[i].text, size, &buf, NULL)
                                    : assay_base64_decode(wrong[i].text, size, &buf, NULL);
        if (rc != ASSAY_FORMAT)
            fail_msg("\"%s\" was taken", wrong[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rfc4648),
                                       cmocka_unit_test(test_refuses_what_is_not_canonical)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
