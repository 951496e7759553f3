// Tests of the CSV tokenizer: its AVX2 form equals the plain one on generated texts and at every
// split point.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/read/csv_text.h"
#include "worker/executor/read/csv_scan.h"

struct outcome {
    uint32_t marks[ASSAY_CSV_SCAN_MARKS];
    size_t count;
    uint64_t inner;
    enum assay_csv_state state;
};

/* Scan text in two calls, cut at `split`. */
static void scan(assay_csv_scan_fn *form, const struct assay_dialect *dialect, const char *text,
                 size_t size, size_t split, enum assay_csv_state state, struct outcome *outcome)
{
    *outcome = (struct outcome){.state = state};
    outcome->count =
        form(dialect, text, split, 0, &outcome->state, outcome->marks, &outcome->inner);
    outcome->count += form(dialect, text + split, size - split, (uint32_t)split, &outcome->state,
                           outcome->marks + outcome->count, &outcome->inner);
}

static void assert_same(const struct outcome *a, const struct outcome *b)
{
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->marks, b->marks, a->count * sizeof *a->marks);
    assert_int_equal(a->inner, b->inner);
    assert_int_equal(a->state, b->state);
}

static const struct assay_dialect dialects[] = {
    {.delimiter = ',', .quote = '"', .newline = '\n'},
    {.delimiter = ';', .quote = '\'', .newline = '\n'},
    {.delimiter = ',', .newline = '\n'},
    {.delimiter = ',', .quote = '"', .escape = '\\', .newline = '\n'},
    {.delimiter = ',', .escape = '\\', .newline = '\n'},
    {.delimiter = '\t', .quote = '"', .newline = '\r'},
    {.delimiter = ',', .quote = '"', .comment = '#', .newline = '\n'},
};

static void forms_agree(void **unused)
{
    (void)unused;
    if (!assay_csv_has_avx2())
        skip();
    static const char *const alphabets[] = {"\",\nab", "\",\n\r;'\\#\tab",
                                            "aaaaaaaaaaaaaaaaaa\",\n", "\"\"\"\"\\\\,\n",
                                            "abcdefgh,,,\n"};
    uint64_t random = 42;
    char text[700];
    static struct outcome plain, avx2;
    for (size_t round = 0; round < 6000; round++) {
        const struct assay_dialect *dialect = &dialects[round % ASSAY_COUNT(dialects)];
        const size_t size = random_text(
            &random, alphabets[next_random(&random) % ASSAY_COUNT(alphabets)], sizeof text, text);
        const size_t split = size ? next_random(&random) % size : 0;
        const enum assay_csv_state state =
            dialect->quote ? ASSAY_CSV_RECORD + (enum assay_csv_state)(next_random(&random) % 7)
                           : ASSAY_CSV_RECORD;
        if (!dialect->escape && (state == ASSAY_CSV_ESCAPED || state == ASSAY_CSV_QUOTED_ESCAPED))
            continue;
        scan(assay_csv_scan_plain, dialect, text, size, split, state, &plain);
        scan(assay_csv_scan_avx2, dialect, text, size, split, state, &avx2);
        assert_same(&plain, &avx2);
    }
}

/* A text with every trait, cut everywhere: the marks never depend on the cut. */
static void cuts_do_not_matter(void **unused)
{
    (void)unused;
    static const char text[] = "id,\"a name\",note\n1,\"x \"\"y\"\" z\",\"two\nlines\"\r\n2,stray "
                               "\" quote,\"bad\"tail,\"\n"
                               "3,\"\",,\n\"open, never closed\n4,5,6\n";
    static struct outcome whole, cut;
    const size_t size = sizeof text - 1;
    for (size_t d = 0; d < ASSAY_COUNT(dialects); d++) {
        scan(assay_csv_scan_plain, &dialects[d], text, size, 0, ASSAY_CSV_RECORD, &whole);
        for (size_t split = 0; split <= size; split++) {
            scan(assay_csv_scan_plain, &dialects[d], text, size, split, ASSAY_CSV_RECORD, &cut);
            assert_same(&whole, &cut);
            if (!assay_csv_has_avx2())
                continue;
            scan(assay_csv_scan_avx2, &dialects[d], text, size, split, ASSAY_CSV_RECORD, &cut);
            assert_same(&whole, &cut);
        }
    }
}

/* Marks by hand: what ends a cell and what does not. */
static void marks_by_hand(void **unused)
{
    (void)unused;
    static const struct {
        const char *label, *text;
        size_t dialect;
        size_t count;
        uint32_t marks[8];
        uint64_t inner;
    } cases[] = {
        {"plain", "a,b\nc", 0, 2, {1, 3}, 0},
        {"quoted delimiter", "\"a,b\",c\n", 0, 2, {5, 7}, 0},
        {"doubled quote", "\"a\"\",\"\n", 0, 1, {6}, 0},
        {"quoted newline", "\"a\nb\"\n", 0, 1, {5}, 1},
        {"stray quote is text", "a\"b,c\"\n", 0, 2, {3, 6}, 0},
        {"tail behind quotes is text", "\"a\"b\"c,d\n", 0, 2, {6, 8}, 0},
        {"escape in quotes", "\"a\\\",b\"\n", 3, 1, {7}, 0},
        {"escaped newline", "a\\\nb\n", 3, 1, {4}, 1},
        {"even escapes", "\"a\\\\\",b\n", 3, 2, {5, 7}, 0},
        {"no quoting", "\"a,b\"\n", 2, 2, {2, 5}, 0},
        {"CR ends records", "a\tb\rc\n\r", 5, 3, {1, 3, 6}, 0},
        {"comment", "#a,b\n1,2\n", 6, 3, {4, 6, 8}, 0},
    };
    static struct outcome outcome;
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        scan(assay_csv_scan_plain, &dialects[cases[i].dialect], cases[i].text,
             strlen(cases[i].text), 0, ASSAY_CSV_RECORD, &outcome);
        print_message("%s\n", cases[i].label);
        assert_int_equal(outcome.count, cases[i].count);
        assert_memory_equal(outcome.marks, cases[i].marks, cases[i].count * sizeof *cases[i].marks);
        assert_int_equal(outcome.inner, cases[i].inner);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(marks_by_hand),
                                       cmocka_unit_test(forms_agree),
                                       cmocka_unit_test(cuts_do_not_matter)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
