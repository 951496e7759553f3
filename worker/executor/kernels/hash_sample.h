/* A uniform sample of the distinct values, by their hashes, each with its exact count.
 *
 * A value is in the sample when its hash lies below the threshold, which is the greatest power of
 * two that leaves at most `capacity` values. It was below every earlier threshold too, so its count
 * is exact. The sample does not depend on order or splits. Adaptive sampling: P. Flajolet, "On
 * adaptive sampling" (1990); bottom-k: E. Cohen and H. Kaplan (2007). Estimated from it: the share
 * of values that occur once, standard error √(p(1−p)/k) with k from capacity/2 to capacity, stated
 * with one success and one failure added (distinct.c), so never as 0. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_HASH_SAMPLE_H
#define ASSAY_KERNELS_HASH_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/executor/kernels/codec.h"

struct assay_hash_count {
    uint64_t hash; /* 0 = free slot */
    uint64_t count;
};

/** Zero-initialised is valid to release. */
struct assay_hash_sample {
    struct assay_hash_count *slots; /* twice the capacity */
    uint32_t capacity;              /* a power of two */
    uint32_t used;
    uint32_t halvings; /* hashes below 2^(64 − halvings) are in */
};

/** capacity: a power of two ≤ 4096. False when out of memory. */
bool assay_hash_sample_init(struct assay_hash_sample *sample, uint32_t capacity);
void assay_hash_sample_release(struct assay_hash_sample *sample);
void assay_hash_sample_add(struct assay_hash_sample *sample, const uint64_t *hashes, size_t n);
/** Count one value `count` times. */
void assay_hash_sample_put(struct assay_hash_sample *sample, uint64_t hash, uint64_t count);
void assay_hash_sample_merge(struct assay_hash_sample *sample,
                             const struct assay_hash_sample *other);
/** Lower the threshold until at most `most` values are left. */
void assay_hash_sample_thin(struct assay_hash_sample *sample, uint32_t most);
/** The share of all distinct values that the sample holds: 2^−halvings. */
double assay_hash_sample_share(const struct assay_hash_sample *sample);
void assay_hash_sample_save(const struct assay_hash_sample *sample, struct assay_buf *buf);
bool assay_hash_sample_load(struct assay_hash_sample *sample, uint32_t capacity,
                            struct assay_bytes *in);

#endif
