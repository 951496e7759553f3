/* Reaping and sweeping: leases that ran out, doorbells that were lost, rows that nobody will
 * read. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_REAP_REAP_H
#define ASSAY_REAP_REAP_H

#include "common/job/job_store.h"

/** Times in milliseconds; 0 = the default. */
struct assay_reaper_options {
    int64_t interval_ms;   /* between rounds: 5 s */
    int64_t grace_ms;      /* after the end of a lease: 2 s */
    int64_t hold_off_ms;   /* after taking the lead, so that living workers renew first: 15 s; -1 =
                              none (one process) */
    int64_t redispatch_ms; /* unclaimed for so long: 30 s */
    int64_t sweep_ms;      /* between sweeps: 60 s */
};
/** Zero-initialise, set options. One thread (the leader's). */
struct assay_reaper {
    struct assay_reaper_options options;
    int64_t term; /* of the lead, as last seen */
    int64_t held_until_ns, reaped_ns, swept_ns;
};

/** One round if it is due; call every second or so. term: assay_leader_term(). *ret_reaped: tasks
 * that were taken from their workers or made ready again. */
ASSAY_MUST_CHECK int assay_reaper_tick(struct assay_reaper *reaper, struct assay_job_store *store,
                                       int64_t term, int *ret_reaped, struct assay_error *err);

#endif
