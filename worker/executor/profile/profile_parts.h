/* Profile parts: cutting a container for the threads of one process. The cuts of CSV files are
 * guesses at first, which costs nothing, and are verified when the ranges were read
 * (read/csv_ranges.h). */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_PARTS_H
#define ASSAY_PROFILE_PARTS_H

#include "worker/executor/profile/profile_source.h"

/** Set source->bounds (replacing what was there): the task's split alone when it has one; ranges of
 * large text files, other files whole; a database as its connector cuts it. guess false: every cut
 * is proved. */
ASSAY_MUST_CHECK int assay_profile_parts_plan(struct assay_profile_source *source, bool guess,
                                              struct assay_error *err);

/** The parts of the whole container, whatever split the task is. *ret_bounds is the caller's. */
ASSAY_MUST_CHECK int assay_profile_parts_whole(struct assay_profile_source *source, bool guess,
                                               json_t **ret_bounds, struct assay_error *err);

/** Passes from now on read the files [first, first + count) of the set only; count 0 = all. */
ASSAY_MUST_CHECK int assay_profile_parts_restrict(struct assay_profile_source *source, size_t first,
                                                  size_t count, struct assay_error *err);
/** Passes from now on read a database's records within the range only: {"field", "after": text or
 * absent (exclusive; then NULLs are left out too), "to": text or absent (inclusive)}. Taken
 * over. */
ASSAY_MUST_CHECK int assay_profile_parts_range(struct assay_profile_source *source, json_t *range,
                                               struct assay_error *err);

/** The place of a part: its file and first byte. False for parts that are no single piece of one
 * file. */
bool assay_profile_part_place(const struct assay_profile_source *source, size_t part,
                              size_t *ret_file, uint64_t *ret_begin, uint64_t *ret_end);
/** All parts were read and stopped at stops[]: did every range begin where a record begins? */
ASSAY_MUST_CHECK int assay_profile_parts_verify(const struct assay_profile_source *source,
                                                const uint64_t *stops, bool *ret_right,
                                                struct assay_error *err);

#endif
