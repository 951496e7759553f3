// Ranges: between, betweenTimes, greaterThan, lessThan, afterDateTime, beforeDateTime, with widened
// bounds.
// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/datetime.h"
#include "common/base/memory.h"
#include "worker/executor/infer/check_offer.h"

#define EXACT_INTEGER 0x1p53
#define US_PER_DAY    86400e6
#define DAYS_PER_YEAR 365
#define MARGIN        0.1 /* of the range, on each side, at least */

/* Extremes with the quantiles next to them. */
struct span {
    double min, q01, q99, max;
    size_t count;
};

static int compare_reals(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double type_7(const double *sorted, size_t count, double q)
{
    const double h = (double)(count - 1) * q, low = floor(h);
    const size_t at = (size_t)low, next = at + 1 < count ? at + 1 : at;
    return sorted[at] + (h - low) * (sorted[next] - sorted[at]);
}

/* The span of the values in the training part. */
static int training_span(const struct assay_inference *inference, size_t field,
                         struct span *ret_span, struct assay_error *err)
{
    ASSAY_AUTO(assay_free)
    void *memory = assay_calloc(inference->records.count + 1, sizeof(double));
    double *values = memory;
    size_t count = 0;
    if (!values)
        return assay_fail_memory(err);
    for (size_t i = 0; i < inference->records.count; i++) {
        const struct assay_sample_value *value = assay_record_value(&inference->records, field, i);
        if (inference->records.training[i] && value)
            values[count++] = value->number;
    }
    *ret_span = (struct span){.count = count};
    if (!count)
        return ASSAY_OK;
    qsort(values, count, sizeof *values, compare_reals);
    *ret_span = (struct span){values[0], type_7(values, count, 0.01), type_7(values, count, 0.99),
                              values[count - 1], count};
    return ASSAY_OK;
}

static struct span full_span(const struct assay_field_stats *stats)
{
    return (struct span){stats->min_number, stats->q01, stats->q99, stats->max_number,
                         (size_t)stats->valid_count};
}

struct bounds {
    double low, high;
};

/* Each side goes out by a tenth of the range, or by what the last hundredth spans if that is more
 * (a long tail); outward to a round number, never below zero when nothing is. */
static struct bounds widened(const struct span *span, bool whole)
{
    const double range = span->max - span->min;
    struct bounds bounds = {span->min - fmax(MARGIN * range, span->q01 - span->min),
                            span->max + fmax(MARGIN * range, span->max - span->q99)};
    double step = pow(10, floor(log10(bounds.high - bounds.low)) - 1);
    step = whole && step < 1 ? 1 : step;
    bounds.low = floor(bounds.low / step) * step;
    bounds.high = ceil(bounds.high / step) * step;
    if (span->min >= 0 && bounds.low < 0)
        bounds.low = 0;
    if (step < 1) { /* 0.30000000000000004 becomes 0.3 */
        bounds.low = round(bounds.low / step) / round(1 / step);
        bounds.high = round(bounds.high / step) / round(1 / step);
    }
    return bounds;
}

static void test_bounds(const struct assay_inference *inference, size_t field, struct bounds bounds,
                        struct assay_evidence *evidence)
{
    for (size_t i = 0; i < inference->records.count; i++) {
        const struct assay_sample_value *value = assay_record_value(&inference->records, field, i);
        if (inference->records.training[i] || !value)
            continue;
        evidence->tested++;
        evidence->passed += value->number >= bounds.low && value->number <= bounds.high;
    }
}

static bool is_semantic(const struct assay_infer_field *field, const char *name)
{
    return field->semantic_type && !strcmp(field->semantic_type, name);
}

/* Numbers that name something have no range: identifiers, codes, cards. */
static bool is_measure(const struct assay_inference *inference, size_t field)
{
    const struct assay_infer_field *f = &inference->fields[field];
    const struct assay_field_stats *stats = f->stats;
    if (!assay_is_number_field(f) || inference->offers[field].values || stats->nan_count ||
        stats->inf_count || stats->moments_count < ASSAY_INFER_VALUES_MIN ||
        !(stats->min_number < stats->max_number) || fabs(stats->min_number) > EXACT_INTEGER ||
        fabs(stats->max_number) > EXACT_INTEGER || isnan(stats->q01))
        return false;
    if (is_semantic(f, "postcode") || is_semantic(f, "phone") || is_semantic(f, "credit_card"))
        return false;
    return f->type != ASSAY_TYPE_INTEGRAL || stats->distinct < 0.95 * (double)stats->valid_count;
}

static int offer_between(struct assay_inference *inference, size_t field, struct bounds bounds,
                         struct assay_evidence evidence, const char *description,
                         struct assay_error *err)
{
    const struct assay_infer_field *f = &inference->fields[field];
    ASSAY_AUTO(assay_json_decref) json_t *properties = json_object();
    ASSAY_TRY(assay_set_constant(properties, "min", f, bounds.low, err));
    ASSAY_TRY(assay_json_set(properties, "inclusive_min", json_true(), err));
    ASSAY_TRY(assay_set_constant(properties, "max", f, bounds.high, err));
    ASSAY_TRY(assay_json_set(properties, "inclusive_max", json_true(), err));
    inference->offers[field].range = true;
    const struct assay_offer offer = {.rule = "between",
                                      .fields = {field},
                                      .fields_count = 1,
                                      .properties = ASSAY_TAKE(properties),
                                      .description = description,
                                      .evidence = evidence};
    return assay_inference_offer(inference, &offer, err);
}

int assay_infer_between(struct assay_inference *inference, size_t field, struct assay_error *err)
{
    const struct assay_infer_field *f = &inference->fields[field];
    struct span training;
    struct assay_evidence evidence = {
        "the range of all values, each side widened by a tenth of it or by what "
        "the last hundredth spans, rounded outward",
        f->stats->valid_count, f->stats->valid_count, 0, 0};
    if (!is_measure(inference, field))
        return ASSAY_OK;
    if (is_semantic(f, "latitude") || is_semantic(f, "longitude")) {
        const double most = is_semantic(f, "latitude") ? 90 : 180;
        const struct bounds degrees = {-most, most};
        evidence.method = "the semantic type's own range";
        test_bounds(inference, field, degrees, &evidence);
        return offer_between(inference, field, degrees, evidence, "degrees", err);
    }
    ASSAY_TRY(training_span(inference, field, &training, err));
    if (training.count < ASSAY_INFER_RECORDS_MIN || !(training.min < training.max))
        return ASSAY_OK;
    const bool whole = f->type == ASSAY_TYPE_INTEGRAL;
    test_bounds(inference, field, widened(&training, whole), &evidence);
    /* a tail that the training part does not foresee: no range */
    if ((double)(evidence.tested - evidence.passed) > 0.01 * (double)evidence.tested)
        return ASSAY_OK;
    const struct span all = full_span(f->stats);
    return offer_between(inference, field, widened(&all, whole), evidence,
                         "within the widened range of the profiled values", err);
}

/* --- times ----------------------------------------------------------------------------------- */

static bool is_dated(const struct assay_infer_field *field)
{
    const struct assay_field_stats *stats = field->stats;
    return assay_is_time_field(field) && stats->valid_count >= ASSAY_INFER_VALUES_MIN &&
           stats->min_number < stats->max_number;
}

static double days_of(const struct assay_infer_field *field, double number)
{
    return floor(assay_time_us(field, number) / US_PER_DAY);
}

/* Nothing came for a year, and for a quarter of the time that the values span: a closed chapter. */
static bool is_closed(const struct assay_infer_field *field, double now_days)
{
    const double min = days_of(field, field->stats->min_number);
    const double max = days_of(field, field->stats->max_number);
    return now_days - max > fmax(DAYS_PER_YEAR, (max - min) / 4);
}

/* Out by a tenth of the span, then to whole years, or to whole months when the span is below a
 * year. */
static struct bounds whole_days(double min, double max)
{
    const double span = max - min;
    int64_t year;
    unsigned month, day;
    struct bounds bounds;
    assay_civil_from_days((int64_t)floor(min - MARGIN * span), &year, &month, &day);
    bounds.low = (double)assay_days_from_civil(year, span < DAYS_PER_YEAR ? month : 1, 1);
    assay_civil_from_days((int64_t)ceil(max + MARGIN * span), &year, &month, &day);
    month = span < DAYS_PER_YEAR ? month + 1 : 13;
    bounds.high =
        (double)assay_days_from_civil(month > 12 ? year + 1 : year, month > 12 ? 1 : month, 1) - 1;
    return bounds;
}

/* Held-out values against the bounds that the training part would have given. */
static int test_days(const struct assay_inference *inference, size_t field,
                     struct assay_evidence *evidence, struct assay_error *err)
{
    const struct assay_infer_field *f = &inference->fields[field];
    struct span training;
    ASSAY_TRY(training_span(inference, field, &training, err));
    if (!training.count)
        return ASSAY_OK;
    const struct bounds days = whole_days(days_of(f, training.min), days_of(f, training.max));
    for (size_t i = 0; i < inference->records.count; i++) {
        const struct assay_sample_value *value = assay_record_value(&inference->records, field, i);
        if (inference->records.training[i] || !value)
            continue;
        const double at = days_of(f, value->number);
        evidence->tested++;
        evidence->passed += at >= days.low && at <= days.high;
    }
    return ASSAY_OK;
}

static int set_day(json_t *object, const char *key, double days, struct assay_error *err)
{
    char text[ASSAY_DATETIME_TEXT];
    assay_format_date((int64_t)days, text);
    return assay_set_text(object, key, text, err);
}

int assay_infer_between_times(struct assay_inference *inference, size_t field,
                              struct assay_error *err)
{
    const struct assay_infer_field *f = &inference->fields[field];
    struct assay_evidence evidence = {
        "the span of all values, widened by a tenth, to whole years or months",
        f->stats->valid_count, f->stats->valid_count, 0, 0};
    if (!is_dated(f) || !is_closed(f, (double)inference->options->now_us / US_PER_DAY))
        return ASSAY_OK;
    ASSAY_TRY(test_days(inference, field, &evidence, err));
    if (evidence.passed < evidence.tested)
        return ASSAY_OK;
    const struct bounds days =
        whole_days(days_of(f, f->stats->min_number), days_of(f, f->stats->max_number));
    ASSAY_AUTO(assay_json_decref) json_t *properties = json_object();
    ASSAY_TRY(set_day(properties, "min_time", days.low, err));
    ASSAY_TRY(set_day(properties, "max_time", days.high, err));
    inference->offers[field].range = true;
    const struct assay_offer offer = {.rule = "betweenTimes",
                                      .fields = {field},
                                      .fields_count = 1,
                                      .properties = ASSAY_TAKE(properties),
                                      .description =
                                          "within the widened span of the profiled times",
                                      .evidence = evidence};
    return assay_inference_offer(inference, &offer, err);
}

static int offer_instant(struct assay_inference *inference, size_t field, const char *rule,
                         double days, const char *description, struct assay_evidence evidence,
                         struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *properties = json_object();
    ASSAY_TRY(set_day(properties, "datetime", days, err));
    const struct assay_offer offer = {.rule = rule,
                                      .fields = {field},
                                      .fields_count = 1,
                                      .properties = ASSAY_TAKE(properties),
                                      .description = description,
                                      .evidence = evidence};
    return assay_inference_offer(inference, &offer, err);
}

/* Times that go on have a beginning; times in the future have an end. */
int assay_infer_open_times(struct assay_inference *inference, size_t field, struct assay_error *err)
{
    const struct assay_infer_field *f = &inference->fields[field];
    const double now_days = (double)inference->options->now_us / US_PER_DAY;
    struct assay_evidence evidence = {
        "the span of all values, widened by a tenth, to whole years or months",
        f->stats->valid_count, f->stats->valid_count, 0, 0};
    if (!is_dated(f) || inference->offers[field].range)
        return ASSAY_OK;
    ASSAY_TRY(test_days(inference, field, &evidence, err));
    if (evidence.passed < evidence.tested)
        return ASSAY_OK;
    const struct bounds days =
        whole_days(days_of(f, f->stats->min_number), days_of(f, f->stats->max_number));
    ASSAY_TRY(offer_instant(inference, field, "afterDateTime", days.low - 1,
                            "after the widened beginning of the profiled times", evidence, err));
    if (days_of(f, f->stats->max_number) <= now_days)
        return ASSAY_OK;
    return offer_instant(inference, field, "beforeDateTime", days.high + 1,
                         "before the widened end of the profiled times", evidence, err);
}

/* --- natural limits -------------------------------------------------------------------------- */

static int offer_limit(struct assay_inference *inference, size_t field, const char *rule,
                       double limit, bool inclusive, const char *description,
                       struct assay_error *err)
{
    const struct assay_infer_field *f = &inference->fields[field];
    struct assay_evidence evidence = {"all values lie on one side of a natural limit",
                                      f->stats->valid_count, f->stats->valid_count, 0, 0};
    const bool greater = !strcmp(rule, "greaterThan");
    test_bounds(inference, field,
                (struct bounds){greater ? limit : -INFINITY, greater ? INFINITY : limit},
                &evidence);
    ASSAY_AUTO(assay_json_decref) json_t *properties = json_object();
    ASSAY_TRY(assay_set_constant(properties, "value", f, limit, err));
    ASSAY_TRY(assay_json_set(properties, "inclusive", json_boolean(inclusive), err));
    const struct assay_offer offer = {.rule = rule,
                                      .fields = {field},
                                      .fields_count = 1,
                                      .properties = ASSAY_TAKE(properties),
                                      .description = description,
                                      .evidence = evidence};
    return assay_inference_offer(inference, &offer, err);
}

int assay_infer_one_sided(struct assay_inference *inference, size_t field, struct assay_error *err)
{
    const struct assay_field_stats *stats = inference->fields[field].stats;
    static const double limits[] = {1, 100}; /* shares and percentages */
    if (!is_measure(inference, field) || stats->min_number < 0)
        return ASSAY_OK;
    if (stats->min_number > 0)
        ASSAY_TRY(
            offer_limit(inference, field, "greaterThan", 0, false, "positive in all records", err));
    for (size_t i = 0; i < ASSAY_COUNT(limits); i++) {
        if (stats->max_number <= limits[i] && stats->max_number >= 0.9 * limits[i])
            return offer_limit(inference, field, "lessThan", limits[i], true,
                               i ? "a percentage" : "a share of one", err);
    }
    return ASSAY_OK;
}
