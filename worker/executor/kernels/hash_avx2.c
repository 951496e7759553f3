// Hashes of arrays of numbers, for processors with AVX2.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/hash_avx2.h"

#include "worker/executor/kernels/hash_body.h"

void assay_hash_words_avx2(const uint64_t *words, size_t n, uint64_t *ret_hashes)
{
    hash_words_body(words, n, ret_hashes);
}

void assay_hash_reals_avx2(const uint64_t *bits, size_t n, uint64_t *ret_hashes)
{
    hash_reals_body(bits, n, ret_hashes);
}
