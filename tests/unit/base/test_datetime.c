// Dates and ISO 8601: expected values by GNU date and the calendar's rules.
// SPDX-License-Identifier: Apache-2.0
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

#include "common/base/cleanup.h"
#include "common/base/datetime.h"

static void dates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        int64_t days;
    } cases[] = {
        {"1970-01-01", true, 0},
        {"2000-02-29", true, 11016},
        {"1969-12-31", true, -1},
        {"0001-01-01", true, -719162},
        {"9999-12-31", true, 2932896},
        {"1900-02-29", false, 0},
        {"2024-13-01", false, 0},
        {"2024-00-10", false, 0},
        {"2024-1-01", false, 0},
        {"2024-01-01x", false, 0},
        {"", false, 0},
        {"2024-01", false, 0},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        int64_t days = 0;
        assert_int_equal(assay_parse_date(cases[i].text, strlen(cases[i].text), &days),
                         cases[i].good);
        assert_int_equal(days, cases[i].days);
        char text[ASSAY_DATETIME_TEXT];
        if (cases[i].good) {
            (void)assay_format_date(days, text);
            assert_string_equal(text, cases[i].text);
        }
    }
}

static void every_day_of_eight_centuries_comes_back(void **state)
{
    (void)state;
    int64_t year;
    unsigned month, day;
    for (int64_t days = -146097; days < 146097; days++) {
        assay_civil_from_days(days, &year, &month, &day);
        assert_true(assay_is_date(year, month, day));
        assert_int_equal(assay_days_from_civil(year, month, day), days);
    }
}

static void timestamps(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good, zone;
        int64_t us;
        const char *shown;
    } cases[] = {
        {"2026-11-20T10:00:00Z", true, true, INT64_C(1795168800000000), "2026-11-20T10:00:00"},
        {"2026-11-20 10:00:00.25", true, false, INT64_C(1795168800250000),
         "2026-11-20T10:00:00.25"},
        {"2026-11-20T10:00:00+01:30", true, true, INT64_C(1795163400000000), "2026-11-20T08:30:00"},
        {"2026-11-20T10:00", true, false, INT64_C(1795168800000000), "2026-11-20T10:00:00"},
        {"1969-12-31T23:59:59.999999Z", true, true, -1, "1969-12-31T23:59:59.999999"},
        {"2026-11-20T10:00:00.1234567", true, false, INT64_C(1795168800123456),
         "2026-11-20T10:00:00.123456"},
        {"2026-11-20T24:00:00", false, false, 0, ""},
        {"2026-11-20T10:60", false, false, 0, ""},
        {"2026-11-20T10", false, false, 0, ""},
        {"2026-11-20T10:00:00.", false, false, 0, ""},
        {"2026-11-20T10:00:00+99:00", false, false, 0, ""},
        {"2026-11-20T10:00:00Zx", false, false, 0, ""},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        int64_t us = 0;
        bool zone = false;
        if (assay_parse_timestamp(cases[i].text, strlen(cases[i].text), &us, &zone) !=
            cases[i].good)
            fail_msg("%s", cases[i].text);
        if (!cases[i].good)
            continue;
        char text[ASSAY_DATETIME_TEXT];
        assert_int_equal(us, cases[i].us);
        assert_int_equal(zone, cases[i].zone);
        (void)assay_format_timestamp(us, "", text);
        assert_string_equal(text, cases[i].shown);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(dates),
                                       cmocka_unit_test(every_day_of_eight_centuries_comes_back),
                                       cmocka_unit_test(timestamps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
