// Repeats: hashes of a stream, sorted, in bounded memory.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/scan/repeats.h"

#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/batch/batch.h"
#include "worker/executor/lookup/sort_words.h"

/* --- a lane --- */

static void drop_above(struct assay_repeats_lane *lane, uint64_t high)
{
    size_t kept = 0;
    for (size_t i = 0; i < lane->count; i++) {
        const uint64_t hash = lane->hashes[i];
        lane->hashes[kept] = hash;
        kept += hash <= high;
    }
    lane->count = kept;
}

static void sort_lane(struct assay_repeats *repeats, struct assay_repeats_lane *lane)
{
    drop_above(lane, atomic_load(&repeats->high));
    assay_sort_words(lane->hashes, lane->count);
    bool twice = false;
    for (size_t i = 1; i < lane->count; i++)
        twice |= lane->hashes[i] == lane->hashes[i - 1];
    if (twice)
        atomic_store(&repeats->found, true);
}

static void lower(struct assay_repeats *repeats, uint64_t high)
{
    uint64_t now = atomic_load(&repeats->high);
    while (high < now && !atomic_compare_exchange_weak(&repeats->high, &now, high))
        ;
}

static int grow(struct assay_repeats_lane *lane, size_t most, struct assay_error *err)
{
    const size_t twice = lane->room ? 2 * lane->room : ASSAY_REPEATS_LEAST;
    const size_t room = twice < most ? twice : most;
    uint64_t *more = assay_reallocarray(lane->hashes, room, sizeof *more);
    if (!more)
        return assay_fail_memory(err);
    lane->hashes = more;
    lane->room = room;
    return ASSAY_OK;
}

static int make_room(struct assay_repeats *repeats, struct assay_repeats_lane *lane, size_t n,
                     struct assay_error *err)
{
    const size_t most =
        repeats->lane_hashes > ASSAY_REPEATS_LEAST ? repeats->lane_hashes : ASSAY_REPEATS_LEAST;
    while (lane->count + n > lane->room) {
        if (lane->room < most) {
            ASSAY_TRY(grow(lane, most, err));
            continue;
        }
        sort_lane(repeats, lane);
        if (atomic_load(&repeats->found)) {
            lane->count = 0;
        } else if (lane->count > lane->room / 2) {
            lower(repeats, lane->hashes[lane->room / 2 - 1]);
            lane->count = lane->room / 2;
        }
    }
    return ASSAY_OK;
}

int assay_repeats_add(struct assay_repeats *repeats, struct assay_repeats_lane *lane,
                      const uint64_t *hashes, const uint64_t *validity, size_t n,
                      struct assay_error *err)
{
    if (atomic_load_explicit(&repeats->found, memory_order_relaxed))
        return ASSAY_OK;
    ASSAY_TRY(make_room(repeats, lane, n, err));
    const uint64_t low = repeats->low, span = atomic_load(&repeats->high) - low;
    size_t count = lane->count;
    for (size_t i = 0; i < n; i++) {
        const bool valid = !validity || (validity[i >> 6] >> (i & 63) & 1);
        lane->hashes[count] = hashes[i];
        count += valid & (hashes[i] - low <= span);
    }
    lane->count = count;
    return ASSAY_OK;
}

/* --- all lanes --- */

/* Each lane is sorted and has no hash twice: is one in two of them? */
static bool meet(struct assay_repeats_lane *const *lanes, size_t a, size_t b)
{
    const uint64_t *x = lanes[a]->hashes, *y = lanes[b]->hashes;
    for (size_t i = 0, j = 0; i < lanes[a]->count && j < lanes[b]->count;) {
        if (x[i] == y[j])
            return true;
        const bool less = x[i] < y[j];
        i += less;
        j += !less;
    }
    return false;
}

void assay_repeats_finish(struct assay_repeats *repeats, struct assay_repeats_lane *const *lanes,
                          size_t lanes_count, double *ret_share)
{
    const uint64_t high = atomic_load(&repeats->high);
    for (size_t i = 0; i < lanes_count && !atomic_load(&repeats->found); i++)
        sort_lane(repeats, lanes[i]);
    for (size_t a = 0; a < lanes_count; a++)
        for (size_t b = a + 1; b < lanes_count && !atomic_load(&repeats->found); b++)
            if (meet(lanes, a, b))
                atomic_store(&repeats->found, true);
    *ret_share = high == UINT64_MAX ? 1 : (double)high * 0x1p-64;
}

void assay_repeats_again(struct assay_repeats *repeats)
{
    repeats->low = atomic_load(&repeats->high) + 1;
    atomic_store(&repeats->high, UINT64_MAX);
}

void assay_repeats_lane_release(struct assay_repeats_lane *lane)
{
    assay_free(lane->hashes);
    *lane = (struct assay_repeats_lane){0};
}
