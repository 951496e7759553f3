// Leases of the tasks that run here: renewal and self-fence.
// SPDX-License-Identifier: Apache-2.0
#include "worker/leases.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/memory.h"

#define NS_PER_MS INT64_C(1000000)

void assay_leases_init(struct assay_leases *leases, const struct assay_worker_times *times)
{
    *leases = (struct assay_leases){.times = *times};
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&leases->lock, NULL);
    (void)pthread_cond_init(&leases->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

void assay_leases_release(struct assay_leases *leases)
{
    (void)pthread_cond_destroy(&leases->changed);
    (void)pthread_mutex_destroy(&leases->lock);
}

static int64_t trust_after(const struct assay_leases *leases, int64_t sent_ns)
{
    return sent_ns + (leases->times.lease_ttl_ms - leases->times.fence_margin_ms) * NS_PER_MS;
}

void assay_leases_add(struct assay_leases *leases, struct assay_lease *lease, int64_t sent_ns)
{
    (void)pthread_mutex_lock(&leases->lock);
    lease->trusted_until_ns = trust_after(leases, sent_ns);
    lease->next = leases->first;
    leases->first = lease;
    leases->count++;
    if (leases->stopped)
        assay_lease_stop(lease, leases->stopped);
    (void)pthread_mutex_unlock(&leases->lock);
}

void assay_leases_remove(struct assay_leases *leases, struct assay_lease *lease)
{
    (void)pthread_mutex_lock(&leases->lock);
    for (struct assay_lease **at = &leases->first; *at; at = &(*at)->next) {
        if (*at == lease) {
            *at = lease->next;
            leases->count--;
            break;
        }
    }
    (void)pthread_cond_broadcast(&leases->changed);
    (void)pthread_mutex_unlock(&leases->lock);
}

void assay_leases_progress(struct assay_leases *leases, struct assay_lease *lease, const char *json,
                           size_t size_bytes)
{
    (void)pthread_mutex_lock(&leases->lock);
    const size_t size = size_bytes < sizeof lease->progress ? size_bytes : 0;
    memcpy(lease->progress, json, size);
    lease->progress[size] = '\0';
    (void)pthread_mutex_unlock(&leases->lock);
}

void assay_lease_stop(struct assay_lease *lease, enum assay_stop_reason reason)
{
    int none = ASSAY_STOP_NONE;
    (void)atomic_compare_exchange_strong(&lease->reason, &none, (int)reason);
    atomic_store(&lease->suspended, false);
    atomic_store(&lease->stop, true);
}

void assay_leases_stop_all(struct assay_leases *leases, enum assay_stop_reason reason)
{
    (void)pthread_mutex_lock(&leases->lock);
    leases->stopped = reason;
    for (struct assay_lease *lease = leases->first; lease; lease = lease->next)
        assay_lease_stop(lease, reason);
    (void)pthread_mutex_unlock(&leases->lock);
}

/* Copies what is to be renewed; the statement itself runs outside the lock. */
static struct assay_job_beat *collect(struct assay_leases *leases, size_t *ret_count,
                                      char **ret_texts)
{
    (void)pthread_mutex_lock(&leases->lock);
    const size_t count = (size_t)leases->count;
    struct assay_job_beat *beats = assay_calloc(count, sizeof *beats);
    char *texts = assay_calloc(count, ASSAY_LEASE_PROGRESS_BYTES);
    size_t i = 0;
    for (struct assay_lease *lease = leases->first; beats && texts && lease;
         lease = lease->next, i++) {
        char *text = texts + i * ASSAY_LEASE_PROGRESS_BYTES;
        memcpy(text, lease->progress, ASSAY_LEASE_PROGRESS_BYTES);
        beats[i] = (struct assay_job_beat){
            .task_id = lease->task_id, .epoch = lease->epoch, .progress = *text ? text : NULL};
    }
    (void)pthread_mutex_unlock(&leases->lock);
    *ret_count = i;
    *ret_texts = texts;
    return beats;
}

/* Trust is counted from before the statement was sent, and only for what the reply names. */
static void apply(struct assay_leases *leases, const struct assay_job_beat *beat, int64_t sent_ns)
{
    for (struct assay_lease *lease = leases->first; lease; lease = lease->next) {
        if (lease->task_id != beat->task_id || lease->epoch != beat->epoch)
            continue;
        if (!beat->held) {
            assay_lease_stop(lease, ASSAY_STOP_LOST);
            return;
        }
        lease->trusted_until_ns = trust_after(leases, sent_ns);
        if (beat->cancel)
            assay_lease_stop(lease, ASSAY_STOP_CANCEL);
        else if (lease->suspended_since_ns) {
            lease->suspended_since_ns = 0;
            atomic_store(&lease->suspended, false);
        }
    }
}

int assay_leases_beat(struct assay_leases *leases, struct assay_job_store *store,
                      const struct assay_job_worker *worker, struct assay_error *err)
{
    size_t count;
    char *texts;
    struct assay_job_beat *beats = collect(leases, &count, &texts);
    int rc = beats && texts ? ASSAY_OK : assay_fail_memory(err);
    if (rc == ASSAY_OK && count) {
        const int64_t sent_ns = assay_monotonic_ns();
        rc = assay_job_heartbeat(store, worker, beats, count, err);
        (void)pthread_mutex_lock(&leases->lock);
        for (size_t i = 0; i < count && rc == ASSAY_OK; i++)
            apply(leases, &beats[i], sent_ns);
        (void)pthread_mutex_unlock(&leases->lock);
    }
    assay_free(beats);
    assay_free(texts);
    return rc;
}

void assay_leases_guard(struct assay_leases *leases, int64_t now_ns)
{
    (void)pthread_mutex_lock(&leases->lock);
    for (struct assay_lease *lease = leases->first; lease; lease = lease->next) {
        if (now_ns < lease->trusted_until_ns || atomic_load(&lease->stop))
            continue;
        if (!lease->suspended_since_ns) {
            lease->suspended_since_ns = now_ns;
            atomic_store(&lease->suspended, true);
        } else if (now_ns - lease->suspended_since_ns > leases->times.suspend_max_ms * NS_PER_MS) {
            assay_lease_stop(lease, ASSAY_STOP_LOST);
        }
    }
    (void)pthread_mutex_unlock(&leases->lock);
}

bool assay_leases_wait_idle(struct assay_leases *leases, int64_t timeout_ms)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += timeout_ms % 1000 * NS_PER_MS;
    until.tv_sec += until.tv_nsec / ASSAY_NS_PER_S;
    until.tv_nsec %= ASSAY_NS_PER_S;
    (void)pthread_mutex_lock(&leases->lock);
    while (leases->count &&
           pthread_cond_timedwait(&leases->changed, &leases->lock, &until) != ETIMEDOUT)
        continue;
    const bool idle = !leases->count;
    (void)pthread_mutex_unlock(&leases->lock);
    return idle;
}

int assay_leases_count(struct assay_leases *leases)
{
    (void)pthread_mutex_lock(&leases->lock);
    const int count = leases->count;
    (void)pthread_mutex_unlock(&leases->lock);
    return count;
}
