// Doorbells: two small rings under one lock.
// SPDX-License-Identifier: Apache-2.0
#include "worker/doorbells.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/json/json.h"

void assay_doorbells_init(struct assay_doorbells *doorbells)
{
    *doorbells = (struct assay_doorbells){0};
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&doorbells->lock, NULL);
    (void)pthread_cond_init(&doorbells->rang, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

void assay_doorbells_release(struct assay_doorbells *doorbells)
{
    (void)pthread_cond_destroy(&doorbells->rang);
    (void)pthread_mutex_destroy(&doorbells->lock);
}

int assay_doorbell_parse(const struct assay_message *message, int lane,
                         struct assay_doorbell *ret_doorbell, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *body = NULL;
    int64_t task_id, seq;
    ASSAY_TRY(assay_json_parse(message->body, message->size_bytes, "doorbell", &body, err));
    ASSAY_TRY(assay_json_need_int(body, "task_id", &task_id, err));
    ASSAY_TRY(assay_json_need_int(body, "seq", &seq, err));
    if (task_id < 1 || seq < 1 || seq > INT32_MAX)
        return assay_fail(err, ASSAY_FORMAT, "doorbell: no such task or sequence");
    *ret_doorbell =
        (struct assay_doorbell){task_id, (int)seq, lane, message->partition, message->offset};
    return ASSAY_OK;
}

bool assay_doorbells_ring(struct assay_doorbells *doorbells, const struct assay_doorbell *doorbell)
{
    (void)pthread_mutex_lock(&doorbells->lock);
    const bool room = doorbells->waiting_count < ASSAY_DOORBELLS_MAX;
    if (room)
        doorbells->waiting[doorbells->waiting_count++] = *doorbell;
    (void)pthread_cond_signal(&doorbells->rang);
    (void)pthread_mutex_unlock(&doorbells->lock);
    return room;
}

static void shift(struct assay_doorbell *items, size_t *count)
{
    memmove(items, items + 1, --*count * sizeof *items);
}

bool assay_doorbells_take(struct assay_doorbells *doorbells, int64_t timeout_ms,
                          struct assay_doorbell *ret_doorbell)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    const int64_t ns = until.tv_nsec + timeout_ms % 1000 * 1000000;
    until.tv_sec += timeout_ms / 1000 + ns / ASSAY_NS_PER_S;
    until.tv_nsec = ns % ASSAY_NS_PER_S;
    (void)pthread_mutex_lock(&doorbells->lock);
    while (!doorbells->waiting_count && !doorbells->closed &&
           pthread_cond_timedwait(&doorbells->rang, &doorbells->lock, &until) != ETIMEDOUT)
        continue;
    const bool got = doorbells->waiting_count && !doorbells->closed;
    if (got) {
        *ret_doorbell = doorbells->waiting[0];
        shift(doorbells->waiting, &doorbells->waiting_count);
    }
    (void)pthread_mutex_unlock(&doorbells->lock);
    return got;
}

void assay_doorbells_return(struct assay_doorbells *doorbells,
                            const struct assay_doorbell *doorbell)
{
    (void)pthread_mutex_lock(&doorbells->lock);
    if (doorbells->waiting_count < ASSAY_DOORBELLS_MAX) {
        memmove(doorbells->waiting + 1, doorbells->waiting,
                doorbells->waiting_count++ * sizeof *doorbell);
        doorbells->waiting[0] = *doorbell;
    }
    (void)pthread_mutex_unlock(&doorbells->lock);
}

void assay_doorbells_done(struct assay_doorbells *doorbells, const struct assay_doorbell *doorbell)
{
    (void)pthread_mutex_lock(&doorbells->lock);
    if (doorbells->done_count <
        ASSAY_DOORBELLS_MAX) /* else it rings again one day, which is harmless */
        doorbells->done[doorbells->done_count++] = *doorbell;
    (void)pthread_mutex_unlock(&doorbells->lock);
}

bool assay_doorbells_next_done(struct assay_doorbells *doorbells,
                               struct assay_doorbell *ret_doorbell)
{
    (void)pthread_mutex_lock(&doorbells->lock);
    const bool got = doorbells->done_count > 0;
    if (got) {
        *ret_doorbell = doorbells->done[0];
        shift(doorbells->done, &doorbells->done_count);
    }
    (void)pthread_mutex_unlock(&doorbells->lock);
    return got;
}

void assay_doorbells_close(struct assay_doorbells *doorbells)
{
    (void)pthread_mutex_lock(&doorbells->lock);
    doorbells->closed = true;
    (void)pthread_cond_broadcast(&doorbells->rang);
    (void)pthread_mutex_unlock(&doorbells->lock);
}
