// Bucket sort of 64-bit keys.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/sort.h"

#include <string.h>

#include "worker/executor/kernels/numeric.h"

#define BUCKETS_LOG2_MAX 12
#define SMALL_MAX        20 /* keys that insertion sorts sooner */

/* One spreading: bucket b ends before ends[b]. */
struct spread {
    uint32_t ends[1 << BUCKETS_LOG2_MAX];
    uint32_t buckets, largest; /* largest: keys of the fullest bucket */
    unsigned shift;            /* of key − min to the number of its bucket */
};

/* Bring the keys of `from`, which are nearly in order, to `keys` in order. They may be the same. */
static void insert_sorted(const int64_t *from, size_t n, int64_t *keys)
{
    for (size_t i = 0; i < n; i++) {
        const int64_t key = from[i];
        size_t at = i;
        for (; at > 0 && keys[at - 1] > key; at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
    }
}

static unsigned bits_of(uint64_t value)
{
    return value ? 64 - (unsigned)__builtin_clzll(value) : 0;
}

/* About as many buckets as keys. */
static void plan(struct spread *spread, size_t n, uint64_t range)
{
    unsigned bits = bits_of(n - 1);
    bits = bits < BUCKETS_LOG2_MAX ? bits : BUCKETS_LOG2_MAX;
    spread->buckets = 1u << bits;
    spread->shift = bits_of(range) > bits ? bits_of(range) - bits : 0;
}

static void count_keys(struct spread *spread, const int64_t *keys, size_t n, uint64_t min)
{
    uint32_t sum = 0, largest = 0;
    memset(spread->ends, 0, spread->buckets * sizeof *spread->ends);
    for (size_t i = 0; i < n; i++)
        spread->ends[((uint64_t)keys[i] - min) >> spread->shift]++;
    for (uint32_t b = 0; b < spread->buckets; b++) {
        const uint32_t count = spread->ends[b];
        largest = count > largest ? count : largest;
        spread->ends[b] = sum;
        sum += count;
    }
    spread->largest = largest;
}

/* Buckets of equal keys are in order; the others are sorted in their turn. */
static void sort_buckets(struct spread *spread, int64_t *keys, int64_t *scratch)
{
    uint32_t start = 0;
    for (uint32_t b = 0; spread->shift && b < spread->buckets; b++) {
        const uint32_t end = spread->ends[b];
        if (end - start > 1)
            assay_sort_ints(keys + start, end - start, scratch);
        start = end;
    }
}

void assay_sort_ints(int64_t *keys, size_t n, int64_t *scratch)
{
    struct spread spread;
    struct assay_int_scan seen;
    if (n <= SMALL_MAX) {
        insert_sorted(keys, n, keys);
        return;
    }
    assay_int_scan(keys, n, &seen);
    const uint64_t min = (uint64_t)seen.min;
    if (seen.min == seen.max)
        return;
    plan(&spread, n, (uint64_t)seen.max - min);
    count_keys(&spread, keys, n, min);
    for (size_t i = 0; i < n; i++)
        scratch[spread.ends[((uint64_t)keys[i] - min) >> spread.shift]++] = keys[i];
    if (spread.shift && spread.largest <= SMALL_MAX) {
        insert_sorted(scratch, n, keys);
        return;
    }
    memcpy(keys, scratch, n * sizeof *keys);
    sort_buckets(&spread, keys, scratch);
}
