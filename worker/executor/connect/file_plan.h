/* Inside connect/: cutting Parquet files by row groups (file_plan.c cuts the others). */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CONNECT_FILE_PLAN_H
#define ASSAY_CONNECT_FILE_PLAN_H

#include "worker/executor/connect/connector.h"
#include "worker/executor/connect/plan_groups.h"

/** Add the splits of one file, whole row groups each, to the open group: goal->count of about equal
 * size, none below goal->records but the last. file: its index in the set. ASSAY_FORMAT. */
ASSAY_MUST_CHECK int assay_file_plan_parquet(const char *path, size_t file,
                                             const struct assay_plan_goal *goal,
                                             struct assay_plan_groups *groups,
                                             struct assay_error *err);
/** Compressed bytes of a record, from the footer; 0 without records. */
ASSAY_MUST_CHECK int assay_file_plan_parquet_record(const char *path, uint64_t *ret_bytes,
                                                    struct assay_error *err);

#endif
