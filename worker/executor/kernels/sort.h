/* Sorting of 64-bit keys. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_SORT_H
#define ASSAY_KERNELS_SORT_H

#include <stddef.h>
#include <stdint.h>

#define ASSAY_SORT_MAX 8192 /* most keys of one call */

/** Sort n ≤ ASSAY_SORT_MAX keys ascending. Keys are spread over about as many buckets between their
 * extremes, full buckets the same way again: a pass or two for keys that lie evenly, at most
 * thirteen for any. scratch holds n keys. */
void assay_sort_ints(int64_t *keys, size_t n, int64_t *scratch);

#endif
