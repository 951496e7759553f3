// Text for a person: cells fit, terminals are not steered; HTML and JSON are escaped.
// SPDX-License-Identifier: Apache-2.0
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
// cmocka.h needs setjmp, stdarg and stddef
#include <cmocka.h>

#include "cli/report/html_out.h"
#include "cli/report/json_out.h"
#include "cli/report/text_out.h"

static void cells_have_their_width(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t columns;
        bool right;
        const char *unicode, *ascii;
    } cases[] = {
        {"abc", 5, false, "abc  ", "abc  "},
        {"abc", 5, true, "  abc", "  abc"},
        {"abcdef", 4, false, "abc…", "abc~"},
        {"abcd", 4, false, "abcd", "abcd"},
        {"", 2, false, "  ", "  "},
        {"\033[2J", 4, false, "·[2J", "?[2J"},
        {"a\nb", 3, false, "a·b", "a?b"},
        {"a\xffz", 3, false, "a·z", "a?z"},
        {"\u202eabc", 4, false, "·abc", "?abc"},
        {"é", 2, false, "é ", "é "},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++)
        for (int unicode = 0; unicode < 2; unicode++) {
            const struct assay_style style = {.width = 80, .unicode = unicode};
            struct assay_buf out = {0};
            assay_text_cell(&out, &style, cases[i].text, cases[i].columns, cases[i].right);
            assert_string_equal(assay_buf_str(&out), unicode ? cases[i].unicode : cases[i].ascii);
            assay_buf_release(&out);
        }
}

static void wide_characters_take_two_columns(void **state)
{
    (void)state;
    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        skip();
    assert_int_equal(assay_text_columns("日本", strlen("日本")), 4);
    const struct assay_style style = {.width = 80, .unicode = true};
    struct assay_buf out = {0};
    assay_text_cell(&out, &style, "日本語", 4, false);
    assert_string_equal(assay_buf_str(&out), "日… ");
    assay_buf_release(&out);
}

static void bars_show_what_is_there(void **state)
{
    (void)state;
    const double counts[] = {0, 1, 4000, 8000};
    const struct assay_style unicode = {.unicode = true}, ascii = {0},
                             color = {.unicode = true, .color = true};
    struct assay_buf out = {0};
    assay_text_bars(&out, &unicode, counts, 4, 8);
    assert_string_equal(assay_buf_str(&out), " ▁▄█");
    assay_buf_clear(&out);
    assay_text_bars(&out, &ascii, counts, 4, 8);
    assert_string_equal(assay_buf_str(&out), " .=@");
    assay_buf_clear(&out);
    assay_text_bars(&out, &unicode, counts, 4, 2); /* means 0.5 and 6000 */
    assert_string_equal(assay_buf_str(&out), "▁█");
    assay_buf_clear(&out);
    assay_text_bars(&out, &color, counts, 1, 1);
    assert_string_equal(assay_buf_str(&out), "\033[36m \033[0m");
    assay_buf_release(&out);
}

/* Lines of 20 columns, the text from column 10 on. */
static void text_wraps(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t most_lines;
        const char *expected;
    } cases[] = {
        {"", 3, "\n"},
        {"0123456789", 3, "0123456789\n"},
        {"one two three", 3, "one two\n          three\n"},
        {"0123456789 x", 3, "0123456789\n          x\n"},
        {"0123456789abc d", 3, "0123456789\n          abc d\n"},
        {"日本語日本語", 3, "日本語日本\n          語\n"},
        {"a\nb\033[2J", 3, "a·b·[2J\n"},
        {"one two three four five", 2, "one two\n          three fou…\n"},
        {"\xff\xff", 1, "··\n"},
    };
    struct assay_style style = assay_style_of(1);
    style.width = 20;
    style.unicode = true;
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        struct assay_buf out = {0};
        assay_text_wrapped(&out, &style, cases[i].text, 10, cases[i].most_lines);
        assert_string_equal(assay_buf_str(&out), cases[i].expected);
        assay_buf_release(&out);
    }
}

static void html_is_escaped(void **state)
{
    (void)state;
    struct assay_buf out = {0};
    assay_html_text(&out, "<a href=\"x\">'&'\x01\xff</a>");
    assert_string_equal(assay_buf_str(&out),
                        "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;··&lt;/a&gt;");
    assay_buf_release(&out);
}

static void numbers_are_shortest(void **state)
{
    (void)state;
    struct assay_buf out = {0};
    json_t *json = json_pack("{s:f, s:[i, f], s:[], s:{}, s:s}", "a", 0.1, "b", 7, 1e300, "c", "d",
                             "e", "\"\n");
    assert_int_equal(assay_json_append_pretty(json, &out, NULL), ASSAY_OK);
    assert_non_null(strstr(assay_buf_str(&out), "\"a\": 0.1,\n"));
    assert_non_null(strstr(assay_buf_str(&out), "\"c\": [],\n"));
    assert_non_null(strstr(assay_buf_str(&out), "\"d\": {},\n"));
    json_t *back = json_loads(assay_buf_str(&out), 0, NULL);
    assert_true(json_equal(json, back));
    json_decref(back);
    json_decref(json);
    assay_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_have_their_width),
        cmocka_unit_test(wide_characters_take_two_columns),
        cmocka_unit_test(bars_show_what_is_there),
        cmocka_unit_test(text_wraps),
        cmocka_unit_test(html_is_escaped),
        cmocka_unit_test(numbers_are_shortest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
