// Relations: containers read, candidates of each rule, put in order.
// SPDX-License-Identifier: Apache-2.0
#include "common/relate/relate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/memory.h"
#include "common/relate/relate_internal.h"

static const char *const type_names[] = {
    [ASSAY_RELATE_INTEGRAL] = "Integral",
    [ASSAY_RELATE_STRING] = "String",
    [ASSAY_RELATE_DATE] = "Date",
    [ASSAY_RELATE_TIMESTAMP] = "Timestamp",
};

/* --- reading --- */

static bool read_type(const json_t *sketch, enum assay_relate_type *ret_type)
{
    const char *name = assay_json_str(sketch, "type", "");
    for (size_t i = 0; i < ASSAY_RELATE_TYPES; i++) {
        if (!strcmp(type_names[i], name)) {
            *ret_type = (enum assay_relate_type)i;
            return true;
        }
    }
    return false;
}

static int read_registers(struct assay_relate *relate, const json_t *sketch,
                          struct assay_relate_field *field, struct assay_error *err)
{
    const json_t *text = assay_json_get(sketch, "registers");
    uint8_t *registers = assay_arena_zalloc(&relate->arena, ASSAY_SKETCH_REGISTERS);
    if (!registers)
        return assay_fail_memory(err);
    if (!assay_sketch_registers_parse(json_string_value(text), json_string_length(text), registers))
        return assay_fail(err, ASSAY_FORMAT, "the sketch of %.100s holds no registers",
                          field->name);
    field->registers = registers;
    return ASSAY_OK;
}

/* *ret_taken: false for a type that is not compared, or too few values. */
static int read_field(struct assay_relate *relate, size_t container, const json_t *sketch,
                      struct assay_relate_field *field, bool *ret_taken, struct assay_error *err)
{
    const json_t *code = assay_json_get(sketch, "code");
    *field = (struct assay_relate_field){
        .container = container,
        .name = assay_json_str(sketch, "field", ""),
        .distinct = assay_json_num(sketch, "distinct", 0),
        .values = assay_json_num(sketch, "values", 0),
        .unique = assay_json_bool(sketch, "unique", false),
        .min = assay_json_num(sketch, "min", (double)NAN),
        .max = assay_json_num(sketch, "max", (double)NAN),
        .shape = assay_json_str(sketch, "shape", ""),
        .prefix = assay_json_str(code, "prefix", NULL),
    };
    field->first = assay_json_num(code, "first", field->min);
    field->last = assay_json_num(code, "last", field->max);
    *ret_taken = read_type(sketch, &field->type) && field->distinct >= ASSAY_RELATE_DISTINCT_MIN &&
                 (!assay_relate_is_ordered(field) || field->min <= field->max);
    if (!*ret_taken)
        return ASSAY_OK;
    if (!assay_words_of_field(field->name, &relate->arena, &field->words))
        return assay_fail_memory(err);
    return read_registers(relate, sketch, field, err);
}

/* FNV-1a. */
static uint64_t hash_more(uint64_t hash, const char *text)
{
    do
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001B3);
    while (*text++);
    return hash;
}

static int compare_signs(const void *a, const void *b)
{
    const struct assay_relate_sign *x = a, *y = b;
    if (x->name_type != y->name_type)
        return x->name_type < y->name_type ? -1 : 1;
    return (x->digest > y->digest) - (x->digest < y->digest);
}

static int sign(struct assay_relate *relate, struct assay_relate_container *container,
                struct assay_error *err)
{
    const uint64_t basis = UINT64_C(0xCBF29CE484222325);
    const size_t count = json_array_size(container->all);
    container->signature =
        assay_arena_zalloc(&relate->arena, (count + 1) * sizeof *container->signature);
    if (!container->signature)
        return assay_fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        const json_t *field = json_array_get(container->all, i);
        container->signature[i] = (struct assay_relate_sign){
            .name_type = hash_more(hash_more(basis, assay_json_str(field, "name", "")),
                                   assay_json_str(field, "type", "")),
            .digest = hash_more(basis, assay_json_str(field, "digest", ""))};
    }
    container->signature_count = count;
    qsort(container->signature, count, sizeof *container->signature, compare_signs);
    return ASSAY_OK;
}

static int read_container(struct assay_relate *relate, size_t index, const json_t *from,
                          struct assay_error *err)
{
    struct assay_relate_container *container = &relate->containers[index];
    const json_t *own = assay_json_get(from, "sketches");
    const json_t *list = assay_json_get(own, "sketches");
    *container = (struct assay_relate_container){.name = assay_json_str(from, "name", ""),
                                                 .datastore = assay_json_int(from, "datastore", 0),
                                                 .records = assay_json_num(own, "records", 0),
                                                 .all = assay_json_get(own, "fields"),
                                                 .replica_of = index};
    if (!assay_words_of_container(container->name, &relate->arena, &container->words))
        return assay_fail_memory(err);
    ASSAY_TRY(sign(relate, container, err));
    if (assay_json_int(own, "v", 0) != ASSAY_RELATE_VERSION || !json_array_size(list))
        return ASSAY_OK;
    container->fields =
        assay_arena_zalloc(&relate->arena, json_array_size(list) * sizeof *container->fields);
    if (!container->fields)
        return assay_fail_memory(err);
    for (size_t i = 0; i < json_array_size(list); i++) {
        bool taken;
        ASSAY_TRY(read_field(relate, index, json_array_get(list, i),
                             &container->fields[container->fields_count], &taken, err));
        container->fields_count += taken;
    }
    return ASSAY_OK;
}

static int read_containers(struct assay_relate *relate, const json_t *containers,
                           struct assay_error *err)
{
    relate->count = json_array_size(containers);
    relate->containers =
        assay_arena_zalloc(&relate->arena, (relate->count + 1) * sizeof *relate->containers);
    if (!relate->containers)
        return assay_fail_memory(err);
    for (size_t i = 0; i < relate->count; i++)
        ASSAY_TRY(read_container(relate, i, json_array_get(containers, i), err));
    return ASSAY_OK;
}

/* --- of fields --- */

double assay_relate_density(const struct assay_relate_field *field)
{
    return fmin(1, field->distinct / (field->last - field->first + 1));
}

bool assay_relate_is_key(const struct assay_relate *relate, const struct assay_relate_field *field)
{
    return field->unique && field->values >= 0.9 * relate->containers[field->container].records;
}

double assay_relate_likeness(const struct assay_relate_container *a,
                             const struct assay_relate_container *b)
{
    size_t i = 0, j = 0, both = 0;
    while (i < a->signature_count && j < b->signature_count) {
        const uint64_t x = a->signature[i].name_type, y = b->signature[j].name_type;
        both += x == y;
        i += x <= y;
        j += y <= x;
    }
    const size_t any = a->signature_count + b->signature_count - both;
    return any ? (double)both / (double)any : 0;
}

/* --- writing --- */

static json_t *rounded(double value)
{
    const double unit = 1e6;
    return json_real(round(value * unit) / unit);
}

static json_t *metadata_of(const struct assay_relate_evidence *evidence)
{
    return json_pack("{s:{s:s, s:i, s:o, s:o, s:i}}", "inference", "method", "overlap", "level", 4,
                     "overlap", rounded(evidence->overlap), "chance", rounded(evidence->chance),
                     "names", (int)evidence->names);
}

int assay_relate_push(struct assay_relate *relate, size_t of, size_t ref, const char *rule,
                      json_t *fields, json_t *properties,
                      const struct assay_relate_evidence *evidence, const char *description,
                      struct assay_error *err)
{
    return assay_json_push(relate->candidates,
                           json_pack("{s:I, s:I, s:{s:s, s:o, s:o, s:s, s:o}}", "of",
                                     (json_int_t)of, "ref", (json_int_t)ref, "check", "rule", rule,
                                     "fields", fields, "properties", properties, "description",
                                     description, "additional_metadata", metadata_of(evidence)),
                           err);
}

/* Each rule gives its candidates in the order of `of`: a stable sort keeps what it gave. */
static int order(json_t *candidates, size_t count, json_t **ret_ordered, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *lists = json_array();
    ASSAY_AUTO(assay_json_decref) json_t *ordered = json_array();
    if (!lists || !ordered)
        return assay_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        ASSAY_TRY(assay_json_push(lists, json_array(), err));
    for (size_t i = 0; i < json_array_size(candidates); i++) {
        json_t *candidate = json_array_get(candidates, i);
        json_t *list = json_array_get(lists, (size_t)assay_json_int(candidate, "of", 0));
        ASSAY_TRY(assay_json_push(list, json_incref(candidate), err));
    }
    for (size_t i = 0; i < count; i++) {
        if (json_array_extend(ordered, json_array_get(lists, i)))
            return assay_fail_memory(err);
    }
    *ret_ordered = ASSAY_TAKE(ordered);
    return ASSAY_OK;
}

static int relate_all(struct assay_relate *relate, const json_t *containers,
                      json_t **ret_candidates, struct assay_error *err)
{
    if (!relate->candidates)
        return assay_fail_memory(err);
    ASSAY_TRY(read_containers(relate, containers, err));
    ASSAY_TRY(assay_relate_replicas(relate, err));
    ASSAY_TRY(assay_relate_exists(relate, err));
    ASSAY_TRY(assay_relate_apart(relate, err));
    return order(relate->candidates, relate->count, ret_candidates, err);
}

int assay_relate(const json_t *containers, json_t **ret_candidates, struct assay_error *err)
{
    struct assay_relate relate = {.candidates = json_array()};
    const int rc = relate_all(&relate, containers, ret_candidates, err);
    json_decref(relate.candidates);
    assay_arena_release(&relate.arena);
    return rc;
}
