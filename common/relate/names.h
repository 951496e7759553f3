/* Names: do a field's name and the name of a key and its container speak of the same thing? */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_RELATE_NAMES_H
#define ASSAY_RELATE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"

#define ASSAY_WORDS_MAX 12

/** The words of a name, in lower case and without endings of the plural: "OrderLines" → order,
 * line. Of a container's name without folder, schema, extension, numbers and words such as dim. */
struct assay_words {
    const char *words[ASSAY_WORDS_MAX]; /* in the arena; further ones are left out */
    size_t count;
};
/** False when out of memory. */
bool assay_words_of_field(const char *name, struct assay_arena *arena,
                          struct assay_words *ret_words);
bool assay_words_of_container(const char *name, struct assay_arena *arena,
                              struct assay_words *ret_words);

/** Says a word nothing about what is meant (id, key, code, name, date)? */
bool assay_word_is_general(const char *word);
/** Are all of `few`, side by side and in their order, among `many`? False when few is empty. */
bool assay_words_within(const struct assay_words *few, const struct assay_words *many);

/** How far the name of a field supports that it refers to a key of a container. */
enum assay_names {
    ASSAY_NAMES_NONE,
    ASSAY_NAMES_SHARE, /* a word (shipping_agent → agents_list.id); within one container: an id
                          beside the container's own (manager_id → id) */
    ASSAY_NAMES_PART,  /* the container or the key, not both: origin_airport → airports.iata */
    ASSAY_NAMES_EQUAL, /* the key's own name, or the container's and something general */
    ASSAY_NAMES_WHOLE, /* the container and the key: customer_id → customers.id */
};
enum assay_names assay_names_match(const struct assay_words *field, const struct assay_words *key,
                                   const struct assay_words *container, bool same_container);

#endif
