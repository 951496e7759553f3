// Keep: what is told of a run that reads only what changed, or all of it although states were kept.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "common/base/plural.h"
#include "worker/executor/profile/keep/keep_run.h"

/* --- for all runs --- */

void assay_keep_append_gone(struct assay_buf *text, size_t gone)
{
    if (gone)
        assay_buf_printf(text, "%s%zu file%s %s gone", text->size ? "; " : "", gone,
                         assay_plural_s(gone), assay_plural_are(gone));
}

int assay_keep_warn_refused(struct assay_profile_run *run, const char *reason,
                            struct assay_error *err)
{
    return assay_json_push(run->field_warnings,
                           json_pack("{s:s, s:n, s:o}", "code", "kept_state_refused", "field",
                                     "message", assay_json_safe_string(reason, strlen(reason))),
                           err);
}

int assay_keep_told(const char *reason, const struct assay_buf *notice, json_t **ret_object,
                    struct assay_error *err)
{
    ASSAY_TRY(assay_buf_check(notice, err));
    *ret_object =
        json_pack("{s:o, s:o}", "full_because",
                  reason ? assay_json_safe_string(reason, strlen(reason)) : json_null(), "notice",
                  notice->size ? assay_json_safe_string(notice->data, notice->size) : json_null());
    return *ret_object ? ASSAY_OK : assay_fail_memory(err);
}

/* --- a run that reads by itself --- */

/* Parts that were not read, and since when the oldest of them is known. */
static size_t unchanged(const struct assay_keep *keep, const char **ret_since)
{
    size_t count = 0;
    *ret_since = NULL;
    for (size_t i = 0; i < keep->parts_count; i++) {
        if (keep->parts[i].state < 0)
            continue;
        const char *since = keep->states[keep->parts[i].state].as_of;
        if (!*ret_since || strcmp(since, *ret_since) < 0)
            *ret_since = since;
        count++;
    }
    return count;
}

static void notice(const struct assay_profile_run *run, size_t kept, const char *since,
                   struct assay_buf *text)
{
    const struct assay_keep *keep = run->keep;
    const size_t all = keep->parts_count;
    const unsigned long long records = keep->records_read, total = run->result.records_processed;
    if (keep->reason)
        assay_buf_printf(text, "read all of it: %s", keep->reason);
    else if (kept == all)
        assay_buf_printf(text, "nothing read: unchanged since %.10s", since);
    else if (kept && keep->field)
        assay_buf_printf(text,
                         "read %llu new records by %.100s; %llu kept since %.10s, changes among "
                         "those are not seen",
                         records, keep->field, total - records, since);
    else if (kept)
        assay_buf_printf(text, "read %zu of %zu files; %zu unchanged since %.10s", all - kept, all,
                         kept, since);
}

/* Of the files that kept states know. */
static int count_gone(const struct assay_profile_run *run, size_t *ret_gone,
                      struct assay_error *err)
{
    const struct assay_keep *keep = run->keep;
    const json_t *offer = assay_json_get(run->task->settings, "keep");
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(keep->parts_count + 1, sizeof(char *));
    const char **keys = memory;
    if (!keys)
        return assay_fail_memory(err);
    for (size_t i = 0; i < keep->parts_count; i++)
        keys[i] = keep->parts[i].key;
    *ret_gone =
        keep->field ? 0 : assay_keep_gone(keys, keep->parts_count, assay_json_get(offer, "states"));
    return ASSAY_OK;
}

int assay_keep_json(const struct assay_profile_run *run, json_t **ret_object,
                    struct assay_error *err)
{
    const struct assay_keep *keep = run->keep;
    const char *since = NULL;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    const size_t kept = unchanged(keep, &since);
    size_t gone = 0;
    notice(run, kept, since, &text);
    ASSAY_TRY(count_gone(run, &gone, err));
    assay_keep_append_gone(&text, gone);
    ASSAY_AUTO(assay_json_decref)
    json_t *counts =
        json_pack("{s:I, s:I, s:I, s:s?}", "partitions", (json_int_t)keep->parts_count,
                  "partitions_read", (json_int_t)(keep->parts_count - kept), "records_read",
                  (json_int_t)keep->records_read, "unchanged_since", since);
    json_t *told = NULL;
    ASSAY_TRY(assay_keep_told(keep->reason, &text, &told, err));
    *ret_object = told;
    return json_object_update(told, counts) ? assay_fail_memory(err) : ASSAY_OK;
}
