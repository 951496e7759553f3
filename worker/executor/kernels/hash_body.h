/* Loops over arrays of numbers, compiled once plainly and once for AVX2. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_HASH_BODY_H
#define ASSAY_KERNELS_HASH_BODY_H

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "worker/executor/kernels/hash.h"

static inline uint64_t hash_never_zero(uint64_t hash)
{
    return hash | (uint64_t)(hash == 0);
}

/* XXH3 of eight bytes under seed 0, written out so that the loop around it can be vectorised: the
 * halves swapped, the secret's bytes 8 to 23 folded in, then the specification's mix for short
 * inputs. A test holds it against the library. */
static inline uint64_t hash_word(uint64_t word)
{
    uint64_t mix = (word << 32 | word >> 32) ^ UINT64_C(0xC73AB174C5ECD5A2);
    mix ^= (mix << 49 | mix >> 15) ^ (mix << 24 | mix >> 40);
    mix *= UINT64_C(0x9FB21C651E98DF25);
    mix ^= (mix >> 35) + sizeof word;
    mix *= UINT64_C(0x9FB21C651E98DF25);
    return hash_never_zero(mix ^ mix >> 28);
}

static inline void hash_words_body(const uint64_t *words, size_t n, uint64_t *ret_hashes)
{
    for (size_t i = 0; i < n; i++)
        ret_hashes[i] = hash_word(words[i]);
}

/* −0.0 + 0.0 is 0.0; a NaN differs from itself. */
static inline void hash_reals_body(const uint64_t *bits, size_t n, uint64_t *ret_hashes)
{
    const uint64_t sign = UINT64_C(1) << 63, infinity = UINT64_C(0x7FF0000000000000);
    for (size_t i = 0; i < n; i++) {
        uint64_t word = bits[i] == sign ? 0 : bits[i];
        word = (bits[i] & ~sign) > infinity ? infinity | 1 : word;
        ret_hashes[i] = hash_word(word);
    }
}

#endif
