// Type profile: counting classes, keeping the first misfits and the null-like spellings.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/infer/type_profile.h"

#include <string.h>

#include "common/base/memory.h"
#include "common/base/utf8.h"
#include "worker/executor/infer/cell_decimal.h"
#include "worker/executor/infer/type_count.h"

static struct assay_null_like *find_null_like(struct assay_type_profile *profile,
                                              const char *spelling)
{
    for (size_t i = 0; i < profile->null_likes_kept; i++)
        if (!strcmp(profile->null_likes[i].spelling, spelling))
            return &profile->null_likes[i];
    return NULL;
}

static int add_null_like(struct assay_type_profile *profile, const char *spelling, uint64_t count,
                         struct assay_error *err)
{
    struct assay_null_like *known = find_null_like(profile, spelling);
    if (!known && profile->null_likes_kept < ASSAY_NULL_LIKES_KEPT) {
        if (!profile->null_likes)
            profile->null_likes = assay_calloc(ASSAY_NULL_LIKES_KEPT, sizeof *profile->null_likes);
        if (!profile->null_likes)
            return assay_fail_memory(err);
        known = &profile->null_likes[profile->null_likes_kept++];
        (void)strncpy(known->spelling, spelling, sizeof known->spelling - 1);
    }
    if (known)
        known->count += count;
    else
        profile->null_likes_beyond += count;
    return ASSAY_OK;
}

int assay_type_count_null_like(struct assay_type_profile *profile, const struct assay_cell *cell,
                               struct assay_error *err)
{
    char spelling[ASSAY_NULL_LIKE_BYTES] = {0};
    const size_t most =
        sizeof spelling - 1; /* blanks may be longer: one spelling for all of them */
    memcpy(spelling, cell->data, cell->size_bytes < most ? cell->size_bytes : most);
    return add_null_like(profile, spelling, 1, err);
}

int assay_type_count_misfit(struct assay_type_profile *profile, uint64_t row, const char *data,
                            size_t size_bytes, struct assay_error *err)
{
    profile->misfit_count++;
    if (profile->misfits_kept == ASSAY_MISFITS_KEPT)
        return ASSAY_OK;
    if (!profile->misfits)
        profile->misfits = assay_calloc(ASSAY_MISFITS_KEPT, sizeof *profile->misfits);
    if (!profile->misfits)
        return assay_fail_memory(err);
    struct assay_misfit *misfit = &profile->misfits[profile->misfits_kept++];
    misfit->row = row;
    misfit->size_bytes = (uint32_t)assay_utf8_cut(data, size_bytes, ASSAY_MISFIT_BYTES);
    memcpy(misfit->value, data, misfit->size_bytes);
    return ASSAY_OK;
}

int assay_type_profile_add(struct assay_type_profile *profile, const struct assay_cell *cell,
                           struct assay_error *err)
{
    enum assay_cell_class class_;
    profile->literals += assay_type_is_literal(cell);
    if (profile->decimals.wanted)
        assay_long_decimals_add(&profile->decimals, cell);
    return assay_type_count(profile, cell, &class_, err);
}

static int merge_misfits(struct assay_type_profile *profile, const struct assay_type_profile *from,
                         struct assay_error *err)
{
    struct assay_misfit both[2 * ASSAY_MISFITS_KEPT];
    size_t a = 0, b = 0, kept = 0;
    if (from->misfits_kept && !profile->misfits)
        profile->misfits = assay_calloc(ASSAY_MISFITS_KEPT, sizeof *profile->misfits);
    if (from->misfits_kept && !profile->misfits)
        return assay_fail_memory(err);
    while (kept < ASSAY_MISFITS_KEPT && (a < profile->misfits_kept || b < from->misfits_kept)) {
        const bool first =
            b == from->misfits_kept ||
            (a < profile->misfits_kept && profile->misfits[a].row <= from->misfits[b].row);
        both[kept++] = first ? profile->misfits[a++] : from->misfits[b++];
    }
    if (kept)
        memcpy(profile->misfits, both, kept * sizeof *both);
    profile->misfits_kept = kept;
    profile->misfit_count += from->misfit_count;
    return ASSAY_OK;
}

int assay_type_profile_merge(struct assay_type_profile *profile,
                             const struct assay_type_profile *from, struct assay_error *err)
{
    ASSAY_TRY(merge_misfits(profile, from, err));
    for (size_t i = 0; i < from->null_likes_kept; i++)
        ASSAY_TRY(
            add_null_like(profile, from->null_likes[i].spelling, from->null_likes[i].count, err));
    for (size_t i = 0; i < ASSAY_CLASS_COUNT; i++)
        profile->counts[i] += from->counts[i];
    for (size_t i = 0; i < ASSAY_DATE_FORMATS; i++)
        profile->formats[i] += from->formats[i];
    profile->null_likes_beyond += from->null_likes_beyond;
    profile->literals += from->literals;
    assay_long_decimals_merge(&profile->decimals, &from->decimals);
    return ASSAY_OK;
}

void assay_type_profile_shift(struct assay_type_profile *profile, uint64_t rows)
{
    for (size_t i = 0; i < profile->misfits_kept; i++)
        profile->misfits[i].row += rows;
}

void assay_type_profile_release(struct assay_type_profile *profile)
{
    if (!profile)
        return;
    assay_free(profile->misfits);
    assay_free(profile->null_likes);
    *profile = (struct assay_type_profile){0};
}
