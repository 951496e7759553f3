// Buckets of a field's values: by value while they are few, else of equal width between quantiles.
// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/memory.h"
#include "common/base/number.h"
#include "worker/executor/batch/special.h"
#include "worker/executor/kernels/field_internal.h"
#include "worker/executor/kernels/value_text.h"

#define BUCKETS 20 /* between the quantiles 0.01 and 0.99 */

double assay_field_key_number(const struct assay_field_state *state, int64_t key)
{
    const long double unit = powl(10, state->plan.scale);
    if (state->class == ASSAY_CLASS_INT)
        return (double)((long double)key / unit);
    if (state->class == ASSAY_CLASS_WIDE)
        return (double)((long double)assay_real_of_key(key) / unit);
    return assay_real_of_key(key);
}

static int compare_kept(const void *a, const void *b, void *context)
{
    const struct assay_kept_value *left = a, *right = b;
    const struct assay_field_state *state = context;
    bool cut;
    if (state->class != ASSAY_CLASS_TEXT) {
        if (left->number != right->number && left->number == left->number &&
            right->number == right->number)
            return left->number < right->number ? -1 : 1;
        return isnan(left->number) - isnan(right->number);
    }
    const struct assay_text none = {.data = "", .size_bytes = 0};
    const struct assay_blobs *blobs = &state->distinct.frequency.blobs;
    const struct assay_text l =
        left->word == ASSAY_BLOB_NONE ? none : assay_blobs_get(blobs, left->word, &cut);
    const struct assay_text r =
        right->word == ASSAY_BLOB_NONE ? none : assay_blobs_get(blobs, right->word, &cut);
    const int order =
        memcmp(l.data, r.data, l.size_bytes < r.size_bytes ? l.size_bytes : r.size_bytes);
    return order ? order : (l.size_bytes > r.size_bytes) - (l.size_bytes < r.size_bytes);
}

static int compare_frequent(const void *a, const void *b, void *context)
{
    const struct assay_kept_value *left = a, *right = b;
    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return compare_kept(a, b, context);
}

bool assay_field_kept_values(const struct assay_field_state *state, bool by_value,
                             struct assay_kept_value **ret_values, size_t *ret_count)
{
    const struct assay_frequency *table = &state->distinct.frequency;
    struct assay_kept_value *values = assay_calloc(table->used + 1u, sizeof *values);
    size_t count = 0;
    if (!values)
        return false;
    for (uint32_t i = 0; i < table->slots_count; i++) {
        if (!table->slots[i].hash)
            continue;
        values[count++] = (struct assay_kept_value){
            .count = table->slots[i].count,
            .error = table->errors ? table->errors[i] : 0,
            .word = table->words[i],
            .number = assay_number_of_kept(state->plan.layout, state->plan.scale, table->words[i],
                                           &table->blobs),
        };
    }
    qsort_r(values, count, sizeof *values, by_value ? compare_kept : compare_frequent,
            (void *)state);
    *ret_values = values;
    *ret_count = count;
    return true;
}

static bool by_value(const struct assay_field_state *state, struct assay_field_stats *stats)
{
    ASSAY_AUTO(assay_free) void *memory = NULL;
    struct assay_kept_value *values = NULL;
    size_t count = 0;
    if (!assay_field_kept_values(state, true, &values, &count))
        return false;
    memory = values;
    stats->buckets = assay_arena_zalloc(&stats->arena, (count + 1) * sizeof *stats->buckets);
    if (!stats->buckets)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (state->numeric && !isfinite(values[i].number))
            continue;
        struct assay_bucket *bucket = &stats->buckets[stats->buckets_count++];
        bucket->value =
            assay_field_kept_text(state, stats, values[i].word, &state->distinct.frequency.blobs);
        bucket->from_number = bucket->to_number = values[i].number;
        bucket->count = values[i].count;
    }
    stats->buckets_method = ASSAY_METHOD_EXACT;
    return true;
}

static struct assay_value_text bound_text(const struct assay_field_state *state,
                                          struct assay_field_stats *stats, int64_t key)
{
    char text[ASSAY_NUMBER_TEXT];
    if (state->class == ASSAY_CLASS_INT)
        return assay_text_of_word(&stats->arena, state->plan.layout, state->plan.scale,
                                  (uint64_t)key);
    const size_t size = assay_format_double(assay_field_key_number(state, key), text);
    return (struct assay_value_text){.text = assay_arena_strndup(&stats->arena, text, size),
                                     .size_bytes = size};
}

/* Values seen for a rank of the sketch. */
static uint64_t scaled(const struct assay_quantile_view *view, uint64_t rank, uint64_t seen)
{
    if (view->exact)
        return rank;
    return (uint64_t)llroundl((long double)rank / (long double)view->total * (long double)seen);
}

static void put_bucket(const struct assay_field_state *state, struct assay_field_stats *stats,
                       const int64_t bounds[2], uint64_t count, bool tail)
{
    struct assay_bucket *bucket = &stats->buckets[stats->buckets_count++];
    bucket->from = bound_text(state, stats, bounds[0]);
    bucket->to = bound_text(state, stats, bounds[1]);
    bucket->from_number = assay_field_key_number(state, bounds[0]);
    bucket->to_number = assay_field_key_number(state, bounds[1]);
    bucket->count = count;
    bucket->tail = tail;
}

/* Bounds of buckets from low to high: whole steps of integers, equal parts of real numbers. Returns
 * how many buckets. */
static size_t bounds_between(const struct assay_field_state *state, int64_t low, int64_t high,
                             int64_t bounds[BUCKETS + 1])
{
    bounds[0] = low;
    if (state->class == ASSAY_CLASS_INT) {
        const uint64_t width = ((uint64_t)high - (uint64_t)low) / BUCKETS + 1;
        size_t count = 0;
        while ((uint64_t)high - (uint64_t)bounds[count] > width && count < BUCKETS - 1) {
            bounds[count + 1] = (int64_t)((uint64_t)bounds[count] + width);
            count++;
        }
        bounds[++count] = high;
        return count;
    }
    const double from = assay_real_of_key(low), to = assay_real_of_key(high);
    for (size_t i = 1; i < BUCKETS; i++) {
        const double part = (double)i / BUCKETS;
        bounds[i] = assay_key_of_real(from * (1 - part) + to * part);
    }
    bounds[BUCKETS] = high;
    return BUCKETS;
}

/* The least and the greatest value, that tails end at: the exact ones, but where they are infinite
 * those of the sketch. */
static void ends_of(const struct assay_field_state *state, const struct assay_quantile_view *view,
                    int64_t *ret_first, int64_t *ret_last)
{
    *ret_first = view->keys[0].key;
    *ret_last = view->keys[view->count - 1].key;
    const enum assay_layout layout = state->plan.layout;
    if (state->class == ASSAY_CLASS_INT) {
        const bool decimals = layout == ASSAY_LAYOUT_DECIMAL64;
        if (!decimals || !assay_decimal64_is_special(state->int_min))
            *ret_first = state->int_min;
        if (!decimals || !assay_decimal64_is_special(state->int_max))
            *ret_last = state->int_max;
        return;
    }
    const bool wide = state->class == ASSAY_CLASS_WIDE;
    const double min = wide ? (double)state->wide_min : state->real_min,
                 max = wide ? (double)state->wide_max : state->real_max;
    if (isfinite(min) && !(wide && assay_special_text(layout, state->wide_min)))
        *ret_first = assay_key_of_real(min);
    if (isfinite(max) && !(wide && assay_special_text(layout, state->wide_max)))
        *ret_last = assay_key_of_real(max);
}

/* The outermost bounds are the extremes as they are written there: a float of 32 bits, an integer
 * of 128. Those of 64 bits are exact anyway. */
static void write_ends(const struct assay_field_state *state, struct assay_field_stats *stats)
{
    struct assay_bucket *first = stats->buckets, *last = first + stats->buckets_count - 1;
    if (state->class == ASSAY_CLASS_INT || !stats->buckets_count)
        return;
    if (isfinite(stats->min_number)) {
        first->from = stats->min;
        first->from_number = stats->min_number;
    }
    if (isfinite(stats->max_number)) {
        last->to = stats->max;
        last->to_number = stats->max_number;
    }
}

static bool by_width(const struct assay_field_state *state, const struct assay_quantile_view *view,
                     struct assay_field_stats *stats)
{
    int64_t bounds[BUCKETS + 1], low, high, first, last, ignored;
    double between;
    const uint64_t seen = view->exact ? view->total : state->quantile.count;
    ends_of(state, view, &first, &last);
    assay_quantile_at(view, 0.01, &low, &ignored, &between);
    assay_quantile_at(view, 0.99, &ignored, &high, &between);
    if (low == high) {
        low = first;
        high = last;
    }
    stats->buckets = assay_arena_zalloc(&stats->arena, (BUCKETS + 3) * sizeof *stats->buckets);
    if (!stats->buckets)
        return false;
    const size_t count = bounds_between(state, low, high, bounds);
    uint64_t before = scaled(view, assay_quantile_rank(view, low, false), seen);
    if (before)
        put_bucket(state, stats, (const int64_t[2]){first, low}, before, true);
    for (size_t i = 0; i < count; i++) {
        const uint64_t up_to =
            scaled(view, assay_quantile_rank(view, bounds[i + 1], i + 1 == count), seen);
        put_bucket(state, stats, &bounds[i], up_to - before, false);
        before = up_to;
    }
    if (before < seen)
        put_bucket(state, stats, (const int64_t[2]){high, last}, seen - before, true);
    write_ends(state, stats);
    stats->buckets_method = view->exact ? ASSAY_METHOD_EXACT : ASSAY_METHOD_SKETCH;
    return true;
}

bool assay_field_histogram(const struct assay_field_state *state,
                           const struct assay_quantile_view *view, struct assay_field_stats *stats)
{
    if (assay_field_has_distinct(state) && assay_distinct_exact(&state->distinct) &&
        state->distinct.frequency.used <= state->plan.histogram_max_distinct_values)
        return by_value(state, stats);
    return view->count ? by_width(state, view, stats) : true;
}
