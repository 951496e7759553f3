// JSON grammar: the suite of JSONTestSuite (nst), and faults at their places.
// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/file.h"
#include "common/base/memory.h"
#include "worker/executor/read/json_reader.h"
#include "worker/executor/read/json_scan.h"

#define SUITE ASSAY_SOURCE_DIR "/../shared/data/json/test_parsing"

/* y_ must be accepted, n_ refused with a text, i_ either; none may crash. */
static void suite(void **state)
{
    (void)state;
    DIR *folder = opendir(SUITE);
    if (!folder) {
        print_message("SKIPPED: %s is not here\n", SUITE);
        skip();
    }
    int files = 0, wrong = 0;
    for (const struct dirent *entry; (entry = readdir(folder));) {
        if (!strstr(entry->d_name, ".json"))
            continue;
        char path[1024];
        (void)snprintf(path, sizeof path, "%s/%s", SUITE, entry->d_name);
        ASSAY_SCOPED(assay_buf_release) struct assay_buf raw = {0};
        assert_int_equal(assay_file_read(path, &raw, NULL), ASSAY_OK);
        /* in a block of exactly its size, so that a read beyond the end is seen */
        char *text = assay_malloc(raw.size ? raw.size : 1);
        if (raw.size)
            memcpy(text, raw.data, raw.size);
        struct assay_error err = {0};
        const int rc = assay_json_check(text, raw.size, &err);
        const char kind = entry->d_name[0];
        if ((kind == 'y' && rc != ASSAY_OK) ||
            (kind == 'n' && (rc != ASSAY_FORMAT || !*err.text))) {
            print_message("%s: %s\n", entry->d_name, rc ? err.text : "accepted");
            wrong++;
        }
        assay_free(text);
        files++;
    }
    (void)closedir(folder);
    print_message("%d files\n", files);
    assert_true(files > 300);
    assert_int_equal(wrong, 0);
}

static void faults(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "byte 0: a value was expected"},
        {"{\"a\":01}", "byte 6: a number begins with 0"},
        {"[1,]", "byte 3: a value was expected"},
        {"{\"a\":1,}", "byte 7: a key was expected"},
        {"[1}", "byte 2: a comma or closing bracket was expected"},
        {"{\"a\" 1}", "byte 5: a colon was expected"},
        {"\"\\x\"", "byte 1: an escape that JSON does not have"},
        {"\"\\u12G4\"", "byte 1: \\u without four hexadecimal digits"},
        {"\"a\tb\"", "byte 2: a control character in a string"},
        {"\"abc", "byte 4: a string does not end"},
        {"1 2", "byte 2: something follows the value"},
        {"tru", "byte 0: neither a value nor true, false or null"},
        {"-", "byte 1: a number lacks digits"},
        {"1.e5", "byte 2: a number lacks digits"},
        {"+1", "byte 0: a value was expected"},
        {"[[[", "byte 3: a value was expected"},
        {"{", "byte 1: a key was expected"},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        struct assay_error err = {0};
        assert_int_equal(assay_json_check(cases[i].text, strlen(cases[i].text), &err),
                         ASSAY_FORMAT);
        assert_string_equal(err.text, cases[i].says);
    }
}

static void strings(void **state)
{
    (void)state;
    static const struct {
        const char *escaped, *plain;
        size_t replaced;
    } cases[] = {
        {"", "", 0},
        {"\\n\\t\\\"\\\\\\/\\b\\f\\r", "\n\t\"\\/\b\f\r", 0},
        {"\\u0041\\u00e9\\u20AC", "A\xc3\xa9\xe2\x82\xac", 0},
        {"x\\ud83d\\ude00y", "x\xf0\x9f\x98\x80y", 0},
        {"\\ud83d", "\xef\xbf\xbd", 1},
        {"\\ude00\\ud83d", "\xef\xbf\xbd\xef\xbf\xbd", 2},
        {"\\ud83d\\u0041",
         "\xef\xbf\xbd"
         "A",
         1},
        {"\\uDBFF\\uDFFF", "\xf4\x8f\xbf\xbf", 0},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        const struct json_string string = {cases[i].escaped, strlen(cases[i].escaped), true};
        char plain[64];
        size_t size = 99;
        assert_int_equal(json_unescape(&string, plain, &size), cases[i].replaced);
        assert_int_equal(size, strlen(cases[i].plain));
        assert_memory_equal(plain, cases[i].plain, size);
    }
}

/* The vector form finds the same end at every distance from a block's border. */
static void long_strings(void **state)
{
    (void)state;
    for (size_t length = 0; length < 70; length++) {
        char *text = assay_malloc(length + 2);
        memset(text, 'a', length + 2);
        text[0] = text[length + 1] = '"';
        assert_int_equal(assay_json_check(text, length + 2, NULL), ASSAY_OK);
        if (length) {
            text[length] = 0x1f;
            assert_int_equal(assay_json_check(text, length + 2, NULL), ASSAY_FORMAT);
            text[length] = (char)0xff;
            assert_int_equal(assay_json_check(text, length + 2, NULL), ASSAY_OK);
        }
        assay_free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suite),
        cmocka_unit_test(faults),
        cmocka_unit_test(strings),
        cmocka_unit_test(long_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
