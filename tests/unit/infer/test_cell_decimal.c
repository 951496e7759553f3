// Declared decimals of any length: digits counted, the scale chosen, values read to the last digit.
// SPDX-License-Identifier: Apache-2.0
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

#include "common/base/cleanup.h"
#include "worker/executor/infer/cell_decimal.h"

static struct assay_cell number_of(const char *text)
{
    return (struct assay_cell){text, (uint32_t)strlen(text), ASSAY_CELL_NUMBER};
}

/* scale −1: no decimal of 38 digits holds them together. */
static void scales(void **state)
{
    (void)state;
    static const struct {
        const char *texts[3];
        uint32_t whole, fraction;
        uint64_t beyond;
        int scale;
    } cases[] = {
        {{"1.5", "-20", "0.25"}, 2, 2, 0, 18},
        {{"0.000", "-0", "0"}, 0, 0, 0, 18},
        {{"12345678901234567890.123456789012345678"}, 20, 18, 0, 18},
        {{"123456789012345678901.5"}, 21, 1, 0, 1},
        {{"1.1234567890123456789"}, 1, 19, 0, 19},
        {{"1.5000000000000000000000"}, 1, 1, 0, 18}, /* zeros at the end are no digits */
        {{"0.12345678901234567890123456789012345678"}, 0, 38, 0, 38},
        {{"1.12345678901234567890123456789012345678"}, 0, 0, 1, -1},
        {{"99999999999999999999999999999999999999"}, 38, 0, 0, 0},
        {{"1234567890123456789012345", "0.12345678901234"}, 25, 14, 0, -1},
        {{"NaN", "Infinity", "1.5"}, 1, 1, 2, -1},
        {{"", "1"}, 1, 0, 0, 18},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        struct assay_long_decimals all = {.wanted = true}, parts[3] = {{0}, {0}, {0}};
        struct assay_long_decimals merged = {.wanted = true};
        uint8_t scale = 99;
        for (size_t t = 0; t < 3 && cases[i].texts[t]; t++) {
            const struct assay_cell cell = number_of(cases[i].texts[t]);
            assay_long_decimals_add(&all, &cell);
            assay_long_decimals_add(&parts[t], &cell);
            assay_long_decimals_merge(&merged, &parts[t]);
        }
        assert_int_equal(all.whole, cases[i].whole);
        assert_int_equal(all.fraction, cases[i].fraction);
        assert_int_equal(all.beyond, cases[i].beyond);
        assert_memory_equal(&all, &merged, sizeof all);
        const bool fits = assay_long_decimals_fit(&all, &scale);
        assert_int_equal(fits ? (int)scale : -1, cases[i].scale);
    }
}

static void reads(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned scale;
        const char *want; /* NULL: does not fit */
    } cases[] = {
        {"99999999999999999999999999999999999999", 0, "99999999999999999999999999999999999999"},
        {"-0.00000000000000000000000000000000000001", 38,
         "-0.00000000000000000000000000000000000001"},
        {"12345678901234567890.123456789012345678", 18, "12345678901234567890.123456789012345678"},
        {"1.50", 1, "1.5"},
        {"1.55", 1, NULL},
        {"999999999999999999999999999999999999999", 0, NULL}, /* 39 digits */
        {"100000000000000000000", 18, NULL},                  /* 21 + 18 */
        {"NaN", 2, NULL},
        {"1e5", 2, NULL},
        {"", 2, NULL},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        assay_i128 value;
        char text[ASSAY_NUMBER_TEXT];
        const bool fits =
            assay_long_decimal_read(cases[i].text, strlen(cases[i].text), cases[i].scale, &value);
        assert_int_equal(fits, cases[i].want != NULL);
        if (!fits)
            continue;
        assay_format_i128(value, cases[i].scale, text);
        assert_string_equal(text, cases[i].want);
    }
}

/* SQLite: text among numbers is a misfit and takes nothing from the others. */
static void text_among_numbers(void **state)
{
    (void)state;
    struct assay_long_decimals decimals = {.wanted = true};
    uint8_t scale;
    const struct assay_cell cells[] = {
        number_of("0.5"), {"unknown", 7, ASSAY_CELL_STRING}, {"1.25", 4, ASSAY_CELL_STRING}};
    for (size_t i = 0; i < ASSAY_COUNT(cells); i++)
        assay_long_decimals_add(&decimals, &cells[i]);
    assert_int_equal(decimals.beyond, 0);
    assert_int_equal(decimals.fraction, 2);
    assert_true(assay_long_decimals_fit(&decimals, &scale));
}

/* Whole numbers stay integers, fractions become decimals, what no decimal holds doubles, never
 * text. */
static void decisions(void **state)
{
    (void)state;
    static const struct {
        const char *texts[2];
        enum assay_layout layout;
        bool not_decimal;
    } cases[] = {
        {{"1", "2"}, ASSAY_LAYOUT_INT64, false},
        {{"1", "12345678901234567890123"}, ASSAY_LAYOUT_INT128, false},
        {{"1", "2.5"}, ASSAY_LAYOUT_DECIMAL128, false},
        {{"NaN", "2.5"}, ASSAY_LAYOUT_DOUBLE, true},
        {{"-Infinity", "2.5"}, ASSAY_LAYOUT_DOUBLE, true},
        {{"1234567890123456789012345678901234567890"}, ASSAY_LAYOUT_DOUBLE, true},
        {{"1234567890123456789012345", "0.12345678901234"}, ASSAY_LAYOUT_DOUBLE, true},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        struct assay_type_profile profile = {.decimals = {.wanted = true}};
        struct assay_type_decision decision;
        for (size_t t = 0; t < 2 && cases[i].texts[t]; t++) {
            const struct assay_cell cell = number_of(cases[i].texts[t]);
            assert_int_equal(assay_type_profile_add(&profile, &cell, NULL), 0);
        }
        assay_type_decide(&profile, NULL, &decision);
        assert_int_equal(decision.target.layout, cases[i].layout);
        assert_int_equal(decision.not_decimal, cases[i].not_decimal);
        assert_int_equal(decision.misfits, 0);
        assert_true(decision.target.long_decimals);
        assay_type_profile_release(&profile);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scales),
        cmocka_unit_test(reads),
        cmocka_unit_test(text_among_numbers),
        cmocka_unit_test(decisions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
