// Time: the real clocks, or a fake one that tests move by hand.
// SPDX-License-Identifier: Apache-2.0
#include "common/base/clock.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

static atomic_bool faked;
static atomic_int_least64_t fake_us;

static int64_t read_ns(clockid_t id)
{
    struct timespec now;
    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * ASSAY_NS_PER_S + now.tv_nsec;
}

int64_t assay_now_us(void)
{
    return atomic_load(&faked) ? atomic_load(&fake_us) : read_ns(CLOCK_REALTIME) / 1000;
}

int64_t assay_monotonic_ns(void)
{
    return atomic_load(&faked) ? atomic_load(&fake_us) * 1000 : read_ns(CLOCK_BOOTTIME);
}

void assay_sleep_ms(int64_t ms)
{
    if (atomic_load(&faked)) {
        assay_clock_advance_us(ms * 1000);
        return;
    }
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (nanosleep(&left, &left))
        continue;
}

void assay_clock_fake(int64_t now_us)
{
    atomic_store(&fake_us, now_us);
    atomic_store(&faked, true);
}

void assay_clock_advance_us(int64_t us)
{
    atomic_fetch_add(&fake_us, us);
}

void assay_clock_real(void)
{
    atomic_store(&faked, false);
}
