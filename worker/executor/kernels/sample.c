// Bottom-k sample of records.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/sample.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/kernels/sort.h"

#define ROOM_MAX (ASSAY_SAMPLE_MAX / 2 * 3)

static uint32_t room_for(uint32_t k)
{
    return k + k / 2 + 1;
}

size_t assay_sample_bytes(uint32_t k, bool blob)
{
    return room_for(k) * (sizeof(struct assay_sample_item) + (blob ? ASSAY_BLOB_MAX : 0));
}

bool assay_sample_init(struct assay_sample *sample, uint32_t k, bool blob)
{
    const uint32_t room = room_for(k);
    *sample = (struct assay_sample){.k = k,
                                    .room = room,
                                    .threshold = UINT64_MAX,
                                    .blob = blob,
                                    .blobs = {.max_bytes = room * ASSAY_BLOB_MAX}};
    sample->items = assay_calloc(room, sizeof *sample->items);
    return sample->items != NULL;
}

void assay_sample_release(struct assay_sample *sample)
{
    assay_free(sample->items);
    assay_blobs_release(&sample->blobs);
    *sample = (struct assay_sample){0};
}

/* Keep what lies below the threshold, which has come down. */
static void drop_beyond(struct assay_sample *sample)
{
    uint64_t words[ROOM_MAX + 1];
    uint32_t kept = 0;
    for (uint32_t i = 0; i < sample->count; i++) {
        if (sample->items[i].hash < sample->threshold)
            sample->items[kept++] = sample->items[i];
    }
    sample->count = kept;
    if (!sample->blob)
        return;
    for (uint32_t i = 0; i < kept; i++)
        words[i] = sample->items[i].word;
    assay_blobs_collect(&sample->blobs, words, kept);
    for (uint32_t i = 0; i < kept; i++)
        sample->items[i].word = words[i];
}

void assay_sample_thin(struct assay_sample *sample, uint32_t most)
{
    int64_t hashes[ROOM_MAX + 1], scratch[ROOM_MAX + 1];
    if (sample->count <= most)
        return;
    for (uint32_t i = 0; i < sample->count; i++)
        hashes[i] = (int64_t)(sample->items[i].hash ^ UINT64_C(1) << 63); /* unsigned order */
    assay_sort_ints(hashes, sample->count, scratch);
    sample->threshold = (uint64_t)hashes[most] ^ UINT64_C(1) << 63;
    drop_beyond(sample);
}

void assay_sample_put_word(struct assay_sample *sample, uint64_t hash, uint64_t word)
{
    if (hash >= sample->threshold)
        return;
    sample->items[sample->count++] = (struct assay_sample_item){.hash = hash, .word = word};
    if (sample->count == sample->room)
        assay_sample_thin(sample, sample->k);
}

void assay_sample_put_text(struct assay_sample *sample, uint64_t hash, struct assay_text text,
                           bool cut)
{
    if (hash < sample->threshold)
        assay_sample_put_word(sample, hash, assay_blobs_put(&sample->blobs, text, cut));
}

static void put_from(struct assay_sample *sample, const struct assay_sample *other,
                     const struct assay_sample_item *item)
{
    bool cut;
    if (!sample->blob)
        assay_sample_put_word(sample, item->hash, item->word);
    else if (item->word != ASSAY_BLOB_NONE)
        assay_sample_put_text(sample, item->hash, assay_blobs_get(&other->blobs, item->word, &cut),
                              item->word & 1);
}

void assay_sample_merge(struct assay_sample *sample, const struct assay_sample *other)
{
    if (other->threshold < sample->threshold) {
        sample->threshold = other->threshold;
        drop_beyond(sample);
    }
    for (uint32_t i = 0; i < other->count; i++)
        put_from(sample, other, &other->items[i]);
}

static int compare_items(const void *a, const void *b)
{
    const struct assay_sample_item *left = a, *right = b;
    if (left->hash != right->hash)
        return left->hash < right->hash ? -1 : 1;
    return left->word < right->word ? -1 : left->word > right->word;
}

size_t assay_sample_sorted(const struct assay_sample *sample, struct assay_sample_item *ret_items)
{
    struct assay_sample_item all[ROOM_MAX + 1];
    if (!sample->count)
        return 0;
    memcpy(all, sample->items, sample->count * sizeof *all);
    qsort(all, sample->count, sizeof *all, compare_items);
    const uint32_t count = sample->count < sample->k ? sample->count : sample->k;
    memcpy(ret_items, all, count * sizeof *all);
    return count;
}

/* In the order of the hashes, so that equal samples give equal bytes. */
void assay_sample_save(const struct assay_sample *sample, struct assay_buf *buf)
{
    struct assay_sample_item items[ASSAY_SAMPLE_MAX];
    const size_t count = assay_sample_sorted(sample, items);
    const bool beyond =
        count < sample->count; /* the room behind k: nothing beyond the last one is complete */
    assay_put_u64(buf, beyond ? items[count - 1].hash + 1 : sample->threshold);
    assay_put_varint(buf, count);
    for (size_t i = 0; i < count; i++) {
        assay_put_u64(buf, items[i].hash);
        if (sample->blob)
            assay_blob_save(&sample->blobs, items[i].word, buf);
        else
            assay_put_u64(buf, items[i].word);
    }
}

bool assay_sample_load(struct assay_sample *sample, struct assay_bytes *in)
{
    const uint64_t threshold = assay_get_u64(in);
    const uint32_t count = assay_get_count(in, sample->k);
    for (uint32_t i = 0; i < count && !in->failed; i++) {
        const uint64_t hash = assay_get_u64(in);
        const uint64_t word =
            sample->blob ? assay_blob_load(&sample->blobs, in) : assay_get_u64(in);
        in->failed = in->failed || hash >= threshold;
        assay_sample_put_word(sample, hash, word);
    }
    sample->threshold = threshold;
    return !in->failed;
}
