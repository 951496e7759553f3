// Fuzz: saved statistics, from the bytes of a kernel's state up to a chunk of a split.
// SPDX-License-Identifier: Apache-2.0
#include <stdint.h>
#include <string.h>

#include "common/base/memory.h"
#include "common/base/number.h"
#include "worker/executor/kernels/field_state.h"
#include "worker/executor/kernels/hash.h"
#include "worker/executor/profile/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(struct assay_field_state *state, const struct assay_field_state *other)
{
    struct assay_field_stats *stats = NULL;
    if (assay_field_state_finish(state, &stats, NULL) == ASSAY_OK)
        assay_field_stats_free(stats);
    if (assay_field_state_merge(state, other, NULL) == ASSAY_OK)
        ASSAY_IGNORE(assay_field_state_thin(state, NULL));
}

/* Loaded twice, so that it can be merged with itself. */
static void try_bytes(const void *data, size_t size)
{
    struct assay_field_state *state = NULL, *other = NULL;
    size_t used;
    if (assay_field_state_load(data, size, &used, &state, NULL) == ASSAY_OK &&
        assay_field_state_load(data, size, &used, &other, NULL) == ASSAY_OK)
        use(state, other);
    assay_field_state_free(state);
    assay_field_state_free(other);
}

/* The checksum is made right, so that what lies behind it is reached. */
static void try_state(uint8_t version, const uint8_t *data, size_t size)
{
    struct assay_buf bytes = {0};
    const uint32_t body = (uint32_t)size;
    const uint64_t sum = assay_hash_text(data, size);
    assay_buf_append(&bytes, &version, 1);
    assay_buf_append(&bytes, &body, sizeof body);
    assay_buf_append(&bytes, data, size);
    assay_buf_append(&bytes, &sum, sizeof sum);
    try_bytes(bytes.data, bytes.size);
    assay_buf_release(&bytes);
}

static void try_chunks(const uint8_t *data, size_t size)
{
    struct assay_state_merge merge = {0};
    json_t *chunks = json_loadb((const char *)data, size, 0, NULL);
    for (size_t i = 0; i < json_array_size(chunks); i++)
        if (assay_state_take(&merge, json_array_get(chunks, i), NULL) != ASSAY_OK)
            break;
    assay_state_merge_release(&merge);
    json_decref(chunks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    if (data[0] & 1) {
        try_state(data[0] >> 1, data + 1, size - 1);
    } else {
        try_chunks(data + 1, size - 1);
        try_bytes(data + 1, size - 1);
    }
    return 0;
}
