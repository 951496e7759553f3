// Identities of a batch, and the values that are not null.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/kernel_rows.h"

#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/batch/special.h"
#include "worker/executor/kernels/hash.h"

struct assay_kernel_rows *assay_kernel_rows_new(void)
{
    return assay_calloc(1, sizeof(struct assay_kernel_rows));
}

void assay_kernel_rows_free(struct assay_kernel_rows *rows)
{
    while (rows) {
        struct assay_kernel_rows *elements = rows->elements;
        assay_free(rows);
        rows = elements;
    }
}

struct assay_kernel_rows *assay_kernel_rows_elements(struct assay_kernel_rows *rows)
{
    if (!rows->elements)
        rows->elements = assay_kernel_rows_new();
    return rows->elements;
}

void assay_kernel_rows_index(struct assay_kernel_rows *rows)
{
    for (size_t block = 0; block * ASSAY_ROWS_BLOCK < rows->count; block++) {
        const size_t end = (block + 1) * ASSAY_ROWS_BLOCK;
        uint64_t lowest = UINT64_MAX;
        for (size_t i = block * ASSAY_ROWS_BLOCK; i < end && i < rows->count; i++)
            lowest = rows->hashes[i] < lowest ? rows->hashes[i] : lowest;
        rows->lowest[block] = lowest;
    }
}

void assay_kernel_rows_set(struct assay_kernel_rows *rows, uint64_t seed, uint64_t file,
                           uint64_t first_row, const uint64_t *offset, size_t rows_count)
{
    rows->count = rows_count < ASSAY_BATCH_ROWS ? rows_count : ASSAY_BATCH_ROWS;
    for (size_t i = 0; i < rows->count; i++)
        rows->hashes[i] = assay_hash_identity(seed, file, offset ? offset[i] : first_row + i);
    assay_kernel_rows_index(rows);
}

const uint64_t *assay_kernel_rows_hashes(const struct assay_kernel_rows *rows)
{
    return rows->hashes;
}

static uint64_t mask_of(size_t n)
{
    return n >= 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

size_t assay_count_valid(const uint64_t *validity, size_t n)
{
    size_t count = 0;
    if (!validity)
        return n;
    for (size_t i = 0; i < n; i += 64)
        count += (size_t)__builtin_popcountll(validity[i / 64] & mask_of(n - i));
    return count;
}

/* One function for each kind of value; whole words of set bits are copied at once. */
#define GATHER(name, from_type, to_type)                                                           \
    size_t name(const from_type *values, const uint64_t *validity, size_t n, to_type *ret_values)  \
    {                                                                                              \
        size_t count = 0;                                                                          \
        for (size_t start = 0; start < n; start += 64) {                                           \
            const uint64_t all = mask_of(n - start);                                               \
            uint64_t word = validity ? validity[start / 64] & all : all;                           \
            if (word == UINT64_MAX) {                                                              \
                for (size_t i = 0; i < 64; i++)                                                    \
                    ret_values[count + i] = (to_type)values[start + i];                            \
                count += 64;                                                                       \
                continue;                                                                          \
            }                                                                                      \
            for (; word; word &= word - 1)                                                         \
                ret_values[count++] = (to_type)values[start + (size_t)__builtin_ctzll(word)];      \
        }                                                                                          \
        return count;                                                                              \
    }

GATHER(assay_gather_ints, int64_t, int64_t)
GATHER(assay_gather_days, int32_t, int64_t)
GATHER(assay_gather_reals, double, double)
GATHER(assay_gather_floats, float, double)
GATHER(assay_gather_wides, assay_i128, assay_i128)

size_t assay_gather_texts(const struct assay_text *values, const uint64_t *validity, size_t n,
                          struct assay_text *ret_values)
{
    size_t count = 0;
    for (size_t start = 0; start < n; start += 64) {
        uint64_t word = mask_of(n - start);
        if (validity)
            word &= validity[start / 64];
        for (; word; word &= word - 1)
            ret_values[count++] = values[start + (size_t)__builtin_ctzll(word)];
    }
    return count;
}

size_t assay_finite_decimals(const int64_t *values, size_t n, int64_t *ret_values,
                             struct assay_specials *ret_specials)
{
    struct assay_specials specials = {0};
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        const int64_t value = values[i];
        specials.nan += value > ASSAY_DECIMAL64_INFINITY;
        specials.above += value == ASSAY_DECIMAL64_INFINITY;
        specials.below += value <= -ASSAY_DECIMAL64_INFINITY;
        ret_values[count] = value;
        count += !assay_decimal64_is_special(value);
    }
    *ret_specials = specials;
    return count;
}

size_t assay_finite_wides_first(assay_i128 *values, size_t n, struct assay_specials *ret_specials)
{
    struct assay_specials specials = {0};
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        const assay_i128 value = values[i];
        if (assay_decimal128_is_special(value)) {
            specials.nan += value > ASSAY_DECIMAL128_INFINITY;
            specials.above += value == ASSAY_DECIMAL128_INFINITY;
            specials.below += value < 0;
            continue;
        }
        values[i] = values[count];
        values[count++] = value;
    }
    *ret_specials = specials;
    return count;
}
