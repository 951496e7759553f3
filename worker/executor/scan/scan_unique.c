// Unique checks: do any keys come twice? Asked of all checks together before the keys themselves
// are collected, which takes a reading and a table for each check.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/scan/scan_unique.h"

#include "common/base/memory.h"

#define KEYS_SHARE  8     /* one part of so many of what is left of the budget */
#define SHARE_LEAST 0.125 /* of the keys after one reading: else the engine's table, which spills */

uint64_t assay_scan_keys_bytes(const struct assay_scan *scan)
{
    return assay_profile_engine_left(&scan->own.source) / KEYS_SHARE;
}

int assay_scan_keys(const struct assay_scan *scan, unsigned which,
                    struct assay_tally_key **ret_keys, size_t *ret_count, struct assay_error *err)
{
    struct assay_tally_key *keys = assay_calloc(scan->checks_count + 1, sizeof *keys);
    size_t count = 0;
    if (!keys)
        return assay_fail_memory(err);
    for (size_t i = 0; i < scan->checks_count; i++) {
        struct assay_scan_check *check = &scan->checks[i];
        if (!check->in_pass || !check->rule->rule->finds_repeats)
            continue;
        const bool whole = assay_json_num(check->json, "coverage", 1.0) >= 1.0;
        if ((whole && which & ASSAY_KEYS_WHOLE) || (!whole && which & ASSAY_KEYS_COVERED))
            keys[count++].check = check;
    }
    *ret_keys = keys;
    *ret_count = count;
    return ASSAY_OK;
}

static bool is_open(const struct assay_tally_key *key)
{
    return !key->repeats.found && !key->given_up && key->share < 1;
}

/* Too many keys for a few more readings? */
static bool any_open(struct assay_tally_key *keys, size_t count)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        keys[i].given_up = is_open(&keys[i]) && keys[i].share > 0 && keys[i].share < SHARE_LEAST;
        any |= is_open(&keys[i]);
    }
    return any;
}

int assay_scan_keys_look(struct assay_scan *scan, struct assay_tally_key *keys, size_t count,
                         struct assay_error *err)
{
    struct assay_verified records;
    while (any_open(keys, count))
        ASSAY_TRY(assay_scan_tally(scan, NULL, 0, keys, count, assay_scan_keys_bytes(scan),
                                   &records, err));
    return ASSAY_OK;
}

static int collect(struct assay_scan_check *check, struct assay_error *err)
{
    struct assay_error inner = {0};
    if (assay_unique_collect(check->rule, &inner) == ASSAY_OK &&
        assay_unique_mark(check->rule, &inner) == ASSAY_OK)
        return ASSAY_OK;
    check->in_pass = false;
    return assay_scan_check_fault(check, &inner, err);
}

static int settle(struct assay_scan *scan, struct assay_tally_key *keys, size_t count,
                  struct assay_error *err)
{
    if (count > 1) /* of one, collecting says it too */
        ASSAY_TRY(assay_scan_keys_look(scan, keys, count, err));
    for (size_t i = 0; i < count; i++)
        if (keys[i].repeats.found || keys[i].share < 1)
            ASSAY_TRY(collect(keys[i].check, err));
    return ASSAY_OK;
}

int assay_scan_settle_unique(struct assay_scan *scan, struct assay_error *err)
{
    struct assay_tally_key *keys;
    size_t count;
    const unsigned which = scan->only_verdicts ? ASSAY_KEYS_COVERED /* the others with the pass */
                                               : ASSAY_KEYS_COVERED | ASSAY_KEYS_WHOLE;
    ASSAY_TRY(assay_scan_keys(scan, which, &keys, &count, err));
    const int code = settle(scan, keys, count, err);
    assay_free(keys);
    return code;
}
