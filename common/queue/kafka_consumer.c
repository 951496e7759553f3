// Queue on Kafka: the consumer. Eager assignment; running work does not depend on it (ownership is
// a lease in the catalog).
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "common/queue/kafka.h"

static const struct kafka_property consumer_properties[] = {
    {"partition.assignment.strategy",
     "roundrobin"}, /* eager: the cooperative one has endless loops before 2.6.1 */
    {"session.timeout.ms", "15000"},
    {"heartbeat.interval.ms", "3000"},
    {"max.poll.interval.ms", "120000"},
    {"enable.auto.offset.store", "false"}, /* stored when the claim has committed */
    {"enable.auto.commit", "true"},
    {"auto.commit.interval.ms", "1000"},
    {"auto.offset.reset", "earliest"},
    {"queued.min.messages", "10"}, /* what is fetched ahead is invisible to other workers */
    {"queued.max.messages.kbytes", "1024"},
    {"fetch.wait.max.ms", "250"},
    {"fetch.message.max.bytes", "65536"},
    {"enable.partition.eof", "false"},
    {"check.crcs", "true"},
    {NULL, NULL},
};

enum { TOPICS_MAX = 8 };

struct kafka_consumer {
    struct assay_consumer base;
    rd_kafka_t *client;
    char *topics[TOPICS_MAX];
    bool paused[TOPICS_MAX];
    size_t topics_count;
    rd_kafka_topic_partition_list_t
        *paused_partitions; /* resume only what we paused: else offsets rewind */
    rd_kafka_message_t *current;
    struct assay_message message;
};

static ptrdiff_t find_topic(const struct kafka_consumer *consumer, const char *name)
{
    for (size_t i = 0; i < consumer->topics_count; i++)
        if (!strcmp(consumer->topics[i], name))
            return (ptrdiff_t)i;
    return -1;
}

/* The partitions of `from` that belong to the topic (NULL: that are in the paused set). */
static rd_kafka_topic_partition_list_t *pick(const struct kafka_consumer *consumer,
                                             const rd_kafka_topic_partition_list_t *from,
                                             const char *topic)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new(from->cnt ? from->cnt : 1);
    for (int i = 0; i < from->cnt; i++) {
        const rd_kafka_topic_partition_t *part = &from->elems[i];
        const bool wanted =
            topic ? !strcmp(part->topic, topic)
                  : rd_kafka_topic_partition_list_find(consumer->paused_partitions, part->topic,
                                                       part->partition) != NULL;
        if (wanted)
            (void)rd_kafka_topic_partition_list_add(list, part->topic, part->partition);
    }
    return list;
}

static void pause_topic(struct kafka_consumer *consumer,
                        const rd_kafka_topic_partition_list_t *assigned, const char *topic)
{
    rd_kafka_topic_partition_list_t *list = pick(consumer, assigned, topic);
    if (list->cnt)
        (void)rd_kafka_pause_partitions(consumer->client, list);
    for (int i = 0; i < list->cnt; i++)
        if (!rd_kafka_topic_partition_list_find(consumer->paused_partitions, topic,
                                                list->elems[i].partition))
            (void)rd_kafka_topic_partition_list_add(consumer->paused_partitions, topic,
                                                    list->elems[i].partition);
    rd_kafka_topic_partition_list_destroy(list);
}

static void resume_paused(struct kafka_consumer *consumer,
                          const rd_kafka_topic_partition_list_t *among)
{
    rd_kafka_topic_partition_list_t *list = pick(consumer, among, NULL);
    if (list->cnt)
        (void)rd_kafka_resume_partitions(consumer->client, list);
    for (int i = 0; i < list->cnt; i++)
        (void)rd_kafka_topic_partition_list_del(consumer->paused_partitions, list->elems[i].topic,
                                                list->elems[i].partition);
    rd_kafka_topic_partition_list_destroy(list);
}

/* A pause survives a rebalance inside the client and would come back as silence: resume on revoke,
 * pause again on assign. */
static void rebalance(rd_kafka_t *client, rd_kafka_resp_err_t code,
                      rd_kafka_topic_partition_list_t *partitions, void *context)
{
    struct kafka_consumer *consumer = context;
    if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        (void)rd_kafka_assign(client, partitions);
        for (size_t i = 0; i < consumer->topics_count; i++)
            if (consumer->paused[i])
                pause_topic(consumer, partitions, consumer->topics[i]);
        return;
    }
    resume_paused(consumer, partitions);
    (void)rd_kafka_assign(client, NULL);
}

static void prepare_consumer(rd_kafka_conf_t *conf, void *context)
{
    rd_kafka_conf_set_rebalance_cb(conf, rebalance);
    rd_kafka_conf_set_opaque(conf, context);
}

static int subscribe(struct kafka_consumer *consumer, struct assay_error *err)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)consumer->topics_count);
    for (size_t i = 0; i < consumer->topics_count; i++)
        (void)rd_kafka_topic_partition_list_add(list, consumer->topics[i], RD_KAFKA_PARTITION_UA);
    (void)rd_kafka_poll_set_consumer(consumer->client);
    const rd_kafka_resp_err_t code = rd_kafka_subscribe(consumer->client, list);
    rd_kafka_topic_partition_list_destroy(list);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR
               ? ASSAY_OK
               : assay_fail(err, ASSAY_UNAVAILABLE, "subscribing: %s", rd_kafka_err2str(code));
}

int assay_kafka_consumer_open(struct assay_queue *base, const char *group,
                              const char *const *topics, size_t topics_count,
                              struct assay_consumer **ret_consumer, struct assay_error *err)
{
    const struct kafka_queue *queue = (const struct kafka_queue *)base;
    if (topics_count > TOPICS_MAX)
        return assay_fail(err, ASSAY_LIMIT, "a consumer takes at most %d topics", TOPICS_MAX);
    struct kafka_consumer *consumer = assay_calloc(1, sizeof *consumer);
    if (!consumer)
        return assay_fail_memory(err);
    consumer->base.ops = &assay_queue_kafka;
    consumer->paused_partitions = rd_kafka_topic_partition_list_new(16);
    int rc = ASSAY_OK;
    for (size_t i = 0; i < topics_count && rc == ASSAY_OK; i++, consumer->topics_count++)
        if (!(consumer->topics[i] = assay_strdup(topics[i])))
            rc = assay_fail_memory(err);
    struct kafka_property properties[ASSAY_COUNT(consumer_properties) + 1];
    properties[0] = (struct kafka_property){"group.id", group};
    memcpy(properties + 1, consumer_properties, sizeof consumer_properties);
    if (rc == ASSAY_OK)
        rc = assay_kafka_client(queue, RD_KAFKA_CONSUMER, properties, prepare_consumer, consumer,
                                &consumer->client, err);
    if (rc == ASSAY_OK)
        rc = subscribe(consumer, err);
    if (rc != ASSAY_OK) {
        assay_kafka_consumer_close(&consumer->base);
        return rc;
    }
    *ret_consumer = &consumer->base;
    return ASSAY_OK;
}

void assay_kafka_consumer_close(struct assay_consumer *base)
{
    struct kafka_consumer *consumer = (struct kafka_consumer *)base;
    if (consumer->current)
        rd_kafka_message_destroy(consumer->current);
    if (consumer->client) {
        (void)rd_kafka_consumer_close(
            consumer->client); /* leaves the group, commits what was stored */
        rd_kafka_destroy(consumer->client);
    }
    rd_kafka_topic_partition_list_destroy(consumer->paused_partitions);
    assay_free((void *)(uintptr_t)consumer->message.key);
    for (size_t i = 0; i < consumer->topics_count; i++)
        assay_free(consumer->topics[i]);
    assay_free(consumer);
}

/* Header value as text: librdkafka ends every header value with a NUL. */
static const char *header(const rd_kafka_message_t *message, const char *name)
{
    rd_kafka_headers_t *headers = NULL;
    const void *value = NULL;
    size_t size_bytes;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
        rd_kafka_header_get_last(headers, name, &value, &size_bytes) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return NULL;
    return value;
}

/* Keys come as bytes; ours are texts, and a NUL after them is the payload's neighbour, so it is
 * copied. */
static int deliver(struct kafka_consumer *consumer, struct assay_error *err)
{
    const rd_kafka_message_t *message = consumer->current;
    assay_free((void *)(uintptr_t)consumer->message.key);
    consumer->message = (struct assay_message){.topic = rd_kafka_topic_name(message->rkt),
                                               .ce_id = header(message, "ce_id"),
                                               .ce_type = header(message, "ce_type"),
                                               .body = message->payload ? message->payload : "",
                                               .size_bytes = message->len,
                                               .partition = message->partition,
                                               .offset = message->offset};
    if (!message->key)
        return ASSAY_OK;
    consumer->message.key = assay_strndup(message->key, message->key_len);
    return consumer->message.key ? ASSAY_OK : assay_fail_memory(err);
}

int assay_kafka_poll(struct assay_consumer *base, int timeout_ms,
                     const struct assay_message **ret_message, struct assay_error *err)
{
    struct kafka_consumer *consumer = (struct kafka_consumer *)base;
    if (consumer->current)
        rd_kafka_message_destroy(consumer->current);
    *ret_message = NULL;
    consumer->current = rd_kafka_consumer_poll(consumer->client, timeout_ms);
    if (!consumer->current)
        return ASSAY_OK;
    if (consumer->current->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return assay_fail(err, ASSAY_UNAVAILABLE, "Kafka: %s",
                          rd_kafka_message_errstr(consumer->current));
    ASSAY_TRY(deliver(consumer, err));
    *ret_message = &consumer->message;
    return ASSAY_OK;
}

int assay_kafka_ack(struct assay_consumer *base, const char *topic, int32_t partition,
                    int64_t offset, struct assay_error *err)
{
    struct kafka_consumer *consumer = (struct kafka_consumer *)base;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = offset + 1;
    const rd_kafka_resp_err_t code = rd_kafka_offsets_store(consumer->client, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR__STATE)
        return ASSAY_OK; /* the partition went elsewhere: its message rings once more there, which
                            is harmless */
    return assay_fail(err, ASSAY_UNAVAILABLE, "storing an offset: %s", rd_kafka_err2str(code));
}

int assay_kafka_set_paused(struct assay_consumer *base, const char *topic, bool paused,
                           struct assay_error *err)
{
    struct kafka_consumer *consumer = (struct kafka_consumer *)base;
    const ptrdiff_t index = find_topic(consumer, topic);
    if (index < 0)
        return assay_fail(err, ASSAY_NOT_FOUND, "topic %s is not subscribed", topic);
    if (consumer->paused[index] == paused)
        return ASSAY_OK;
    consumer->paused[index] = paused;
    rd_kafka_topic_partition_list_t *assigned = NULL;
    if (rd_kafka_assignment(consumer->client, &assigned) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return ASSAY_OK; /* nothing assigned yet: the rebalance callback looks at paused[] */
    if (paused) {
        pause_topic(consumer, assigned, topic);
    } else {
        rd_kafka_topic_partition_list_t *list = pick(consumer, assigned, topic);
        resume_paused(consumer, list);
        rd_kafka_topic_partition_list_destroy(list);
    }
    rd_kafka_topic_partition_list_destroy(assigned);
    return ASSAY_OK;
}
