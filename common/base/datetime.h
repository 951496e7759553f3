/* Civil dates in the proleptic Gregorian calendar and their ISO 8601 text. No time zones here. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_BASE_DATETIME_H
#define ASSAY_BASE_DATETIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ASSAY_DATETIME_TEXT 48 /* bytes that hold any text made here */

/** Days since 1970-01-01 of a date, and back (Hinnant's algorithms). month 1–12, day 1–31, any
 * year. */
int64_t assay_days_from_civil(int64_t year, unsigned month, unsigned day);
void assay_civil_from_days(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day);
bool assay_is_date(int64_t year, unsigned month, unsigned day);

/** "2026-11-20"; years outside 0–9999 get a sign and at least four digits. Returns the length. */
size_t assay_format_date(int64_t days, char text[ASSAY_DATETIME_TEXT]);
/** "2026-11-20T10:00:00", with ".123456" (trailing zeros cut) when there is a fraction; `zone` ("Z"
 * or "") is appended. us: microseconds since 1970-01-01. */
size_t assay_format_timestamp(int64_t us, const char *zone, char text[ASSAY_DATETIME_TEXT]);

/** Strict ISO 8601: "2026-11-20". True when the whole text is a valid date. */
bool assay_parse_date(const char *text, size_t size, int64_t *ret_days);
/** Strict ISO 8601 / RFC 3339: date, 'T' or blank, hh:mm[:ss[.fraction]], optional zone Z or
 * ±hh[:mm]. *ret_us is UTC when a zone is given (*ret_has_zone true), else as written. Fractions
 * beyond µs are cut. */
bool assay_parse_timestamp(const char *text, size_t size, int64_t *ret_us, bool *ret_has_zone);

#endif
