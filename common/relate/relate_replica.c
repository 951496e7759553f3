// isReplicaOf: containers of the same fields, records and values.
// SPDX-License-Identifier: Apache-2.0
#include "common/relate/relate_internal.h"

static const struct assay_relate_field *find(const struct assay_relate_container *container,
                                             const char *name)
{
    for (size_t i = 0; i < container->fields_count; i++) {
        if (!strcmp(container->fields[i].name, name))
            return &container->fields[i];
    }
    return NULL;
}

/* Figures of all fields, also of those without a sketch. */
static bool has_digests_of(const struct assay_relate_container *a,
                           const struct assay_relate_container *b)
{
    for (size_t i = 0; i < a->signature_count; i++) {
        if (a->signature[i].digest != b->signature[i].digest)
            return false;
    }
    return true;
}

static bool look_the_same(const struct assay_relate_container *a,
                          const struct assay_relate_container *b)
{
    if (a->records != b->records || a->fields_count != b->fields_count || !a->fields_count ||
        a->signature_count != b->signature_count || assay_relate_likeness(a, b) < 1 ||
        !has_digests_of(a, b))
        return false;
    for (size_t i = 0; i < a->fields_count; i++) {
        const struct assay_relate_field *own = &a->fields[i], *other = find(b, own->name);
        if (!other || own->type != other->type || own->values != other->values ||
            !assay_relate_same_registers(own, other))
            return false;
    }
    return true;
}

/* Names of the fields that can be compared. */
static int names_of(const struct assay_relate_container *container, json_t **ret_names,
                    struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *names = json_array();
    for (size_t i = 0; i < json_array_size(container->all); i++) {
        const json_t *field = json_array_get(container->all, i);
        const char *type = assay_json_str(field, "type", "");
        if (strcmp(type, "Array") != 0 && strcmp(type, "Struct") != 0)
            ASSAY_TRY(assay_json_push(names, json_string(assay_json_str(field, "name", "")), err));
    }
    if (!names)
        return assay_fail_memory(err);
    *ret_names = ASSAY_TAKE(names);
    return ASSAY_OK;
}

static int push(struct assay_relate *relate, size_t of, size_t ref, struct assay_error *err)
{
    const struct assay_relate_evidence evidence = {.overlap = 1, .names = ASSAY_NAMES_NONE};
    json_t *names = NULL;
    ASSAY_TRY(names_of(&relate->containers[of], &names, err));
    char *description = assay_arena_printf(&relate->arena, "the records are those of %s",
                                           relate->containers[ref].name);
    if (!description) {
        json_decref(names);
        return assay_fail_memory(err);
    }
    return assay_relate_push(relate, of, ref, "isReplicaOf", names, json_object(), &evidence,
                             description, err);
}

int assay_relate_replicas(struct assay_relate *relate, struct assay_error *err)
{
    for (size_t i = 0; i < relate->count; i++) {
        struct assay_relate_container *container = &relate->containers[i];
        for (size_t j = 0; j < i && container->replica_of == i; j++) {
            if (relate->containers[j].replica_of == j &&
                look_the_same(container, &relate->containers[j]))
                container->replica_of = j;
        }
        if (container->replica_of != i)
            ASSAY_TRY(push(relate, i, container->replica_of, err));
    }
    return ASSAY_OK;
}
