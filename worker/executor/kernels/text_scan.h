/* One look at an array of texts: hashes, counts, lengths in code points, least and greatest by
 * bytes. All exact.
 *
 * A text is blank when it is not empty and all its code points are white space (Unicode property
 * White_Space). Lengths are Unicode code points, malformed bytes one each; of opaque bytes the
 * bytes. Extremes compare the bytes without collation and keep at most `keep_bytes` of each; a
 * longer one is cut and says so, and two that agree in all kept bytes count as equal. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_TEXT_SCAN_H
#define ASSAY_KERNELS_TEXT_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/executor/batch/batch.h"
#include "worker/executor/kernels/codec.h"

#define ASSAY_EXTREME_KEEP_BYTES ((uint32_t)64 << 10)

struct assay_text_extreme {
    char *data;
    uint32_t size_bytes, capacity_bytes;
    bool any, cut;
    uint64_t key, next; /* first eight bytes and the eight behind them, big-endian, zeros where
                           there are none */
};

struct assay_length_figures {
    uint64_t count, min, max;
    assay_u128 sum, squares;
};

/** Set with assay_text_scan_init(). */
struct assay_text_scan {
    bool opaque; /* bytes: no blank, no UTF-8, lengths in bytes */
    uint32_t keep_bytes;
    uint64_t empty, blank, invalid_utf8;
    struct assay_length_figures lengths;
    struct assay_text_extreme min, max;
};

void assay_text_scan_init(struct assay_text_scan *scan, bool opaque, uint32_t keep_bytes);
void assay_text_scan_release(struct assay_text_scan *scan);
/** Count n texts and give the hash of each. False when out of memory. */
bool assay_text_scan_add(struct assay_text_scan *scan, const struct assay_text *texts, size_t n,
                         uint64_t *ret_hashes);
/** Count a text `count` (≥ 1) times and give its hash. False when out of memory. */
bool assay_text_scan_put(struct assay_text_scan *scan, struct assay_text text, uint64_t count,
                         uint64_t *ret_hash);
/** A text that is neither empty nor blank nor malformed; its length in code points. */
bool assay_text_is_plain(struct assay_text text, uint64_t *ret_length);
/** Cut the extremes to `most` bytes. */
void assay_text_scan_thin(struct assay_text_scan *scan, uint32_t most);
bool assay_text_scan_merge(struct assay_text_scan *scan, const struct assay_text_scan *other);
void assay_text_scan_save(const struct assay_text_scan *scan, struct assay_buf *buf);
bool assay_text_scan_load(struct assay_text_scan *scan, struct assay_bytes *in);

/** Lengths alone: of arrays too. min of none is UINT64_MAX. */
void assay_lengths_init(struct assay_length_figures *lengths);
void assay_lengths_put(struct assay_length_figures *lengths, uint64_t length);
void assay_lengths_merge(struct assay_length_figures *lengths,
                         const struct assay_length_figures *other);
/** NaN of none; deviation (n − 1) of fewer than two. */
double assay_lengths_mean(const struct assay_length_figures *lengths);
double assay_lengths_std_dev(const struct assay_length_figures *lengths);
void assay_lengths_save(const struct assay_length_figures *lengths, struct assay_buf *buf);
void assay_lengths_load(struct assay_length_figures *lengths, struct assay_bytes *in);

/** Is the code point white space? */
bool assay_is_white_space(uint32_t code_point);

#endif
