/* Lookup: what its files share. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_LOOKUP_INTERNAL_H
#define ASSAY_LOOKUP_INTERNAL_H

#include "worker/executor/lookup/key_set.h"
#include "worker/executor/lookup/lookup.h"
#include "worker/executor/lookup/marks.h"
#include "worker/executor/lookup/spill.h"

struct assay_lookup {
    struct assay_lookup *next;
    struct assay_lookups *of;
    unsigned number; /* makes names of its functions unique */
    char *sql;       /* that gave the keys */
    enum assay_key_form form;
    bool as_text;             /* keys are cast to VARCHAR */
    duckdb_logical_type type; /* of keys */
    bool is_whole;
    struct assay_key_set set;  /* whole; else of the buckets that are looked at */
    struct assay_spill *spill; /* of struct assay_key; NULL = whole, or marked */
    struct assay_marks *marks;
};

struct assay_lookups {
    struct assay_session *session;
    const atomic_bool *cancelled;
    uint64_t left_bytes, reserve_bytes; /* of the latter only what spills is made */
    uint64_t seed;
    unsigned count;
    struct assay_lookup *all;
};

/** Make the function known that says whether a value is there, or whether a place is marked. */
ASSAY_MUST_CHECK int assay_lookup_register_has(struct assay_lookup *lookup,
                                               struct assay_error *err);
ASSAY_MUST_CHECK int assay_lookup_register_marked(struct assay_lookup *lookup,
                                                  struct assay_error *err);
/** "CAST(k AS VARCHAR)" or "k". */
void assay_lookup_append_key(const struct assay_lookup *lookup, const char *key,
                             struct assay_buf *sql);
/** One more lookup, empty. */
ASSAY_MUST_CHECK int assay_lookup_add(struct assay_lookups *lookups,
                                      struct assay_lookup **ret_lookup, struct assay_error *err);
/** The bucket of a key. */
size_t assay_lookup_bucket(struct assay_key key);

#endif
