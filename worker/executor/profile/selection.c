// Selection: which records of the container are counted.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/selection.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/memory.h"
#include "common/base/number.h"

#define SAMPLE_MAX                                                                                 \
    INT64_C(16000000) /* records that a sample may hold: its search keeps 8 bytes of each */

void assay_selection_release(struct assay_selection *selection)
{
    for (size_t i = 0; selection->sets && i < selection->sets_count; i++)
        assay_free(selection->sets[i].words);
    assay_free(selection->sets);
    assay_free(selection->where);
    *selection = (struct assay_selection){0};
}

bool assay_selection_is_all(const struct assay_selection *selection)
{
    return !selection->limit && !selection->by_hash && !selection->where && !selection->sets;
}

/* --- settings --- */

static int parse_sample(const json_t *value, struct assay_selection *selection,
                        struct assay_error *err)
{
    char text[32];
    if (json_is_integer(value))
        (void)snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
    else
        (void)snprintf(text, sizeof text, "%s",
                       json_is_string(value) ? json_string_value(value) : "");
    const size_t size = strlen(text);
    int64_t count;
    double percent;
    if (size && text[size - 1] == '%' && assay_parse_double(text, size - 1, &percent) &&
        percent > 0 && percent <= 100) {
        selection->share = percent / 100;
        selection->by_hash = percent < 100;
        selection->hash_max = (uint64_t)fmin(ldexp(selection->share, 64), 18446744073709549568.0);
        return ASSAY_OK;
    }
    if (assay_parse_i64(text, size, &count) && count > 0 && count <= SAMPLE_MAX) {
        selection->sample = (uint64_t)count;
        return ASSAY_OK;
    }
    return assay_fail(err, ASSAY_INVALID,
                      "sample takes a number of records up to %lld or a share such as 5%%",
                      (long long)SAMPLE_MAX);
}

int assay_selection_parse(const json_t *settings, struct assay_selection *ret_selection,
                          struct assay_error *err)
{
    struct assay_selection selection = {0};
    const int64_t limit = assay_json_int(settings, "limit", 0);
    const int64_t most = assay_json_int(settings, "max_records_analyzed_per_partition", -1);
    const json_t *sample = assay_json_get(settings, "sample");
    if (limit < 0)
        return assay_fail(err, ASSAY_INVALID, "limit takes a number of records");
    selection.limit = (uint64_t)limit;
    if (most > 0 && (!limit || most < limit))
        selection.limit = (uint64_t)most;
    if (sample)
        ASSAY_TRY(parse_sample(sample, &selection, err));
    *ret_selection = selection;
    return ASSAY_OK;
}

/* --- picking --- */

static bool holds(const struct assay_record_set *set, uint64_t row)
{
    return row >> 6 < set->words_count && (set->words[row >> 6] >> (row & 63) & 1);
}

size_t assay_selection_pick(const struct assay_selection *selection, size_t part,
                            const struct assay_batch *batch, const uint64_t *hashes,
                            uint64_t *words)
{
    size_t count = 0;
    memset(words, 0, ASSAY_BATCH_ROWS / 8);
    for (size_t i = 0; i < batch->rows; i++) {
        if (selection->by_hash && hashes[i] > selection->hash_max)
            continue;
        if (selection->sets && !holds(&selection->sets[part], batch->first_row + i))
            continue;
        words[i >> 6] |= UINT64_C(1) << (i & 63);
        count++;
    }
    return count;
}

/* --- the lowest hashes --- */

int assay_hash_bottom_init(struct assay_hash_bottom *bottom, size_t capacity,
                           struct assay_error *err)
{
    *bottom = (struct assay_hash_bottom){.heap = assay_calloc(capacity, sizeof(uint64_t)),
                                         .capacity = capacity};
    return bottom->heap ? ASSAY_OK : assay_fail_memory(err);
}

void assay_hash_bottom_release(struct assay_hash_bottom *bottom)
{
    assay_free(bottom->heap);
    *bottom = (struct assay_hash_bottom){0};
}

static void sift_down(struct assay_hash_bottom *bottom, size_t at)
{
    uint64_t *heap = bottom->heap;
    for (size_t child; (child = 2 * at + 1) < bottom->count; at = child) {
        if (child + 1 < bottom->count && heap[child + 1] > heap[child])
            child++;
        if (heap[at] >= heap[child])
            return;
        const uint64_t swapped = heap[at];
        heap[at] = heap[child];
        heap[child] = swapped;
    }
}

static void sift_up(struct assay_hash_bottom *bottom, size_t at)
{
    uint64_t *heap = bottom->heap;
    while (at && heap[(at - 1) / 2] < heap[at]) {
        const uint64_t swapped = heap[at];
        heap[at] = heap[(at - 1) / 2];
        heap[(at - 1) / 2] = swapped;
        at = (at - 1) / 2;
    }
}

void assay_hash_bottom_add(struct assay_hash_bottom *bottom, uint64_t hash)
{
    if (bottom->count < bottom->capacity) {
        bottom->heap[bottom->count] = hash;
        sift_up(bottom, bottom->count++);
    } else if (hash < bottom->heap[0]) {
        bottom->heap[0] = hash;
        sift_down(bottom, 0);
    }
}

void assay_hash_bottom_merge(struct assay_hash_bottom *bottom,
                             const struct assay_hash_bottom *other)
{
    for (size_t i = 0; i < other->count; i++)
        assay_hash_bottom_add(bottom, other->heap[i]);
}
