// Usual JSON members, which are taken in a few looks, against the same members with blanks, which
// are not: strictness, every length of keys and values, keys that come, go and change places.
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
#include "tests/unit/read/csv_text.h"
#include "tests/unit/read/json_text.h"

/* Read as one record behind another that makes the keys known. expected: the cell, NULL = rejected
 * (by RFC 8259). */
static const struct {
    const char *value, *expected;
} values[] = {
    {"0", "n0"},
    {"-0", "n-0"},
    {"7", "n7"},
    {"-12.50", "n-12.50"},
    {"0.5", "n0.5"},
    {"1e5", "n1e5"},
    {"1E+5", "n1E+5"},
    {"1.5e-5", "n1.5e-5"},
    {"123456789012345678901234567890", "n123456789012345678901234567890"},
    {"1234567890123456789012345678901", "n1234567890123456789012345678901"},
    {"12345678901234567890123456789012", "n12345678901234567890123456789012"},
    {"-123456789012345678901234567890123", "n-123456789012345678901234567890123"},
    {"0.12345678901234567890123456789", "n0.12345678901234567890123456789"},
    {"0.123456789012345678901234567890", "n0.123456789012345678901234567890"},
    {"1.5555555555555555555555555555555555", "n1.5555555555555555555555555555555555"},
    {"true", "btrue"},
    {"false", "bfalse"},
    {"null", "-"},
    {"\"\"", "s"},
    {"\"x\"", "sx"},
    {"\"a,b}c:d\"", "sa,b}c:d"},
    {"\"\\u0041\\/\"", "sA/"},
    {"\"\\\"\"", "s\""},
    {"\"\\\\\"", "s\\"},
    {"\"\xC3\xA9\x7F\"", "s\xC3\xA9\x7F"},
    {"[1]", "o[1]"},
    {"", NULL},
    {"-", NULL},
    {"+1", NULL},
    {"01", NULL},
    {"-01", NULL},
    {"00", NULL},
    {"1.", NULL},
    {".5", NULL},
    {"-.5", NULL},
    {"1.5.5", NULL},
    {"1-2", NULL},
    {"--1", NULL},
    {"1e", NULL},
    {"1e+", NULL},
    {"0x10", NULL},
    {"1a", NULL},
    {"1 2", NULL},
    {"/1", NULL},
    {":1", NULL},
    {"tru", NULL},
    {"True", NULL},
    {"truee", NULL},
    {"nul", NULL},
    {"nulll", NULL},
    {"falsy", NULL},
    {"NaN", NULL},
    {"\"", NULL},
    {"\"\\\"", NULL},
    {"\"a\x01"
     "b\"",
     NULL},
    {"\"a\tb\"", NULL},
    {"\"\\x\"", NULL},
    {"\"\\u12g4\"", NULL},
    {"\"a\"b", NULL},
    {"\"a\"\"b\"", NULL},
    {"'a'", NULL},
    {"1,", NULL},
    {"{", NULL},
    {"\xEF\xBB\xBF"
     "1",
     NULL},
};

/* The last line of what the reader says. */
static void last_line(struct assay_buf *said, char *ret_line, size_t size)
{
    said->data[said->size - 1] = '\0';
    const char *line = strrchr(assay_buf_str(said), '\n');
    (void)snprintf(ret_line, size, "%s", line ? line + 1 : "");
}

static void strictness(void **state)
{
    (void)state;
    static const char *const forms[] = {"{\"k\":%s,\"z\":1}", "{\"k\" : %s , \"z\" : 1}",
                                        "{\"z\":1,\"k\":%s}"};
    int wrong = 0;
    for (size_t i = 0; i < ASSAY_COUNT(values) * ASSAY_COUNT(forms); i++) {
        const char *value = values[i / 3].value, *expected = values[i / 3].expected;
        char record[160], line[160], wanted[160];
        (void)snprintf(record, sizeof record, forms[i % 3], value);
        ASSAY_AUTO(assay_json_decref) json_t *options = json_pack("{s:s}", "format", "jsonl");
        ASSAY_SCOPED(assay_buf_release) struct assay_buf json = {0};
        ASSAY_SCOPED(assay_buf_release) struct assay_buf said = {0};
        assay_buf_printf(&json, "{\"k\":\"\",\"z\":0}\n{\"k\":[0],\"z\":0}\n%s", record);
        const struct assay_json_part all = {0};
        assert_int_equal(read_text(json.data, json.size, options, &all, &said, NULL), ASSAY_OK);
        last_line(&said, line, sizeof line);
        (void)snprintf(wanted, sizeof wanted, "3@31 %s|n1", expected ? expected : "");
        const bool rejected = strncmp(line, "rejected", 8) == 0;
        const bool fine = expected ? strcmp(line, wanted) == 0 : rejected;
        if (!fine)
            print_message("%s: %s\n", record, line);
        wrong += !fine;
    }
    assert_int_equal(wrong, 0);
}

#define SUITE ASSAY_SOURCE_DIR "/../shared/data/json/test_parsing"

/* Is a record rejected that has the text as its value, where a scalar is expected? */
static bool is_rejected(const struct assay_buf *value)
{
    ASSAY_AUTO(assay_json_decref) json_t *options = json_pack("{s:s}", "format", "jsonl");
    ASSAY_SCOPED(assay_buf_release) struct assay_buf json = {0};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf said = {0};
    const struct assay_json_part all = {0};
    assay_buf_text(&json, "{\"k\":\"\",\"z\":0}\n{\"k\":[0],\"z\":0}\n{\"k\":");
    assay_buf_append(&json, assay_buf_str(value), value->size);
    assay_buf_text(&json, ",\"z\":1}");
    assert_int_equal(read_text(json.data, json.size, options, &all, &said, NULL), ASSAY_OK);
    return strstr(assay_buf_str(&said), "\nrejected") != NULL;
}

/* JSONTestSuite's y_ files are values, its n_ files none. Those of several lines are no lines. */
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
        char path[1024];
        (void)snprintf(path, sizeof path, "%s/%s", SUITE, entry->d_name);
        ASSAY_SCOPED(assay_buf_release) struct assay_buf value = {0};
        const char kind = entry->d_name[0];
        if (!strstr(entry->d_name, ".json") || kind == 'i')
            continue;
        assert_int_equal(assay_file_read(path, &value, NULL), ASSAY_OK);
        while (value.size && value.data[value.size - 1] == '\n')
            value.size--;
        if (value.size && memchr(value.data, '\n', value.size))
            continue;
        const bool rejected = is_rejected(&value);
        if (rejected != (kind == 'n'))
            print_message("%s: %s\n", entry->d_name, rejected ? "rejected" : "accepted");
        wrong += rejected != (kind == 'n');
        files++;
    }
    (void)closedir(folder);
    assert_true(files > 250);
    assert_int_equal(wrong, 0);
}

/* --- generated records, compact and with blanks --- */

enum { FIELDS = 70, RECORDS = 3000 };

static void append_string(uint64_t *random, struct assay_buf *text)
{
    static const char *const rare[] = {"\\n", "\\\"", "\\\\", "\\u00e9", "\xC3\xA9",
                                       "\\/", "{",    ",",    ":"};
    const size_t size = next_random(random) % 40;
    assay_buf_char(text, '"');
    for (size_t i = 0; i < size; i++)
        if (next_random(random) % 60)
            assay_buf_char(text, (char)('a' + next_random(random) % 26));
        else
            assay_buf_text(text, rare[next_random(random) % ASSAY_COUNT(rare)]);
    assay_buf_char(text, '"');
}

static void append_number(uint64_t *random, struct assay_buf *text)
{
    assay_buf_text(text, next_random(random) % 3 ? "" : "-");
    assay_buf_printf(text, "%u", (unsigned)(next_random(random) % 5000));
    for (size_t i = next_random(random) % 30; i && next_random(random) % 4; i--)
        assay_buf_char(text, '7');
    if (next_random(random) % 2)
        assay_buf_printf(text, ".%0*u", (int)(next_random(random) % 33 + 1),
                         (unsigned)(next_random(random) % 10));
    if (next_random(random) % 20 == 0)
        assay_buf_text(text, "e-5");
}

static void append_any(uint64_t *random, struct assay_buf *text)
{
    static const char *const words[] = {"true", "false", "null", "[]", "{\"x\":[1]}"};
    const uint64_t kind = next_random(random) % 8;
    if (kind < 3)
        append_string(random, text);
    else if (kind < 6)
        append_number(random, text);
    else
        assay_buf_text(text, words[next_random(random) % (kind == 6 ? 3 : ASSAY_COUNT(words))]);
}

/* A record twice: as writers print it, and with blanks everywhere. */
static void append_record(uint64_t *random, struct assay_buf *compact, struct assay_buf *spaced)
{
    size_t count = 0;
    const size_t from = next_random(random) % 8 ? 0 : next_random(random) % FIELDS; /* turned */
    const uint64_t left_out = next_random(random) % 4 ? 0 : 1 + next_random(random) % 9;
    assay_buf_char(compact, '{');
    assay_buf_char(spaced, '{');
    for (size_t i = 0; i < FIELDS; i++) {
        const size_t field = (from + i) % FIELDS;
        ASSAY_SCOPED(assay_buf_release) struct assay_buf value = {0};
        append_any(random, &value);
        if (left_out && next_random(random) % left_out == 0)
            continue;
        /* keys of 1 to FIELDS bytes */
        assay_buf_printf(compact, "%s\"%0*zu\":", count ? "," : "", (int)field + 1, field % 10);
        assay_buf_printf(spaced, "%s \"%0*zu\" :\t", count ? " ," : "", (int)field + 1, field % 10);
        assay_buf_append(compact, value.data, value.size);
        assay_buf_append(spaced, value.data, value.size);
        count++;
    }
    assay_buf_text(compact, "}\n");
    assay_buf_text(spaced, " }\n");
}

/* What the reader says without places, which differ. */
static void read_lines(const struct assay_buf *json, struct assay_buf *ret_text)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf said = {0};
    ASSAY_AUTO(assay_json_decref) json_t *options = json_pack("{s:s}", "format", "jsonl");
    const struct assay_json_part all = {0};
    assert_int_equal(read_text(json->data, json->size, options, &all, &said, NULL), ASSAY_OK);
    assay_buf_char(&said, '\0');
    for (char *line = strtok(said.data, "\n"); line; line = strtok(NULL, "\n")) {
        const char *place = strchr(line, '@');
        char *where = strstr(line, " (byte");
        if (where)
            *where = '\0';
        assay_buf_printf(ret_text, "%s\n", place ? strchr(place, ' ') : line);
    }
}

static void as_any_other(void **state)
{
    (void)state;
    uint64_t random = 20240611;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf compact = {0};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf spaced = {0};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf usual = {0};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf other = {0};
    for (int i = 0; i < RECORDS; i++)
        append_record(&random, &compact, &spaced);
    read_lines(&compact, &usual);
    read_lines(&spaced, &other);
    assert_int_equal(usual.size, other.size);
    assert_memory_equal(usual.data, other.data, usual.size);
    assert_true(usual.size > (size_t)RECORDS * FIELDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strictness),
        cmocka_unit_test(suite),
        cmocka_unit_test(as_any_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
