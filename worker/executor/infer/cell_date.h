/* Date formats: one table of the ways a date is written, and reading by them. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_CELL_DATE_H
#define ASSAY_EXECUTOR_CELL_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Rows of the table, most preferred first. */
enum assay_date_format {
    ASSAY_DATE_YMD_DASH,  /* yyyy-MM-dd */
    ASSAY_DATE_YMD_SLASH, /* yyyy/MM/dd */
    ASSAY_DATE_YMD_DOT,   /* yyyy.MM.dd */
    ASSAY_DATE_DMY_DOT,   /* dd.MM.yyyy */
    ASSAY_DATE_MDY_SLASH, /* MM/dd/yyyy */
    ASSAY_DATE_DMY_SLASH, /* dd/MM/yyyy */
    ASSAY_DATE_DMY_DASH,  /* dd-MM-yyyy */
    ASSAY_DATE_MDY_DASH,  /* MM-dd-yyyy */
    ASSAY_DATE_D_MON_Y,   /* dd-MMM-yyyy, dd MMM yyyy, dd/MMM/yyyy */
    ASSAY_DATE_MON_D_Y,   /* MMM dd, yyyy and MMM dd yyyy */
    ASSAY_DATE_MDY2,      /* MM/dd/yy: 69–99 are 1969–1999, 00–68 are 2000–2068 (POSIX) */
    ASSAY_DATE_DMY2,      /* dd/MM/yy */
    ASSAY_DATE_DMY2_DOT,  /* dd.MM.yy */
    ASSAY_DATE_COMPACT,   /* yyyyMMdd: only when told; never inferred */
    ASSAY_DATE_FORMATS
};

struct assay_date_row {
    const char *name; /* "yyyy-MM-dd" */
    char order[4];    /* "ymd", "dmy", "mdy" */
    char separator;   /* '\0' = by its own reader */
    unsigned year_digits;
    bool month_name;
    int twin;      /* the row that reads the same text with day and month swapped, -1 = none */
    bool inferred; /* taken by inference */
};
extern const struct assay_date_row assay_date_formats[ASSAY_DATE_FORMATS];

/** Row of that name, or -1. Names as of date_format in a profile, the time part being ignored. */
int assay_date_format_find(const char *name);

/** Read a whole text as a date of this row. Day and month may have one digit where the year has
 * four digits at its end. Years 1 to 9999. */
bool assay_date_read(const char *data, size_t size_bytes, enum assay_date_format format,
                     int64_t *ret_days);
/** Read date, 'T' or blank, h:mm[:ss[.fraction]], optional AM/PM, optional zone (Z, ±hh[[:]mm],
 * UTC, GMT). *ret_us is UTC when *ret_has_zone; digits beyond microseconds are cut. A leap second
 * :60 is taken as :59.999999. */
bool assay_timestamp_read(const char *data, size_t size_bytes, enum assay_date_format format,
                          int64_t *ret_us, bool *ret_has_zone);

#endif
