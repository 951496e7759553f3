/* Selection: which records of the container are counted: all, the first ones, a seeded sample,
 * those for which an expression is true. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_SELECTION_H
#define ASSAY_PROFILE_SELECTION_H

#include "worker/executor/kernels/field_state.h"
#include "worker/executor/profile/profile_source.h"

/** Records of one part, one bit each; in the order of the reader. */
struct assay_record_set {
    uint64_t *words;
    size_t words_count;
};

struct assay_selection {
    uint64_t limit; /* the first ones of what else is selected; 0 = all */
    bool by_hash;
    uint64_t hash_max; /* records whose hash is not above it */
    double share;      /* sample of a share of the records; 0 = none */
    uint64_t sample;   /* sample of so many records; 0 = none */
    char *where; /* checked SQL over the source's columns; NULL = none. Parquet and databases */
    struct assay_record_set
        *sets; /* per part: records for which `where` holds; NULL = all. Text files */
    size_t sets_count;
};
void assay_selection_release(struct assay_selection *selection);

/** Read settings: limit, max_records_analyzed_per_partition, sample ("1000", 1000 or "5%").
 * ASSAY_INVALID. */
ASSAY_MUST_CHECK int assay_selection_parse(const json_t *settings,
                                           struct assay_selection *ret_selection,
                                           struct assay_error *err);
/** Is everything counted? */
bool assay_selection_is_all(const struct assay_selection *selection);

/** Which rows of a batch are counted: bits of *words (ASSAY_BATCH_ROWS of them). Returns how many.
 * hashes may be NULL when by_hash is not set. */
size_t assay_selection_pick(const struct assay_selection *selection, size_t part,
                            const struct assay_batch *batch, const uint64_t *hashes,
                            uint64_t *words);

/** The threshold of the hashes that leaves `sample` records: the lowest ones. One lane's part of
 * the search. */
struct assay_hash_bottom {
    uint64_t *heap; /* the greatest first */
    size_t count, capacity;
};
ASSAY_MUST_CHECK int assay_hash_bottom_init(struct assay_hash_bottom *bottom, size_t capacity,
                                            struct assay_error *err);
void assay_hash_bottom_add(struct assay_hash_bottom *bottom, uint64_t hash);
void assay_hash_bottom_merge(struct assay_hash_bottom *bottom,
                             const struct assay_hash_bottom *other);
void assay_hash_bottom_release(struct assay_hash_bottom *bottom);

#endif
