/* Doorbells: the messages that wait for a slot, and the acknowledgements that go back to the intake
 * thread. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_WORKER_DOORBELLS_H
#define ASSAY_WORKER_DOORBELLS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/queue/queue.h"

enum { ASSAY_DOORBELLS_MAX = 256 };

struct assay_doorbell {
    int64_t task_id;
    int dispatch_seq;
    int lane;
    int32_t partition;
    int64_t offset;
};

struct assay_doorbells {
    pthread_mutex_t lock;
    pthread_cond_t rang;
    struct assay_doorbell waiting[ASSAY_DOORBELLS_MAX], done[ASSAY_DOORBELLS_MAX];
    size_t waiting_count, done_count;
    bool closed;
};

void assay_doorbells_init(struct assay_doorbells *doorbells);
void assay_doorbells_release(struct assay_doorbells *doorbells);

/** Read a message's body. ASSAY_FORMAT: bytes that no build of ours wrote. */
ASSAY_MUST_CHECK int assay_doorbell_parse(const struct assay_message *message, int lane,
                                          struct assay_doorbell *ret_doorbell,
                                          struct assay_error *err);
/** Put one in the queue; false when it is full. */
bool assay_doorbells_ring(struct assay_doorbells *doorbells, const struct assay_doorbell *doorbell);
/** Take the next one, waiting at most timeout_ms; false when there is none, or when closed. */
bool assay_doorbells_take(struct assay_doorbells *doorbells, int64_t timeout_ms,
                          struct assay_doorbell *ret_doorbell);
/** Put it back in front: the catalog could not be asked. */
void assay_doorbells_return(struct assay_doorbells *doorbells,
                            const struct assay_doorbell *doorbell);
/** It was claimed, or is nobody's any more: may be acknowledged. */
void assay_doorbells_done(struct assay_doorbells *doorbells, const struct assay_doorbell *doorbell);
/** The next one to acknowledge. */
bool assay_doorbells_next_done(struct assay_doorbells *doorbells,
                               struct assay_doorbell *ret_doorbell);
/** Wake everybody; take gives nothing from now on. */
void assay_doorbells_close(struct assay_doorbells *doorbells);

#endif
