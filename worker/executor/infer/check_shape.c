// Checks of the whole: sizes over time, and rules that hold for a share of the records.
// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <string.h>

#include "common/base/datetime.h"
#include "worker/executor/infer/check_offer.h"

#define US_PER_DAY     86400e6
#define INTERVALS_MIN  4
#define INTERVALS_MAX  40
#define INTERVAL_MEAN  15 /* sampled records an interval, on average */
#define UNEVEN_MAX     4  /* greatest interval / least */
#define SHAPE_VALUES   20 /* values of a list with coverage */
#define SHAPE_SHARE    0.8
#define NULL_SHARE_MAX 0.5

enum interval { DAILY, MONTHLY, YEARLY, INTERVAL_KINDS };
static const char *const interval_names[] = {
    [DAILY] = "Daily", [MONTHLY] = "Monthly", [YEARLY] = "Yearly"};

static int64_t interval_of(enum interval kind, double days)
{
    int64_t year;
    unsigned month, day;
    assay_civil_from_days((int64_t)days, &year, &month, &day);
    if (kind == DAILY)
        return (int64_t)days;
    return kind == YEARLY ? year : year * 12 + month - 1;
}

struct sizes {
    uint64_t counts[INTERVALS_MAX];
    size_t intervals;
    uint64_t records;
};

static void count_sizes(const struct assay_inference *inference, size_t field, enum interval kind,
                        int64_t first, bool training, struct sizes *ret)
{
    const struct assay_infer_field *f = &inference->fields[field];
    for (size_t i = 0; i < inference->records.count; i++) {
        const struct assay_sample_value *value = assay_record_value(&inference->records, field, i);
        if (inference->records.training[i] != training || !value)
            continue;
        const int64_t at =
            interval_of(kind, floor(assay_time_us(f, value->number) / US_PER_DAY)) - first;
        if (at < 0 || at >= (int64_t)ret->intervals)
            continue;
        ret->counts[at]++;
        ret->records++;
    }
}

/* Least and greatest estimated number of records, the first and last interval, which may be cut,
 * apart. */
static void extremes_of(const struct sizes *sizes, uint64_t values, double ret_inner[2],
                        double *ret_least)
{
    const double scale = (double)values / fmax(1, (double)sizes->records);
    ret_inner[0] = INFINITY;
    ret_inner[1] = *ret_least = 0;
    double least = INFINITY;
    for (size_t i = 0; i < sizes->intervals; i++) {
        const double size = (double)sizes->counts[i] * scale;
        least = fmin(least, size);
        if (i == 0 || i + 1 == sizes->intervals)
            continue;
        ret_inner[0] = fmin(ret_inner[0], size);
        ret_inner[1] = fmax(ret_inner[1], size);
    }
    *ret_least = least;
}

static int offer_sizes(struct assay_inference *inference, size_t field, enum interval kind,
                       double least, double most, const struct assay_evidence *evidence,
                       struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *properties = json_object();
    ASSAY_TRY(assay_set_text(properties, "interval_name", interval_names[kind], err));
    ASSAY_TRY(
        assay_json_set(properties, "min_size", json_integer((json_int_t)floor(least / 2)), err));
    ASSAY_TRY(
        assay_json_set(properties, "max_size", json_integer((json_int_t)ceil(most * 2)), err));
    const struct assay_offer offer = {.rule = "timeDistributionSize",
                                      .fields = {field},
                                      .fields_count = 1,
                                      .properties = ASSAY_TAKE(properties),
                                      .description =
                                          "half to twice the records that an interval has",
                                      .evidence = *evidence};
    return assay_inference_offer(inference, &offer, err);
}

static int infer_sizes(struct assay_inference *inference, size_t field, enum interval kind,
                       bool *ret_done, struct assay_error *err)
{
    const struct assay_infer_field *f = &inference->fields[field];
    const double first_day = floor(assay_time_us(f, f->stats->min_number) / US_PER_DAY);
    const double last_day = floor(assay_time_us(f, f->stats->max_number) / US_PER_DAY);
    const int64_t first = interval_of(kind, first_day), last = interval_of(kind, last_day);
    if (last - first + 1 < INTERVALS_MIN || last - first + 1 > INTERVALS_MAX)
        return ASSAY_OK;
    struct sizes training = {.intervals = (size_t)(last - first + 1)}, tested = training;
    double inner[2], tested_inner[2], least, tested_least;
    count_sizes(inference, field, kind, first, true, &training);
    count_sizes(inference, field, kind, first, false, &tested);
    extremes_of(&training, f->stats->valid_count, inner, &least);
    extremes_of(&tested, f->stats->valid_count, tested_inner, &tested_least);
    if (training.records < INTERVAL_MEAN * training.intervals || !(inner[0] > 0) ||
        inner[1] > UNEVEN_MAX * inner[0])
        return ASSAY_OK;
    *ret_done = true;
    struct assay_evidence evidence = {"records an interval, estimated from the sample",
                                      training.intervals, training.intervals, tested.intervals, 0};
    for (size_t i = 0; i < tested.intervals; i++) {
        const double size = (double)tested.counts[i] * (double)f->stats->valid_count /
                            fmax(1, (double)tested.records);
        evidence.passed += size >= least / 2 && size <= inner[1] * 2;
    }
    if (evidence.passed < evidence.tested)
        return ASSAY_OK;
    return offer_sizes(inference, field, kind, fmin(least, tested_least),
                       fmax(inner[1], tested_inner[1]), &evidence, err);
}

int assay_infer_time_sizes(struct assay_inference *inference, size_t field, struct assay_error *err)
{
    const struct assay_infer_field *f = &inference->fields[field];
    bool done = false;
    if (!assay_inference_may(inference, "timeDistributionSize") || !assay_is_time_field(f) ||
        f->stats->valid_count < ASSAY_INFER_VALUES_MIN)
        return ASSAY_OK;
    for (enum interval kind = DAILY; kind < INTERVAL_KINDS && !done; kind++)
        ASSAY_TRY(infer_sizes(inference, field, kind, &done, err));
    return ASSAY_OK;
}

/* --- rules with coverage --------------------------------------------------------------------- */

static double floor_to_hundredth(double share)
{
    return floor(share * 100) / 100;
}

static bool in_list(const struct assay_field_stats *stats, size_t listed,
                    const struct assay_value_text *value)
{
    for (size_t i = 0; i < listed; i++) {
        const struct assay_value_text *top = &stats->top_values[i].value;
        if (top->size_bytes == value->size_bytes &&
            !memcmp(top->text, value->text, value->size_bytes))
            return true;
    }
    return false;
}

/* How many of the first values each make up a hundredth of all. */
static size_t common_values(const struct assay_field_stats *stats, uint64_t *ret_held)
{
    size_t listed = 0;
    *ret_held = 0;
    while (listed < stats->top_values_count && listed < SHAPE_VALUES &&
           stats->top_values[listed].count * 100 >= stats->valid_count &&
           !stats->top_values[listed].value.cut) {
        *ret_held += stats->top_values[listed].count;
        listed++;
    }
    return listed;
}

int assay_infer_values_shape(struct assay_inference *inference, size_t field,
                             struct assay_error *err)
{
    const struct assay_infer_field *f = &inference->fields[field];
    struct assay_evidence evidence = {"values that make up a hundredth each", f->stats->valid_count,
                                      0, 0, 0};
    double low, high;
    if ((f->type != ASSAY_TYPE_STRING && f->type != ASSAY_TYPE_INTEGRAL) ||
        inference->offers[field].values || f->stats->valid_count < ASSAY_INFER_VALUES_MIN ||
        f->stats->invalid_utf8_count)
        return ASSAY_OK;
    const size_t listed = common_values(f->stats, &evidence.held);
    for (size_t i = 0; i < inference->records.count; i++) {
        const struct assay_sample_value *value = assay_record_value(&inference->records, field, i);
        if (inference->records.training[i] || !value)
            continue;
        evidence.tested++;
        evidence.passed += in_list(f->stats, listed, &value->value);
    }
    assay_wilson_interval(evidence.held, evidence.support, &low, &high);
    const double coverage = floor_to_hundredth(low);
    if (!listed || coverage < SHAPE_SHARE || evidence.held == evidence.support ||
        (double)evidence.passed < (SHAPE_SHARE - 0.05) * (double)evidence.tested)
        return ASSAY_OK;
    ASSAY_AUTO(assay_json_decref) json_t *properties = json_object();
    json_t *list = json_array();
    ASSAY_TRY(assay_json_set(properties, "list", list, err));
    for (size_t i = 0; i < listed; i++)
        ASSAY_TRY(assay_json_push(list,
                                  assay_json_safe_string(f->stats->top_values[i].value.text,
                                                         f->stats->top_values[i].value.size_bytes),
                                  err));
    const struct assay_offer offer = {.rule = "expectedValues",
                                      .fields = {field},
                                      .fields_count = 1,
                                      .properties = ASSAY_TAKE(properties),
                                      .coverage = coverage,
                                      .description = "mostly one of the common values",
                                      .evidence = evidence};
    return assay_inference_offer(inference, &offer, err);
}

int assay_infer_not_null_shape(struct assay_inference *inference, size_t field,
                               struct assay_error *err)
{
    const struct assay_field_stats *stats = inference->fields[field].stats;
    double low, high;
    if (!stats->null_count || stats->completeness < 1 - NULL_SHARE_MAX ||
        stats->records_count < ASSAY_INFER_VALUES_MIN)
        return ASSAY_OK;
    assay_wilson_interval(stats->valid_count, stats->records_count, &low, &high);
    const struct assay_offer offer = {
        .rule = "notNull",
        .fields = {field},
        .fields_count = 1,
        .coverage = floor_to_hundredth(low),
        .description = "as complete as in the profiled records",
        .evidence = {"all records", stats->records_count, stats->valid_count, 0, 0}};
    return assay_inference_offer(inference, &offer, err);
}
