/* Sorting of uniformly spread numbers of one or two words, in place. American flag sort (McIlroy,
 * Bostic, McIlroy, "Engineering Radix Sort", 1993): no memory beside, linear in their number. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_LOOKUP_SORT_WORDS_H
#define ASSAY_LOOKUP_SORT_WORDS_H

#include <stddef.h>
#include <stdint.h>

/** Ascending; n numbers of 64 bits. */
void assay_sort_words(uint64_t *words, size_t n);
/** Ascending; n pairs, the first word of each counts more. */
void assay_sort_pairs(uint64_t *words, size_t n);

#endif
