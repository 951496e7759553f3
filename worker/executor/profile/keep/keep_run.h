/* Keep, at work in a profile: partitions read one group after the other, kept states merged with
 * them, new states made for the next time. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_KEEP_RUN_H
#define ASSAY_PROFILE_KEEP_RUN_H

#include "worker/executor/profile/keep/keep.h"
#include "worker/executor/profile/profile_run.h"
#include "worker/executor/profile/state.h"

struct assay_keep {
    struct assay_keep_state *states; /* those that the task offers */
    size_t states_count;
    off_t *offsets; /* of each state in the spool; -1 = it is not there */
    FILE *spool;    /* NULL = none was given */
    struct assay_keep_part *parts;
    size_t parts_count;
    struct assay_keep_group *groups;
    size_t groups_count;
    json_t *saved;      /* per group: null, or the chunks of each field and the split's last */
    char *field;        /* parts are ranges of this incremental field; NULL = files */
    char *reason;       /* why all is read although states were kept before; NULL = not so */
    bool refused;       /* a kept state was not what it should be */
    size_t state_bytes; /* ceiling of a state by the memory budget */
    uint64_t records_read;
};

/** Settle what is kept and what has to be read. run->keep stays NULL when the task asks for nothing
 * to be kept, or nothing can be: a part of the records only, fields in several groups, a source
 * that has no partitions. After the fields are chosen and the groups planned. */
ASSAY_MUST_CHECK int assay_keep_open(struct assay_profile_run *run, struct assay_error *err);
/** The share of the container's bytes that has to be read, by what the task offers; 1 = all. Before
 * assay_keep_open(). *ret_reason: heap, what to say when all is read then; NULL = nothing is
 * offered. */
ASSAY_MUST_CHECK int assay_keep_share(struct assay_profile_run *run, double *ret_share,
                                      char **ret_reason, struct assay_error *err);
void assay_keep_free(struct assay_keep *keep);
ASSAY_DEFINE_CLEANUP(struct assay_keep, assay_keep_free)

/** Read what changed, merge what is kept: the fields hold the counts of the whole container, their
 * types are decided. What cannot be merged is read too, and keep->reason says why. */
ASSAY_MUST_CHECK int assay_keep_read(struct assay_profile_run *run,
                                     struct assay_profile_field **fields, size_t count,
                                     struct assay_error *err);
/** Emit the states to be kept from now on. */
ASSAY_MUST_CHECK int assay_keep_emit(struct assay_profile_run *run, struct assay_error *err);
/** What was read and what was not, as members of the container's `run`. *ret_object is the
 * caller's. */
ASSAY_MUST_CHECK int assay_keep_json(const struct assay_profile_run *run, json_t **ret_object,
                                     struct assay_error *err);

/** The members `full_because` (NULL = null) and `notice` ("" = null) of the container's `run`. */
ASSAY_MUST_CHECK int assay_keep_told(const char *reason, const struct assay_buf *notice,
                                     json_t **ret_object, struct assay_error *err);
/** "2 files are gone", behind what the notice says already; nothing for 0. */
void assay_keep_append_gone(struct assay_buf *notice, size_t gone);
/** The profile's warning that a kept state was damaged. */
ASSAY_MUST_CHECK int assay_keep_warn_refused(struct assay_profile_run *run, const char *reason,
                                             struct assay_error *err);

/* --- shared by the files of keep ------------------------------------------------------------- */

/** Find the kept states in the spool. */
ASSAY_MUST_CHECK int assay_keep_spool_open(struct assay_keep *keep, const char *path,
                                           struct assay_error *err);
/** A chunk as it is kept: its text deflated (RFC 1950), base64, and that text's checksum in
 * hexadecimal digits. packed: appended to. */
#define ASSAY_KEEP_SUM_BYTES 17
ASSAY_MUST_CHECK int assay_keep_pack(const char *text, size_t size, struct assay_buf *packed,
                                     char *ret_sum, struct assay_error *err);
/** And back. ASSAY_FORMAT: damaged. */
ASSAY_MUST_CHECK int assay_keep_unpack(const char *packed, const char *sum, struct assay_buf *text,
                                       struct assay_error *err);
/** Emit one chunk of the state with that number. */
ASSAY_MUST_CHECK int assay_keep_emit_chunk(struct assay_task *task, size_t number,
                                           const json_t *chunk, struct assay_error *err);
/** Put the chunks of a kept state together. ASSAY_FORMAT: it is not there, damaged, or of another
 * version. */
ASSAY_MUST_CHECK int assay_keep_spool_take(struct assay_keep *keep, size_t state,
                                           struct assay_state_merge *merge,
                                           struct assay_error *err);
/** The parts of a table, by the ranges of its incremental field that are kept and the one that is
 * new; none when it has no values. A kept range that lost or won records drops all. */
ASSAY_MUST_CHECK int assay_keep_take_ranges(struct assay_profile_run *run, struct assay_keep *keep,
                                            const char *field, struct assay_error *err);
/** Group the parts anew. all: nothing that is kept holds. */
ASSAY_MUST_CHECK int assay_keep_regroup(struct assay_keep *keep, size_t fields_count, bool all,
                                        struct assay_error *err);
/** Keep a reason (the first stays). */
void assay_keep_reason(struct assay_keep *keep, const char *text);
/** Read the parts [first, first + count) only, from the next pass on. */
ASSAY_MUST_CHECK int assay_keep_restrict(struct assay_profile_run *run, size_t first, size_t count,
                                         struct assay_error *err);

#endif
