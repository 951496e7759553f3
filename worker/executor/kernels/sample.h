/* A uniform sample: the k records with the lowest hash of their identity (bottom-k).
 *
 * The same for the same seed, whatever the number of threads or splits. E. Cohen and H. Kaplan,
 * "Summarizing data using bottom-k sketches" (2007). Values are words, or texts (at most
 * ASSAY_BLOB_MAX bytes of each are kept). */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_SAMPLE_H
#define ASSAY_KERNELS_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/executor/kernels/blobs.h"

#define ASSAY_SAMPLE_MAX 1024

struct assay_sample_item {
    uint64_t hash;
    uint64_t word; /* the value, or the word of its blob */
};

/** Zero-initialised is valid to release. */
struct assay_sample {
    struct assay_sample_item *items; /* in no order */
    uint32_t count, room;            /* room: half as much again as k */
    uint32_t k;
    uint64_t threshold; /* no hash from here on can be in */
    bool blob;
    struct assay_blobs blobs;
};

/** k ≤ ASSAY_SAMPLE_MAX. False when out of memory. */
bool assay_sample_init(struct assay_sample *sample, uint32_t k, bool blob);
void assay_sample_release(struct assay_sample *sample);
/** Bytes of a sample, at most. */
size_t assay_sample_bytes(uint32_t k, bool blob);
/** Offer one value; call only for hashes below the threshold. */
void assay_sample_put_word(struct assay_sample *sample, uint64_t hash, uint64_t word);
void assay_sample_put_text(struct assay_sample *sample, uint64_t hash, struct assay_text text,
                           bool cut);
void assay_sample_merge(struct assay_sample *sample, const struct assay_sample *other);
/** Keep the `most` lowest only: from then on nothing beyond them is known, nor taken in. */
void assay_sample_thin(struct assay_sample *sample, uint32_t most);
/** The sample in the order of its hashes. ret_items has room for k. Returns how many. */
size_t assay_sample_sorted(const struct assay_sample *sample, struct assay_sample_item *ret_items);
void assay_sample_save(const struct assay_sample *sample, struct assay_buf *buf);
bool assay_sample_load(struct assay_sample *sample, struct assay_bytes *in);

#endif
