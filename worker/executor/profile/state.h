/* State: what a split counted, as chunks that a merge task puts together
 * (docs/executor-protocol.md, "Splits"). */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_STATE_H
#define ASSAY_PROFILE_STATE_H

#include "worker/executor/profile/document.h"

#define ASSAY_STATE_VERSION 2

/** Emit a field's counts, in as many chunks as they need. The field's own chunks come in order. */
ASSAY_MUST_CHECK int assay_state_emit_field(struct assay_task *task,
                                            const struct assay_profile_field *field,
                                            struct assay_error *err);
/** Emit what is known of the split's records; after its fields: the last chunk of the split. */
ASSAY_MUST_CHECK int assay_state_emit_split(const struct assay_profile_result *result,
                                            struct assay_error *err);

/** Append the chunks of a field whose counts are `state`, without emitting them. */
ASSAY_MUST_CHECK int assay_state_field_chunks(const struct assay_profile_field *field,
                                              const struct assay_field_state *state, json_t *chunks,
                                              struct assay_error *err);
/** Rejections as the last chunk of a split holds them; files are numbered from first_file on. NULL
 * when out of memory. */
json_t *assay_state_rejections(const struct assay_rejections *rejections, json_int_t first_file);
/** The last chunk of a split. NULL when out of memory. */
json_t *assay_state_split_chunk(const struct assay_profile_result *result);

/** States of several splits, merged in the order in which they are taken. Zero-initialise. */
struct assay_state_merge {
    struct assay_profile_field *fields; /* with the names below; states merged so far */
    struct assay_schema schema;
    size_t fields_count;
    struct assay_pass_result pass; /* rejections, warnings; records and bytes are sums */
    uint64_t records_count, records_processed, bytes_read;
    bool sampled;
    unsigned splits;
    json_t *format, *dialect; /* of the first split */
    struct assay_buf bytes;   /* of the field that is being put together */
    size_t current;           /* its index */
    bool open;
};
/** Take the next chunk. ASSAY_FORMAT: not a state of this version, pieces missing; ASSAY_CONFLICT:
 * fields that were read otherwise than by the splits before, named. Hostile chunks are safe. */
ASSAY_MUST_CHECK int assay_state_take(struct assay_state_merge *merge, const json_t *chunk,
                                      struct assay_error *err);
void assay_state_merge_release(struct assay_state_merge *merge);

#endif
