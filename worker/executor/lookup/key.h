/* Keys: values of a column as numbers of 128 bits, spread evenly. Equal values have equal keys;
 * integers, times, reals and booleans of at most 128 bits never share one with another value, two
 * different texts do with a chance of 2^-128 (XXH3 with a seed of the process: whoever writes the
 * data does not know it). */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_LOOKUP_KEY_H
#define ASSAY_LOOKUP_KEY_H

#include <duckdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"

/** Ordered by high, then low. */
struct assay_key {
    uint64_t high, low;
};

static inline bool assay_key_is_less(struct assay_key a, struct assay_key b)
{
    return a.high != b.high ? a.high < b.high : a.low < b.low;
}

/** How a type's values become keys. */
enum assay_key_form {
    ASSAY_KEY_NONE, /* not at all: cast them to VARCHAR */
    ASSAY_KEY_8,    /* bits of the value */
    ASSAY_KEY_32,
    ASSAY_KEY_64,
    ASSAY_KEY_128,
    ASSAY_KEY_FLOAT, /* -0.0 is 0.0, every NaN the same */
    ASSAY_KEY_DOUBLE,
    ASSAY_KEY_TEXT
};
enum assay_key_form assay_key_form_of(duckdb_logical_type type);

/** A seed that nobody knows. ASSAY_IO. */
ASSAY_MUST_CHECK int assay_key_seed(uint64_t *ret_seed, struct assay_error *err);

/** Keys of the first `rows` values of a flat vector; what stands for nulls is meaningless. */
void assay_keys_of_vector(duckdb_vector vector, enum assay_key_form form, uint64_t seed,
                          size_t rows, struct assay_key *keys);

#endif
