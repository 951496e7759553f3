/* Gather: the picked rows of a batch, close together: what kernels count of a selection. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_GATHER_H
#define ASSAY_PROFILE_GATHER_H

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "worker/executor/batch/batch.h"

struct assay_gather;
ASSAY_MUST_CHECK int assay_gather_new(size_t columns_count, struct assay_gather **ret_gather,
                                      struct assay_error *err);
void assay_gather_free(struct assay_gather *gather);
ASSAY_DEFINE_CLEANUP(struct assay_gather, assay_gather_free)

/** The rows whose bit is set in words. *ret_batch is the gather's, valid until its next call and as
 * long as `batch` (texts and list elements are not copied). Its rows have numbers (->row); offsets
 * and lines go along. */
ASSAY_MUST_CHECK int assay_gather_rows(struct assay_gather *gather, const struct assay_batch *batch,
                                       const uint64_t *words, const struct assay_batch **ret_batch,
                                       struct assay_error *err);

#endif
