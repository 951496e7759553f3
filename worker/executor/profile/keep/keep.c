// Keep: matching what is kept with what is there, and how it is kept from now on.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/keep/keep.h"

#include <stdlib.h>
#include <string.h>

enum { GROUPS_SORTED_OUT = 4096 }; /* more are halved first, pair by pair */

/* --- what holds --- */

static bool is_same(const struct assay_keep_part *part, const json_t *kept)
{
    const char *key = json_string_value(json_array_get(kept, 0));
    const char *fingerprint = json_string_value(json_array_get(kept, 1));
    return key && fingerprint && part->fingerprint && !strcmp(part->key, key) &&
           !strcmp(part->fingerprint, fingerprint);
}

/* The part with a kept state's first partition, looked for from `from` on and round. */
static size_t find_first(const struct assay_keep_part *parts, size_t parts_count, size_t from,
                         const json_t *kept)
{
    for (size_t i = 0; i < parts_count; i++) {
        const size_t at = from + i < parts_count ? from + i : from + i - parts_count;
        if (is_same(&parts[at], kept))
            return at;
    }
    return parts_count;
}

static bool holds(const struct assay_keep_part *parts, size_t parts_count, size_t first,
                  const json_t *partitions)
{
    const size_t count = json_array_size(partitions);
    if (!count || count > parts_count - first)
        return false;
    for (size_t i = 0; i < count; i++)
        if (parts[first + i].state >= 0 ||
            !is_same(&parts[first + i], json_array_get(partitions, i)))
            return false;
    return true;
}

size_t assay_keep_match(struct assay_keep_part *parts, size_t parts_count,
                        const struct assay_keep_state *states, size_t states_count)
{
    size_t from = 0, to_read = parts_count;
    for (size_t i = 0; i < parts_count; i++)
        parts[i].state = -1;
    for (size_t s = 0; s < states_count; s++) {
        const json_t *partitions = states[s].partitions;
        const size_t count = json_array_size(partitions);
        const size_t first = find_first(parts, parts_count, from, json_array_get(partitions, 0));
        if (first == parts_count || !holds(parts, parts_count, first, partitions))
            continue;
        for (size_t i = 0; i < count; i++)
            parts[first + i].state = (ptrdiff_t)s;
        from = first + count < parts_count ? first + count : 0;
        to_read -= count;
    }
    return to_read;
}

/* --- groups --- */

size_t assay_keep_groups_max(size_t fields_count)
{
    const uint64_t most =
        ASSAY_KEEP_BYTES_MAX / (ASSAY_KEEP_FIELD_BYTES * (fields_count ? fields_count : 1));
    return most < ASSAY_KEEP_STATES_MAX ? (size_t)most : ASSAY_KEEP_STATES_MAX;
}

/* Bytes of a group; of a kept state as they were when it was read. */
static uint64_t bytes_of(const struct assay_keep_part *parts, const struct assay_keep_state *states,
                         const struct assay_keep_group *group)
{
    uint64_t bytes = 0;
    const size_t end = group->first + group->count;
    for (size_t at = group->first; at < end;) {
        const size_t next = assay_keep_member_end(parts, group, at);
        if (parts[at].state >= 0)
            bytes += states[parts[at].state].bytes;
        for (size_t i = at; parts[at].state < 0 && i < next; i++)
            bytes += parts[i].bytes;
        at = next;
    }
    return bytes;
}

static bool is_young(const struct assay_keep_part *parts, const struct assay_keep_group *group)
{
    return group->count == 1 && parts[group->first].young;
}

/* One group for each kept state that holds and each part to be read. */
static size_t single_groups(const struct assay_keep_part *parts, size_t parts_count,
                            struct assay_keep_group *groups)
{
    size_t count = 0;
    for (size_t i = 0; i < parts_count; i++) {
        struct assay_keep_group *last = count ? &groups[count - 1] : NULL;
        if (last && parts[i].state >= 0 && parts[i].state == parts[last->first].state)
            last->count++;
        else
            groups[count++] = (struct assay_keep_group){.first = i, .count = 1};
    }
    return count;
}

/* Group `at` takes the one behind it in. */
static void join(struct assay_keep_group *groups, size_t count, size_t at)
{
    groups[at].count += groups[at + 1].count;
    memmove(&groups[at + 1], &groups[at + 2], (count - at - 2) * sizeof *groups);
}

static size_t halve(const struct assay_keep_part *parts, struct assay_keep_group *groups,
                    size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        groups[kept] = groups[i];
        if (i + 1 < count && !is_young(parts, &groups[i]) && !is_young(parts, &groups[i + 1]))
            groups[kept].count += groups[++i].count;
        kept++;
    }
    return kept;
}

/* The first of the two smallest neighbours; `count` when no two may be put together. */
static size_t smallest_pair(const struct assay_keep_part *parts,
                            const struct assay_keep_state *states,
                            const struct assay_keep_group *groups, size_t count)
{
    uint64_t least = UINT64_MAX, before = bytes_of(parts, states, &groups[0]);
    size_t found = count;
    for (size_t i = 0; i + 1 < count; i++) {
        const uint64_t next = bytes_of(parts, states, &groups[i + 1]), sum = before + next;
        if (sum < least && !is_young(parts, &groups[i]) && !is_young(parts, &groups[i + 1])) {
            least = sum;
            found = i;
        }
        before = next;
    }
    return found;
}

static size_t count_old(const struct assay_keep_part *parts, const struct assay_keep_group *groups,
                        size_t count)
{
    size_t old = 0;
    for (size_t i = 0; i < count; i++)
        old += !is_young(parts, &groups[i]);
    return old;
}

size_t assay_keep_groups(const struct assay_keep_part *parts, size_t parts_count,
                         const struct assay_keep_state *states, size_t most,
                         struct assay_keep_group *groups)
{
    size_t count = single_groups(parts, parts_count, groups);
    for (size_t before = 0; count > GROUPS_SORTED_OUT && count != before;) {
        before = count;
        count = halve(parts, groups, count);
    }
    for (size_t old = count_old(parts, groups, count); old > most; old--) {
        const size_t pair = smallest_pair(parts, states, groups, count);
        if (pair == count)
            break;
        join(groups, count--, pair);
    }
    return count;
}

size_t assay_keep_member_end(const struct assay_keep_part *parts,
                             const struct assay_keep_group *group, size_t at)
{
    size_t end = at + 1;
    while (end < group->first + group->count && parts[end].state == parts[at].state)
        end++;
    return end;
}

ptrdiff_t assay_keep_group_state(const struct assay_keep_part *parts,
                                 const struct assay_keep_group *group)
{
    return assay_keep_member_end(parts, group, group->first) == group->first + group->count
               ? parts[group->first].state
               : -1;
}

static int by_text(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

size_t assay_keep_gone(const char **keys, size_t count, const json_t *states)
{
    size_t gone = 0, i, k;
    json_t *state, *partition;
    qsort(keys, count, sizeof *keys, by_text);
    json_array_foreach(states, i, state)
        json_array_foreach(assay_json_get(state, "partitions"), k, partition)
    {
        const char *key = json_string_value(json_array_get(partition, 0));
        gone += key && !bsearch(&key, keys, count, sizeof *keys, by_text);
    }
    return gone;
}
