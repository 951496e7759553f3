/* Judged: what became of the candidates of the profile before, so that those it judged need no
 * second reading of what did not change. Verdicts are those of the records whose states are kept:
 * settings.keep.judged of the task, run.judged of the container's document. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_KEEP_JUDGED_H
#define ASSAY_PROFILE_KEEP_JUDGED_H

#include "worker/executor/profile/profile_run.h"

enum assay_judged {
    ASSAY_JUDGED_NOT,    /* nothing is known of it */
    ASSAY_JUDGED_HELD,   /* by all records */
    ASSAY_JUDGED_FAILED, /* by all records */
    ASSAY_JUDGED_STANDS, /* it held once, and, judged by itself, in what came since */
    ASSAY_JUDGED_ERRORED /* it could not be judged */
};

struct assay_judgement {
    enum assay_judged is;
    bool others;              /* it was of other properties: the same rule of the same fields */
    uint64_t passed, failing; /* records with a value; both 0: not known, or judged as a whole */
};

/** For the next profile it is what the one before knew; what held, and was not judged now,
 * stands. */
ASSAY_MUST_CHECK int assay_keep_note_again(struct assay_profile_run *run, const json_t *check,
                                           struct assay_error *err);
/** Did the profile before infer at this run's level, or above? */
bool assay_keep_was_inferred(const struct assay_profile_run *run);
/** What the profile before knew of a candidate. */
struct assay_judgement assay_keep_judged(const struct assay_profile_run *run, const json_t *check);
/** Checks that the statistics settle now may rest on the sample next time, when states that were
 * kept have smaller ones. */
ASSAY_MUST_CHECK int assay_keep_note_settled(struct assay_profile_run *run, const json_t *checks,
                                             struct assay_error *err);
/** Put what was noted into what is told of the run. */
ASSAY_MUST_CHECK int assay_keep_tell_noted(struct assay_profile_run *run, struct assay_error *err);
/** What this one knows, for the next; nothing where no states are kept, or beyond some thousand
 * checks. */
ASSAY_MUST_CHECK int assay_keep_note_judged(struct assay_profile_run *run, const json_t *check,
                                            const struct assay_judgement *judgement,
                                            struct assay_error *err);

/** Does this run take partitions from kept states? */
bool assay_keep_has_kept(const struct assay_profile_run *run);
/** Are all partitions there that those states were made of? Then no record is gone. */
bool assay_keep_has_all(const struct assay_profile_run *run);
/** The partitions that were read, as a split of them alone; JSON null when none was. *ret_split is
 * the caller's. */
ASSAY_MUST_CHECK int assay_keep_split(const struct assay_profile_run *run, json_t **ret_split,
                                      struct assay_error *err);
/** The run's notice says that all was read for so many checks. */
ASSAY_MUST_CHECK int assay_keep_tell_judged(struct assay_profile_run *run, size_t checks,
                                            struct assay_error *err);

#endif
