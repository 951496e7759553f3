/* Short texts that a sketch keeps: one growing run of bytes with a ceiling. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_BLOBS_H
#define ASSAY_KERNELS_BLOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/executor/batch/batch.h"
#include "worker/executor/kernels/codec.h"

#define ASSAY_BLOB_MAX                                                                             \
    128 /* bytes kept of one text; longer ones are cut at a code point and say so */
#define ASSAY_BLOB_NONE UINT64_MAX

/** Zero-initialise and set max_bytes (< 2^32). A text is named by a word: offset, size kept, cut or
 * not. */
struct assay_blobs {
    char *data;
    uint32_t size_bytes, capacity_bytes, max_bytes;
};

void assay_blobs_release(struct assay_blobs *blobs);
/** Keep a text. Its word, ASSAY_BLOB_NONE when there is no room (or no memory). */
uint64_t assay_blobs_put(struct assay_blobs *blobs, struct assay_text text, bool cut);
/** The text of a word: the blobs', valid until the next put. */
struct assay_text assay_blobs_get(const struct assay_blobs *blobs, uint64_t word, bool *ret_cut);
/** Move the texts of n words (those that are NONE stay) into fresh memory, so that what no word
 * names is forgotten. When out of memory nothing changes. */
void assay_blobs_collect(struct assay_blobs *blobs, uint64_t *words, size_t n);

void assay_blob_save(const struct assay_blobs *blobs, uint64_t word, struct assay_buf *buf);
uint64_t assay_blob_load(struct assay_blobs *blobs, struct assay_bytes *in);

#endif
