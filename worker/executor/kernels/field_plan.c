// What a plan means: class of the values, sizes of the parts, memory.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/kernels/field_internal.h"

#define DEFAULT_HISTOGRAM_VALUES 100
#define DEFAULT_TOP_VALUES       128

static const struct {
    enum assay_field_class class;
    bool numeric, timed;
} layouts[] = {
    [ASSAY_LAYOUT_NULL] = {ASSAY_CLASS_NONE, false, false},
    [ASSAY_LAYOUT_BOOL] = {ASSAY_CLASS_BOOL, false, false},
    [ASSAY_LAYOUT_INT64] = {ASSAY_CLASS_INT, true, false},
    [ASSAY_LAYOUT_INT128] = {ASSAY_CLASS_WIDE, true, false},
    [ASSAY_LAYOUT_DECIMAL64] = {ASSAY_CLASS_INT, true, false},
    [ASSAY_LAYOUT_DECIMAL128] = {ASSAY_CLASS_WIDE, true, false},
    [ASSAY_LAYOUT_FLOAT] = {ASSAY_CLASS_REAL, true, false},
    [ASSAY_LAYOUT_DOUBLE] = {ASSAY_CLASS_REAL, true, false},
    [ASSAY_LAYOUT_TEXT] = {ASSAY_CLASS_TEXT, false, false},
    [ASSAY_LAYOUT_BYTES] = {ASSAY_CLASS_TEXT, false, false},
    [ASSAY_LAYOUT_DATE] = {ASSAY_CLASS_INT, false, false},
    [ASSAY_LAYOUT_TIMESTAMP] = {ASSAY_CLASS_INT, false, true},
    [ASSAY_LAYOUT_INSTANT] = {ASSAY_CLASS_INT, false, true},
    [ASSAY_LAYOUT_LIST] = {ASSAY_CLASS_LIST, false, false},
    [ASSAY_LAYOUT_STRUCT] = {ASSAY_CLASS_NONE, false, false},
};

static const struct assay_field_capacity largest = {
    .exact = ASSAY_FIELD_EXACT_VALUES,
    .lossy = 512,
    .hashes = 2048,
    .quantile = ASSAY_FIELD_EXACT_VALUES,
    .sample = ASSAY_FIELD_SAMPLE,
    .blobs_bytes = 128 << 10,
    .keep_bytes = ASSAY_EXTREME_KEEP_BYTES,
};
static const struct assay_field_capacity smallest = {
    .exact = 512,
    .lossy = 256,
    .hashes = 512,
    .quantile = ASSAY_QUANTILE_BLOCK,
    .sample = 128,
    .blobs_bytes = 16 << 10,
    .keep_bytes = 4 << 10,
};

static uint32_t half(uint32_t value, uint32_t least)
{
    return value / 2 > least ? value / 2 : least;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Most bytes of one state's own parts. A table that grows, or texts that are collected, stand twice
 * for a moment; the memo of texts is then at most half grown. */
static size_t bytes_of(const struct assay_field_state *state)
{
    const struct assay_field_capacity *capacity = &state->capacity;
    const bool blob = assay_field_keeps_blobs(state);
    size_t bytes = sizeof *state;
    if (assay_field_has_distinct(state)) {
        const size_t memo = state->class == ASSAY_CLASS_TEXT ? (size_t)capacity->exact * 12 : 0;
        const size_t exact = (size_t)capacity->exact * 2 * 24 / 2 * 3 + memo;
        const size_t hashes = (size_t)capacity->hashes * 2 * 16;
        const size_t change = (size_t)capacity->exact * 2 * 24 + (size_t)capacity->lossy * 2 * 32 +
                              ASSAY_FREQUENCY_CELLS * sizeof(uint32_t) + ASSAY_FREQUENCY_FILTER / 8;
        bytes += larger(exact, change + ASSAY_HLL_REGISTERS + hashes);
        bytes += blob ? (size_t)capacity->blobs_bytes * 2 : 0;
    }
    if (assay_field_has_quantiles(state))
        bytes += ASSAY_QUANTILE_BYTES;
    if (assay_field_has_sample(state))
        bytes += assay_sample_bytes(capacity->sample, blob) * (blob ? 2 : 1);
    if (state->class == ASSAY_CLASS_TEXT)
        bytes += (size_t)capacity->keep_bytes * 2;
    return bytes;
}

static bool shrink(struct assay_field_capacity *capacity)
{
    const struct assay_field_capacity before = *capacity;
    *capacity = (struct assay_field_capacity){
        .exact = half(before.exact, smallest.exact),
        .lossy = half(before.lossy, smallest.lossy),
        .hashes = half(before.hashes, smallest.hashes),
        .quantile = half(before.quantile, smallest.quantile),
        .sample = half(before.sample, smallest.sample),
        .blobs_bytes = half(before.blobs_bytes, smallest.blobs_bytes),
        .keep_bytes = half(before.keep_bytes, smallest.keep_bytes),
    };
    return memcmp(&before, capacity, sizeof before) != 0;
}

int assay_field_plan_take(const struct assay_field_plan *plan, struct assay_field_state *state,
                          struct assay_error *err)
{
    if ((size_t)plan->layout >= ASSAY_COUNT(layouts))
        return assay_fail(err, ASSAY_INVALID, "values of layout %d cannot be counted",
                          (int)plan->layout);
    if (plan->scale > 38)
        return assay_fail(err, ASSAY_INVALID, "decimals of scale %u cannot be counted",
                          plan->scale);
    state->plan = *plan;
    if (!state->plan.memory_max_bytes)
        state->plan.memory_max_bytes = ASSAY_FIELD_STATE_BYTES;
    if (!state->plan.histogram_max_distinct_values)
        state->plan.histogram_max_distinct_values = DEFAULT_HISTOGRAM_VALUES;
    if (!state->plan.top_values_max)
        state->plan.top_values_max = DEFAULT_TOP_VALUES;
    state->class = layouts[plan->layout].class;
    state->numeric = layouts[plan->layout].numeric;
    state->timed = layouts[plan->layout].timed;
    state->capacity = largest;
    /* an array's memory is shared between its lengths and its elements */
    while (bytes_of(state) > state->plan.memory_max_bytes && shrink(&state->capacity))
        continue;
    return ASSAY_OK;
}

struct assay_field_plan assay_field_plan_of_elements(const struct assay_field_plan *plan,
                                                     enum assay_layout layout, uint8_t scale)
{
    struct assay_field_plan elements = *plan;
    elements.layout = layout;
    elements.scale = scale;
    return elements;
}

size_t assay_field_state_bytes(const struct assay_field_plan *plan)
{
    struct assay_field_state state = {0};
    if (assay_field_plan_take(plan, &state, NULL) != ASSAY_OK)
        return 0;
    if (state.class != ASSAY_CLASS_LIST)
        return bytes_of(&state);
    /* the elements' layout is not known before the first batch: text takes the most */
    const struct assay_field_plan elements =
        assay_field_plan_of_elements(plan, ASSAY_LAYOUT_TEXT, 0);
    return bytes_of(&state) + assay_field_state_bytes(&elements);
}

int assay_field_state_new(const struct assay_field_plan *plan, struct assay_field_state **ret_state,
                          struct assay_error *err)
{
    ASSAY_AUTO(assay_field_state_free)
    struct assay_field_state *state = assay_calloc(1, sizeof *state);
    if (!state)
        return assay_fail_memory(err);
    ASSAY_TRY(assay_field_plan_take(plan, state, err));
    const struct assay_field_capacity *capacity = &state->capacity;
    const bool blob = assay_field_keeps_blobs(state);
    state->granularity = ASSAY_GRANULARITY_DAY;
    assay_text_scan_init(&state->text, plan->layout == ASSAY_LAYOUT_BYTES, capacity->keep_bytes);
    assay_lengths_init(&state->list_lengths);
    assay_quantile_init(&state->quantile, capacity->quantile, plan->seed);
    if (assay_field_has_distinct(state) &&
        !assay_distinct_init(&state->distinct, capacity->exact, capacity->lossy, capacity->hashes,
                             blob, capacity->blobs_bytes))
        return assay_fail_memory(err);
    if (assay_field_has_sample(state) && !assay_sample_init(&state->sample, capacity->sample, blob))
        return assay_fail_memory(err);
    *ret_state = ASSAY_TAKE(state);
    return ASSAY_OK;
}

void assay_field_state_free(struct assay_field_state *state)
{
    if (!state)
        return;
    assay_field_state_free(state->elements);
    assay_text_scan_release(&state->text);
    assay_text_memo_release(&state->memo);
    assay_free(state->codes.counts);
    assay_distinct_release(&state->distinct);
    assay_quantile_release(&state->quantile);
    assay_sample_release(&state->sample);
    assay_free(state);
}

const struct assay_field_plan *assay_field_state_plan(const struct assay_field_state *state)
{
    return &state->plan;
}
