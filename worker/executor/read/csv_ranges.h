/* CSV ranges: cutting one text file into byte ranges that are read in parallel and are provably the
 * same records.
 *
 * 1. assay_csv_ranges_plan() guesses where records begin near the cuts.
 * 2. Each range is read by a reader of its own (assay_csv_part.begin/end), in any order, on any
 *    thread.
 * 3. After its last batch a reader says where the first record after its range begins
 *    (assay_csv_reader_stop()).
 * 4. assay_csv_ranges_verify(): a guess was right exactly when the range before it stopped there.
 *    Where it was wrong, the ranges returned are to be read again (what was read of them is thrown
 *    away); or cut anew by assay_csv_ranges_exact(). */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_CSV_RANGES_H
#define ASSAY_EXECUTOR_CSV_RANGES_H

#include "worker/executor/read/csv_reader.h"

struct assay_csv_range {
    uint64_t begin, end; /* records that begin in [begin, end) */
    uint64_t stop;       /* the caller's: assay_csv_reader_stop() after reading */
};

/** At most `count` ranges of about equal size that cover all records of the file; fewer for small
 * files (none under least_bytes each), one for a source that is not seekable. ranges has room for
 * `count`; *ret_count ≥ 1. The source is left anywhere. Guesses: of the two readings of the bytes
 * at a cut (inside or outside of quotes) the one whose records have the header's number of cells;
 * they are wrong only in files made for it. */
ASSAY_MUST_CHECK int assay_csv_ranges_plan(struct assay_source *source,
                                           const struct assay_csv_head *head, size_t count,
                                           uint64_t least_bytes, struct assay_csv_range *ranges,
                                           size_t *ret_count, struct assay_error *err);
/** The same with every cut proved, by tokenizing the whole file once on this thread (gigabytes a
 * second). */
ASSAY_MUST_CHECK int assay_csv_ranges_exact(struct assay_source *source,
                                            const struct assay_csv_head *head, size_t count,
                                            uint64_t least_bytes, struct assay_csv_range *ranges,
                                            size_t *ret_count, struct assay_error *err);
/** All ranges were read and have `stop`. Returns the index of the first range that began at a wrong
 * place, with its begin set right: read it again and verify again. Returns count when the chain is
 * whole. A range that the one before it swallowed comes back with begin = end = stop and has no
 * records. */
size_t assay_csv_ranges_verify(struct assay_csv_range *ranges, size_t count);

#endif
