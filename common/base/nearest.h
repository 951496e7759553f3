/* The nearest of several names, for "did you mean" in errors. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_BASE_NEAREST_H
#define ASSAY_BASE_NEAREST_H

#include <stddef.h>

/** Optimal string alignment distance over bytes, without regard to ASCII case: insert, delete,
 * replace and swap of neighbours cost 1 each. UINT_MAX when a text has 64 bytes or more. No
 * allocation. */
unsigned assay_edit_distance(const char *left, const char *right);

/** A search in progress: `struct assay_nearest nearest = {.wanted = name};`, offer every candidate,
 * read `best` (borrowed from the caller; NULL when none is near enough to be meant: distance ≤ 1 +
 * length / 4). */
struct assay_nearest {
    const char *wanted;
    const char *best;
    unsigned distance; /* of best */
};
void assay_nearest_offer(struct assay_nearest *nearest, const char *candidate);

/** The nearest name among the rows of a table: structs of row_bytes whose first member is `const
 * char *name`, ended by a row whose name is NULL. NULL when none is near. */
const char *assay_nearest_name(const char *wrong, const void *rows, size_t row_bytes);

#endif
