/* Distinct values of a field, those that occur once, entropy and the frequent ones.
 *
 * Exact while there are at most `exact_capacity` distinct values: one table of values and counts.
 * Then HyperLogLog counts the distinct ones (0.81 %), a hash sample gives the share that occurs
 * once and the rare values' part of the entropy, and frequency.h the frequent values with a
 * bound each. Whether it is exact depends on the values only, never on order or splits; so do the
 * registers and the hash sample. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_DISTINCT_H
#define ASSAY_KERNELS_DISTINCT_H

#include "worker/executor/kernels/frequency.h"
#include "worker/executor/kernels/hash_sample.h"
#include "worker/executor/kernels/hll.h"

/** Zero-initialised is valid to release. */
struct assay_distinct {
    struct assay_frequency frequency;
    struct assay_hll hll;            /* registers NULL while exact */
    struct assay_hash_sample sample; /* slots NULL while exact */
    uint32_t sample_capacity;
    uint64_t count; /* values added */
};

struct assay_distinct_figures {
    bool exact;
    double distinct, once, ratio, ratio_error, entropy;
};

/** blob: values are texts or 128-bit integers. Capacities as of frequency.h, sample_capacity as of
 * hash_sample.h. All functions that return bool: false when out of memory. */
bool assay_distinct_init(struct assay_distinct *distinct, uint32_t exact_capacity,
                         uint32_t lossy_capacity, uint32_t sample_capacity, bool blob,
                         uint32_t blobs_max_bytes);
void assay_distinct_release(struct assay_distinct *distinct);

static inline bool assay_distinct_exact(const struct assay_distinct *distinct)
{
    return !distinct->hll.registers;
}

/** Count n values: hashes, and words or texts beside them. */
bool assay_distinct_add_words(struct assay_distinct *distinct, const uint64_t *hashes,
                              const uint64_t *words, size_t n);
bool assay_distinct_add_texts(struct assay_distinct *distinct, const uint64_t *hashes,
                              const struct assay_text *texts, size_t n);
/** The same, but only while that leaves the table exact: returns how many were counted. */
size_t assay_distinct_add_exact(struct assay_distinct *distinct, const uint64_t *hashes,
                                const uint64_t *words, size_t n, bool *ret_failed);
/** Will the table still be exact with one more of this value, or merged with the other? */
bool assay_distinct_has_room(const struct assay_distinct *distinct, uint64_t hash);
bool assay_distinct_merges_exact(const struct assay_distinct *distinct,
                                 const struct assay_distinct *other);
/** Count one value `count` times. */
bool assay_distinct_put_word(struct assay_distinct *distinct, uint64_t hash, uint64_t word,
                             uint64_t count);
bool assay_distinct_put_text(struct assay_distinct *distinct, uint64_t hash, struct assay_text text,
                             uint64_t count);
bool assay_distinct_merge(struct assay_distinct *distinct, const struct assay_distinct *other);
/** Keep at most `exact_most` distinct values exactly, else `hashes_most` in the hash sample and
 * `watched_most` frequent ones. */
bool assay_distinct_thin(struct assay_distinct *distinct, uint32_t exact_most, uint32_t hashes_most,
                         uint32_t watched_most);
/** The registers of HyperLogLog folded to 2^precision, the same whether the values are counted
 * exactly or not. */
bool assay_distinct_registers(const struct assay_distinct *distinct, unsigned precision,
                              uint8_t *ret_registers);
void assay_distinct_figures(const struct assay_distinct *distinct,
                            struct assay_distinct_figures *ret_figures);
void assay_distinct_save(const struct assay_distinct *distinct, struct assay_buf *buf);
/** Into one just initialised; also false when the bytes are wrong (in->failed or not). */
bool assay_distinct_load(struct assay_distinct *distinct, struct assay_bytes *in);

#endif
