// Hashes of values and identities, and the choice of instructions.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/hash.h"

#include "worker/executor/kernels/hash_avx2.h"
#include "worker/executor/kernels/hash_body.h"

static bool avx2_forbidden;

bool assay_use_avx2(void)
{
#if defined(__x86_64__)
    return !avx2_forbidden && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
#else
    return false;
#endif
}

void assay_use_avx2_set(bool allowed)
{
    avx2_forbidden = !allowed;
}

uint64_t assay_hash_int(int64_t value)
{
    return hash_word((uint64_t)value);
}

uint64_t assay_hash_text(const void *data, size_t size_bytes)
{
    return hash_never_zero(XXH3_64bits(data, size_bytes));
}

void assay_hash_ints(const int64_t *values, size_t n, uint64_t *ret_hashes)
{
    const uint64_t *words = (const uint64_t *)(const void *)values;
    if (assay_use_avx2())
        assay_hash_words_avx2(words, n, ret_hashes);
    else
        hash_words_body(words, n, ret_hashes);
}

void assay_hash_reals(const double *values, size_t n, uint64_t *ret_hashes)
{
    const uint64_t *bits = (const uint64_t *)(const void *)values;
    if (assay_use_avx2())
        assay_hash_reals_avx2(bits, n, ret_hashes);
    else
        hash_reals_body(bits, n, ret_hashes);
}

void assay_hash_wides(const assay_i128 *values, size_t n, uint64_t *ret_hashes)
{
    for (size_t i = 0; i < n; i++)
        ret_hashes[i] = values[i] == (int64_t)values[i]
                            ? hash_word((uint64_t)values[i])
                            : hash_never_zero(XXH3_64bits(&values[i], sizeof values[i]));
}

uint64_t assay_hash_identity(uint64_t seed, uint64_t file, uint64_t position)
{
    const uint64_t words[2] = {file, position};
    return hash_never_zero(XXH3_64bits_withSeed(words, sizeof words, seed));
}

uint64_t assay_random_next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}
