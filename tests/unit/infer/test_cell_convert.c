// Tests of the conversion: values, nulls, misfits and counts for every target; doubles against
// strtod.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/memory.h"
#include "worker/executor/infer/cell_convert.h"
#include "worker/executor/infer/cell_number.h"

/* Cells of a text: "a,b,,\"\"" by commas; an empty one is NULL, '""' is the empty quoted one. */
static size_t cells_of(const char *text, struct assay_cell *cells)
{
    size_t count = 0;
    for (const char *at = text;; at++) {
        const char *end = strchrnul(at, '|');
        struct assay_cell *cell = &cells[count++];
        *cell = (struct assay_cell){at, (uint32_t)(end - at),
                                    end == at ? ASSAY_CELL_NULL : ASSAY_CELL_PLAIN};
        if (cell->size_bytes == 2 && !memcmp(at, "\"\"", 2))
            *cell = (struct assay_cell){at, 0, ASSAY_CELL_QUOTED};
        if (!*end)
            return count;
        at = end;
    }
}

static void append_value(struct assay_buf *out, const struct assay_column *column, size_t row)
{
    char text[ASSAY_NUMBER_TEXT];
    switch (column->layout) {
    case ASSAY_LAYOUT_BOOL:
        assay_buf_printf(out, "%d", ((const uint8_t *)column->values)[row]);
        return;
    case ASSAY_LAYOUT_DATE:
        assay_buf_printf(out, "%" PRId32, ((const int32_t *)column->values)[row]);
        return;
    case ASSAY_LAYOUT_DOUBLE:
        (void)assay_format_double(((const double *)column->values)[row], text);
        break;
    case ASSAY_LAYOUT_INT128:
        (void)assay_format_i128(((const assay_i128 *)column->values)[row], 0, text);
        break;
    case ASSAY_LAYOUT_DECIMAL128:
        (void)assay_format_i128(((const assay_i128 *)column->values)[row], column->scale, text);
        break;
    case ASSAY_LAYOUT_TEXT: {
        const struct assay_text *value = (const struct assay_text *)column->values + row;
        assay_buf_append(out, value->data, value->size_bytes);
        return;
    }
    default:
        assay_buf_printf(out, "%" PRId64, ((const int64_t *)column->values)[row]);
        return;
    }
    assay_buf_text(out, text);
}

/* Values by '|', "~" for a null, "!" for one that did not fit. */
static void show(const struct assay_convert *convert, size_t rows, struct assay_buf *out)
{
    for (size_t row = 0; row < rows; row++) {
        if (row)
            assay_buf_char(out, '|');
        if (assay_is_valid(convert->column.validity, row))
            append_value(out, &convert->column, row);
        else
            assay_buf_char(out, convert->misfit[row / 64] >> (row % 64) & 1 ? '!' : '~');
    }
}

static const struct {
    struct assay_cell_target target;
    const char *cells, *expected;
} cases[] = {
    {{.layout = ASSAY_LAYOUT_INT64},
     "1|-2|+3||\"\"|x|007|1.5|9223372036854775807|-9223372036854775808|9223372036854775808|"
     "1234567890123456",
     "1|-2|3|~|~|!|!|!|9223372036854775807|-9223372036854775808|!|1234567890123456"},
    {{.layout = ASSAY_LAYOUT_INT64, .leading_zeros = true}, "007|01|00.5|-05", "7|1|!|-5"},
    {{.layout = ASSAY_LAYOUT_INT128},
     "1|170141183460469231731687303715884105727|x",
     "1|170141183460469231731687303715884105727|!"},
    {{.layout = ASSAY_LAYOUT_DOUBLE},
     "1|-2.5|.5|5.|1e3|NaN|-inf|Infinity|NA|01.5|0.1|-0.0|12345678901234567890|0.12008397020436501|"
     "59.09028277929666|123456789.123456",
     "1.0|-2.5|0.5|5.0|1000.0|NaN|-Infinity|Infinity|!|!|0.1|-0.0|1.2345678901234567e19|0."
     "12008397020436501|59.09028277929666|123456789.123456"},
    {{.layout = ASSAY_LAYOUT_DECIMAL128, .scale = 2},
     "1|-2.5|.5|5.|+7.25|0.01|-0.0|1.230|1.234|1e3|NaN|inf|x|01.5|1,5|1.2.3|-|.|99999999999999999."
     "99|"
     "-99999999999999999.99|100000000000000000|1234567890123.45|12345678901234.5|0000.5|\"\"||0",
     "1.00|-2.50|0.50|5.00|7.25|0.01|0.00|1.23|!|!|!|!|!|!|!|!|!|!|99999999999999999.99|"
     "-99999999999999999.99|!|1234567890123.45|12345678901234.50|!|~|~|0.00"},
    {{.layout = ASSAY_LAYOUT_DECIMAL128, .scale = 9, .leading_zeros = true},
     "007.5|9999999999|9999999999.999999999|10000000000|123456789.123456|0.1234567891",
     "7.500000000|9999999999.000000000|9999999999.999999999|!|123456789.123456000|!"},
    {{.layout = ASSAY_LAYOUT_BOOL}, "true|FALSE|t|1||True", "1|0|!|!|~|1"},
    {{.layout = ASSAY_LAYOUT_DATE},
     "1970-01-02|2026-11-20|1969-12-31|2026-02-30|20.11.2026|1970-01-01 "
     "00:00:00|0001-01-01|9999-12-31",
     "1|20777|-1|!|!|!|-719162|2932896"},
    {{.layout = ASSAY_LAYOUT_DATE, .format = ASSAY_DATE_DMY_SLASH},
     "02/01/1970|13/01/1970|01/13/1970",
     "1|12|!"},
    {{.layout = ASSAY_LAYOUT_TIMESTAMP},
     "1970-01-01 00:00:01|1970-01-01T00:00:01.5|1970-01-02|1970-01-01T01:00:00+01:00|x|1970-01-01 "
     "24:00:00",
     "1000000|1500000|86400000000|0|!|!"},
    {{.layout = ASSAY_LAYOUT_INSTANT},
     "1970-01-01T00:00:01Z|1970-01-01 00:00:01",
     "1000000|1000000"},
    {{.layout = ASSAY_LAYOUT_TEXT}, "a||\"\"|007", "a|~||007"},
    {{.layout = ASSAY_LAYOUT_INSTANT},
     "1970-01-01T05:30:00.25+05:30|1970-01-01 00:00:00-01:00|1970-01-01 00:00:00 UTC|1970-01-01 "
     "00:00:00.1234567Z|1970-01-01 00:00:00+0100",
     "250000|3600000000|0|123456|-3600000000"},
    {{.layout = ASSAY_LAYOUT_NULL}, "||x", "~|~|!"},
};

static void table(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        struct assay_cell cells[64];
        struct assay_error err = {0};
        ASSAY_AUTO(assay_convert_free) struct assay_convert *convert = NULL;
        ASSAY_SCOPED(assay_buf_release) struct assay_buf out = {0};
        const size_t rows = cells_of(cases[i].cells, cells);
        const struct assay_column column = {.layout = ASSAY_LAYOUT_CELL, .values = cells};
        assert_int_equal(assay_convert_new(&cases[i].target, &convert, &err), ASSAY_OK);
        assert_int_equal(assay_convert_column(convert, &column, rows, 100, &err), ASSAY_OK);
        show(convert, rows, &out);
        assert_string_equal(assay_buf_str(&out), cases[i].expected);
        size_t misfits = 0;
        for (const char *at = cases[i].expected; *at; at++)
            misfits += *at == '!';
        assert_int_equal(convert->misfits, misfits);
        assert_int_equal(convert->profile.misfit_count, misfits);
        if (misfits)
            assert_true(convert->profile.misfits[0].row >= 100);
    }
}

static const char *const kinds_of_text[] = {"1",
                                            "-22",
                                            "333333333",
                                            "0",
                                            "007",
                                            "1.5",
                                            "-2.25",
                                            "1e5",
                                            "true",
                                            "False",
                                            "2026-11-20",
                                            "01/02/2026",
                                            "2026-11-20 10:00:00",
                                            "2026-11-20T10:00:00Z",
                                            "x",
                                            "Nora",
                                            "NA",
                                            "nan",
                                            "",
                                            "inf",
                                            "12,345",
                                            "$5",
                                            "8c7b1cd2",
                                            "12345678901234567",
                                            "0.12008397020436501",
                                            "99999999999999999999",
                                            "2026-11-20T10:00:00.123456789Z",
                                            "2026-11-20 10:00:00.5",
                                            "2026-11-20 10:00:00+05:30",
                                            "2026-11-20 10:00:00-25:00",
                                            "2026-11-20 10:00:00.",
                                            "2026-11-20 10:00:00 Z",
                                            "2026-13-01",
                                            "2026-11-20 10:61:00",
                                            " ",
                                            "-",
                                            "tru",
                                            "fals",
                                            "falsy"};

/* The counts of a conversion are those of classifying each cell, whatever the target; one cell
 * converts as a column does. */
static void counts_do_not_depend_on_the_target(void **unused)
{
    (void)unused;
    static const struct assay_cell_target targets[] = {
        {.layout = ASSAY_LAYOUT_INT64},   {.layout = ASSAY_LAYOUT_INT128},
        {.layout = ASSAY_LAYOUT_DOUBLE},  {.layout = ASSAY_LAYOUT_BOOL},
        {.layout = ASSAY_LAYOUT_DATE},    {.layout = ASSAY_LAYOUT_TIMESTAMP},
        {.layout = ASSAY_LAYOUT_INSTANT}, {.layout = ASSAY_LAYOUT_TEXT},
        {.layout = ASSAY_LAYOUT_NULL}};
    enum { ROWS = 1500 };
    static struct assay_cell cells[ROWS];
    struct assay_type_profile wanted = {0};
    struct assay_error err = {0};
    for (size_t i = 0; i < ROWS; i++) {
        const char *text = kinds_of_text[i * 7919 % ASSAY_COUNT(kinds_of_text)];
        cells[i] = (struct assay_cell){text, (uint32_t)strlen(text),
                                       i % 5 ? ASSAY_CELL_PLAIN : ASSAY_CELL_QUOTED};
        if (*text && i % 11 == 0)
            cells[i].kind = strcmp(text, "true") ? ASSAY_CELL_NUMBER : ASSAY_CELL_BOOL;
        if (!*text && i % 5)
            cells[i].kind = ASSAY_CELL_NULL;
        assert_int_equal(assay_type_profile_add(&wanted, &cells[i], &err), ASSAY_OK);
    }
    const struct assay_column column = {.layout = ASSAY_LAYOUT_CELL, .values = cells};
    for (size_t t = 0; t < ASSAY_COUNT(targets); t++) {
        ASSAY_AUTO(assay_convert_free) struct assay_convert *convert = NULL;
        assert_int_equal(assay_convert_new(&targets[t], &convert, &err), ASSAY_OK);
        assert_int_equal(assay_convert_column(convert, &column, ROWS, 0, &err), ASSAY_OK);
        assert_memory_equal(convert->profile.counts, wanted.counts, sizeof wanted.counts);
        assert_int_equal(convert->profile.literals, wanted.literals);
        assert_memory_equal(convert->profile.formats, wanted.formats, sizeof wanted.formats);
        for (size_t row = 0; row < ROWS; row++) {
            assay_i128 room;
            bool null;
            const bool fits = assay_convert_cell(&targets[t], &cells[row], &room, &null);
            const bool valid = assay_is_valid(convert->column.validity, row);
            assert_int_equal(fits && !null, valid);
            assert_int_equal(!fits, convert->misfit[row / 64] >> (row % 64) & 1);
        }
    }
    assay_type_profile_release(&wanted);
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* A decimal text read in both ways. */
static void assert_double(const char *text)
{
    const double wanted = strtod(text, NULL), got = assay_double_read(text, strlen(text));
    if (bits_of(wanted) != bits_of(got))
        print_message("%s: %.17g, not %.17g\n", text, got, wanted);
    assert_true(bits_of(wanted) == bits_of(got));
    const struct assay_cell cell = {text, (uint32_t)strlen(text), ASSAY_CELL_NUMBER};
    const struct assay_cell_target target = {.layout = ASSAY_LAYOUT_DOUBLE};
    double value;
    bool null;
    if (assay_convert_cell(&target, &cell, &value, &null))
        assert_true(bits_of(wanted) == bits_of(value));
}

static void doubles_are_correctly_rounded(void **unused)
{
    (void)unused;
    static const char *const hard[] = {
        "9007199254740993",
        "9007199254740992.5",
        "1.7976931348623157e308",
        "1.7976931348623159e308",
        "2.2250738585072014e-308",
        "2.2250738585072011e-308",
        "4.9e-324",
        "2e-324",
        "0.000000000000000000000000000000000000000000001",
        "123456789012345678901234567890",
        "1.00000005960464477539062499",
        "0.500000000000000166533453693773481063544750213623046875",
        "3.518437208883201171875e13",
        "62.5364939768271845828",
        "8.10109172351e-10",
        "1e23",
        "8.5e-23",
        "1090544144181609348671888949248",
        "1e-400",
        "1e400",
        "6.02214076e23",
        "9355950000000000000."
        "000000000000000000000000000000000018446744073709551616000001844674407370955161618446744073"
        "709551616184467440737095516160001844674407370955161660000018446744073709551616184467440737"
        "09551614073709551616"};
    uint64_t random = 5;
    for (size_t i = 0; i < ASSAY_COUNT(hard); i++)
        assert_double(hard[i]);
    for (size_t zeros = 0; zeros < 3000;
         zeros += 500) { /* texts beyond any buffer: what decides may be far behind */
        ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
        assay_buf_printf(&text, "-0.%0*d9007199254740993%0*d1e%zu", (int)zeros + 1, 0,
                         (int)(3000 - zeros), 0, zeros + 17);
        assert_double(assay_buf_str(&text));
        assay_buf_clear(&text);
        assay_buf_printf(&text, "9007199254740993%0*d.%0*de-%zu", (int)zeros + 1, 0,
                         (int)(3000 - zeros), 0, zeros);
        assert_double(assay_buf_str(&text));
    }
    for (size_t round = 0; round < 200000; round++) {
        char text[64];
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        const uint64_t digits = random >> (round % 60);
        switch (round % 4) {
        case 0:
            (void)snprintf(text, sizeof text, "%" PRIu64 "e%d", digits, (int)(round % 110) - 55);
            break;
        case 1:
            (void)snprintf(text, sizeof text, "0.%" PRIu64, digits);
            break;
        case 2:
            (void)snprintf(text, sizeof text, "%.17g",
                           ldexp((double)(random >> 11), (int)(round % 200) - 130));
            break;
        default:
            (void)snprintf(text, sizeof text, "-%" PRIu64 ".%03" PRIu64, digits >> 20,
                           digits % 1000);
        }
        assert_double(text);
    }
}

/* The fast way of columns against strtod, for every size and place of the point. */
static void columns_of_doubles(void **unused)
{
    (void)unused;
    static const char digits[] = "9182736455463728190";
    const struct assay_cell_target target = {.layout = ASSAY_LAYOUT_DOUBLE};
    ASSAY_AUTO(assay_convert_free) struct assay_convert *convert = NULL;
    struct assay_error err = {0};
    assert_int_equal(assay_convert_new(&target, &convert, &err), ASSAY_OK);
    for (size_t size = 1; size <= 19; size++) {
        for (size_t point = 0; point <= size; point++) {
            for (int sign = 0; sign < 2; sign++) {
                char text[32];
                (void)snprintf(text, sizeof text, "%s%.*s.%.*s", sign ? "-" : "", (int)point,
                               digits, (int)(size - point), digits + point);
                const struct assay_cell cell = {text, (uint32_t)strlen(text), ASSAY_CELL_PLAIN};
                const struct assay_column column = {.layout = ASSAY_LAYOUT_CELL, .values = &cell};
                assert_int_equal(assay_convert_column(convert, &column, 1, 0, &err), ASSAY_OK);
                assert_null(convert->column.validity);
                assert_true(bits_of(((const double *)convert->column.values)[0]) ==
                            bits_of(strtod(text, NULL)));
            }
        }
    }
}

static void failing_memory(void **unused)
{
    (void)unused;
    struct assay_cell cells[8];
    const size_t rows = cells_of("1|x|NA|y", cells);
    const struct assay_column column = {.layout = ASSAY_LAYOUT_CELL, .values = cells};
    const struct assay_cell_target target = {.layout = ASSAY_LAYOUT_INT64};
    for (int64_t nth = 1;; nth++) {
        ASSAY_AUTO(assay_convert_free) struct assay_convert *convert = NULL;
        struct assay_type_profile merged = {0};
        struct assay_error err = {0};
        assay_memory_fail_at(nth);
        int rc = assay_convert_new(&target, &convert, &err);
        if (rc == ASSAY_OK)
            rc = assay_convert_column(convert, &column, rows, 0, &err);
        if (rc == ASSAY_OK)
            rc = assay_type_profile_merge(&merged, &convert->profile, &err);
        const bool over = assay_memory_count() < nth;
        assay_memory_fail_at(0);
        assay_type_profile_release(&merged);
        if (over)
            break;
        assert_int_equal(rc, ASSAY_NO_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table), cmocka_unit_test(counts_do_not_depend_on_the_target),
        cmocka_unit_test(doubles_are_correctly_rounded), cmocka_unit_test(columns_of_doubles),
        cmocka_unit_test(failing_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
