/* Reading: one pass over the container: every record goes once through a lane of some thread. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_READING_H
#define ASSAY_PROFILE_READING_H

#include "worker/executor/profile/profile_field.h"
#include "worker/executor/profile/profile_source.h"
#include "worker/executor/profile/selection.h"

/** What was learnt about the records while reading; of the first pass. */
struct assay_pass_result {
    uint64_t records;    /* read, whether selected or not */
    uint64_t selected;   /* counted */
    uint64_t identities; /* of those selected, added up modulo 2^64; 0 when all are */
    uint64_t bytes;
    struct assay_rejections rejections; /* in order of position, lines of the file */
    json_t *warnings;                   /* of the readers; NULL = none */
    uint64_t *first_rows; /* per part: record number of its first record in the container */
    size_t parts_count;
    bool wrong_guess; /* a part did not begin where a record begins: nothing of this pass counts */
};
void assay_pass_result_release(struct assay_pass_result *result);

/** Append the warnings that are not there yet: every reader of a container repeats what holds for
 * the whole. */
ASSAY_MUST_CHECK int assay_pass_add_warnings(json_t *all, const json_t *some,
                                             struct assay_error *err);

/** Read the container once, projected to the fields, into them. Threads: those of the task, at most
 * one per part; one when the selection has a limit, as the first records are those of the source's
 * order. selection: NULL = all. */
ASSAY_MUST_CHECK int assay_pass_run(struct assay_profile_source *source,
                                    const struct assay_selection *selection,
                                    struct assay_profile_field *const *fields, size_t fields_count,
                                    struct assay_pass_result *ret_result, struct assay_error *err);
/** A pass that only finds the threshold for selection->sample and sets it. */
ASSAY_MUST_CHECK int assay_pass_sample(struct assay_profile_source *source,
                                       struct assay_selection *selection, struct assay_error *err);

#endif
