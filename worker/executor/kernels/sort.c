// Radix sort of 64-bit keys.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/sort.h"

#include <string.h>

#define DIGITS 8

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

/* One pass by one byte; `flip` makes the sign byte sort as signed. */
static void pass(const uint64_t *from, uint64_t *to, size_t n, unsigned digit, unsigned flip)
{
    uint32_t start[256] = {0};
    const unsigned shift = digit * 8;
    for (size_t i = 0; i < n; i++)
        start[((from[i] >> shift) & 0xFF) ^ flip]++;
    uint32_t sum = 0;
    for (size_t i = 0; i < 256; i++) {
        const uint32_t count = start[i];
        start[i] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++)
        to[start[((from[i] >> shift) & 0xFF) ^ flip]++] = from[i];
}

void assay_sort_ints(int64_t *keys, size_t n, int64_t *scratch)
{
    if (n < 48) {
        sort_small(keys, n);
        return;
    }
    uint64_t *from = (uint64_t *)(void *)keys, *to = (uint64_t *)(void *)scratch;
    uint64_t varies = 0;
    for (size_t i = 1; i < n; i++)
        varies |= from[i] ^ from[0];
    for (unsigned digit = 0; digit < DIGITS; digit++) {
        if (!(varies >> (digit * 8) & 0xFF))
            continue;
        pass(from, to, n, digit, digit == DIGITS - 1 ? 0x80 : 0);
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    if ((void *)from != (void *)keys)
        memcpy(keys, from, n * sizeof *keys);
}
