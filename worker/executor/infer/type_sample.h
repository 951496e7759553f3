/* Type sample: a first belief about the types of a text file's columns, from records spread over
 * the file. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_TYPE_SAMPLE_H
#define ASSAY_EXECUTOR_TYPE_SAMPLE_H

#include "worker/executor/infer/type_decide.h"
#include "worker/executor/read/csv_ranges.h"

#define ASSAY_TYPE_SAMPLE_SPOTS   64
#define ASSAY_TYPE_SAMPLE_RECORDS 32 /* at each spot */

/** Decide a belief for every column of the head, from ASSAY_TYPE_SAMPLE_SPOTS spots over a seekable
 *  source. decisions has head->schema.count entries. reader_options: types.<field> are heeded. The
 * source is left anywhere. Takes a few milliseconds whatever the file's size. Not seekable:
 * ASSAY_UNSUPPORTED; use assay_type_sample_batch(). */
ASSAY_MUST_CHECK int assay_type_sample(struct assay_source *source,
                                       const struct assay_csv_head *head,
                                       const json_t *reader_options,
                                       struct assay_type_decision *decisions,
                                       struct assay_error *err);
/** The same from one batch of CELL columns (the first of a stream, or of a JSON file). schema names
 * the batch's columns. */
ASSAY_MUST_CHECK int assay_type_sample_batch(const struct assay_batch *batch,
                                             const struct assay_schema *schema,
                                             const json_t *reader_options,
                                             struct assay_type_decision *decisions,
                                             struct assay_error *err);

#endif
