/* Unique checks of a scan: which of them have keys that come twice. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_SCAN_UNIQUE_H
#define ASSAY_EXECUTOR_SCAN_UNIQUE_H

#include "worker/executor/scan/scan_tally.h"

/** Unique checks by what they ask: no key twice, or a share of the records. */
enum { ASSAY_KEYS_WHOLE = 1, ASSAY_KEYS_COVERED = 2 };

/** The unique checks that are ready, of these kinds. *ret_keys is the caller's, heap. */
ASSAY_MUST_CHECK int assay_scan_keys(const struct assay_scan *scan, unsigned which,
                                     struct assay_tally_key **ret_keys, size_t *ret_count,
                                     struct assay_error *err);
/** Memory that their hashes may take. */
uint64_t assay_scan_keys_bytes(const struct assay_scan *scan);
/** Read as often as it takes to know which keys come twice; given_up where that would be too
 * often. */
ASSAY_MUST_CHECK int assay_scan_keys_look(struct assay_scan *scan, struct assay_tally_key *keys,
                                          size_t count, struct assay_error *err);
/** Before the pass: collect the keys that come twice, so that their records fail. */
ASSAY_MUST_CHECK int assay_scan_settle_unique(struct assay_scan *scan, struct assay_error *err);

#endif
