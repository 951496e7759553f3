// Short texts that a sketch keeps.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/blobs.h"

#include <string.h>

#include "common/base/memory.h"
#include "common/base/utf8.h"

#define SIZE_BITS 16

void assay_blobs_release(struct assay_blobs *blobs)
{
    assay_free(blobs->data);
    blobs->data = NULL;
    blobs->size_bytes = blobs->capacity_bytes = 0;
}

static bool reserve(struct assay_blobs *blobs, uint32_t size_bytes)
{
    if (size_bytes > blobs->max_bytes - blobs->size_bytes)
        return false;
    if (blobs->capacity_bytes - blobs->size_bytes >= size_bytes)
        return true;
    uint64_t capacity = blobs->capacity_bytes ? (uint64_t)blobs->capacity_bytes * 2 : 1024;
    while (capacity - blobs->size_bytes < size_bytes)
        capacity *= 2;
    capacity = capacity > blobs->max_bytes ? blobs->max_bytes : capacity;
    char *data = assay_realloc(blobs->data, capacity);
    if (!data)
        return false;
    blobs->data = data;
    blobs->capacity_bytes = (uint32_t)capacity;
    return true;
}

static uint64_t word_of(uint32_t offset, uint32_t size, bool cut)
{
    return (uint64_t)offset << (SIZE_BITS + 1) | (uint64_t)size << 1 | cut;
}

uint64_t assay_blobs_put(struct assay_blobs *blobs, struct assay_text text, bool cut)
{
    uint32_t size = text.size_bytes;
    if (size > ASSAY_BLOB_MAX) {
        size = (uint32_t)assay_utf8_cut(text.data, size, ASSAY_BLOB_MAX);
        cut = true;
    }
    if (!reserve(blobs, size))
        return ASSAY_BLOB_NONE;
    const uint32_t offset = blobs->size_bytes;
    if (size)
        memcpy(blobs->data + offset, text.data, size);
    blobs->size_bytes += size;
    return word_of(offset, size, cut);
}

struct assay_text assay_blobs_get(const struct assay_blobs *blobs, uint64_t word, bool *ret_cut)
{
    *ret_cut = word & 1;
    const uint32_t size = (uint32_t)(word >> 1) & ((1u << SIZE_BITS) - 1);
    return (struct assay_text){
        .data = size ? blobs->data + (word >> (SIZE_BITS + 1)) : "",
        .size_bytes = size,
    };
}

void assay_blobs_collect(struct assay_blobs *blobs, uint64_t *words, size_t n)
{
    struct assay_blobs fresh = {.max_bytes = blobs->max_bytes};
    bool cut;
    uint64_t total = 0;
    for (size_t i = 0; i < n; i++)
        total +=
            words[i] == ASSAY_BLOB_NONE ? 0 : assay_blobs_get(blobs, words[i], &cut).size_bytes;
    if (total > fresh.max_bytes || !reserve(&fresh, (uint32_t)total))
        return;
    for (size_t i = 0; i < n; i++) {
        if (words[i] == ASSAY_BLOB_NONE)
            continue;
        const struct assay_text text = assay_blobs_get(blobs, words[i], &cut);
        words[i] = assay_blobs_put(&fresh, text, cut);
    }
    assay_blobs_release(blobs);
    *blobs = fresh;
}

void assay_blob_save(const struct assay_blobs *blobs, uint64_t word, struct assay_buf *buf)
{
    if (word == ASSAY_BLOB_NONE) {
        assay_put_u8(buf, 2);
        return;
    }
    bool cut;
    const struct assay_text text = assay_blobs_get(blobs, word, &cut);
    assay_put_u8(buf, cut);
    assay_put_varint(buf, text.size_bytes);
    assay_buf_append(buf, text.data, text.size_bytes);
}

uint64_t assay_blob_load(struct assay_blobs *blobs, struct assay_bytes *in)
{
    const uint8_t kind = assay_get_u8(in);
    if (kind == 2 || in->failed)
        return ASSAY_BLOB_NONE;
    const uint32_t size = assay_get_count(in, ASSAY_BLOB_MAX);
    const char *data = assay_get_bytes(in, size);
    in->failed = in->failed || kind > 2;
    if (!data)
        return ASSAY_BLOB_NONE;
    const uint64_t word =
        assay_blobs_put(blobs, (struct assay_text){.data = data, .size_bytes = size}, kind);
    in->failed = in->failed || word == ASSAY_BLOB_NONE;
    return word;
}
