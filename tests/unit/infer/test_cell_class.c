// Tests of cell classes: what each text looks like, by hand.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "common/base/cleanup.h"
#include "worker/executor/infer/cell_class.h"
#include "worker/executor/infer/cell_date.h"
#include "worker/executor/infer/cell_quick.h"

#define F(name) (UINT32_C(1) << ASSAY_DATE_##name)

static const struct {
    const char *text;
    enum assay_cell_class class_;
    uint32_t formats;
} cases[] = {
    {"", ASSAY_CLASS_EMPTY, 0},
    {" ", ASSAY_CLASS_BLANK, 0},
    {"\t ", ASSAY_CLASS_BLANK, 0},
    {"0", ASSAY_CLASS_INTEGER, 0},
    {"-0", ASSAY_CLASS_INTEGER, 0},
    {"+5", ASSAY_CLASS_INTEGER, 0},
    {"-123", ASSAY_CLASS_INTEGER, 0},
    {"999999999999999999", ASSAY_CLASS_INTEGER, 0},
    {"9223372036854775807", ASSAY_CLASS_INTEGER, 0},
    {"-9223372036854775808", ASSAY_CLASS_INTEGER, 0},
    {"9223372036854775808", ASSAY_CLASS_INTEGER128, 0},
    {"170141183460469231731687303715884105727", ASSAY_CLASS_INTEGER128, 0},
    {"170141183460469231731687303715884105728", ASSAY_CLASS_INTEGER_HUGE, 0},
    {"1.5", ASSAY_CLASS_DECIMAL, 0},
    {".5", ASSAY_CLASS_DECIMAL, 0},
    {"5.", ASSAY_CLASS_DECIMAL, 0},
    {"-.5", ASSAY_CLASS_DECIMAL, 0},
    {"0.5", ASSAY_CLASS_DECIMAL, 0},
    {"1e5", ASSAY_CLASS_EXPONENT, 0},
    {"1.5E-10", ASSAY_CLASS_EXPONENT, 0},
    {"1e", ASSAY_CLASS_TEXT, 0},
    {"1e+", ASSAY_CLASS_TEXT, 0},
    {"0x1F", ASSAY_CLASS_TEXT, 0},
    {"1.2.3", ASSAY_CLASS_TEXT, 0},
    {"inf", ASSAY_CLASS_NOT_FINITE, 0},
    {"-Infinity", ASSAY_CLASS_NOT_FINITE, 0},
    {"+INF", ASSAY_CLASS_NOT_FINITE, 0},
    {"007", ASSAY_CLASS_LEADING_ZERO, 0},
    {"01321", ASSAY_CLASS_LEADING_ZERO, 0},
    {"-01", ASSAY_CLASS_LEADING_ZERO, 0},
    {"00.5", ASSAY_CLASS_LEADING_ZERO, 0},
    {"00", ASSAY_CLASS_LEADING_ZERO, 0},
    {"true", ASSAY_CLASS_BOOLEAN, 0},
    {"FALSE", ASSAY_CLASS_BOOLEAN, 0},
    {"True", ASSAY_CLASS_BOOLEAN, 0},
    {"t", ASSAY_CLASS_TEXT, 0},
    {"yes", ASSAY_CLASS_TEXT, 0},
    {"NaN", ASSAY_CLASS_NAN, 0},
    {"nan", ASSAY_CLASS_NAN, 0},
    {"NA", ASSAY_CLASS_NULL_LIKE, 0},
    {"N/A", ASSAY_CLASS_NULL_LIKE, 0},
    {"n/a", ASSAY_CLASS_NULL_LIKE, 0},
    {"null", ASSAY_CLASS_NULL_LIKE, 0},
    {"NULL", ASSAY_CLASS_NULL_LIKE, 0},
    {"None", ASSAY_CLASS_NULL_LIKE, 0},
    {"-", ASSAY_CLASS_NULL_LIKE, 0},
    {"?", ASSAY_CLASS_NULL_LIKE, 0},
    {"#N/A", ASSAY_CLASS_NULL_LIKE, 0},
    {"\\N", ASSAY_CLASS_NULL_LIKE, 0},
    {"Nora", ASSAY_CLASS_TEXT, 0},
    {"2026-11-20", ASSAY_CLASS_DATE, F(YMD_DASH)},
    {"2026-1-2", ASSAY_CLASS_DATE, F(YMD_DASH)},
    {"2026-02-30", ASSAY_CLASS_TEXT, 0},
    {"2024-02-29", ASSAY_CLASS_DATE, F(YMD_DASH)},
    {"0001-01-01", ASSAY_CLASS_DATE, F(YMD_DASH)},
    {"0000-01-01", ASSAY_CLASS_TEXT, 0},
    {"9999-12-31", ASSAY_CLASS_DATE, F(YMD_DASH)},
    {"2026/11/20", ASSAY_CLASS_DATE, F(YMD_SLASH)},
    {"20.11.2026", ASSAY_CLASS_DATE, F(DMY_DOT)},
    {"01/02/2026", ASSAY_CLASS_DATE, F(MDY_SLASH) | F(DMY_SLASH)},
    {"13/02/2026", ASSAY_CLASS_DATE, F(DMY_SLASH)},
    {"02/13/2026", ASSAY_CLASS_DATE, F(MDY_SLASH)},
    {"2/1/03", ASSAY_CLASS_DATE, F(MDY2) | F(DMY2)},
    {"12/28/02", ASSAY_CLASS_DATE, F(MDY2)},
    {"20-Nov-2026", ASSAY_CLASS_DATE, F(D_MON_Y)},
    {"3 March 2026", ASSAY_CLASS_DATE, F(D_MON_Y)},
    {"Nov 20, 2026", ASSAY_CLASS_DATE, F(MON_D_Y)},
    {"November 2, 2026", ASSAY_CLASS_DATE, F(MON_D_Y)},
    {"20261120", ASSAY_CLASS_INTEGER, 0},
    {"2026-11-20 10:00:00", ASSAY_CLASS_TIMESTAMP, F(YMD_DASH)},
    {"2026-11-20T10:00", ASSAY_CLASS_TIMESTAMP, F(YMD_DASH)},
    {"2026-11-20T10:00:00.123456789", ASSAY_CLASS_TIMESTAMP, F(YMD_DASH)},
    {"2026-11-20T10:00:00Z", ASSAY_CLASS_INSTANT, F(YMD_DASH)},
    {"2026-11-20 10:00:00+01:00", ASSAY_CLASS_INSTANT, F(YMD_DASH)},
    {"2026-11-20 10:00:00 UTC", ASSAY_CLASS_INSTANT, F(YMD_DASH)},
    {"1/8/1990 0:00", ASSAY_CLASS_TIMESTAMP, F(MDY_SLASH) | F(DMY_SLASH)},
    {"1/28/1990 1:05 PM", ASSAY_CLASS_TIMESTAMP, F(MDY_SLASH)},
    {"2026-11-20 25:00:00", ASSAY_CLASS_TEXT, 0},
    {"Nov 20, 2026 3:04 pm", ASSAY_CLASS_TIMESTAMP, F(MON_D_Y)},
    {"1,234", ASSAY_CLASS_GROUPED, 0},
    {"(2020)", ASSAY_CLASS_CURRENCY, 0},
    {"(1,234.50)", ASSAY_CLASS_CURRENCY, 0},
    {"($5)", ASSAY_CLASS_CURRENCY, 0},
    {"()", ASSAY_CLASS_TEXT, 0},
    {"(12", ASSAY_CLASS_TEXT, 0},
    {"(a)", ASSAY_CLASS_TEXT, 0},
    {"1,234,567.89", ASSAY_CLASS_GROUPED, 0},
    {"1.234.567,89", ASSAY_CLASS_GROUPED, 0},
    {"1.234,5", ASSAY_CLASS_GROUPED, 0},
    {"1'234'567", ASSAY_CLASS_GROUPED, 0},
    {"1 234", ASSAY_CLASS_GROUPED, 0},
    {"-1,234", ASSAY_CLASS_GROUPED, 0},
    {"1.234", ASSAY_CLASS_DECIMAL, 0},
    {"12,34", ASSAY_CLASS_TEXT, 0},
    {"128.218.224.148", ASSAY_CLASS_TEXT, 0},
    {"10.0.0.1", ASSAY_CLASS_TEXT, 0},
    {"$5.00", ASSAY_CLASS_CURRENCY, 0},
    {"-$5", ASSAY_CLASS_CURRENCY, 0},
    {"5 \xE2\x82\xAC", ASSAY_CLASS_CURRENCY, 0},
    {"\xE2\x82\xAC"
     "1,234.50",
     ASSAY_CLASS_CURRENCY, 0},
    {"CHF 12.50", ASSAY_CLASS_CURRENCY, 0},
    {"12 USD", ASSAY_CLASS_CURRENCY, 0},
    {"12.5%", ASSAY_CLASS_PERCENT, 0},
    {"12 %", ASSAY_CLASS_PERCENT, 0},
    {"+1-706-462-1862", ASSAY_CLASS_TEXT, 0},
    {"db9026e1-7742-5775", ASSAY_CLASS_TEXT, 0},
    {"8c7b1cd2-51d0-5335", ASSAY_CLASS_TEXT, 0},
    {"2187 Sise Avenue", ASSAY_CLASS_TEXT, 0},
    {"12 oz", ASSAY_CLASS_TEXT, 0},
    {"LP-61940", ASSAY_CLASS_TEXT, 0},
    {"May", ASSAY_CLASS_TEXT, 0},
    {"May be 2026", ASSAY_CLASS_TEXT, 0},
    {" 5", ASSAY_CLASS_TEXT, 0},
    {"5 ", ASSAY_CLASS_TEXT, 0},
};

static void table(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        uint32_t formats;
        const enum assay_cell_class class_ =
            assay_text_classify(cases[i].text, strlen(cases[i].text), &formats);
        if (class_ != cases[i].class_ || formats != cases[i].formats)
            print_message("\"%s\" is %s, formats %x\n", cases[i].text, assay_class_name(class_),
                          formats);
        assert_int_equal(class_, cases[i].class_);
        assert_int_equal(formats, cases[i].formats);
    }
}

/* The look at a few bytes never calls a text what the whole look calls something else. */
static void the_quick_look_is_never_wrong(void **unused)
{
    (void)unused;
    uint64_t random = 11;
    static const char alphabet[] = "0123456789.,-+/: eETZtrufalsnNA%$#?ijx";
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++)
        if (cases[i].text[0] && assay_cell_is_surely_text(cases[i].text, strlen(cases[i].text)))
            assert_int_equal(cases[i].class_, ASSAY_CLASS_TEXT);
    for (size_t round = 0; round < 200000; round++) {
        char text[24];
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        const size_t size = 1 + (random >> 33) % (sizeof text - 1);
        for (size_t i = 0; i < size; i++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
            text[i] = alphabet[(random >> 33) % (sizeof alphabet - 1)];
        }
        uint32_t formats;
        if (assay_cell_is_surely_text(text, size))
            assert_int_equal(assay_text_classify(text, size, &formats), ASSAY_CLASS_TEXT);
    }
}

/* Texts that fill whole columns need no closer look. */
static const struct {
    const char *text;
    enum assay_cell_class class_;
} quick[] = {
    {"0", ASSAY_CLASS_INTEGER},
    {"41507", ASSAY_CLASS_INTEGER},
    {"1234567890123456", ASSAY_CLASS_INTEGER},
    {"00501", ASSAY_CLASS_LEADING_ZERO},
    {"00", ASSAY_CLASS_LEADING_ZERO},
    {"128.218.224.148", ASSAY_CLASS_TEXT},
    {"1.255.255.255", ASSAY_CLASS_TEXT},
    {"1.2.3.4", ASSAY_CLASS_TEXT},
    {"10.0.0.12", ASSAY_CLASS_TEXT},
    {"8c7b1cd2-7742", ASSAY_CLASS_TEXT},
    {"8eb9026e1", ASSAY_CLASS_TEXT},
    {"+1-706-462-1862", ASSAY_CLASS_TEXT},
    {"2187 Sise Avenue", ASSAY_CLASS_TEXT},
    {"12 Sise Lane", ASSAY_CLASS_TEXT},
};

static void quick_classes(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < ASSAY_COUNT(quick); i++) {
        uint32_t formats;
        const size_t size = strlen(quick[i].text);
        assert_int_equal(assay_quick_class(quick[i].text, size), quick[i].class_);
        assert_int_equal(assay_text_classify(quick[i].text, size, &formats), quick[i].class_);
    }
}

/* Texts made of what numbers, dates, amounts and addresses are made of: where a quick look says a
 * class, it is the class. */
static void quick_classes_are_never_wrong(void **unused)
{
    (void)unused;
    static const char *const pieces[] = {"0",
                                         "1",
                                         "12",
                                         "25",
                                         "255",
                                         "256",
                                         "001",
                                         "999",
                                         "2024",
                                         ".",
                                         ".",
                                         ".",
                                         ".",
                                         "-",
                                         "/",
                                         " ",
                                         " ",
                                         ":",
                                         ",",
                                         "e",
                                         "E",
                                         "+",
                                         "%",
                                         "T",
                                         "Z",
                                         "jan",
                                         "Dec",
                                         "USD",
                                         "EUR",
                                         "$",
                                         "\xE2\x82\xAC",
                                         "a",
                                         "Sise",
                                         "PM",
                                         "\xC3\xA9"};
    uint64_t random = 7;
    size_t known = 0;
    for (size_t round = 0; round < 400000; round++) {
        char text[64];
        size_t size = 0;
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        const uint64_t few = random >> 60 & 1 ? ASSAY_COUNT(pieces) : 13; /* digits and points */
        for (size_t left = 1 + (random >> 33) % 8; left; left--) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
            const char *piece = pieces[(random >> 33) % few];
            memcpy(text + size, piece, strlen(piece));
            size += strlen(piece);
        }
        uint32_t formats;
        const enum assay_cell_class class_ = assay_text_classify(text, size, &formats),
                                    looked = assay_quick_class(text, size);
        if (looked != ASSAY_CLASS_COUNT && looked != class_)
            print_message("\"%.*s\"\n", (int)size, text);
        if (looked != ASSAY_CLASS_COUNT)
            assert_int_equal(looked, class_);
        if (assay_cell_is_surely_text(text, size))
            assert_int_equal(class_, ASSAY_CLASS_TEXT);
        known += looked != ASSAY_CLASS_COUNT;
    }
    assert_true(known > 50000);
}

static void kinds(void **unused)
{
    (void)unused;
    static const struct {
        struct assay_cell cell;
        enum assay_cell_class class_;
    } rows[] = {{{"x", 1, ASSAY_CELL_NULL}, ASSAY_CLASS_NULL},
                {{"12", 2, ASSAY_CELL_STRING}, ASSAY_CLASS_INTEGER},
                {{"1e5", 3, ASSAY_CELL_NUMBER}, ASSAY_CLASS_EXPONENT},
                {{"true", 4, ASSAY_CELL_BOOL}, ASSAY_CLASS_BOOLEAN},
                {{"[1]", 3, ASSAY_CELL_NESTED}, ASSAY_CLASS_ARRAY},
                {{"{}", 2, ASSAY_CELL_NESTED}, ASSAY_CLASS_STRUCT},
                {{"", 0, ASSAY_CELL_QUOTED}, ASSAY_CLASS_EMPTY}};
    for (size_t i = 0; i < ASSAY_COUNT(rows); i++) {
        uint32_t formats;
        assert_int_equal(assay_cell_classify(&rows[i].cell, &formats), rows[i].class_);
    }
}

static const struct {
    const char *text;
    enum assay_date_format format;
    int64_t us;
    bool has_zone;
} times[] = {
    {"1970-01-01 00:00:00", ASSAY_DATE_YMD_DASH, 0, false},
    {"1969-12-31T23:59:59.5", ASSAY_DATE_YMD_DASH, -500000, false},
    {"2026-11-20T10:00:00Z", ASSAY_DATE_YMD_DASH, INT64_C(1795168800000000), true},
    {"2026-11-20T11:00:00+01:00", ASSAY_DATE_YMD_DASH, INT64_C(1795168800000000), true},
    {"20.11.2026 10:00", ASSAY_DATE_DMY_DOT, INT64_C(1795168800000000), false},
    {"11/20/2026 10:00 AM", ASSAY_DATE_MDY_SLASH, INT64_C(1795168800000000), false},
    {"11/20/26 12:00:00 PM", ASSAY_DATE_MDY2, INT64_C(1795176000000000), false},
    {"20261120 10:00:00", ASSAY_DATE_COMPACT, INT64_C(1795168800000000), false},
    {"2016-12-31 23:59:60", ASSAY_DATE_YMD_DASH, INT64_C(1483228799999999), false},
};

static void timestamps(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < ASSAY_COUNT(times); i++) {
        int64_t us;
        bool has_zone;
        assert_true(assay_timestamp_read(times[i].text, strlen(times[i].text), times[i].format, &us,
                                         &has_zone));
        assert_int_equal(us, times[i].us);
        assert_int_equal(has_zone, times[i].has_zone);
    }
}

static void formats_by_name(void **unused)
{
    (void)unused;
    for (int i = 0; i < ASSAY_DATE_FORMATS; i++)
        assert_int_equal(assay_date_format_find(assay_date_formats[i].name), i);
    assert_int_equal(assay_date_format_find("dd/MM/yyyy HH:mm:ss"), ASSAY_DATE_DMY_SLASH);
    assert_int_equal(assay_date_format_find("dd/yyyy"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),          cmocka_unit_test(the_quick_look_is_never_wrong),
        cmocka_unit_test(quick_classes),  cmocka_unit_test(quick_classes_are_never_wrong),
        cmocka_unit_test(kinds),          cmocka_unit_test(timestamps),
        cmocka_unit_test(formats_by_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
