/* The coarsest unit of which all instants are multiples: exact down from the day; weeks, months and
 * years by the days. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_GRANULARITY_H
#define ASSAY_KERNELS_GRANULARITY_H

#include <stddef.h>
#include <stdint.h>

#include "worker/executor/kernels/field_stats.h"

/** Lower *granularity (DAY at first) so that it divides all n values (µs) that are not infinite. */
void assay_granularity_add(enum assay_granularity *granularity, const int64_t *values, size_t n);
/** WEEK, MONTH, YEAR or DAY for n days since 1970-01-01, and how many fall on each weekday (Monday
 * first). DAY for fewer than three different days. */
enum assay_granularity assay_granularity_of_days(const int64_t *days, size_t n,
                                                 uint64_t ret_weekdays[7]);
/** The day of an instant: floor(us / day). */
int64_t assay_day_of_instant(int64_t us);

#endif
