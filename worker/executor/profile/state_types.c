// The counted cell classes of a field as JSON and back.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/state_types.h"

#include <string.h>

#include "common/base/memory.h"

static json_t *numbers_json(const uint64_t *numbers, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        if (json_array_append_new(list, json_integer((json_int_t)numbers[i])))
            return json_decref(list), NULL;
    return list;
}

json_t *assay_state_types_json(const struct assay_type_profile *types)
{
    json_t *misfits = json_array(), *null_likes = json_array();
    for (size_t i = 0; i < types->misfits_kept; i++) {
        const struct assay_misfit *misfit = &types->misfits[i];
        (void)json_array_append_new(
            misfits, json_pack("[I, o]", (json_int_t)misfit->row,
                               assay_json_safe_string(misfit->value, misfit->size_bytes)));
    }
    for (size_t i = 0; i < types->null_likes_kept; i++) {
        const struct assay_null_like *like = &types->null_likes[i];
        (void)json_array_append_new(
            null_likes,
            json_pack("[o, I]", assay_json_safe_string(like->spelling, strlen(like->spelling)),
                      (json_int_t)like->count));
    }
    const struct assay_long_decimals *decimals = &types->decimals;
    return json_pack("{s:o, s:o, s:I, s:I, s:I, s:o, s:o, s:o}", "counts",
                     numbers_json(types->counts, ASSAY_CLASS_COUNT), "formats",
                     numbers_json(types->formats, ASSAY_DATE_FORMATS), "literals",
                     (json_int_t)types->literals, "misfit_count", (json_int_t)types->misfit_count,
                     "null_likes_beyond", (json_int_t)types->null_likes_beyond, "misfits", misfits,
                     "null_likes", null_likes, "decimals",
                     json_pack("[b, i, i, I]", (int)decimals->wanted, (int)decimals->whole,
                               (int)decimals->fraction, (json_int_t)decimals->beyond));
}

static bool parse_numbers(const json_t *list, uint64_t *numbers, size_t count)
{
    if (json_array_size(list) != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, i);
        if (!json_is_integer(item) || json_integer_value(item) < 0)
            return false;
        numbers[i] = (uint64_t)json_integer_value(item);
    }
    return true;
}

static bool parse_misfits(const json_t *list, struct assay_type_profile *types)
{
    const size_t count = json_array_size(list);
    if (count > ASSAY_MISFITS_KEPT)
        return false;
    types->misfits = count ? assay_calloc(ASSAY_MISFITS_KEPT, sizeof *types->misfits) : NULL;
    for (size_t i = 0; types->misfits && i < count; i++) {
        json_int_t row;
        const char *text;
        size_t size;
        if (json_unpack(json_array_get(list, i), "[I, s%]", &row, &text, &size) || row < 0)
            return false;
        struct assay_misfit *misfit = &types->misfits[types->misfits_kept++];
        misfit->row = (uint64_t)row;
        misfit->size_bytes = (uint32_t)(size < sizeof misfit->value ? size : sizeof misfit->value);
        memcpy(misfit->value, text, misfit->size_bytes);
    }
    return types->misfits_kept == count;
}

static bool parse_null_likes(const json_t *list, struct assay_type_profile *types)
{
    const size_t count = json_array_size(list);
    if (count > ASSAY_NULL_LIKES_KEPT)
        return false;
    types->null_likes =
        count ? assay_calloc(ASSAY_NULL_LIKES_KEPT, sizeof *types->null_likes) : NULL;
    for (size_t i = 0; types->null_likes && i < count; i++) {
        json_int_t seen;
        const char *text;
        if (json_unpack(json_array_get(list, i), "[s, I]", &text, &seen) || seen < 0 ||
            strlen(text) >= ASSAY_NULL_LIKE_BYTES)
            return false;
        struct assay_null_like *like = &types->null_likes[types->null_likes_kept++];
        memcpy(like->spelling, text, strlen(text) + 1);
        like->count = (uint64_t)seen;
    }
    return types->null_likes_kept == count;
}

static bool parse_decimals(const json_t *list, struct assay_long_decimals *decimals)
{
    int wanted, whole, fraction;
    json_int_t beyond;
    if (json_unpack((json_t *)list, "[b, i, i, I]", &wanted, &whole, &fraction, &beyond) ||
        whole < 0 || fraction < 0 || beyond < 0)
        return false;
    *decimals = (struct assay_long_decimals){.wanted = wanted != 0,
                                             .whole = (uint32_t)whole,
                                             .fraction = (uint32_t)fraction,
                                             .beyond = (uint64_t)beyond};
    return true;
}

static uint64_t count_of(const json_t *json, const char *key)
{
    const int64_t value = assay_json_int(json, key, 0);
    return value < 0 ? 0 : (uint64_t)value;
}

int assay_state_types_parse(const json_t *json, struct assay_type_profile *ret_types,
                            struct assay_error *err)
{
    struct assay_type_profile types = {.literals = count_of(json, "literals"),
                                       .misfit_count = count_of(json, "misfit_count"),
                                       .null_likes_beyond = count_of(json, "null_likes_beyond")};
    if (!parse_numbers(assay_json_get(json, "counts"), types.counts, ASSAY_CLASS_COUNT) ||
        !parse_numbers(assay_json_get(json, "formats"), types.formats, ASSAY_DATE_FORMATS) ||
        !parse_misfits(assay_json_get(json, "misfits"), &types) ||
        !parse_null_likes(assay_json_get(json, "null_likes"), &types) ||
        !parse_decimals(assay_json_get(json, "decimals"), &types.decimals)) {
        assay_type_profile_release(&types);
        return assay_fail(err, ASSAY_FORMAT, "the state's cell classes make no sense");
    }
    *ret_types = types;
    return ASSAY_OK;
}
