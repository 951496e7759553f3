/* Quantiles of 64-bit keys that sort as the values do.
 *
 * Exact for up to `exact_capacity` values. Beyond: that many are sorted at a time and thinned to a
 * compactor of 1,024 keys, with a sampler beneath (KLL: Z. Karnin, K. Lang and E. Liberty, "Optimal
 * quantile approximation in streams", 2016; all compactors of one size, as in P. Agarwal et al.,
 * "Mergeable summaries", 2012). From 2^16 values
 * on the sampler takes one of w consecutive values at random, w doubling with the number of values,
 * so that a value costs little and memory stays bounded. Estimated: for 99 % of queries the rank is
 * off by at most ASSAY_QUANTILE_RANK_ERROR × n, before and after merges. The choices follow the
 * seed and the order of calls: the same calls give the same bytes. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_QUANTILE_H
#define ASSAY_KERNELS_QUANTILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/executor/kernels/codec.h"

#define ASSAY_QUANTILE_RANK_ERROR   0.005
#define ASSAY_QUANTILE_BLOCK        1024 /* keys of a compactor */
#define ASSAY_QUANTILE_INPUT_BLOCKS 4    /* most keys kept unsorted, in blocks */
#define ASSAY_QUANTILE_ALL_LOG2     16   /* log2 of the values up to which each one is taken */
#define ASSAY_QUANTILE_LEVELS       64
/** Most memory, exact or not. */
#define ASSAY_QUANTILE_BYTES ((size_t)ASSAY_QUANTILE_BLOCK * 8 * 13)

/** Zero-initialised is valid to release. Level l holds keys of weight 2^l. */
struct assay_quantile {
    uint64_t count;          /* values seen */
    uint32_t exact_capacity; /* keys that the input takes before it is sorted */
    bool exact;              /* input holds every value */
    int64_t *input;          /* unsorted keys of weight 2^input_level */
    uint32_t input_count, input_capacity;
    uint32_t input_level;
    int64_t *blocks[ASSAY_QUANTILE_LEVELS]; /* full, sorted; NULL = none */
    uint64_t to_skip;                       /* sampler: values before the next one taken */
    uint32_t group_offset;                  /* and where in its group that one lies */
    uint64_t random;
};

/** One key with its weight, for queries. */
struct assay_weighted_key {
    int64_t key;
    uint64_t weight;
};
/** All keys sorted, with the weight up to and including each. Heap: assay_free(keys). */
struct assay_quantile_view {
    struct assay_weighted_key *keys; /* weight: cumulative */
    size_t count;
    uint64_t total;
    bool exact;
};

/** Order-preserving keys of doubles (not NaN), and back. */
int64_t assay_key_of_real(double value);
double assay_real_of_key(int64_t key);

/** exact_capacity: ASSAY_QUANTILE_BLOCK times a power of two, at most ASSAY_QUANTILE_INPUT_BLOCKS
 * of them. */
void assay_quantile_init(struct assay_quantile *quantile, uint32_t exact_capacity, uint64_t seed);
void assay_quantile_release(struct assay_quantile *quantile);
/** False when out of memory, as all that follow. */
bool assay_quantile_add_ints(struct assay_quantile *quantile, const int64_t *keys, size_t n);
bool assay_quantile_add_reals(struct assay_quantile *quantile, const double *values, size_t n);
bool assay_quantile_merge(struct assay_quantile *quantile, const struct assay_quantile *other);
/** Give an empty sketch the keys of a view, each as often as it weighs. Below
 * 2^ASSAY_QUANTILE_ALL_LOG2 values in any order; from there on sorted, and every 2^l-th of them is
 * taken, the first by chance. */
bool assay_quantile_fill(struct assay_quantile *quantile, const struct assay_quantile_view *view);
/** Keep at most `most` (≤ ASSAY_QUANTILE_BLOCK / 2) keys, of equal weight. */
bool assay_quantile_thin(struct assay_quantile *quantile, uint32_t most);
bool assay_quantile_view(const struct assay_quantile *quantile,
                         struct assay_quantile_view *ret_view);
/** Keys on both sides of the quantile q in [0, 1] and how far between them it lies (type 7 while
 * exact). count > 0. */
void assay_quantile_at(const struct assay_quantile_view *view, double q, int64_t *ret_low,
                       int64_t *ret_high, double *ret_between);
/** Weight of the keys below `key`, and (or_equal) of those equal to it. */
uint64_t assay_quantile_rank(const struct assay_quantile_view *view, int64_t key, bool or_equal);

void assay_quantile_save(const struct assay_quantile *quantile, struct assay_buf *buf);
/** Into one just initialised; false also when the bytes are wrong. */
bool assay_quantile_load(struct assay_quantile *quantile, struct assay_bytes *in);

#endif
