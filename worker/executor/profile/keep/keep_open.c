// Keep: what is kept, what is there now, and how it goes together.
// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/memory.h"
#include "worker/executor/profile/keep/keep_run.h"
#include "worker/executor/profile/profile_parts.h"

void assay_keep_free(struct assay_keep *keep)
{
    if (!keep)
        return;
    for (size_t i = 0; keep->parts && i < keep->parts_count; i++) {
        assay_free(keep->parts[i].key);
        assay_free(keep->parts[i].fingerprint);
    }
    assay_free(keep->parts);
    assay_free(keep->states);
    assay_free(keep->offsets);
    assay_free(keep->groups);
    assay_free(keep->field);
    assay_free(keep->reason);
    json_decref(keep->saved);
    if (keep->spool)
        (void)fclose(keep->spool);
    assay_free(keep);
}

void assay_keep_reason(struct assay_keep *keep, const char *text)
{
    if (!keep->reason && text)
        keep->reason = assay_strdup(text);
}

/* --- what is offered --- */

static int take_states(struct assay_keep *keep, const json_t *offer, struct assay_error *err)
{
    const json_t *states = assay_json_get(offer, "states");
    const size_t count = json_array_size(states);
    keep->states = assay_calloc(count + 1, sizeof *keep->states);
    if (!keep->states)
        return assay_fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        const json_t *state = json_array_get(states, i);
        keep->states[keep->states_count++] =
            (struct assay_keep_state){.id = assay_json_int(state, "id", 0),
                                      .partitions = assay_json_get(state, "partitions"),
                                      .records = (uint64_t)assay_json_int(state, "records", 0),
                                      .bytes = (uint64_t)assay_json_int(state, "bytes", 0),
                                      .as_of = assay_json_str(state, "as_of", "")};
    }
    return ASSAY_OK;
}

/* --- what is there --- */

static int take_file(const struct assay_set_file *file, struct assay_keep_part *part,
                     struct assay_error *err)
{
    char fingerprint[ASSAY_FINGERPRINT_BYTES];
    struct stat info;
    const uint64_t size = assay_set_file_stat(file, fingerprint);
    if (stat(file->path, &info))
        return assay_fail_errno(err, assay_code_of_errno(errno), errno, "looking at %.300s",
                                file->shown);
    const int64_t modified_us =
        (int64_t)info.st_mtim.tv_sec * 1000000 + info.st_mtim.tv_nsec / 1000;
    *part = (struct assay_keep_part){.key = assay_strdup(file->shown),
                                     .fingerprint = assay_strdup(fingerprint),
                                     .bytes = size,
                                     .state = -1,
                                     .young = modified_us > assay_now_us() - ASSAY_KEEP_YOUNG_US};
    return part->key && part->fingerprint ? ASSAY_OK : assay_fail_memory(err);
}

static int take_files(struct assay_keep *keep, const struct assay_file_set *set,
                      struct assay_error *err)
{
    keep->parts = assay_calloc(set->count + 1, sizeof *keep->parts);
    if (!keep->parts)
        return assay_fail_memory(err);
    for (size_t i = 0; i < set->count; i++) {
        keep->parts_count++;
        ASSAY_TRY(take_file(&set->files[i], &keep->parts[i], err));
    }
    return ASSAY_OK;
}

/* --- how it goes together --- */

int assay_keep_regroup(struct assay_keep *keep, size_t fields_count, bool all,
                       struct assay_error *err)
{
    const size_t most = assay_keep_groups_max(fields_count);
    json_decref(keep->saved);
    keep->saved = json_array();
    assay_free(keep->groups);
    keep->groups = assay_calloc(keep->parts_count + 1, sizeof *keep->groups);
    if (!keep->groups || !keep->saved)
        return assay_fail_memory(err);
    (void)assay_keep_match(keep->parts, keep->parts_count, keep->states,
                           all ? 0 : keep->states_count);
    keep->groups_count = assay_keep_groups(keep->parts, keep->parts_count, keep->states,
                                           most ? most : 1, keep->groups);
    for (size_t i = 0; i < keep->groups_count; i++)
        ASSAY_TRY(assay_json_push(keep->saved, json_null(), err));
    return ASSAY_OK;
}

/* Can states of this run be kept at all? */
static bool is_fit(const struct assay_profile_run *run, const json_t *offer)
{
    return offer && !run->as_state && assay_selection_is_all(&run->selection) && !run->where &&
           !json_array_size(assay_json_get(run->task->settings, "fields")) &&
           run->result.fields_count && assay_keep_groups_max(run->result.fields_count) &&
           run->groups.group_fields >= run->result.fields_count;
}

static int take_offer(struct assay_profile_run *run, const json_t *offer,
                      struct assay_keep **ret_keep, struct assay_error *err)
{
    ASSAY_AUTO(assay_keep_free) struct assay_keep *keep = assay_calloc(1, sizeof *keep);
    if (!keep)
        return assay_fail_memory(err);
    ASSAY_TRY(take_states(keep, offer, err));
    ASSAY_TRY(take_files(keep, run->source.set, err));
    *ret_keep = ASSAY_TAKE(keep);
    return ASSAY_OK;
}

int assay_keep_share(struct assay_profile_run *run, double *ret_share, char **ret_reason,
                     struct assay_error *err)
{
    const json_t *offer = assay_json_get(run->task->settings, "keep");
    ASSAY_AUTO(assay_keep_free) struct assay_keep *keep = NULL;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf reason = {0};
    uint64_t all = 0, to_read = 0;
    *ret_share = 1;
    *ret_reason = NULL;
    if (!run->source.set || !json_array_size(assay_json_get(offer, "states")))
        return ASSAY_OK;
    ASSAY_TRY(take_offer(run, offer, &keep, err));
    const size_t parts =
        assay_keep_match(keep->parts, keep->parts_count, keep->states, keep->states_count);
    for (size_t i = 0; i < keep->parts_count; i++) {
        all += keep->parts[i].bytes;
        to_read += keep->parts[i].state < 0 ? keep->parts[i].bytes : 0;
    }
    assay_buf_printf(&reason, "%zu of %zu files are new or changed", parts, keep->parts_count);
    *ret_share = all ? (double)to_read / (double)all : 1;
    *ret_reason = assay_buf_take(&reason);
    return *ret_reason ? ASSAY_OK : assay_fail_memory(err);
}

int assay_keep_open(struct assay_profile_run *run, struct assay_error *err)
{
    const json_t *offer = assay_json_get(run->task->settings, "keep");
    const char *field = assay_json_str(offer, "incremental_field", NULL);
    ASSAY_AUTO(assay_keep_free) struct assay_keep *keep = NULL;
    if (!is_fit(run, offer) ||
        (!run->source.set && (!field || !run->source.conn->connector->watermark)))
        return ASSAY_OK;
    if (!(keep = assay_calloc(1, sizeof *keep)))
        return assay_fail_memory(err);
    keep->state_bytes = run->groups.state_bytes;
    ASSAY_TRY(take_states(keep, offer, err));
    ASSAY_TRY(assay_keep_spool_open(keep, assay_json_str(offer, "path", NULL), err));
    assay_keep_reason(keep, assay_json_str(offer, "reason", NULL));
    if (run->source.set)
        ASSAY_TRY(take_files(keep, run->source.set, err));
    else
        ASSAY_TRY(assay_keep_take_ranges(run, keep, field, err));
    if (!keep->parts_count) /* no value to tell records by */
        return ASSAY_OK;
    ASSAY_TRY(assay_keep_regroup(keep, run->result.fields_count, false, err));
    run->keep = ASSAY_TAKE(keep);
    return ASSAY_OK;
}

int assay_keep_restrict(struct assay_profile_run *run, size_t first, size_t count,
                        struct assay_error *err)
{
    const struct assay_keep *keep = run->keep;
    if (run->source.set)
        return assay_profile_parts_restrict(&run->source, first, count, err);
    json_t *range = json_pack("{s:s, s:s?, s:s?}", "field", keep->field, "after",
                              first && count ? keep->parts[first].key : NULL, "to",
                              count ? keep->parts[first + count - 1].fingerprint : NULL);
    if (!range)
        return assay_fail_memory(err);
    return assay_profile_parts_range(&run->source, range, err);
}
