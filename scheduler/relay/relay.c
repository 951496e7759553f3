// Outbox relay: rows to messages, delivered rows away.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/relay/relay.h"

#include <string.h>

#include "common/base/memory.h"

enum { BATCH = 500 };

struct batch {
    struct assay_message messages[BATCH];
    int64_t ids[BATCH];
    bool delivered[BATCH];
};

static void fill(struct batch *batch, const struct assay_db_rows *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        batch->ids[i] = assay_db_get_int(rows, i, 0);
        batch->messages[i] = (struct assay_message){
            .topic = assay_db_get_text(rows, i, 1),
            .key = assay_db_get_text(rows, i, 2),
            .ce_id = assay_db_get_text(rows, i, 3),
            .ce_type = assay_db_get_text(rows, i, 4),
        };
        batch->messages[i].body = assay_db_get_blob(rows, i, 5, &batch->messages[i].size_bytes);
    }
}

static bool same_key(const struct assay_message *left, const struct assay_message *right)
{
    return left->key && right->key && !strcmp(left->topic, right->topic) &&
           !strcmp(left->key, right->key);
}

/* A message behind an undelivered one of its key is sent again with it, in order. */
static void keep_order(struct batch *batch, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; !batch->delivered[i] && j < count; j++)
            if (same_key(&batch->messages[i], &batch->messages[j]))
                batch->delivered[j] = false;
}

static size_t keep_delivered(struct batch *batch, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (batch->delivered[i])
            batch->ids[kept++] = batch->ids[i];
    return kept;
}

int assay_relay_tick(struct assay_job_store *store, struct assay_queue *queue, int *ret_sent,
                     struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_job_relay_batch(store, BATCH, &rows, err));
    const size_t count = assay_db_rows_count(rows);
    if (!count) {
        *ret_sent = 0;
        return ASSAY_OK;
    }
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(1, sizeof(struct batch));
    if (!memory)
        return assay_fail_memory(err);
    struct batch *batch = memory;
    fill(batch, rows, count);
    const int rc = assay_queue_produce(queue, batch->messages, count, batch->delivered, err);
    keep_order(batch, count);
    const size_t sent = keep_delivered(batch, count);
    const int rc_done = assay_job_relay_done(store, batch->ids, sent, rc == ASSAY_OK ? err : NULL);
    if (rc != ASSAY_OK)
        return rc;
    ASSAY_TRY(rc_done);
    *ret_sent = (int)sent;
    return ASSAY_OK;
}
