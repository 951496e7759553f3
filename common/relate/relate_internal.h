/* Inside of assay_relate(): containers and fields as its files see them. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_RELATE_INTERNAL_H
#define ASSAY_RELATE_INTERNAL_H

#include <string.h>

#include "common/relate/names.h"
#include "common/relate/relate.h"
#include "common/relate/sketch.h"

/** Types whose values can be compared between containers. */
enum assay_relate_type {
    ASSAY_RELATE_INTEGRAL,
    ASSAY_RELATE_STRING,
    ASSAY_RELATE_DATE,
    ASSAY_RELATE_TIMESTAMP,
    ASSAY_RELATE_TYPES,
};

/** A field with a sketch. */
struct assay_relate_field {
    size_t container; /* index */
    const char *name;
    struct assay_words words;
    enum assay_relate_type type;
    double distinct, values;
    bool unique;
    double min, max;          /* NaN for String */
    const char *shape;        /* "" for all but String */
    const char *prefix;       /* String of numbers behind a prefix; NULL = it is none */
    double first, last;       /* those numbers; of all other types min and max */
    const uint8_t *registers; /* ASSAY_SKETCH_REGISTERS */
};

/** One field of any type, in short. */
struct assay_relate_sign {
    uint64_t name_type, digest; /* hashes */
};

struct assay_relate_container {
    const char *name;
    struct assay_words words;
    int64_t datastore; /* 0 = not told */
    double records;
    const json_t *all;                   /* [{"name", "type"}] of all fields */
    struct assay_relate_sign *signature; /* of them, by name_type */
    size_t signature_count;
    struct assay_relate_field *fields; /* with a sketch; in the arena */
    size_t fields_count;
    size_t replica_of; /* index of the first container that looks the same; its own = none */
};

/** One run. */
struct assay_relate {
    struct assay_arena arena;
    struct assay_relate_container *containers;
    size_t count;
    json_t *candidates;
};

/** What speaks for a candidate. */
struct assay_relate_evidence {
    double overlap, chance;
    enum assay_names names;
};

static inline bool assay_relate_is_ordered(const struct assay_relate_field *field)
{
    return field->type != ASSAY_RELATE_STRING;
}
static inline bool assay_relate_same_registers(const struct assay_relate_field *a,
                                               const struct assay_relate_field *b)
{
    return !memcmp(a->registers, b->registers, ASSAY_SKETCH_REGISTERS);
}
/** Share of the whole numbers, days or µs between first and last that the field takes; 1 at
 * most. */
double assay_relate_density(const struct assay_relate_field *field);
/** Is every record told apart by the field? */
bool assay_relate_is_key(const struct assay_relate *relate, const struct assay_relate_field *field);

/** Share of the fields of both, by name and type, that both have. */
double assay_relate_likeness(const struct assay_relate_container *a,
                             const struct assay_relate_container *b);

/** Append a candidate. fields: the check's, taken over; properties too. */
ASSAY_MUST_CHECK int assay_relate_push(struct assay_relate *relate, size_t of, size_t ref,
                                       const char *rule, json_t *fields, json_t *properties,
                                       const struct assay_relate_evidence *evidence,
                                       const char *description, struct assay_error *err);

/* relate_replica.c: before the others, which leave replicas out */
ASSAY_MUST_CHECK int assay_relate_replicas(struct assay_relate *relate, struct assay_error *err);
/* relate_exists.c: does the field refer to the key, as far as sketches and names tell? */
bool assay_relate_refers(const struct assay_relate *relate, const struct assay_relate_field *field,
                         const struct assay_relate_field *key,
                         struct assay_relate_evidence *ret_evidence);
/* relate_search.c */
ASSAY_MUST_CHECK int assay_relate_exists(struct assay_relate *relate, struct assay_error *err);
/* relate_apart.c */
ASSAY_MUST_CHECK int assay_relate_apart(struct assay_relate *relate, struct assay_error *err);

#endif
