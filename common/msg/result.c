// Results in chunks: putting them together.
// SPDX-License-Identifier: Apache-2.0
#include "common/msg/result.h"

#include <stdio.h>
#include <string.h>

#include "common/base/memory.h"

#define DEFAULT_MAX_BYTES (UINT64_C(1) << 30)

struct assay_result {
    json_t *document;
    uint64_t max_bytes;
    uint64_t used_bytes;
    char unknown[41]; /* the first kind that was passed over; "" = none */
};

/* Which member of the document a chunk's members go to; NULL = they stay in the chunks. */
static const struct place {
    const char *kind;
    const char *member;
} places[] = {
    {"container", "container"}, {"fields", "container"},  {"checks", "container"},
    {"anomalies", "container"}, {"inferred", "inferred"}, {"found", "found"},
    {"inspect", "inspect"},     {"plan", "plan"},         {"again", "again"},
    {"kept", "kept"},           {"kept_part", NULL},      {"sketches", "sketches"},
};

int assay_result_new(uint64_t max_bytes, struct assay_result **ret_result, struct assay_error *err)
{
    ASSAY_AUTO(assay_result_free) struct assay_result *result = assay_calloc(1, sizeof *result);
    if (!result)
        return assay_fail_memory(err);
    result->max_bytes = max_bytes ? max_bytes : DEFAULT_MAX_BYTES;
    result->document = json_object();
    if (!result->document)
        return assay_fail_memory(err);
    *ret_result = ASSAY_TAKE(result);
    return ASSAY_OK;
}

void assay_result_free(struct assay_result *result)
{
    if (!result)
        return;
    json_decref(result->document);
    assay_free(result);
}

json_t *assay_result_document(const struct assay_result *result)
{
    return result->document;
}

const char *assay_result_unknown(const struct assay_result *result)
{
    return *result->unknown ? result->unknown : NULL;
}

static const struct place *place_of(const char *kind)
{
    for (size_t i = 0; i < ASSAY_COUNT(places); i++)
        if (strcmp(places[i].kind, kind) == 0)
            return &places[i];
    return NULL;
}

/* Lists grow, all other members are set. */
static int merge_member(json_t *target, const char *key, json_t *value, struct assay_error *err)
{
    json_t *known = json_object_get(target, key);
    if (json_is_array(known) && json_is_array(value))
        return json_array_extend(known, value) ? assay_fail_memory(err) : ASSAY_OK;
    return assay_json_set(target, key, json_incref(value), err);
}

static int merge_chunk(json_t *target, json_t *chunk, struct assay_error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach(chunk, key, value) if (strcmp(key, "t") != 0)
        ASSAY_TRY(merge_member(target, key, value, err));
    return ASSAY_OK;
}

static int target_of(struct assay_result *result, const char *kind, json_t **ret_target,
                     struct assay_error *err)
{
    const struct place *place = place_of(kind);
    *ret_target = NULL;
    if (!place && !*result->unknown)
        (void)snprintf(result->unknown, sizeof result->unknown, "%s", kind);
    if (!place || !place->member)
        return ASSAY_OK;
    json_t *target = json_object_get(result->document, place->member);
    if (!target) {
        target = json_object();
        ASSAY_TRY(assay_json_set(result->document, place->member, target, err));
    }
    *ret_target = target;
    return ASSAY_OK;
}

int assay_result_add(struct assay_result *result, const char *chunk, size_t size_bytes,
                     struct assay_error *err)
{
    if (size_bytes > result->max_bytes - result->used_bytes)
        return assay_fail(err, ASSAY_LIMIT, "the result is larger than %llu bytes",
                          (unsigned long long)result->max_bytes);
    ASSAY_AUTO(assay_json_decref) json_t *body = NULL;
    ASSAY_TRY(assay_json_parse(chunk, size_bytes, "a result chunk", &body, err));
    const char *kind = assay_json_str(body, "t", NULL);
    if (!kind)
        return assay_fail(err, ASSAY_FORMAT, "a result chunk is not an object with the text \"t\"");
    json_t *target = NULL;
    ASSAY_TRY(target_of(result, kind, &target, err));
    if (target)
        ASSAY_TRY(merge_chunk(target, body, err));
    result->used_bytes += size_bytes;
    return ASSAY_OK;
}
