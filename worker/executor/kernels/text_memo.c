// Texts of few values, told by their first sixteen bytes.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/text_memo.h"

#include <string.h>

#include "common/base/memory.h"

enum { KEY_BYTES = 16, LOOK_TEXTS = 32768, PAGE_BYTES = 4096 };
enum { ENTRIES_LEAST = 256, PLACES_PER_ENTRY = 8 };

/* Sixteen bytes, zeros behind the text, as GCC's vectors. */
typedef uint64_t memo_key __attribute__((vector_size(KEY_BYTES), aligned(1), may_alias));

struct assay_text_memo_entry {
    uint64_t low, high; /* the key */
    uint64_t hash;      /* of the value in the table */
    uint32_t count;     /* not settled yet */
    uint16_t size, length;
};

static void forget(struct assay_text_memo *memo)
{
    assay_free(memo->entries);
    assay_free(memo->places);
    *memo = (struct assay_text_memo){.off = memo->off};
}

void assay_text_memo_release(struct assay_text_memo *memo)
{
    forget(memo);
}

/* --- keys --- */

static inline bool has_key(struct assay_text text)
{
    return text.size_bytes - 1 < KEY_BYTES;
}

/* The key of a text of 1 to 16 bytes. Reads beyond it, but never into another page (and never under
 * a sanitizer). */
static inline memo_key load_key(struct assay_text text)
{
#ifndef ASSAY_SANITIZED
    static const uint8_t masks[2 * KEY_BYTES] = {255, 255, 255, 255, 255, 255, 255, 255,
                                                 255, 255, 255, 255, 255, 255, 255, 255};
    if (__builtin_expect(((uintptr_t)text.data & (PAGE_BYTES - 1)) <= PAGE_BYTES - KEY_BYTES, 1))
        return *(const memo_key *)(const void *)text.data &
               *(const memo_key *)(const void *)(masks + KEY_BYTES - text.size_bytes);
#endif
    char room[KEY_BYTES] = {0};
    memcpy(room, text.data, text.size_bytes);
    return *(const memo_key *)(const void *)room;
}

static inline uint32_t place_of(uint64_t low, uint64_t high)
{
    const uint64_t both = low ^ (high << 23 | high >> 41);
    return (uint32_t)(both * UINT64_C(0x9E3779B97F4A7C15) >> 48);
}

static inline bool is_entry(const struct assay_text_memo_entry *entry, memo_key key, uint32_t size)
{
    return !((entry->low ^ key[0]) | (entry->high ^ key[1]) | (entry->size ^ size));
}

/* The place of the text, or the free one where it belongs: most of them are. */
static __attribute__((noinline)) uint16_t *find(const struct assay_text_memo *memo, memo_key key,
                                                uint32_t size)
{
    const uint32_t mask = memo->places_count - 1;
    uint32_t place = place_of(key[0], key[1]) & mask;
    while (memo->places[place] && !is_entry(&memo->entries[memo->places[place]], key, size))
        place = (place + 1) & mask;
    return &memo->places[place];
}

/* entries[0] when the text is not known. */
static inline struct assay_text_memo_entry *known(const struct assay_text_memo *memo,
                                                  struct assay_text text)
{
    if (!has_key(text))
        return memo->entries;
    const memo_key key = load_key(text);
    const uint32_t place = place_of(key[0], key[1]) & (memo->places_count - 1);
    struct assay_text_memo_entry *entry = &memo->entries[memo->places[place]];
    if (__builtin_expect(is_entry(entry, key, text.size_bytes), 1))
        return entry;
    return &memo->entries[*find(memo, key, text.size_bytes)];
}

/* --- counting --- */

void assay_text_memo_settle(const struct assay_text_memo *memo, const struct assay_frequency *table)
{
    for (uint32_t i = 1; i < memo->count; i++) {
        if (memo->entries[i].count)
            assay_frequency_raise(table, memo->entries[i].hash, memo->entries[i].count);
        memo->entries[i].count = 0;
    }
}

bool assay_text_memo_begin(struct assay_text_memo *memo, struct assay_frequency *table, size_t n)
{
    if (memo->off)
        return false;
    const bool is_full = memo->texts >= LOOK_TEXTS;
    if (!assay_frequency_exact(table) || table->used > table->exact_capacity / 2 ||
        table->used + n > table->exact_capacity || (is_full && memo->known < memo->texts / 2)) {
        assay_text_memo_settle(memo, table);
        memo->off = true;
        forget(memo);
        return false;
    }
    if (is_full) { /* before a count reaches 2^32 too */
        assay_text_memo_settle(memo, table);
        memo->texts = memo->known = 0;
    }
    return true;
}

/* Lengths are at most 16: sum and sum of squares of a batch share a word. */
static size_t count_known(const struct assay_text_memo *memo, const struct assay_text *texts,
                          size_t n, struct assay_text *ret_others, uint64_t *ret_sums)
{
    uint64_t sums = 0;
    size_t others = 0;
    for (size_t i = 0; i < n; i++) {
        struct assay_text_memo_entry *entry = known(memo, texts[i]);
        if (entry == memo->entries) {
            ret_others[others++] = texts[i];
            continue;
        }
        entry->count++;
        sums += entry->length * (1 | (uint64_t)entry->length << 32);
    }
    *ret_sums = sums;
    return others;
}

size_t assay_text_memo_count(struct assay_text_memo *memo, struct assay_length_figures *lengths,
                             const struct assay_text *texts, size_t n,
                             struct assay_text *ret_others)
{
    uint64_t sums = 0;
    size_t others = n;
    if (memo->entries)
        others = count_known(memo, texts, n, ret_others, &sums);
    else if (n)
        memcpy(ret_others, texts, n * sizeof *texts);
    lengths->count += n - others;
    lengths->sum += (uint32_t)sums;
    lengths->squares += sums >> 32;
    memo->texts += n;
    memo->known += n - others;
    return others;
}

/* --- remembering --- */

/* Twice the entries; they keep their numbers. False when there are to be no more, or out of
 * memory. */
static bool grow(struct assay_text_memo *memo, uint32_t entries_most)
{
    const uint32_t entries_count = memo->entries_count ? memo->entries_count * 2 : ENTRIES_LEAST;
    if (entries_count > entries_most)
        return false;
    const uint32_t places_count = entries_count * PLACES_PER_ENTRY;
    uint16_t *places = assay_calloc(places_count, sizeof *places);
    struct assay_text_memo_entry *entries =
        places ? assay_reallocarray(memo->entries, entries_count, sizeof *entries) : NULL;
    if (!entries) {
        assay_free(places);
        return false;
    }
    if (!memo->count)
        entries[memo->count++] = (struct assay_text_memo_entry){0};
    assay_free(memo->places);
    memo->entries = entries;
    memo->places = places;
    memo->entries_count = entries_count;
    memo->places_count = places_count;
    for (uint32_t i = 1; i < memo->count; i++)
        *find(memo, (memo_key){entries[i].low, entries[i].high}, entries[i].size) = (uint16_t)i;
    return true;
}

/* False when there is no room. */
static bool remember(struct assay_text_memo *memo, const struct assay_frequency *table, bool opaque,
                     struct assay_text text, uint64_t hash)
{
    uint64_t length = text.size_bytes;
    if (!has_key(text) || assay_frequency_count(table, hash) < 2)
        return true;
    const memo_key key = load_key(text);
    if ((memo->places && *find(memo, key, text.size_bytes)) ||
        (!opaque && !assay_text_is_plain(text, &length)))
        return true;
    if (memo->count == memo->entries_count && !grow(memo, table->exact_capacity / 2))
        return false;
    memo->entries[memo->count] = (struct assay_text_memo_entry){.low = key[0],
                                                                .high = key[1],
                                                                .hash = hash,
                                                                .size = (uint16_t)text.size_bytes,
                                                                .length = (uint16_t)length};
    *find(memo, key, text.size_bytes) = (uint16_t)memo->count++;
    return true;
}

void assay_text_memo_learn(struct assay_text_memo *memo, const struct assay_frequency *table,
                           bool opaque, const struct assay_text *texts, const uint64_t *hashes,
                           size_t n)
{
    if (!assay_frequency_exact(table) || table->used > table->exact_capacity / 2)
        return;
    for (size_t i = 0; i < n; i++) {
        if (!remember(memo, table, opaque, texts[i], hashes[i]))
            return;
    }
}
