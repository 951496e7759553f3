// Keep: the parts of a table that grows by an incremental field.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/profile/keep/keep_run.h"

/* Records up to a value stay as they are in a table that only grows; whether they did is checked by
 * their number: records that were changed (and got a new value), deleted, or added late show. */

static int add_part(struct assay_keep *keep, const char *after, const char *to,
                    struct assay_error *err)
{
    struct assay_keep_part *parts =
        assay_reallocarray(keep->parts, keep->parts_count + 1, sizeof *parts);
    if (!parts)
        return assay_fail_memory(err);
    keep->parts = parts;
    struct assay_keep_part *part = &parts[keep->parts_count++];
    *part = (struct assay_keep_part){
        .key = assay_strdup(after), .fingerprint = assay_strdup(to), .state = -1};
    return part->key && part->fingerprint ? ASSAY_OK : assay_fail_memory(err);
}

static void drop_parts(struct assay_keep *keep)
{
    while (keep->parts_count) {
        struct assay_keep_part *part = &keep->parts[--keep->parts_count];
        assay_free(part->key);
        assay_free(part->fingerprint);
    }
}

/* The kept ranges, each of which begins where the one before it ends. *ret_last: where they end,
 * NULL when they are no such chain. */
static int take_chain(struct assay_keep *keep, const char **ret_last, uint64_t *ret_records,
                      struct assay_error *err)
{
    const char *last = "";
    *ret_records = 0;
    for (size_t s = 0; s < keep->states_count && last; s++) {
        const json_t *ranges = keep->states[s].partitions;
        *ret_records += keep->states[s].records;
        for (size_t i = 0; i < json_array_size(ranges) && last; i++) {
            const json_t *range = json_array_get(ranges, i);
            const char *after = json_string_value(json_array_get(range, 0));
            const char *to = json_string_value(json_array_get(range, 1));
            const bool fits = after && to && !strcmp(after, last);
            if (fits)
                ASSAY_TRY(add_part(keep, after, to, err));
            last = fits ? to : NULL;
        }
    }
    *ret_last = last && *last ? last : NULL;
    return ASSAY_OK;
}

static int refuse(struct assay_keep *keep, const char *reason)
{
    drop_parts(keep);
    keep->states_count = 0;
    assay_keep_reason(keep, reason);
    return ASSAY_OK;
}

/* Do the records up to `last` number what was kept? */
static int check_chain(struct assay_keep *keep, const struct assay_watermark *mark,
                       uint64_t records, const char *field)
{
    char reason[300];
    if (mark->records == records)
        return ASSAY_OK;
    (void)snprintf(reason, sizeof reason,
                   "of the records up to the last %.100s there were %llu, now there are %llu",
                   field, (unsigned long long)records, (unsigned long long)mark->records);
    return refuse(keep, reason);
}

int assay_keep_take_ranges(struct assay_profile_run *run, struct assay_keep *keep,
                           const char *field, struct assay_error *err)
{
    struct assay_profile_source *source = &run->source;
    ASSAY_SCOPED(assay_watermark_release) struct assay_watermark mark = {0};
    const char *last = NULL;
    uint64_t records = 0;
    keep->field = assay_strdup(field);
    if (!keep->field)
        return assay_fail_memory(err);
    ASSAY_TRY(take_chain(keep, &last, &records, err));
    if (keep->states_count && !last)
        ASSAY_TRY(refuse(keep, "the kept ranges do not follow one another"));
    ASSAY_TRY(source->conn->connector->watermark(source->conn, run->task->container, field,
                                                 keep->states_count ? last : NULL, &mark, err));
    if (keep->states_count)
        ASSAY_TRY(check_chain(keep, &mark, records, field));
    last = keep->states_count ? last : "";
    return mark.top && strcmp(mark.top, last) != 0 ? add_part(keep, last, mark.top, err) : ASSAY_OK;
}
