// Key set: filled by appending, sorted whenever it is full and at the end.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/lookup/key_set.h"

#include "common/base/memory.h"
#include "worker/executor/lookup/sort_words.h"

#define RECENT        4096 /* a power of two */
#define KEYS_A_START  8    /* on average */
#define START_BITS    30   /* at most */
#define FULL_OF_EIGHT 6    /* so many eighths are left when it is sorted: then it is full */

static bool is_same(struct assay_key a, struct assay_key b)
{
    return a.high == b.high && a.low == b.low;
}

static void sort_once(struct assay_key_set *set)
{
    size_t kept = 0;
    assay_sort_pairs(&set->keys->high, set->count);
    for (size_t i = 0; i < set->count; i++)
        if (!kept || !is_same(set->keys[kept - 1], set->keys[i]))
            set->keys[kept++] = set->keys[i];
    set->count = kept;
}

/* A key that stands nowhere yet, but for chance. */
static int begin(struct assay_key_set *set, struct assay_error *err)
{
    set->recent = assay_calloc(RECENT, sizeof *set->recent);
    if (!set->recent)
        return assay_fail_memory(err);
    for (size_t i = 0; i < RECENT; i++)
        set->recent[i].high = ~(uint64_t)i; /* of another place: no key is taken for it */
    return ASSAY_OK;
}

static int make_room(struct assay_key_set *set, bool *ret_full, struct assay_error *err)
{
    *ret_full = false;
    if (set->room < set->most) {
        const size_t twice = set->room ? 2 * set->room : ASSAY_KEY_SET_LEAST;
        const size_t room = twice < set->most ? twice : set->most;
        struct assay_key *keys = assay_reallocarray(set->keys, room, sizeof *keys);
        if (!keys)
            return assay_fail_memory(err);
        set->keys = keys;
        set->room = room;
        return ASSAY_OK;
    }
    sort_once(set);
    *ret_full = set->count > set->most / 8 * FULL_OF_EIGHT;
    return ASSAY_OK;
}

int assay_key_set_add(struct assay_key_set *set, const struct assay_key *keys, size_t n,
                      size_t *ret_taken, struct assay_error *err)
{
    size_t taken = 0;
    if (!set->recent)
        ASSAY_TRY(begin(set, err));
    for (; taken < n; taken++) {
        struct assay_key *recent = &set->recent[keys[taken].high & (RECENT - 1)];
        if (is_same(*recent, keys[taken]))
            continue;
        if (set->count == set->room) {
            bool full;
            ASSAY_TRY(make_room(set, &full, err));
            if (full)
                break;
        }
        *recent = keys[taken];
        set->keys[set->count++] = keys[taken];
    }
    *ret_taken = taken;
    return ASSAY_OK;
}

static size_t start_of(const struct assay_key_set *set, uint64_t high)
{
    return set->bits ? (size_t)(high >> (64 - set->bits)) : 0;
}

int assay_key_set_finish(struct assay_key_set *set, struct assay_error *err)
{
    assay_free(set->recent);
    set->recent = NULL;
    if (set->count)
        sort_once(set);
    struct assay_key *fitting =
        set->count ? assay_reallocarray(set->keys, set->count, sizeof *fitting) : NULL;
    if (fitting) {
        set->keys = fitting;
        set->room = set->count;
    }
    while (set->bits < START_BITS && set->count >> set->bits > KEYS_A_START)
        set->bits++;
    const size_t starts = (size_t)1 << set->bits;
    set->starts = assay_calloc(starts + 1, sizeof *set->starts);
    if (!set->starts)
        return assay_fail_memory(err);
    for (size_t i = 0; i < set->count; i++)
        set->starts[start_of(set, set->keys[i].high) + 1]++;
    for (size_t i = 0; i < starts; i++)
        set->starts[i + 1] += set->starts[i];
    return ASSAY_OK;
}

bool assay_key_set_has(const struct assay_key_set *set, struct assay_key key)
{
    const size_t start = start_of(set, key.high);
    size_t low = set->starts[start], high = set->starts[start + 1];
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (assay_key_is_less(set->keys[middle], key))
            low = middle + 1;
        else
            high = middle;
    }
    return low < set->starts[start + 1] && is_same(set->keys[low], key);
}

void assay_key_set_release(struct assay_key_set *set)
{
    assay_free(set->keys);
    assay_free(set->recent);
    assay_free(set->starts);
    *set = (struct assay_key_set){.most = set->most};
}
