// Judged: verdicts from one profile to the next.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/keep/keep_judged.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/memory.h"
#include "common/base/plural.h"
#include "worker/executor/kernels/hash.h"
#include "worker/executor/profile/keep/keep_run.h"

#define DIGEST_BYTES 17 /* 64 bits in hexadecimal digits */

static const char *const names[] = {[ASSAY_JUDGED_HELD] = "held",
                                    [ASSAY_JUDGED_FAILED] = "failed",
                                    [ASSAY_JUDGED_STANDS] = "stands"};

/* All that a verdict depends on. "" when there is no memory: of such a check nothing is known. */
static void digest_of(const json_t *check, char *ret_digest)
{
    static const char *const keys[] = {"rule", "fields", "properties", "coverage", "filter"};
    uint64_t hash = 0;
    *ret_digest = '\0';
    for (size_t i = 0; i < ASSAY_COUNT(keys); i++) {
        const json_t *value = assay_json_get(check, keys[i]);
        ASSAY_AUTO(assay_free_text) char *text = value ? assay_json_text(value) : NULL;
        if (value && !text)
            return;
        hash = assay_hash_identity(hash, i, text ? assay_hash_text(text, strlen(text)) : 0);
    }
    (void)snprintf(ret_digest, DIGEST_BYTES, "%016" PRIx64, hash);
}

struct assay_judgement assay_keep_judged(const struct assay_profile_run *run, const json_t *check)
{
    const json_t *offer = assay_json_get(run->task->settings, "keep");
    char digest[DIGEST_BYTES];
    digest_of(check, digest);
    const json_t *known = assay_json_get(assay_json_get(offer, "judged"), digest);
    const char *is = json_string_value(json_array_get(known, 0));
    for (size_t i = ASSAY_JUDGED_HELD; is && i < ASSAY_COUNT(names); i++)
        if (!strcmp(is, names[i]))
            return (struct assay_judgement){(enum assay_judged)i,
                                            (uint64_t)json_integer_value(json_array_get(known, 1)),
                                            (uint64_t)json_integer_value(json_array_get(known, 2))};
    return (struct assay_judgement){0};
}

int assay_keep_note_judged(struct assay_profile_run *run, const json_t *check,
                           const struct assay_judgement *judgement, struct assay_error *err)
{
    char digest[DIGEST_BYTES];
    json_t *told = run->result.kept;
    digest_of(check, digest);
    if (!told || judgement->is == ASSAY_JUDGED_NOT)
        return ASSAY_OK;
    if (!json_object_get(told, "judged"))
        ASSAY_TRY(assay_json_set(told, "judged", json_object(), err));
    return assay_json_set(json_object_get(told, "judged"), digest,
                          json_pack("[s, I, I]", names[judgement->is],
                                    (json_int_t)judgement->passed, (json_int_t)judgement->failing),
                          err);
}

/* --- what is kept --- */

static size_t count_kept(const struct assay_keep *keep)
{
    size_t kept = 0;
    for (size_t i = 0; keep && i < keep->parts_count; i++)
        kept += keep->parts[i].state >= 0;
    return kept;
}

bool assay_keep_has_kept(const struct assay_profile_run *run)
{
    return count_kept(run->keep) > 0;
}

bool assay_keep_has_all(const struct assay_profile_run *run)
{
    size_t offered = 0;
    for (size_t i = 0; run->keep && i < run->keep->states_count; i++)
        offered += json_array_size(run->keep->states[i].partitions);
    return offered == count_kept(run->keep);
}

/* --- what was read --- */

static int split_files(const struct assay_keep *keep, json_t *parts, struct assay_error *err)
{
    for (size_t i = 0; i < keep->parts_count; i++)
        if (keep->parts[i].state < 0)
            ASSAY_TRY(assay_json_push(parts, json_pack("[I, i, i]", (json_int_t)i, 0, 0), err));
    return ASSAY_OK;
}

/* Ranges that are read lie behind all that are kept. */
static int split_range(const struct assay_keep *keep, json_t **ret_split, struct assay_error *err)
{
    size_t first = 0;
    while (first < keep->parts_count && keep->parts[first].state >= 0)
        first++;
    *ret_split = first == keep->parts_count
                     ? json_null()
                     : json_pack("{s:{s:s, s:s, s:s}}", "range", "field", keep->field, "after",
                                 keep->parts[first].key, "to",
                                 keep->parts[keep->parts_count - 1].fingerprint);
    return *ret_split ? ASSAY_OK : assay_fail_memory(err);
}

int assay_keep_split(const struct assay_profile_run *run, json_t **ret_split,
                     struct assay_error *err)
{
    const struct assay_keep *keep = run->keep;
    if (keep->field)
        return split_range(keep, ret_split, err);
    ASSAY_AUTO(assay_json_decref) json_t *parts = json_array();
    if (!parts)
        return assay_fail_memory(err);
    ASSAY_TRY(split_files(keep, parts, err));
    *ret_split = json_array_size(parts) ? json_pack("{s:O}", "parts", parts) : json_null();
    return *ret_split ? ASSAY_OK : assay_fail_memory(err);
}

int assay_keep_tell_judged(struct assay_profile_run *run, size_t checks, struct assay_error *err)
{
    const char *notice = assay_json_str(run->result.kept, "notice", NULL);
    return assay_json_set(run->result.kept, "notice",
                          json_sprintf("%s%sall of it once more for %zu new check%s",
                                       notice ? notice : "", notice ? "; " : "", checks,
                                       assay_plural_s(checks)),
                          err);
}
