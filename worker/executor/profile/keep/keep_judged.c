// Judged: verdicts from one profile to the next.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/keep/keep_judged.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/memory.h"
#include "common/base/plural.h"
#include "worker/executor/kernels/hash.h"
#include "worker/executor/profile/keep/keep_run.h"

#define DIGEST_BYTES 17   /* 64 bits in hexadecimal digits */
#define NOTED_MOST   8192 /* which a chunk holds beside the rest of the container's document */

static const char *const names[] = {[ASSAY_JUDGED_HELD] = "held",
                                    [ASSAY_JUDGED_FAILED] = "failed",
                                    [ASSAY_JUDGED_STANDS] = "stands",
                                    [ASSAY_JUDGED_ERRORED] = "errored"};

/* Rules whose checks may rest on the sample. */
static const char *const sampled_rules[] = {
    "anyNotNull",     "equalToField", "greaterThanField",     "lessThanField",
    "matchesPattern", "predictedBy",  "timeDistributionSize", "unique"};

/* "" when there is no memory: of such a check nothing is known. */
static void digest_of(const json_t *check, const char *const *keys, size_t count, char *ret_digest)
{
    uint64_t hash = 0;
    *ret_digest = '\0';
    for (size_t i = 0; i < count; i++) {
        const json_t *value = assay_json_get(check, keys[i]);
        ASSAY_AUTO(assay_free_text) char *text = value ? assay_json_text(value) : NULL;
        if (value && !text)
            return;
        hash = assay_hash_identity(hash, i, text ? assay_hash_text(text, strlen(text)) : 0);
    }
    (void)snprintf(ret_digest, DIGEST_BYTES, "%016" PRIx64, hash);
}

/* What a check is known by. */
static void name_of(const json_t *check, char ret_name[DIGEST_BYTES])
{
    static const char *const keys[] = {"rule", "fields"};
    digest_of(check, keys, ASSAY_COUNT(keys), ret_name);
}

/* What its verdict depends on besides. */
static void properties_of(const json_t *check, char ret_properties[DIGEST_BYTES])
{
    static const char *const keys[] = {"properties", "coverage", "filter"};
    digest_of(check, keys, ASSAY_COUNT(keys), ret_properties);
}

/* [what became of it, records that passed, that failed, its properties] */
static const json_t *known_of(const struct assay_profile_run *run, const char *name)
{
    const json_t *offer = assay_json_get(run->task->settings, "keep");
    return assay_json_get(assay_json_get(offer, "judged"), name);
}

static enum assay_judged state_of(const json_t *known)
{
    const char *is = json_string_value(json_array_get(known, 0));
    for (size_t i = ASSAY_JUDGED_HELD; is && i < ASSAY_COUNT(names); i++)
        if (!strcmp(is, names[i]))
            return (enum assay_judged)i;
    return ASSAY_JUDGED_NOT;
}

struct assay_judgement assay_keep_judged(const struct assay_profile_run *run, const json_t *check)
{
    char name[DIGEST_BYTES], properties[DIGEST_BYTES];
    name_of(check, name);
    properties_of(check, properties);
    const json_t *known = known_of(run, name);
    const char *had = json_string_value(json_array_get(known, 3));
    return (struct assay_judgement){
        .is = state_of(known),
        .others = !had || strcmp(had, properties) != 0,
        .passed = (uint64_t)json_integer_value(json_array_get(known, 1)),
        .failing = (uint64_t)json_integer_value(json_array_get(known, 2))};
}

static int note(struct assay_profile_run *run, const char *name, json_t *entry,
                struct assay_error *err)
{
    if (assay_json_get(run->task->settings, "keep") && json_object_size(run->judged) < NOTED_MOST)
        return assay_json_set(run->judged, name, entry, err);
    json_decref(entry);
    return ASSAY_OK;
}

int assay_keep_note_again(struct assay_profile_run *run, const json_t *check,
                          struct assay_error *err)
{
    char name[DIGEST_BYTES];
    name_of(check, name);
    json_t *known = json_deep_copy(known_of(run, name));
    if (state_of(known) == ASSAY_JUDGED_HELD &&
        json_array_set_new(known, 0, json_string(names[ASSAY_JUDGED_STANDS]))) {
        json_decref(known);
        return assay_fail_memory(err);
    }
    return note(run, name, known, err);
}

int assay_keep_note_judged(struct assay_profile_run *run, const json_t *check,
                           const struct assay_judgement *judgement, struct assay_error *err)
{
    char name[DIGEST_BYTES], properties[DIGEST_BYTES];
    name_of(check, name);
    properties_of(check, properties);
    return note(run, name,
                json_pack("[s, I, I, s]", names[judgement->is], (json_int_t)judgement->passed,
                          (json_int_t)judgement->failing, properties),
                err);
}

int assay_keep_note_settled(struct assay_profile_run *run, const json_t *checks,
                            struct assay_error *err)
{
    const struct assay_judgement held = {.is = ASSAY_JUDGED_HELD};
    for (size_t i = 0; i < json_array_size(checks); i++) {
        const json_t *check = json_array_get(checks, i);
        const char *rule = assay_json_str(check, "rule", "");
        for (size_t k = 0; k < ASSAY_COUNT(sampled_rules); k++)
            if (!strcmp(rule, sampled_rules[k]))
                ASSAY_TRY(assay_keep_note_judged(run, check, &held, err));
    }
    return ASSAY_OK;
}

#define LEVEL_KEY "level" /* among the digests */

int assay_keep_tell_noted(struct assay_profile_run *run, struct assay_error *err)
{
    if (!run->result.kept)
        return ASSAY_OK;
    ASSAY_TRY(assay_json_set(run->judged, LEVEL_KEY, json_integer(run->infer_level), err));
    return assay_json_set(run->result.kept, "judged", json_incref(run->judged), err);
}

bool assay_keep_was_inferred(const struct assay_profile_run *run)
{
    const json_t *judged = assay_json_get(assay_json_get(run->task->settings, "keep"), "judged");
    return assay_json_int(judged, LEVEL_KEY, -1) >= (int64_t)run->infer_level;
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
