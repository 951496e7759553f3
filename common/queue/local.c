// Queue in memory: topics are lists under one lock; a group shares one position in each topic.
// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/queue/queue_ops.h"

enum { MESSAGES_KEPT = 4096 }; /* older ones go: a lost doorbell is stolen or rung again */

struct entry {
    char *key, *ce_id, *ce_type, *body;
    size_t size_bytes;
};

struct topic {
    char *name;
    int64_t first_offset; /* of entries[0] */
    size_t count;
    struct entry entries[MESSAGES_KEPT]; /* in offset order; the oldest is dropped by moving */
    struct topic *next;
};

/* How far one group has come in one topic. */
struct cursor {
    char *group;
    struct topic *topic;
    int64_t position, committed;
    int consumers;
    struct cursor *next;
};

struct local_queue {
    struct assay_queue base;
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    struct topic *topics;
    struct cursor *cursors;
};

enum { TOPICS_MAX = 8 };
struct local_consumer {
    struct assay_consumer base;
    struct local_queue *queue;
    struct cursor *cursors[TOPICS_MAX];
    bool paused[TOPICS_MAX];
    size_t count, turn;
    struct assay_message message; /* the one delivered last; its texts are ours */
};

static void entry_release(struct entry *entry)
{
    assay_free(entry->key);
    assay_free(entry->ce_id);
    assay_free(entry->ce_type);
    assay_free(entry->body);
    *entry = (struct entry){0};
}

static bool entry_copy(struct entry *entry, const struct assay_message *message)
{
    *entry = (struct entry){.key = assay_strdup(message->key),
                            .ce_id = assay_strdup(message->ce_id),
                            .ce_type = assay_strdup(message->ce_type),
                            .body = assay_strndup(message->body, message->size_bytes),
                            .size_bytes = message->size_bytes};
    const bool whole = entry->body && (entry->key || !message->key) &&
                       (entry->ce_id || !message->ce_id) && (entry->ce_type || !message->ce_type);
    if (!whole)
        entry_release(entry);
    return whole;
}

/* Under the lock. NULL when out of memory. */
static struct topic *topic_get(struct local_queue *queue, const char *name)
{
    for (struct topic *topic = queue->topics; topic; topic = topic->next)
        if (!strcmp(topic->name, name))
            return topic;
    struct topic *topic = assay_calloc(1, sizeof *topic);
    if (!topic || !(topic->name = assay_strdup(name))) {
        assay_free(topic);
        return NULL;
    }
    topic->next = queue->topics;
    queue->topics = topic;
    return topic;
}

static struct cursor *cursor_get(struct local_queue *queue, const char *group, struct topic *topic)
{
    for (struct cursor *cursor = queue->cursors; cursor; cursor = cursor->next)
        if (cursor->topic == topic && !strcmp(cursor->group, group))
            return cursor;
    struct cursor *cursor = assay_calloc(1, sizeof *cursor);
    if (!cursor || !(cursor->group = assay_strdup(group))) {
        assay_free(cursor);
        return NULL;
    }
    cursor->topic = topic;
    cursor->next = queue->cursors;
    queue->cursors = cursor;
    return cursor;
}

static int local_open(const char *address, const json_t *options, struct assay_queue **ret_queue,
                      struct assay_error *err)
{
    (void)address;
    (void)options;
    struct local_queue *queue = assay_calloc(1, sizeof *queue);
    if (!queue)
        return assay_fail_memory(err);
    queue->base.ops = &assay_queue_local;
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&queue->lock, NULL);
    (void)pthread_cond_init(&queue->arrived, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    *ret_queue = &queue->base;
    return ASSAY_OK;
}

static void local_close(struct assay_queue *base)
{
    struct local_queue *queue = (struct local_queue *)base;
    for (struct topic *topic = queue->topics, *next; topic; topic = next) {
        next = topic->next;
        for (size_t i = 0; i < topic->count; i++)
            entry_release(&topic->entries[i]);
        assay_free(topic->name);
        assay_free(topic);
    }
    for (struct cursor *cursor = queue->cursors, *next; cursor; cursor = next) {
        next = cursor->next;
        assay_free(cursor->group);
        assay_free(cursor);
    }
    (void)pthread_cond_destroy(&queue->arrived);
    (void)pthread_mutex_destroy(&queue->lock);
    assay_free(queue);
}

/* Under the lock. */
static bool append(struct local_queue *queue, const struct assay_message *message)
{
    struct topic *topic = topic_get(queue, message->topic);
    struct entry entry;
    if (!topic || !entry_copy(&entry, message))
        return false;
    if (topic->count == MESSAGES_KEPT) {
        entry_release(&topic->entries[0]);
        memmove(topic->entries, topic->entries + 1, (MESSAGES_KEPT - 1) * sizeof *topic->entries);
        topic->first_offset++;
        topic->count--;
    }
    topic->entries[topic->count++] = entry;
    return true;
}

static int local_produce(struct assay_queue *base, const struct assay_message *messages,
                         size_t count, bool *ret_delivered, struct assay_error *err)
{
    struct local_queue *queue = (struct local_queue *)base;
    int rc = ASSAY_OK;
    (void)pthread_mutex_lock(&queue->lock);
    for (size_t i = 0; i < count; i++) {
        ret_delivered[i] = append(queue, &messages[i]);
        if (!ret_delivered[i])
            rc = assay_fail_memory(err);
    }
    (void)pthread_cond_broadcast(&queue->arrived);
    (void)pthread_mutex_unlock(&queue->lock);
    return rc;
}

static int local_create_topics(struct assay_queue *base, const char *const *names,
                               const int *partitions, size_t count, struct assay_error *err)
{
    struct local_queue *queue = (struct local_queue *)base;
    (void)partitions;
    bool whole = true;
    (void)pthread_mutex_lock(&queue->lock);
    for (size_t i = 0; i < count; i++)
        whole = topic_get(queue, names[i]) && whole;
    (void)pthread_mutex_unlock(&queue->lock);
    return whole ? ASSAY_OK : assay_fail_memory(err);
}

static int local_ping(struct assay_queue *queue, int timeout_ms, struct assay_error *err)
{
    (void)queue;
    (void)timeout_ms;
    (void)err;
    return ASSAY_OK;
}

static void message_release(struct assay_message *message)
{
    assay_free((void *)(uintptr_t)message->key);
    assay_free((void *)(uintptr_t)message->ce_id);
    assay_free((void *)(uintptr_t)message->ce_type);
    assay_free((void *)(uintptr_t)message->body);
    *message = (struct assay_message){0};
}

static int local_consumer_open(struct assay_queue *base, const char *group,
                               const char *const *topics, size_t topics_count,
                               struct assay_consumer **ret_consumer, struct assay_error *err)
{
    struct local_queue *queue = (struct local_queue *)base;
    if (topics_count > TOPICS_MAX)
        return assay_fail(err, ASSAY_LIMIT, "a consumer takes at most %d topics", TOPICS_MAX);
    struct local_consumer *consumer = assay_calloc(1, sizeof *consumer);
    if (!consumer)
        return assay_fail_memory(err);
    consumer->base.ops = &assay_queue_local;
    consumer->queue = queue;
    (void)pthread_mutex_lock(&queue->lock);
    for (size_t i = 0; i < topics_count; i++) {
        struct topic *topic = topic_get(queue, topics[i]);
        struct cursor *cursor = topic ? cursor_get(queue, group, topic) : NULL;
        if (!cursor)
            break;
        cursor->consumers++;
        consumer->cursors[consumer->count++] = cursor;
    }
    (void)pthread_mutex_unlock(&queue->lock);
    if (consumer->count < topics_count) {
        assay_queue_local.consumer_close(&consumer->base);
        return assay_fail_memory(err);
    }
    *ret_consumer = &consumer->base;
    return ASSAY_OK;
}

static void local_consumer_close(struct assay_consumer *base)
{
    struct local_consumer *consumer = (struct local_consumer *)base;
    struct local_queue *queue = consumer->queue;
    (void)pthread_mutex_lock(&queue->lock);
    for (size_t i = 0; i < consumer->count; i++)
        if (--consumer->cursors[i]->consumers == 0)
            consumer->cursors[i]->position = consumer->cursors[i]->committed;
    (void)pthread_mutex_unlock(&queue->lock);
    message_release(&consumer->message);
    assay_free(consumer);
}

/* Under the lock: takes the next message of one topic, if there is one. */
static bool take(struct local_consumer *consumer, size_t index, bool *ret_no_memory)
{
    struct cursor *cursor = consumer->cursors[index];
    struct topic *topic = cursor->topic;
    if (consumer->paused[index])
        return false;
    if (cursor->position < topic->first_offset)
        cursor->position = topic->first_offset;
    const size_t at = (size_t)(cursor->position - topic->first_offset);
    if (at >= topic->count)
        return false;
    const struct entry *entry = &topic->entries[at];
    const struct assay_message source = {.key = entry->key,
                                         .ce_id = entry->ce_id,
                                         .ce_type = entry->ce_type,
                                         .body = entry->body,
                                         .size_bytes = entry->size_bytes};
    struct entry copy;
    *ret_no_memory = !entry_copy(&copy, &source);
    if (*ret_no_memory)
        return false;
    consumer->message = (struct assay_message){.topic = topic->name,
                                               .key = copy.key,
                                               .ce_id = copy.ce_id,
                                               .ce_type = copy.ce_type,
                                               .body = copy.body,
                                               .size_bytes = copy.size_bytes,
                                               .offset = cursor->position++};
    return true;
}

static struct timespec deadline_after(int timeout_ms)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += timeout_ms / 1000;
    at.tv_nsec += timeout_ms % 1000 * 1000000L;
    if (at.tv_nsec >= ASSAY_NS_PER_S) {
        at.tv_sec++;
        at.tv_nsec -= ASSAY_NS_PER_S;
    }
    return at;
}

static int local_poll(struct assay_consumer *base, int timeout_ms,
                      const struct assay_message **ret_message, struct assay_error *err)
{
    struct local_consumer *consumer = (struct local_consumer *)base;
    struct local_queue *queue = consumer->queue;
    const struct timespec deadline = deadline_after(timeout_ms);
    message_release(&consumer->message);
    *ret_message = NULL;
    bool no_memory = false;
    int waited = 0;
    (void)pthread_mutex_lock(&queue->lock);
    while (!*ret_message && !no_memory) {
        for (size_t i = 0; i < consumer->count && !*ret_message && !no_memory; i++) {
            consumer->turn = (consumer->turn + 1) % consumer->count;
            if (take(consumer, consumer->turn, &no_memory))
                *ret_message = &consumer->message;
        }
        if (*ret_message || waited == ETIMEDOUT)
            break;
        waited = pthread_cond_timedwait(&queue->arrived, &queue->lock, &deadline);
    }
    (void)pthread_mutex_unlock(&queue->lock);
    return no_memory ? assay_fail_memory(err) : ASSAY_OK;
}

static int find_topic(const struct local_consumer *consumer, const char *topic, size_t *ret_index,
                      struct assay_error *err)
{
    for (size_t i = 0; i < consumer->count; i++) {
        if (!strcmp(consumer->cursors[i]->topic->name, topic)) {
            *ret_index = i;
            return ASSAY_OK;
        }
    }
    return assay_fail(err, ASSAY_NOT_FOUND, "topic %s is not subscribed", topic);
}

static int local_ack(struct assay_consumer *base, const char *topic, int32_t partition,
                     int64_t offset, struct assay_error *err)
{
    struct local_consumer *consumer = (struct local_consumer *)base;
    (void)partition;
    size_t index = 0;
    ASSAY_TRY(find_topic(consumer, topic, &index, err));
    (void)pthread_mutex_lock(&consumer->queue->lock);
    if (consumer->cursors[index]->committed <= offset)
        consumer->cursors[index]->committed = offset + 1;
    (void)pthread_mutex_unlock(&consumer->queue->lock);
    return ASSAY_OK;
}

static int local_set_paused(struct assay_consumer *base, const char *topic, bool paused,
                            struct assay_error *err)
{
    struct local_consumer *consumer = (struct local_consumer *)base;
    size_t index = 0;
    ASSAY_TRY(find_topic(consumer, topic, &index, err));
    consumer->paused[index] = paused;
    return ASSAY_OK;
}

const struct assay_queue_ops assay_queue_local = {
    .open = local_open,
    .close = local_close,
    .produce = local_produce,
    .create_topics = local_create_topics,
    .ping = local_ping,
    .consumer_open = local_consumer_open,
    .consumer_close = local_consumer_close,
    .poll = local_poll,
    .ack = local_ack,
    .set_paused = local_set_paused,
};
