// CSV ranges: cuts guessed or proved, and the check that makes guesses safe.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/read/csv_ranges.h"

#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/read/csv_guess.h"
#include "worker/executor/read/csv_scan.h"

#define LEAST_PIECE                                                                                \
    ((size_t)64 << 10) /* looked at around a cut; four times more until a record begins in it */
#define MOST_PIECE ((size_t)16 << 20)

/* How many ranges a file is worth. */
static size_t ranges_of(const struct assay_csv_head *head, size_t count, uint64_t least_bytes)
{
    if (!head->seekable || head->data_begin >= head->size_bytes || count < 2)
        return 1;
    const uint64_t most = (head->size_bytes - head->data_begin) / (least_bytes ? least_bytes : 1);
    return most < 1 ? 1 : most < count ? (size_t)most : count;
}

static uint64_t cut_of(const struct assay_csv_head *head, size_t index, size_t count)
{
    const uint64_t size = head->size_bytes - head->data_begin;
    return head->data_begin + size / count * index + size % count * index / count;
}

/* The first record that begins at `cut` or behind it; *ret_begin the file's end when none is
 * found. A piece without a newline, the inside of a huge cell, is not worth a look. */
static int guess(struct assay_source *source, const struct assay_csv_head *head, uint64_t cut,
                 uint64_t *ret_begin, struct assay_error *err)
{
    ASSAY_AUTO(assay_free) void *room = NULL;
    *ret_begin = head->size_bytes;
    for (size_t bytes = LEAST_PIECE; bytes <= MOST_PIECE; bytes *= 4) {
        size_t size, begin = 0;
        assay_free(ASSAY_TAKE(room));
        room = assay_malloc(bytes);
        if (!room)
            return assay_fail_memory(err);
        ASSAY_TRY(assay_csv_read_at(source, cut - 1, room, bytes, &size, err));
        if (memchr(room, head->dialect.newline, size))
            ASSAY_TRY(assay_csv_guess_begin(head, room, size, &begin, err));
        if (begin)
            *ret_begin = cut - 1 + begin;
        if (begin || size < bytes)
            return ASSAY_OK;
    }
    return ASSAY_OK;
}

/* One range to begin with: everything. */
static void whole_file(const struct assay_csv_head *head, struct assay_csv_range *ranges,
                       size_t *ret_count)
{
    ranges[0] = (struct assay_csv_range){.begin = head->data_begin,
                                         .end = head->seekable ? head->size_bytes : 0};
    *ret_count = 1;
}

/* Cut the last range at `begin`, where that leaves something on both sides. */
static void cut_at(struct assay_csv_range *ranges, size_t *count, uint64_t begin)
{
    struct assay_csv_range *last = &ranges[*count - 1];
    if (begin <= last->begin || begin >= last->end)
        return;
    ranges[*count] = (struct assay_csv_range){.begin = begin, .end = last->end};
    last->end = begin;
    ++*count;
}

int assay_csv_ranges_plan(struct assay_source *source, const struct assay_csv_head *head,
                          size_t count, uint64_t least_bytes, struct assay_csv_range *ranges,
                          size_t *ret_count, struct assay_error *err)
{
    const size_t wanted = ranges_of(head, count, least_bytes);
    size_t made;
    whole_file(head, ranges, &made);
    for (size_t i = 1; i < wanted; i++) {
        uint64_t begin;
        ASSAY_TRY(guess(source, head, cut_of(head, i, wanted), &begin, err));
        cut_at(ranges, &made, begin);
    }
    *ret_count = made;
    return ASSAY_OK;
}

/* A pass of the tokenizer over all records. */
struct pass {
    struct assay_source *source;
    const struct assay_csv_head *head;
    size_t wanted, next; /* the next cut to be placed */
    struct assay_csv_range *ranges;
    size_t made;
    char *buffer;
    uint32_t *marks;
};

static void place_cuts(struct pass *pass, uint64_t offset, size_t count)
{
    for (size_t i = 0; i < count && pass->next < pass->wanted; i++) {
        const uint64_t behind = offset + pass->marks[i] + 1;
        if (pass->buffer[pass->marks[i]] != pass->head->dialect.newline ||
            behind < cut_of(pass->head, pass->next, pass->wanted))
            continue;
        cut_at(pass->ranges, &pass->made, behind);
        while (pass->next < pass->wanted && cut_of(pass->head, pass->next, pass->wanted) <= behind)
            pass->next++;
    }
}

static int run_pass(struct pass *pass, struct assay_error *err)
{
    assay_csv_scan_fn *scan = assay_csv_has_avx2() ? assay_csv_scan_avx2 : assay_csv_scan_plain;
    enum assay_csv_state state = ASSAY_CSV_RECORD;
    uint64_t offset = pass->head->data_begin, inner = 0;
    while (pass->next < pass->wanted) {
        size_t size;
        ASSAY_TRY(assay_csv_read_at(pass->source, offset, pass->buffer, LEAST_PIECE, &size, err));
        if (!size)
            break;
        for (size_t at = 0; at < size; at += ASSAY_CSV_SCAN_BYTES) {
            const size_t left = size - at < ASSAY_CSV_SCAN_BYTES ? size - at : ASSAY_CSV_SCAN_BYTES;
            const size_t count = scan(&pass->head->dialect, pass->buffer + at, left, (uint32_t)at,
                                      &state, pass->marks, &inner);
            place_cuts(pass, offset, count);
        }
        offset += size;
    }
    return ASSAY_OK;
}

int assay_csv_ranges_exact(struct assay_source *source, const struct assay_csv_head *head,
                           size_t count, uint64_t least_bytes, struct assay_csv_range *ranges,
                           size_t *ret_count, struct assay_error *err)
{
    struct pass pass = {.source = source,
                        .head = head,
                        .wanted = ranges_of(head, count, least_bytes),
                        .next = 1,
                        .ranges = ranges};
    whole_file(head, ranges, &pass.made);
    if (pass.wanted > 1) {
        ASSAY_AUTO(assay_free) void *buffer = assay_malloc(LEAST_PIECE + 64);
        ASSAY_AUTO(assay_free) void *marks = assay_calloc(ASSAY_CSV_SCAN_MARKS, sizeof *pass.marks);
        if (!buffer || !marks)
            return assay_fail_memory(err);
        pass.buffer = buffer;
        pass.marks = marks;
        ASSAY_TRY(run_pass(&pass, err));
    }
    *ret_count = pass.made;
    return ASSAY_OK;
}

size_t assay_csv_ranges_verify(struct assay_csv_range *ranges, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const uint64_t stop = ranges[i - 1].stop;
        if (ranges[i].begin == stop)
            continue;
        ranges[i].begin = stop;
        if (stop >= ranges[i].end)
            ranges[i].end = ranges[i].stop = stop;
        return i;
    }
    return count;
}
