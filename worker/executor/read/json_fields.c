// The tree of JSON keys: found record by record, settled into a schema.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/read/json_fields.h"

#include <string.h>

#include "common/base/buf.h"
#include "common/base/memory.h"

enum { LINEAR_MAX = 8 };

int assay_json_fields_new(const json_t *reader_options, struct assay_json_fields **ret_fields,
                          struct assay_error *err)
{
    const char *arrays = assay_json_str(reader_options, "arrays", "list");
    const bool lists = strcmp(arrays, "list") == 0;
    if (!lists && strcmp(arrays, "text") != 0)
        return assay_fail(err, ASSAY_INVALID, "reader option arrays is %.32s: list or text",
                          arrays);
    struct assay_json_fields *fields = assay_calloc(1, sizeof *fields);
    if (!fields)
        return assay_fail_memory(err);
    fields->lists = lists;
    fields->root.field = -1;
    fields->format = assay_strdup(assay_json_str(reader_options, "format", "json"));
    if (!fields->format) {
        assay_json_fields_free(fields);
        return assay_fail_memory(err);
    }
    *ret_fields = fields;
    return ASSAY_OK;
}

void assay_json_fields_free(struct assay_json_fields *fields)
{
    if (!fields)
        return;
    assay_schema_release(&fields->schema);
    assay_arena_release(&fields->arena);
    assay_free(fields->format);
    assay_free(fields);
}

const struct assay_schema *assay_json_fields_schema(const struct assay_json_fields *fields)
{
    return &fields->schema;
}

static uint64_t hash_key(const char *key, size_t size)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)key[i]) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

static bool has_key(const struct json_node *node, const char *key, size_t size)
{
    return node->key_size == size && memcmp(node->key, key, size) == 0;
}

struct json_node *json_find_child(const struct json_node *node, const char *key, size_t key_size,
                                  size_t hint)
{
    if (node->slots) {
        for (size_t at = hash_key(key, key_size);; at++) {
            struct json_node *child = node->slots[at & (node->slots_count - 1)];
            if (!child || has_key(child, key, key_size))
                return child;
        }
    }
    for (size_t i = 0; i < node->count; i++) { /* from the hint around */
        const size_t at = hint + i < node->count ? hint + i : (hint + i) % node->count;
        if (has_key(node->children[at], key, key_size))
            return node->children[at];
    }
    return NULL;
}

static void put_slot(struct json_node *node, struct json_node *child)
{
    size_t at = hash_key(child->key, child->key_size);
    while (node->slots[at & (node->slots_count - 1)])
        at++;
    node->slots[at & (node->slots_count - 1)] = child;
}

static bool grow_children(struct assay_arena *arena, struct json_node *node)
{
    const size_t capacity = node->capacity ? node->capacity * 2 : 8;
    struct json_node **children = assay_arena_alloc(arena, capacity * sizeof(struct json_node *));
    if (!children)
        return false;
    if (node->count)
        memcpy(children, node->children, node->count * sizeof(struct json_node *));
    struct json_node **slots = NULL;
    if (capacity > LINEAR_MAX &&
        !(slots = assay_arena_zalloc(arena, capacity * 2 * sizeof(struct json_node *))))
        return false;
    node->children = children;
    node->capacity = capacity;
    node->slots = slots;
    node->slots_count = slots ? capacity * 2 : 0;
    for (size_t i = 0; slots && i < node->count; i++)
        put_slot(node, children[i]);
    return true;
}

static bool is_plain(const char *key, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)key[i] < 0x20 || key[i] == '"' || key[i] == '\\')
            return false;
    return true;
}

/* `"key":` with room up to the next multiple of 16. False when out of memory. */
static bool quote_key(struct assay_arena *arena, struct json_node *child)
{
    const size_t size = child->key_size + 3;
    if (!child->plain || size > JSON_FAST_KEY)
        return true;
    char *quoted = assay_arena_zalloc(arena, JSON_FAST_KEY);
    if (!quoted)
        return false;
    quoted[0] = '"';
    memcpy(quoted + 1, child->key, child->key_size);
    memcpy(quoted + 1 + child->key_size, "\":", 2);
    child->quoted = quoted;
    child->quoted_size = size;
    return true;
}

struct json_node *json_add_child(struct assay_arena *arena, struct json_node *node, const char *key,
                                 size_t key_size)
{
    struct json_node *child = assay_arena_zalloc(arena, sizeof *child);
    char *copy = assay_arena_alloc(arena, key_size + 1);
    if (!child || !copy || (node->count == node->capacity && !grow_children(arena, node)))
        return NULL;
    memcpy(copy, key, key_size);
    child->key = copy;
    child->key_size = key_size;
    child->plain = is_plain(key, key_size);
    child->level = (uint8_t)(node->level + 1);
    child->in_list = node->in_list;
    child->place = node->count;
    if (!quote_key(arena, child))
        return NULL;
    node->children[node->count++] = child;
    if (node->slots)
        put_slot(node, child);
    return child;
}

struct json_node *json_new_element(struct assay_arena *arena, const struct json_node *node)
{
    struct json_node *element = assay_arena_zalloc(arena, sizeof *element);
    if (!element)
        return NULL;
    element->level = node->level;
    element->in_list = true;
    element->field = -1;
    return element;
}

/* --- the schema --- */

/* The key as part of a field's name: NULs are shown, an empty key has a name too. */
static void append_name(struct assay_buf *name, const struct json_node *node)
{
    if (!node->key_size)
        assay_buf_text(name, "column_empty");
    for (size_t i = 0; i < node->key_size; i++)
        if (node->key[i])
            assay_buf_char(name, node->key[i]);
        else
            assay_buf_text(name, "\\u0000");
}

static void settle_role(const struct assay_json_fields *fields, struct json_node *node)
{
    node->role = JSON_ROLE_CELL;
    node->descend = false;
    if (node->seen == JSON_SEEN_OBJECT && node->level < ASSAY_JSON_LEVELS) {
        node->role = JSON_ROLE_STRUCT;
        node->descend = true;
    } else if (node->seen == JSON_SEEN_ARRAY && fields->lists && !node->in_list) {
        node->role = JSON_ROLE_LIST;
        node->descend = node->element && node->element->seen == JSON_SEEN_OBJECT &&
                        node->level < ASSAY_JSON_LEVELS;
    }
    if (node->in_list)
        node->role = JSON_ROLE_LIST; /* one entry for each element of the array above */
}

/* Names may meet: {"a.b": 1, "a": {"b": 2}}. The later one gets a number. */
static int add_field(struct assay_json_fields *fields, struct json_node *node, const char *name,
                     struct assay_error *err)
{
    static const struct {
        const char *native;
        enum assay_type type;
        enum assay_layout layout;
    } forms[] = {
        [JSON_ROLE_CELL] = {NULL, ASSAY_TYPE_UNKNOWN, ASSAY_LAYOUT_CELL},
        [JSON_ROLE_STRUCT] = {"object", ASSAY_TYPE_STRUCT, ASSAY_LAYOUT_STRUCT},
        [JSON_ROLE_LIST] = {"array", ASSAY_TYPE_ARRAY, ASSAY_LAYOUT_LIST},
    };
    ASSAY_SCOPED(assay_buf_release) struct assay_buf unique = {0};
    assay_buf_text(&unique, name);
    for (unsigned n = 2; assay_schema_find(&fields->schema, assay_buf_str(&unique)) >= 0; n++) {
        assay_buf_clear(&unique);
        assay_buf_printf(&unique, "%s_%u", name, n);
    }
    ASSAY_TRY(assay_buf_check(&unique, err));
    struct assay_field *field =
        assay_schema_add(&fields->schema, assay_buf_str(&unique), forms[node->role].native,
                         forms[node->role].type, forms[node->role].layout);
    if (!field)
        return assay_fail_memory(err);
    field->nullable = true;
    field->projected = node->level > 1;
    node->field = (ptrdiff_t)fields->schema.count - 1;
    return ASSAY_OK;
}

static int settle(struct assay_json_fields *fields, struct json_node *node, const char *prefix,
                  struct assay_error *err)
{
    for (size_t i = 0; i < node->count; i++) {
        struct json_node *child = node->children[i];
        ASSAY_SCOPED(assay_buf_release) struct assay_buf name = {0};
        assay_buf_text(&name, prefix);
        append_name(&name, child);
        ASSAY_TRY(assay_buf_check(&name, err));
        child->id = (uint32_t)fields->nodes++;
        settle_role(fields, child);
        ASSAY_TRY(add_field(fields, child, assay_buf_str(&name), err));
        if (child->element)
            child->element->id = (uint32_t)fields->nodes++;
        if (!child->descend)
            continue;
        assay_buf_char(&name, '.');
        ASSAY_TRY(assay_buf_check(&name, err));
        struct json_node *holder =
            child->element && child->seen == JSON_SEEN_ARRAY ? child->element : child;
        ASSAY_TRY(settle(fields, holder, assay_buf_str(&name), err));
    }
    return ASSAY_OK;
}

int assay_json_fields_finish(struct assay_json_fields *fields, struct assay_error *err)
{
    fields->nodes = 1;
    return settle(fields, &fields->root, "", err);
}
