/* Memory that ends at the n-th allocation of jansson: what is made of JSON then is whole or not
 * there. One thread. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_TESTS_JSON_SHORT_MEMORY_H
#define ASSAY_TESTS_JSON_SHORT_MEMORY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>

static long short_memory_left;

static inline void *short_memory_take(size_t size)
{
    return short_memory_left-- > 0 ? malloc(size) : NULL;
}

/** So many allocations more; -1 = as usual again. */
static inline void short_memory_set(long left)
{
    short_memory_left = left;
    json_set_alloc_funcs(left < 0 ? malloc : short_memory_take, free);
}

/** Make a document with ever more memory until it is made: NULL or equal to what it should be each
 * time. step: not every number of allocations, but every step-th. Returns how often memory was
 * short; -1 = a document was not whole. */
static inline long short_memory_try(json_t *(*make)(void), long step)
{
    long tries = 0;
    json_t *whole = make();
    bool same = whole != NULL, made = false;
    for (long left = 0; same && !made; left += step) {
        short_memory_set(left);
        json_t *got = make();
        made = short_memory_left >= 0;
        short_memory_set(-1);
        same = !got ? !made : json_equal(got, whole);
        tries += !made;
        json_decref(got);
    }
    json_decref(whole);
    return same ? tries : -1;
}

#endif
