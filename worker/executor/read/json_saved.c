// The tree of JSON keys, saved and loaded: a node is [seen, [[key, node], …], element or null].
// SPDX-License-Identifier: Apache-2.0
#include "common/base/memory.h"
#include "common/base/utf8.h"
#include "worker/executor/read/json_fields.h"

enum { DEPTH_MAX = 4 * (ASSAY_JSON_LEVELS + 1) }; /* names, and elements between them */

static int save(const struct json_node *node, json_t **ret_saved, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *children = json_array();
    ASSAY_AUTO(assay_json_decref) json_t *element = NULL;
    for (size_t i = 0; i < node->count; i++) {
        const struct json_node *child = node->children[i];
        json_t *saved = NULL;
        if (!assay_utf8_valid(child->key, child->key_size))
            return assay_fail(err, ASSAY_UNSUPPORTED, "a key is not UTF-8");
        ASSAY_TRY(save(child, &saved, err));
        ASSAY_TRY(assay_json_push(children,
                                  json_pack("[s%, o]", child->key, child->key_size, saved), err));
    }
    if (node->element)
        ASSAY_TRY(save(node->element, &element, err));
    *ret_saved = json_pack("[i, O, O]", (int)node->seen, children, element ? element : json_null());
    return *ret_saved ? ASSAY_OK : assay_fail_memory(err);
}

int assay_json_fields_save(const struct assay_json_fields *fields, json_t **ret_saved,
                           struct assay_error *err)
{
    return save(&fields->root, ret_saved, err);
}

static int load(struct assay_json_fields *fields, struct json_node *node, const json_t *saved,
                int depth, struct assay_error *err);

static int load_child(struct assay_json_fields *fields, struct json_node *node, const json_t *pair,
                      int depth, struct assay_error *err)
{
    const json_t *key = json_array_get(pair, 0);
    if (!json_is_string(key) ||
        json_find_child(node, json_string_value(key), json_string_length(key), node->count))
        return assay_fail(err, ASSAY_FORMAT, "a key is no text, or stands there twice");
    if (++fields->nodes > JSON_MAX_FIELDS)
        return assay_fail(err, ASSAY_LIMIT, "more than %d different fields", JSON_MAX_FIELDS);
    struct json_node *child =
        json_add_child(&fields->arena, node, json_string_value(key), json_string_length(key));
    return child ? load(fields, child, json_array_get(pair, 1), depth, err)
                 : assay_fail_memory(err);
}

static int load(struct assay_json_fields *fields, struct json_node *node, const json_t *saved,
                int depth, struct assay_error *err)
{
    const json_t *seen = json_array_get(saved, 0), *children = json_array_get(saved, 1),
                 *element = json_array_get(saved, 2);
    const json_int_t all = JSON_SEEN_SCALAR | JSON_SEEN_OBJECT | JSON_SEEN_ARRAY;
    if (!json_is_integer(seen) || (json_integer_value(seen) & ~all) || !json_is_array(children) ||
        depth > DEPTH_MAX)
        return assay_fail(err, ASSAY_FORMAT, "a node is malformed");
    node->seen = (uint8_t)json_integer_value(seen);
    for (size_t i = 0; i < json_array_size(children); i++)
        ASSAY_TRY(load_child(fields, node, json_array_get(children, i), depth + 1, err));
    if (!json_is_array(element))
        return ASSAY_OK;
    node->element = json_new_element(&fields->arena, node);
    return node->element ? load(fields, node->element, element, depth + 1, err)
                         : assay_fail_memory(err);
}

int assay_json_fields_load(struct assay_json_fields *fields, const json_t *saved,
                           struct assay_error *err)
{
    const int rc = load(fields, &fields->root, saved, 0, err);
    return rc == ASSAY_OK ? rc : assay_context(err, rc, "reader option json_fields");
}
