// Dates and times: betweenTimes, afterDateTime, beforeDateTime; records an interval of time.
// SPDX-License-Identifier: Apache-2.0
#include <math.h>

#include "common/base/datetime.h"
#include "common/base/memory.h"
#include "worker/executor/infer/check_offer.h"

#define US_PER_DAY    86400e6
#define US_PER_HOUR   3600e6
#define DAYS_PER_YEAR 365
#define DAYS_PER_WEEK 7
#define MARGIN        0.1 /* of the span, on each side, at least */
#define INTERVALS_MIN 4
#define INTERVALS_MAX 40
#define INTERVAL_MEAN 15 /* sampled records an interval, on average */
#define UNEVEN_MAX    4  /* greatest interval / least */
#define NOISE         3  /* standard errors of a count */

struct bounds {
    double low, high;
};

static double days_of(const struct assay_infer_field *field, double number)
{
    return floor(assay_time_us(field, number) / US_PER_DAY);
}

static double first_day(void)
{
    return (double)assay_days_from_civil(1, 1, 1);
}

static double last_day(void)
{
    return (double)assay_days_from_civil(9999, 12, 31);
}

/* Bounds are written with years of four digits: older, later and infinite times have none. */
static bool is_dated(const struct assay_infer_field *field)
{
    const struct assay_field_stats *stats = field->stats;
    return assay_is_time_field(field) && stats->valid_count >= ASSAY_INFER_VALUES_MIN &&
           stats->min_number < stats->max_number &&
           days_of(field, stats->min_number) >= first_day() &&
           days_of(field, stats->max_number) <= last_day();
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
    bounds.low = fmax(bounds.low, first_day());
    bounds.high = fmin(bounds.high, last_day());
    return bounds;
}

/* Held-out values against the bounds that the training part would have given. */
static int test_days(const struct assay_inference *inference, size_t field,
                     struct assay_evidence *evidence, struct assay_error *err)
{
    const struct assay_infer_field *f = &inference->fields[field];
    double *training = NULL;
    size_t count;
    ASSAY_TRY(assay_training_numbers(inference, field, &training, &count, err));
    const struct bounds days =
        count ? whole_days(days_of(f, training[0]), days_of(f, training[count - 1]))
              : (struct bounds){0, 0};
    assay_free(training);
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

/* The widened span of a field's values and its evidence; *ret_holds: the records held out lie
 * within. */
static int find_span(struct assay_inference *inference, size_t field, struct bounds *ret_days,
                     struct assay_evidence *ret_evidence, bool *ret_holds, struct assay_error *err)
{
    const struct assay_infer_field *f = &inference->fields[field];
    *ret_evidence = (struct assay_evidence){
        .method = "the span of all values, widened by a tenth, to whole years or months",
        .support = f->stats->valid_count,
        .held = f->stats->valid_count};
    ASSAY_TRY(test_days(inference, field, ret_evidence, err));
    *ret_holds = ret_evidence->passed >= ret_evidence->tested;
    if (*ret_holds)
        *ret_days = whole_days(days_of(f, f->stats->min_number), days_of(f, f->stats->max_number));
    return ASSAY_OK;
}

int assay_infer_between_times(struct assay_inference *inference, size_t field,
                              struct assay_error *err)
{
    const struct assay_infer_field *f = &inference->fields[field];
    struct assay_evidence evidence;
    struct bounds days;
    bool holds;
    if (!is_dated(f) || !is_closed(f, (double)inference->options->now_us / US_PER_DAY))
        return ASSAY_OK;
    ASSAY_TRY(find_span(inference, field, &days, &evidence, &holds, err));
    if (!holds)
        return ASSAY_OK;
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
    struct assay_evidence evidence;
    struct bounds days;
    bool holds;
    if (!is_dated(f) || inference->offers[field].range)
        return ASSAY_OK;
    ASSAY_TRY(find_span(inference, field, &days, &evidence, &holds, err));
    if (!holds)
        return ASSAY_OK;
    if (days.low > first_day())
        ASSAY_TRY(offer_instant(inference, field, "afterDateTime", days.low - 1,
                                "after the widened beginning of the profiled times", evidence,
                                err));
    if (days_of(f, f->stats->max_number) <= now_days || days.high >= last_day())
        return ASSAY_OK;
    return offer_instant(inference, field, "beforeDateTime", days.high + 1,
                         "before the widened end of the profiled times", evidence, err);
}

/* --- sizes over time ------------------------------------------------------------------------- */

enum interval { HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY, INTERVAL_KINDS };
static const char *const interval_names[] = {[HOURLY] = "Hourly",
                                             [DAILY] = "Daily",
                                             [WEEKLY] = "Weekly",
                                             [MONTHLY] = "Monthly",
                                             [YEARLY] = "Yearly"};

/* The number of the interval that holds a time; weeks begin on Monday (1970-01-01 was a
 * Thursday). */
static int64_t interval_of(enum interval kind, double us)
{
    const int64_t day = (int64_t)floor(us / US_PER_DAY);
    int64_t year;
    unsigned month, of_month;
    if (kind == HOURLY)
        return (int64_t)floor(us / US_PER_HOUR);
    if (kind == DAILY)
        return day;
    if (kind == WEEKLY)
        return (int64_t)floor((double)(day + 3) / DAYS_PER_WEEK);
    assay_civil_from_days(day, &year, &month, &of_month);
    return kind == YEARLY ? year : year * 12 + month - 1;
}

/* Records an interval, of one part of the sample. */
struct sizes {
    uint64_t counts[INTERVALS_MAX];
    size_t intervals;
    uint64_t records;
    double scale; /* of the part to the whole */
};

static void count_sizes(const struct assay_inference *inference, size_t field, enum interval kind,
                        int64_t first, bool training, struct sizes *ret)
{
    const struct assay_infer_field *f = &inference->fields[field];
    for (size_t i = 0; i < inference->records.count; i++) {
        const struct assay_sample_value *value = assay_record_value(&inference->records, field, i);
        if (inference->records.training[i] != training || !value)
            continue;
        const int64_t at = interval_of(kind, assay_time_us(f, value->number)) - first;
        if (at < 0 || at >= (int64_t)ret->intervals)
            continue;
        ret->counts[at]++;
        ret->records++;
    }
    ret->scale = (double)f->stats->valid_count / fmax(1, (double)ret->records);
}

static struct sizes sum_of(const struct sizes *a, const struct sizes *b)
{
    struct sizes sum = *a;
    for (size_t i = 0; i < sum.intervals; i++)
        sum.counts[i] += b->counts[i];
    sum.records += b->records;
    sum.scale = 1 / (1 / a->scale + 1 / b->scale);
    return sum;
}

/* Least and greatest estimated size. The first and the last interval may be cut: they count for the
 * greatest only, as in the rule. */
static struct bounds extremes_of(const struct sizes *sizes)
{
    struct bounds bounds = {INFINITY, 0};
    for (size_t i = 0; i < sizes->intervals; i++) {
        const double size = (double)sizes->counts[i] * sizes->scale;
        if (i > 0 && i + 1 < sizes->intervals)
            bounds.low = fmin(bounds.low, size);
        bounds.high = fmax(bounds.high, size);
    }
    return bounds;
}

static int offer_sizes(struct assay_inference *inference, size_t field, enum interval kind,
                       struct bounds sizes, const struct assay_evidence *evidence,
                       struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *properties = json_object();
    ASSAY_TRY(assay_set_text(properties, "interval_name", interval_names[kind], err));
    ASSAY_TRY(assay_json_set(properties, "min_size", json_integer((json_int_t)sizes.low), err));
    ASSAY_TRY(assay_json_set(properties, "max_size", json_integer((json_int_t)sizes.high), err));
    const struct assay_offer offer = {.rule = "timeDistributionSize",
                                      .fields = {field},
                                      .fields_count = 1,
                                      .properties = ASSAY_TAKE(properties),
                                      .description =
                                          "half to twice the records that an interval has",
                                      .evidence = *evidence};
    return assay_inference_offer(inference, &offer, err);
}

/* Held-out sizes against half to twice those of the training part, both with the noise of a count
 * of so few (three standard errors of a Poisson variable). */
static void test_sizes(const struct sizes *tested, struct bounds training,
                       struct assay_evidence *evidence)
{
    const double least = training.low / 2 / tested->scale, most = training.high * 2 / tested->scale;
    for (size_t i = 0; i < tested->intervals; i++) {
        const double count = (double)tested->counts[i];
        const bool cut = i == 0 || i + 1 == tested->intervals;
        evidence->tested++;
        evidence->passed +=
            (cut || count >= least - NOISE * sqrt(least)) && count <= most + NOISE * sqrt(most);
    }
}

/* *ret_done: intervals of this kind are even. */
static int infer_sizes(struct assay_inference *inference, size_t field, enum interval kind,
                       bool *ret_done, struct assay_error *err)
{
    const struct assay_infer_field *f = &inference->fields[field];
    const int64_t first = interval_of(kind, assay_time_us(f, f->stats->min_number));
    const int64_t last = interval_of(kind, assay_time_us(f, f->stats->max_number));
    if (last - first + 1 < INTERVALS_MIN || last - first + 1 > INTERVALS_MAX)
        return ASSAY_OK;
    struct sizes training = {.intervals = (size_t)(last - first + 1)}, tested = training;
    count_sizes(inference, field, kind, first, true, &training);
    count_sizes(inference, field, kind, first, false, &tested);
    const struct sizes all = sum_of(&training, &tested);
    const struct bounds seen = extremes_of(&all);
    if (training.records < INTERVAL_MEAN * training.intervals || !(seen.low > 0) ||
        seen.high > UNEVEN_MAX * seen.low)
        return ASSAY_OK;
    *ret_done = true;
    struct assay_evidence evidence = {.method = "records an interval, estimated from the sample",
                                      .support = all.intervals,
                                      .held = all.intervals,
                                      .sampled = true};
    test_sizes(&tested, extremes_of(&training), &evidence);
    if (evidence.passed < evidence.tested)
        return ASSAY_OK;
    const struct bounds wide = {floor(seen.low / 2), ceil(2 * seen.high)};
    return offer_sizes(inference, field, kind, wide, &evidence, err);
}

int assay_infer_time_sizes(struct assay_inference *inference, size_t field, struct assay_error *err)
{
    const struct assay_infer_field *f = &inference->fields[field];
    enum interval kind = f->type == ASSAY_TYPE_TIMESTAMP ? HOURLY : DAILY;
    bool done = false;
    if (!is_dated(f))
        return ASSAY_OK;
    for (; kind < INTERVAL_KINDS && !done; kind++)
        ASSAY_TRY(infer_sizes(inference, field, kind, &done, err));
    return ASSAY_OK;
}
