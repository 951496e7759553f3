// Dictionary: the texts of a column, each once, with a code.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/batch/dictionary.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <xxhash.h>

#include "common/base/memory.h"

enum {
    SLOTS = ASSAY_DICTIONARY_CODES * 4,
    BLOCK_BYTES = 16 << 10,
    BLOCKS = 15,
    TEXT_MOST_BYTES = BLOCK_BYTES / 4, /* so that little of a block is left unused */
};

struct assay_dictionary {
    pthread_mutex_t lock; /* guards all but full, and but the texts whose codes are known */
    atomic_bool full;
    uint32_t count; /* codes given, that of null among them */
    struct assay_text texts[ASSAY_DICTIONARY_CODES];
    uint16_t slots[SLOTS]; /* open addressing: codes; 0 = free */
    uint32_t blocks_count, block_used_bytes;
    char *blocks[BLOCKS]; /* the texts' bytes; they stay where they are */
};

_Static_assert(sizeof(struct assay_dictionary) + BLOCKS * BLOCK_BYTES <= ASSAY_DICTIONARY_BYTES,
               "what is stated holds it");

int assay_dictionary_new(struct assay_dictionary **ret_dictionary, struct assay_error *err)
{
    struct assay_dictionary *dictionary = assay_calloc(1, sizeof *dictionary);
    if (!dictionary)
        return assay_fail_memory(err);
    if (pthread_mutex_init(&dictionary->lock, NULL)) {
        assay_free(dictionary);
        return assay_fail_memory(err);
    }
    dictionary->count = 1;
    *ret_dictionary = dictionary;
    return ASSAY_OK;
}

void assay_dictionary_free(struct assay_dictionary *dictionary)
{
    if (!dictionary)
        return;
    for (uint32_t i = 0; i < dictionary->blocks_count; i++)
        assay_free(dictionary->blocks[i]);
    (void)pthread_mutex_destroy(&dictionary->lock);
    assay_free(dictionary);
}

static bool is_equal(struct assay_text a, struct assay_text b)
{
    return a.size_bytes == b.size_bytes && (!a.size_bytes || !memcmp(a.data, b.data, a.size_bytes));
}

/* Room for the bytes of a text; NULL when there is none. */
static char *make_room(struct assay_dictionary *dictionary, uint32_t size_bytes)
{
    if (size_bytes > TEXT_MOST_BYTES)
        return NULL;
    if (!dictionary->blocks_count || dictionary->block_used_bytes + size_bytes > BLOCK_BYTES) {
        if (dictionary->blocks_count == BLOCKS)
            return NULL;
        char *block = assay_malloc(BLOCK_BYTES);
        if (!block)
            return NULL;
        dictionary->blocks[dictionary->blocks_count++] = block;
        dictionary->block_used_bytes = 0;
    }
    char *room = dictionary->blocks[dictionary->blocks_count - 1] + dictionary->block_used_bytes;
    dictionary->block_used_bytes += size_bytes;
    return room;
}

static uint16_t add(struct assay_dictionary *dictionary, struct assay_text text, uint32_t slot)
{
    char *data =
        dictionary->count < ASSAY_DICTIONARY_CODES ? make_room(dictionary, text.size_bytes) : NULL;
    if (!data) {
        atomic_store(&dictionary->full, true);
        return ASSAY_CODE_OTHER;
    }
    if (text.size_bytes)
        memcpy(data, text.data, text.size_bytes);
    dictionary->texts[dictionary->count] =
        (struct assay_text){.data = data, .size_bytes = text.size_bytes};
    dictionary->slots[slot] = (uint16_t)dictionary->count;
    return (uint16_t)dictionary->count++;
}

static uint16_t code_of(struct assay_dictionary *dictionary, struct assay_text text)
{
    uint32_t slot = (uint32_t)XXH3_64bits(text.data, text.size_bytes) & (SLOTS - 1);
    while (dictionary->slots[slot] && !is_equal(dictionary->texts[dictionary->slots[slot]], text))
        slot = (slot + 1) & (SLOTS - 1);
    return dictionary->slots[slot] ? dictionary->slots[slot] : add(dictionary, text, slot);
}

void assay_dictionary_codes(struct assay_dictionary *dictionary, const struct assay_text *texts,
                            const uint64_t *validity, size_t n, uint16_t *ret_codes)
{
    if (atomic_load_explicit(&dictionary->full, memory_order_relaxed)) { /* codes are no use */
        for (size_t i = 0; i < n; i++)
            ret_codes[i] = ASSAY_CODE_OTHER;
        return;
    }
    (void)pthread_mutex_lock(&dictionary->lock);
    for (size_t i = 0; i < n; i++)
        ret_codes[i] =
            assay_is_valid(validity, i) ? code_of(dictionary, texts[i]) : ASSAY_CODE_NULL;
    (void)pthread_mutex_unlock(&dictionary->lock);
}

bool assay_dictionary_is_full(struct assay_dictionary *dictionary)
{
    (void)pthread_mutex_lock(&dictionary->lock);
    const bool full = atomic_load(&dictionary->full);
    (void)pthread_mutex_unlock(&dictionary->lock);
    return full;
}

struct assay_text assay_dictionary_text(const struct assay_dictionary *dictionary, size_t code)
{
    return dictionary->texts[code];
}
