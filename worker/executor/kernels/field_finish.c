// All figures of a field, from its state.
// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/memory.h"
#include "common/base/number.h"
#include "worker/executor/batch/special.h"
#include "worker/executor/kernels/field_internal.h"
#include "worker/executor/kernels/granularity.h"
#include "worker/executor/kernels/normality.h"
#include "worker/executor/kernels/pattern.h"
#include "worker/executor/kernels/value_text.h"

static const char *const method_names[] = {
    [ASSAY_METHOD_NONE] = "none",
    [ASSAY_METHOD_EXACT] = "exact",
    [ASSAY_METHOD_SKETCH] = "sketch",
    [ASSAY_METHOD_SAMPLE] = "sample",
    [ASSAY_METHOD_HASH_SAMPLE] = "hash_sample",
};

const char *assay_method_name(enum assay_method method)
{
    return method_names[method];
}

void assay_field_stats_free(struct assay_field_stats *stats)
{
    if (!stats)
        return;
    assay_field_stats_free(stats->elements);
    assay_arena_release(&stats->arena);
    assay_free(stats);
}

static void no_figures(struct assay_field_stats *stats)
{
    double *const figures[] = {&stats->completeness,
                               &stats->distinct,
                               &stats->distinct_standard_error,
                               &stats->unique_distinct_ratio,
                               &stats->unique_distinct_ratio_error,
                               &stats->entropy,
                               &stats->min_number,
                               &stats->max_number,
                               &stats->mean,
                               &stats->std_dev,
                               &stats->skewness,
                               &stats->kurtosis,
                               &stats->jarque_bera_p,
                               &stats->q01,
                               &stats->q05,
                               &stats->q1,
                               &stats->median,
                               &stats->q3,
                               &stats->q95,
                               &stats->q99,
                               &stats->quantile_rank_error,
                               &stats->mean_length,
                               &stats->std_dev_length};
    for (size_t i = 0; i < ASSAY_COUNT(figures); i++)
        *figures[i] = NAN;
    stats->is_not_normal = -1;
}

static void finish_counts(const struct assay_field_state *state, struct assay_field_stats *stats)
{
    stats->layout = state->plan.layout;
    stats->type = assay_layout_type(state->plan.layout);
    stats->scale = state->plan.scale;
    stats->records_count = state->records;
    stats->null_count = state->nulls;
    stats->valid_count = state->records - state->nulls;
    stats->zero_count = state->zero;
    stats->negative_count = state->negative;
    stats->nan_count = state->nan;
    stats->inf_count = state->inf;
    stats->empty_count = state->text.empty;
    stats->blank_count = state->text.blank;
    stats->invalid_utf8_count = state->text.invalid_utf8;
    if (state->records)
        stats->completeness = (double)stats->valid_count / (double)state->records;
}

static uint64_t word_of_real(double value)
{
    uint64_t word;
    memcpy(&word, &value, sizeof word);
    return word;
}

struct assay_value_text assay_field_kept_text(const struct assay_field_state *state,
                                              struct assay_field_stats *stats, uint64_t word,
                                              const struct assay_blobs *blobs)
{
    struct assay_value_text value =
        assay_text_of_kept(&stats->arena, state->plan.layout, state->plan.scale, word, blobs);
    if (state->plan.decimals && state->class == ASSAY_CLASS_WIDE)
        assay_text_trim_zeros(&value);
    return value;
}

static bool finish_text_extremes(const struct assay_field_state *state,
                                 struct assay_field_stats *stats)
{
    const struct assay_text_extreme *both[] = {&state->text.min, &state->text.max};
    struct assay_value_text *into[] = {&stats->min, &stats->max};
    for (size_t i = 0; i < 2; i++) {
        if (!both[i]->any)
            continue;
        const struct assay_text bytes = {.data = both[i]->size_bytes ? both[i]->data : "",
                                         .size_bytes = both[i]->size_bytes};
        *into[i] = assay_text_of_bytes(&stats->arena, state->plan.layout, bytes, both[i]->cut);
        if (!into[i]->text)
            return false;
    }
    return true;
}

static bool finish_extremes(const struct assay_field_state *state, struct assay_field_stats *stats)
{
    const enum assay_layout layout = state->plan.layout;
    const uint8_t scale = state->plan.scale;
    if (state->class == ASSAY_CLASS_TEXT)
        return finish_text_extremes(state, stats);
    if (!state->any)
        return true;
    if (state->class == ASSAY_CLASS_WIDE) {
        const bool decimal = layout == ASSAY_LAYOUT_DECIMAL128;
        stats->min = assay_text_of_wide(&stats->arena, layout, scale, state->wide_min);
        stats->max = assay_text_of_wide(&stats->arena, layout, scale, state->wide_max);
        stats->min_number = decimal ? assay_decimal_number(layout, scale, state->wide_min)
                                    : (double)state->wide_min;
        stats->max_number = decimal ? assay_decimal_number(layout, scale, state->wide_max)
                                    : (double)state->wide_max;
        if (state->plan.decimals) {
            assay_text_trim_zeros(&stats->min);
            assay_text_trim_zeros(&stats->max);
        }
    } else {
        const bool real = state->class == ASSAY_CLASS_REAL;
        const uint64_t low = real ? word_of_real(state->real_min) : (uint64_t)state->int_min;
        const uint64_t high = real ? word_of_real(state->real_max) : (uint64_t)state->int_max;
        stats->min = assay_text_of_word(&stats->arena, layout, scale, low);
        stats->max = assay_text_of_word(&stats->arena, layout, scale, high);
        stats->min_number = assay_number_of_kept(layout, scale, low, NULL);
        stats->max_number = assay_number_of_kept(layout, scale, high, NULL);
    }
    return stats->min.text && stats->max.text;
}

static void finish_distinct(const struct assay_field_state *state, struct assay_field_stats *stats)
{
    if (!assay_field_has_distinct(state))
        return;
    struct assay_distinct_figures figures;
    assay_distinct_figures(&state->distinct, &figures);
    stats->distinct = figures.distinct;
    stats->distinct_method = figures.exact ? ASSAY_METHOD_EXACT : ASSAY_METHOD_SKETCH;
    stats->distinct_standard_error = figures.exact ? 0 : ASSAY_HLL_STANDARD_ERROR;
    stats->once_count = (uint64_t)llround(figures.once);
    stats->unique_distinct_ratio = figures.ratio;
    stats->unique_distinct_ratio_error = figures.ratio_error;
    stats->entropy = figures.entropy;
    stats->unique_distinct_ratio_method = stats->entropy_method =
        figures.exact ? ASSAY_METHOD_EXACT : ASSAY_METHOD_HASH_SAMPLE;
    if (!state->distinct.count)
        stats->unique_distinct_ratio_method = stats->entropy_method = ASSAY_METHOD_NONE;
}

/* The mean from the exact sum: as good as it can be. */
static long double mean_of(const struct assay_field_state *state)
{
    const long double count = (long double)state->moments.count;
    if (state->class != ASSAY_CLASS_REAL)
        return assay_wide_sum_real(&state->wide_sum) / count;
    if (state->plan.decimals && !state->decimal_sum.unknown)
        return assay_decimal_sum_real(&state->decimal_sum) / count;
    const double sum = assay_exact_sum_round(&state->exact_sum);
    return isfinite(sum) ? (long double)sum / count : state->moments.mean;
}

static bool finish_sum(const struct assay_field_state *state, struct assay_field_stats *stats)
{
    char text[ASSAY_NUMBER_TEXT];
    size_t size = 0;
    if (state->class == ASSAY_CLASS_REAL) {
        if (state->plan.decimals)
            size = assay_decimal_sum_format(&state->decimal_sum, text);
        if (!size)
            size = assay_format_double(assay_exact_sum_round(&state->exact_sum), text);
    } else {
        const bool decimal = assay_is_decimal(state->plan.layout);
        size = assay_wide_sum_format(&state->wide_sum, decimal ? state->plan.scale : 0, text);
    }
    stats->sum.text = assay_arena_strndup(&stats->arena, text, size);
    stats->sum.size_bytes = size;
    if (state->plan.decimals && state->class == ASSAY_CLASS_WIDE)
        assay_text_trim_zeros(&stats->sum);
    return stats->sum.text != NULL;
}

static bool finish_moments(const struct assay_field_state *state, struct assay_field_stats *stats)
{
    const uint64_t finite = stats->valid_count - stats->nan_count - stats->inf_count;
    if (!state->numeric || !finite)
        return true;
    stats->moments_count = finite;
    if (!finish_sum(state, stats))
        return false;
    if (assay_field_leaves(state, ASSAY_LEAVE_MOMENTS))
        return true;
    const long double unit = powl(10, state->plan.scale);
    stats->mean = (double)(mean_of(state) / unit);
    stats->std_dev = (double)((long double)assay_moments_std_dev(&state->moments) / unit);
    stats->skewness = assay_moments_skewness(&state->moments);
    stats->kurtosis = assay_moments_kurtosis(&state->moments);
    return true;
}

static double quantile_number(const struct assay_field_state *state,
                              const struct assay_quantile_view *view, double q)
{
    int64_t low, high;
    double between;
    assay_quantile_at(view, q, &low, &high, &between);
    const double from = assay_field_key_number(state, low),
                 to = assay_field_key_number(state, high);
    if (low == high || between == 0)
        return from;
    return isfinite(to - from) ? from + between * (to - from) : (1 - between) * from + between * to;
}

static void finish_quantiles(const struct assay_field_state *state,
                             const struct assay_quantile_view *view,
                             struct assay_field_stats *stats)
{
    const struct {
        double q;
        double *into;
    } wanted[] = {{0.01, &stats->q01},   {0.05, &stats->q05}, {0.25, &stats->q1},
                  {0.5, &stats->median}, {0.75, &stats->q3},  {0.95, &stats->q95},
                  {0.99, &stats->q99}};
    if (!view->count)
        return;
    for (size_t i = 0; i < ASSAY_COUNT(wanted); i++)
        *wanted[i].into = quantile_number(state, view, wanted[i].q);
    stats->quantile_rank_error = view->exact ? 0 : ASSAY_QUANTILE_RANK_ERROR;
    stats->quantile_method = view->exact ? ASSAY_METHOD_EXACT : ASSAY_METHOD_SKETCH;
}

static void finish_lengths(const struct assay_field_state *state, struct assay_field_stats *stats)
{
    const bool list = state->class == ASSAY_CLASS_LIST;
    const struct assay_length_figures *lengths = list ? &state->list_lengths : &state->text.lengths;
    if (!lengths->count)
        return;
    stats->has_lengths = true;
    stats->min_length = lengths->min;
    stats->max_length = lengths->max;
    stats->mean_length = assay_lengths_mean(lengths);
    stats->std_dev_length = assay_lengths_std_dev(lengths);
}

static bool finish_top_values(const struct assay_field_state *state,
                              struct assay_field_stats *stats)
{
    ASSAY_AUTO(assay_free) void *memory = NULL;
    struct assay_kept_value *values = NULL;
    size_t count = 0;
    if (!assay_field_has_distinct(state))
        return true;
    if (!assay_field_kept_values(state, false, &values, &count))
        return false;
    memory = values;
    const struct assay_frequency *table = &state->distinct.frequency;
    const size_t most = count < state->plan.top_values_max ? count : state->plan.top_values_max;
    stats->top_values = assay_arena_zalloc(&stats->arena, (most + 1) * sizeof *stats->top_values);
    if (!stats->top_values)
        return false;
    for (size_t i = 0; i < count && stats->top_values_count < most; i++) {
        if (values[i].count <= values[i].error ||
            (assay_field_keeps_blobs(state) && values[i].word == ASSAY_BLOB_NONE))
            continue;
        stats->top_values[stats->top_values_count++] = (struct assay_value_count){
            .value = assay_field_kept_text(state, stats, values[i].word, &table->blobs),
            .number = values[i].number,
            .count = values[i].count,
            .error = values[i].error,
        };
    }
    stats->top_values_error = assay_frequency_bound(table);
    stats->all_values =
        assay_distinct_exact(&state->distinct) && stats->top_values_count == table->used;
    return true;
}

static bool finish_sample(const struct assay_field_state *state, struct assay_field_stats *stats)
{
    struct assay_sample_item items[ASSAY_SAMPLE_MAX];
    if (!assay_field_has_sample(state))
        return true;
    const size_t count = assay_sample_sorted(&state->sample, items);
    stats->sample = assay_arena_zalloc(&stats->arena, (count + 1) * sizeof *stats->sample);
    if (!stats->sample)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct assay_sample_value value = {
            .value = assay_field_kept_text(state, stats, items[i].word, &state->sample.blobs),
            .number = assay_number_of_kept(state->plan.layout, state->plan.scale, items[i].word,
                                           &state->sample.blobs),
            .row_hash = items[i].hash,
        };
        if (value.value.text)
            stats->sample[stats->sample_count++] = value;
    }
    return true;
}

static void finish_normality(const struct assay_field_state *state, struct assay_field_stats *stats)
{
    double values[ASSAY_SAMPLE_MAX];
    size_t count = 0;
    if (!state->numeric)
        return;
    for (size_t i = 0; i < stats->sample_count; i++) {
        if (isfinite(stats->sample[i].number))
            values[count++] = stats->sample[i].number;
    }
    stats->jarque_bera_p = assay_jarque_bera_p(values, count);
    if (!isnan(stats->jarque_bera_p))
        stats->is_not_normal = stats->jarque_bera_p < ASSAY_NORMALITY_P;
}

static void finish_granularity(const struct assay_field_state *state,
                               struct assay_field_stats *stats)
{
    int64_t days[ASSAY_SAMPLE_MAX];
    size_t count = 0;
    const bool date = state->plan.layout == ASSAY_LAYOUT_DATE;
    const double infinity = date ? (double)ASSAY_DATE_INFINITY : (double)ASSAY_TIME_INFINITY;
    if ((!date && !state->timed) || !stats->valid_count)
        return;
    for (size_t i = 0; i < stats->sample_count; i++) {
        const double value = stats->sample[i].number;
        if (fabs(value) < infinity)
            days[count++] = date ? (int64_t)value : assay_day_of_instant((int64_t)value);
    }
    const enum assay_granularity by_days =
        assay_granularity_of_days(days, count, stats->weekday_counts);
    stats->granularity = state->granularity < ASSAY_GRANULARITY_DAY ? state->granularity : by_days;
}

static int compare_patterns(const void *a, const void *b)
{
    const struct assay_pattern_count *left = a, *right = b;
    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return strcmp(left->pattern, right->pattern);
}

static int compare_names(const void *a, const void *b)
{
    const struct assay_pattern_count *left = a, *right = b;
    return strcmp(left->pattern, right->pattern);
}

/* Equal patterns side by side become one. */
static size_t join_patterns(struct assay_pattern_count *patterns, size_t count)
{
    size_t kept = 0;
    qsort(patterns, count, sizeof *patterns, compare_names);
    for (size_t i = 0; i < count; i++) {
        if (kept && !strcmp(patterns[kept - 1].pattern, patterns[i].pattern))
            patterns[kept - 1].count += patterns[i].count;
        else
            patterns[kept++] = patterns[i];
    }
    qsort(patterns, kept, sizeof *patterns, compare_patterns);
    return kept;
}

static bool finish_patterns(const struct assay_field_state *state, struct assay_field_stats *stats)
{
    char pattern[ASSAY_PATTERN_TEXT];
    if (state->plan.layout != ASSAY_LAYOUT_TEXT || !stats->sample_count)
        return true;
    stats->patterns =
        assay_arena_zalloc(&stats->arena, stats->sample_count * sizeof *stats->patterns);
    if (!stats->patterns)
        return false;
    for (size_t i = 0; i < stats->sample_count; i++) {
        const struct assay_value_text *value = &stats->sample[i].value;
        const struct assay_text text = {.data = value->text,
                                        .size_bytes = (uint32_t)value->size_bytes};
        const size_t size = assay_pattern_of(text, pattern);
        stats->patterns[i].pattern = assay_arena_strndup(&stats->arena, pattern, size);
        stats->patterns[i].count = 1;
        if (!stats->patterns[i].pattern)
            return false;
    }
    stats->patterns_sampled = stats->sample_count;
    stats->patterns_count = join_patterns(stats->patterns, stats->sample_count);
    return true;
}

static bool finish_view(const struct assay_field_state *state, struct assay_field_stats *stats)
{
    struct assay_quantile_view view = {0};
    ASSAY_AUTO(assay_free) void *memory = NULL;
    if (assay_field_has_quantiles(state)) {
        if (!assay_field_quantiles_view(state, &view))
            return false;
        memory = view.keys;
    }
    finish_quantiles(state, &view, stats);
    return assay_field_histogram(state, &view, stats);
}

int assay_field_state_finish(const struct assay_field_state *state,
                             struct assay_field_stats **ret_stats, struct assay_error *err)
{
    ASSAY_AUTO(assay_field_stats_free)
    struct assay_field_stats *stats = assay_calloc(1, sizeof *stats);
    if (!stats)
        return assay_fail_memory(err);
    assay_field_settle(state);
    no_figures(stats);
    finish_counts(state, stats);
    finish_distinct(state, stats);
    finish_lengths(state, stats);
    if (state->class == ASSAY_CLASS_LIST)
        stats->empty_count = 0;
    if (!finish_extremes(state, stats) || !finish_moments(state, stats) ||
        !finish_view(state, stats) || !finish_top_values(state, stats) ||
        !finish_sample(state, stats) || !finish_patterns(state, stats))
        return assay_fail_memory(err);
    finish_normality(state, stats);
    finish_granularity(state, stats);
    if (state->elements)
        ASSAY_TRY(assay_field_state_finish(state->elements, &stats->elements, err));
    *ret_stats = ASSAY_TAKE(stats);
    return ASSAY_OK;
}
