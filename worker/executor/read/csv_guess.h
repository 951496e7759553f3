/* CSV guess: where a record begins near a place in the middle of a file. Internal to read/ and
 * infer/. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_CSV_GUESS_H
#define ASSAY_EXECUTOR_CSV_GUESS_H

#include "worker/executor/read/csv_reader.h"

/** Read up to size_bytes at `offset` of a seekable source into buffer; *ret_size smaller only at
 * the end. */
ASSAY_MUST_CHECK int assay_csv_read_at(struct assay_source *source, uint64_t offset, char *buffer,
                                       size_t size_bytes, size_t *ret_size,
                                       struct assay_error *err);

/** Guess the first record that begins behind the first byte of a piece of the file: of both
 * readings of its bytes (within quotes or not) the one with more records of the head's number of
 * cells. *ret_begin: index into data, 0 when no record begins in it. ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK int assay_csv_guess_begin(const struct assay_csv_head *head, const char *data,
                                           size_t size_bytes, size_t *ret_begin,
                                           struct assay_error *err);

#endif
