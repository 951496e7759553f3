// Keys of values: a permutation of their bits, or a hash of their bytes.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/lookup/key.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/random.h>
#include <xxhash.h>

enum assay_key_form assay_key_form_of(duckdb_logical_type type)
{
    static const struct {
        duckdb_type type;
        enum assay_key_form form;
    } rows[] = {
        {DUCKDB_TYPE_BOOLEAN, ASSAY_KEY_8},     {DUCKDB_TYPE_BIGINT, ASSAY_KEY_64},
        {DUCKDB_TYPE_HUGEINT, ASSAY_KEY_128},   {DUCKDB_TYPE_FLOAT, ASSAY_KEY_FLOAT},
        {DUCKDB_TYPE_DOUBLE, ASSAY_KEY_DOUBLE}, {DUCKDB_TYPE_DATE, ASSAY_KEY_32},
        {DUCKDB_TYPE_TIMESTAMP, ASSAY_KEY_64},  {DUCKDB_TYPE_TIMESTAMP_TZ, ASSAY_KEY_64},
        {DUCKDB_TYPE_VARCHAR, ASSAY_KEY_TEXT},
    };
    const duckdb_type id = duckdb_get_type_id(type);
    if (id == DUCKDB_TYPE_DECIMAL && duckdb_decimal_internal_type(type) == DUCKDB_TYPE_HUGEINT)
        return ASSAY_KEY_128;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].type == id)
            return rows[i].form;
    return ASSAY_KEY_NONE;
}

int assay_key_seed(uint64_t *ret_seed, struct assay_error *err)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        return assay_fail_errno(err, ASSAY_IO, errno, "asking the system for random bytes");
    *ret_seed = seed;
    return ASSAY_OK;
}

/* A permutation of 64 bits: the finalizer of MurmurHash3 (Appleby 2011). */
static uint64_t mix(uint64_t bits)
{
    bits = (bits ^ bits >> 33) * UINT64_C(0xff51afd7ed558ccd);
    bits = (bits ^ bits >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return bits ^ bits >> 33;
}

static struct assay_key of_bits(uint64_t bits, uint64_t seed)
{
    return (struct assay_key){.high = mix(bits ^ seed)};
}

/* With the low word known, the high one is a permutation of the value's. */
static struct assay_key of_huge(duckdb_hugeint value, uint64_t seed)
{
    return (struct assay_key){.high = mix((uint64_t)value.upper ^ mix(value.lower ^ seed)),
                              .low = value.lower};
}

static struct assay_key of_float(float value, uint64_t seed)
{
    uint32_t bits;
    value = isnan(value) ? NAN : value + 0.0F; /* -0.0 + 0.0 is 0.0 */
    memcpy(&bits, &value, sizeof bits);
    return of_bits(bits, seed);
}

static struct assay_key of_double(double value, uint64_t seed)
{
    uint64_t bits;
    value = isnan(value) ? (double)NAN : value + 0.0;
    memcpy(&bits, &value, sizeof bits);
    return of_bits(bits, seed);
}

static struct assay_key of_text(const duckdb_string_t *string, uint64_t seed)
{
    duckdb_string_t text = *string;
    const XXH128_hash_t hash =
        XXH3_128bits_withSeed(duckdb_string_t_data(&text), duckdb_string_t_length(text), seed);
    return (struct assay_key){.high = hash.high64, .low = hash.low64};
}

void assay_keys_of_vector(duckdb_vector vector, enum assay_key_form form, uint64_t seed,
                          size_t rows, struct assay_key *keys)
{
    const void *data = duckdb_vector_get_data(vector);
    uint64_t *validity = duckdb_vector_get_validity(vector);
    for (size_t i = 0; i < rows; i++) {
        if (validity && !duckdb_validity_row_is_valid(validity, i))
            keys[i] = (struct assay_key){0};
        else if (form == ASSAY_KEY_64)
            keys[i] = of_bits(((const uint64_t *)data)[i], seed);
        else if (form == ASSAY_KEY_TEXT)
            keys[i] = of_text(&((const duckdb_string_t *)data)[i], seed);
        else if (form == ASSAY_KEY_128)
            keys[i] = of_huge(((const duckdb_hugeint *)data)[i], seed);
        else if (form == ASSAY_KEY_DOUBLE)
            keys[i] = of_double(((const double *)data)[i], seed);
        else if (form == ASSAY_KEY_FLOAT)
            keys[i] = of_float(((const float *)data)[i], seed);
        else if (form == ASSAY_KEY_32)
            keys[i] = of_bits(((const uint32_t *)data)[i], seed);
        else
            keys[i] = of_bits(((const uint8_t *)data)[i], seed);
    }
}
