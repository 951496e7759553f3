/* What an implementation of the queue gives; only files of this folder include it. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_QUEUE_QUEUE_OPS_H
#define ASSAY_QUEUE_QUEUE_OPS_H

#include "common/queue/queue.h"

struct assay_queue_ops {
    int (*open)(const char *address, const json_t *options, struct assay_queue **ret_queue,
                struct assay_error *err);
    void (*close)(struct assay_queue *queue);
    int (*produce)(struct assay_queue *queue, const struct assay_message *messages, size_t count,
                   bool *ret_delivered, struct assay_error *err);
    int (*create_topics)(struct assay_queue *queue, const char *const *names, const int *partitions,
                         size_t count, struct assay_error *err);
    int (*ping)(struct assay_queue *queue, int timeout_ms, struct assay_error *err);
    int (*consumer_open)(struct assay_queue *queue, const char *group, const char *const *topics,
                         size_t topics_count, struct assay_consumer **ret_consumer,
                         struct assay_error *err);
    void (*consumer_close)(struct assay_consumer *consumer);
    int (*poll)(struct assay_consumer *consumer, int timeout_ms,
                const struct assay_message **ret_message, struct assay_error *err);
    int (*ack)(struct assay_consumer *consumer, const char *topic, int32_t partition,
               int64_t offset, struct assay_error *err);
    int (*set_paused)(struct assay_consumer *consumer, const char *topic, bool paused,
                      struct assay_error *err);
};

/** First members of the implementations' own structs. */
struct assay_queue {
    const struct assay_queue_ops *ops;
    char *topic_prefix;
};
struct assay_consumer {
    const struct assay_queue_ops *ops;
};

extern const struct assay_queue_ops assay_queue_local;
extern const struct assay_queue_ops assay_queue_kafka;

#endif
