/* Keep: states of partitions that outlive a profile, so that the next one reads only what changed
 * (docs/executor-protocol.md, "Kept states").
 *
 * A partition is a file, or a range of an incremental field; it has a key and a fingerprint that
 * changes with it. Neighbours are kept together as one state when there are too many of them. Here:
 * what is kept, what is there now, and which of it has to be read. Pure but for keep_open.c. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PROFILE_KEEP_H
#define ASSAY_PROFILE_KEEP_H

#include <stdio.h>
#include <sys/types.h>

#include "common/json/json.h"

#define ASSAY_KEEP_STATES_MAX 64 /* of a container */
/** A file changed later than this before it is read may change again without a new time. */
#define ASSAY_KEEP_YOUNG_US INT64_C(2000000)
/** All kept states of a container, saved; with many fields there are fewer than 64. */
#define ASSAY_KEEP_BYTES_MAX (UINT64_C(48) << 20)
/** Of one field in one kept state, saved, at most: what assay_field_state_thin() leaves, deflated,
 * as text. */
#define ASSAY_KEEP_FIELD_BYTES (UINT64_C(24) << 10)

/** A state of the catalog. Borrowed from the task's settings. */
struct assay_keep_state {
    int64_t id;
    const json_t *partitions; /* [[key, fingerprint], …] in the container's order */
    uint64_t records, bytes;
    const char *as_of; /* when it was read, ISO 8601; "" = unknown */
};

/** A partition of the container as it is now. Texts are heap. */
struct assay_keep_part {
    char *key, *fingerprint;
    uint64_t bytes;  /* to read; 0 = unknown */
    ptrdiff_t state; /* the kept state that has it unchanged; -1 = it has to be read */
    bool young;      /* changed so lately that a further change might not show: not to be kept */
};

/** Neighbours [first, first + count) whose state is one. */
struct assay_keep_group {
    size_t first, count;
};

/** Set `state` of the parts: a kept state holds when all its partitions are there, unchanged and
 * still neighbours in that order. Pure. Returns how many parts have to be read. */
size_t assay_keep_match(struct assay_keep_part *parts, size_t parts_count,
                        const struct assay_keep_state *states, size_t states_count);

/** How many partitions of kept states ([{"partitions": [[key, …], …]}, …]) are not among the keys,
 * which are sorted in place. Pure. */
size_t assay_keep_gone(const char **keys, size_t count, const json_t *states);

/** At most how many states of so many fields are kept; 0 = none. Pure. */
size_t assay_keep_groups_max(size_t fields_count);

/** The groups: kept states as they are, parts to read one by one; then the smallest neighbours, of
 * equal ones the first, are put together until at most `most` (≥ 1) are left. Young parts stay by
 * themselves and do not count. Pure. groups: parts_count places; returns how many are used. */
size_t assay_keep_groups(const struct assay_keep_part *parts, size_t parts_count,
                         const struct assay_keep_state *states, size_t most,
                         struct assay_keep_group *groups);

/** The next member of a group from part `at` on: parts of one kept state, or parts to be read.
 * Returns its first part behind it. Pure. */
size_t assay_keep_member_end(const struct assay_keep_part *parts,
                             const struct assay_keep_group *group, size_t at);
/** The kept state that a group is exactly; -1 = it is none, or more. Pure. */
ptrdiff_t assay_keep_group_state(const struct assay_keep_part *parts,
                                 const struct assay_keep_group *group);

#endif
