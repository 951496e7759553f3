// YAML: core schema, places, source texts, and documents that must be refused.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/memory.h"
#include "common/yaml/yaml.h"

static void values(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *json;
    } cases[] = {
        {"", "null"},
        {"~", "null"},
        {"[null, Null, NULL, nUll]", "[null,null,null,\"nUll\"]"},
        {"[true, True, TRUE, yes, on, y, NO]", "[true,true,true,\"yes\",\"on\",\"y\",\"NO\"]"},
        {"[1, -2, +3, 01321, 0o17, 0xFF, 0x]", "[1,-2,3,1321,15,255,\"0x\"]"},
        {"[1., .5, 1e3, -1.5E-2, 1e, ., +]",
         "[1.0,0.5,1000.0,-0.014999999999999999,\"1e\",\".\",\"+\"]"},
        {"[.inf, -.INF, .nan]", "[\".inf\",\"-.INF\",\".nan\"]"},
        {"9223372036854775807", "9223372036854775807"},
        {"9223372036854775808", "9.2233720368547758e18"},
        {"1e999", "\"1e999\""},
        {"'1'", "\"1\""},
        {"!!str 1", "\"1\""},
        {"! 1", "\"1\""},
        {"!!int 7", "7"},
        {"2024-01-31", "\"2024-01-31\""},
        {"a: &x [1, 2]\nb: *x", "{\"a\":[1,2],\"b\":[1,2]}"},
        {"a: |\n  x\n  y\nb: >-\n  p\n  q", "{\"a\":\"x\\ny\\n\",\"b\":\"p q\"}"},
        {"# only\n---\n{a: {b: [], c: {}}}\n...", "{\"a\":{\"b\":[],\"c\":{}}}"},
        {"{\"smile\": \"\\ud83d\\ude00\", \"n\": [1.0, \"\\/\"]}",
         "{\"smile\":\"\xF0\x9F\x98\x80\",\"n\":[1.0,\"/\"]}"},
        {"{\"kept\": \"\\\\ud83d\\\\ude00\"}", "{\"kept\":\"\\\\ud83d\\\\ude00\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_error err = {0};
        struct assay_yaml *yaml = NULL;
        if (assay_yaml_parse(cases[i].yaml, strlen(cases[i].yaml), "test", &yaml, &err) != ASSAY_OK)
            fail_msg("%s: %s", cases[i].yaml, err.text);
        char *text = assay_json_text(assay_yaml_root(yaml));
        assert_string_equal(text, cases[i].json);
        assay_free(text);
        assay_yaml_free(yaml);
    }
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *error;
    } cases[] = {
        {"a: 1\nb: 2\na: 3", "test: line 3, column 1: this key stands twice: a"},
        {"a: [1\nb: 2", "test: line 2, column 2: did not find expected ',' or ']'"},
        {"--- 1\n--- 2", "test: line 2, column 1: a second document begins here: only one is read"},
        {"*x", "test: line 1, column 1: no anchor before this alias has the name x"},
        {"a: &x [*x]", "test: line 1, column 8: no anchor before this alias has the name x"},
        {"!!binary abc",
         "test: line 1, column 1: this tag is not of YAML's core schema: tag:yaml.org,2002:binary"},
        {"? [a]\n: 1", "test: line 1, column 3: a key must be a plain word or a text"},
        {"a: \"x\xff\"", "test: byte 5: invalid leading UTF-8 octet"},
        {"\"a\\0b\": 1", "test: line 1, column 1: a key holds a NUL character"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_error err = {0};
        struct assay_yaml *yaml = NULL;
        assert_int_equal(
            assay_yaml_parse(cases[i].yaml, strlen(cases[i].yaml), "test", &yaml, &err),
            ASSAY_FORMAT);
        assert_null(yaml);
        assert_string_equal(err.text, cases[i].error);
    }
}

static void refuse_made(const char *text, const char *part)
{
    struct assay_error err = {0};
    struct assay_yaml *yaml = NULL;
    assert_int_equal(assay_yaml_parse(text, strlen(text), "test", &yaml, &err), ASSAY_FORMAT);
    assert_non_null(strstr(err.text, part));
}

static void bombs(void **state)
{
    (void)state;
    struct assay_buf text = {0};
    assay_buf_text(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 9; i++) {
        assay_buf_printf(&text, "a%d: &a%d [", i, i);
        for (int j = 0; j < 10; j++)
            assay_buf_printf(&text, "%s*a%d", j ? ", " : "", i - 1);
        assay_buf_text(&text, "]\n");
    }
    refuse_made(assay_buf_str(&text), "aliases expand to more than 100,000 nodes");
    assay_buf_clear(&text);
    for (int i = 0; i < 200; i++)
        assay_buf_char(&text, '[');
    refuse_made(assay_buf_str(&text), "nested more than 100 deep");
    assay_buf_clear(&text);
    for (int i = 0; i < 100000; i++)
        assay_buf_text(&text, "- ");
    refuse_made(assay_buf_str(&text), "nested more than 100 deep");
    assay_buf_release(&text);
}

static void places(void **state)
{
    (void)state;
    const char *text = "version: 1\nchecks:\n  - rule: between\n    list: [NO, 01321, 1.0, TRUE, "
                       "~, '']\n    flag: True\n";
    struct assay_yaml *yaml = NULL;
    assert_int_equal(assay_yaml_parse(text, strlen(text), "test", &yaml, NULL), ASSAY_OK);
    json_t *check = json_array_get(json_object_get(assay_yaml_root(yaml), "checks"), 0);
    const json_t *list = json_object_get(check, "list");
    static const char *const texts[] = {"NO", "01321", "1.0", "TRUE", "~", ""};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_string_equal(assay_yaml_item_text(yaml, list, i), texts[i]);
    assert_int_equal(assay_yaml_line(yaml, check), 3);
    assert_int_equal(assay_yaml_key_line(yaml, check, "list"), 4);
    assert_int_equal(assay_yaml_key_line(yaml, check, "flag"), 5);
    assert_int_equal(assay_yaml_key_line(yaml, check, "absent"), 3);
    assert_string_equal(assay_yaml_member_text(yaml, check, "flag"), "True");
    assert_string_equal(assay_yaml_text(yaml, json_array_get(list, 1)), "01321");
    assert_int_equal(assay_yaml_line(yaml, json_true()), 0);
    assay_yaml_free(yaml);
}

static void failing_allocations(void **state)
{
    (void)state;
    const char *text = "a: &x [1, 'two', {b: true}]\nc: *x\n";
    for (int64_t n = 1;; n++) {
        struct assay_yaml *yaml = NULL;
        assay_memory_fail_at(n);
        const int code = assay_yaml_parse(text, strlen(text), "test", &yaml, NULL);
        const bool failed = assay_memory_count() >= n;
        assay_memory_fail_at(0);
        assay_yaml_free(yaml);
        if (!failed)
            break;
        assert_int_equal(code, ASSAY_NO_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(values), cmocka_unit_test(refusals),
                                       cmocka_unit_test(bombs), cmocka_unit_test(places),
                                       cmocka_unit_test(failing_allocations)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
