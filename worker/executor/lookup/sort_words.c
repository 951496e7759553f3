// American flag sort: from the highest digit down, in place.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/lookup/sort_words.h"

#include <stdbool.h>
#include <string.h>

enum { DIGIT_BITS = 8, DIGITS = 1 << DIGIT_BITS, WORD_DIGITS = 64 / DIGIT_BITS, SMALL_MAX = 24 };

/* `width` is a constant wherever these are inlined. */
#define INLINE static inline __attribute__((always_inline))

struct number {
    uint64_t words[2];
};

INLINE struct number load(const uint64_t *words, size_t i, unsigned width)
{
    return (struct number){{words[i * width], width > 1 ? words[i * width + 1] : 0}};
}

INLINE void store(uint64_t *words, size_t i, struct number number, unsigned width)
{
    words[i * width] = number.words[0];
    if (width > 1)
        words[i * width + 1] = number.words[1];
}

INLINE bool is_less(struct number a, struct number b)
{
    return a.words[0] != b.words[0] ? a.words[0] < b.words[0] : a.words[1] < b.words[1];
}

INLINE size_t digit_of(struct number number, unsigned digit)
{
    const unsigned shift = 64 - DIGIT_BITS * (digit % WORD_DIGITS + 1);
    return number.words[digit / WORD_DIGITS] >> shift & (DIGITS - 1);
}

INLINE void insert_sorted(uint64_t *words, size_t n, unsigned width)
{
    for (size_t i = 1; i < n; i++) {
        const struct number number = load(words, i, width);
        size_t at = i;
        for (; at > 0 && is_less(number, load(words, at - 1, width)); at--)
            store(words, at, load(words, at - 1, width), width);
        store(words, at, number, width);
    }
}

/* Bring every number to the bucket of its digit; bucket d ends before ends[d]. */
INLINE void spread(uint64_t *words, size_t n, unsigned width, unsigned digit, size_t ends[DIGITS])
{
    size_t next[DIGITS], sum = 0;
    memset(ends, 0, DIGITS * sizeof *ends);
    for (size_t i = 0; i < n; i++)
        ends[digit_of(load(words, i, width), digit)]++;
    for (size_t d = 0; d < DIGITS; d++) {
        next[d] = sum;
        sum += ends[d];
        ends[d] = sum;
    }
    for (size_t d = 0; d < DIGITS; d++) {
        while (next[d] < ends[d]) {
            struct number number = load(words, next[d], width);
            for (size_t to = digit_of(number, digit); to != d; to = digit_of(number, digit)) {
                const struct number other = load(words, next[to], width);
                store(words, next[to]++, number, width);
                number = other;
            }
            store(words, next[d]++, number, width);
        }
    }
}

static void sort_words(uint64_t *words, size_t n, unsigned digit)
{
    size_t ends[DIGITS], start = 0;
    if (n <= SMALL_MAX) {
        insert_sorted(words, n, 1);
        return;
    }
    spread(words, n, 1, digit, ends);
    for (size_t d = 0; digit + 1 < WORD_DIGITS && d < DIGITS; d++) {
        if (ends[d] - start > 1)
            sort_words(words + start, ends[d] - start, digit + 1);
        start = ends[d];
    }
}

static void sort_pairs(uint64_t *words, size_t n, unsigned digit)
{
    size_t ends[DIGITS], start = 0;
    if (n <= SMALL_MAX) {
        insert_sorted(words, n, 2);
        return;
    }
    spread(words, n, 2, digit, ends);
    for (size_t d = 0; digit + 1 < 2 * WORD_DIGITS && d < DIGITS; d++) {
        if (ends[d] - start > 1)
            sort_pairs(words + 2 * start, ends[d] - start, digit + 1);
        start = ends[d];
    }
}

void assay_sort_words(uint64_t *words, size_t n)
{
    sort_words(words, n, 0);
}

void assay_sort_pairs(uint64_t *words, size_t n)
{
    sort_pairs(words, n, 0);
}
