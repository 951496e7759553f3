// PostgreSQL's binary numeric and typmods, against bytes worked out by hand from numeric_send().
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/memory.h"
#include "common/base/number.h"
#include "worker/executor/batch/special.h"
#include "worker/executor/connect/postgres_session.h"
#include "worker/executor/connect/postgres_types.h"

enum { PLUS = 0, MINUS = 0x4000, NOT_A_NUMBER = 0xc000, INFINITE = 0xd000, LEAST = 0xf000 };

static const struct {
    int weight, sign, digits_count, digits[12];
    unsigned scale;
    enum pg_outcome outcome;
    const char *text;
} cases[] = {
    {0, PLUS, 0, {0}, 2, PG_VALUE, "0.00"},
    {0, PLUS, 1, {1}, 0, PG_VALUE, "1"},
    {0, MINUS, 2, {12, 3400}, 2, PG_VALUE, "-12.34"},
    {1, PLUS, 1, {1}, 0, PG_VALUE, "10000"}, /* trailing groups of zeros are not sent */
    {2, PLUS, 1, {5}, 3, PG_VALUE, "500000000.000"},
    {-1, PLUS, 1, {1}, 4, PG_VALUE, "0.0001"},
    {-1, PLUS, 1, {1200}, 2, PG_VALUE, "0.12"},
    {-2, PLUS, 1, {1}, 8, PG_VALUE, "0.00000001"},
    {-2, PLUS, 1, {1000}, 5, PG_VALUE, "0.00001"},
    {0, PLUS, 2, {1, 2345}, 2, PG_OUT_OF_RANGE, NULL}, /* more fraction than the type holds */
    {0, NOT_A_NUMBER, 0, {0}, 2, PG_VALUE, "NaN"},
    {0, INFINITE, 0, {0}, 2, PG_VALUE, "Infinity"},
    {0, LEAST, 0, {0}, 2, PG_VALUE, "-Infinity"},
    {0, PLUS, 1, {10000}, 0, PG_MALFORMED, NULL},
    {0, 0x1234, 0, {0}, 0, PG_MALFORMED, NULL},
    {9,
     PLUS,
     10,
     {99, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999},
     0,
     PG_VALUE,
     "99999999999999999999999999999999999999"},
    {8,
     PLUS,
     10,
     {9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9900},
     2,
     PG_VALUE,
     "999999999999999999999999999999999999.99"},
    {12, PLUS, 1, {1}, 0, PG_OUT_OF_RANGE, NULL}, /* 10^48 */
};

static void numerics(void **state)
{
    (void)state;
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        const int head[] = {cases[i].digits_count, cases[i].weight, cases[i].sign,
                            (int)cases[i].scale};
        const size_t size = 8 + 2 * (size_t)cases[i].digits_count;
        unsigned char *data = assay_malloc(size); /* exactly so long that a read beyond is seen */
        for (size_t n = 0; n < size / 2; n++) {
            const int value = n < 4 ? head[n] : cases[i].digits[n - 4];
            data[2 * n] = (unsigned char)((unsigned)value >> 8);
            data[2 * n + 1] = (unsigned char)value;
        }
        assay_i128 number = 0;
        assert_int_equal(pg_decode_numeric(data, size, cases[i].scale, &number), cases[i].outcome);
        if (cases[i].outcome == PG_VALUE) {
            char text[ASSAY_NUMBER_TEXT];
            const char *special = assay_special_text(ASSAY_LAYOUT_DECIMAL128, number);
            (void)assay_format_i128(number, cases[i].scale, text);
            assert_string_equal(special ? special : text, cases[i].text);
        }
        assert_int_equal(pg_decode_numeric(data, size - 1, cases[i].scale, &number), PG_MALFORMED);
        assay_free(data);
    }
}

/* Binary values at the ends of their types, as date_send(), timestamp_send() and numeric_send()
 * write them. */
static void ends(void **state)
{
    (void)state;
    static const struct pg_type day = {PG_FORM_DATE, ASSAY_LAYOUT_DATE, 0},
                                time = {PG_FORM_TIMESTAMP, ASSAY_LAYOUT_TIMESTAMP, 0},
                                number = {PG_FORM_NUMERIC, ASSAY_LAYOUT_DECIMAL64, 2};
    static const struct {
        const struct pg_type *type;
        size_t size;
        unsigned char data[8];
        enum pg_outcome outcome;
        int64_t value;
    } values[] = {
        {&day, 4, {0x7f, 0xff, 0xff, 0xff}, PG_VALUE, INT32_MAX},
        {&day, 4, {0x80, 0, 0, 0}, PG_VALUE, -INT32_MAX},
        {&day, 4, {0, 0, 0, 0}, PG_VALUE, 10957}, /* 2000-01-01 */
        {&day, 4, {0x7f, 0xff, 0xff, 0xfe}, PG_OUT_OF_RANGE, 0},
        {&time, 8, {0x7f, 255, 255, 255, 255, 255, 255, 255}, PG_VALUE, INT64_MAX},
        {&time, 8, {0x80, 0, 0, 0, 0, 0, 0, 0}, PG_VALUE, -INT64_MAX},
        {&time, 8, {0, 0, 0, 0, 0, 0, 0, 1}, PG_VALUE, 946684800000001},
        {&time, 8, {0x7f, 255, 255, 255, 255, 255, 255, 254}, PG_OUT_OF_RANGE, 0},
        {&number, 8, {0, 0, 0, 0, 0xc0, 0, 0, 0}, PG_VALUE, ASSAY_DECIMAL64_NAN},
        {&number, 8, {0, 0, 0, 0, 0xd0, 0, 0, 0}, PG_VALUE, ASSAY_DECIMAL64_INFINITY},
        {&number, 8, {0, 0, 0, 0, 0xf0, 0, 0, 0}, PG_VALUE, -ASSAY_DECIMAL64_INFINITY},
    };
    for (size_t i = 0; i < ASSAY_COUNT(values); i++) {
        int64_t room = 0;
        assert_int_equal(pg_decode(values[i].type, values[i].data, values[i].size, &room),
                         values[i].outcome);
        int32_t low;
        memcpy(&low, &room, sizeof low);
        if (values[i].outcome == PG_VALUE)
            assert_true((values[i].type == &day ? low : room) == values[i].value);
    }
}

static int32_t typmod(int precision, int scale)
{
    return (int32_t)((precision << 16) | (scale & 0x7ff)) + 4;
}

static void forms(void **state)
{
    (void)state;
    static const struct {
        int precision, scale;
        enum assay_layout layout;
        uint8_t out_scale;
    } numeric[] = {
        {18, 4, ASSAY_LAYOUT_DECIMAL64, 4},   {19, 4, ASSAY_LAYOUT_DECIMAL128, 4},
        {38, 0, ASSAY_LAYOUT_DECIMAL128, 0},  {39, 0, ASSAY_LAYOUT_CELL, 0},
        {5, -3, ASSAY_LAYOUT_DECIMAL64, 0},   {20, -30, ASSAY_LAYOUT_CELL, 0},
        {3, 20, ASSAY_LAYOUT_DECIMAL128, 20}, {3, 39, ASSAY_LAYOUT_CELL, 0},
    };
    for (size_t i = 0; i < ASSAY_COUNT(numeric); i++) {
        const struct pg_type type =
            pg_type_of(1700, typmod(numeric[i].precision, numeric[i].scale));
        assert_int_equal(type.layout, numeric[i].layout);
        assert_int_equal(type.scale, numeric[i].out_scale);
    }
    assert_int_equal(pg_type_of(1700, -1).form, PG_FORM_NUMBER_TEXT);
    assert_int_equal(pg_type_of(999999, -1).form, PG_FORM_CAST);
}

static void codes(void **state)
{
    (void)state;
    static const struct {
        const char *sqlstate;
        int code;
    } states[] = {
        {"28P01", ASSAY_DENIED},      {"28000", ASSAY_DENIED},      {"3D000", ASSAY_NOT_FOUND},
        {"42P01", ASSAY_NOT_FOUND},   {"42501", ASSAY_DENIED},      {"42703", ASSAY_SCHEMA_CHANGED},
        {"42601", ASSAY_INVALID},     {"08006", ASSAY_UNAVAILABLE}, {"57P01", ASSAY_UNAVAILABLE},
        {"57P03", ASSAY_UNAVAILABLE}, {"57014", ASSAY_TIMEOUT},     {"53300", ASSAY_TRANSIENT},
        {"40001", ASSAY_TRANSIENT},   {"22012", ASSAY_FORMAT},      {"XX001", ASSAY_IO},
        {"", ASSAY_INVALID},
    };
    for (size_t i = 0; i < ASSAY_COUNT(states); i++)
        assert_int_equal(pg_code(states[i].sqlstate), states[i].code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(numerics), cmocka_unit_test(ends),
                                       cmocka_unit_test(forms), cmocka_unit_test(codes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
