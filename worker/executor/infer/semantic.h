/* Semantic types: what the values of a text or number field mean (e-mail address, IBAN, country
 * code ...), judged on the field's uniform sample and, where the shape alone is not telling, on its
 * name. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_INFER_SEMANTIC_H
#define ASSAY_INFER_SEMANTIC_H

#include <stdbool.h>
#include <stddef.h>

#include "worker/executor/kernels/field_stats.h"

/** One semantic type. Adding one is one row in semantic.c and one validator. */
struct assay_semantic_type {
    const char *name; /* "email" */
    const char *doc;  /* one sentence */
    unsigned on;      /* logical types, bits 1 << enum assay_type */
    bool (*accepts)(const char *text, size_t size_bytes); /* whole value, no trimming */
    double threshold;  /* share of the sample's values that must be accepted */
    size_t values_min; /* distinct values of the sample below which only a telling name decides */
    /* Words at the end of the field's name that speak for it; NULL = none. */
    const char *names;
    bool name_needed;    /* the shape alone never decides (postcodes, latitudes, names) */
    const char *pattern; /* RE2 for a check, `^...$`; NULL = none */
    size_t named_min;    /* distinct values that are needed with a telling name, too */
};

/** All types, the more telling first; ends with a row whose name is NULL. */
extern const struct assay_semantic_type assay_semantic_types[];
const struct assay_semantic_type *assay_semantic_find(const char *name);

/** Is a field of that name one of these? What a name is of stands at its end: shipping_zip and
 * zip_2 are zips, zip_size is a size. Words in lower case, separated by blanks: "zipcode" also as
 * two words of the name, "=long" only where nothing stands before it, "+no" only where something
 * does. NULL words: no. */
bool assay_semantic_name_is_of(const char *name, const char *words);

/** The first type whose threshold the sample meets; NULL when none does or there is no sample.
 * Empty texts are left out. *ret_share (may be NULL) is the share accepted, the confidence.
 * Pure. */
const struct assay_semantic_type *assay_semantic_judge(const char *field_name,
                                                       const struct assay_field_stats *stats,
                                                       double *ret_share);

#endif
