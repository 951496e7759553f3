/* Inside of struct assay_kernel_rows: identities of a batch and scratch memory of one thread. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_KERNEL_ROWS_H
#define ASSAY_KERNELS_KERNEL_ROWS_H

#include "worker/executor/kernels/field_state.h"

#define ASSAY_ROWS_BLOCK                                                                           \
    16 /* rows whose lowest hash is known, so that sampling may pass them over */

struct assay_kernel_rows {
    size_t count;
    uint64_t hashes[ASSAY_BATCH_ROWS];
    uint64_t lowest[ASSAY_BATCH_ROWS / ASSAY_ROWS_BLOCK];
    /* scratch: the values of a column that are not null, and what is made of them */
    union {
        int64_t ints[ASSAY_BATCH_ROWS];
        double reals[ASSAY_BATCH_ROWS];
        assay_i128 wides[ASSAY_BATCH_ROWS];
        struct assay_text texts[ASSAY_BATCH_ROWS];
    } values;
    double reals[ASSAY_BATCH_ROWS];
    struct assay_text bytes[ASSAY_BATCH_ROWS];
    uint64_t value_hashes[ASSAY_BATCH_ROWS];
    /* of arrays: their elements as a batch of their own */
    struct assay_kernel_rows *elements; /* made when first needed */
    uint64_t element_validity[ASSAY_BATCH_ROWS / 64];
};

/** The rows of elements, NULL when out of memory. */
struct assay_kernel_rows *assay_kernel_rows_elements(struct assay_kernel_rows *rows);
/** After hashes[0 … count) were set. */
void assay_kernel_rows_index(struct assay_kernel_rows *rows);

/** Copies of the values that are not null, in order; returns how many. */
size_t assay_gather_ints(const int64_t *values, const uint64_t *validity, size_t n,
                         int64_t *ret_values);
size_t assay_gather_days(const int32_t *values, const uint64_t *validity, size_t n,
                         int64_t *ret_values);
size_t assay_gather_reals(const double *values, const uint64_t *validity, size_t n,
                          double *ret_values);
size_t assay_gather_floats(const float *values, const uint64_t *validity, size_t n,
                           double *ret_values);
size_t assay_gather_wides(const assay_i128 *values, const uint64_t *validity, size_t n,
                          assay_i128 *ret_values);
size_t assay_gather_texts(const struct assay_text *values, const uint64_t *validity, size_t n,
                          struct assay_text *ret_values);
/** What is no number among decimals (special.h). */
struct assay_specials {
    uint64_t nan, above, below; /* NaN, Infinity, -Infinity */
};
/** Copies of the decimals that are numbers, in order (ret_values may be values); returns how
 * many. */
size_t assay_finite_decimals(const int64_t *values, size_t n, int64_t *ret_values,
                             struct assay_specials *ret_specials);
/** Numbers first, in order, then what is none; returns how many numbers. */
size_t assay_finite_wides_first(assay_i128 *values, size_t n, struct assay_specials *ret_specials);
/** Rows that are not null. */
size_t assay_count_valid(const uint64_t *validity, size_t n);

#endif
