// Identity of a check: a hash that stays the same when only its thresholds change.
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#define XXH_STATIC_LINKING_ONLY /* the state on the stack; its layout is fixed since 0.8 */
#include <xxhash.h>

#include "common/base/memory.h"
#include "common/rules/check_validate.h"
#include "common/rules/rule_def.h"

static int by_name(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Texts are hashed with their NUL, so that ("ab", "c") differs from ("a", "bc"). */
static void add(XXH3_state_t *state, const char *text)
{
    XXH3_64bits_update(state, text ? text : "", strlen(text ? text : "") + 1);
}

static void add_fields(XXH3_state_t *state, const json_t *fields)
{
    const size_t count = json_array_size(fields);
    const char **names = assay_calloc(count ? count : 1, sizeof *names);
    for (size_t i = 0; names && i < count; i++)
        names[i] = json_string_value(json_array_get(fields, i));
    if (names)
        qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; names && i < count; i++)
        add(state, names[i]);
    XXH3_64bits_update(state, &(uint32_t){(uint32_t)count}, sizeof(uint32_t));
    assay_free(names);
}

/* The container that the check refers to: its id where it has one, as its name may change; and the
 * field there. */
static void add_reference(XXH3_state_t *state, const json_t *properties)
{
    const int64_t id = assay_json_int(properties, "ref_container_id", 0);
    const char *name = assay_json_str(properties, "ref_container", NULL);
    if (!id && !name)
        return;
    add(state, id ? "" : name);
    add(state, id ? "" : assay_json_str(properties, "ref_datastore", ""));
    XXH3_64bits_update(state, &id, sizeof id);
    add(state, assay_json_str(properties, "field_name", ""));
}

uint64_t assay_check_uid(const json_t *check, const char *container)
{
    const char *rule = assay_json_str(check, "rule", "");
    const struct assay_rule_def *def = assay_rule_def_find(rule);
    const json_t *properties = json_object_get(check, "properties");
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    add(&state, container);
    add(&state, rule);
    add_fields(&state, json_object_get(check, "fields"));
    add(&state, assay_json_str(check, "filter", ""));
    add(&state, assay_json_bool(properties, "is_element_context", false) ? "element" : "");
    add(&state, assay_json_num(check, "coverage", 1.0) < 1 ? "shape" : "record");
    if (def && def->fields == ASSAY_FIELDS_COMPUTED)
        add(&state, assay_json_str(properties, "expression", ""));
    add_reference(&state, properties);
    const uint64_t uid = XXH3_64bits_digest(&state);
    return uid ? uid : 1;
}
