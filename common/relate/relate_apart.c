// notExistsIn: keys of siblings that never meet, though chance would have made them.
// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <stdlib.h>

#include "common/base/memory.h"
#include "common/relate/relate_internal.h"

#define LIKENESS_MIN 0.8   /* of the containers' fields */
#define MEETINGS_MIN 10    /* by chance, had the values nothing to do with each other */
#define UNION_ERROR  0.023 /* relative standard error of the union's distinct values */

/* How many values two keys would have in common if each took its own at random between its least
 * and its greatest. */
static double meetings(const struct assay_relate_field *a, const struct assay_relate_field *b)
{
    const double from = fmax(a->first, b->first), to = fmin(a->last, b->last);
    const bool codes = a->prefix && b->prefix && !strcmp(a->prefix, b->prefix);
    if (!assay_relate_is_ordered(a) && !codes) /* texts have no range to be taken from */
        return 0;
    return !(from <= to) ? 0 : assay_relate_density(a) * assay_relate_density(b) * (to - from + 1);
}

static bool seem_apart(const struct assay_relate_field *a, const struct assay_relate_field *b)
{
    const double both = assay_sketch_union(a->registers, b->registers);
    return a->distinct + b->distinct - both <= 3 * UNION_ERROR * both &&
           !assay_sketch_contained(a->registers, b->registers) &&
           !assay_sketch_contained(b->registers, a->registers);
}

/* `of` is the later one. */
static int try_pair(struct assay_relate *relate, const struct assay_relate_field *of,
                    const struct assay_relate_field *ref, struct assay_error *err)
{
    const struct assay_relate_container *own = &relate->containers[of->container];
    const struct assay_relate_container *other = &relate->containers[ref->container];
    const double met = meetings(of, ref);
    const bool copies = own->replica_of != of->container || other->replica_of != ref->container;
    if (of->container == ref->container || copies || met < MEETINGS_MIN ||
        assay_relate_likeness(own, other) < LIKENESS_MIN || !seem_apart(of, ref))
        return ASSAY_OK;
    const struct assay_relate_evidence evidence = {.chance = exp(-met), .names = ASSAY_NAMES_EQUAL};
    const char *description =
        assay_arena_printf(&relate->arena, "no %s is one of %s", of->name, other->name);
    if (!description)
        return assay_fail_memory(err);
    return assay_relate_push(
        relate, of->container, ref->container, "notExistsIn", json_pack("[s]", of->name),
        json_pack("{s:s}", "field_name", ref->name), &evidence, description, err);
}

static int compare_keys(const void *a, const void *b)
{
    const struct assay_relate_field *x = *(const struct assay_relate_field *const *)a;
    const struct assay_relate_field *y = *(const struct assay_relate_field *const *)b;
    const int by_name = strcmp(x->name, y->name);
    if (x->type != y->type)
        return x->type < y->type ? -1 : 1;
    return by_name ? by_name : (x->container > y->container) - (x->container < y->container);
}

static size_t collect(const struct assay_relate *relate, const struct assay_relate_field **keys)
{
    size_t count = 0;
    for (size_t i = 0; i < relate->count; i++) {
        const struct assay_relate_container *container = &relate->containers[i];
        for (size_t j = 0; j < container->fields_count; j++) {
            const struct assay_relate_field *field = &container->fields[j];
            if ((!assay_relate_is_ordered(field) && !field->prefix) ||
                !assay_relate_is_key(relate, field))
                continue;
            if (keys)
                keys[count] = field;
            count++;
        }
    }
    return count;
}

int assay_relate_apart(struct assay_relate *relate, struct assay_error *err)
{
    const size_t count = collect(relate, NULL);
    ASSAY_AUTO(assay_free)
    void *memory = assay_calloc(count + 1, sizeof(const struct assay_relate_field *));
    const struct assay_relate_field **keys = memory;
    if (!keys)
        return assay_fail_memory(err);
    (void)collect(relate, keys);
    qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i;
             j-- > 0 && keys[j]->type == keys[i]->type && !strcmp(keys[j]->name, keys[i]->name);)
            ASSAY_TRY(try_pair(relate, keys[i], keys[j], err));
    }
    return ASSAY_OK;
}
