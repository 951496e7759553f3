/* Kafka, shared by the producer's and the consumer's file; only files of this folder include it. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_QUEUE_KAFKA_H
#define ASSAY_QUEUE_KAFKA_H

#include <librdkafka/rdkafka.h>
#include <pthread.h>

#include "common/queue/queue_ops.h"

struct kafka_queue {
    struct assay_queue base;
    char *brokers;
    json_t *options;
    pthread_mutex_t lock; /* one batch of messages at a time */
    rd_kafka_t *producer; /* NULL = to be made (again) */
};

struct kafka_property {
    const char *name, *value;
};

/** A client with the brokers, `properties` (ends with name NULL) and the user's own properties set,
 * in this order. prepare: sets callbacks; may be NULL. *ret_client is the caller's. ASSAY_USAGE
 * names a property that is refused. */
ASSAY_MUST_CHECK int assay_kafka_client(const struct kafka_queue *queue, rd_kafka_type_t type,
                                        const struct kafka_property *properties,
                                        void (*prepare)(rd_kafka_conf_t *conf, void *context),
                                        void *context, rd_kafka_t **ret_client,
                                        struct assay_error *err);

/** Consumer part of struct assay_queue_ops. */
int assay_kafka_consumer_open(struct assay_queue *queue, const char *group,
                              const char *const *topics, size_t topics_count,
                              struct assay_consumer **ret_consumer, struct assay_error *err);
void assay_kafka_consumer_close(struct assay_consumer *consumer);
int assay_kafka_poll(struct assay_consumer *consumer, int timeout_ms,
                     const struct assay_message **ret_message, struct assay_error *err);
int assay_kafka_ack(struct assay_consumer *consumer, const char *topic, int32_t partition,
                    int64_t offset, struct assay_error *err);
int assay_kafka_set_paused(struct assay_consumer *consumer, const char *topic, bool paused,
                           struct assay_error *err);

#endif
