/* Arena: memory of one task, freed at once. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_BASE_ARENA_H
#define ASSAY_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"

struct assay_arena_block;

/** Zero-initialise, or set max_bytes first (0 = no ceiling). One thread. */
struct assay_arena {
    struct assay_arena_block *blocks;
    size_t used_bytes; /* handed out since the last clear */
    size_t max_bytes;
};

/** Memory aligned to 16, valid until clear or release; NULL when out of memory or above the
 * ceiling. */
void *assay_arena_alloc(struct assay_arena *arena, size_t size_bytes);
void *assay_arena_zalloc(struct assay_arena *arena, size_t size_bytes);
char *assay_arena_strdup(struct assay_arena *arena, const char *text);
char *assay_arena_strndup(struct assay_arena *arena, const char *text, size_t size_bytes);
char *assay_arena_printf(struct assay_arena *arena, const char *format, ...) ASSAY_PRINTF(2, 3);

/** Forget everything handed out, keep one block for reuse. */
void assay_arena_clear(struct assay_arena *arena);
void assay_arena_release(struct assay_arena *arena);

#endif
