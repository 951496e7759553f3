// Numbers as text: values from the standards and from Python's repr().
// SPDX-License-Identifier: Apache-2.0
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/cleanup.h"
#include "common/base/number.h"

static void doubles(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1, "1.0"},
        {0.1, "0.1"},
        {-2.5, "-2.5"},
        {100, "100.0"},
        {1e16, "10000000000000000.0"},
        {1e17, "1.0e17"},
        {1.5e300, "1.5e300"},
        {0.00001, "0.00001"},
        {0.000001, "1.0e-6"},
        {1.0 / 3, "0.3333333333333333"},
        {2.0 / 3, "0.6666666666666666"},
        {5e-324, "4.94065645841247e-324"},
        {1.7976931348623157e308, "1.7976931348623157e308"},
        {9007199254740993.0, "9007199254740992.0"},
        {123456.789, "123456.789"},
        {NAN, "NaN"},
        {INFINITY, "Infinity"},
        {-INFINITY, "-Infinity"},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        char text[ASSAY_NUMBER_TEXT];
        assert_int_equal(assay_format_double(cases[i].value, text), strlen(cases[i].text));
        assert_string_equal(text, cases[i].text);
    }
}

static void floats(void **state)
{
    (void)state;
    static const struct {
        float value;
        const char *text;
    } cases[] = {{0.1f, "0.1"},
                 {16777216.0f, "16777216.0"},
                 {3.4028235e38f, "3.4028235e38"},
                 {1.17549435e-38f, "1.1754944e-38"}};
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        char text[ASSAY_NUMBER_TEXT];
        (void)assay_format_float(cases[i].value, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void wide_integers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned scale;
        const char *shown;
        bool good;
    } cases[] = {
        {"0", 0, "0", true},
        {"-1", 2, "-0.01", true},
        {"12345", 2, "123.45", true},
        {"5", 3, "0.005", true},
        {"+7", 0, "7", true},
        {"170141183460469231731687303715884105727", 0, "170141183460469231731687303715884105727",
         true},
        {"-170141183460469231731687303715884105728", 0, "-170141183460469231731687303715884105728",
         true},
        {"170141183460469231731687303715884105728", 0, NULL, false},
        {"", 0, NULL, false},
        {"-", 0, NULL, false},
        {"1 ", 0, NULL, false},
        {"0x10", 0, NULL, false},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        assay_i128 value;
        assert_int_equal(assay_parse_i128(cases[i].text, strlen(cases[i].text), &value),
                         cases[i].good);
        if (!cases[i].good)
            continue;
        char text[ASSAY_NUMBER_TEXT];
        (void)assay_format_i128(value, cases[i].scale, text);
        assert_string_equal(text, cases[i].shown);
    }
}

/* The text is not NUL-terminated: what follows it must not be read (AddressSanitizer watches). */
static void doubles_in_bounds(void **state)
{
    (void)state;
    char *heap = malloc(3);
    double value = 0;
    memcpy(heap, "2.5", 3);
    assert_true(assay_parse_double(heap, 3, &value));
    assert_true(value == 2.5);
    memcpy(heap, "2.x", 3);
    assert_false(assay_parse_double(heap, 3, &value));
    assert_false(assay_parse_double(heap, 0, &value));
    free(heap);
}

static void sizes_and_durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        uint64_t bytes;
    } sizes[] = {{"100", true, 100},    {"1GiB", true, 1073741824}, {"512 MiB", true, 536870912},
                 {"1.5k", true, 1536},  {"-1", false, 0},           {"GiB", false, 0},
                 {"1 apple", false, 0}, {"1e300", false, 0},        {"", false, 0}};
    for (size_t i = 0; i < ASSAY_COUNT(sizes); i++) {
        uint64_t bytes = 0;
        assert_int_equal(assay_parse_bytes(sizes[i].text, &bytes), sizes[i].good);
        assert_int_equal(bytes, sizes[i].bytes);
    }
    static const struct {
        const char *text;
        bool good;
        int64_t ms;
    } times[] = {{"12 h", true, 43200000}, {"30s", true, 30000},    {"250ms", true, 250},
                 {"2", true, 2000},        {"2d", true, 172800000}, {"x", false, 0},
                 {"1 y", false, 0}};
    for (size_t i = 0; i < ASSAY_COUNT(times); i++) {
        int64_t ms = 0;
        assert_int_equal(assay_parse_duration_ms(times[i].text, &ms), times[i].good);
        assert_int_equal(ms, times[i].ms);
    }
}

static void hex_digits(void **state)
{
    (void)state;
    const char *digits = "0123456789abcdef", *upper = "0123456789ABCDEF", *others = "/:@G`g \xff";
    for (int i = 0; i < 16; i++) {
        assert_int_equal(assay_hex_digit(digits[i]), i);
        assert_int_equal(assay_hex_digit(upper[i]), i);
    }
    for (const char *other = others; *other; other++)
        assert_int_equal(assay_hex_digit(*other), -1);
    assert_int_equal(assay_hex_digit('\0'), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(doubles),
                                       cmocka_unit_test(floats),
                                       cmocka_unit_test(wide_integers),
                                       cmocka_unit_test(doubles_in_bounds),
                                       cmocka_unit_test(sizes_and_durations),
                                       cmocka_unit_test(hex_digits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
