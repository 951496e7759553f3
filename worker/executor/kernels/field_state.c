// One field, batch by batch: which kernels see which values.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/kernels/field_state.h"

#include <string.h>

#include "worker/executor/batch/special.h"
#include "worker/executor/kernels/field_internal.h"
#include "worker/executor/kernels/granularity.h"
#include "worker/executor/kernels/hash.h"
#include "worker/executor/kernels/kernel_rows.h"
#include "worker/executor/kernels/numeric.h"

#define SMALL_INT                                                                                  \
    (INT64_C(1) << 51) /* magnitudes below it are exact in doubles, and 2,048 of them in a sum */

static void int_extremes(struct assay_field_state *state, int64_t min, int64_t max)
{
    if (!state->any || min < state->int_min)
        state->int_min = min;
    if (!state->any || max > state->int_max)
        state->int_max = max;
    state->any = true;
}

static void real_extremes(struct assay_field_state *state, double min, double max)
{
    if (!state->any || min < state->real_min)
        state->real_min = min;
    if (!state->any || max > state->real_max)
        state->real_max = max;
    state->any = true;
}

static void wide_extremes(struct assay_field_state *state, assay_i128 min, assay_i128 max)
{
    if (!state->any || min < state->wide_min)
        state->wide_min = min;
    if (!state->any || max > state->wide_max)
        state->wide_max = max;
    state->any = true;
}

static bool add_bools(struct assay_field_state *state, const struct assay_column *column, size_t n)
{
    const uint8_t *values = column->values;
    uint64_t valid = 0, truths = 0;
    for (size_t i = 0; i < n; i++) {
        const bool is_valid = assay_is_valid(column->validity, i);
        valid += is_valid;
        truths += is_valid && values[i];
    }
    if (!valid)
        return true;
    int_extremes(state, truths < valid ? 0 : 1, truths ? 1 : 0);
    if (!assay_field_has_distinct(state))
        return true;
    return assay_distinct_put_word(&state->distinct, assay_hash_int(0), 0, valid - truths) &&
           assay_distinct_put_word(&state->distinct, assay_hash_int(1), 1, truths);
}

static const int64_t *ints_of(const struct assay_column *column, struct assay_kernel_rows *rows,
                              size_t *ret_count)
{
    if (column->layout == ASSAY_LAYOUT_DATE) {
        *ret_count =
            assay_gather_days(column->values, column->validity, rows->count, rows->values.ints);
        return rows->values.ints;
    }
    if (!column->validity) {
        *ret_count = rows->count;
        return column->values;
    }
    *ret_count =
        assay_gather_ints(column->values, column->validity, rows->count, rows->values.ints);
    return rows->values.ints;
}

/* Far from zero the differences to the first value count, not what rounding to doubles leaves of
 * them. */
static void set_origin(struct assay_field_state *state, assay_i128 first)
{
    if (!state->moments.count && (first <= -SMALL_INT || first >= SMALL_INT))
        state->origin = first;
}

static void add_far_ints(struct assay_field_state *state, const int64_t *values, size_t n,
                         assay_i128 sum, double *reals)
{
    for (size_t i = 0; i < n; i++)
        reals[i] = (double)((assay_i128)values[i] - state->origin);
    assay_moments_add(&state->moments, reals, n, (double)(sum - state->origin * (assay_i128)n));
}

static void add_int_moments(struct assay_field_state *state, const int64_t *values, size_t n,
                            const struct assay_int_scan *scan, double *reals)
{
    const bool small = scan->min > -SMALL_INT && scan->max < SMALL_INT;
    assay_i128 sum;
    state->zero += scan->zero;
    state->negative += scan->negative;
    assay_wide_sum_add(&state->wide_sum, values, n, small, &sum);
    if (assay_field_leaves(state, ASSAY_LEAVE_MOMENTS))
        return;
    set_origin(state, scan->min);
    if (scan->min == scan->max) {
        assay_moments_put(&state->moments, (double)(scan->min - state->origin), n);
    } else if (small && !state->origin) {
        assay_ints_to_reals(values, n, small, reals);
        assay_moments_add(&state->moments, reals, n, (double)sum);
    } else {
        add_far_ints(state, values, n, sum, reals);
    }
}

/* Count values while the table of them stays exact, which then stands for the sketch too. When it
 * cannot, the sketch gets what was counted, and the caller the rest. *ret_done: values counted. */
static bool add_while_exact(struct assay_field_state *state, const uint64_t *hashes,
                            const uint64_t *words, size_t n, size_t *ret_done)
{
    bool failed;
    *ret_done = 0;
    if (!assay_field_quantiles_wait(state))
        return true;
    *ret_done = assay_distinct_add_exact(&state->distinct, hashes, words, n, &failed);
    return *ret_done == n || (!failed && assay_field_quantiles_start(state));
}

static bool add_constant(struct assay_field_state *state, const int64_t *values, size_t n)
{
    const uint64_t hash = assay_hash_int(values[0]);
    const bool counted = assay_field_has_distinct(state);
    const bool waits = assay_field_quantiles_wait(state);
    const bool fits = waits && assay_distinct_has_room(&state->distinct, hash);
    if (waits && !fits && !assay_field_quantiles_start(state))
        return false;
    if (!fits && assay_field_has_quantiles(state) &&
        !assay_quantile_add_ints(&state->quantile, values, n))
        return false;
    return !counted || assay_distinct_put_word(&state->distinct, hash, (uint64_t)values[0], n);
}

static bool add_int_values(struct assay_field_state *state, const int64_t *values, size_t n,
                           uint64_t *hashes)
{
    const uint64_t *words = (const uint64_t *)(const void *)values;
    const bool counted = assay_field_has_distinct(state);
    size_t done = 0;
    if (counted)
        assay_hash_ints(values, n, hashes);
    if (!add_while_exact(state, hashes, words, n, &done))
        return false;
    if (done == n)
        return true;
    if (assay_field_has_quantiles(state) &&
        !assay_quantile_add_ints(&state->quantile, values + done, n - done))
        return false;
    return !counted ||
           assay_distinct_add_words(&state->distinct, hashes + done, words + done, n - done);
}

static bool add_ranked_ints(struct assay_field_state *state, const int64_t *values, size_t n,
                            const struct assay_int_scan *scan, struct assay_kernel_rows *rows)
{
    int_extremes(state, scan->min, scan->max);
    if (state->numeric)
        add_int_moments(state, values, n, scan, rows->reals);
    if (state->timed)
        assay_granularity_add(&state->granularity, values, n);
    return scan->min == scan->max ? add_constant(state, values, n)
                                  : add_int_values(state, values, n, rows->value_hashes);
}

/* A value that has no rank among numbers, n times. */
static bool put_special(struct assay_field_state *state, int64_t value, uint64_t n)
{
    const uint64_t hash = assay_hash_int(value);
    if (!n || !assay_field_has_distinct(state))
        return true;
    if (assay_field_quantiles_wait(state) && !assay_distinct_has_room(&state->distinct, hash) &&
        !assay_field_quantiles_start(state))
        return false;
    return assay_distinct_put_word(&state->distinct, hash, (uint64_t)value, n);
}

static void count_specials(struct assay_field_state *state, const struct assay_specials *specials)
{
    state->nan += specials->nan;
    state->inf += specials->above + specials->below;
    state->negative += specials->below;
}

static bool add_special_ints(struct assay_field_state *state, const int64_t *values, size_t n,
                             struct assay_kernel_rows *rows)
{
    struct assay_specials specials;
    struct assay_int_scan scan;
    n = assay_finite_decimals(values, n, rows->values.ints, &specials);
    count_specials(state, &specials);
    if (specials.above)
        int_extremes(state, ASSAY_DECIMAL64_INFINITY, ASSAY_DECIMAL64_INFINITY);
    if (specials.below)
        int_extremes(state, -ASSAY_DECIMAL64_INFINITY, -ASSAY_DECIMAL64_INFINITY);
    if (!put_special(state, ASSAY_DECIMAL64_NAN, specials.nan) ||
        !put_special(state, ASSAY_DECIMAL64_INFINITY, specials.above) ||
        !put_special(state, -ASSAY_DECIMAL64_INFINITY, specials.below))
        return false;
    if (!n)
        return true;
    assay_int_scan(rows->values.ints, n, &scan);
    return add_ranked_ints(state, rows->values.ints, n, &scan, rows);
}

static bool add_ints(struct assay_field_state *state, const struct assay_column *column,
                     struct assay_kernel_rows *rows)
{
    size_t n;
    const int64_t *values = ints_of(column, rows, &n);
    struct assay_int_scan scan;
    if (!n)
        return true;
    assay_int_scan(values, n, &scan);
    return column->layout == ASSAY_LAYOUT_DECIMAL64 &&
                   (assay_decimal64_is_special(scan.min) || assay_decimal64_is_special(scan.max))
               ? add_special_ints(state, values, n, rows)
               : add_ranked_ints(state, values, n, &scan, rows);
}

static void add_wide_moments(struct assay_field_state *state, const assay_i128 *values, size_t n,
                             double *reals)
{
    double sum = 0;
    if (!n || assay_field_leaves(state, ASSAY_LEAVE_MOMENTS))
        return;
    set_origin(state, values[0]);
    for (size_t i = 0; i < n; i++) {
        assay_i128 difference; /* of values 2^127 apart the rounded ones do */
        reals[i] = __builtin_sub_overflow(values[i], state->origin, &difference)
                       ? (double)values[i] - (double)state->origin
                       : (double)difference;
        sum += reals[i];
    }
    assay_moments_add(&state->moments, reals, n, sum);
}

static bool add_ranked_wides(struct assay_field_state *state, const assay_i128 *values, size_t n,
                             double *reals)
{
    add_wide_moments(state, values, n, reals);
    for (size_t i = 0; i < n; i++) {
        state->zero += values[i] == 0;
        state->negative += values[i] < 0;
        wide_extremes(state, values[i], values[i]);
        assay_wide_sum_put(&state->wide_sum, values[i]);
        reals[i] = (double)values[i];
    }
    return !assay_field_has_quantiles(state) || !n ||
           assay_quantile_add_reals(&state->quantile, reals, n);
}

/* Move what is no number behind all numbers; returns how many these are. */
static size_t set_specials_apart(struct assay_field_state *state, assay_i128 *values, size_t n)
{
    struct assay_specials specials;
    const size_t finite = assay_finite_wides_first(values, n, &specials);
    count_specials(state, &specials);
    if (specials.above)
        wide_extremes(state, ASSAY_DECIMAL128_INFINITY, ASSAY_DECIMAL128_INFINITY);
    if (specials.below)
        wide_extremes(state, -ASSAY_DECIMAL128_INFINITY, -ASSAY_DECIMAL128_INFINITY);
    return finite;
}

static bool add_wides(struct assay_field_state *state, const struct assay_column *column,
                      struct assay_kernel_rows *rows)
{
    assay_i128 *values = rows->values.wides;
    const size_t n = assay_gather_wides(column->values, column->validity, rows->count, values);
    const bool decimals = column->layout == ASSAY_LAYOUT_DECIMAL128;
    const size_t ranked = decimals ? set_specials_apart(state, values, n) : n;
    if (!add_ranked_wides(state, values, ranked, rows->reals))
        return false;
    if (!assay_field_has_distinct(state))
        return true;
    for (size_t i = 0; i < n; i++)
        rows->bytes[i] =
            (struct assay_text){.data = (const char *)&values[i], .size_bytes = sizeof values[i]};
    assay_hash_wides(values, n, rows->value_hashes);
    return assay_distinct_add_texts(&state->distinct, rows->value_hashes, rows->bytes, n);
}

static const double *reals_of(const struct assay_column *column, struct assay_kernel_rows *rows,
                              size_t *ret_count)
{
    if (column->layout == ASSAY_LAYOUT_FLOAT) {
        *ret_count =
            assay_gather_floats(column->values, column->validity, rows->count, rows->values.reals);
        return rows->values.reals;
    }
    if (!column->validity) {
        *ret_count = rows->count;
        return column->values;
    }
    *ret_count =
        assay_gather_reals(column->values, column->validity, rows->count, rows->values.reals);
    return rows->values.reals;
}

/* What is neither NaN nor infinite. */
static const double *finite_of(const double *values, const struct assay_real_scan *scan,
                               double *scratch, size_t *n)
{
    if (!scan->nan && !scan->inf)
        return values;
    size_t count = 0;
    for (size_t i = 0; i < *n; i++) {
        scratch[count] = values[i];
        count += __builtin_isfinite(values[i]) != 0;
    }
    *n = count;
    return scratch;
}

static void add_real_moments(struct assay_field_state *state, const double *values, size_t n,
                             const struct assay_real_scan *scan)
{
    double sum;
    assay_exact_sum_add(&state->exact_sum, values, n, scan->magnitude, &sum);
    if (state->plan.decimals)
        assay_decimal_sum_add(&state->decimal_sum, values, n, scan->magnitude);
    if (assay_field_leaves(state, ASSAY_LEAVE_MOMENTS))
        return;
    if (scan->min == scan->max)
        assay_moments_put(&state->moments, values[0], n);
    else
        assay_moments_add(&state->moments, values, n, sum);
}

static bool add_real_values(struct assay_field_state *state, const double *values, size_t n,
                            const struct assay_real_scan *scan, struct assay_kernel_rows *rows)
{
    const uint64_t *words = (const uint64_t *)(const void *)values, *hashes = rows->value_hashes;
    const bool counted = assay_field_has_distinct(state);
    size_t done = 0;
    if (counted)
        assay_hash_reals(values, n, rows->value_hashes);
    if (!add_while_exact(state, hashes, words, n, &done))
        return false;
    if (done == n)
        return true;
    size_t count = n - done;
    const double *finite = finite_of(values + done, scan, rows->reals, &count);
    if (assay_field_has_quantiles(state) && count &&
        !assay_quantile_add_reals(&state->quantile, finite, count))
        return false;
    return !counted ||
           assay_distinct_add_words(&state->distinct, hashes + done, words + done, n - done);
}

static bool add_reals(struct assay_field_state *state, const struct assay_column *column,
                      struct assay_kernel_rows *rows)
{
    size_t n;
    const double *values = reals_of(column, rows, &n);
    struct assay_real_scan scan;
    assay_real_scan(values, n, &scan);
    state->zero += scan.zero;
    state->negative += scan.negative;
    state->nan += scan.nan;
    state->inf += scan.inf;
    if (n > scan.nan)
        real_extremes(state, scan.min, scan.max);
    size_t finite_count = n;
    const double *finite = finite_of(values, &scan, rows->reals, &finite_count);
    if (finite_count)
        add_real_moments(state, finite, finite_count, &scan);
    return !n || add_real_values(state, values, n, &scan, rows);
}

static bool add_unknown_texts(struct assay_field_state *state, const struct assay_text *values,
                              size_t n, uint64_t *hashes)
{
    return assay_text_scan_add(&state->text, values, n, hashes) &&
           (!assay_field_has_distinct(state) ||
            assay_distinct_add_texts(&state->distinct, hashes, values, n));
}

static bool add_texts(struct assay_field_state *state, const struct assay_column *column,
                      struct assay_kernel_rows *rows)
{
    const struct assay_text *values = column->values;
    size_t n = rows->count;
    if (column->validity) {
        n = assay_gather_texts(values, column->validity, n, rows->values.texts);
        values = rows->values.texts;
    }
    struct assay_frequency *table = &state->distinct.frequency;
    if (!assay_field_has_distinct(state) || !assay_text_memo_begin(&state->memo, table, n))
        return add_unknown_texts(state, values, n, rows->value_hashes);
    const size_t others =
        assay_text_memo_count(&state->memo, &state->text.lengths, values, n, rows->bytes);
    const uint32_t used = table->used;
    state->distinct.count += n - others;
    if (!add_unknown_texts(state, rows->bytes, others, rows->value_hashes))
        return false;
    if (table->used - used <= others / 2) /* values return */
        assay_text_memo_learn(&state->memo, table, state->text.opaque, rows->bytes,
                              rows->value_hashes, others);
    return true;
}

/* One row that is low enough. */
static void sample_row(struct assay_sample *sample, const struct assay_column *column,
                       uint64_t hash, size_t row)
{
    uint64_t word = 0;
    switch (column->layout) {
    case ASSAY_LAYOUT_TEXT:
    case ASSAY_LAYOUT_BYTES:
        assay_sample_put_text(sample, hash, ((const struct assay_text *)column->values)[row],
                              false);
        return;
    case ASSAY_LAYOUT_INT128:
    case ASSAY_LAYOUT_DECIMAL128:
        assay_sample_put_text(
            sample, hash,
            (struct assay_text){.data = (const char *)column->values + row * 16, .size_bytes = 16},
            false);
        return;
    case ASSAY_LAYOUT_BOOL:
        word = ((const uint8_t *)column->values)[row] != 0;
        break;
    case ASSAY_LAYOUT_DATE:
        word = (uint64_t)(int64_t)((const int32_t *)column->values)[row];
        break;
    case ASSAY_LAYOUT_FLOAT: {
        const double value = (double)((const float *)column->values)[row];
        memcpy(&word, &value, sizeof word);
        break;
    }
    default:
        memcpy(&word, (const char *)column->values + row * 8, sizeof word);
    }
    assay_sample_put_word(sample, hash, word);
}

static void add_sample(struct assay_sample *sample, const struct assay_column *column,
                       const struct assay_kernel_rows *rows)
{
    for (size_t block = 0; block * ASSAY_ROWS_BLOCK < rows->count; block++) {
        if (rows->lowest[block] >= sample->threshold)
            continue;
        const size_t end = (block + 1) * ASSAY_ROWS_BLOCK;
        for (size_t i = block * ASSAY_ROWS_BLOCK; i < end && i < rows->count; i++) {
            if (rows->hashes[i] < sample->threshold && assay_is_valid(column->validity, i))
                sample_row(sample, column, rows->hashes[i], i);
        }
    }
}

int assay_field_state_add(struct assay_field_state *state, const struct assay_column *column,
                          struct assay_kernel_rows *rows, struct assay_error *err)
{
    const bool all_null = column->layout == ASSAY_LAYOUT_NULL;
    if (!all_null && (column->layout != state->plan.layout || column->scale != state->plan.scale))
        return assay_fail(err, ASSAY_INVALID, "counting values: the column's layout %d is not %d",
                          (int)column->layout, (int)state->plan.layout);
    const size_t valid = all_null ? 0 : assay_count_valid(column->validity, rows->count);
    bool done = true;
    if (column->codes)
        return assay_field_add_codes(state, column, rows, err);
    state->records += rows->count;
    state->nulls += rows->count - valid;
    if (!valid)
        return ASSAY_OK;
    switch (state->class) {
    case ASSAY_CLASS_NONE:
        return ASSAY_OK;
    case ASSAY_CLASS_LIST:
        return assay_field_add_lists(state, column, rows, err);
    case ASSAY_CLASS_BOOL:
        done = add_bools(state, column, rows->count);
        break;
    case ASSAY_CLASS_INT:
        done = add_ints(state, column, rows);
        break;
    case ASSAY_CLASS_WIDE:
        done = add_wides(state, column, rows);
        break;
    case ASSAY_CLASS_REAL:
        done = add_reals(state, column, rows);
        break;
    case ASSAY_CLASS_TEXT:
        done = add_texts(state, column, rows);
        break;
    }
    if (assay_field_has_sample(state))
        add_sample(&state->sample, column, rows);
    return done ? ASSAY_OK : assay_fail_memory(err);
}

static void merge_extremes(struct assay_field_state *state, const struct assay_field_state *other)
{
    if (!other->any)
        return;
    if (state->class == ASSAY_CLASS_REAL)
        real_extremes(state, other->real_min, other->real_max);
    else if (state->class == ASSAY_CLASS_WIDE)
        wide_extremes(state, other->wide_min, other->wide_max);
    else
        int_extremes(state, other->int_min, other->int_max);
}

static void merge_moments(struct assay_field_state *state, const struct assay_field_state *other)
{
    struct assay_moments moved = other->moments;
    assay_i128 distance;
    if (!state->moments.count)
        state->origin = other->origin;
    /* origins 2^127 apart: then rounding them takes nothing from the spread */
    if (__builtin_sub_overflow(other->origin, state->origin, &distance))
        moved.mean += (long double)other->origin - (long double)state->origin;
    else
        moved.mean += (long double)distance;
    assay_moments_merge(&state->moments, &moved);
}

static bool same_plan(const struct assay_field_plan *a, const struct assay_field_plan *b)
{
    return a->layout == b->layout && a->scale == b->scale && a->seed == b->seed &&
           a->memory_max_bytes == b->memory_max_bytes && a->leave_out == b->leave_out &&
           a->decimals == b->decimals;
}

static int merge_elements(struct assay_field_state *state, const struct assay_field_state *other,
                          struct assay_error *err)
{
    if (!other->elements)
        return ASSAY_OK;
    if (!state->elements)
        ASSAY_TRY(assay_field_state_new(&other->elements->plan, &state->elements, err));
    return assay_field_state_merge(state->elements, other->elements, err);
}

int assay_field_state_merge(struct assay_field_state *state, const struct assay_field_state *other,
                            struct assay_error *err)
{
    if (!same_plan(&state->plan, &other->plan))
        return assay_fail(err, ASSAY_INVALID,
                          "merging statistics: the parts were counted under different plans");
    assay_field_settle(state);
    assay_field_settle(other);
    state->records += other->records;
    state->nulls += other->nulls;
    state->zero += other->zero;
    state->negative += other->negative;
    state->nan += other->nan;
    state->inf += other->inf;
    merge_extremes(state, other);
    assay_wide_sum_merge(&state->wide_sum, &other->wide_sum);
    if (state->class == ASSAY_CLASS_REAL)
        assay_exact_sum_merge(&state->exact_sum, &other->exact_sum);
    assay_decimal_sum_merge(&state->decimal_sum, &other->decimal_sum);
    merge_moments(state, other);
    assay_lengths_merge(&state->list_lengths, &other->list_lengths);
    if (other->granularity < state->granularity)
        state->granularity = other->granularity;
    if (assay_field_has_sample(state))
        assay_sample_merge(&state->sample, &other->sample);
    if (!assay_text_scan_merge(&state->text, &other->text) ||
        !assay_field_quantiles_merge(state, other) ||
        (assay_field_has_distinct(state) &&
         !assay_distinct_merge(&state->distinct, &other->distinct)))
        return assay_fail_memory(err);
    return merge_elements(state, other, err);
}
