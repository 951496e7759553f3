// Date formats: the table, and reading dates and timestamps by its rows.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/infer/cell_date.h"

#include <string.h>
#include <strings.h>

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/datetime.h"

const struct assay_date_row assay_date_formats[ASSAY_DATE_FORMATS] = {
    [ASSAY_DATE_YMD_DASH] = {"yyyy-MM-dd", "ymd", '-', 4, false, -1, true},
    [ASSAY_DATE_YMD_SLASH] = {"yyyy/MM/dd", "ymd", '/', 4, false, -1, true},
    [ASSAY_DATE_YMD_DOT] = {"yyyy.MM.dd", "ymd", '.', 4, false, -1, true},
    [ASSAY_DATE_DMY_DOT] = {"dd.MM.yyyy", "dmy", '.', 4, false, -1, true},
    [ASSAY_DATE_MDY_SLASH] = {"MM/dd/yyyy", "mdy", '/', 4, false, ASSAY_DATE_DMY_SLASH, true},
    [ASSAY_DATE_DMY_SLASH] = {"dd/MM/yyyy", "dmy", '/', 4, false, ASSAY_DATE_MDY_SLASH, true},
    [ASSAY_DATE_DMY_DASH] = {"dd-MM-yyyy", "dmy", '-', 4, false, ASSAY_DATE_MDY_DASH, true},
    [ASSAY_DATE_MDY_DASH] = {"MM-dd-yyyy", "mdy", '-', 4, false, ASSAY_DATE_DMY_DASH, true},
    [ASSAY_DATE_D_MON_Y] = {"dd-MMM-yyyy", "dmy", '\0', 4, true, -1, true},
    [ASSAY_DATE_MON_D_Y] = {"MMM dd, yyyy", "mdy", '\0', 4, true, -1, true},
    [ASSAY_DATE_MDY2] = {"MM/dd/yy", "mdy", '/', 2, false, ASSAY_DATE_DMY2, true},
    [ASSAY_DATE_DMY2] = {"dd/MM/yy", "dmy", '/', 2, false, ASSAY_DATE_MDY2, true},
    [ASSAY_DATE_DMY2_DOT] = {"dd.MM.yy", "dmy", '.', 2, false, -1, true},
    [ASSAY_DATE_COMPACT] = {"yyyyMMdd", "ymd", '\0', 4, false, -1, false},
};

int assay_date_format_find(const char *name)
{
    for (int i = 0; i < ASSAY_DATE_FORMATS; i++) {
        const char *row = assay_date_formats[i].name;
        const size_t size = strlen(row);
        if (!strncasecmp(name, row, size) &&
            (!name[size] || name[size] == ' ' || name[size] == '\''))
            return i;
    }
    return -1;
}

/* Text being read; every function moves `at` over what it takes. */
struct cursor {
    const char *at, *end;
};

static bool take(struct cursor *cursor, char c)
{
    if (cursor->at == cursor->end || *cursor->at != c)
        return false;
    cursor->at++;
    return true;
}

/* Between least and most digits. */
static bool take_number(struct cursor *cursor, unsigned least, unsigned most, unsigned *ret_value)
{
    unsigned value = 0, count = 0;
    for (; count < most && cursor->at < cursor->end; count++, cursor->at++) {
        const unsigned digit = (unsigned)(unsigned char)*cursor->at - '0';
        if (digit > 9)
            break;
        value = value * 10 + digit;
    }
    *ret_value = value;
    return count >= least;
}

/* An English month: three letters or the whole name, any case. */
static bool take_month_name(struct cursor *cursor, unsigned *ret_month)
{
    static const char *const names[] = {"january",   "february", "march",    "april",
                                        "may",       "june",     "july",     "august",
                                        "september", "october",  "november", "december"};
    const size_t left = (size_t)(cursor->end - cursor->at);
    for (unsigned i = 0; i < ASSAY_COUNT(names); i++) {
        const size_t size = strlen(names[i]);
        if (left < 3 || strncasecmp(cursor->at, names[i], 3))
            continue;
        cursor->at += left >= size && !strncasecmp(cursor->at, names[i], size) ? size : 3;
        *ret_month = i + 1;
        return true;
    }
    return false;
}

struct civil {
    unsigned year, month, day;
};

/* dd-MMM-yyyy with '-', blank or '/'; the same one twice. */
static bool take_day_month_year(struct cursor *cursor, struct civil *civil)
{
    if (!take_number(cursor, 1, 2, &civil->day) || cursor->at == cursor->end)
        return false;
    const char separator = *cursor->at;
    return (separator == '-' || separator == ' ' || separator == '/') && take(cursor, separator) &&
           take_month_name(cursor, &civil->month) && take(cursor, separator) &&
           take_number(cursor, 4, 4, &civil->year);
}

static bool take_month_day_year(struct cursor *cursor, struct civil *civil)
{
    return take_month_name(cursor, &civil->month) && take(cursor, ' ') &&
           take_number(cursor, 1, 2, &civil->day) && ((void)take(cursor, ','), take(cursor, ' ')) &&
           take_number(cursor, 4, 4, &civil->year);
}

static bool take_by_order(struct cursor *cursor, const struct assay_date_row *row,
                          struct civil *civil)
{
    for (const char *part = row->order; *part; part++) {
        if (part != row->order && row->separator && !take(cursor, row->separator))
            return false;
        unsigned *to = *part == 'y' ? &civil->year : *part == 'm' ? &civil->month : &civil->day;
        const unsigned most = *part == 'y' ? row->year_digits : 2;
        const unsigned least = *part == 'y' ? row->year_digits : row->separator ? 1 : 2;
        if (!take_number(cursor, least, most, to))
            return false;
    }
    return true;
}

static bool take_date(struct cursor *cursor, enum assay_date_format format, int64_t *ret_days)
{
    const struct assay_date_row *row = &assay_date_formats[format];
    struct civil civil = {0};
    const bool taken = format == ASSAY_DATE_D_MON_Y   ? take_day_month_year(cursor, &civil)
                       : format == ASSAY_DATE_MON_D_Y ? take_month_day_year(cursor, &civil)
                                                      : take_by_order(cursor, row, &civil);
    if (!taken)
        return false;
    if (row->year_digits == 2)
        civil.year += civil.year >= 69 ? 1900 : 2000;
    if (civil.year < 1 || !assay_is_date(civil.year, civil.month, civil.day))
        return false;
    *ret_days = assay_days_from_civil(civil.year, civil.month, civil.day);
    return true;
}

bool assay_date_read(const char *data, size_t size_bytes, enum assay_date_format format,
                     int64_t *ret_days)
{
    struct cursor cursor = {data, data + size_bytes};
    int64_t days;
    if (!take_date(&cursor, format, &days) || cursor.at != cursor.end)
        return false;
    *ret_days = days;
    return true;
}

/* ".123456789": microseconds, the rest cut. */
static bool take_fraction(struct cursor *cursor, int64_t *ret_us)
{
    int64_t us = 0, unit = 100000;
    const char *start = cursor->at;
    for (; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9';
         cursor->at++, unit /= 10)
        us += (*cursor->at - '0') * unit;
    *ret_us = us;
    return cursor->at > start;
}

/* AM or PM moves the hour; false for an hour that has neither. */
static bool take_half_day(struct cursor *cursor, unsigned *hour)
{
    struct cursor ahead = *cursor;
    (void)take(&ahead, ' ');
    if (ahead.end - ahead.at < 2 || (ahead.at[1] | 0x20) != 'm')
        return true;
    const char half = (char)(ahead.at[0] | 0x20);
    if (half != 'a' && half != 'p')
        return true;
    if (*hour < 1 || *hour > 12)
        return false;
    *hour = *hour % 12 + (half == 'p' ? 12 : 0);
    cursor->at = ahead.at + 2;
    return true;
}

/* Z, UTC, GMT, ±hh, ±hhmm, ±hh:mm, a blank in front allowed. */
static bool take_zone(struct cursor *cursor, int64_t *ret_offset_s, bool *ret_has_zone)
{
    unsigned hours = 0, minutes = 0;
    *ret_offset_s = 0;
    *ret_has_zone = cursor->at < cursor->end;
    (void)take(cursor, ' ');
    const size_t left = (size_t)(cursor->end - cursor->at);
    if (!*ret_has_zone)
        return true;
    if (take(cursor, 'Z') || take(cursor, 'z'))
        return true;
    if (left >= 3 && (!memcmp(cursor->at, "UTC", 3) || !memcmp(cursor->at, "GMT", 3))) {
        cursor->at += 3;
        return true;
    }
    const int sign = take(cursor, '-') ? -1 : take(cursor, '+') ? 1 : 0;
    if (!sign || !take_number(cursor, 2, 2, &hours) || hours > 15)
        return false;
    const bool colon = take(cursor, ':');
    if ((colon || cursor->at < cursor->end) && !take_number(cursor, 2, 2, &minutes))
        return false;
    *ret_offset_s = sign * (int64_t)(hours * 3600 + minutes * 60);
    return minutes < 60;
}

bool assay_timestamp_read(const char *data, size_t size_bytes, enum assay_date_format format,
                          int64_t *ret_us, bool *ret_has_zone)
{
    struct cursor cursor = {data, data + size_bytes};
    int64_t days, fraction = 0, offset_s;
    unsigned hour, minute, second = 0;
    bool has_zone;
    if (!take_date(&cursor, format, &days) ||
        !(take(&cursor, 'T') || take(&cursor, 't') || take(&cursor, ' ')) ||
        !take_number(&cursor, 1, 2, &hour) || !take(&cursor, ':') ||
        !take_number(&cursor, 2, 2, &minute))
        return false;
    if (take(&cursor, ':')) {
        if (!take_number(&cursor, 2, 2, &second))
            return false;
        if ((take(&cursor, '.') || take(&cursor, ',')) && !take_fraction(&cursor, &fraction))
            return false;
    }
    if (!take_half_day(&cursor, &hour) || !take_zone(&cursor, &offset_s, &has_zone) ||
        cursor.at != cursor.end)
        return false;
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    if (second == 60) {
        second = 59;
        fraction = 999999;
    }
    *ret_us =
        (days * 86400 + (int64_t)(hour * 3600 + minute * 60 + second) - offset_s) * ASSAY_US_PER_S +
        fraction;
    *ret_has_zone = has_zone;
    return true;
}
