/* Where each node of a YAML document stands, and the source text of its scalars. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_YAML_PLACES_H
#define ASSAY_YAML_PLACES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"

/** A place is found by its node, or by the node of a collection with a key, or with an index
 * from 1. */
struct assay_place {
    const void *node;
    const char *key;  /* NULL = not a member */
    size_t index;     /* 0 = not an item */
    int line, column; /* from 1 */
    const char *text; /* source text of a scalar, NULL = none */
};

/** Hash table with open addressing. Zero-initialise. One thread. */
struct assay_places {
    struct assay_place *slots;
    size_t capacity, count; /* capacity: a power of two */
    struct assay_arena texts;
};

/** Texts in a place must live as long as the table: assay_places_copy(). False when out of
 * memory. */
bool assay_places_add(struct assay_places *places, const struct assay_place *place);
const char *assay_places_copy(struct assay_places *places, const char *text, size_t size_bytes);
/** NULL when not there. */
const struct assay_place *assay_places_find(const struct assay_places *places, const void *node,
                                            const char *key, size_t index);
void assay_places_release(struct assay_places *places);

#endif
