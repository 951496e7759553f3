/* Time: one face over the real clocks and a fake one for tests. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_BASE_CLOCK_H
#define ASSAY_BASE_CLOCK_H

#include <stdint.h>

#define ASSAY_US_PER_S INT64_C(1000000)
#define ASSAY_NS_PER_S INT64_C(1000000000)

/** Microseconds since 1970-01-01 UTC (wall clock). Thread-safe. */
int64_t assay_now_us(void);
/** Nanoseconds of a clock that only grows and goes on while the machine sleeps (CLOCK_BOOTTIME). */
int64_t assay_monotonic_ns(void);
/** Sleep, or in a fake clock: move it. */
void assay_sleep_ms(int64_t ms);

/** Tests only: from now on time stands at now_us (and the same instant as monotonic) until
 * moved. */
void assay_clock_fake(int64_t now_us);
void assay_clock_advance_us(int64_t us);
void assay_clock_real(void);

#endif
