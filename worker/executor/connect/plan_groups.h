/* Plan groups: what a connector's plan() gives, put together: groups of partitions, each with its
 * splits (docs/executor-protocol.md, "Plan"). */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CONNECT_PLAN_GROUPS_H
#define ASSAY_CONNECT_PLAN_GROUPS_H

#include "common/json/json.h"

/** Zero-initialise. The open group has the partitions and splits that were added since the last one
 * was closed. */
struct assay_plan_groups {
    json_t *list;
    json_t *partitions, *splits; /* of the open group; NULL = none */
    int64_t records, bytes;      /* sums over its splits; records -1 = unknown */
};

/** Add a partition to the open group. fingerprint NULL: nothing tells whether it changed. */
ASSAY_MUST_CHECK int assay_plan_groups_partition(struct assay_plan_groups *groups, const char *key,
                                                 const char *fingerprint, struct assay_error *err);
/** Add a split of the open group. Takes bounds over; NULL = ASSAY_NO_MEMORY. Estimates: -1 =
 * unknown. */
ASSAY_MUST_CHECK int assay_plan_groups_split(struct assay_plan_groups *groups, json_t *bounds,
                                             int64_t records, int64_t bytes,
                                             struct assay_error *err);
/** Close the open group; nothing happens when there is none. */
ASSAY_MUST_CHECK int assay_plan_groups_close(struct assay_plan_groups *groups,
                                             struct assay_error *err);
/** The closed groups, the caller's. */
json_t *assay_plan_groups_take(struct assay_plan_groups *groups);
void assay_plan_groups_release(struct assay_plan_groups *groups);

/** Splits of all groups. */
size_t assay_plan_groups_count(const json_t *groups);
/** The bounds of all splits in order; *ret_bounds is the caller's. A single split is null: all of
 * the container. */
ASSAY_MUST_CHECK int assay_plan_groups_bounds(const json_t *groups, json_t **ret_bounds,
                                              struct assay_error *err);

#endif
