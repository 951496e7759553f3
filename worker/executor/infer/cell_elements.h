/* Elements: the untyped elements of a batch's lists, however many, as one typed column. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_INFER_CELL_ELEMENTS_H
#define ASSAY_INFER_CELL_ELEMENTS_H

#include "worker/executor/infer/cell_convert.h"

/** Zero-initialised is empty; assay_elements_release(). One thread. */
struct assay_elements {
    struct assay_column column; /* the last result */
    /* the object's own: of lists with more elements together than a batch has rows */
    void *values;
    uint64_t *validity;
    size_t capacity;
};

void assay_elements_release(struct assay_elements *elements);

/** Convert `count` cells. The result is in elements->column until the next call; texts point to the
 * cells' own bytes. first_row: number that the first cell's misfit is given. ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK int assay_elements_convert(struct assay_elements *elements,
                                            struct assay_convert *convert,
                                            const struct assay_column *cells, size_t count,
                                            uint64_t first_row, struct assay_error *err);

#endif
