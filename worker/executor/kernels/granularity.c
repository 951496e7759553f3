// Granularity of dates and times.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/granularity.h"

#include <stdbool.h>

#include "common/base/cleanup.h"
#include "common/base/datetime.h"

#define US_PER_DAY INT64_C(86400000000)

static const char *const names[] = {
    [ASSAY_GRANULARITY_NONE] = NULL,
    [ASSAY_GRANULARITY_MICROSECOND] = "microsecond",
    [ASSAY_GRANULARITY_MILLISECOND] = "millisecond",
    [ASSAY_GRANULARITY_SECOND] = "second",
    [ASSAY_GRANULARITY_MINUTE] = "minute",
    [ASSAY_GRANULARITY_HOUR] = "hour",
    [ASSAY_GRANULARITY_DAY] = "day",
    [ASSAY_GRANULARITY_WEEK] = "week",
    [ASSAY_GRANULARITY_MONTH] = "month",
    [ASSAY_GRANULARITY_YEAR] = "year",
};

const char *assay_granularity_name(enum assay_granularity granularity)
{
    return (size_t)granularity < ASSAY_COUNT(names) ? names[granularity] : NULL;
}

/* The first value that is no multiple. Constant units, so that no division is left. */
static inline size_t first_other(const int64_t *values, size_t n, int64_t unit)
{
    size_t i = 0;
    while (i < n && values[i] % unit == 0)
        i++;
    return i;
}

static size_t multiples(enum assay_granularity granularity, const int64_t *values, size_t n)
{
    switch (granularity) {
    case ASSAY_GRANULARITY_DAY:
        return first_other(values, n, US_PER_DAY);
    case ASSAY_GRANULARITY_HOUR:
        return first_other(values, n, INT64_C(3600000000));
    case ASSAY_GRANULARITY_MINUTE:
        return first_other(values, n, INT64_C(60000000));
    case ASSAY_GRANULARITY_SECOND:
        return first_other(values, n, INT64_C(1000000));
    case ASSAY_GRANULARITY_MILLISECOND:
        return first_other(values, n, INT64_C(1000));
    default:
        return n;
    }
}

/* PostgreSQL's and DuckDB's ±infinity are no multiple of anything. */
static bool is_infinite(int64_t us)
{
    return us == INT64_MAX || us == -INT64_MAX;
}

void assay_granularity_add(enum assay_granularity *granularity, const int64_t *values, size_t n)
{
    for (size_t done = 0; done<n && * granularity> ASSAY_GRANULARITY_MICROSECOND;) {
        done += multiples(*granularity, values + done, n - done);
        if (done < n && is_infinite(values[done]))
            done++;
        else if (done < n)
            *granularity = (enum assay_granularity)(*granularity - 1);
    }
}

int64_t assay_day_of_instant(int64_t us)
{
    return us / US_PER_DAY - (us % US_PER_DAY < 0);
}

enum assay_granularity assay_granularity_of_days(const int64_t *days, size_t n,
                                                 uint64_t ret_weekdays[7])
{
    bool months = true, years = true;
    size_t different = 0;
    for (size_t i = 0; i < 7; i++)
        ret_weekdays[i] = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t year;
        unsigned month, day;
        assay_civil_from_days(days[i], &year, &month, &day);
        months = months && day == 1;
        years = years && day == 1 && month == 1;
        ret_weekdays[((days[i] + 3) % 7 + 7) % 7]++; /* 1970-01-01 was a Thursday */
        bool seen = different >= 3;
        for (size_t j = 0; j < i && !seen; j++)
            seen = days[j] == days[i];
        different += !seen;
    }
    if (different < 3)
        return ASSAY_GRANULARITY_DAY;
    if (years)
        return ASSAY_GRANULARITY_YEAR;
    if (months)
        return ASSAY_GRANULARITY_MONTH;
    for (size_t i = 0; i < 7; i++) {
        if (ret_weekdays[i] == n)
            return ASSAY_GRANULARITY_WEEK;
    }
    return ASSAY_GRANULARITY_DAY;
}
