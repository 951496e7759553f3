/* Repeats: does any hash of a stream come twice? In bounded memory: when the lanes are full, only
 * hashes up to a threshold are kept on (their lower half), and the stream is read again for those
 * above it. Exact for hashes; of n different keys two have the same 64 bits with a chance of
 * n² / 2^65: 3 in 10^8 for a million, 3 in 10^4 for a hundred million. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_SCAN_REPEATS_H
#define ASSAY_SCAN_REPEATS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"

#define ASSAY_REPEATS_LEAST 8192 /* hashes of a lane, at least; twice those of one call */

/** Of one stream. Zero-initialised with lane_hashes and high = UINT64_MAX before the first reading.
 * Shared by the lanes of all threads. */
struct assay_repeats {
    size_t lane_hashes;        /* most that a lane keeps */
    uint64_t low;              /* of the hashes that this reading looks at */
    atomic_uint_fast64_t high; /* falls while it is read */
    atomic_bool found;
};

/** What one thread keeps. Zero-initialised. */
struct assay_repeats_lane {
    uint64_t *hashes; /* heap */
    size_t count, room;
};

/** Take n ≤ ASSAY_REPEATS_LEAST / 2 hashes. validity: bit i & 63 of word i / 64 set = there is one;
 * NULL = all. */
ASSAY_MUST_CHECK int assay_repeats_add(struct assay_repeats *repeats,
                                       struct assay_repeats_lane *lane, const uint64_t *hashes,
                                       const uint64_t *validity, size_t n, struct assay_error *err);

/** The stream was read to its end: sets found. *ret_share: of all hashes, how many are looked
 * at by now, 0 to 1; 1 or found: the end. Else assay_repeats_again(). */
void assay_repeats_finish(struct assay_repeats *repeats, struct assay_repeats_lane *const *lanes,
                          size_t lanes_count, double *ret_share);
/** Before another reading: the hashes above those looked at. The lanes are to be released. */
void assay_repeats_again(struct assay_repeats *repeats);
void assay_repeats_lane_release(struct assay_repeats_lane *lane);

#endif
