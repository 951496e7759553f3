/* Tally: one reading of the relation that counts the statuses of checks and looks for keys that
 * come twice, on all of the engine's threads. Nothing of a record leaves the engine. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_SCAN_TALLY_H
#define ASSAY_EXECUTOR_SCAN_TALLY_H

#include "worker/executor/scan/repeats.h"
#include "worker/executor/scan/scan.h"

/** A unique check whose keys are looked at. */
struct assay_tally_key {
    struct assay_scan_check *check;
    struct assay_repeats repeats; /* found: keys come twice */
    double share;                 /* of all keys, how many were looked at: 1 = all */
    bool given_up;                /* looked at no more */
};

/** Read the relation once. judged: checks whose statuses are counted (passed, nulls, failing,
 * asserted; one with a status "error" is errored). keys: those that are not settled yet; their
 * memory together is at most memory_bytes. *ret_records: of the relation; their identities where
 * only_verdicts asks for them. The error of a source is
 * its own (assay_reader_table_error()). */
ASSAY_MUST_CHECK int assay_scan_tally(struct assay_scan *scan,
                                      struct assay_scan_check *const *judged, size_t judged_count,
                                      struct assay_tally_key *keys, size_t keys_count,
                                      uint64_t memory_bytes, struct assay_verified *ret_records,
                                      struct assay_error *err);

#endif
