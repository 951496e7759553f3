// CSV cell: quotes off, doubled quotes and escapes resolved.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/read/csv_cell.h"

#include <string.h>

/* One text with doubled quotes and escapes resolved into out (NULL: only judged). */
static enum assay_csv_cell_result resolve(const struct assay_dialect *dialect, const char *raw,
                                          size_t size_bytes, bool quoted, char *out,
                                          size_t *ret_size)
{
    size_t made = 0, i = 0;
    while (i < size_bytes) {
        char c = raw[i++];
        if (dialect->escape && c == dialect->escape) {
            if (i == size_bytes && quoted)
                return ASSAY_CSV_CELL_OPEN;
            c = i == size_bytes ? c : raw[i++]; /* the last byte of the data escapes nothing */
        } else if (quoted && c == dialect->quote) {
            if (i == size_bytes || raw[i] != dialect->quote)
                return ASSAY_CSV_CELL_MALFORMED;
            i++;
        }
        if (out)
            out[made] = c;
        made++;
    }
    *ret_size = made;
    return ASSAY_CSV_CELL_OK;
}

static bool needs_resolving(const struct assay_dialect *dialect, const char *raw, size_t size_bytes,
                            bool quoted)
{
    return size_bytes && ((quoted && memchr(raw, dialect->quote, size_bytes)) ||
                          (dialect->escape && memchr(raw, dialect->escape, size_bytes)));
}

static enum assay_csv_cell_result finish(const struct assay_dialect *dialect, const char *raw,
                                         size_t size_bytes, bool quoted, struct assay_arena *arena,
                                         struct assay_cell *ret_cell)
{
    struct assay_cell cell = {
        .data = raw, .size_bytes = (uint32_t)size_bytes, .kind = ASSAY_CELL_QUOTED};
    if (!quoted)
        cell.kind = size_bytes ? ASSAY_CELL_PLAIN : ASSAY_CELL_NULL;
    if (needs_resolving(dialect, raw, size_bytes, quoted)) {
        size_t size = 0;
        char *out = arena ? assay_arena_alloc(arena, size_bytes) : NULL;
        if (arena && !out)
            return ASSAY_CSV_CELL_NO_MEMORY;
        const enum assay_csv_cell_result result =
            resolve(dialect, raw, size_bytes, quoted, out, &size);
        if (result != ASSAY_CSV_CELL_OK)
            return result;
        cell.data = arena ? out : raw;
        cell.size_bytes = (uint32_t)size;
    }
    *ret_cell = cell;
    return ASSAY_CSV_CELL_OK;
}

/* Is the last byte a closing quote, or one that an escape or another quote makes text? */
static bool closes(const struct assay_dialect *dialect, const char *raw, size_t size_bytes)
{
    if (size_bytes < 2 || raw[size_bytes - 1] != dialect->quote)
        return false;
    if (!dialect->escape)
        return true;
    size_t escapes = 0;
    while (escapes < size_bytes - 2 && raw[size_bytes - 2 - escapes] == dialect->escape)
        escapes++;
    return escapes % 2 == 0;
}

enum assay_csv_cell_result assay_csv_cell_read(const struct assay_dialect *dialect, const char *raw,
                                               size_t size_bytes, struct assay_arena *arena,
                                               struct assay_cell *ret_cell)
{
    if (!dialect->quote || !size_bytes || raw[0] != dialect->quote)
        return finish(dialect, raw, size_bytes, false, arena, ret_cell);
    if (!closes(dialect, raw, size_bytes))
        return memchr(raw + 1, dialect->quote, size_bytes - 1) ? ASSAY_CSV_CELL_MALFORMED
                                                               : ASSAY_CSV_CELL_OPEN;
    return finish(dialect, raw + 1, size_bytes - 2, true, arena, ret_cell);
}

bool assay_csv_is_null_value(const struct assay_csv_options *options, const struct assay_cell *cell)
{
    for (size_t i = 0; i < options->null_values_count; i++) {
        const char *value = options->null_values[i];
        if (strlen(value) == cell->size_bytes && !memcmp(value, cell->data, cell->size_bytes))
            return true;
    }
    return false;
}

bool assay_csv_empty_quoted_is_null(const struct assay_csv_options *options,
                                    const struct assay_dialect *dialect)
{
    if (options->treat_empty_as_null)
        return true;
    return options->has_quoted_null ? options->quoted_null : dialect->all_quoted;
}
