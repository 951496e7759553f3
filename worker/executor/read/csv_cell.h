/* CSV cell: what stands between two marks of the tokenizer, read as a value. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_CSV_CELL_H
#define ASSAY_EXECUTOR_CSV_CELL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "worker/executor/batch/batch.h"
#include "worker/executor/read/dialect.h"

enum assay_csv_cell_result {
    ASSAY_CSV_CELL_OK,
    ASSAY_CSV_CELL_MALFORMED, /* text behind the closing quote */
    ASSAY_CSV_CELL_OPEN,      /* the quote is not closed */
    ASSAY_CSV_CELL_NO_MEMORY,
};

/** Read the raw bytes of one cell (its quotes included, the newline and its '\r' not). A slice of
 * raw where possible; cells with doubled quotes or escapes are rewritten into the arena, or only
 * judged when arena is NULL. Kinds: NULL (empty), PLAIN, QUOTED. */
enum assay_csv_cell_result assay_csv_cell_read(const struct assay_dialect *dialect, const char *raw,
                                               size_t size_bytes, struct assay_arena *arena,
                                               struct assay_cell *ret_cell);

/** The cell is spelled as one of null_values. */
bool assay_csv_is_null_value(const struct assay_csv_options *options,
                             const struct assay_cell *cell);
/** Is a quoted empty cell NULL? */
bool assay_csv_empty_quoted_is_null(const struct assay_csv_options *options,
                                    const struct assay_dialect *dialect);

#endif
