/* JSON fields: the tree of keys behind the dotted fields. Private to the JSON reader. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_READ_JSON_FIELDS_H
#define ASSAY_READ_JSON_FIELDS_H

#include "common/base/arena.h"
#include "worker/executor/read/json_fast.h"
#include "worker/executor/read/json_reader.h"
#include "worker/executor/read/json_scan.h"

enum { JSON_MAX_FIELDS = 100000 };
enum { JSON_SEEN_SCALAR = 1, JSON_SEEN_OBJECT = 2, JSON_SEEN_ARRAY = 4 };

enum json_role {
    JSON_ROLE_CELL,   /* scalars, or text of whatever it is */
    JSON_ROLE_STRUCT, /* validity, and fields of its own */
    JSON_ROLE_LIST,   /* elements, and where they are objects fields of theirs */
};

/** A key, the root (no key), or the elements of an array (no key). */
struct json_node {
    const char *key; /* unescaped */
    size_t key_size;
    bool plain;         /* the key stands in a text as it is here: nothing in it is escaped */
    const char *quoted; /* `"key":` in memory for json_fast_equal(); NULL: escaped, or too long */
    size_t quoted_size;
    size_t place; /* among its siblings */
    uint8_t seen;
    uint8_t level; /* names so far; the root has 0 */
    bool in_list;  /* below the elements of an array */
    struct json_node **children;
    size_t count, capacity;
    struct json_node **slots;  /* hash table of the children once there are many; NULL before */
    size_t slots_count;        /* a power of two */
    struct json_node *element; /* arrays */
    /* settled by finish: */
    uint32_t id; /* place in the tree, from 0 */
    enum json_role role;
    bool descend;    /* its members (or its elements' members) are fields */
    ptrdiff_t field; /* in the schema, -1 for root and elements */
};

struct assay_json_fields {
    struct assay_arena arena;
    struct json_node root;
    struct assay_schema schema;
    size_t nodes; /* ids in use after finish */
    bool lists;   /* arrays become lists */
    char *format;
};

/** The child of that key, looked for first at `hint` (the place behind the last one found); NULL
 * when unknown. */
struct json_node *json_find_child(const struct json_node *node, const char *key, size_t key_size,
                                  size_t hint);

/** At the opening quote of a key: past it when it is the child at `hint`, as it mostly is; else
 * NULL and nothing moves. */
static inline struct json_node *json_expected_child(const struct json_node *node,
                                                    struct json_scan *scan, size_t hint)
{
    if (hint >= node->count)
        return NULL;
    struct json_node *child = node->children[hint];
    if (!child->plain || (size_t)(scan->end - scan->at) < child->key_size + 2 ||
        scan->at[1 + child->key_size] != '"' ||
        __builtin_memcmp(scan->at + 1, child->key, child->key_size) != 0)
        return NULL;
    scan->at += child->key_size + 2;
    return child;
}

/** At the opening quote of a key: the first byte of the value when the child at `hint`, or one of
 * the few behind it, comes with no blank between; else NULL. JSON_FAST_PADDING behind end. */
static inline const char *json_fast_child(const struct json_node *node, const char *at,
                                          const char *end, size_t hint,
                                          struct json_node **ret_child)
{
    enum { TRIES = 3 };
    for (size_t i = hint; i < node->count && i < hint + TRIES; i++) {
        struct json_node *child = node->children[i];
        if (child->quoted && (size_t)(end - at) > child->quoted_size &&
            json_fast_equal(at, child->quoted, child->quoted_size)) {
            *ret_child = child;
            return at + child->quoted_size;
        }
    }
    return NULL;
}

/** Make a child of a key that the node lacks; NULL when out of memory. */
struct json_node *json_add_child(struct assay_arena *arena, struct json_node *node, const char *key,
                                 size_t key_size);

/** The node for the elements of an array; NULL when out of memory. */
struct json_node *json_new_element(struct assay_arena *arena, const struct json_node *node);

/** Add the fields of the lines that begin in [begin, end), end 0 = to the end. */
ASSAY_MUST_CHECK int json_learn_lines(struct assay_json_fields *fields, struct assay_source *source,
                                      uint64_t begin, uint64_t end, const atomic_bool *cancelled,
                                      struct assay_error *err);

/** Add what a record shows; JSON_FAST_PADDING behind it. ASSAY_NO_MEMORY, ASSAY_LIMIT; malformed
 * records change nothing. */
ASSAY_MUST_CHECK int json_learn(struct assay_json_fields *fields, const char *record, size_t size,
                                struct assay_error *err);

#endif
