// Values with their counts: exact, then filtered space-saving.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/frequency.h"

#include <string.h>

#include "common/base/memory.h"

#define SLOTS_START    64
#define LOSSY_KEPT_MAX (ASSAY_LOSSY_CAPACITY_MAX / 2)
#define NO_SLOT        UINT32_MAX
#define SKIPPED        (UINT32_MAX - 1)

static bool alloc_slots(struct assay_frequency *frequency, uint32_t slots_count, bool lossy)
{
    struct assay_hash_count *slots = assay_calloc(slots_count, sizeof *slots);
    uint64_t *words = assay_calloc(slots_count, sizeof *words);
    uint64_t *errors = lossy ? assay_calloc(slots_count, sizeof *errors) : NULL;
    uint32_t *cells = lossy ? assay_calloc(ASSAY_FREQUENCY_CELLS, sizeof *cells) : NULL;
    uint64_t *filter = lossy ? assay_calloc(ASSAY_FREQUENCY_FILTER / 64, sizeof *filter) : NULL;
    if (!slots || !words || (lossy && (!errors || !cells || !filter))) {
        assay_free(slots);
        assay_free(words);
        assay_free(errors);
        assay_free(cells);
        assay_free(filter);
        return false;
    }
    frequency->slots = slots;
    frequency->words = words;
    frequency->errors = errors;
    frequency->cells = cells;
    frequency->filter = filter;
    frequency->slots_count = slots_count;
    return true;
}

bool assay_frequency_init(struct assay_frequency *frequency, uint32_t exact_capacity,
                          uint32_t lossy_capacity, bool blob, uint32_t blobs_max_bytes)
{
    *frequency = (struct assay_frequency){.exact_capacity = exact_capacity,
                                          .lossy_capacity = lossy_capacity,
                                          .blob = blob,
                                          .blobs = {.max_bytes = blobs_max_bytes}};
    return alloc_slots(frequency, SLOTS_START, false);
}

void assay_frequency_release(struct assay_frequency *frequency)
{
    assay_free(frequency->slots);
    assay_free(frequency->words);
    assay_free(frequency->errors);
    assay_free(frequency->cells);
    assay_free(frequency->filter);
    assay_blobs_release(&frequency->blobs);
    *frequency = (struct assay_frequency){0};
}

/* The slot of the hash, or the free one where it belongs. */
static inline uint32_t find(const struct assay_frequency *frequency, uint64_t hash)
{
    const uint32_t mask = frequency->slots_count - 1;
    uint32_t slot = (uint32_t)hash & mask;
    while (frequency->slots[slot].hash != hash && frequency->slots[slot].hash)
        slot = (slot + 1) & mask;
    return slot;
}

/* Double an exact table. */
static bool grow(struct assay_frequency *frequency)
{
    struct assay_frequency old = *frequency;
    if (!alloc_slots(frequency, old.slots_count * 2, false))
        return false;
    for (uint32_t i = 0; i < old.slots_count; i++) {
        if (!old.slots[i].hash)
            continue;
        const uint32_t slot = find(frequency, old.slots[i].hash);
        frequency->slots[slot] = old.slots[i];
        frequency->words[slot] = old.words[i];
    }
    assay_free(old.slots);
    assay_free(old.words);
    return true;
}

static inline bool is_filtered(const struct assay_frequency *frequency, uint64_t hash)
{
    const uint64_t bit = hash >> 44 & (ASSAY_FREQUENCY_FILTER - 1);
    return !(frequency->filter[bit >> 6] >> (bit & 63) & 1);
}

static void pass_filter(struct assay_frequency *frequency, uint64_t hash)
{
    const uint64_t bit = hash >> 44 & (ASSAY_FREQUENCY_FILTER - 1);
    if (frequency->filter)
        frequency->filter[bit >> 6] |= UINT64_C(1) << (bit & 63);
}

static inline uint32_t *cell_of(const struct assay_frequency *frequency, uint64_t hash)
{
    return &frequency->cells[hash >> 32 & (ASSAY_FREQUENCY_CELLS - 1)];
}

static void raise_cell(uint32_t *cell, uint64_t count)
{
    const uint32_t capped = count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
    *cell = capped > *cell ? capped : *cell;
}

static uint64_t most_of(const struct assay_frequency *frequency, uint32_t slot)
{
    return frequency->slots[slot].count + (frequency->errors ? frequency->errors[slot] : 0);
}

/* A threshold that leaves at most `most` values; growing by an eighth, so that rising is rare. */
static uint64_t next_threshold(const struct assay_frequency *frequency, uint32_t most)
{
    for (uint64_t threshold = frequency->threshold;;) {
        uint32_t left = 0;
        threshold += threshold / 8 + 1;
        for (uint32_t i = 0; i < frequency->slots_count; i++)
            left += frequency->slots[i].hash && most_of(frequency, i) > threshold;
        if (left <= most)
            return threshold;
    }
}

struct kept {
    struct assay_hash_count slot[LOSSY_KEPT_MAX];
    uint64_t words[LOSSY_KEPT_MAX], errors[LOSSY_KEPT_MAX];
    uint32_t count;
};

/* Split the values of `from` at the threshold: kept, or counted in the cells of `into`. */
static void split(const struct assay_frequency *from, uint64_t threshold,
                  struct assay_frequency *into, struct kept *ret_kept)
{
    ret_kept->count = 0;
    for (uint32_t i = 0; i < from->slots_count; i++) {
        if (!from->slots[i].hash)
            continue;
        if (most_of(from, i) <= threshold) {
            raise_cell(cell_of(into, from->slots[i].hash), most_of(from, i));
            continue;
        }
        ret_kept->slot[ret_kept->count] = from->slots[i];
        ret_kept->words[ret_kept->count] = from->words[i];
        ret_kept->errors[ret_kept->count++] = from->errors ? from->errors[i] : 0;
    }
}

static void refill(struct assay_frequency *frequency, struct kept *kept)
{
    if (frequency->blob)
        assay_blobs_collect(&frequency->blobs, kept->words, kept->count);
    memset(frequency->filter, 0, ASSAY_FREQUENCY_FILTER / 8);
    for (uint32_t i = 0; i < kept->count; i++) {
        const uint32_t slot = find(frequency, kept->slot[i].hash);
        frequency->slots[slot] = kept->slot[i];
        frequency->words[slot] = kept->words[i];
        frequency->errors[slot] = kept->errors[i];
        pass_filter(frequency, kept->slot[i].hash);
    }
    frequency->used = kept->count;
    frequency->crowded = false;
}

/* Raise the threshold of a lossy table until at most `most` values are left. */
static void purge(struct assay_frequency *frequency, uint32_t most)
{
    struct kept kept;
    frequency->threshold = next_threshold(frequency, most);
    split(frequency, frequency->threshold, frequency, &kept);
    memset(frequency->slots, 0, frequency->slots_count * sizeof *frequency->slots);
    refill(frequency, &kept);
}

bool assay_frequency_go_lossy(struct assay_frequency *frequency)
{
    if (!assay_frequency_exact(frequency))
        return true;
    struct kept kept;
    const struct assay_frequency old = *frequency;
    const uint32_t most = old.lossy_capacity / 2;
    const uint64_t threshold = old.used > most ? next_threshold(&old, most) : 0;
    if (!alloc_slots(frequency, old.lossy_capacity * 2, true))
        return false;
    split(&old, threshold, frequency, &kept);
    assay_free(old.slots);
    assay_free(old.words);
    frequency->threshold = threshold;
    refill(frequency, &kept);
    return true;
}

uint64_t assay_frequency_bound(const struct assay_frequency *frequency)
{
    uint32_t most = 0;
    for (size_t i = 0; frequency->cells && i < ASSAY_FREQUENCY_CELLS; i++)
        most = frequency->cells[i] > most ? frequency->cells[i] : most;
    return most;
}

void assay_frequency_thin(struct assay_frequency *frequency, uint32_t most)
{
    if (frequency->used > most)
        purge(frequency, most);
    const uint32_t bound = (uint32_t)assay_frequency_bound(frequency);
    for (size_t i = 0; i < ASSAY_FREQUENCY_CELLS; i++)
        frequency->cells[i] = bound;
}

/* Make room for one more value. Full: an exact table that must go lossy first. */
enum room { ROOM_READY, ROOM_MOVED, ROOM_FULL, ROOM_NO_MEMORY };

static enum room make_room(struct assay_frequency *frequency)
{
    if (!assay_frequency_exact(frequency)) {
        if (frequency->used < frequency->lossy_capacity)
            return ROOM_READY;
        purge(frequency, frequency->lossy_capacity / 2);
        return ROOM_MOVED;
    }
    if (frequency->used == frequency->exact_capacity)
        return ROOM_FULL;
    if (frequency->used * 4 < frequency->slots_count ||
        frequency->slots_count == frequency->exact_capacity * 2)
        return ROOM_READY;
    return grow(frequency) ? ROOM_MOVED : ROOM_NO_MEMORY;
}

/* A slot for a hash that is not in the table, with a bound on its earlier count; NO_SLOT when there
 * is none. */
static uint32_t insert(struct assay_frequency *frequency, uint64_t hash, uint32_t slot,
                       uint64_t error, bool *ret_failed)
{
    const enum room room = make_room(frequency);
    if (room == ROOM_FULL || room == ROOM_NO_MEMORY) {
        *ret_failed = room == ROOM_NO_MEMORY;
        return NO_SLOT;
    }
    if (room == ROOM_MOVED)
        slot = find(frequency, hash);
    frequency->slots[slot] = (struct assay_hash_count){.hash = hash};
    if (frequency->errors)
        frequency->errors[slot] = error;
    pass_filter(frequency, hash);
    frequency->used++;
    return slot;
}

/* One more of a value that is not watched. True when it is to be watched, with the bound on what
 * came before. */
static inline bool crosses(const struct assay_frequency *frequency, uint64_t hash,
                           uint64_t *ret_error)
{
    uint32_t *cell = cell_of(frequency, hash);
    if (*cell < frequency->threshold) {
        ++*cell;
        return false;
    }
    *ret_error = *cell;
    return true;
}

/* Is the text of a value wanted now that it occurs again? */
static inline bool wants_text(const struct assay_frequency *frequency, uint32_t slot, bool blob)
{
    return blob && frequency->slots[slot].count == 1 && frequency->words[slot] == ASSAY_BLOB_NONE;
}

uint64_t assay_frequency_count(const struct assay_frequency *frequency, uint64_t hash)
{
    const uint32_t slot = find(frequency, hash);
    return frequency->slots[slot].hash ? frequency->slots[slot].count : 0;
}

void assay_frequency_raise(const struct assay_frequency *frequency, uint64_t hash, uint64_t count)
{
    frequency->slots[find(frequency, hash)].count += count;
}

/* Count the values that are in the table already, from the i-th on, up to one that is not or whose
 * text is wanted. */
static inline __attribute__((always_inline)) size_t count_known(struct assay_frequency *frequency,
                                                                const uint64_t *hashes, size_t i,
                                                                size_t n, bool blob)
{
    struct assay_hash_count *const slots = frequency->slots;
    const uint32_t mask = frequency->slots_count - 1;
    for (; i < n; i++) {
        const uint64_t hash = hashes[i];
        uint32_t slot = (uint32_t)hash & mask;
        while (slots[slot].hash != hash && slots[slot].hash)
            slot = (slot + 1) & mask;
        if (!slots[slot].hash || wants_text(frequency, slot, blob))
            break;
        slots[slot].count++;
    }
    return i;
}

/* The same of a lossy table: values that are watched, and values that their cell counts, up to one
 * that is to be watched from now on or whose text is wanted. */
static inline __attribute__((always_inline)) size_t count_lossy(struct assay_frequency *frequency,
                                                                const uint64_t *hashes, size_t i,
                                                                size_t n, bool blob)
{
    struct assay_hash_count *const slots = frequency->slots;
    uint32_t *const cells = frequency->cells;
    const uint64_t threshold = frequency->threshold;
    for (; i < n; i++) {
        const uint64_t hash = hashes[i];
        if (!is_filtered(frequency, hash)) {
            const uint32_t slot = find(frequency, hash);
            if (slots[slot].hash == hash) {
                if (wants_text(frequency, slot, blob))
                    break;
                slots[slot].count++;
                continue;
            }
        }
        uint32_t *cell = &cells[hash >> 32 & (ASSAY_FREQUENCY_CELLS - 1)];
        if (*cell >= threshold)
            break;
        ++*cell;
    }
    return i;
}

static inline __attribute__((always_inline)) size_t
count_run(struct assay_frequency *frequency, const uint64_t *hashes, size_t i, size_t n, bool blob)
{
    return assay_frequency_exact(frequency) ? count_known(frequency, hashes, i, n, blob)
                                            : count_lossy(frequency, hashes, i, n, blob);
}

/* Where to count one more of the value: its slot, SKIPPED when a cell has counted it, NO_SLOT when
 * there is no room. */
static inline uint32_t take(struct assay_frequency *frequency, uint64_t hash, bool *ret_fresh,
                            bool *ret_failed)
{
    uint64_t error = 0;
    const bool exact = assay_frequency_exact(frequency);
    const bool is_new = !exact && is_filtered(frequency, hash);
    *ret_fresh = false;
    if (is_new && !crosses(frequency, hash, &error))
        return SKIPPED;
    const uint32_t slot = find(frequency, hash);
    if (frequency->slots[slot].hash)
        return slot;
    if (!exact && !is_new && !crosses(frequency, hash, &error))
        return SKIPPED;
    *ret_fresh = true;
    return insert(frequency, hash, slot, error, ret_failed);
}

size_t assay_frequency_add_words(struct assay_frequency *frequency, const uint64_t *hashes,
                                 const uint64_t *words, size_t n, bool *ret_failed)
{
    for (size_t i = 0; (i = count_run(frequency, hashes, i, n, false)) < n; i++) {
        bool fresh;
        const uint32_t slot = take(frequency, hashes[i], &fresh, ret_failed);
        if (slot == SKIPPED)
            continue;
        if (slot == NO_SLOT)
            return i;
        if (fresh)
            frequency->words[slot] = words[i];
        frequency->slots[slot].count++;
    }
    return n;
}

/* Room for texts is short: forget those of the values that occurred once. */
static uint64_t put_text(struct assay_frequency *frequency, struct assay_text text, bool cut)
{
    const uint64_t word = assay_blobs_put(&frequency->blobs, text, cut);
    if (word != ASSAY_BLOB_NONE || frequency->crowded)
        return word;
    for (uint32_t i = 0; i < frequency->slots_count; i++) {
        if (!frequency->slots[i].hash || frequency->slots[i].count < 2)
            frequency->words[i] = ASSAY_BLOB_NONE;
    }
    assay_blobs_collect(&frequency->blobs, frequency->words, frequency->slots_count);
    frequency->crowded = frequency->blobs.size_bytes > frequency->blobs.max_bytes / 4 * 3;
    return assay_blobs_put(&frequency->blobs, text, cut);
}

size_t assay_frequency_add_texts(struct assay_frequency *frequency, const uint64_t *hashes,
                                 const struct assay_text *texts, size_t n, bool *ret_failed)
{
    for (size_t i = 0; (i = count_run(frequency, hashes, i, n, true)) < n; i++) {
        bool fresh;
        const uint32_t slot = take(frequency, hashes[i], &fresh, ret_failed);
        if (slot == SKIPPED)
            continue;
        if (slot == NO_SLOT)
            return i;
        if (fresh)
            frequency->words[slot] = assay_blobs_put(&frequency->blobs, texts[i], false);
        if (++frequency->slots[slot].count == 2 && frequency->words[slot] == ASSAY_BLOB_NONE)
            frequency->words[slot] = put_text(frequency, texts[i], false);
    }
    return n;
}

static void attach(struct assay_frequency *frequency, uint32_t slot, uint64_t word,
                   const struct assay_blobs *blobs)
{
    bool cut;
    if (!frequency->blob || frequency->words[slot] != ASSAY_BLOB_NONE || word == ASSAY_BLOB_NONE)
        return;
    const struct assay_text text = assay_blobs_get(blobs, word, &cut);
    frequency->words[slot] = put_text(frequency, text, cut);
}

/* Count a value `count` times more: in its slot, SKIPPED when its cell has taken them, NO_SLOT when
 * there is no room. */
static uint32_t raise_value(struct assay_frequency *frequency, uint64_t hash, uint64_t count,
                            uint64_t error, bool *ret_fresh, bool *ret_failed)
{
    uint32_t slot = find(frequency, hash);
    *ret_fresh = !frequency->slots[slot].hash;
    if (*ret_fresh) {
        const uint64_t before = frequency->cells ? *cell_of(frequency, hash) : 0;
        if (!assay_frequency_exact(frequency) && before + count + error <= frequency->threshold) {
            raise_cell(cell_of(frequency, hash), before + count + error);
            return SKIPPED;
        }
        slot = insert(frequency, hash, slot, before + error, ret_failed);
        if (slot == NO_SLOT)
            return NO_SLOT;
    } else if (frequency->errors) {
        frequency->errors[slot] += error;
    }
    frequency->slots[slot].count += count;
    return slot;
}

bool assay_frequency_put(struct assay_frequency *frequency, uint64_t hash, uint64_t count,
                         uint64_t error, uint64_t word, const struct assay_blobs *blobs,
                         bool *ret_full)
{
    bool fresh, failed = false;
    const uint32_t slot = raise_value(frequency, hash, count, error, &fresh, &failed);
    *ret_full = slot == NO_SLOT && !failed;
    if (slot == NO_SLOT || slot == SKIPPED)
        return !failed;
    if (fresh)
        frequency->words[slot] = frequency->blob ? ASSAY_BLOB_NONE : word;
    attach(frequency, slot, word, blobs);
    return true;
}

bool assay_frequency_put_text(struct assay_frequency *frequency, uint64_t hash, uint64_t count,
                              struct assay_text text, bool *ret_full)
{
    bool fresh, failed = false;
    const uint32_t slot = raise_value(frequency, hash, count, 0, &fresh, &failed);
    *ret_full = slot == NO_SLOT && !failed;
    if (slot == NO_SLOT || slot == SKIPPED)
        return !failed;
    if (fresh)
        frequency->words[slot] = assay_blobs_put(&frequency->blobs, text, false);
    if (frequency->slots[slot].count > 1 && frequency->words[slot] == ASSAY_BLOB_NONE)
        frequency->words[slot] = put_text(frequency, text, false);
    return true;
}

static uint32_t common_values(const struct assay_frequency *a, const struct assay_frequency *b)
{
    uint32_t common = 0;
    for (uint32_t i = 0; i < b->slots_count; i++)
        common += b->slots[i].hash && a->slots[find(a, b->slots[i].hash)].hash;
    return common;
}

/* What only this table watches may be in the other's cells; what only the other watches, in
 * ours. */
static void add_bounds(struct assay_frequency *frequency, const struct assay_frequency *other)
{
    for (uint32_t i = 0; other->cells && i < frequency->slots_count; i++) {
        const uint64_t hash = frequency->slots[i].hash;
        if (hash && !other->slots[find(other, hash)].hash)
            frequency->errors[i] += *cell_of(other, hash);
    }
}

static void add_cells(struct assay_frequency *frequency, const struct assay_frequency *other)
{
    for (size_t i = 0; other->cells && i < ASSAY_FREQUENCY_CELLS; i++)
        raise_cell(&frequency->cells[i], (uint64_t)frequency->cells[i] + other->cells[i]);
    frequency->threshold += other->threshold;
}

bool assay_frequency_has_room(const struct assay_frequency *frequency, uint64_t hash)
{
    return frequency->used < frequency->exact_capacity ||
           frequency->slots[find(frequency, hash)].hash;
}

bool assay_frequency_merges_exact(const struct assay_frequency *frequency,
                                  const struct assay_frequency *other)
{
    return frequency->used + other->used - common_values(frequency, other) <=
           frequency->exact_capacity;
}

bool assay_frequency_merge(struct assay_frequency *frequency, const struct assay_frequency *other,
                           bool *ret_full)
{
    const bool both_exact = assay_frequency_exact(frequency) && assay_frequency_exact(other);
    *ret_full = false;
    if (both_exact && !assay_frequency_merges_exact(frequency, other)) {
        *ret_full = true;
        return true;
    }
    if (!both_exact && !assay_frequency_go_lossy(frequency))
        return false;
    add_bounds(frequency, other);
    for (uint32_t i = 0; i < other->slots_count; i++) {
        const uint64_t error = other->errors ? other->errors[i] : 0;
        if (other->slots[i].hash &&
            !assay_frequency_put(frequency, other->slots[i].hash, other->slots[i].count, error,
                                 other->words[i], &other->blobs, ret_full))
            return false;
    }
    add_cells(frequency, other);
    return true;
}

void assay_frequency_save(const struct assay_frequency *frequency, struct assay_buf *buf)
{
    assay_put_u8(buf, !assay_frequency_exact(frequency));
    assay_put_varint(buf, frequency->threshold);
    for (size_t i = 0; frequency->cells && i < ASSAY_FREQUENCY_CELLS; i++)
        assay_put_varint(buf, frequency->cells[i]);
    assay_put_varint(buf, frequency->used);
    for (uint32_t i = 0; i < frequency->slots_count; i++) {
        if (!frequency->slots[i].hash)
            continue;
        assay_put_u64(buf, frequency->slots[i].hash);
        assay_put_varint(buf, frequency->slots[i].count);
        if (frequency->errors)
            assay_put_varint(buf, frequency->errors[i]);
        if (frequency->blob)
            assay_blob_save(&frequency->blobs, frequency->words[i], buf);
        else
            assay_put_u64(buf, frequency->words[i]);
    }
}

static bool load_one(struct assay_frequency *frequency, struct assay_bytes *in)
{
    bool failed = false;
    const uint64_t hash = assay_get_u64(in), count = assay_get_varint(in);
    const uint64_t error = frequency->errors ? assay_get_varint(in) : 0;
    uint32_t slot = hash ? find(frequency, hash) : NO_SLOT;
    if (in->failed || slot == NO_SLOT || frequency->slots[slot].hash || !count)
        return false;
    slot = insert(frequency, hash, slot, error, &failed);
    if (slot == NO_SLOT)
        return false;
    frequency->slots[slot].count = count;
    frequency->words[slot] =
        frequency->blob ? assay_blob_load(&frequency->blobs, in) : assay_get_u64(in);
    return !in->failed;
}

bool assay_frequency_load(struct assay_frequency *frequency, struct assay_bytes *in)
{
    const uint8_t lossy = assay_get_u8(in);
    const uint64_t threshold = assay_get_varint(in);
    if (in->failed || lossy > 1 || (lossy && !assay_frequency_go_lossy(frequency)))
        return false;
    for (size_t i = 0; lossy && i < ASSAY_FREQUENCY_CELLS; i++)
        frequency->cells[i] = assay_get_count(in, UINT32_MAX);
    const uint32_t used =
        assay_get_count(in, lossy ? frequency->lossy_capacity : frequency->exact_capacity);
    for (uint32_t i = 0; i < used; i++) {
        if (!load_one(frequency, in))
            return false;
    }
    frequency->threshold = threshold;
    return !in->failed && (lossy || !threshold);
}
