// Arena: a list of blocks that double in size up to 1 MiB.
// SPDX-License-Identifier: Apache-2.0
#include "common/base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/base/memory.h"

enum { ALIGNMENT = 16, FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20 };

struct assay_arena_block {
    struct assay_arena_block *next;
    size_t size_bytes;
    size_t used_bytes;
    _Alignas(ALIGNMENT) char data[];
};

static struct assay_arena_block *add_block(struct assay_arena *arena, size_t need_bytes)
{
    size_t size_bytes = arena->blocks ? arena->blocks->size_bytes * 2 : FIRST_BLOCK;
    if (size_bytes > LARGEST_BLOCK)
        size_bytes = LARGEST_BLOCK;
    if (size_bytes < need_bytes)
        size_bytes = need_bytes;
    struct assay_arena_block *block = assay_malloc(sizeof *block + size_bytes);
    if (!block)
        return NULL;
    *block = (struct assay_arena_block){.next = arena->blocks, .size_bytes = size_bytes};
    arena->blocks = block;
    return block;
}

void *assay_arena_alloc(struct assay_arena *arena, size_t size_bytes)
{
    if (size_bytes > SIZE_MAX / 2)
        return NULL;
    const size_t rounded = (size_bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (arena->max_bytes && arena->used_bytes + rounded > arena->max_bytes)
        return NULL;
    struct assay_arena_block *block = arena->blocks;
    if (!block || block->size_bytes - block->used_bytes < rounded)
        block = add_block(arena, rounded);
    if (!block)
        return NULL;
    void *memory = block->data + block->used_bytes;
    block->used_bytes += rounded;
    arena->used_bytes += rounded;
    return memory;
}

void *assay_arena_zalloc(struct assay_arena *arena, size_t size_bytes)
{
    void *memory = assay_arena_alloc(arena, size_bytes);
    return memory ? memset(memory, 0, size_bytes) : NULL;
}

char *assay_arena_strndup(struct assay_arena *arena, const char *text, size_t size_bytes)
{
    char *copy = text ? assay_arena_alloc(arena, size_bytes + 1) : NULL;
    if (!copy)
        return NULL;
    memcpy(copy, text, size_bytes);
    copy[size_bytes] = '\0';
    return copy;
}

char *assay_arena_strdup(struct assay_arena *arena, const char *text)
{
    return text ? assay_arena_strndup(arena, text, strlen(text)) : NULL;
}

char *assay_arena_printf(struct assay_arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    const int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = size < 0 ? NULL : assay_arena_alloc(arena, (size_t)size + 1);
    if (text)
        (void)vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    return text;
}

void assay_arena_clear(struct assay_arena *arena)
{
    struct assay_arena_block *keep = arena->blocks;
    if (keep) {
        struct assay_arena rest = {.blocks = keep->next};
        assay_arena_release(&rest);
        keep->next = NULL;
        keep->used_bytes = 0;
    }
    arena->used_bytes = 0;
}

void assay_arena_release(struct assay_arena *arena)
{
    if (!arena)
        return;
    for (struct assay_arena_block *block = arena->blocks, *next; block; block = next) {
        next = block->next;
        assay_free(block);
    }
    arena->blocks = NULL;
    arena->used_bytes = 0;
}
