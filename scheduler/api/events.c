// Watchers of operations.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/api/events.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/base/memory.h"
#include "scheduler/api/internal.h"

enum {
    WATCHERS_MAX = 1000,
    LOOK_MS = 500,
    SILENT_LOOKS = 30 /* then a comment, so that proxies keep the connection */
};

struct watcher {
    struct assay_stream *stream;
    int64_t operation_id;
    char *last; /* what it was told last; NULL = nothing yet */
    int silent;
};

struct assay_events {
    const struct assay_api_options *options;
    pthread_t thread;
    pthread_mutex_t lock; /* of all below; watchers' members are the thread's alone */
    pthread_cond_t changed;
    struct watcher watchers[WATCHERS_MAX];
    size_t count;
    bool stopping;
};

/* What an operation looks like now, once for all who watch it: {"text", "over"} by id; an empty
 * object when it is gone. NULL: the catalog is away, or memory is short; the next look may tell.
 * Borrowed from `seen`. */
static const json_t *look(const struct assay_events *events, json_t *seen, int64_t operation_id)
{
    char key[24];
    struct assay_error err = {0};
    ASSAY_AUTO(assay_json_decref) json_t *operation = NULL;
    (void)snprintf(key, sizeof key, "%" PRId64, operation_id);
    if (json_object_get(seen, key))
        return json_object_get(seen, key);
    const int rc = assay_operation_now(events->options, operation_id, &operation, &err);
    json_t *state = NULL;
    if (rc == ASSAY_OK) {
        ASSAY_AUTO(assay_free_text) char *text = assay_json_text(operation);
        const bool over = !json_is_null(json_object_get(operation, "end_time"));
        if (text)
            state = json_pack("{s:s, s:b}", "text", text, "over", over);
    } else if (rc == ASSAY_NOT_FOUND) {
        state = json_object();
    }
    return state && !json_object_set_new(seen, key, state) ? state : NULL;
}

/* Send what is new. False: nobody takes it. */
static bool tell(struct watcher *watcher, const char *text)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf event = {0};
    assay_free(watcher->last);
    watcher->last = assay_strdup(text);
    watcher->silent = 0;
    assay_buf_printf(&event, "event: operation\ndata: %s\n\n", text);
    return assay_stream_write(watcher->stream, assay_buf_str(&event));
}

/* Tell a watcher what is new. False: it is done. */
static bool serve(const struct assay_events *events, struct watcher *watcher, json_t *seen)
{
    const json_t *state = look(events, seen, watcher->operation_id);
    const char *text = assay_json_str(state, "text", NULL);
    bool going = true;
    if (text && (!watcher->last || strcmp(watcher->last, text) != 0))
        going = tell(watcher, text);
    else if (++watcher->silent >= SILENT_LOOKS) {
        watcher->silent = 0;
        going = assay_stream_write(watcher->stream, ": still there\n\n");
    }
    const bool over = state && assay_json_bool(state, "over", true);
    if (over)
        assay_stream_end(watcher->stream);
    return going && !over;
}

static void forget(struct watcher *watcher)
{
    assay_stream_unref(watcher->stream);
    assay_free(watcher->last);
    *watcher = (struct watcher){0};
}

/* One look at all operations that are watched. Only this thread takes watchers away, so those that
 * it counted stay. */
static void look_at_all(struct assay_events *events, size_t count)
{
    ASSAY_AUTO(assay_json_decref) json_t *seen = json_object();
    for (size_t i = count; i-- > 0;) {
        if (serve(events, &events->watchers[i], seen))
            continue;
        forget(&events->watchers[i]);
        pthread_mutex_lock(&events->lock);
        events->watchers[i] = events->watchers[--events->count];
        events->watchers[events->count] = (struct watcher){0};
        pthread_mutex_unlock(&events->lock);
    }
}

static void pause_until_next(struct assay_events *events)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += LOOK_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    while (!events->stopping &&
           pthread_cond_timedwait(&events->changed, &events->lock, &until) == 0)
        ;
}

static void *run(void *context)
{
    struct assay_events *events = context;
    pthread_mutex_lock(&events->lock);
    while (!events->stopping) {
        if (events->count == 0) {
            pthread_cond_wait(&events->changed, &events->lock);
            continue;
        }
        const size_t count = events->count;
        pthread_mutex_unlock(&events->lock);
        look_at_all(events, count);
        pthread_mutex_lock(&events->lock);
        pause_until_next(events);
    }
    pthread_mutex_unlock(&events->lock);
    return NULL;
}

int assay_events_start(const struct assay_api_options *options, struct assay_events **ret_events,
                       struct assay_error *err)
{
    struct assay_events *events = assay_calloc(1, sizeof *events);
    if (!events)
        return assay_fail_memory(err);
    events->options = options;
    (void)pthread_mutex_init(&events->lock, NULL);
    (void)pthread_cond_init(&events->changed, NULL);
    if (pthread_create(&events->thread, NULL, run, events) != 0) {
        events->stopping = true;
        assay_free(events);
        return assay_fail(err, ASSAY_NO_MEMORY, "starting the thread of event streams");
    }
    *ret_events = events;
    return ASSAY_OK;
}

void assay_events_stop(struct assay_events *events)
{
    if (!events)
        return;
    pthread_mutex_lock(&events->lock);
    const bool first = !events->stopping;
    events->stopping = true;
    pthread_cond_broadcast(&events->changed);
    pthread_mutex_unlock(&events->lock);
    if (!first)
        return;
    (void)pthread_join(events->thread, NULL);
    for (size_t i = 0; i < events->count; i++) {
        assay_stream_end(events->watchers[i].stream);
        forget(&events->watchers[i]);
    }
    events->count = 0;
}

void assay_events_free(struct assay_events *events)
{
    if (!events)
        return;
    assay_events_stop(events);
    pthread_mutex_destroy(&events->lock);
    pthread_cond_destroy(&events->changed);
    assay_free(events);
}

int assay_events_add(struct assay_events *events, int64_t operation_id, struct assay_stream *stream,
                     struct assay_error *err)
{
    pthread_mutex_lock(&events->lock);
    const bool taken = !events->stopping && events->count < WATCHERS_MAX;
    if (taken) {
        events->watchers[events->count++] =
            (struct watcher){.stream = assay_stream_ref(stream), .operation_id = operation_id};
        pthread_cond_broadcast(&events->changed);
    }
    pthread_mutex_unlock(&events->lock);
    return taken ? ASSAY_OK
                 : assay_fail(err, ASSAY_UNAVAILABLE, "%d watch operations already: poll instead",
                              WATCHERS_MAX);
}
