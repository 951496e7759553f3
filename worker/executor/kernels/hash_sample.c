// A sample of distinct values by hash, with exact counts.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/hash_sample.h"

#include <math.h>
#include <string.h>

#include "common/base/memory.h"

#define CAPACITY_MAX 4096

bool assay_hash_sample_init(struct assay_hash_sample *sample, uint32_t capacity)
{
    *sample = (struct assay_hash_sample){.capacity = capacity};
    sample->slots = assay_calloc((size_t)capacity * 2, sizeof *sample->slots);
    return sample->slots != NULL;
}

void assay_hash_sample_release(struct assay_hash_sample *sample)
{
    assay_free(sample->slots);
    *sample = (struct assay_hash_sample){0};
}

static bool is_in(const struct assay_hash_sample *sample, uint64_t hash)
{
    return hash <= UINT64_MAX >> sample->halvings;
}

static struct assay_hash_count *find(const struct assay_hash_sample *sample, uint64_t hash)
{
    const uint32_t mask = sample->capacity * 2 - 1;
    uint32_t slot = (uint32_t)hash & mask;
    while (sample->slots[slot].hash && sample->slots[slot].hash != hash)
        slot = (slot + 1) & mask;
    return &sample->slots[slot];
}

/* Lower the threshold and drop what lies above. */
static void keep_below(struct assay_hash_sample *sample, uint32_t halvings)
{
    struct assay_hash_count kept[CAPACITY_MAX + 1];
    uint32_t count = 0;
    sample->halvings = halvings;
    for (uint32_t i = 0; i < sample->capacity * 2; i++) {
        if (sample->slots[i].hash && is_in(sample, sample->slots[i].hash))
            kept[count++] = sample->slots[i];
    }
    memset(sample->slots, 0, (size_t)sample->capacity * 2 * sizeof *sample->slots);
    for (uint32_t i = 0; i < count; i++)
        *find(sample, kept[i].hash) = kept[i];
    sample->used = count;
}

void assay_hash_sample_put(struct assay_hash_sample *sample, uint64_t hash, uint64_t count)
{
    if (!is_in(sample, hash))
        return;
    struct assay_hash_count *slot = find(sample, hash);
    slot->count += count;
    if (slot->hash)
        return;
    slot->hash = hash;
    sample->used++;
    while (sample->used > sample->capacity)
        keep_below(sample, sample->halvings + 1);
}

void assay_hash_sample_add(struct assay_hash_sample *sample, const uint64_t *hashes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint64_t last = UINT64_MAX >> sample->halvings;
        while (i < n && hashes[i] > last)
            i++;
        if (i < n)
            assay_hash_sample_put(sample, hashes[i], 1);
    }
}

void assay_hash_sample_merge(struct assay_hash_sample *sample,
                             const struct assay_hash_sample *other)
{
    if (other->halvings > sample->halvings)
        keep_below(sample, other->halvings);
    for (uint32_t i = 0; i < other->capacity * 2; i++) {
        if (other->slots[i].hash)
            assay_hash_sample_put(sample, other->slots[i].hash, other->slots[i].count);
    }
}

void assay_hash_sample_thin(struct assay_hash_sample *sample, uint32_t most)
{
    while (sample->used > most)
        keep_below(sample, sample->halvings + 1);
}

double assay_hash_sample_share(const struct assay_hash_sample *sample)
{
    return ldexp(1.0, -(int)sample->halvings);
}

void assay_hash_sample_save(const struct assay_hash_sample *sample, struct assay_buf *buf)
{
    assay_put_varint(buf, sample->halvings);
    assay_put_varint(buf, sample->used);
    for (uint32_t i = 0; i < sample->capacity * 2; i++) {
        if (!sample->slots[i].hash)
            continue;
        assay_put_u64(buf, sample->slots[i].hash);
        assay_put_varint(buf, sample->slots[i].count);
    }
}

bool assay_hash_sample_load(struct assay_hash_sample *sample, uint32_t capacity,
                            struct assay_bytes *in)
{
    if (!assay_hash_sample_init(sample, capacity))
        return false;
    sample->halvings = assay_get_count(in, 63);
    const uint32_t used = assay_get_count(in, capacity);
    for (uint32_t i = 0; i < used && !in->failed; i++) {
        const uint64_t hash = assay_get_u64(in), count = assay_get_varint(in);
        struct assay_hash_count *slot = hash ? find(sample, hash) : NULL;
        if (!slot || slot->hash || !count || !is_in(sample, hash)) {
            in->failed = true;
            break;
        }
        *slot = (struct assay_hash_count){.hash = hash, .count = count};
        sample->used++;
    }
    return !in->failed;
}
