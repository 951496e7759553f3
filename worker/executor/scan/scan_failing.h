/* --failing FILE: every failing record, in the order of the source, as CSV, JSON lines or
 * Parquet. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_SCAN_FAILING_H
#define ASSAY_EXECUTOR_SCAN_FAILING_H

#include "worker/executor/scan/scan.h"

/** Values of one record: text of column i, false = NULL. */
struct assay_failing_values {
    bool (*text)(const struct assay_failing_values *values, size_t column, struct assay_buf *text);
    json_t *(*json)(const struct assay_failing_values *values, size_t column);
};

/** The columns that are written: names, and types for Parquet (DuckDB's words; NULL = VARCHAR).
 * Borrowed. */
struct assay_failing_columns {
    const char *const *names;
    const char *const *types;
    size_t count;
};

/** Begin a file; its ending says the format: .csv, .jsonl, .parquet. Records are first kept in a
 * nameless file beside it, since their numbers are known only when all parts were read.
 * ASSAY_INVALID: another ending. ASSAY_IO, ASSAY_DENIED. */
ASSAY_MUST_CHECK int assay_failing_open(const char *path,
                                        const struct assay_failing_columns *columns,
                                        struct assay_failing **ret_failing,
                                        struct assay_error *err);
/** Add a record. checks: places among the scan's checks of those that it fails. */
ASSAY_MUST_CHECK int assay_failing_add(struct assay_failing *failing,
                                       const struct assay_scan_place *place, uint64_t fingerprint,
                                       const uint32_t *checks, size_t checks_count,
                                       const struct assay_failing_values *values,
                                       struct assay_error *err);
/** Write the file beside its place and rename it, when all checks are judged: those that turned out
 * errored are left out. */
ASSAY_MUST_CHECK int assay_failing_finish(struct assay_failing *failing,
                                          const struct assay_scan *scan, struct assay_error *err);
/** Forget; nothing is left behind. NULL is allowed. */
void assay_failing_free(struct assay_failing *failing);

#endif
