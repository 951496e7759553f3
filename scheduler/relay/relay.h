/* Outbox relay: sends what transactions left in the outbox and deletes what was delivered. A crash
 * in between sends twice, which is harmless: consumers drop by ce_id, or by (task, seq). */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_RELAY_RELAY_H
#define ASSAY_RELAY_RELAY_H

#include "common/job/job_store.h"
#include "common/queue/queue.h"

/** One batch (at most 500): produce, wait for every delivery report, delete the delivered. Order
 * per key is kept: what comes after an undelivered message of the same key is sent again with it.
 * *ret_sent: delivered; call again at once while it is 500. ASSAY_UNAVAILABLE: some were not
 * delivered and stay (workers steal meanwhile). One thread (the leader's). */
ASSAY_MUST_CHECK int assay_relay_tick(struct assay_job_store *store, struct assay_queue *queue,
                                      int *ret_sent, struct assay_error *err);

#endif
