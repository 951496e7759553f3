/* Conversion: a column of untyped cells into a typed column, classes counted on the way. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_CELL_CONVERT_H
#define ASSAY_EXECUTOR_CELL_CONVERT_H

#include "worker/executor/infer/type_decide.h"

/** Buffers and counts of one column on one thread. Heap; keep it for all batches. */
struct assay_convert {
    struct assay_cell_target target;   /* the belief, or the given type */
    struct assay_type_profile profile; /* counts of every cell seen */
    struct assay_column column;        /* the last result */
    const uint64_t
        *misfit; /* bit set: a value that did not fit (null in `column`, not null in the source) */
    size_t misfits; /* bits set of the last batch */
    size_t inexact; /* those of them that are numbers which a DECIMAL128 target does not hold */
    /* the object's own */
    void *values;
    size_t values_bytes;
    uint64_t *bits; /* validity, then misfit */
};

/** *ret_convert is the caller's. */
ASSAY_MUST_CHECK int assay_convert_new(const struct assay_cell_target *target,
                                       struct assay_convert **ret_convert, struct assay_error *err);
void assay_convert_free(struct assay_convert *convert);
ASSAY_DEFINE_CLEANUP(struct assay_convert, assay_convert_free)

/** Convert a CELL column of a batch. The result is in convert->column until the next call: values
 * of the target's layout, validity (NULL when every row is valid), and convert->misfit (never
 * NULL). Rules: NULL is null; '' is null except in text; a value that does not fit is null and its
 * bit in misfit is set. Doubles are correctly rounded; a number that a decimal does not hold
 * exactly is a misfit, counted in convert->inexact; a date in a TIMESTAMP or INSTANT column is
 * midnight, a timestamp without zone in an INSTANT column is taken as UTC and one with zone in a
 * TIMESTAMP column as its UTC reading. TEXT values point to the cells' own bytes (and the array may
 * be the cells' own): valid as long as the batch. first_row: record number of the batch's first
 * row, for misfit positions. Exact counts for any target; layouts other than CELL are
 * ASSAY_INVALID. ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK int assay_convert_column(struct assay_convert *convert,
                                          const struct assay_column *cells, size_t rows,
                                          uint64_t first_row, struct assay_error *err);

/** One cell; false when it does not fit. The value is written to ret_value in the target's layout
 * (16 bytes room). NULL and (except in text) '' give true with *ret_null. */
bool assay_convert_cell(const struct assay_cell_target *target, const struct assay_cell *cell,
                        void *ret_value, bool *ret_null);

#endif
