/* Dialect score: how well a dialect explains a sample. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_DIALECT_SCORE_H
#define ASSAY_EXECUTOR_DIALECT_SCORE_H

#include <stdbool.h>
#include <stddef.h>

#include "worker/executor/read/csv_walk.h"

/** What a cell of a sample looks like, coarsely: enough to tell dialects and headers apart. */
enum assay_look {
    ASSAY_LOOK_EMPTY,
    ASSAY_LOOK_NUMBER,
    ASSAY_LOOK_TIME,
    ASSAY_LOOK_TRUTH,
    ASSAY_LOOK_WORDS,
    ASSAY_LOOK_ODD
};
/** Blanks around the text are passed over. Pure. */
enum assay_look assay_look_of(const char *data, size_t size_bytes);

struct assay_dialect_score {
    double score;       /* 0 to 1: alike rows × cells that look like values × habit */
    double consistency; /* share of the records with the most frequent number of cells */
    size_t records, columns, quoted, malformed;
    size_t cells;
};

/** Judge the records of a sample under a dialect; a last record that the sample cuts is left out
 * unless `complete`. False when out of memory. */
bool assay_dialect_judge(const struct assay_dialect *dialect, const char *sample, size_t size_bytes,
                         bool complete, struct assay_dialect_score *ret_score);

/** Is the first record a header? By columns: text over numbers or times speaks for it, a value over
 * values of its kind or a repeated text against it. Without evidence: when every cell is a text of
 * its own. False when out of memory. */
bool assay_dialect_has_header(const struct assay_dialect *dialect, const char *sample,
                              size_t size_bytes, bool *ret_header);

#endif
