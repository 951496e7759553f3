/* Heap memory: one door, so that tests can make the n-th allocation fail. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_BASE_MEMORY_H
#define ASSAY_BASE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/cleanup.h"

/** As malloc, calloc, realloc, free; NULL when out of memory. Thread-safe. Overflow of count × size
 * gives NULL. */
void *assay_malloc(size_t size_bytes) __attribute__((malloc, alloc_size(1)));
void *assay_calloc(size_t count, size_t size_bytes) __attribute__((malloc, alloc_size(1, 2)));
void *assay_realloc(void *pointer, size_t size_bytes) __attribute__((alloc_size(2)));
void *assay_reallocarray(void *pointer, size_t count, size_t size_bytes);
void assay_free(void *pointer);
ASSAY_DEFINE_CLEANUP(void, assay_free)

/** Copies on the heap, NULL when out of memory; a NULL text gives NULL. */
char *assay_strdup(const char *text);
char *assay_strndup(const char *text, size_t size_bytes);
void *assay_memdup(const void *data, size_t size_bytes);

static inline void assay_free_text(char *text)
{
    assay_free(text);
}
ASSAY_DEFINE_CLEANUP(char, assay_free_text)

/** Aligned memory for vectors; free with assay_free(). alignment: a power of two ≥
 * sizeof(void *). */
void *assay_aligned(size_t alignment, size_t size_bytes);

/** Tests only: the n-th allocation from now (1 = the next) returns NULL, once. 0 = never. */
void assay_memory_fail_at(int64_t nth);
/** Tests only: allocations since the last assay_memory_fail_at(). */
int64_t assay_memory_count(void);

/** Overwrite a secret so that the compiler cannot leave it out. */
void assay_wipe(void *data, size_t size_bytes);

#endif
