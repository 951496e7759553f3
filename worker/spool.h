/* Spool: chunks of results on their way from the job store into an executor: a file without a name,
 * one chunk a line, which becomes the executor's fd 0. Nothing is left behind, however this process
 * ends. One thread. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_WORKER_SPOOL_H
#define ASSAY_WORKER_SPOOL_H

#include "common/job/job_store.h"
#include "common/json/json.h"

struct assay_spool {
    int fd; /* the spool's; -1 = none */
};

/** Make one in $TMPDIR, else /tmp. ASSAY_IO. */
ASSAY_MUST_CHECK int assay_spool_open(struct assay_spool *ret_spool, struct assay_error *err);
void assay_spool_close(struct assay_spool *spool);
/** Append one chunk, JSON without a newline in it. */
ASSAY_MUST_CHECK int assay_spool_chunk(struct assay_spool *spool, const void *body,
                                       size_t size_bytes, struct assay_error *err);
/** Append what a task's attempt staged, a few chunks at a time. */
ASSAY_MUST_CHECK int assay_spool_task(struct assay_spool *spool, struct assay_job_store *store,
                                      int64_t task_id, int64_t epoch, struct assay_error *err);
/** The kept states that a profile's settings.keep offers, each with a line {"kept": id} in front
 * (docs/executor-protocol.md, "Kept states"). */
ASSAY_MUST_CHECK int assay_spool_kept(struct assay_spool *spool, struct assay_job_store *store,
                                      const json_t *keep, struct assay_error *err);
/** Go to its beginning, before it is handed on. */
ASSAY_MUST_CHECK int assay_spool_rewind(struct assay_spool *spool, struct assay_error *err);

/** Everything that a merge's splits staged, in split_no order, and *ret_states, what its settings
 * call "states" (docs/executor-protocol.md, "Splits"), the caller's. ASSAY_INVALID: a split did not
 * succeed; the text says which, and why. Errors of the job store as they are. */
ASSAY_MUST_CHECK int assay_spool_splits(struct assay_spool *spool, struct assay_job_store *store,
                                        int64_t merge_id, json_t **ret_states,
                                        struct assay_error *err);

#endif
