// existsIn: what speaks for a field's values being references to a key.
// SPDX-License-Identifier: Apache-2.0
#include <math.h>

#include "common/relate/relate_internal.h"

#define CHANCE_MAX 0.01 /* that registers are contained though the values are not */
#define VALUES_MAX 1e-6 /* that all values are in the key, when names say nothing */
#define DENSE      0.9  /* such a field counts something up, or is a whole key */

static double range_share(const struct assay_relate_field *field,
                          const struct assay_relate_field *key)
{
    return (field->max - field->min + 1) / (key->max - key->min + 1);
}

/* 1, 2, 3 …, but not to the end of the key: lines, quantities, ages. */
static bool counts_up(const struct assay_relate_field *field, const struct assay_relate_field *key)
{
    return assay_relate_density(field) >= DENSE && field->distinct < DENSE * key->distinct;
}

/* What values of an ordered type need, by how far names support them. */
static bool ordered_convinces(const struct assay_relate_field *field,
                              const struct assay_relate_field *key, enum assay_names names)
{
    static const double shares[] = {[ASSAY_NAMES_NONE] = 0.5,
                                    [ASSAY_NAMES_SHARE] = 0.5,
                                    [ASSAY_NAMES_PART] = 0.25,
                                    [ASSAY_NAMES_EQUAL] = 0,
                                    [ASSAY_NAMES_WHOLE] = 0};
    if (names >= ASSAY_NAMES_EQUAL)
        return true;
    if (range_share(field, key) < shares[names] || counts_up(field, key))
        return false;
    if (names != ASSAY_NAMES_NONE)
        return true;
    return field->type == ASSAY_RELATE_INTEGRAL && /* what is measured every minute meets anyway */
           pow(assay_relate_density(key), field->distinct) <= VALUES_MAX;
}

static bool text_convinces(const struct assay_relate_field *field,
                           const struct assay_relate_field *key, enum assay_names names)
{
    if (names >= ASSAY_NAMES_PART)
        return true;
    return !strcmp(field->shape, key->shape) && *key->shape && !strchr(key->shape, ' ');
}

/* What tells most pairs apart, before registers do. */
static bool may_refer(const struct assay_relate *relate, const struct assay_relate_field *field,
                      const struct assay_relate_field *key)
{
    const struct assay_relate_container *own = &relate->containers[field->container];
    const struct assay_relate_container *other = &relate->containers[key->container];
    if (field->type != key->type || field->distinct > 1.05 * key->distinct)
        return false;
    if (own == other ? field == key || field->unique : own->replica_of == other->replica_of)
        return false;
    return !assay_relate_is_ordered(field) || (field->min >= key->min && field->max <= key->max);
}

static enum assay_names names_of(const struct assay_relate *relate,
                                 const struct assay_relate_field *field,
                                 const struct assay_relate_field *key)
{
    return assay_names_match(&field->words, &key->words, &relate->containers[key->container].words,
                             field->container == key->container);
}

/* Two keys of the same values: the one whose name refers does, else the later one. */
static bool is_other_way_round(const struct assay_relate *relate,
                               const struct assay_relate_field *field,
                               const struct assay_relate_field *key, enum assay_names names)
{
    if (!assay_relate_is_key(relate, field) || !assay_relate_same_registers(field, key))
        return false;
    const enum assay_names back = names_of(relate, key, field);
    return back != names ? back > names : field->container < key->container;
}

/* An id that names another container of the run is not one of its own. */
static bool names_another(const struct assay_relate *relate, const struct assay_relate_field *field)
{
    for (size_t i = 0; i < relate->count; i++) {
        if (i != field->container &&
            assay_words_within(&relate->containers[i].words, &field->words))
            return true;
    }
    return false;
}

bool assay_relate_refers(const struct assay_relate *relate, const struct assay_relate_field *field,
                         const struct assay_relate_field *key,
                         struct assay_relate_evidence *ret_evidence)
{
    if (!may_refer(relate, field, key) || !assay_sketch_contained(field->registers, key->registers))
        return false;
    const enum assay_names names = names_of(relate, field, key);
    const bool convinces = assay_relate_is_ordered(field) ? ordered_convinces(field, key, names)
                                                          : text_convinces(field, key, names);
    if (!convinces || is_other_way_round(relate, field, key, names))
        return false;
    const double chance = assay_sketch_chance(field->distinct, key->registers);
    if ((names == ASSAY_NAMES_NONE && chance > CHANCE_MAX) ||
        (names < ASSAY_NAMES_PART && field->container == key->container &&
         names_another(relate, field)))
        return false;
    *ret_evidence = (struct assay_relate_evidence){
        .overlap = fmin(1, field->distinct / key->distinct), .chance = chance, .names = names};
    return true;
}
