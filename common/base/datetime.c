// Civil dates and ISO 8601 text.
// SPDX-License-Identifier: Apache-2.0
#include "common/base/datetime.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/base/clock.h"

enum { DAYS_PER_ERA = 146097, EPOCH_SHIFT = 719468 };

int64_t assay_days_from_civil(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    const int64_t era = (year >= 0 ? year : year - 399) / 400;
    const unsigned yoe = (unsigned)(year - era * 400);
    const unsigned doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    const unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * DAYS_PER_ERA + (int64_t)doe - EPOCH_SHIFT;
}

void assay_civil_from_days(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day)
{
    days += EPOCH_SHIFT;
    const int64_t era = (days >= 0 ? days : days - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
    const unsigned doe = (unsigned)(days - era * DAYS_PER_ERA);
    const unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const unsigned mp = (5 * doy + 2) / 153;
    *ret_day = doy - (153 * mp + 2) / 5 + 1;
    *ret_month = mp < 10 ? mp + 3 : mp - 9;
    *ret_year = (int64_t)yoe + era * 400 + (*ret_month <= 2);
}

bool assay_is_date(int64_t year, unsigned month, unsigned day)
{
    static const unsigned char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12 || day < 1)
        return false;
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= lengths[month - 1] + (unsigned)(month == 2 && leap);
}

size_t assay_format_date(int64_t days, char text[ASSAY_DATETIME_TEXT])
{
    int64_t year;
    unsigned month, day;
    assay_civil_from_days(days, &year, &month, &day);
    const char *sign = year < 0 ? "-" : year > 9999 ? "+" : "";
    const int size = snprintf(text, ASSAY_DATETIME_TEXT, "%s%04" PRId64 "-%02u-%02u", sign,
                              year < 0 ? -year : year, month, day);
    return size > 0 ? (size_t)size : 0;
}

size_t assay_format_timestamp(int64_t us, const char *zone, char text[ASSAY_DATETIME_TEXT])
{
    const int64_t day_us = INT64_C(86400) * ASSAY_US_PER_S;
    int64_t days = us / day_us, rest = us % day_us;
    if (rest < 0) {
        rest += day_us;
        days--;
    }
    size_t at = assay_format_date(days, text);
    const int64_t seconds = rest / ASSAY_US_PER_S;
    int64_t fraction = rest % ASSAY_US_PER_S;
    at += (size_t)snprintf(text + at, ASSAY_DATETIME_TEXT - at, "T%02d:%02d:%02d",
                           (int)(seconds / 3600), (int)(seconds / 60 % 60), (int)(seconds % 60));
    if (fraction) {
        int digits = 6;
        for (; fraction % 10 == 0; fraction /= 10)
            digits--;
        at += (size_t)snprintf(text + at, ASSAY_DATETIME_TEXT - at, ".%0*d", digits, (int)fraction);
    }
    return at + (size_t)snprintf(text + at, ASSAY_DATETIME_TEXT - at, "%s", zone);
}

/* Reads exactly `count` digits at *at. */
static bool digits(const char *text, size_t size, size_t *at, size_t count, unsigned *ret_value)
{
    unsigned value = 0;
    if (size - *at < count)
        return false;
    for (size_t i = 0; i < count; i++, (*at)++) {
        const unsigned digit = (unsigned)(unsigned char)text[*at] - '0';
        if (digit > 9)
            return false;
        value = value * 10 + digit;
    }
    *ret_value = value;
    return true;
}

static bool literal(const char *text, size_t size, size_t *at, char c)
{
    if (*at >= size || text[*at] != c)
        return false;
    (*at)++;
    return true;
}

static bool date_at(const char *text, size_t size, size_t *at, int64_t *ret_days)
{
    unsigned year, month, day;
    if (!digits(text, size, at, 4, &year) || !literal(text, size, at, '-') ||
        !digits(text, size, at, 2, &month) || !literal(text, size, at, '-') ||
        !digits(text, size, at, 2, &day) || !assay_is_date(year, month, day))
        return false;
    *ret_days = assay_days_from_civil(year, month, day);
    return true;
}

bool assay_parse_date(const char *text, size_t size, int64_t *ret_days)
{
    size_t at = 0;
    int64_t days;
    if (!date_at(text, size, &at, &days) || at != size)
        return false;
    *ret_days = days;
    return true;
}

static bool fraction_at(const char *text, size_t size, size_t *at, int64_t *ret_us)
{
    int64_t us = 0, scale = 100000;
    const size_t start = *at;
    for (; *at < size && text[*at] >= '0' && text[*at] <= '9'; (*at)++, scale /= 10)
        us += (text[*at] - '0') * scale;
    *ret_us = us;
    return *at > start;
}

static bool zone_at(const char *text, size_t size, size_t *at, int64_t *ret_offset_s)
{
    if (literal(text, size, at, 'Z') || literal(text, size, at, 'z')) {
        *ret_offset_s = 0;
        return true;
    }
    const int sign = literal(text, size, at, '-') ? -1 : literal(text, size, at, '+') ? 1 : 0;
    unsigned hours, minutes = 0;
    if (!sign || !digits(text, size, at, 2, &hours) || hours > 15)
        return false;
    if (*at < size && ((void)literal(text, size, at, ':'), !digits(text, size, at, 2, &minutes)))
        return false;
    *ret_offset_s = sign * (int64_t)(hours * 3600 + minutes * 60);
    return minutes < 60;
}

bool assay_parse_timestamp(const char *text, size_t size, int64_t *ret_us, bool *ret_has_zone)
{
    size_t at = 0;
    int64_t days, fraction = 0, offset_s = 0;
    unsigned hour, minute, second = 0;
    if (!date_at(text, size, &at, &days) ||
        !(literal(text, size, &at, 'T') || literal(text, size, &at, ' ')) ||
        !digits(text, size, &at, 2, &hour) || !literal(text, size, &at, ':') ||
        !digits(text, size, &at, 2, &minute))
        return false;
    if (literal(text, size, &at, ':')) {
        if (!digits(text, size, &at, 2, &second))
            return false;
        if (literal(text, size, &at, '.') && !fraction_at(text, size, &at, &fraction))
            return false;
    }
    const bool has_zone = at < size;
    if (has_zone && (!zone_at(text, size, &at, &offset_s) || at != size))
        return false;
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    const int64_t seconds = days * 86400 + hour * 3600 + minute * 60 + second - offset_s;
    *ret_us = seconds * ASSAY_US_PER_S + fraction;
    *ret_has_zone = has_zone;
    return true;
}
