// Heap memory: malloc behind one door, with a switch for tests that fail the n-th allocation.
// SPDX-License-Identifier: Apache-2.0
#include "common/base/memory.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static atomic_bool armed;
static atomic_int_least64_t countdown;
static atomic_int_least64_t counted;

static bool refused(void)
{
    if (__builtin_expect(!atomic_load_explicit(&armed, memory_order_relaxed), 1))
        return false;
    atomic_fetch_add(&counted, 1);
    return atomic_fetch_sub(&countdown, 1) == 1;
}

void assay_memory_fail_at(int64_t nth)
{
    atomic_store(&counted, 0);
    atomic_store(&countdown, nth);
    atomic_store(&armed, true);
}

int64_t assay_memory_count(void)
{
    return atomic_load(&counted);
}

void *assay_malloc(size_t size_bytes)
{
    return refused() ? NULL : malloc(size_bytes ? size_bytes : 1);
}

void *assay_calloc(size_t count, size_t size_bytes)
{
    return refused() ? NULL : calloc(count ? count : 1, size_bytes ? size_bytes : 1);
}

void *assay_realloc(void *pointer, size_t size_bytes)
{
    return refused() ? NULL : realloc(pointer, size_bytes ? size_bytes : 1);
}

void *assay_reallocarray(void *pointer, size_t count, size_t size_bytes)
{
    size_t total;
    if (__builtin_mul_overflow(count, size_bytes, &total))
        return NULL;
    return assay_realloc(pointer, total);
}

void assay_free(void *pointer)
{
    free(pointer);
}

char *assay_strdup(const char *text)
{
    return text ? assay_memdup(text, strlen(text) + 1) : NULL;
}

char *assay_strndup(const char *text, size_t size_bytes)
{
    if (!text)
        return NULL;
    char *copy = assay_malloc(size_bytes + 1);
    if (!copy)
        return NULL;
    memcpy(copy, text, size_bytes);
    copy[size_bytes] = '\0';
    return copy;
}

void *assay_memdup(const void *data, size_t size_bytes)
{
    void *copy = assay_malloc(size_bytes);
    if (copy && size_bytes)
        memcpy(copy, data, size_bytes);
    return copy;
}

void *assay_aligned(size_t alignment, size_t size_bytes)
{
    void *pointer = NULL;
    if (refused() || posix_memalign(&pointer, alignment, size_bytes ? size_bytes : 1))
        return NULL;
    return pointer;
}

void assay_wipe(void *data, size_t size_bytes)
{
    if (data)
        explicit_bzero(data, size_bytes);
}
