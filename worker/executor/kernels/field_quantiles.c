// Quantiles of a field: from its table of values while that is exact, then from the sketch.
// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/batch/special.h"
#include "worker/executor/kernels/field_internal.h"

static int compare_keys(const void *a, const void *b)
{
    const int64_t left = ((const struct assay_weighted_key *)a)->key;
    const int64_t right = ((const struct assay_weighted_key *)b)->key;
    return left < right ? -1 : left > right;
}

/* The key of a kept value. False of those that have no rank: NaN and infinite. */
static bool key_of(const struct assay_field_state *state, uint64_t word, int64_t *ret_key)
{
    double value;
    if (state->class == ASSAY_CLASS_INT) {
        *ret_key = (int64_t)word;
        return state->plan.layout != ASSAY_LAYOUT_DECIMAL64 ||
               !assay_decimal64_is_special(*ret_key);
    }
    memcpy(&value, &word, sizeof value);
    if (!isfinite(value))
        return false;
    *ret_key = assay_key_of_real(value);
    return true;
}

/* The finite values of the table with their counts, in no order. */
static bool take_values(const struct assay_field_state *state, struct assay_quantile_view *ret_view)
{
    const struct assay_frequency *table = &state->distinct.frequency;
    struct assay_quantile_view view = {.exact = true};
    view.keys = assay_calloc((size_t)table->used + 1, sizeof *view.keys);
    if (!view.keys)
        return false;
    for (uint32_t i = 0; i < table->slots_count; i++) {
        struct assay_weighted_key *key = &view.keys[view.count];
        if (!table->slots[i].hash || !key_of(state, table->words[i], &key->key))
            continue;
        key->weight = table->slots[i].count;
        view.total += key->weight;
        view.count++;
    }
    *ret_view = view;
    return true;
}

static void add_up(struct assay_quantile_view *view, bool in_order)
{
    uint64_t before = 0;
    if (in_order)
        qsort(view->keys, view->count, sizeof *view->keys, compare_keys);
    for (size_t i = 0; i < view->count; i++)
        view->keys[i].weight = before += view->keys[i].weight;
}

/* Order is of use only where the sketch will not take every value. */
static bool fill(struct assay_quantile *quantile, const struct assay_field_state *state)
{
    struct assay_quantile_view view;
    if (!take_values(state, &view))
        return false;
    add_up(&view, view.total >> ASSAY_QUANTILE_ALL_LOG2);
    const bool done = assay_quantile_fill(quantile, &view);
    assay_free(view.keys);
    return done;
}

bool assay_field_quantiles_start(struct assay_field_state *state)
{
    return fill(&state->quantile, state);
}

static bool merge_table(struct assay_field_state *state, const struct assay_field_state *other)
{
    struct assay_quantile quantile;
    assay_quantile_init(&quantile, other->capacity.quantile, other->plan.seed);
    const bool done = fill(&quantile, other) && assay_quantile_merge(&state->quantile, &quantile);
    assay_quantile_release(&quantile);
    return done;
}

bool assay_field_quantiles_merge(struct assay_field_state *state,
                                 const struct assay_field_state *other)
{
    if (assay_field_quantiles_wait(state)) {
        if (assay_distinct_merges_exact(&state->distinct, &other->distinct))
            return true;
        if (!assay_field_quantiles_start(state))
            return false;
    }
    return assay_field_quantiles_wait(other)
               ? merge_table(state, other)
               : assay_quantile_merge(&state->quantile, &other->quantile);
}

bool assay_field_quantiles_view(const struct assay_field_state *state,
                                struct assay_quantile_view *ret_view)
{
    if (!assay_field_quantiles_wait(state))
        return assay_quantile_view(&state->quantile, ret_view);
    if (!take_values(state, ret_view))
        return false;
    add_up(ret_view, true);
    return true;
}
