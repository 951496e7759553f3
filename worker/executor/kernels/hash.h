/* Hashes of values: XXH3 (64 bits, seed 0) over the canonical form of each, never 0.
 *
 * Canonical: an integer or decimal that fits 64 bits its 8 bytes, any other its 16, a real number
 * the 8 bytes of its double with −0.0 as 0.0 and every NaN as one, text its bytes. Equal values of
 * one type have equal hashes, whatever source and width they come from; sketches take equal hashes
 * for equal values (among a billion distinct ones about 3 % chance of a single collision). Source:
 * https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_HASH_H
#define ASSAY_KERNELS_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/number.h"
#include "worker/executor/batch/batch.h"

uint64_t assay_hash_int(int64_t value);
uint64_t assay_hash_text(const void *data, size_t size_bytes);

/** Hash n values each. */
void assay_hash_ints(const int64_t *values, size_t n, uint64_t *ret_hashes);
void assay_hash_reals(const double *values, size_t n, uint64_t *ret_hashes);
void assay_hash_wides(const assay_i128 *values, size_t n, uint64_t *ret_hashes);

/** A seeded mix of a record's identity (file, position), for sampling. Never 0. */
uint64_t assay_hash_identity(uint64_t seed, uint64_t file, uint64_t position);

/** The next number of a deterministic stream (SplitMix64, Steele, Lea and Flood 2014). */
uint64_t assay_random_next(uint64_t *state);

/** May AVX2 be used? Decided once by the processor. Tests may switch it off. */
bool assay_use_avx2(void);
void assay_use_avx2_set(bool allowed);

#endif
