/* What hash_avx2.c offers to hash.c. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_HASH_AVX2_H
#define ASSAY_KERNELS_HASH_AVX2_H

#include <stddef.h>
#include <stdint.h>

void assay_hash_words_avx2(const uint64_t *words, size_t n, uint64_t *ret_hashes);
void assay_hash_reals_avx2(const uint64_t *bits, size_t n, uint64_t *ret_hashes);

#endif
