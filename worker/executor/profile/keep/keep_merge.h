/* Keep, at the merge of a container that was cut: what the splits of its partitions counted is kept
 * as well. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_KEEP_MERGE_H
#define ASSAY_PROFILE_KEEP_MERGE_H

#include "worker/executor/profile/profile_run.h"
#include "worker/executor/profile/state.h"

/** Zero-initialise; assay_keep_merge_release(). */
struct assay_keep_merge {
    struct assay_state_merge own; /* of the state that is being put together */
    json_t *partitions;           /* its: [[key, fingerprint], …] */
    bool unfit;                   /* one of them cannot be kept */
    json_t *states;               /* to be kept: the list of the chunk `kept` */
};
void assay_keep_merge_release(struct assay_keep_merge *keep);

/** Does the task keep states of so many fields? */
bool assay_keep_merge_wanted(const struct assay_task *task, size_t fields_count);
/** Entry `index` of settings.states was taken into keep->own. With the last entry of a state it is
 * made small and emitted. count: of all entries. */
ASSAY_MUST_CHECK int assay_keep_merge_entry(struct assay_keep_merge *keep, struct assay_task *task,
                                            const json_t *entry, size_t index, size_t count,
                                            struct assay_error *err);
/** Emit the list, after the profile. */
ASSAY_MUST_CHECK int assay_keep_merge_emit(struct assay_keep_merge *keep, struct assay_task *task,
                                           struct assay_error *err);
/** What was read, and why all of it although states were kept, as members of the container's `run`;
 * with a warning in the run when a state was damaged. *ret_object is the caller's; NULL = nothing
 * to tell. */
ASSAY_MUST_CHECK int assay_keep_merge_json(struct assay_profile_run *run, json_t **ret_object,
                                           struct assay_error *err);

#endif
