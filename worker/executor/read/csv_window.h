/* CSV window: the text at hand and the cells of its records. The inner half of the CSV reader
 * (csv_reader.h); internal to it. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_CSV_WINDOW_H
#define ASSAY_EXECUTOR_CSV_WINDOW_H

#include "common/base/arena.h"
#include "worker/executor/read/csv_reader.h"
#include "worker/executor/read/csv_scan.h"

/** Text of a batch: with its cells it stays in the second-level cache. Where there are many columns
 * so many bytes for each, up to a ceiling, so that hundreds of rows share what a batch costs in
 * each column. */
#define ASSAY_CSV_WINDOW_BYTES  ((size_t)128 << 10)
#define ASSAY_CSV_COLUMN_BYTES  ((size_t)2 << 10)
#define ASSAY_CSV_WINDOW_MOST   ((size_t)2 << 20)
#define ASSAY_CSV_PADDING_BYTES 64 /* readable behind the window */

/** Why the record at hand cannot be delivered; the first reason counts. */
enum assay_csv_fault {
    ASSAY_CSV_FAULT_NONE,
    ASSAY_CSV_FAULT_MALFORMED,
    ASSAY_CSV_FAULT_LARGE,
    ASSAY_CSV_FAULT_MEMORY,
};

/** A CSV reader. Made and freed by csv_reader.c. */
struct assay_csv_reader {
    struct assay_reader reader; /* first */
    struct assay_source *source;
    struct assay_csv_head *own_head;
    const struct assay_csv_head *head;
    assay_csv_scan_fn *scan;
    struct assay_dialect dialect;
    uint32_t file;
    bool empty_quoted_is_null;

    /* the window: text [0, filled) of the buffer, which begins at byte `origin` of the text */
    char *buffer;
    size_t capacity, limit, filled; /* limit: as far as it is filled, ≤ capacity */
    size_t usual;                   /* limit where no record needs more */
    uint64_t origin;
    size_t at;           /* where the next record begins */
    bool ended;          /* no bytes behind the window */
    uint64_t begin, end; /* of the range; end UINT64_MAX = all */
    uint64_t recovered;  /* bytes read again */

    /* the record at hand */
    size_t start;  /* of its cell at hand */
    size_t column; /* its cells so far */
    bool inner;    /* it may hold newlines within cells */
    enum assay_csv_fault fault;
    size_t fault_column;
    enum assay_csv_state state;
    uint64_t lines; /* newlines consumed before it */

    /* the batch */
    size_t columns_count; /* of the file */
    size_t rows_max, rows;
    struct assay_cell *cells;    /* of all delivered columns, then one column nobody wants */
    struct assay_cell **targets; /* where each column of the file goes */
    bool *wanted;
    struct assay_column *columns;
    uint64_t *offset, *line;
    struct assay_arena arena; /* cells that had to be rewritten */
    struct assay_batch batch;
    bool done;
    uint32_t marks[ASSAY_CSV_SCAN_MARKS];
};

/** Make room in front of the window and read on, when half of it is consumed. Errors as of
 * assay_source_read(). */
ASSAY_MUST_CHECK int assay_csv_window_refill(struct assay_csv_reader *csv, struct assay_error *err);
/** The window holds no whole record: widen it, or reject the record that is too large for any.
 * Errors as above. */
ASSAY_MUST_CHECK int assay_csv_window_more(struct assay_csv_reader *csv, struct assay_error *err);
/** Write the cells of the records that lie whole in the window, as far as the batch has room;
 * faulty ones are rejected. ASSAY_NO_MEMORY (no text). */
ASSAY_MUST_CHECK int assay_csv_window_read(struct assay_csv_reader *csv);

#endif
