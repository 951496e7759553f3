/* CSV walk: the records of a text in memory, one by one, in the plain form. For samples and
 * headers, not for bulk. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_CSV_WALK_H
#define ASSAY_EXECUTOR_CSV_WALK_H

#include "worker/executor/batch/batch.h"
#include "worker/executor/read/csv_scan.h"

/** Set dialect, data and size, zero the rest; assay_csv_walk_release(). The text must outlive
 * it. */
struct assay_csv_walk {
    const struct assay_dialect *dialect;
    const char *data;
    size_t size;
    size_t at; /* where the next record begins */
    /* of the last record */
    size_t begin;
    struct assay_text *cells; /* raw: with their quotes, without newline */
    size_t count;
    bool closed; /* a newline ended it, not the end of the text */
    bool open;   /* the text ended within its quotes */
    bool comment;
    bool failed; /* out of memory */
    size_t capacity;
};

/** The next record, blank lines and comments too; false at the end or when out of memory. */
bool assay_csv_walk_next(struct assay_csv_walk *walk);
/** The last record is an empty line. */
bool assay_csv_walk_blank(const struct assay_csv_walk *walk);
void assay_csv_walk_release(struct assay_csv_walk *walk);

#endif
