// A command line taken apart by tables.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
// cmocka.h needs setjmp, stdarg and stddef
#include <cmocka.h>

#include "cli/command.h"
#include "common/base/memory.h"

const struct assay_cli_option assay_cli_global_options[] = {{.name = "help", .letter = 'h'},
                                                            {.name = NULL}};

static const struct assay_cli_option options[] = {
    {.name = "format", .value = "FORMAT", .choices = "text|json"},
    {.name = "output", .letter = 'o', .value = "FILE"},
    {.name = "field", .value = "NAME", .repeats = true},
    {.name = "quiet", .letter = 'q'},
    {.name = "verbose", .letter = 'v'},
    {.name = NULL},
};
static const struct assay_cli_command command = {
    .name = "try", .arguments = "INPUT…", .least = 1, .most = 2, .options = {options}};

enum { WORDS = 10 };

static int parse(const char *const words[WORDS], struct assay_args *args, struct assay_error *err)
{
    char *argv[WORDS];
    int argc = 0;
    for (; argc < WORDS && words[argc]; argc++)
        argv[argc] = (char *)words[argc];
    return assay_args_parse(&command, argc, argv, args, err);
}

static void words_find_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *words[WORDS];
        const char *format, *output, *field, *argument;
        bool quiet, verbose;
    } cases[] = {
        {{"a"}, NULL, NULL, NULL, "a", false, false},
        {{"a", "--format", "json"}, "json", NULL, NULL, "a", false, false},
        {{"--format=json", "a"}, "json", NULL, NULL, "a", false, false},
        {{"-o", "x", "a"}, NULL, "x", NULL, "a", false, false},
        {{"-ox", "a"}, NULL, "x", NULL, "a", false, false},
        {{"-qv", "a"}, NULL, NULL, NULL, "a", true, true},
        {{"-qo", "x", "a"}, NULL, "x", NULL, "a", true, false},
        {{"-qox", "a"}, NULL, "x", NULL, "a", true, false},
        {{"--field", "one", "--field=two", "-"}, NULL, NULL, "two", "-", false, false},
        {{"--", "--format"}, NULL, NULL, NULL, "--format", false, false},
        {{"--output", "--format", "a"}, NULL, "--format", NULL, "a", false, false},
        {{"--output=", "a"}, NULL, "", NULL, "a", false, false},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        struct assay_args args;
        struct assay_error err = {0};
        if (parse(cases[i].words, &args, &err) != ASSAY_OK)
            fail_msg("case %zu: %s", i, err.text);
        const char *const got[] = {assay_args_text(&args, "format"),
                                   assay_args_text(&args, "output"),
                                   assay_args_text(&args, "field"), args.arguments[0]};
        const char *const wanted[] = {cases[i].format, cases[i].output, cases[i].field,
                                      cases[i].argument};
        for (size_t j = 0; j < ASSAY_COUNT(got); j++)
            if ((got[j] == NULL) != (wanted[j] == NULL) ||
                (got[j] && strcmp(got[j], wanted[j]) != 0))
                fail_msg("case %zu, text %zu: %s", i, j, got[j] ? got[j] : "none");
        assert_int_equal(assay_args_given(&args, "quiet"), cases[i].quiet);
        assert_int_equal(assay_args_given(&args, "verbose"), cases[i].verbose);
        assay_args_release(&args);
    }
}

static void repeated_options_are_all_kept(void **state)
{
    (void)state;
    struct assay_args args;
    const char *const words[WORDS] = {"--field", "one", "a", "--field", "two", "b"};
    assert_int_equal(parse(words, &args, NULL), ASSAY_OK);
    assert_string_equal(assay_args_nth(&args, "field", 0), "one");
    assert_string_equal(assay_args_nth(&args, "field", 1), "two");
    assert_null(assay_args_nth(&args, "field", 2));
    assert_int_equal(args.arguments_count, 2);
    assay_args_release(&args);
}

static void wrong_words_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *words[WORDS];
        const char *said;
    } cases[] = {
        {{NULL}, "needs INPUT"},
        {{"a", "b", "c"}, "does not take \"c\""},
        {{"a", "--formt=json"}, "did you mean --format?"},
        {{"a", "--zzzzzz"}, "see `assay try --help`"},
        {{"a", "--format", "xml"}, "give one of text|json"},
        {{"a", "--format="}, "give one of text|json"},
        {{"a", "--format", "tex"}, "give one of text|json"},
        {{"a", "--output"}, "its value is missing"},
        {{"a", "--quiet=yes"}, "takes no value"},
        {{"a", "-x"}, "there is no -x"},
        {{"a", "-ox", "--output", "y"}, "given twice"},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        struct assay_args args;
        struct assay_error err = {0};
        if (parse(cases[i].words, &args, &err) != ASSAY_USAGE || !strstr(err.text, cases[i].said))
            fail_msg("case %zu: %s", i, err.text);
        assay_args_release(&args);
    }
}

static void help_needs_no_argument(void **state)
{
    (void)state;
    struct assay_args args;
    const char *const words[WORDS] = {"-h"};
    assert_int_equal(parse(words, &args, NULL), ASSAY_OK);
    assert_true(assay_args_given(&args, "help"));
    assay_args_release(&args);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_find_their_place),
        cmocka_unit_test(repeated_options_are_all_kept),
        cmocka_unit_test(wrong_words_are_named),
        cmocka_unit_test(help_needs_no_argument),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
