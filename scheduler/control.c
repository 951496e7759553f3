// Control: one thread that turns the scheduler's ticks, and one for the relay, which waits for the
// broker.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/control.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "scheduler/dispatch/dispatch.h"
#include "scheduler/dispatch/leader.h"
#include "scheduler/publish/publish.h"
#include "scheduler/reap/reap.h"
#include "scheduler/relay/relay.h"

enum { TURN_ALONE_MS = 50, TURN_MS = 200, RELAY_BATCH = 500, HOLDER_TEXT = 96 };

/* The duties of a turn. The first two are everybody's, the others the leader's. */
enum duty { DUTY_LEAD, DUTY_PUBLISH, DUTY_DISPATCH, DUTY_RELAY, DUTY_REAP, DUTIES };
static const char *const duty_names[DUTIES] = {"lead", "publish", "dispatch", "relay", "reap"};

struct assay_control {
    struct assay_control_options options;
    char holder[HOLDER_TEXT];
    struct assay_leader *leader;
    struct assay_reaper reaper;
    atomic_bool leads;
    bool failing[DUTIES]; /* a failure is logged when it begins, not at every turn; each its
                             thread's */
    pthread_t turns, relays;
    bool turns_started, relays_started;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    uint64_t wakes; /* under the lock, as the next */
    bool stopping;
};

static void note(struct assay_control *control, enum duty duty, int rc,
                 const struct assay_error *err)
{
    const bool fails = rc != ASSAY_OK;
    if (fails && !control->failing[duty])
        ASSAY_LOG(ASSAY_LOG_WARNING, "scheduler duty fails", ASSAY_F_TEXT("duty", duty_names[duty]),
                  ASSAY_F_TEXT("error", err->text));
    else if (!fails && control->failing[duty])
        ASSAY_LOG(ASSAY_LOG_INFO, "scheduler duty works again",
                  ASSAY_F_TEXT("duty", duty_names[duty]));
    control->failing[duty] = fails;
}

static void lead(struct assay_control *control)
{
    struct assay_error err = {0};
    bool leads = false;
    const int rc = assay_leader_tick(control->leader, &leads, &err);
    if (leads != atomic_load(&control->leads))
        ASSAY_LOG(ASSAY_LOG_INFO, leads ? "leading" : "following",
                  ASSAY_F_TEXT("holder", control->holder));
    atomic_store(&control->leads, leads && rc == ASSAY_OK);
    note(control, DUTY_LEAD, rc, &err);
}

static void publish(struct assay_control *control)
{
    struct assay_error err = {0};
    const struct assay_publisher_options options = {.event_topic = control->options.event_topic};
    int published = 1, rc = ASSAY_OK;
    while (rc == ASSAY_OK && published)
        rc = assay_publish_tick(control->options.store, &options, &published, &err);
    note(control, DUTY_PUBLISH, rc, &err);
}

/* True when doorbells wait for the relay. */
static bool dispatch(struct assay_control *control)
{
    struct assay_error err = {0};
    int dispatched = 0;
    note(control, DUTY_DISPATCH,
         assay_dispatch_tick(control->options.store, control->options.queue, &dispatched, &err),
         &err);
    return dispatched > 0;
}

static void relay(struct assay_control *control)
{
    struct assay_error err = {0};
    int sent = RELAY_BATCH, rc = ASSAY_OK;
    while (rc == ASSAY_OK && sent == RELAY_BATCH)
        rc = assay_relay_tick(control->options.store, control->options.queue, &sent, &err);
    note(control, DUTY_RELAY, rc, &err);
}

static void reap(struct assay_control *control)
{
    struct assay_error err = {0};
    int reaped = 0;
    const int rc = assay_reaper_tick(&control->reaper, control->options.store,
                                     assay_leader_term(control->leader), &reaped, &err);
    if (reaped)
        ASSAY_LOG(ASSAY_LOG_WARNING, "tasks reaped", ASSAY_F_INT("count", reaped));
    note(control, DUTY_REAP, rc, &err);
}

static uint64_t wakes_so_far(struct assay_control *control)
{
    (void)pthread_mutex_lock(&control->lock);
    const uint64_t wakes = control->wakes;
    (void)pthread_mutex_unlock(&control->lock);
    return wakes;
}

/* Wait unless somebody woke it since `seen`, which was taken before the turn. False: it is time to
 * stop. */
static bool wait_for_turn(struct assay_control *control, uint64_t seen)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (control->options.alone ? TURN_ALONE_MS : TURN_MS) * 1000000L;
    until.tv_sec += until.tv_nsec / ASSAY_NS_PER_S;
    until.tv_nsec %= ASSAY_NS_PER_S;
    (void)pthread_mutex_lock(&control->lock);
    while (control->wakes == seen && !control->stopping &&
           pthread_cond_timedwait(&control->wake, &control->lock, &until) == 0)
        continue;
    const bool stopping = control->stopping;
    (void)pthread_mutex_unlock(&control->lock);
    return !stopping;
}

static void *run_turns(void *context)
{
    struct assay_control *control = context;
    uint64_t seen;
    do {
        seen = wakes_so_far(control);
        lead(control);
        publish(control);
        if (!atomic_load(&control->leads))
            continue;
        if (dispatch(control)) {
            assay_control_wake(control); /* the relay */
            seen++;
        }
        reap(control);
    } while (wait_for_turn(control, seen));
    return NULL;
}

/* A broker that does not answer holds the relay for half a minute: nobody else may wait for
 * that. */
static void *run_relays(void *context)
{
    struct assay_control *control = context;
    uint64_t seen;
    do {
        seen = wakes_so_far(control);
        if (atomic_load(&control->leads))
            relay(control);
    } while (wait_for_turn(control, seen));
    return NULL;
}

static struct assay_reaper_options reaper_options(const struct assay_control_options *options)
{
    return (struct assay_reaper_options){.interval_ms = options->lease_ttl_ms / 6,
                                         .grace_ms = options->lease_ttl_ms / 15,
                                         .hold_off_ms =
                                             options->alone ? -1 : options->heartbeat_ms * 3};
}

static int open_leader(struct assay_control *control, struct assay_error *err)
{
    char host[64] = "localhost";
    (void)gethostname(host, sizeof host - 1);
    (void)snprintf(control->holder, sizeof control->holder, "%s:%d", host, (int)getpid());
    const struct assay_leader_options options = {.name = "scheduler", .holder = control->holder};
    return assay_leader_open(control->options.store, &options, &control->leader, err);
}

int assay_control_start(const struct assay_control_options *options,
                        struct assay_control **ret_control, struct assay_error *err)
{
    struct assay_control *control = assay_calloc(1, sizeof *control);
    if (!control)
        return assay_fail_memory(err);
    control->options = *options;
    control->reaper.options = reaper_options(options);
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&control->lock, NULL);
    (void)pthread_cond_init(&control->wake, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    int rc = open_leader(control, err);
    if (rc == ASSAY_OK) {
        control->turns_started = !pthread_create(&control->turns, NULL, run_turns, control);
        control->relays_started = !pthread_create(&control->relays, NULL, run_relays, control);
        if (!control->turns_started || !control->relays_started)
            rc = assay_fail(err, ASSAY_NO_MEMORY, "starting the scheduler's threads");
    }
    if (rc != ASSAY_OK) {
        assay_control_stop(control);
        return rc;
    }
    *ret_control = control;
    return ASSAY_OK;
}

void assay_control_wake(void *context)
{
    struct assay_control *control = context;
    (void)pthread_mutex_lock(&control->lock);
    control->wakes++;
    (void)pthread_cond_broadcast(&control->wake);
    (void)pthread_mutex_unlock(&control->lock);
}

void assay_control_stop(struct assay_control *control)
{
    if (!control)
        return;
    (void)pthread_mutex_lock(&control->lock);
    control->stopping = true;
    (void)pthread_cond_broadcast(&control->wake);
    (void)pthread_mutex_unlock(&control->lock);
    if (control->turns_started)
        (void)pthread_join(control->turns, NULL);
    if (control->relays_started)
        (void)pthread_join(control->relays, NULL);
    assay_leader_close(control->leader);
    (void)pthread_cond_destroy(&control->wake);
    (void)pthread_mutex_destroy(&control->lock);
    assay_free(control);
}
