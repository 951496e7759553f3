// CSV guess: both readings of a piece of text, judged by the records that come out.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/read/csv_guess.h"

#include "worker/executor/read/csv_cell.h"
#include "worker/executor/read/csv_walk.h"

enum { MOST_RECORDS = 16 };

int assay_csv_read_at(struct assay_source *source, uint64_t offset, char *buffer, size_t size_bytes,
                      size_t *ret_size, struct assay_error *err)
{
    size_t size = 0;
    ASSAY_TRY(assay_source_seek(source, offset, err));
    while (size < size_bytes) {
        size_t got;
        ASSAY_TRY(assay_source_read(source, buffer + size, size_bytes - size, &got, err));
        if (!got)
            break;
        size += got;
    }
    *ret_size = size;
    return ASSAY_OK;
}

/* One reading of the piece. */
struct reading {
    size_t begin;
    bool found;
    size_t good, bad;
};

static void find_begin(const struct assay_dialect *dialect, const char *data, size_t size,
                       enum assay_csv_state state, struct reading *reading)
{
    for (size_t i = 0; i < size && !reading->found; i++) {
        reading->found = assay_csv_step(dialect, data[i], &state) && data[i] == dialect->newline;
        reading->begin = i + 1;
    }
}

static bool well_formed(const struct assay_csv_walk *walk)
{
    struct assay_cell cell;
    for (size_t i = 0; i < walk->count; i++)
        if (assay_csv_cell_read(walk->dialect, walk->cells[i].data, walk->cells[i].size_bytes, NULL,
                                &cell) != ASSAY_CSV_CELL_OK)
            return false;
    return true;
}

/* Whole records of the piece from reading->begin on, good and bad ones. False when out of
 * memory. */
static bool judge(const struct assay_csv_head *head, const char *data, size_t size,
                  struct reading *reading)
{
    struct assay_csv_walk walk = {
        .dialect = &head->dialect, .data = data, .size = size, .at = reading->begin};
    while (reading->good + reading->bad < MOST_RECORDS && assay_csv_walk_next(&walk) &&
           walk.closed) {
        if (walk.comment || assay_csv_walk_blank(&walk))
            continue;
        const bool good = walk.count == head->schema.count && well_formed(&walk);
        if (good &&
            !reading
                 ->good) /* what stands in front may be half a record: any later boundary will do */
            reading->begin = walk.begin;
        reading->good += good;
        reading->bad += !good;
    }
    reading->bad += walk.open && !reading->good;
    const bool failed = walk.failed;
    assay_csv_walk_release(&walk);
    return !failed;
}

int assay_csv_guess_begin(const struct assay_csv_head *head, const char *data, size_t size_bytes,
                          size_t *ret_begin, struct assay_error *err)
{
    const struct assay_dialect *dialect = &head->dialect;
    struct reading outside = {0}, inside = {0};
    find_begin(dialect, data, size_bytes, ASSAY_CSV_UNQUOTED, &outside);
    if (outside.found && !judge(head, data, size_bytes, &outside))
        return assay_fail_memory(err);
    if (dialect->quote) {
        find_begin(dialect, data, size_bytes, ASSAY_CSV_QUOTED, &inside);
        if (inside.found && !judge(head, data, size_bytes, &inside))
            return assay_fail_memory(err);
    }
    const bool second =
        inside.found && (!outside.found || inside.good * (outside.good + outside.bad) >
                                               outside.good * (inside.good + inside.bad));
    const struct reading *best = second ? &inside : &outside;
    *ret_begin = best->found && best->begin < size_bytes ? best->begin : 0;
    return ASSAY_OK;
}
