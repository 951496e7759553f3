// JSON reader: texts of every shape in, batches written out by hand; ranges, faults, every
// allocation failing.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/file.h"
#include "common/base/memory.h"
#include "tests/unit/read/json_text.h"

static const struct {
    const char *label, *options, *json, *expected;
} cases[] = {
    {"lines", "{\"format\":\"jsonl\"}",
     "{\"a\":1,\"b\":\"x\"}\n\n{\"b\":null,\"a\":true}\r\n{\"a\":-1.5e3}",
     "a|b\n1@0 n1|sx\n3@17 btrue|-\n4@38 n-1.5e3|-\n"},
    {"late and early fields", "{\"format\":\"jsonl\"}", "{\"a\":1}\n{\"b\":2,\"a\":3}\n",
     "a|b\n1@0 n1|-\n2@8 n3|n2\n"},
    {"numbers keep their text", "{\"format\":\"jsonl\"}",
     "{\"a\":123456789012345678901234567890}\n{\"a\":1e999}\n",
     "a\n1@0 n123456789012345678901234567890\n2@37 n1e999\n"},
    {"faults", "{\"format\":\"jsonl\"}",
     "{\"a\":1}\n{\"a\":}\n[1]\n3\n{\"a\":2,\"a\":3}\n{\"a\":4} x\n{\"a\":5}",
     "a\n1@0 n1\n7@45 n5\n"
     "rejected 2@8 a value was expected (byte 5 of the record)\n"
     "rejected 3@15 not a record: an array where an object was expected\n"
     "rejected 4@19 not a record: a number where an object was expected\n"
     "rejected 5@21 a key is there twice (byte 7 of the record)\n"
     "rejected 6@35 something follows the record (byte 8 of the record)\n"},
    {"a rejected record gives no field", "{\"format\":\"jsonl\"}", "{\"a\":1}\n{\"phantom\":2,}\n",
     "a\n1@0 n1\nrejected 2@8 a key was expected (byte 13 of the record)\n"},
    {"nor does one with something behind it", "{\"format\":\"jsonl\"}",
     "{\"a\":1}\n{\"phantom\":2} x\n",
     "a\n1@0 n1\nrejected 2@8 something follows the record (byte 14 of the record)\n"},
    {"objects", "{}", "{\"u\":{\"n\":{\"f\":1}}}\n{\"u\":null}\n{\"u\":{}}\n",
     "u|u.n|u.n.f\n1@0 {}|{}|n1\n2@20 -|-|-\n3@31 {}|-|-\n"},
    {"four names deep", "{}", "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":1}}}}}\n{\"a\":null}\n",
     "a|a.b|a.b.c|a.b.c.d\n1@0 {}|{}|{}|o{\"e\":1}\n2@32 -|-|-|-\n"},
    {"object and scalar", "{}", "{\"a\":{\"b\":1}}\n{\"a\":2}\n", "a\n1@0 o{\"b\":1}\n2@14 n2\n"},
    {"arrays", "{}", "{\"t\":[1,\"x\",null,[2]]}\n{\"t\":[]}\n{\"t\":null}\n",
     "t\n1@0 (n1 sx - o[2])\n2@23 ()\n3@32 -\n"},
    {"arrays as text", "{\"arrays\":\"text\"}", "{\"t\":[1, 2]}\n{\"t\":[]}\n",
     "t\n1@0 o[1, 2]\n2@13 o[]\n"},
    {"arrays of objects", "{}", "{\"i\":[{\"s\":1},{\"q\":{\"w\":2}},null]}\n{\"i\":[]}\n",
     "i|i.s|i.q|i.q.w\n1@0 (o{\"s\":1} o{\"q\":{\"w\":2}} -)|(n1 - -)|(- o{\"w\":2} -)|(- n2 "
     "-)\n2@35 ()|()|()|()\n"},
    {"array of records", "{}", " [ {\"a\":1} ,\n{\"a\":[2]}, 3 ] ",
     "a\n1@3 n1\n2@13 o[2]\nrejected 2@24 not a record: a number where an object was expected\n"},
    {"array broken off", "{}", "[{\"a\":1},{\"a\":",
     "a\n1@1 n1\nrejected 1@9 the text ends within this record\nrejected 1@14 the array of records "
     "does not end\n"},
    {"array with stray commas", "{}", "[{\"a\":1},,{\"a\":2} {\"a\":3},]x",
     "a\n1@1 n1\n1@10 n2\nrejected 1@9 a value was expected\nrejected 1@18 a comma is missing in "
     "front of this record\n"
     "rejected 1@26 a value was expected\nrejected 1@27 something follows the array of records\n"},
    {"one object over lines", "{}", "{\n\"a\": 1,\n\"b\": \"x\"\n}\n", "a|b\n1@0 n1|sx\n"},
    {"objects over lines", "{}", "{\n\"a\":1}\n{\n\"a\":2}", "a\n1@0 n1\n3@9 n2\n"},
    {"byte order mark", "{}", "\xef\xbb\xbf{\"a\":1}\n{\"a\":2}\n", "a\n1@3 n1\n2@11 n2\n"},
    {"odd keys", "{}",
     "{\"\":1,\"a.b\":2,\"a\":{\"b\":3},\"x\\u0000y\":4,\"\\u00e9\":5}\n{\"\xc3\xa9\":6}\n",
     "column_empty|a.b|a|a.b_2|x\\u0000y|\xc3\xa9\n1@0 n1|n2|{}|n3|n4|n5\n2@51 -|-|-|-|-|n6\n"},
    {"lone surrogates", "{}", "{\"a\":\"\\ud800x\"}\n{\"a\":1}\n",
     "a\n1@0 s\xef\xbf\xbdx\n2@16 n1\nwarning lone_surrogates\n"},
    {"malformed UTF-8 stays", "{}", "{\"a\":\"\xff\"}\n{\"a\":1}\n", "a\n1@0 s\xff\n2@10 n1\n"},
    {"a large value", "{\"max_cell\":\"4\"}", "{\"a\":\"12345\"}\n{\"a\":1}\n",
     "a\n2@14 n1\nrejected 1@0 a value is larger than max_cell (byte 12 of the record)\n"},
    {"nothing", "{}", "", "\n"},
    {"blanks", "{}", " \n\n ", "\n"},
    {"no JSON", "{}", "hello\n", "\nrejected 1@0 a value was expected\n"},
    {"empty array", "{}", "[]", "\n"},
    {"empty objects", "{}", "{}\n{}\n", "\n1@0 \n2@3 \n"},
};

static void texts(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        ASSAY_AUTO(assay_json_decref) json_t *options = json_loads(cases[i].options, 0, NULL);
        ASSAY_SCOPED(assay_buf_release) struct assay_buf got = {0};
        struct assay_error err = {0};
        const struct assay_json_part all = {0};
        if (read_text(cases[i].json, strlen(cases[i].json), options, &all, &got, &err) != ASSAY_OK)
            fail_msg("%s: %s", cases[i].label, err.text);
        if (strcmp(assay_buf_str(&got), cases[i].expected) != 0)
            print_message("%s: got\n%sin place of\n%s", cases[i].label, assay_buf_str(&got),
                          cases[i].expected);
        wrong += strcmp(assay_buf_str(&got), cases[i].expected) != 0;
    }
    assert_int_equal(wrong, 0);
}

static void projection(void **state)
{
    (void)state;
    static const char json[] =
        "{\"a\":{\"b\":1,\"c\":[2]},\"i\":[{\"s\":3},{}],\"z\":4}\n{\"z\":[5,}\n";
    static const char *const fields[] = {"i.s", "z", "a.b"};
    ASSAY_AUTO(assay_json_decref) json_t *options = json_pack("{s:s}", "format", "jsonl");
    ASSAY_SCOPED(assay_buf_release) struct assay_buf got = {0};
    const struct assay_json_part part = {.fields = fields, .fields_count = 3};
    assert_int_equal(read_text(json, strlen(json), options, &part, &got, NULL), ASSAY_OK);
    assert_string_equal(assay_buf_str(&got),
                        "i.s|z|a.b\n1@0 (n3 -)|n4|n1\n"
                        "rejected 2@45 a value was expected (byte 8 of the record)\n");
    static const char *const unknown[] = {"nosuch"};
    const struct assay_json_part wrong = {.fields = unknown, .fields_count = 1};
    assert_int_equal(read_text(json, strlen(json), options, &wrong, &got, NULL), ASSAY_NOT_FOUND);
}

/* Whatever the cuts, the ranges together are the whole: each record once, in order. */
static void ranges(void **state)
{
    (void)state;
    static const char json[] =
        "{\"a\":1}\n{\"a\":\"\xc3\xa9\"}\r\n\n{\"a\":}\n{\"a\":4}\n  \n{\"a\":5}";
    ASSAY_AUTO(assay_json_decref) json_t *options = json_pack("{s:s}", "format", "jsonl");
    const size_t size = strlen(json);
    for (size_t first = 1; first < size; first++)
        for (size_t second = first; second <= size; second++) {
            const uint64_t cuts[] = {0, first, second, 0};
            ASSAY_SCOPED(assay_buf_release) struct assay_buf all = {0};
            struct assay_buf rejected = {0};
            for (size_t i = 0; i < 3; i++) {
                if (i && cuts[i] == cuts[i + 1])
                    continue; /* an empty range; 0 would mean the end */
                const struct assay_json_part part = {.begin = cuts[i], .end = cuts[i + 1]};
                ASSAY_SCOPED(assay_buf_release) struct assay_buf got = {0};
                assert_int_equal(read_text(json, size, options, &part, &got, NULL), ASSAY_OK);
                for (char *line = strtok(got.data, "\n"); line; line = strtok(NULL, "\n"))
                    if (strchr(line, '@'))
                        assay_buf_printf(strncmp(line, "rejected", 8) == 0 ? &rejected : &all,
                                         "%s ", strchr(line, '@'));
            }
            assert_string_equal(assay_buf_str(&all), "@0 n1 @8 s\xc3\xa9 @28 n4 @39 n5 ");
            assert_string_equal(assay_buf_str(&rejected),
                                "@21 a value was expected (byte 5 of the record) ");
            assay_buf_release(&rejected);
        }
}

/* More than one batch and more than one window, records that straddle them. */
static void long_text(void **state)
{
    (void)state;
    enum { RECORDS = 30000 };
    for (int shape = 0; shape < 2; shape++) {
        ASSAY_SCOPED(assay_buf_release) struct assay_buf json = {0};
        ASSAY_SCOPED(assay_buf_release) struct assay_buf got = {0};
        assay_buf_text(&json, shape ? "[" : "");
        for (int i = 0; i < RECORDS; i++)
            assay_buf_printf(&json, "%s{\"id\":%d,\"t\":[%d],\"s\":\"%0*d\"}\n",
                             shape && i ? "," : "", i, i, i % 97 + 1, i);
        assay_buf_text(&json, shape ? "]" : "");
        const struct assay_json_part all = {0};
        assert_int_equal(read_text(json.data, json.size, NULL, &all, &got, NULL), ASSAY_OK);
        int at = -1;
        for (char *line = strtok(got.data, "\n"); line; line = strtok(NULL, "\n"), at++) {
            char expected[160];
            (void)snprintf(expected, sizeof expected, "n%d|(n%d)|s%0*d", at, at, at % 97 + 1, at);
            if (at >= 0)
                assert_string_equal(strchr(line, ' ') + 1, expected);
        }
        assert_int_equal(at, RECORDS);
    }
}

/* A record beyond 4 x max_cell is passed over, and the next one is read. */
static void huge_record(void **state)
{
    (void)state;
    enum { HUGE = 3 << 20 };
    ASSAY_SCOPED(assay_buf_release) struct assay_buf json = {0};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf got = {0};
    assay_buf_text(&json, "{\"a\":1}\n{\"a\":\"");
    for (int i = 0; i < HUGE; i++)
        assay_buf_char(&json, 'x');
    assay_buf_text(&json, "\"}\n{\"a\":2}\n");
    ASSAY_AUTO(assay_json_decref)
    json_t *options = json_pack("{s:s, s:i}", "format", "jsonl", "max_cell", 1 << 18);
    const struct assay_json_part all = {0};
    assert_int_equal(read_text(json.data, json.size, options, &all, &got, NULL), ASSAY_OK);
    assert_non_null(strstr(assay_buf_str(&got), "1@0 n1\n3@"));
    assert_non_null(
        strstr(assay_buf_str(&got), "rejected 2@8 the record is larger than 4 x max_cell"));
}

/* A large file's fields are found by several threads, in the order in which one finds them. */
static void many_threads(void **state)
{
    (void)state;
    enum { LINES = 36, FILLER = 1 << 20 };
    char path[] = "/tmp/assay-json-XXXXXX";
    const int fd = mkstemp(path);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf json = {0};
    assert_true(fd >= 0);
    for (int i = 0; i < LINES; i++) {
        assay_buf_printf(&json,
                         "{\"k%d\":{\"n%d\":1},\"l\":[{\"e%d\":1}],\"mixed\":%s,\"filler\":\"",
                         i / 5, i, i % 7, i == LINES - 1 ? "{}" : "1");
        assert_true(assay_buf_reserve(&json, FILLER));
        memset(json.data + json.size, 'x', FILLER);
        json.size += FILLER;
        assay_buf_text(&json, "\"}\n");
    }
    assert_int_equal(assay_fd_write_all(fd, path, json.data, json.size, NULL), ASSAY_OK);
    (void)close(fd);
    struct assay_json_fields *fields[2] = {NULL, NULL};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(assay_json_fields_new(NULL, &fields[i], NULL), ASSAY_OK);
        assert_int_equal(assay_json_fields_add_file(fields[i], path, NULL, i ? 3 : 1, NULL, NULL),
                         ASSAY_OK);
        assert_int_equal(assay_json_fields_finish(fields[i], NULL), ASSAY_OK);
    }
    (void)unlink(path);
    const struct assay_schema *one = assay_json_fields_schema(fields[0]),
                              *three = assay_json_fields_schema(fields[1]);
    assert_int_equal(one->count, three->count);
    for (size_t i = 0; i < one->count; i++) {
        assert_string_equal(one->fields[i].name, three->fields[i].name);
        assert_int_equal(one->fields[i].layout, three->fields[i].layout);
    }
    assert_int_equal(one->fields[assay_schema_find(three, "mixed")].layout, ASSAY_LAYOUT_CELL);
    assay_json_fields_free(fields[0]);
    assay_json_fields_free(fields[1]);
}

static void out_of_memory(void **state)
{
    (void)state;
    static const char json[] =
        "{\"a\":1,\"b\":{\"c\":\"\\u0041\"},\"t\":[1,{\"x\":2}]}\n{\"i\":[{\"s\":1}]}\n{\"bad\":\n";
    ASSAY_AUTO(assay_json_decref) json_t *options = json_pack("{s:s}", "format", "jsonl");
    const struct assay_json_part all = {0};
    for (int64_t nth = 1;; nth++) {
        ASSAY_SCOPED(assay_buf_release) struct assay_buf got = {0};
        assert_true(assay_buf_reserve(&got, 4096)); /* so that only the reader's allocations fail */
        assay_memory_fail_at(nth);
        const int rc = read_text(json, strlen(json), options, &all, &got, NULL);
        const int64_t made = assay_memory_count();
        assay_memory_fail_at(0);
        if (made < nth)
            break;
        if (rc != ASSAY_NO_MEMORY)
            print_message("allocation %lld: %d\n%s", (long long)nth, rc, assay_buf_str(&got));
        assert_int_equal(rc, ASSAY_NO_MEMORY);
        assert_true(nth < 10000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),         cmocka_unit_test(projection),
        cmocka_unit_test(ranges),        cmocka_unit_test(long_text),
        cmocka_unit_test(huge_record),   cmocka_unit_test(many_threads),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
