/* Inside of struct assay_field_state, for the files field_*.c only. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_FIELD_INTERNAL_H
#define ASSAY_KERNELS_FIELD_INTERNAL_H

#include "worker/executor/kernels/decimal_sum.h"
#include "worker/executor/kernels/distinct.h"
#include "worker/executor/kernels/exact_sum.h"
#include "worker/executor/kernels/field_state.h"
#include "worker/executor/kernels/moments.h"
#include "worker/executor/kernels/quantile.h"
#include "worker/executor/kernels/sample.h"
#include "worker/executor/kernels/text_memo.h"
#include "worker/executor/kernels/text_scan.h"
#include "worker/executor/kernels/wide_sum.h"

/** How a layout's values are counted. */
enum assay_field_class {
    ASSAY_CLASS_NONE, /* only nulls are counted */
    ASSAY_CLASS_BOOL,
    ASSAY_CLASS_INT,  /* 64-bit integers, decimals; days and instants, which have no moments */
    ASSAY_CLASS_WIDE, /* 128-bit integers and decimals */
    ASSAY_CLASS_REAL,
    ASSAY_CLASS_TEXT,
    ASSAY_CLASS_LIST,
};

/** Sizes of the parts, from the plan's memory. */
struct assay_field_capacity {
    uint32_t exact, lossy, hashes, quantile, sample, blobs_bytes, keep_bytes;
};

/** Records of each code, not settled yet; counts NULL = no codes came. */
struct assay_code_counts {
    uint32_t *counts; /* by code, that of null and that of no room too */
    const struct assay_dictionary *dictionary;
    uint64_t records; /* since they were settled */
};

struct assay_field_state {
    struct assay_field_plan plan; /* defaults filled in */
    struct assay_field_capacity capacity;
    enum assay_field_class class;
    bool numeric; /* has zero, negative, sum and moments */
    bool timed;   /* has a granularity below the day */
    bool any;     /* extremes below hold a value */
    uint64_t records, nulls, zero, negative, nan, inf;
    int64_t int_min, int_max;
    double real_min, real_max;
    assay_i128 wide_min, wide_max;
    struct assay_wide_sum wide_sum;
    struct assay_exact_sum exact_sum;
    struct assay_decimal_sum decimal_sum; /* of plan.decimals */
    assay_i128 origin; /* integers and decimals: their moments are those of value − origin */
    struct assay_moments moments;
    struct assay_text_scan text;
    struct assay_text_memo memo;    /* of texts that text and distinct have seen */
    struct assay_code_counts codes; /* of texts that neither has seen */
    struct assay_length_figures list_lengths;
    enum assay_granularity granularity;
    struct assay_distinct distinct;
    struct assay_quantile quantile;
    struct assay_sample sample;
    struct assay_field_state *elements; /* arrays: made with the first child column */
};

static inline bool assay_field_leaves(const struct assay_field_state *state, unsigned what)
{
    return state->plan.leave_out & what;
}
static inline bool assay_field_has_distinct(const struct assay_field_state *state)
{
    return state->class != ASSAY_CLASS_NONE && state->class != ASSAY_CLASS_LIST &&
           !assay_field_leaves(state, ASSAY_LEAVE_DISTINCT);
}
static inline bool assay_field_has_quantiles(const struct assay_field_state *state)
{
    return (state->class == ASSAY_CLASS_INT || state->class == ASSAY_CLASS_WIDE ||
            state->class == ASSAY_CLASS_REAL) &&
           !assay_field_leaves(state, ASSAY_LEAVE_QUANTILES);
}
static inline bool assay_field_has_sample(const struct assay_field_state *state)
{
    return state->class != ASSAY_CLASS_NONE && state->class != ASSAY_CLASS_LIST &&
           !assay_field_leaves(state, ASSAY_LEAVE_SAMPLE);
}
/** Texts and 128-bit integers are kept as bytes, all else as words. */
static inline bool assay_field_keeps_blobs(const struct assay_field_state *state)
{
    return state->class == ASSAY_CLASS_TEXT || state->class == ASSAY_CLASS_WIDE;
}

/** Before the counts of the table of values are read: those that wait in the memo of texts go to
 * it. */
static inline void assay_field_settle(const struct assay_field_state *state)
{
    if (state->memo.count)
        assay_text_memo_settle(&state->memo, &state->distinct.frequency);
}

/** Set plan, class, capacity of a zeroed state; allocates nothing. */
ASSAY_MUST_CHECK int assay_field_plan_take(const struct assay_field_plan *plan,
                                           struct assay_field_state *state,
                                           struct assay_error *err);
/** The plan of an array's elements, whose layout the child column tells. */
struct assay_field_plan assay_field_plan_of_elements(const struct assay_field_plan *plan,
                                                     enum assay_layout layout, uint8_t scale);

/** While the table of a field's values is exact it gives the quantiles too, and the sketch is
 * empty. */
static inline bool assay_field_quantiles_wait(const struct assay_field_state *state)
{
    return (state->class == ASSAY_CLASS_INT || state->class == ASSAY_CLASS_REAL) &&
           assay_field_has_quantiles(state) && assay_field_has_distinct(state) &&
           assay_distinct_exact(&state->distinct);
}
/** The table is about to go inexact: give its values to the sketch. False when out of memory, as
 * those below. */
bool assay_field_quantiles_start(struct assay_field_state *state);
/** Merge the sketches; before the tables are merged. */
bool assay_field_quantiles_merge(struct assay_field_state *state,
                                 const struct assay_field_state *other);
/** The quantiles, from the sketch or the table. ret_view->keys: heap, assay_free(). */
bool assay_field_quantiles_view(const struct assay_field_state *state,
                                struct assay_quantile_view *ret_view);

/** Count a column that comes as codes. */
ASSAY_MUST_CHECK int assay_field_add_codes(struct assay_field_state *state,
                                           const struct assay_column *column,
                                           const struct assay_kernel_rows *rows,
                                           struct assay_error *err);

/** Count the elements of the lists of a column. */
ASSAY_MUST_CHECK int assay_field_add_lists(struct assay_field_state *state,
                                           const struct assay_column *column,
                                           struct assay_kernel_rows *rows, struct assay_error *err);

/** Buckets of the values, by value or by width. stats' counts, extremes and sampled figures stand
 * already; view is that of the quantiles (count 0 without). False when out of memory. */
bool assay_field_histogram(const struct assay_field_state *state,
                           const struct assay_quantile_view *view, struct assay_field_stats *stats);
/** A key of the quantiles as a number in the unit of the values. */
double assay_field_key_number(const struct assay_field_state *state, int64_t key);

/** A kept value as text: as assay_text_of_kept(), without zeros at the end of a decimal that came
 * from text. */
struct assay_value_text assay_field_kept_text(const struct assay_field_state *state,
                                              struct assay_field_stats *stats, uint64_t word,
                                              const struct assay_blobs *blobs);

/** The values that are kept with counts, most frequent first, then by value. *ret_values (heap,
 * assay_free()). */
struct assay_kept_value {
    uint64_t count, error, word;
    double number;
};
bool assay_field_kept_values(const struct assay_field_state *state, bool by_value,
                             struct assay_kept_value **ret_values, size_t *ret_count);

#endif
