/* Type profile: what all cells of one column looked like, counted; mergeable between threads and
 * ranges. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_TYPE_PROFILE_H
#define ASSAY_EXECUTOR_TYPE_PROFILE_H

#include "common/base/error.h"
#include "worker/executor/infer/cell_class.h"
#include "worker/executor/infer/cell_date.h"

#define ASSAY_MISFITS_KEPT    10
#define ASSAY_MISFIT_BYTES    128 /* of a kept value, cut at a code point */
#define ASSAY_NULL_LIKES_KEPT 16  /* distinct spellings listed */
#define ASSAY_NULL_LIKE_BYTES 12

/** A value that does not fit the type under which the column was read. */
struct assay_misfit {
    uint64_t row; /* record number from 0 within the split; assay_type_profile_shift() moves it */
    uint32_t size_bytes;
    char value[ASSAY_MISFIT_BYTES];
};

struct assay_null_like {
    char spelling[ASSAY_NULL_LIKE_BYTES]; /* NUL-terminated, verbatim */
    uint64_t count;
};

/** Digits of a column that the source declares as decimals of any length (PostgreSQL's numeric). */
struct assay_long_decimals {
    bool wanted;              /* false: nothing is counted */
    uint32_t whole, fraction; /* most digits before and behind the point, outer zeros left out */
    uint64_t beyond;          /* values that no decimal of 38 digits holds: longer, NaN, infinite */
};

/** Zero-initialise; assay_type_profile_release(). One thread. */
struct assay_type_profile {
    uint64_t counts[ASSAY_CLASS_COUNT];
    uint64_t
        literals; /* cells of kind NUMBER and BOOL: the source itself says that they are no text */
    uint64_t formats[ASSAY_DATE_FORMATS]; /* dates and timestamps whose date part fits the row */
    uint64_t misfit_count;                /* under the target of the conversion, without NULL */
    struct assay_misfit *misfits;         /* the first ones by row; NULL while there are none */
    size_t misfits_kept;
    struct assay_null_like *null_likes; /* NULL while there are none; by first occurrence */
    size_t null_likes_kept;
    uint64_t null_likes_beyond; /* cells of spellings that found no place */
    struct assay_long_decimals decimals;
};

/** Count one cell without converting it. */
ASSAY_MUST_CHECK int assay_type_profile_add(struct assay_type_profile *profile,
                                            const struct assay_cell *cell, struct assay_error *err);
/** Add `from`'s counts; the misfits with the lowest rows stay. Exact in any order. */
ASSAY_MUST_CHECK int assay_type_profile_merge(struct assay_type_profile *profile,
                                              const struct assay_type_profile *from,
                                              struct assay_error *err);
/** Add `rows` to the rows of the misfits: a range's own numbers become the file's. */
void assay_type_profile_shift(struct assay_type_profile *profile, uint64_t rows);
void assay_type_profile_release(struct assay_type_profile *profile);

#endif
