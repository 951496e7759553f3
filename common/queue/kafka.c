// Queue on Kafka: clients, topics and the producer. Properties follow docs/operations.md;
// duplicates are harmless everywhere.
// SPDX-License-Identifier: Apache-2.0
#include "common/queue/kafka.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/memory.h"

enum { DELIVERY_TIMEOUT_MS = 30000, ADMIN_TIMEOUT_MS = 15000, REASON_BYTES = 256 };

static const struct kafka_property producer_properties[] = {
    {"acks", "all"},
    {"enable.idempotence", "true"},
    {"delivery.timeout.ms", "30000"},
    {"linger.ms", "5"},
    {"compression.type", "lz4"},
    {"queue.buffering.max.messages", "10000"},
    {"message.max.bytes", "1000000"},
    {"partitioner", "murmur2_random"}, /* the Java clients' choice */
    {NULL, NULL},
};

static const struct kafka_property common_properties[] = {
    {"allow.auto.create.topics", "false"},
    {"topic.metadata.refresh.interval.ms", "60000"},
    {"socket.keepalive.enable", "true"},
    {"socket.timeout.ms", "30000"},
    {"socket.connection.setup.timeout.ms", "10000"},
    {"reconnect.backoff.ms", "250"},
    {"reconnect.backoff.max.ms", "10000"},
    {NULL, NULL},
};

static void forward_log(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
    (void)client;
    ASSAY_LOG(level <= 3 ? ASSAY_LOG_WARNING : ASSAY_LOG_DEBUG, "kafka client",
              ASSAY_F_TEXT("facility", facility), ASSAY_F_TEXT("message", text));
}

static int set_property(rd_kafka_conf_t *conf, const char *name, const char *value,
                        struct assay_error *err)
{
    char reason[REASON_BYTES];
    if (rd_kafka_conf_set(conf, name, value, reason, sizeof reason) == RD_KAFKA_CONF_OK)
        return ASSAY_OK;
    return assay_fail(err, ASSAY_USAGE, "the Kafka client refuses the property %s",
                      name); /* reason may hold the value */
}

static int set_properties(rd_kafka_conf_t *conf, const struct kafka_queue *queue,
                          const struct kafka_property *properties, struct assay_error *err)
{
    ASSAY_TRY(set_property(conf, "bootstrap.servers", queue->brokers, err));
    ASSAY_TRY(
        set_property(conf, "client.id", assay_json_str(queue->options, "client_id", "assay"), err));
    for (const struct kafka_property *row = common_properties; row->name; row++)
        ASSAY_TRY(set_property(conf, row->name, row->value, err));
    for (; properties->name; properties++)
        ASSAY_TRY(set_property(conf, properties->name, properties->value, err));
    const char *name;
    json_t *value;
    json_object_foreach(assay_json_get(queue->options, "kafka"), name, value) ASSAY_TRY(
        set_property(conf, name, json_is_string(value) ? json_string_value(value) : "", err));
    return ASSAY_OK;
}

int assay_kafka_client(const struct kafka_queue *queue, rd_kafka_type_t type,
                       const struct kafka_property *properties,
                       void (*prepare)(rd_kafka_conf_t *conf, void *context), void *context,
                       rd_kafka_t **ret_client, struct assay_error *err)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, forward_log);
    const int rc = set_properties(conf, queue, properties, err);
    if (rc != ASSAY_OK) {
        rd_kafka_conf_destroy(conf);
        return rc;
    }
    if (prepare)
        prepare(conf, context);
    char reason[REASON_BYTES];
    rd_kafka_t *client = rd_kafka_new(type, conf, reason, sizeof reason);
    if (!client) {
        rd_kafka_conf_destroy(conf);
        return assay_fail(err, ASSAY_USAGE, "the Kafka client does not start: %s", reason);
    }
    *ret_client = client;
    return ASSAY_OK;
}

static void delivery_report(rd_kafka_t *client, const rd_kafka_message_t *message, void *context)
{
    (void)client;
    (void)context;
    *(bool *)message->_private = message->err == RD_KAFKA_RESP_ERR_NO_ERROR;
}

static void prepare_producer(rd_kafka_conf_t *conf, void *context)
{
    (void)context;
    rd_kafka_conf_set_dr_msg_cb(conf, delivery_report);
}

static int kafka_open(const char *address, const json_t *options, struct assay_queue **ret_queue,
                      struct assay_error *err)
{
    struct kafka_queue *queue = assay_calloc(1, sizeof *queue);
    if (!queue)
        return assay_fail_memory(err);
    queue->base.ops = &assay_queue_kafka;
    queue->options = options ? json_deep_copy(options) : json_object();
    queue->brokers = assay_strdup(address);
    (void)pthread_mutex_init(&queue->lock, NULL);
    const int rc = !queue->brokers || !queue->options ? assay_fail_memory(err)
                   : !*address ? assay_fail(err, ASSAY_USAGE, "queue.url kafka:// needs host:port")
                               : assay_kafka_client(queue, RD_KAFKA_PRODUCER, producer_properties,
                                                    prepare_producer, NULL, &queue->producer, err);
    if (rc != ASSAY_OK) {
        assay_queue_kafka.close(&queue->base);
        return rc;
    }
    *ret_queue = &queue->base;
    return ASSAY_OK;
}

static void drop_producer(struct kafka_queue *queue)
{
    if (!queue->producer)
        return;
    (void)rd_kafka_purge(queue->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    (void)rd_kafka_flush(queue->producer, 1000);
    rd_kafka_destroy(queue->producer);
    queue->producer = NULL;
}

static void kafka_close(struct assay_queue *base)
{
    struct kafka_queue *queue = (struct kafka_queue *)base;
    drop_producer(queue);
    json_decref(queue->options);
    assay_free(queue->brokers);
    (void)pthread_mutex_destroy(&queue->lock);
    assay_free(queue);
}

static rd_kafka_headers_t *cloud_event_headers(const struct assay_message *message)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(6);
    char time[32];
    (void)snprintf(time, sizeof time, "%lld", (long long)assay_now_us());
    const struct kafka_property rows[] = {
        {"ce_specversion", "1.0"}, {"ce_source", "assay/scheduler"},
        {"ce_id", message->ce_id}, {"ce_type", message->ce_type},
        {"ce_assaytimeus", time},  {"content-type", "application/json"},
    };
    for (size_t i = 0; i < ASSAY_COUNT(rows); i++)
        if (rows[i].value)
            (void)rd_kafka_header_add(headers, rows[i].name, -1, rows[i].value, -1);
    return headers;
}

/* False when the client's own queue does not take it. *delivered is written by the delivery
 * report. */
static bool send_one(struct kafka_queue *queue, const struct assay_message *message,
                     bool *delivered)
{
    *delivered = false;
    rd_kafka_headers_t *headers = cloud_event_headers(message);
    const size_t key_bytes = message->key ? strlen(message->key) : 0;
    const rd_kafka_resp_err_t code =
        rd_kafka_producev(queue->producer, RD_KAFKA_V_TOPIC(message->topic),
                          RD_KAFKA_V_KEY((void *)(uintptr_t)message->key, key_bytes),
                          RD_KAFKA_V_VALUE((void *)(uintptr_t)message->body, message->size_bytes),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_HEADERS(headers),
                          RD_KAFKA_V_OPAQUE(delivered), RD_KAFKA_V_END);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_headers_destroy(headers);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* Under the lock. No delivery report may come after this returns: ret_delivered is the caller's. */
static void send_batch(struct kafka_queue *queue, const struct assay_message *messages,
                       size_t count, bool *ret_delivered)
{
    for (size_t i = 0; i < count; i++)
        if (!send_one(queue, &messages[i], &ret_delivered[i]))
            break;
    char reason[REASON_BYTES];
    if (rd_kafka_flush(queue->producer, DELIVERY_TIMEOUT_MS + 1000) != RD_KAFKA_RESP_ERR_NO_ERROR ||
        rd_kafka_fatal_error(queue->producer, reason, sizeof reason) != RD_KAFKA_RESP_ERR_NO_ERROR)
        drop_producer(queue); /* a fatal idempotence error ends this producer; the next batch gets a
                                 new one */
}

static int kafka_produce(struct assay_queue *base, const struct assay_message *messages,
                         size_t count, bool *ret_delivered, struct assay_error *err)
{
    struct kafka_queue *queue = (struct kafka_queue *)base;
    memset(ret_delivered, 0, count * sizeof *ret_delivered);
    (void)pthread_mutex_lock(&queue->lock);
    int rc = ASSAY_OK;
    if (!queue->producer)
        rc = assay_kafka_client(queue, RD_KAFKA_PRODUCER, producer_properties, prepare_producer,
                                NULL, &queue->producer, err);
    if (rc == ASSAY_OK)
        send_batch(queue, messages, count, ret_delivered);
    (void)pthread_mutex_unlock(&queue->lock);
    size_t missing = 0;
    for (size_t i = 0; i < count; i++)
        missing += !ret_delivered[i];
    if (rc != ASSAY_OK || !missing)
        return rc;
    return assay_fail(err, ASSAY_UNAVAILABLE, "Kafka took %zu of %zu messages", count - missing,
                      count);
}

static rd_kafka_NewTopic_t *new_topic(const struct kafka_queue *queue, const char *name,
                                      int partitions)
{
    char reason[REASON_BYTES];
    const int most = (int)assay_json_int(queue->options, "partitions", partitions);
    const int replication = (int)assay_json_int(queue->options, "replication", 1);
    return rd_kafka_NewTopic_new(name, partitions < most ? partitions : most, replication, reason,
                                 sizeof reason);
}

static int check_created(rd_kafka_event_t *event, struct assay_error *err)
{
    if (!event)
        return assay_fail(err, ASSAY_TIMEOUT, "Kafka did not answer to the creation of topics");
    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return assay_fail(err, ASSAY_UNAVAILABLE, "creating topics: %s",
                          rd_kafka_event_error_string(event));
    size_t count;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    for (size_t i = 0; i < count; i++) {
        const rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
            return assay_fail(err, ASSAY_UNAVAILABLE, "creating topic %s: %s",
                              rd_kafka_topic_result_name(results[i]), rd_kafka_err2str(code));
    }
    return ASSAY_OK;
}

static int kafka_create_topics(struct assay_queue *base, const char *const *names,
                               const int *partitions, size_t count, struct assay_error *err)
{
    struct kafka_queue *queue = (struct kafka_queue *)base;
    rd_kafka_NewTopic_t *topics[16] = {NULL};
    if (count > ASSAY_COUNT(topics))
        return assay_fail(err, ASSAY_LIMIT, "at most %zu topics at once", ASSAY_COUNT(topics));
    rd_kafka_t *client = NULL;
    ASSAY_TRY(assay_kafka_client(queue, RD_KAFKA_PRODUCER, producer_properties, NULL, NULL, &client,
                                 err));
    int rc = ASSAY_OK;
    for (size_t i = 0; i < count; i++)
        if (!(topics[i] = new_topic(queue, names[i], partitions[i])))
            rc = assay_fail(err, ASSAY_USAGE, "topic %s cannot have these partitions", names[i]);
    if (rc == ASSAY_OK) {
        rd_kafka_queue_t *answers = rd_kafka_queue_new(client);
        rd_kafka_CreateTopics(client, topics, count, NULL, answers);
        rd_kafka_event_t *event = rd_kafka_queue_poll(answers, ADMIN_TIMEOUT_MS);
        rc = check_created(event, err);
        if (event)
            rd_kafka_event_destroy(event);
        rd_kafka_queue_destroy(answers);
    }
    for (size_t i = 0; i < count; i++)
        if (topics[i])
            rd_kafka_NewTopic_destroy(topics[i]);
    rd_kafka_destroy(client);
    return rc;
}

static int kafka_ping(struct assay_queue *base, int timeout_ms, struct assay_error *err)
{
    struct kafka_queue *queue = (struct kafka_queue *)base;
    rd_kafka_t *client = NULL;
    ASSAY_TRY(assay_kafka_client(queue, RD_KAFKA_PRODUCER, producer_properties, NULL, NULL, &client,
                                 err));
    const struct rd_kafka_metadata *metadata = NULL;
    const rd_kafka_resp_err_t code = rd_kafka_metadata(client, 0, NULL, &metadata, timeout_ms);
    if (metadata)
        rd_kafka_metadata_destroy(metadata);
    rd_kafka_destroy(client);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR
               ? ASSAY_OK
               : assay_fail(err, ASSAY_UNAVAILABLE, "Kafka at %s: %s", queue->brokers,
                            rd_kafka_err2str(code));
}

const struct assay_queue_ops assay_queue_kafka = {
    .open = kafka_open,
    .close = kafka_close,
    .produce = kafka_produce,
    .create_topics = kafka_create_topics,
    .ping = kafka_ping,
    .consumer_open = assay_kafka_consumer_open,
    .consumer_close = assay_kafka_consumer_close,
    .poll = assay_kafka_poll,
    .ack = assay_kafka_ack,
    .set_paused = assay_kafka_set_paused,
};
