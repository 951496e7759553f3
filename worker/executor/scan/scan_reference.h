/* The containers that checks of a scan refer to (settings.refs): opened when a check names them, in
 * the scan's session, each once. One that cannot be read makes the checks errored that need it,
 * and nothing else. Databases are read once, into a table that may spill; files as often as
 * checks ask. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_SCAN_REFERENCE_H
#define ASSAY_EXECUTOR_SCAN_REFERENCE_H

#include "worker/executor/scan/scan.h"

/** Open the sources that the validated checks name, before the session is: it has to know their
 * files. What fails is kept for the checks. */
ASSAY_MUST_CHECK int assay_scan_references_find(struct assay_scan *scan,
                                                const struct assay_scan_known *known,
                                                struct assay_error *err);
/** After the session was closed. */
void assay_scan_references_close(struct assay_scan *scan);

/** Files that the session reads itself, written to paths unless it is NULL; their number. */
size_t assay_scan_references_paths(const struct assay_scan *scan, const char **paths);
/** Bytes of all files of references. */
uint64_t assay_scan_references_bytes(const struct assay_scan *scan);

/** The hook of the scope (rule.h). */
assay_rule_reference_fn assay_scan_reference;
/** A check could not be made ready or judged: was it its reference that could not be read? *inner
 * then says so, as the check's own fault. */
void assay_scan_reference_blame(struct assay_scan *scan, const json_t *check,
                                struct assay_error *inner);

/** Fractions of references that are no decimals, noted; *again is set when there are any. */
ASSAY_MUST_CHECK int assay_scan_references_note_doubles(const struct assay_scan *scan,
                                                        const struct assay_scan_known *known,
                                                        bool *again, struct assay_error *err);
/** Once nothing more is read of them, before the pass: where files of a reference are not the ones
 * that it began with, the checks that need it are errored. What is no fault becomes a warning. */
ASSAY_MUST_CHECK int assay_scan_references_check_files(struct assay_scan *scan, const char *advice,
                                                       json_t *warnings, struct assay_error *err);
/** Append a warning for each reference with records that could not be read. */
ASSAY_MUST_CHECK int assay_scan_references_warn(const struct assay_scan *scan, json_t *warnings,
                                                struct assay_error *err);

#endif
