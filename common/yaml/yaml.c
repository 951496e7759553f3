// YAML to JSON values: libyaml's events become jansson nodes with place and source text.
// SPDX-License-Identifier: Apache-2.0
#include "common/yaml/yaml.h"

#include <string.h>
#include <yaml.h>

#include "common/base/memory.h"
#include "common/yaml/json_text.h"
#include "common/yaml/places.h"
#include "common/yaml/scalar.h"

#define DEPTH_MAX       100    /* open collections */
#define ALIAS_NODES_MAX 100000 /* nodes that aliases may add in all */

struct assay_yaml {
    json_t *root;
    struct assay_places places;
    bool no_lines;
};

struct anchor {
    char *name;
    json_t *node; /* borrowed from the tree */
    size_t nodes; /* below and with it, aliases expanded */
};

struct builder {
    yaml_parser_t parser;
    const char *name;
    struct assay_yaml *yaml;
    struct anchor *anchors;
    size_t anchors_count;
    size_t alias_nodes;
    const char *last_text; /* of the last scalar, in the places' memory; NULL after an alias */
    int depth;
    struct assay_error *err;
};

static int fail_at(struct builder *b, yaml_mark_t mark, const char *text, const char *detail)
{
    return assay_fail(b->err, ASSAY_FORMAT, "%s: line %zu, column %zu: %s%s", b->name,
                      mark.line + 1, mark.column + 1, text, detail);
}

static int next_event(struct builder *b, yaml_event_t *event)
{
    if (yaml_parser_parse(&b->parser, event))
        return ASSAY_OK;
    if (b->parser.error == YAML_MEMORY_ERROR)
        return assay_fail_memory(b->err);
    if (b->parser.error == YAML_READER_ERROR)
        return assay_fail(b->err, ASSAY_FORMAT, "%s: byte %zu: %s", b->name,
                          b->parser.problem_offset, b->parser.problem);
    return fail_at(b, b->parser.problem_mark, b->parser.problem ? b->parser.problem : "malformed",
                   "");
}

static int keep_anchor(struct builder *b, const yaml_char_t *name, json_t *node, size_t nodes)
{
    if (!name)
        return ASSAY_OK;
    struct anchor *anchors = assay_reallocarray(b->anchors, b->anchors_count + 1, sizeof *anchors);
    if (!anchors)
        return assay_fail_memory(b->err);
    b->anchors = anchors;
    char *copy = assay_strdup((const char *)name);
    if (!copy)
        return assay_fail_memory(b->err);
    anchors[b->anchors_count++] = (struct anchor){.name = copy, .node = node, .nodes = nodes};
    return ASSAY_OK;
}

/* An alias shares the anchored node; what it would expand to is counted against the bound. */
static int take_alias(struct builder *b, const yaml_event_t *event, json_t **ret_node,
                      size_t *ret_nodes)
{
    const char *wanted = (const char *)event->data.alias.anchor;
    for (size_t i = b->anchors_count; i-- > 0;) {
        const struct anchor *anchor = &b->anchors[i];
        if (strcmp(anchor->name, wanted))
            continue;
        b->alias_nodes += anchor->nodes;
        if (b->alias_nodes > ALIAS_NODES_MAX)
            return fail_at(b, event->start_mark, "aliases expand to more than 100,000 nodes", "");
        b->last_text = NULL;
        *ret_node = json_incref(anchor->node);
        *ret_nodes = anchor->nodes;
        return ASSAY_OK;
    }
    return fail_at(b, event->start_mark, "no anchor before this alias has the name ", wanted);
}

static int line_of(const yaml_event_t *event)
{
    return (int)event->start_mark.line + 1;
}

static int column_of(const yaml_event_t *event)
{
    return (int)event->start_mark.column + 1;
}

/* jansson has one node for all of true, false and null: their place is kept with the member or item
 * instead. */
static bool is_singleton(const json_t *node)
{
    return json_is_boolean(node) || json_is_null(node);
}

static int take_scalar(struct builder *b, const yaml_event_t *event, json_t **ret_node)
{
    const char *text = (const char *)event->data.scalar.value;
    const size_t size = event->data.scalar.length;
    const char *tag = (const char *)event->data.scalar.tag;
    json_t *node = NULL;
    if (!assay_yaml_scalar(text, size, tag, event->data.scalar.plain_implicit != 0, &node))
        return fail_at(b, event->start_mark, "this tag is not of YAML's core schema: ", tag);
    if (!node)
        return assay_fail_memory(b->err);
    b->last_text = assay_places_copy(&b->yaml->places, text, size);
    const struct assay_place place = {
        .node = node, .line = line_of(event), .column = column_of(event), .text = b->last_text};
    if (!b->last_text || (!is_singleton(node) && !assay_places_add(&b->yaml->places, &place))) {
        json_decref(node);
        return assay_fail_memory(b->err);
    }
    *ret_node = node;
    return ASSAY_OK;
}

static int take_node(struct builder *b, yaml_event_t *event, json_t **ret_node, size_t *ret_nodes);

static int next_node(struct builder *b, json_t **ret_node, size_t *ret_nodes)
{
    yaml_event_t event;
    ASSAY_TRY(next_event(b, &event));
    const int code = take_node(b, &event, ret_node, ret_nodes);
    yaml_event_delete(&event);
    return code;
}

static int take_item(struct builder *b, json_t *array, yaml_event_t *event, size_t *nodes)
{
    json_t *item = NULL;
    size_t more = 0;
    ASSAY_TRY(take_node(b, event, &item, &more));
    *nodes += more;
    const struct assay_place place = {.node = array,
                                      .index = json_array_size(array) + 1,
                                      .line = line_of(event),
                                      .column = column_of(event),
                                      .text = b->last_text};
    const bool kept = !is_singleton(item) || assay_places_add(&b->yaml->places, &place);
    return json_array_append_new(array, item) || !kept ? assay_fail_memory(b->err) : ASSAY_OK;
}

static int fill_array(struct builder *b, json_t *array, size_t *nodes)
{
    for (;;) {
        yaml_event_t event;
        ASSAY_TRY(next_event(b, &event));
        const bool end = event.type == YAML_SEQUENCE_END_EVENT;
        const int code = end ? ASSAY_OK : take_item(b, array, &event, nodes);
        yaml_event_delete(&event);
        if (end || code != ASSAY_OK)
            return code;
    }
}

static int take_member(struct builder *b, json_t *object, const yaml_event_t *key, size_t *nodes)
{
    if (key->type != YAML_SCALAR_EVENT)
        return fail_at(b, key->start_mark, "a key must be a plain word or a text", "");
    const char *name = (const char *)key->data.scalar.value;
    if (strlen(name) != key->data.scalar.length)
        return fail_at(b, key->start_mark, "a key holds a NUL character", "");
    if (json_object_get(object, name))
        return fail_at(b, key->start_mark, "this key stands twice: ", name);
    json_t *value = NULL;
    size_t more = 0;
    ASSAY_TRY(next_node(b, &value, &more));
    *nodes += more;
    const struct assay_place place = {.node = object,
                                      .key =
                                          assay_places_copy(&b->yaml->places, name, strlen(name)),
                                      .line = line_of(key),
                                      .column = column_of(key),
                                      .text = is_singleton(value) ? b->last_text : NULL};
    const bool kept = place.key && assay_places_add(&b->yaml->places, &place);
    return json_object_set_new(object, name, value) || !kept ? assay_fail_memory(b->err) : ASSAY_OK;
}

static int fill_object(struct builder *b, json_t *object, size_t *nodes)
{
    for (;;) {
        yaml_event_t event;
        ASSAY_TRY(next_event(b, &event));
        const bool end = event.type == YAML_MAPPING_END_EVENT;
        const int code = end ? ASSAY_OK : take_member(b, object, &event, nodes);
        yaml_event_delete(&event);
        if (end || code != ASSAY_OK)
            return code;
    }
}

static int take_collection(struct builder *b, const yaml_event_t *event, json_t **ret_node,
                           size_t *ret_nodes)
{
    const bool is_array = event->type == YAML_SEQUENCE_START_EVENT;
    const char *tag =
        (const char *)(is_array ? event->data.sequence_start.tag : event->data.mapping_start.tag);
    if (tag && strcmp(tag, is_array ? YAML_SEQ_TAG : YAML_MAP_TAG))
        return fail_at(b, event->start_mark, "this tag is not of YAML's core schema: ", tag);
    if (b->depth == DEPTH_MAX)
        return fail_at(b, event->start_mark, "nested more than 100 deep", "");
    ASSAY_AUTO(assay_json_decref) json_t *node = is_array ? json_array() : json_object();
    const struct assay_place place = {
        .node = node, .line = line_of(event), .column = column_of(event)};
    if (!node || !assay_places_add(&b->yaml->places, &place))
        return assay_fail_memory(b->err);
    size_t nodes = 1;
    b->depth++;
    ASSAY_TRY(is_array ? fill_array(b, node, &nodes) : fill_object(b, node, &nodes));
    b->depth--;
    *ret_node = ASSAY_TAKE(node);
    *ret_nodes = nodes;
    return ASSAY_OK;
}

static int take_node(struct builder *b, yaml_event_t *event, json_t **ret_node, size_t *ret_nodes)
{
    if (event->type == YAML_ALIAS_EVENT)
        return take_alias(b, event, ret_node, ret_nodes);
    json_t *node = NULL;
    size_t nodes = 1;
    const yaml_char_t *anchor = NULL;
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        ASSAY_TRY(take_scalar(b, event, &node));
    } else if (event->type == YAML_SEQUENCE_START_EVENT ||
               event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->type == YAML_SEQUENCE_START_EVENT ? event->data.sequence_start.anchor
                                                          : event->data.mapping_start.anchor;
        ASSAY_TRY(take_collection(b, event, &node, &nodes));
    } else {
        return fail_at(b, event->start_mark, "a value was expected here", "");
    }
    const int code = keep_anchor(b, anchor, node, nodes);
    if (code != ASSAY_OK) {
        json_decref(node);
        return code;
    }
    *ret_node = node;
    *ret_nodes = nodes;
    return ASSAY_OK;
}

/* Stream start, one document, stream end. An empty stream gives null. */
static int build(struct builder *b)
{
    yaml_event_t event;
    for (int documents = 0;;) {
        ASSAY_TRY(next_event(b, &event));
        const yaml_event_type_t type = event.type;
        const yaml_mark_t mark = event.start_mark;
        yaml_event_delete(&event);
        if (type == YAML_STREAM_END_EVENT)
            return ASSAY_OK;
        if (type != YAML_DOCUMENT_START_EVENT)
            continue;
        if (documents++)
            return fail_at(b, mark, "a second document begins here: only one is read", "");
        size_t nodes = 0;
        json_decref(b->yaml->root);
        b->yaml->root = NULL;
        ASSAY_TRY(next_node(b, &b->yaml->root, &nodes));
    }
}

int assay_yaml_parse(const char *text, size_t size_bytes, const char *name,
                     struct assay_yaml **ret_yaml, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf plain = {0};
    ASSAY_TRY(assay_json_text_prepare(&text, &size_bytes, &plain, err));
    ASSAY_AUTO(assay_yaml_free) struct assay_yaml *yaml = assay_calloc(1, sizeof *yaml);
    struct builder b = {.name = name, .yaml = yaml, .err = err};
    if (!yaml || !yaml_parser_initialize(&b.parser))
        return assay_fail_memory(err);
    yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b.parser, (const unsigned char *)text, size_bytes);
    yaml->root = json_null();
    int code = build(&b);
    yaml_parser_delete(&b.parser);
    for (size_t i = 0; i < b.anchors_count; i++)
        assay_free(b.anchors[i].name);
    assay_free(b.anchors);
    if (code == ASSAY_OK)
        *ret_yaml = ASSAY_TAKE(yaml);
    return code;
}

void assay_yaml_free(struct assay_yaml *yaml)
{
    if (!yaml)
        return;
    json_decref(yaml->root);
    assay_places_release(&yaml->places);
    assay_free(yaml);
}

json_t *assay_yaml_root(const struct assay_yaml *yaml)
{
    return yaml->root;
}

int assay_yaml_line(const struct assay_yaml *yaml, const json_t *node)
{
    const struct assay_place *place = assay_places_find(&yaml->places, node, NULL, 0);
    return place && !yaml->no_lines ? place->line : 0;
}

void assay_yaml_forget_lines(struct assay_yaml *yaml)
{
    yaml->no_lines = true;
}

const char *assay_yaml_text(const struct assay_yaml *yaml, const json_t *node)
{
    const struct assay_place *place = assay_places_find(&yaml->places, node, NULL, 0);
    return place ? place->text : NULL;
}

int assay_yaml_key_line(const struct assay_yaml *yaml, const json_t *object, const char *key)
{
    const struct assay_place *place = assay_places_find(&yaml->places, object, key, 0);
    return place && !yaml->no_lines ? place->line : assay_yaml_line(yaml, object);
}

const char *assay_yaml_member_text(const struct assay_yaml *yaml, const json_t *object,
                                   const char *key)
{
    const struct assay_place *place = assay_places_find(&yaml->places, object, key, 0);
    return place && place->text ? place->text : assay_yaml_text(yaml, json_object_get(object, key));
}

const char *assay_yaml_item_text(const struct assay_yaml *yaml, const json_t *array, size_t index)
{
    const struct assay_place *place = assay_places_find(&yaml->places, array, NULL, index + 1);
    return place && place->text ? place->text : assay_yaml_text(yaml, json_array_get(array, index));
}
