/* CSV reader: text files with separated cells as batches of untyped cells (ASSAY_LAYOUT_CELL). */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_CSV_READER_H
#define ASSAY_EXECUTOR_CSV_READER_H

#include "worker/executor/read/dialect.h"
#include "worker/executor/read/reader.h"
#include "worker/executor/read/source.h"

/** What is known of a text file before its first record: made once, then immutable and shared by
 * the readers of all ranges and threads. */
struct assay_csv_head {
    struct assay_csv_options options;
    struct assay_dialect dialect;
    struct assay_schema schema; /* all columns in file order; names made unique ("a", "a_2"), empty
                                   ones "column_3" */
    char *encoding;             /* as the source says */
    const char *compression;    /* static */
    bool seekable;              /* ranges can be read */
    uint64_t size_bytes;        /* of a seekable source */
    uint64_t data_begin;        /* byte offset of the first record after the header */
    uint64_t data_line;         /* its line, from 1 */
    bool names_changed;         /* some header names were repeated or empty */
    uint64_t sample_rejected; /* records of the sample whose cell count differs from the header's */
};

/** Read the head of a file: options, dialect, header. Reads a bounded sample; the source is left at
 * the start of its text. A file without any record has no columns. Errors as of
 * assay_source_read(); ASSAY_INVALID: an option; ASSAY_LIMIT: more than 100,000 columns;
 * ASSAY_FORMAT: the header does not end within 2 × max_cell. */
ASSAY_MUST_CHECK int assay_csv_head_read(struct assay_source *source, const json_t *reader_options,
                                         struct assay_csv_head **ret_head, struct assay_error *err);
void assay_csv_head_free(struct assay_csv_head *head);
ASSAY_DEFINE_CLEANUP(struct assay_csv_head, assay_csv_head_free)

/** What to read. Zero-initialised: everything. */
struct assay_csv_part {
    const char *const *fields; /* names of schema columns to deliver, in this order; NULL = all */
    size_t fields_count;
    uint64_t begin, end; /* records that begin in [begin, end); end 0 = to the end of the data.
                            begin must be where a record begins (csv_ranges.h); 0 = the first record
                            after the header. Seekable only */
    uint32_t file;       /* index stated in batches and rejections */
};

/** Open a reader on a source that it takes over (closed also on failure). When head is NULL the
 * head is read first, from the same source (works on streams) under reader_options; else
 * reader_options is not looked at and the head must outlive the reader. Options `encoding` is for
 * assay_source_open(). Batches hold ≤ ASSAY_BATCH_ROWS rows and some 128 KiB of text, or 2 KiB for
 * each column, at most 2 MiB (fewer rows for thousands of columns); cells are slices of the
 * reader's buffer, valid until the next call.
 * Columns are ASSAY_LAYOUT_CELL without validity: a NULL is a cell of kind ASSAY_CELL_NULL.
 *
 * Positions: `offset` counts bytes of the source's text from its start. `line` counts from 1: from
 * the start of the text when the part begins with the first record, else from the part's first
 * byte; so line + the sum of lines_read of the parts before it is the line in the file (likewise
 * first_row and records_read; assay_rejections_merge()).
 *
 * Rejected, and the next record read: another number of cells than the head has (one more is
 * allowed when it is empty and unquoted: a delimiter behind the last cell), text behind a closing
 * quote, a cell above max_cell, a record above 4 × max_cell. A quote that is never closed rejects
 * its line only (in a stream: when it opens within 4 × max_cell of the end). Blank lines are passed
 * over where there are several columns, in one column they are NULL. Memory: at most 4 × max_cell
 * (while such a record is read) and 8 MiB of cells. One thread per reader. Errors of next: those of
 * the source; nothing in a record is an error. ASSAY_NOT_FOUND: a name of `fields` is not in the
 * file (names the nearest). */
ASSAY_MUST_CHECK int
assay_csv_reader_open(struct assay_source *source, const struct assay_csv_head *head,
                      const json_t *reader_options, const struct assay_csv_part *part,
                      struct assay_reader **ret_reader, struct assay_error *err);

/** The head of a reader of this kind. The reader's. */
const struct assay_csv_head *assay_csv_reader_head(const struct assay_reader *reader);
/** After the last batch: byte offset at which the first record after the range begins
 * (csv_ranges.h), the end of the data when there is none. */
uint64_t assay_csv_reader_stop(const struct assay_reader *reader);

/** Which form of the tokenizer is used: plain C (the truth) or AVX2, by default what the processor
 * has. Tests and benches; set before readers are opened. False when the processor lacks it. */
bool assay_csv_use_avx2(bool use);

#endif
