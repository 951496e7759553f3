// Bucket sort of 64-bit keys.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/sort.h"

#include <string.h>

#define BUCKETS   256
#define SMALL_MAX 20 /* keys that insertion sorts sooner */

static void sort_small(int64_t *keys, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const int64_t key = keys[i];
        size_t at = i;
        for (; at > 0 && keys[at - 1] > key; at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
    }
}

/* By how much to shift key − min so that it is a bucket's number. */
static unsigned shift_for(uint64_t range)
{
    const unsigned bits = range ? 64 - (unsigned)__builtin_clzll(range) : 0;
    return bits > 8 ? bits - 8 : 0;
}

/* Spread the keys over the buckets; ends[b] is the end of bucket b. */
static void spread(int64_t *keys, size_t n, int64_t *scratch, int64_t min, unsigned shift,
                   uint32_t ends[BUCKETS])
{
    uint32_t sum = 0;
    memset(ends, 0, BUCKETS * sizeof *ends);
    for (size_t i = 0; i < n; i++)
        ends[((uint64_t)keys[i] - (uint64_t)min) >> shift]++;
    for (size_t i = 0; i < BUCKETS; i++) {
        const uint32_t count = ends[i];
        ends[i] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++)
        scratch[ends[((uint64_t)keys[i] - (uint64_t)min) >> shift]++] = keys[i];
    memcpy(keys, scratch, n * sizeof *keys);
}

void assay_sort_ints(int64_t *keys, size_t n, int64_t *scratch)
{
    uint32_t ends[BUCKETS];
    if (n <= SMALL_MAX) {
        sort_small(keys, n);
        return;
    }
    int64_t min = keys[0], max = keys[0];
    for (size_t i = 1; i < n; i++) {
        min = keys[i] < min ? keys[i] : min;
        max = keys[i] > max ? keys[i] : max;
    }
    const unsigned shift = shift_for((uint64_t)max - (uint64_t)min);
    if (min == max)
        return;
    spread(keys, n, scratch, min, shift, ends);
    for (size_t i = 0, start = 0; shift && i < BUCKETS; start = ends[i++]) {
        if (ends[i] - start > 1)
            assay_sort_ints(keys + start, ends[i] - start, scratch);
    }
}
