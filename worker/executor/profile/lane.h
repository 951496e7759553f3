/* Lane: what one thread counts: a state for each field of the pass, cells converted on the way. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_LANE_H
#define ASSAY_PROFILE_LANE_H

#include "worker/executor/profile/profile_field.h"
#include "worker/executor/profile/selection.h"

struct assay_lane;

/** selection: NULL = all records. bottom: NULL, or: the lowest hashes of the selected records are
 * searched (sample of N). fields: those of the pass, in the order of the batches' columns; they
 * must outlive the lane and stay as they are. */
ASSAY_MUST_CHECK int assay_lane_new(struct assay_profile_field *const *fields, size_t fields_count,
                                    uint64_t seed, const struct assay_selection *selection,
                                    struct assay_hash_bottom *bottom, struct assay_lane **ret_lane,
                                    struct assay_error *err);
/** What stands for the records' files and range in their identities; file_ids must outlive the
 * lane. Before the first batch. */
void assay_lane_identify(struct assay_lane *lane, const uint64_t *file_ids, uint64_t range_id);
void assay_lane_free(struct assay_lane *lane);
ASSAY_DEFINE_CLEANUP(struct assay_lane, assay_lane_free)

/** Count the selected rows of a batch of a part, at most `most` of them (0 = all); *ret_rows says
 * how many they were. One thread at a time. */
ASSAY_MUST_CHECK int assay_lane_add(struct assay_lane *lane, const struct assay_batch *batch,
                                    size_t part, uint64_t most, size_t *ret_rows,
                                    struct assay_error *err);
/** The identities of the selected records, added up modulo 2^64; 0 without a selection. */
uint64_t assay_lane_identities(const struct assay_lane *lane);
/** Merge what the lane counted of a field into the field; the lane has nothing of it after. One
 * thread for a field, whatever others do with other fields. */
ASSAY_MUST_CHECK int assay_lane_merge_field(struct assay_lane *lane, size_t field,
                                            struct assay_error *err);

/** Bytes of one lane for a field, at most: state and conversion. */
size_t assay_lane_field_bytes(const struct assay_profile_field *field);

#endif
