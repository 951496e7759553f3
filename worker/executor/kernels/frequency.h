/* Values with their counts: exact while they are few, then the frequent ones with a bound each.
 *
 * Exact up to `exact_capacity` distinct values. Beyond that (assay_frequency_go_lossy()) at most
 * `lossy_capacity` values are watched. A value that is not watched is counted in the cell of its
 * hash, so it occurs at most as often as its cell says; when that exceeds the threshold it is
 * watched from then on, and what its cell said is the bound on what came before (error). N. Homem
 * and J. Carvalho, "Finding top-k elements in data streams" (2010), with a threshold that rises
 * when the table is full. A watched value occurs between count and count + error times; merging
 * adds counts, cells and bounds. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_FREQUENCY_H
#define ASSAY_KERNELS_FREQUENCY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/executor/kernels/blobs.h"
#include "worker/executor/kernels/hash_sample.h"

#define ASSAY_LOSSY_CAPACITY_MAX 512
#define ASSAY_FREQUENCY_CELLS    4096
#define ASSAY_FREQUENCY_FILTER                                                                     \
    65536 /* bits: what is not in them is not watched, without a look                              \
           */

/** Zero-initialised is valid to release. Slots, words and errors run in parallel. */
struct assay_frequency {
    struct assay_hash_count *slots; /* open addressing by the low bits of the hash */
    uint64_t *words;                /* the value itself, or the word of its blob */
    uint64_t *errors;               /* NULL while exact */
    uint32_t *cells;                /* counts of what is not watched; NULL while exact */
    uint64_t *filter;               /* bits of the watched hashes; NULL while exact */
    uint32_t slots_count;           /* a power of two */
    uint32_t used;
    uint32_t exact_capacity, lossy_capacity;
    uint64_t threshold; /* 0 while exact */
    bool crowded;       /* no room for more texts until values are dropped */
    bool blob;          /* values are texts (or 128-bit integers as 16 bytes) in `blobs` */
    struct assay_blobs blobs;
};

/** Capacities: powers of two, lossy ≤ ASSAY_LOSSY_CAPACITY_MAX, lossy ≤ exact. False when out of
 * memory. */
bool assay_frequency_init(struct assay_frequency *frequency, uint32_t exact_capacity,
                          uint32_t lossy_capacity, bool blob, uint32_t blobs_max_bytes);
void assay_frequency_release(struct assay_frequency *frequency);

static inline bool assay_frequency_exact(const struct assay_frequency *frequency)
{
    return !frequency->errors;
}

/** Count values, n hashes with words or (blob) texts beside them. Returns how many were taken:
 * fewer than n when an exact table is full and must go lossy first, or when memory ran out (then
 * *ret_failed). */
size_t assay_frequency_add_words(struct assay_frequency *frequency, const uint64_t *hashes,
                                 const uint64_t *words, size_t n, bool *ret_failed);
size_t assay_frequency_add_texts(struct assay_frequency *frequency, const uint64_t *hashes,
                                 const struct assay_text *texts, size_t n, bool *ret_failed);

/** Can an exact table take one more of this value, or the values of another exact one? */
bool assay_frequency_has_room(const struct assay_frequency *frequency, uint64_t hash);
bool assay_frequency_merges_exact(const struct assay_frequency *frequency,
                                  const struct assay_frequency *other);

/** How often a value of the table was counted; 0 when it is not in it. */
uint64_t assay_frequency_count(const struct assay_frequency *frequency, uint64_t hash);
/** Count a value that is in the table `count` times more. */
void assay_frequency_raise(const struct assay_frequency *frequency, uint64_t hash, uint64_t count);

/** No value that is not kept occurs more often; 0 while exact. */
uint64_t assay_frequency_bound(const struct assay_frequency *frequency);

/** From here on keep the frequent values only. False when out of memory. */
bool assay_frequency_go_lossy(struct assay_frequency *frequency);

/** Watch at most `most` values of a lossy table, and level the cells, so that they take next to
 * nothing when saved. */
void assay_frequency_thin(struct assay_frequency *frequency, uint32_t most);

/** Take one kept value of another table in (or `count` equal values). An exact table that is full
 * is left as it is and *ret_full set. False when out of memory. */
bool assay_frequency_put(struct assay_frequency *frequency, uint64_t hash, uint64_t count,
                         uint64_t error, uint64_t word, const struct assay_blobs *blobs,
                         bool *ret_full);
/** The same of a text that occurred `count` times. */
bool assay_frequency_put_text(struct assay_frequency *frequency, uint64_t hash, uint64_t count,
                              struct assay_text text, bool *ret_full);
/** Merge. When both are exact and the union is too large, nothing is changed and *ret_full set: go
 * lossy and repeat. */
bool assay_frequency_merge(struct assay_frequency *frequency, const struct assay_frequency *other,
                           bool *ret_full);

void assay_frequency_save(const struct assay_frequency *frequency, struct assay_buf *buf);
/** Into a table just initialised. */
bool assay_frequency_load(struct assay_frequency *frequency, struct assay_bytes *in);

#endif
