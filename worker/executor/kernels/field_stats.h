/* What is known of one field when its values have been counted: every figure of a profile, in exact
 * text or as a number, ready to be written. Made by assay_field_state_finish(). */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_KERNELS_FIELD_STATS_H
#define ASSAY_KERNELS_FIELD_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "worker/executor/batch/batch.h"

/** How a figure came about. */
enum assay_method {
    ASSAY_METHOD_NONE,       /* the figure has no meaning here */
    ASSAY_METHOD_EXACT,      /* all values were counted */
    ASSAY_METHOD_SKETCH,     /* from a sketch over all values, its error stated beside it */
    ASSAY_METHOD_SAMPLE,     /* from a uniform sample of the records (bottom-k by hash) */
    ASSAY_METHOD_HASH_SAMPLE /* from a uniform sample of the distinct values (hash below a
                                threshold), with exact counts */
};
const char *assay_method_name(
    enum assay_method method); /* "exact", "sketch", "sample", "hash_sample", "none" */

/** One value as text: exact unless `cut` (then the first bytes of a longer one). Malformed UTF-8 is
 * possible. */
struct assay_value_text {
    const char *text; /* NUL-terminated, may hold NULs; NULL = no value */
    size_t size_bytes;
    bool cut;
};

/** A frequent value. The true count lies in [count, count + error]; error is 0 while counting is
 * exact. */
struct assay_value_count {
    struct assay_value_text value;
    double number; /* numbers, dates (days), times (µs), booleans (0, 1): the value as double; else
                      NaN */
    uint64_t count;
    uint64_t error;
};

/** A bucket holds `value` (by value), or [from, to), the last that is no tail is closed. Numbers
 * and times carry the bounds as doubles too (days, µs). tail: below or above the quantile range. */
struct assay_bucket {
    struct assay_value_text value; /* text NULL unless by value */
    struct assay_value_text from, to;
    double from_number, to_number;
    uint64_t count;
    bool tail;
};

/** A character-class pattern ("A{2}-9{4}") and how many values of the sample have it. */
struct assay_pattern_count {
    const char *pattern; /* UTF-8, NUL-terminated */
    uint64_t count;
};

/** The coarsest unit of which all values are multiples. */
enum assay_granularity {
    ASSAY_GRANULARITY_NONE,
    ASSAY_GRANULARITY_MICROSECOND,
    ASSAY_GRANULARITY_MILLISECOND,
    ASSAY_GRANULARITY_SECOND,
    ASSAY_GRANULARITY_MINUTE,
    ASSAY_GRANULARITY_HOUR,
    ASSAY_GRANULARITY_DAY,
    ASSAY_GRANULARITY_WEEK,  /* days that all fall on one weekday */
    ASSAY_GRANULARITY_MONTH, /* first days of months */
    ASSAY_GRANULARITY_YEAR,  /* first days of years */
};
const char *assay_granularity_name(enum assay_granularity granularity); /* "day"; NULL for NONE */

/** One value of the uniform sample, in the order of its row hash (random, the same for the same
 * seed). */
struct assay_sample_value {
    struct assay_value_text value;
    double number;     /* as in assay_value_count */
    uint64_t row_hash; /* assay_kernel_rows' hash of the record: joins samples of fields of one
                          container */
};

/** Doubles are NaN, texts NULL and counts 0 where a figure has no meaning. Everything belongs to
 * the struct: assay_field_stats_free(). Immutable after finish, so any thread may read it. */
struct assay_field_stats {
    enum assay_layout layout;
    enum assay_type type;
    uint8_t scale;

    /* exact counts; null_count + valid_count = records_count */
    uint64_t records_count, null_count, valid_count;
    uint64_t zero_count, negative_count, nan_count, inf_count; /* numbers */
    uint64_t empty_count, blank_count,
        invalid_utf8_count; /* text; blank: not empty, only white space */
    double completeness;    /* valid / records; NaN for zero records */

    /* distinct values without NULL; all NaN are one, -0.0 is 0.0 */
    double distinct; /* whole while exact */
    enum assay_method distinct_method;
    double distinct_standard_error;     /* relative; 0 while exact */
    uint64_t once_count;                /* values that occur once, exact only while distinct is */
    double unique_distinct_ratio;       /* values that occur once / distinct */
    double unique_distinct_ratio_error; /* standard error, 0 while exact */
    enum assay_method unique_distinct_ratio_method;
    double entropy; /* nats, over distinct values */
    enum assay_method entropy_method;

    /* exact extremes: NULL where no value is (all null, all NaN, arrays) */
    struct assay_value_text min, max;
    double min_number, max_number; /* nearest doubles; days, µs */
    struct assay_value_text
        sum; /* numbers without any NaN or infinity; else the sum of the finite ones */
    uint64_t moments_count; /* finite values behind mean … kurtosis and sum */
    double mean, std_dev, skewness,
        kurtosis;      /* std_dev: n − 1; g1 and excess g2 of the population */
    int is_not_normal; /* Jarque–Bera on the sample, p < 0.01: 1, 0; −1 = not judged */
    double jarque_bera_p;

    /* quantiles of the finite values; days or µs for dates and times (not for the report's q1 … q3
     * then) */
    double q01, q05, q1, median, q3, q95, q99;
    double quantile_rank_error; /* 0 while exact: type 7 interpolation */
    enum assay_method quantile_method;

    /* text: code points; bytes: bytes; arrays: elements */
    bool has_lengths;
    uint64_t min_length, max_length;
    double mean_length, std_dev_length;

    struct assay_bucket *buckets;
    size_t buckets_count;
    enum assay_method buckets_method; /* SKETCH: by width, with counts ±
                                         quantile_rank_error × moments_count */

    struct assay_value_count
        *top_values; /* most frequent first, then by value; all of them while exact and few */
    size_t top_values_count;
    /* a value that is not listed occurs at most this often, or as often as the last one; 0 =
     * exact */
    uint64_t top_values_error;
    bool all_values; /* top_values is every distinct value */

    struct assay_pattern_count *patterns; /* most frequent first */
    size_t patterns_count;
    uint64_t patterns_sampled; /* values behind the patterns */

    enum assay_granularity
        granularity;            /* of all values down to the day, the rest over the sample */
    uint64_t weekday_counts[7]; /* Monday first, over the sample */

    struct assay_sample_value *sample; /* at most ASSAY_FIELD_SAMPLE values that are not null */
    size_t sample_count;

    struct assay_field_stats
        *elements; /* arrays: of all elements; NULL else, or when no element was seen */

    struct assay_arena arena;
};

void assay_field_stats_free(struct assay_field_stats *stats);
ASSAY_DEFINE_CLEANUP(struct assay_field_stats, assay_field_stats_free)

#endif
