// Reaping and sweeping: what is due when.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/reap/reap.h"

#include "common/base/clock.h"

enum {
    INTERVAL_MS = 5000,
    GRACE_MS = 2000,
    HOLD_OFF_MS = 15000,
    REDISPATCH_MS = 30000,
    SWEEP_MS = 60000,
    KEEP_HIDDEN_MS = 600000,
    BATCH = 200,
    NS_PER_MS = 1000000,
};

static int64_t or_default(int64_t value, int64_t fallback)
{
    return value ? value : fallback;
}

static bool due(int64_t *last_ns, int64_t interval_ms, int64_t now_ns)
{
    if (*last_ns && now_ns - *last_ns < interval_ms * NS_PER_MS)
        return false;
    *last_ns = now_ns;
    return true;
}

static bool held_off(struct assay_reaper *reaper, int64_t term, int64_t now_ns)
{
    if (reaper->term != term) {
        const int64_t ms = or_default(reaper->options.hold_off_ms, HOLD_OFF_MS);
        reaper->term = term;
        reaper->held_until_ns = now_ns + (ms > 0 ? ms : 0) * NS_PER_MS;
    }
    return now_ns < reaper->held_until_ns;
}

int assay_reaper_tick(struct assay_reaper *reaper, struct assay_job_store *store, int64_t term,
                      int *ret_reaped, struct assay_error *err)
{
    const struct assay_reaper_options *o = &reaper->options;
    const int64_t now_ns = assay_monotonic_ns();
    int reaped = 0, again = 0, deleted = 0;
    if (!held_off(reaper, term, now_ns) &&
        due(&reaper->reaped_ns, or_default(o->interval_ms, INTERVAL_MS), now_ns)) {
        ASSAY_TRY(assay_job_reap(store, or_default(o->grace_ms, GRACE_MS), BATCH, &reaped, err));
        ASSAY_TRY(
            assay_job_redispatch(store, or_default(o->redispatch_ms, REDISPATCH_MS), &again, err));
    }
    if (due(&reaper->swept_ns, or_default(o->sweep_ms, SWEEP_MS), now_ns))
        ASSAY_TRY(assay_job_sweep(store, KEEP_HIDDEN_MS, &deleted, err));
    *ret_reaped = reaped + again;
    return ASSAY_OK;
}
