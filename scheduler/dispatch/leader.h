/* Leadership: which of the scheduler's replicas dispatches, relays, reaps and sweeps. It saves
 * work; correctness rests on the guarded verbs of the job store. PostgreSQL: a session's advisory
 * lock on a connection of its own, and a row that is renewed; a holder that is silent (frozen with
 * its session alive) is deposed. SQLite: this process leads. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_DISPATCH_LEADER_H
#define ASSAY_DISPATCH_LEADER_H

#include "common/job/job_store.h"

struct assay_leader_options {
    const char *name;   /* of the duty: "scheduler" */
    const char *holder; /* of this process: host and pid */
    int64_t try_ms;     /* between attempts to take the lock; 0 = 1 s */
    int64_t renew_ms;   /* 0 = 3 s */
    int64_t trust_ms;   /* stop acting when the last renewal is older; 0 = 10 s */
    int64_t depose_ms;  /* a holder silent for so long is deposed; 0 = 15 s */
};

/** One thread. Texts of options are borrowed. */
struct assay_leader;
ASSAY_MUST_CHECK int assay_leader_open(struct assay_job_store *store,
                                       const struct assay_leader_options *options,
                                       struct assay_leader **ret_leader, struct assay_error *err);
/** Gives the lock back. */
void assay_leader_close(struct assay_leader *leader);
ASSAY_DEFINE_CLEANUP(struct assay_leader, assay_leader_close)

/** Take, renew or lose the lead; call at least once a second. *ret_leads: this process may act now.
 * An error means that it does not lead (the connection is gone, or PgBouncer's transaction pooling
 * makes the lock worthless): go on calling. */
ASSAY_MUST_CHECK int assay_leader_tick(struct assay_leader *leader, bool *ret_leads,
                                       struct assay_error *err);
/** Grows each time this process takes the lead: who holds it off after a takeover compares. */
int64_t assay_leader_term(const struct assay_leader *leader);

#endif
