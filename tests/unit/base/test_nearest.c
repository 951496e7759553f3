// Nearest names: distances by hand, and what is too far.
// SPDX-License-Identifier: Apache-2.0
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/cleanup.h"
#include "common/base/nearest.h"

static void distances(void **state)
{
    (void)state;
    static const struct {
        const char *left, *right;
        unsigned edits;
    } cases[] = {
        {"", "", 0},         {"", "abc", 3},      {"kitten", "sitting", 3},
        {"ca", "ac", 1},     {"HOST", "host", 0}, {"pasword", "password", 1},
        {"flaw", "lawn", 2}, {"ca", "abc", 3},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++)
        assert_int_equal(assay_edit_distance(cases[i].left, cases[i].right), cases[i].edits);
    const char *long_text = "0123456789012345678901234567890123456789012345678901234567890123";
    assert_int_equal(assay_edit_distance(long_text, ""), UINT_MAX);
}

static void names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int value;
    } rows[] = {{"host", 1}, {"password", 2}, {"port", 3}, {NULL, 0}};
    static const struct {
        const char *wrong, *nearest;
    } cases[] = {
        {"pasword", "password"}, {"prot", "port"}, {"Hots", "host"}, {"colour", NULL}, {"x", NULL}};
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        const char *nearest = assay_nearest_name(cases[i].wrong, rows, sizeof *rows);
        if (cases[i].nearest)
            assert_string_equal(nearest, cases[i].nearest);
        else
            assert_null(nearest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(distances), cmocka_unit_test(names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
