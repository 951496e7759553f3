// Prepared statements of one connection: open addressing over the hash of the SQL text.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <xxhash.h>

#include "common/base/memory.h"
#include "common/db/driver.h"

static uint64_t hash_of(const char *sql)
{
    return XXH3_64bits(sql, strlen(sql));
}

/* The place where the text is, or would be: the table is never full, so the walk ends. */
static struct assay_db_statement *place_of(const struct assay_db_cache *cache, const char *sql,
                                           uint64_t hash)
{
    for (size_t i = hash % ASSAY_DB_CACHE_PLACES;; i = (i + 1) % ASSAY_DB_CACHE_PLACES) {
        struct assay_db_statement *place = &cache->places[i];
        if (!place->sql || (place->hash == hash && !strcmp(place->sql, sql)))
            return place;
    }
}

struct assay_db_statement *assay_db_cache_find(const struct assay_db_cache *cache, const char *sql)
{
    if (!cache->places)
        return NULL;
    struct assay_db_statement *place = place_of(cache, sql, hash_of(sql));
    return place->sql ? place : NULL;
}

struct assay_db_statement *assay_db_cache_add(struct assay_db_cache *cache, const char *sql)
{
    if (cache->count >= ASSAY_DB_CACHE_MAX)
        return NULL;
    if (!cache->places)
        cache->places = assay_calloc(ASSAY_DB_CACHE_PLACES, sizeof *cache->places);
    if (!cache->places)
        return NULL;
    const uint64_t hash = hash_of(sql);
    struct assay_db_statement *place = place_of(cache, sql, hash);
    char *copy = assay_strdup(sql);
    if (!copy)
        return NULL;
    *place = (struct assay_db_statement){.sql = copy, .hash = hash};
    cache->count++;
    return place;
}

/* Only ever the entry that was added last, so no later entry can have walked over its place. */
void assay_db_cache_drop(struct assay_db_cache *cache, struct assay_db_statement *statement)
{
    assay_free(statement->sql);
    *statement = (struct assay_db_statement){0};
    cache->count--;
}

void assay_db_cache_release(struct assay_db_cache *cache, void (*free_handle)(void *handle))
{
    for (size_t i = 0; cache->places && i < ASSAY_DB_CACHE_PLACES; i++) {
        if (!cache->places[i].sql)
            continue;
        if (free_handle)
            free_handle(cache->places[i].handle);
        assay_free(cache->places[i].sql);
    }
    assay_free(cache->places);
    *cache = (struct assay_db_cache){0};
}
