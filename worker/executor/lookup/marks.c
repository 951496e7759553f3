// Marks: blocks of bits, found by a hash table of their places.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/lookup/marks.h"

#include <string.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/memory.h"
#include "worker/executor/lookup/spill.h"

#define BLOCK_ROWS  (ASSAY_MARKS_BLOCK_BYTES * 8)
#define BLOCK_WORDS (ASSAY_MARKS_BLOCK_BYTES / sizeof(uint64_t))
#define SLOTS_LEAST 64 /* a power of two */

struct slot {
    uint32_t part, file;
    uint64_t block;  /* of the file's rows */
    uint64_t number; /* from 1, in the order in which they came; 0 = empty */
};

struct assay_marks {
    struct slot *slots; /* open addressing, at most half full */
    size_t slots_count;
    uint64_t count;    /* of blocks */
    uint64_t kept;     /* the first ones are in memory */
    uint64_t **blocks; /* of those */
    int fd;            /* the others; -1 = none yet */
    bool has_open;     /* one of them is being changed */
    uint64_t open;     /* its number */
    uint64_t words[BLOCK_WORDS];
};

int assay_marks_new(uint64_t memory_bytes, struct assay_marks **ret_marks, struct assay_error *err)
{
    ASSAY_AUTO(assay_marks_free) struct assay_marks *marks = assay_calloc(1, sizeof *marks);
    if (!marks)
        return assay_fail_memory(err);
    marks->fd = -1;
    marks->kept = memory_bytes / ASSAY_MARKS_BLOCK_BYTES;
    marks->slots_count = SLOTS_LEAST;
    marks->slots = assay_calloc(SLOTS_LEAST, sizeof *marks->slots);
    marks->blocks = assay_calloc((size_t)marks->kept + 1, sizeof *marks->blocks);
    if (!marks->slots || !marks->blocks)
        return assay_fail_memory(err);
    *ret_marks = ASSAY_TAKE(marks);
    return ASSAY_OK;
}

void assay_marks_free(struct assay_marks *marks)
{
    if (!marks)
        return;
    for (uint64_t i = 0; marks->blocks && i < marks->kept; i++)
        assay_free(marks->blocks[i]);
    if (marks->fd >= 0)
        (void)close(marks->fd);
    assay_free(marks->blocks);
    assay_free(marks->slots);
    assay_free(marks);
}

/* --- blocks --- */

static size_t first_slot(const struct slot *wanted, size_t slots_count)
{
    const uint64_t bits =
        ((uint64_t)wanted->part << 32 | wanted->file) * UINT64_C(0x9e3779b97f4a7c15) +
        wanted->block * UINT64_C(0xd6e8feb86659fd93);
    return (size_t)(bits ^ bits >> 32) & (slots_count - 1);
}

/* The block's slot, or the empty one where it would stand. */
static struct slot *find(struct slot *slots, size_t slots_count, const struct slot *wanted)
{
    for (size_t at = first_slot(wanted, slots_count);; at = (at + 1) & (slots_count - 1)) {
        struct slot *slot = &slots[at];
        if (!slot->number || (slot->part == wanted->part && slot->file == wanted->file &&
                              slot->block == wanted->block))
            return slot;
    }
}

static int grow(struct assay_marks *marks, struct assay_error *err)
{
    const size_t count = 2 * marks->slots_count;
    struct slot *slots = assay_calloc(count, sizeof *slots);
    if (!slots)
        return assay_fail_memory(err);
    for (size_t i = 0; i < marks->slots_count; i++)
        if (marks->slots[i].number)
            *find(slots, count, &marks->slots[i]) = marks->slots[i];
    assay_free(marks->slots);
    marks->slots = slots;
    marks->slots_count = count;
    return ASSAY_OK;
}

static uint64_t offset_of(const struct assay_marks *marks, uint64_t number)
{
    return (number - 1 - marks->kept) * ASSAY_MARKS_BLOCK_BYTES;
}

static int close_block(struct assay_marks *marks, struct assay_error *err)
{
    if (!marks->has_open)
        return ASSAY_OK;
    marks->has_open = false;
    return assay_spill_write(marks->fd, marks->words, sizeof marks->words,
                             offset_of(marks, marks->open), err);
}

/* A block of the file, brought into memory; a new one is empty. */
static int open_block(struct assay_marks *marks, uint64_t number, bool is_new,
                      struct assay_error *err)
{
    if (marks->has_open && marks->open == number)
        return ASSAY_OK;
    if (marks->fd < 0)
        ASSAY_TRY(assay_file_unnamed("marks of records", &marks->fd, err));
    ASSAY_TRY(close_block(marks, err));
    if (is_new)
        memset(marks->words, 0, sizeof marks->words);
    else
        ASSAY_TRY(assay_spill_read(marks->fd, marks->words, sizeof marks->words,
                                   offset_of(marks, number), err));
    marks->open = number;
    marks->has_open = true;
    return ASSAY_OK;
}

static int words_of(struct assay_marks *marks, uint64_t number, bool is_new, uint64_t **ret_words,
                    struct assay_error *err)
{
    if (number > marks->kept) {
        ASSAY_TRY(open_block(marks, number, is_new, err));
        *ret_words = marks->words;
        return ASSAY_OK;
    }
    uint64_t **words = &marks->blocks[number - 1];
    if (!*words && !(*words = assay_calloc(BLOCK_WORDS, sizeof **words)))
        return assay_fail_memory(err);
    *ret_words = *words;
    return ASSAY_OK;
}

static struct slot block_of(const struct assay_marks_place *place)
{
    return (struct slot){
        .part = place->part, .file = place->file, .block = place->row / BLOCK_ROWS};
}

int assay_marks_set(struct assay_marks *marks, const struct assay_marks_place *place,
                    struct assay_error *err)
{
    const struct slot wanted = block_of(place);
    if (2 * (marks->count + 1) > marks->slots_count)
        ASSAY_TRY(grow(marks, err));
    struct slot *slot = find(marks->slots, marks->slots_count, &wanted);
    const bool is_new = !slot->number;
    if (is_new) {
        *slot = wanted;
        slot->number = ++marks->count;
    }
    uint64_t *words;
    ASSAY_TRY(words_of(marks, slot->number, is_new, &words, err));
    const size_t bit = (size_t)(place->row % BLOCK_ROWS);
    words[bit / 64] |= UINT64_C(1) << bit % 64;
    return ASSAY_OK;
}

int assay_marks_finish(struct assay_marks *marks, struct assay_error *err)
{
    return close_block(marks, err);
}

/* --- reading --- */

static int load(const struct assay_marks *marks, struct assay_marks_reader *reader,
                const struct slot *wanted, struct assay_error *err)
{
    const struct slot *slot = find(marks->slots, marks->slots_count, wanted);
    reader->known = false;
    reader->words = NULL;
    if (slot->number > marks->kept) {
        ASSAY_TRY(assay_spill_read(marks->fd, reader->copy, sizeof reader->copy,
                                   offset_of(marks, slot->number), err));
        reader->words = reader->copy;
    } else if (slot->number) {
        reader->words = marks->blocks[slot->number - 1];
    }
    reader->block = (struct assay_marks_place){wanted->part, wanted->file, wanted->block};
    reader->known = true;
    return ASSAY_OK;
}

int assay_marks_get(const struct assay_marks *marks, struct assay_marks_reader *reader,
                    const struct assay_marks_place *place, bool *ret_marked,
                    struct assay_error *err)
{
    const struct slot wanted = block_of(place);
    if (!reader->known || reader->block.part != wanted.part || reader->block.file != wanted.file ||
        reader->block.row != wanted.block)
        ASSAY_TRY(load(marks, reader, &wanted, err));
    const size_t bit = (size_t)(place->row % BLOCK_ROWS);
    *ret_marked = reader->words && (reader->words[bit / 64] >> bit % 64 & 1);
    return ASSAY_OK;
}
