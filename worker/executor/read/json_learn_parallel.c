// Learning the fields of a large text of JSON lines with several threads.
// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>

#include "common/base/memory.h"
#include "worker/executor/read/json_fields.h"

enum { MAX_PARTS = 8 };
#define LEAST_PART_BYTES (UINT64_C(16) << 20)

/* One thread's share: owned by the thread until it is joined. */
struct part {
    const char *path, *encoding;
    const json_t *options; /* immutable while the threads run */
    uint64_t begin, end;
    const atomic_bool *cancelled;
    struct assay_json_fields *fields;
    struct assay_error err;
    int rc;
    pthread_t thread;
    bool running;
};

static int learn_part(struct part *part)
{
    ASSAY_AUTO(assay_source_close) struct assay_source *source = NULL;
    ASSAY_TRY(assay_json_fields_new(part->options, &part->fields, &part->err));
    ASSAY_TRY(assay_source_open(part->path, part->encoding, &source, &part->err));
    return json_learn_lines(part->fields, source, part->begin, part->end, part->cancelled,
                            &part->err);
}

static void *run_part(void *argument)
{
    struct part *part = argument;
    part->rc = learn_part(part);
    return NULL;
}

/* Take over what another tree has, its keys behind ours. */
static int merge(struct assay_json_fields *fields, struct json_node *into,
                 const struct json_node *from, struct assay_error *err)
{
    into->seen |= from->seen;
    for (size_t i = 0; i < from->count; i++) {
        const struct json_node *child = from->children[i];
        struct json_node *known = json_find_child(into, child->key, child->key_size, i);
        if (!known) {
            known = json_add_child(&fields->arena, into, child->key, child->key_size);
            if (!known)
                return assay_fail_memory(err);
            if (++fields->nodes > JSON_MAX_FIELDS)
                return assay_fail(err, ASSAY_LIMIT, "more than %d different fields",
                                  JSON_MAX_FIELDS);
        }
        ASSAY_TRY(merge(fields, known, child, err));
    }
    if (!from->element)
        return ASSAY_OK;
    if (!into->element && !(into->element = json_new_element(&fields->arena, into)))
        return assay_fail_memory(err);
    return merge(fields, into->element, from->element, err);
}

static int join_parts(struct assay_json_fields *fields, struct part *parts, size_t count,
                      struct assay_error *err)
{
    int rc = ASSAY_OK;
    for (size_t i = 0; i < count; i++) {
        struct part *part = &parts[i];
        if (part->running)
            (void)pthread_join(part->thread, NULL);
        if (rc == ASSAY_OK && part->rc != ASSAY_OK)
            rc = assay_fail(err, part->rc, "%s", part->err.text);
        if (rc == ASSAY_OK)
            rc = merge(fields, &fields->root, &part->fields->root, err);
        assay_json_fields_free(part->fields);
    }
    return rc;
}

static int learn_parts(struct assay_json_fields *fields, struct part model, uint64_t size,
                       size_t count, struct assay_error *err)
{
    struct part parts[MAX_PARTS];
    ASSAY_AUTO(assay_json_decref)
    json_t *options = json_pack("{s:s, s:s}", "format", fields->format, "arrays",
                                fields->lists ? "list" : "text");
    if (!options)
        return assay_fail_memory(err);
    model.options = options;
    for (size_t i = 0; i < count; i++) {
        parts[i] = model;
        parts[i].begin = size / count * i;
        parts[i].end = i + 1 == count ? 0 : size / count * (i + 1);
        parts[i].running = i && pthread_create(&parts[i].thread, NULL, run_part, &parts[i]) == 0;
    }
    for (size_t i = 0; i < count; i++) /* the first part, and those that found no thread */
        if (!parts[i].running)
            (void)run_part(&parts[i]);
    return join_parts(fields, parts, count, err);
}

int assay_json_fields_add_file(struct assay_json_fields *fields, const char *path,
                               const char *encoding, int threads, const atomic_bool *cancelled,
                               struct assay_error *err)
{
    ASSAY_AUTO(assay_source_close) struct assay_source *source = NULL;
    enum assay_json_shape shape;
    ASSAY_TRY(assay_source_open(path, encoding, &source, err));
    const uint64_t size = assay_source_seekable(source) ? assay_source_size(source) : 0;
    size_t count = size / LEAST_PART_BYTES;
    count = count > MAX_PARTS ? MAX_PARTS : count;
    count = threads < 1 ? 1 : count > (size_t)threads ? (size_t)threads : count;
    if (count > 1) {
        ASSAY_AUTO(assay_json_decref)
        json_t *options = json_pack("{s:s}", "format", fields->format);
        if (!options)
            return assay_fail_memory(err);
        ASSAY_TRY(assay_json_shape_find(source, options, &shape, err));
        if (shape == ASSAY_JSON_LINES) {
            const struct part model = {.path = path, .encoding = encoding, .cancelled = cancelled};
            return learn_parts(fields, model, size, count, err);
        }
    }
    return assay_json_fields_add(fields, source, false, cancelled, err);
}
