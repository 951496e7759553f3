// existsIn: which keys each field is compared with, and which of those it refers to are offered.
// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <stdlib.h>

#include "common/base/memory.h"
#include "common/relate/relate_internal.h"

#define OFFERED_MOST 2   /* keys of one field */
#define SPARSE       0.5 /* of so dense a key 20 values are all found by chance once in a million */

/* A key by a word of its name or its container's. */
struct word {
    const char *word;
    size_t key;
};

/* A key whose values alone may convince, by type and shape. */
struct telling {
    const struct assay_relate_field *key;
    size_t index;
    size_t end; /* of those of the same type and shape, in the array */
};

struct search {
    struct assay_relate *relate;
    const struct assay_relate_field **keys; /* in the order of containers */
    size_t count;
    struct telling *telling;
    size_t telling_count;
    struct word *words;
    size_t words_count;
    size_t *seen; /* per key: the field that was compared last, from 1 */
    size_t serial;
};

struct found {
    const struct assay_relate_field *key;
    struct assay_relate_evidence evidence;
    bool near; /* in the same datastore */
};

/* --- the best of a field --- */

struct best {
    struct found found[OFFERED_MOST];
    size_t count;
};

/* Names before all, then the datastore, then the smaller key, then the earlier one. */
static bool is_better(const struct found *a, const struct found *b)
{
    if (a->evidence.names != b->evidence.names)
        return a->evidence.names > b->evidence.names;
    if (a->near != b->near)
        return a->near;
    if (a->evidence.overlap != b->evidence.overlap)
        return a->evidence.overlap > b->evidence.overlap;
    return a->key->container != b->key->container ? a->key->container < b->key->container
                                                  : a->key < b->key;
}

static void keep(struct best *best, const struct found *found)
{
    size_t at = 0;
    while (at < best->count && is_better(&best->found[at], found))
        at++;
    if (at == OFFERED_MOST)
        return;
    const size_t last = best->count < OFFERED_MOST ? best->count++ : best->count - 1;
    memmove(&best->found[at + 1], &best->found[at], (last - at) * sizeof *found);
    best->found[at] = *found;
}

/* A key that holds a better one says nothing more, nor does one that is farther or less
 * supported by names. */
static bool is_offered(const struct best *best, size_t index)
{
    const struct found *first = &best->found[0], *found = &best->found[index];
    return !index || (found->evidence.names == first->evidence.names &&
                      found->near == first->near && found->evidence.names >= ASSAY_NAMES_EQUAL &&
                      !assay_sketch_contained(first->key->registers, found->key->registers));
}

static int offer(const struct search *search, const struct assay_relate_field *field,
                 const struct best *best, struct assay_error *err)
{
    struct assay_relate *relate = search->relate;
    for (size_t i = 0; i < best->count; i++) {
        const struct assay_relate_field *key = best->found[i].key;
        if (!is_offered(best, i))
            continue;
        const char *description =
            assay_arena_printf(&relate->arena, "every %s is one of %s in %s", field->name,
                               key->name, relate->containers[key->container].name);
        if (!description)
            return assay_fail_memory(err);
        ASSAY_TRY(assay_relate_push(relate, field->container, key->container, "existsIn",
                                    json_pack("[s]", field->name),
                                    json_pack("{s:s}", "field_name", key->name),
                                    &best->found[i].evidence, description, err));
    }
    return ASSAY_OK;
}

/* --- the index --- */

static size_t keys_of(const struct assay_relate *relate, const struct assay_relate_field **keys)
{
    size_t count = 0;
    for (size_t i = 0; i < relate->count; i++) {
        const struct assay_relate_container *container = &relate->containers[i];
        for (size_t j = 0; j < container->fields_count; j++) {
            if (!assay_relate_is_key(relate, &container->fields[j]))
                continue;
            if (keys)
                keys[count] = &container->fields[j];
            count++;
        }
    }
    return count;
}

static int compare_words(const void *a, const void *b)
{
    const struct word *x = a, *y = b;
    const int by_word = strcmp(x->word, y->word);
    return by_word ? by_word : (x->key > y->key) - (x->key < y->key);
}

static int compare_telling(const struct assay_relate_field *a, const struct assay_relate_field *b)
{
    return a->type != b->type ? (a->type < b->type ? -1 : 1) : strcmp(a->shape, b->shape);
}

static int compare_tellings(const void *a, const void *b)
{
    const struct telling *x = a, *y = b;
    const int by_kind = compare_telling(x->key, y->key);
    return by_kind ? by_kind : (x->index > y->index) - (x->index < y->index);
}

static void set_ends(struct search *search)
{
    struct telling *telling = search->telling;
    for (size_t i = search->telling_count; i-- > 0;) {
        const bool last = i + 1 == search->telling_count ||
                          compare_telling(telling[i].key, telling[i + 1].key) != 0;
        telling[i].end = last ? i + 1 : telling[i + 1].end;
    }
}

static void put_words(struct search *search, const struct assay_words *words, size_t key,
                      bool general)
{
    for (size_t i = 0; i < words->count; i++) {
        if (general || !assay_word_is_general(words->words[i]))
            search->words[search->words_count++] = (struct word){words->words[i], key};
    }
}

static int make_index(struct search *search, struct assay_error *err)
{
    struct assay_arena *arena = &search->relate->arena;
    search->count = keys_of(search->relate, NULL);
    const size_t room = search->count + 1;
    search->keys = assay_arena_zalloc(arena, room * sizeof *search->keys);
    search->telling = assay_arena_zalloc(arena, room * sizeof *search->telling);
    search->words = assay_arena_zalloc(arena, room * 2 * ASSAY_WORDS_MAX * sizeof *search->words);
    search->seen = assay_arena_zalloc(arena, room * sizeof *search->seen);
    if (!search->keys || !search->telling || !search->words || !search->seen)
        return assay_fail_memory(err);
    (void)keys_of(search->relate, search->keys);
    for (size_t i = 0; i < search->count; i++) {
        const struct assay_relate_field *key = search->keys[i];
        put_words(search, &key->words, i, false);
        put_words(search, &search->relate->containers[key->container].words, i, true);
        if (!assay_relate_is_ordered(key) || assay_relate_density(key) <= SPARSE)
            search->telling[search->telling_count++] = (struct telling){.key = key, .index = i};
    }
    qsort(search->words, search->words_count, sizeof *search->words, compare_words);
    qsort(search->telling, search->telling_count, sizeof *search->telling, compare_tellings);
    set_ends(search);
    return ASSAY_OK;
}

/* --- the search --- */

static void try_key(struct search *search, const struct assay_relate_field *field, size_t index,
                    struct best *best)
{
    const struct assay_relate_container *containers = search->relate->containers;
    const struct assay_relate_field *key = search->keys[index];
    struct found found = {.key = key};
    if (search->seen[index] == search->serial)
        return;
    search->seen[index] = search->serial;
    if (!assay_relate_refers(search->relate, field, key, &found.evidence))
        return;
    found.near = containers[field->container].datastore == containers[key->container].datastore;
    keep(best, &found);
}

static void try_words(struct search *search, const struct assay_relate_field *field,
                      struct best *best)
{
    for (size_t i = 0; i < field->words.count; i++) {
        const char *word = field->words.words[i];
        size_t low = 0, high = search->words_count;
        while (low < high) {
            const size_t middle = low + (high - low) / 2;
            if (strcmp(search->words[middle].word, word) < 0)
                low = middle + 1;
            else
                high = middle;
        }
        for (; low < search->words_count && !strcmp(search->words[low].word, word); low++)
            try_key(search, field, search->words[low].key, best);
    }
}

static void try_telling(struct search *search, const struct assay_relate_field *field,
                        struct best *best)
{
    size_t low = 0, high = search->telling_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (compare_telling(search->telling[middle].key, field) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == search->telling_count || compare_telling(search->telling[low].key, field) != 0)
        return;
    for (const size_t end = search->telling[low].end; low < end; low++)
        try_key(search, field, search->telling[low].index, best);
}

/* own: index of the container's first key */
static int search_container(struct search *search, size_t container, size_t own,
                            struct assay_error *err)
{
    const struct assay_relate_container *of = &search->relate->containers[container];
    for (size_t i = 0; i < of->fields_count; i++) {
        struct best best = {0};
        search->serial++;
        try_words(search, &of->fields[i], &best);
        try_telling(search, &of->fields[i], &best);
        for (size_t j = own; j < search->count && search->keys[j]->container == container; j++)
            try_key(search, &of->fields[i], j, &best);
        ASSAY_TRY(offer(search, &of->fields[i], &best, err));
    }
    return ASSAY_OK;
}

int assay_relate_exists(struct assay_relate *relate, struct assay_error *err)
{
    struct search search = {.relate = relate};
    size_t own = 0;
    ASSAY_TRY(make_index(&search, err));
    for (size_t i = 0; i < relate->count; i++) {
        while (own < search.count && search.keys[own]->container < i)
            own++;
        ASSAY_TRY(search_container(&search, i, own, err));
    }
    return ASSAY_OK;
}
