/* Marks: a bit for each record of a container, by its place; the records that a check found before
 * the pass. Blocks without a mark take nothing; beyond a number of them they stand in a temporary
 * file. One thread sets; finished, any number of threads read. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_LOOKUP_MARKS_H
#define ASSAY_LOOKUP_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"

#define ASSAY_MARKS_BLOCK_BYTES ((size_t)4096)

/** Where a record stands: the columns _assay_part, _assay_file, _assay_row. */
struct assay_marks_place {
    uint32_t part, file;
    uint64_t row;
};

struct assay_marks;
/** memory_bytes: of the blocks; beyond it 24 bytes for each 32,768 records. *ret_marks:
 * assay_marks_free(). */
ASSAY_MUST_CHECK int assay_marks_new(uint64_t memory_bytes, struct assay_marks **ret_marks,
                                     struct assay_error *err);
void assay_marks_free(struct assay_marks *marks);
ASSAY_DEFINE_CLEANUP(struct assay_marks, assay_marks_free)

/** Mark a record; again is no matter. ASSAY_IO, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK int assay_marks_set(struct assay_marks *marks,
                                     const struct assay_marks_place *place,
                                     struct assay_error *err);
/** Write what is kept back. */
ASSAY_MUST_CHECK int assay_marks_finish(struct assay_marks *marks, struct assay_error *err);

/** Of a thread that reads: zero-initialised, the block of the last place. */
struct assay_marks_reader {
    bool known;
    struct assay_marks_place block; /* row: the number of the block in its file */
    const uint64_t *words;          /* NULL = no mark in it */
    uint64_t copy[ASSAY_MARKS_BLOCK_BYTES / sizeof(uint64_t)];
};
/** Is it marked? Of finished marks. ASSAY_IO. */
ASSAY_MUST_CHECK int assay_marks_get(const struct assay_marks *marks,
                                     struct assay_marks_reader *reader,
                                     const struct assay_marks_place *place, bool *ret_marked,
                                     struct assay_error *err);

#endif
