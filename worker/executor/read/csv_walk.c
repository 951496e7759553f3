// CSV walk: one record after the other of a text in memory.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/read/csv_walk.h"

#include "common/base/memory.h"

static bool add(struct assay_csv_walk *walk, size_t begin, size_t end)
{
    if (walk->count == walk->capacity) {
        const size_t capacity = walk->capacity ? walk->capacity * 2 : 16;
        struct assay_text *cells = assay_reallocarray(walk->cells, capacity, sizeof *cells);
        if (!cells) {
            walk->failed = true;
            return false;
        }
        walk->cells = cells;
        walk->capacity = capacity;
    }
    walk->cells[walk->count++] = (struct assay_text){walk->data + begin, (uint32_t)(end - begin)};
    return true;
}

bool assay_csv_walk_next(struct assay_csv_walk *walk)
{
    enum assay_csv_state state = ASSAY_CSV_RECORD;
    const struct assay_dialect *dialect = walk->dialect;
    size_t at = walk->at, begin = at;
    if (at >= walk->size || walk->failed)
        return false;
    walk->begin = at;
    walk->count = 0;
    walk->closed = false;
    walk->comment = dialect->comment && walk->data[at] == dialect->comment;
    for (; at < walk->size && !walk->closed; at++) {
        if (!assay_csv_step(dialect, walk->data[at], &state))
            continue;
        walk->closed = state == ASSAY_CSV_RECORD;
        const bool drop =
            walk->closed && dialect->newline == '\n' && at > begin && walk->data[at - 1] == '\r';
        if (!add(walk, begin, at - drop))
            return false;
        begin = at + 1;
    }
    walk->at = at;
    walk->open = state == ASSAY_CSV_QUOTED || state == ASSAY_CSV_QUOTED_ESCAPED;
    return walk->closed || add(walk, begin, at);
}

bool assay_csv_walk_blank(const struct assay_csv_walk *walk)
{
    return walk->count == 1 && walk->cells[0].size_bytes == 0;
}

void assay_csv_walk_release(struct assay_csv_walk *walk)
{
    assay_free(walk->cells);
    walk->cells = NULL;
}
