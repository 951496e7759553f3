/* Type counting: what the conversion does for each cell that needs a closer look. Internal to
 * infer/. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_TYPE_COUNT_H
#define ASSAY_EXECUTOR_TYPE_COUNT_H

#include "worker/executor/infer/type_profile.h"

/** A null-like spelling into the list. ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK int assay_type_count_null_like(struct assay_type_profile *profile,
                                                const struct assay_cell *cell,
                                                struct assay_error *err);
/** A value that does not fit the type; rows must come in ascending order. ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK int assay_type_count_misfit(struct assay_type_profile *profile, uint64_t row,
                                             const char *data, size_t size_bytes,
                                             struct assay_error *err);

static inline bool assay_type_is_literal(const struct assay_cell *cell)
{
    return cell->kind == ASSAY_CELL_NUMBER || cell->kind == ASSAY_CELL_BOOL;
}

/** Classify a cell and count it (but not among the literals). ASSAY_NO_MEMORY. */
static inline int assay_type_count(struct assay_type_profile *profile,
                                   const struct assay_cell *cell, enum assay_cell_class *ret_class,
                                   struct assay_error *err)
{
    uint32_t formats;
    const enum assay_cell_class class_ = assay_cell_classify(cell, &formats);
    profile->counts[class_]++;
    for (; formats; formats &= formats - 1)
        profile->formats[__builtin_ctz(formats)]++;
    *ret_class = class_;
    if (class_ == ASSAY_CLASS_NULL_LIKE || class_ == ASSAY_CLASS_NAN || class_ == ASSAY_CLASS_BLANK)
        return assay_type_count_null_like(profile, cell, err);
    return ASSAY_OK;
}

#endif
