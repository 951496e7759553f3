/* Captured records: for each check the lowest failing ones, shared between the checks that a record
 * fails. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_SCAN_CAPTURE_H
#define ASSAY_EXECUTOR_SCAN_CAPTURE_H

#include "worker/executor/scan/scan.h"

/** Order of records: by file and part, then row; those of unordered sources by fingerprint. */
int assay_captured_compare(const struct assay_captured *left, const struct assay_captured *right);
/** Would a record at this place be kept by the check? */
bool assay_capture_wants(const struct assay_scan *scan, const struct assay_scan_check *check,
                         const struct assay_captured *candidate);
/** Keep it; the highest one goes when the check has enough. */
ASSAY_MUST_CHECK int assay_capture_keep(const struct assay_scan *scan,
                                        struct assay_scan_check *check,
                                        struct assay_captured *captured, struct assay_error *err);
/** All captured records of a scan, each once, in order. *ret_list is the caller's (assay_free());
 * the records stay the checks'. */
ASSAY_MUST_CHECK int assay_capture_list(const struct assay_scan *scan,
                                        struct assay_captured ***ret_list, size_t *ret_count,
                                        struct assay_error *err);
void assay_captured_release(struct assay_captured *captured);

#endif
