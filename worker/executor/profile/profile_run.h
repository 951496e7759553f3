/* Profile run: everything of one run, and how it ends: figures finished, checks inferred, documents
 * emitted. Shared by profile.c (reads a source) and profile_merge.c (puts splits together). */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_RUN_H
#define ASSAY_PROFILE_RUN_H

#include "worker/executor/infer/check_infer.h"
#include "worker/executor/profile/document.h"
#include "worker/executor/profile/groups.h"
#include "worker/executor/profile/selection_where.h"

struct assay_keep;

struct assay_profile_run {
    struct assay_task *task;
    struct assay_profile_source source;
    struct assay_profile_result result;
    struct assay_selection selection;
    struct assay_where *where; /* NULL without an expression */
    struct assay_groups groups;
    size_t groups_count;
    bool as_state; /* a split: counts are emitted, not figures */
    enum assay_infer_level infer_level;
    json_t *field_documents; /* in the order of the fields, those not emitted yet */
    bool fields_emitted;
    json_t *candidates; /* checks that rest on the sample, until all fields are known */
    json_t *judged;     /* what the next profile should know of them (keep/keep_judged.h) */
    json_t *field_warnings;
    json_t *sketched, *sketches; /* fields, and the sketches of those that have one; not emitted
                                    yet */
    bool planned;                /* a plan was emitted instead of a profile */
    struct assay_keep *keep;     /* keep_run.h; NULL = no states are kept */
};

/** Read the settings that matter to the end of a run. assay_profile_run_release() in any case.
 * ASSAY_INVALID. */
ASSAY_MUST_CHECK int assay_profile_run_init(struct assay_profile_run *ret_run,
                                            struct assay_task *task, struct assay_error *err);
void assay_profile_run_release(struct assay_profile_run *run);

/** Fields whose states are whole: figures, semantic types, checks, documents; their memory is given
 * back. */
ASSAY_MUST_CHECK int assay_profile_finish(struct assay_profile_run *run,
                                          struct assay_profile_field *fields, size_t count,
                                          struct assay_error *err);
/** After all fields: the container. */
ASSAY_MUST_CHECK int assay_profile_emit(struct assay_profile_run *run, struct assay_error *err);
/** What the D frame says. */
ASSAY_MUST_CHECK int assay_profile_done(struct assay_profile_run *run, struct assay_error *err);

#endif
