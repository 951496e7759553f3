/* CSV scan: where cells end. The tokenizer of text files in two forms that agree on every input:
 * plain C (the truth) and AVX2. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_CSV_SCAN_H
#define ASSAY_EXECUTOR_CSV_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/executor/read/dialect.h"

/** Where the tokenizer stands between two bytes. */
enum assay_csv_state {
    ASSAY_CSV_RECORD,   /* before the first byte of a record */
    ASSAY_CSV_CELL,     /* before the first byte of a cell */
    ASSAY_CSV_UNQUOTED, /* within an unquoted cell, or behind the text that follows a closing quote
                         */
    ASSAY_CSV_ESCAPED,  /* behind an escape outside of quotes */
    ASSAY_CSV_QUOTED,   /* within quotes */
    ASSAY_CSV_QUOTED_ESCAPED, /* behind an escape within quotes */
    ASSAY_CSV_QUOTE_SEEN, /* behind a quote within quotes: closed, unless another quote follows */
    ASSAY_CSV_COMMENT,    /* within a comment line */
};

#define ASSAY_CSV_SCAN_BYTES                                                                       \
    4096 /* most bytes of one call; marks needs room for one more block of 64 */
#define ASSAY_CSV_SCAN_MARKS (ASSAY_CSV_SCAN_BYTES + 64)

/** Write the positions (base + index) of the delimiters and newlines that end cells into marks;
 * return their number. A comment line's newline is a mark, its delimiters are not. *state moves on.
 * *ret_inner counts the newlines that end nothing (quoted, escaped): added to. size_bytes ≤
 * ASSAY_CSV_SCAN_BYTES; 64 bytes beyond data + size_bytes must be readable. Pure. */
typedef size_t assay_csv_scan_fn(const struct assay_dialect *dialect, const char *data,
                                 size_t size_bytes, uint32_t base, enum assay_csv_state *state,
                                 uint32_t *marks, uint64_t *inner);
assay_csv_scan_fn assay_csv_scan_plain;
/** Quote regions by carry-less multiplication (Langdale and Lemire, "Parsing gigabytes of JSON per
 * second", 2019; Ge et al., "Speculative distributed CSV data parsing", 2019); a block with a quote
 * that opens elsewhere than at a cell's start, and every dialect with comments, goes through the
 * plain form. Only where assay_csv_has_avx2(). */
assay_csv_scan_fn assay_csv_scan_avx2;
bool assay_csv_has_avx2(void);

/** One byte in the plain form: true when it ends a cell. */
bool assay_csv_step(const struct assay_dialect *dialect, char byte, enum assay_csv_state *state);

#endif
