// Learning the fields of JSON texts.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/read/json_fields.h"
#include "worker/executor/read/json_records.h"

enum {
    SAMPLE_HEAD = 1 << 20,
    SAMPLE_SPOT = 1 << 18,
    SAMPLE_SPOTS = 12,
    SAMPLE_STREAM = 4 << 20,
    RECORD_BYTES = 64 << 20
};

/* One record being looked at. */
struct learner {
    struct assay_json_fields *fields;
    struct json_scan scan;
    const char *record;
    bool valid; /* the record was checked as a whole: it may change the tree */
    int rc;
};

/* Before the first change: only a well-formed record may make one. */
static bool may_change(struct learner *learner)
{
    if (learner->valid)
        return true;
    struct json_scan scan = {learner->record, learner->scan.end, NULL};
    json_skip_space(&scan);
    if (!json_scan_value(&scan, 0))
        return false;
    json_skip_space(&scan);
    learner->valid = scan.at == scan.end;
    return learner->valid;
}

static bool mark(struct learner *learner, struct json_node *node, uint8_t seen)
{
    if (node->seen & seen)
        return true;
    if (!may_change(learner))
        return false;
    node->seen |= seen;
    return true;
}

static bool fail_memory(struct learner *learner)
{
    learner->rc = ASSAY_NO_MEMORY;
    return false;
}

static struct json_node *learn_key(struct learner *learner, struct json_node *node,
                                   const struct json_string *string, size_t hint)
{
    const char *key = string->data;
    size_t size = string->size;
    ASSAY_AUTO(assay_free_text) char *plain = NULL;
    if (string->escaped) {
        plain = assay_malloc(size);
        if (!plain)
            return fail_memory(learner), NULL;
        (void)json_unescape(string, plain, &size);
        key = plain;
    }
    struct json_node *child = json_find_child(node, key, size, hint);
    if (child || !may_change(learner))
        return child;
    if (++learner->fields->nodes > JSON_MAX_FIELDS) {
        learner->rc = ASSAY_LIMIT;
        return NULL;
    }
    child = json_add_child(&learner->fields->arena, node, key, size);
    if (!child)
        (void)fail_memory(learner);
    return child;
}

static bool learn_value(struct learner *learner, struct json_node *node);

/* A scalar under an expected key, seen there before: past it. NULL: look at the member closely. */
static struct json_node *learn_usual(struct learner *learner, const struct json_node *node,
                                     size_t hint)
{
    struct json_scan *scan = &learner->scan;
    struct json_node *child;
    const char *start = json_fast_child(node, scan->at, scan->end, hint, &child);
    const char *behind = start ? json_fast_scalar(start, scan->end) : NULL;
    if (!behind || (!(child->seen & JSON_SEEN_SCALAR) && *start != 'n'))
        return NULL;
    scan->at = behind;
    return child;
}

static struct json_node *learn_member(struct learner *learner, struct json_node *node, size_t hint)
{
    struct json_scan *scan = &learner->scan;
    struct json_string string;
    json_skip_space(scan);
    if (scan->at == scan->end || *scan->at != '"')
        return NULL;
    struct json_node *child = json_expected_child(node, scan, hint);
    if (!child && !json_scan_string(scan, &string))
        return NULL;
    json_skip_space(scan);
    if (scan->at == scan->end || *scan->at++ != ':')
        return NULL;
    if (!child)
        child = learn_key(learner, node, &string, hint);
    json_skip_space(scan);
    if (!child || !learn_value(learner, child))
        return NULL;
    json_skip_space(scan);
    return child;
}

static bool learn_members(struct learner *learner, struct json_node *node)
{
    struct json_scan *scan = &learner->scan;
    scan->at++;
    json_skip_space(scan);
    if (scan->at < scan->end && *scan->at == '}') {
        scan->at++;
        return true;
    }
    for (size_t hint = 0;;) {
        const struct json_node *child = learn_usual(learner, node, hint);
        if (!child && !(child = learn_member(learner, node, hint)))
            return false;
        hint = child->place + 1;
        if (scan->at == scan->end || (*scan->at != ',' && *scan->at != '}'))
            return false;
        if (*scan->at++ == '}')
            return true;
    }
}

static bool learn_elements(struct learner *learner, struct json_node *node)
{
    struct json_scan *scan = &learner->scan;
    if (!node->element) {
        if (!may_change(learner))
            return false;
        node->element = json_new_element(&learner->fields->arena, node);
        if (!node->element)
            return fail_memory(learner);
    }
    scan->at++;
    json_skip_space(scan);
    if (scan->at < scan->end && *scan->at == ']') {
        scan->at++;
        return true;
    }
    for (;;) {
        json_skip_space(scan);
        if (!learn_value(learner, node->element))
            return false;
        json_skip_space(scan);
        if (scan->at == scan->end || (*scan->at != ',' && *scan->at != ']'))
            return false;
        if (*scan->at++ == ']')
            return true;
    }
}

static bool learn_value(struct learner *learner, struct json_node *node)
{
    struct json_scan *scan = &learner->scan;
    if (scan->at == scan->end)
        return false;
    if (*scan->at == '{') {
        if (!mark(learner, node, JSON_SEEN_OBJECT))
            return false;
        return node->level < ASSAY_JSON_LEVELS ? learn_members(learner, node)
                                               : json_scan_value(scan, node->level);
    }
    if (*scan->at == '[') {
        if (!mark(learner, node, JSON_SEEN_ARRAY))
            return false;
        return learner->fields->lists && !node->in_list ? learn_elements(learner, node)
                                                        : json_scan_value(scan, node->level);
    }
    if (*scan->at != 'n' && !mark(learner, node, JSON_SEEN_SCALAR))
        return false;
    return json_scan_value(scan, node->level);
}

int json_learn(struct assay_json_fields *fields, const char *record, size_t size,
               struct assay_error *err)
{
    struct learner learner = {
        .fields = fields, .scan = {record, record + size, NULL}, .record = record};
    json_skip_space(&learner.scan);
    if (learner.scan.at < learner.scan.end && *learner.scan.at == '{')
        (void)learn_members(&learner, &fields->root);
    if (learner.rc == ASSAY_LIMIT)
        return assay_fail(err, ASSAY_LIMIT, "more than %d different fields", JSON_MAX_FIELDS);
    return learner.rc == ASSAY_OK ? ASSAY_OK : assay_fail_memory(err);
}

/* All records of a range, or those that begin in the first max_bytes. */
static int learn_range(struct assay_json_fields *fields, struct json_records *records,
                       uint64_t max_bytes, const atomic_bool *cancelled, struct assay_error *err)
{
    const uint64_t from = records->offset;
    for (uint64_t count = 0;; count++) {
        enum json_step step;
        struct json_record record;
        ASSAY_TRY(json_records_next(records, true, &step, &record, err));
        if (step == JSON_STEP_END || record.offset - from > max_bytes)
            return ASSAY_OK;
        if (!record.fault)
            ASSAY_TRY(json_learn(fields, record.data, record.size, err));
        if (!(count & 1023) && cancelled && atomic_load(cancelled))
            return assay_fail(err, ASSAY_CANCELLED, "looking for fields: cancelled");
    }
}

int json_learn_lines(struct assay_json_fields *fields, struct assay_source *source, uint64_t begin,
                     uint64_t end, const atomic_bool *cancelled, struct assay_error *err)
{
    ASSAY_SCOPED(json_records_release) struct json_records records = {0};
    ASSAY_TRY(json_records_start(&records, source, "jsonl", begin, end, RECORD_BYTES, err));
    return learn_range(fields, &records, UINT64_MAX, cancelled, err);
}

static int learn_spots(struct assay_json_fields *fields, struct assay_source *source,
                       const atomic_bool *cancelled, struct assay_error *err)
{
    const uint64_t step = assay_source_size(source) / (SAMPLE_SPOTS + 1);
    for (uint64_t spot = 1; spot <= SAMPLE_SPOTS; spot++) {
        ASSAY_TRY(json_learn_lines(fields, source, step * spot, step * spot + SAMPLE_SPOT,
                                   cancelled, err));
    }
    return ASSAY_OK;
}

int assay_json_fields_add(struct assay_json_fields *fields, struct assay_source *source,
                          bool sample, const atomic_bool *cancelled, struct assay_error *err)
{
    ASSAY_SCOPED(json_records_release) struct json_records records = {0};
    ASSAY_TRY(json_records_start(&records, source, fields->format, 0, 0, RECORD_BYTES, err));
    if (!sample)
        return learn_range(fields, &records, UINT64_MAX, cancelled, err);
    const bool spots = records.shape == ASSAY_JSON_LINES && assay_source_seekable(source) &&
                       assay_source_size(source) > SAMPLE_STREAM;
    ASSAY_TRY(learn_range(fields, &records, spots ? SAMPLE_HEAD : SAMPLE_STREAM, cancelled, err));
    return spots ? learn_spots(fields, source, cancelled, err) : ASSAY_OK;
}
