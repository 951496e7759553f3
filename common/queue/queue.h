/* Queue: carries doorbells ("look at task T, dispatch n") and events; the truth is in the catalog.
 * `local:` and `kafka://host:port,…` behind one face. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_QUEUE_QUEUE_H
#define ASSAY_QUEUE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "common/json/json.h"

struct assay_queue;

/** A message as produced and consumed. Texts are borrowed for the call. */
struct assay_message {
    const char *topic;
    const char *key;   /* may be NULL */
    const char *ce_id; /* CloudEvents headers: id, type */
    const char *ce_type;
    const void *body;
    size_t size_bytes;
    int32_t partition; /* consumed only */
    int64_t offset;    /* consumed only */
};

/** url: `local:` or `kafka://host:port,…`. options (NULL = none): {"kafka": {"<librdkafka
 * property>": "value"}, "replication": 3, "partitions": 64, "topic_prefix": "assay", "client_id":
 * "assay-worker/host"}; replication and partitions serve assay_queue_create_topics(), partitions
 * bounds the bulk lane's. ASSAY_USAGE: unknown scheme or property. */
ASSAY_MUST_CHECK int assay_queue_open(const char *url, const json_t *options,
                                      struct assay_queue **ret_queue, struct assay_error *err);
void assay_queue_close(struct assay_queue *queue);
ASSAY_DEFINE_CLEANUP(struct assay_queue, assay_queue_close)

/** Send a batch and wait until every delivery report is in. ret_delivered[i] says which arrived (at
 * least once). Thread-safe. ASSAY_UNAVAILABLE when some did not: send those again, duplicates are
 * harmless. */
ASSAY_MUST_CHECK int assay_queue_produce(struct assay_queue *queue,
                                         const struct assay_message *messages, size_t count,
                                         bool *ret_delivered, struct assay_error *err);
/** Create the topics of a pool (and the event topics) where they are missing. Safe to repeat. */
ASSAY_MUST_CHECK int assay_queue_create_topics(struct assay_queue *queue, const char *pool,
                                               struct assay_error *err);
/** Reachable within timeout_ms? */
ASSAY_MUST_CHECK int assay_queue_ping(struct assay_queue *queue, int timeout_ms,
                                      struct assay_error *err);

/** A group's consumer over some topics. One thread polls it. */
struct assay_consumer;
ASSAY_MUST_CHECK int assay_consumer_open(struct assay_queue *queue, const char *group,
                                         const char *const *topics, size_t topics_count,
                                         struct assay_consumer **ret_consumer,
                                         struct assay_error *err);
void assay_consumer_close(struct assay_consumer *consumer);
ASSAY_DEFINE_CLEANUP(struct assay_consumer, assay_consumer_close)
/** The next message (*ret_message valid until the next call), or *ret_message NULL after timeout_ms
 * without one. */
ASSAY_MUST_CHECK int assay_consumer_poll(struct assay_consumer *consumer, int timeout_ms,
                                         const struct assay_message **ret_message,
                                         struct assay_error *err);
/** Acknowledge: this message will not come again to the group once the background commit ran. */
ASSAY_MUST_CHECK int assay_consumer_ack(struct assay_consumer *consumer, const char *topic,
                                        int32_t partition, int64_t offset, struct assay_error *err);
/** Stop and go on fetching from all partitions of a topic. Our own bookkeeping; a rebalance keeps
 * it. */
ASSAY_MUST_CHECK int assay_consumer_pause(struct assay_consumer *consumer, const char *topic,
                                          struct assay_error *err);
ASSAY_MUST_CHECK int assay_consumer_resume(struct assay_consumer *consumer, const char *topic,
                                           struct assay_error *err);

/** Topic names: "<prefix>.task.<pool>.<lane>.v1" and so on, into text. */
void assay_queue_task_topic(const struct assay_queue *queue, const char *pool, int lane,
                            char text[static 128]);
/** "<prefix>.event.out.v1": what happened here, for others. */
void assay_queue_event_topic(const struct assay_queue *queue, char text[static 128]);

#endif
