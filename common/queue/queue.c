// Queue: chooses the implementation by the URL's scheme and names the topics.
// SPDX-License-Identifier: Apache-2.0
#include "common/queue/queue.h"

#include <stdio.h>
#include <string.h>

#include "common/base/memory.h"
#include "common/queue/queue_ops.h"

static const struct {
    const char *scheme;
    const struct assay_queue_ops *ops;
} schemes[] = {{"local:", &assay_queue_local}, {"kafka://", &assay_queue_kafka}};

/* Lanes by their number in task.lane: a full bulk backlog cannot delay express. */
static const char *const lanes[] = {"express", "bulk"};
enum {
    EXPRESS_PARTITIONS = 16,
    BULK_PARTITIONS = 64,
    EVENT_PARTITIONS = 8,
    DEAD_LETTER_PARTITIONS = 4,
    TOPICS = 5
};

int assay_queue_open(const char *url, const json_t *options, struct assay_queue **ret_queue,
                     struct assay_error *err)
{
    for (size_t i = 0; i < ASSAY_COUNT(schemes); i++) {
        const size_t size = strlen(schemes[i].scheme);
        if (strncmp(url, schemes[i].scheme, size))
            continue;
        char *prefix = assay_strdup(assay_json_str(options, "topic_prefix", "assay"));
        if (!prefix)
            return assay_fail_memory(err);
        struct assay_queue *queue = NULL;
        const int rc = schemes[i].ops->open(url + size, options, &queue, err);
        if (rc != ASSAY_OK) {
            assay_free(prefix);
            return rc;
        }
        queue->topic_prefix = prefix;
        *ret_queue = queue;
        return ASSAY_OK;
    }
    return assay_fail(err, ASSAY_USAGE, "queue.url must begin with local: or kafka://");
}

void assay_queue_close(struct assay_queue *queue)
{
    if (!queue)
        return;
    assay_free(queue->topic_prefix);
    queue->ops->close(queue);
}

int assay_queue_produce(struct assay_queue *queue, const struct assay_message *messages,
                        size_t count, bool *ret_delivered, struct assay_error *err)
{
    return queue->ops->produce(queue, messages, count, ret_delivered, err);
}

int assay_queue_ping(struct assay_queue *queue, int timeout_ms, struct assay_error *err)
{
    return queue->ops->ping(queue, timeout_ms, err);
}

void assay_queue_task_topic(const struct assay_queue *queue, const char *pool, int lane,
                            char text[static 128])
{
    (void)snprintf(text, 128, "%s.task.%s.%s.v1", queue->topic_prefix, pool, lanes[lane != 0]);
}

void assay_queue_event_topic(const struct assay_queue *queue, char text[static 128])
{
    (void)snprintf(text, 128, "%s.event.out.v1", queue->topic_prefix);
}

int assay_queue_create_topics(struct assay_queue *queue, const char *pool, struct assay_error *err)
{
    char names[TOPICS][128];
    const int partitions[TOPICS] = {EXPRESS_PARTITIONS, BULK_PARTITIONS, EVENT_PARTITIONS,
                                    EVENT_PARTITIONS, DEAD_LETTER_PARTITIONS};
    assay_queue_task_topic(queue, pool, 0, names[0]);
    assay_queue_task_topic(queue, pool, 1, names[1]);
    (void)snprintf(names[2], sizeof names[2], "%s.event.in.v1", queue->topic_prefix);
    assay_queue_event_topic(queue, names[3]);
    (void)snprintf(names[4], sizeof names[4], "%s.dlq.v1", queue->topic_prefix);
    const char *pointers[TOPICS];
    for (size_t i = 0; i < TOPICS; i++)
        pointers[i] = names[i];
    return queue->ops->create_topics(queue, pointers, partitions, TOPICS, err);
}

int assay_consumer_open(struct assay_queue *queue, const char *group, const char *const *topics,
                        size_t topics_count, struct assay_consumer **ret_consumer,
                        struct assay_error *err)
{
    return queue->ops->consumer_open(queue, group, topics, topics_count, ret_consumer, err);
}

void assay_consumer_close(struct assay_consumer *consumer)
{
    if (consumer)
        consumer->ops->consumer_close(consumer);
}

int assay_consumer_poll(struct assay_consumer *consumer, int timeout_ms,
                        const struct assay_message **ret_message, struct assay_error *err)
{
    return consumer->ops->poll(consumer, timeout_ms, ret_message, err);
}

int assay_consumer_ack(struct assay_consumer *consumer, const char *topic, int32_t partition,
                       int64_t offset, struct assay_error *err)
{
    return consumer->ops->ack(consumer, topic, partition, offset, err);
}

int assay_consumer_pause(struct assay_consumer *consumer, const char *topic,
                         struct assay_error *err)
{
    return consumer->ops->set_paused(consumer, topic, true, err);
}

int assay_consumer_resume(struct assay_consumer *consumer, const char *topic,
                          struct assay_error *err)
{
    return consumer->ops->set_paused(consumer, topic, false, err);
}
