// Places of nodes: a small hash table keyed by node, or by collection and key or index.
// SPDX-License-Identifier: Apache-2.0
#include "common/yaml/places.h"

#include <stdint.h>
#include <string.h>

#include "common/base/memory.h"

/* FNV-1a over the key, mixed with pointer and index (multiplier of splitmix64). */
static uint64_t hash(const void *node, const char *key, size_t index)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (; key && *key; key++)
        h = (h ^ (unsigned char)*key) * UINT64_C(0x100000001b3);
    h ^= ((uint64_t)(uintptr_t)node + index) * UINT64_C(0xbf58476d1ce4e5b9);
    return h ^ h >> 29;
}

static bool same_key(const char *left, const char *right)
{
    return left == right || (left && right && !strcmp(left, right));
}

static struct assay_place *slot_of(const struct assay_places *places, const void *node,
                                   const char *key, size_t index)
{
    const size_t mask = places->capacity - 1;
    for (size_t i = (size_t)hash(node, key, index) & mask;; i = (i + 1) & mask) {
        struct assay_place *slot = &places->slots[i];
        if (!slot->node || (slot->node == node && slot->index == index && same_key(slot->key, key)))
            return slot;
    }
}

static bool grow(struct assay_places *places)
{
    const struct assay_places old = *places;
    places->capacity = old.capacity ? 2 * old.capacity : 256;
    places->slots = assay_calloc(places->capacity, sizeof *places->slots);
    if (!places->slots) {
        *places = old;
        return false;
    }
    for (size_t i = 0; i < old.capacity; i++) {
        const struct assay_place *place = &old.slots[i];
        if (place->node)
            *slot_of(places, place->node, place->key, place->index) = *place;
    }
    assay_free(old.slots);
    return true;
}

bool assay_places_add(struct assay_places *places, const struct assay_place *place)
{
    if (2 * (places->count + 1) > places->capacity && !grow(places))
        return false;
    *slot_of(places, place->node, place->key, place->index) = *place;
    places->count++;
    return true;
}

const char *assay_places_copy(struct assay_places *places, const char *text, size_t size_bytes)
{
    return assay_arena_strndup(&places->texts, text, size_bytes);
}

const struct assay_place *assay_places_find(const struct assay_places *places, const void *node,
                                            const char *key, size_t index)
{
    if (!places->capacity || !node)
        return NULL;
    const struct assay_place *slot = slot_of(places, node, key, index);
    return slot->node ? slot : NULL;
}

void assay_places_release(struct assay_places *places)
{
    assay_free(places->slots);
    assay_arena_release(&places->texts);
    *places = (struct assay_places){0};
}
