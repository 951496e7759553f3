// Progress in memory: the latest state of each operation and task, and each operation's last
// events.
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/memory.h"
#include "common/progress/progress_ops.h"

enum { OPERATIONS_KEPT = 256 }; /* the oldest go: the catalog knows how they ended */

struct operation {
    int64_t id, next_event;
    json_t *fields; /* of the operation itself */
    json_t *tasks;  /* {"<task id>": {fields, "epoch"}} */
    json_t *events; /* [{"id","fields"}] */
    struct operation *next;
};

struct local_progress {
    struct assay_progress base;
    pthread_mutex_t lock;
    struct operation *operations; /* newest first */
    size_t count;
};

static void operation_free(struct operation *operation)
{
    json_decref(operation->fields);
    json_decref(operation->tasks);
    json_decref(operation->events);
    assay_free(operation);
}

static struct operation *find(struct local_progress *progress, int64_t op_id)
{
    for (struct operation *operation = progress->operations; operation; operation = operation->next)
        if (operation->id == op_id)
            return operation;
    return NULL;
}

static void forget_oldest(struct local_progress *progress)
{
    struct operation **at = &progress->operations;
    while ((*at)->next)
        at = &(*at)->next;
    operation_free(*at);
    *at = NULL;
    progress->count--;
}

static struct operation *find_or_add(struct local_progress *progress, int64_t op_id)
{
    struct operation *operation = find(progress, op_id);
    if (operation)
        return operation;
    operation = assay_calloc(1, sizeof *operation);
    if (!operation)
        return NULL;
    *operation = (struct operation){.id = op_id,
                                    .next_event = 1,
                                    .fields = json_object(),
                                    .tasks = json_object(),
                                    .events = json_array(),
                                    .next = progress->operations};
    if (!operation->fields || !operation->tasks || !operation->events) {
        operation_free(operation);
        return NULL;
    }
    progress->operations = operation;
    if (++progress->count > OPERATIONS_KEPT)
        forget_oldest(progress);
    return operation;
}

static int local_open(const char *address, const char *prefix, struct assay_progress **ret_progress,
                      struct assay_error *err)
{
    (void)address;
    (void)prefix;
    struct local_progress *progress = assay_calloc(1, sizeof *progress);
    if (!progress)
        return assay_fail_memory(err);
    progress->base.ops = &assay_progress_local;
    (void)pthread_mutex_init(&progress->lock, NULL);
    *ret_progress = &progress->base;
    return ASSAY_OK;
}

static void local_close(struct assay_progress *base)
{
    struct local_progress *progress = (struct local_progress *)base;
    for (struct operation *operation = progress->operations, *next; operation; operation = next) {
        next = operation->next;
        operation_free(operation);
    }
    (void)pthread_mutex_destroy(&progress->lock);
    assay_free(progress);
}

static bool local_is_up(struct assay_progress *progress)
{
    (void)progress;
    return true;
}

static void put_task(struct operation *operation, const struct assay_progress_update *update)
{
    char key[24];
    (void)snprintf(key, sizeof key, "%" PRId64, update->task_id);
    const json_t *known = json_object_get(operation->tasks, key);
    if (known && assay_json_int(known, "epoch", 0) > update->epoch)
        return; /* a zombie must not overwrite the bar */
    /* what memory does not suffice for is left out: the next update comes soon */
    if (!json_object_set_new(update->fields, "task_id", json_integer(update->task_id)) &&
        !json_object_set_new(update->fields, "epoch", json_integer(update->epoch)))
        (void)json_object_set(operation->tasks, key, update->fields);
}

static void put_operation(struct operation *operation, const struct assay_progress_update *update)
{
    char id[24];
    (void)snprintf(id, sizeof id, "%" PRId64, operation->next_event++);
    (void)json_object_update(operation->fields, update->fields);
    (void)json_array_append_new(operation->events,
                                json_pack("{s:s, s:O}", "id", id, "fields", update->fields));
    if (json_array_size(operation->events) > ASSAY_PROGRESS_EVENTS_KEPT)
        (void)json_array_remove(operation->events, 0);
}

static void local_put(struct assay_progress *base, struct assay_progress_update *update)
{
    struct local_progress *progress = (struct local_progress *)base;
    (void)pthread_mutex_lock(&progress->lock);
    struct operation *operation = find_or_add(progress, update->op_id);
    if (operation && update->task_id)
        put_task(operation, update);
    else if (operation)
        put_operation(operation, update);
    json_decref(update->fields);
    (void)pthread_mutex_unlock(&progress->lock);
}

static void local_flush(struct assay_progress *progress, int timeout_ms)
{
    (void)progress;
    (void)timeout_ms;
}

static int copy_state(const struct operation *operation, json_t **ret_state,
                      struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *tasks = json_array();
    const char *key;
    json_t *task;
    json_object_foreach(operation->tasks, key, task)
        ASSAY_TRY(assay_json_push(tasks, json_deep_copy(task), err));
    json_t *state =
        json_pack("{s:o, s:O}", "operation", json_deep_copy(operation->fields), "tasks", tasks);
    if (!state)
        return assay_fail_memory(err);
    *ret_state = state;
    return ASSAY_OK;
}

static int local_get(struct assay_progress *base, int64_t op_id, json_t **ret_state,
                     struct assay_error *err)
{
    struct local_progress *progress = (struct local_progress *)base;
    (void)pthread_mutex_lock(&progress->lock);
    const struct operation *operation = find(progress, op_id);
    const int rc =
        operation ? copy_state(operation, ret_state, err)
                  : assay_fail(err, ASSAY_NOT_FOUND, "no progress of operation %" PRId64, op_id);
    (void)pthread_mutex_unlock(&progress->lock);
    return rc;
}

static int copy_events(const struct operation *operation, int64_t after, json_t *events,
                       struct assay_error *err)
{
    size_t index;
    json_t *event;
    json_array_foreach(operation->events, index, event)
    {
        if (json_array_size(events) == ASSAY_PROGRESS_EVENTS)
            return ASSAY_OK;
        if (strtoll(assay_json_str(event, "id", "0"), NULL, 10) > after)
            ASSAY_TRY(assay_json_push(events, json_deep_copy(event), err));
    }
    return ASSAY_OK;
}

static int local_events(struct assay_progress *base, int64_t op_id, const char *after,
                        json_t **ret_events, struct assay_error *err)
{
    struct local_progress *progress = (struct local_progress *)base;
    ASSAY_AUTO(assay_json_decref) json_t *events = json_array();
    if (!events)
        return assay_fail_memory(err);
    (void)pthread_mutex_lock(&progress->lock);
    const struct operation *operation = find(progress, op_id);
    const int rc =
        operation ? copy_events(operation, strtoll(after, NULL, 10), events, err) : ASSAY_OK;
    (void)pthread_mutex_unlock(&progress->lock);
    if (rc == ASSAY_OK)
        *ret_events = ASSAY_TAKE(events);
    return rc;
}

const struct assay_progress_ops assay_progress_local = {
    .open = local_open,
    .close = local_close,
    .is_up = local_is_up,
    .put = local_put,
    .flush = local_flush,
    .get = local_get,
    .events = local_events,
};
