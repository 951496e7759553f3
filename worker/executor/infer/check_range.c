// Ranges of numbers: between, greaterThan, lessThan, with bounds beyond the extremes seen.
// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/infer/check_offer.h"

#define EXACT_INTEGER 0x1p53
#define MARGIN        0.1   /* of the range, on each side, at least */
#define EULER_GAMMA   0.577 /* mean of a standard Gumbel variable */
#define GUMBEL_99     4.6   /* its 99 % quantile */
#define LOG_5         1.609
#define HEAVY         2.5  /* times the decay that the twentieth foretells: no bound on that side */
#define BELL_DISTANCE 3    /* standard deviations from the mean to zero, at least */
#define BELL_SKEWNESS 0.3  /* a bell is symmetric */
#define BELL_KURTOSIS -0.6 /* and no plateau (−1.2) */
#define TAIL          0.01 /* share of the values beyond q01, q99 */

/* Extremes with the quantiles next to them. */
struct span {
    double min, q01, q05, q95, q99, max;
    size_t count;
};

struct bounds {
    double low, high; /* ∓INFINITY: none */
};

/* The span of the values in the training part. */
static int training_span(const struct assay_inference *inference, size_t field,
                         struct span *ret_span, struct assay_error *err)
{
    double *v = NULL;
    size_t n;
    ASSAY_TRY(assay_training_numbers(inference, field, &v, &n, err));
    *ret_span = (struct span){.count = n};
    if (n)
        *ret_span = (struct span){v[0],
                                  assay_quantile_of(v, n, 0.01),
                                  assay_quantile_of(v, n, 0.05),
                                  assay_quantile_of(v, n, 0.95),
                                  assay_quantile_of(v, n, 0.99),
                                  v[n - 1],
                                  n};
    assay_free(v);
    return ASSAY_OK;
}

static struct span full_span(const struct assay_field_stats *stats)
{
    return (struct span){stats->min_number,
                         stats->q01,
                         stats->q05,
                         stats->q95,
                         stats->q99,
                         stats->max_number,
                         (size_t)stats->valid_count};
}

/* The tail's scale is what the last hundredth spans, over the expectation of a maximum (Gumbel). */
double assay_tail_reach(double extreme, double hundredth, double twentieth, size_t count)
{
    const double expected = fmax(1, log(TAIL * (double)count) + EULER_GAMMA);
    const double scale = fabs(extreme - hundredth) / expected;
    if (scale > HEAVY * fabs(hundredth - twentieth) / LOG_5)
        return INFINITY;
    return GUMBEL_99 * scale;
}

/* Outward to a round number: a tenth of the range's own power of ten. */
static struct bounds rounded(struct bounds bounds, double range, bool whole)
{
    double step = pow(10, floor(log10(range)) - 1);
    step = whole && step < 1 ? 1 : step;
    bounds.low = floor(bounds.low / step) * step;
    bounds.high = ceil(bounds.high / step) * step;
    if (step < 1) { /* 0.30000000000000004 becomes 0.3 */
        bounds.low = round(bounds.low / step) / round(1 / step);
        bounds.high = round(bounds.high / step) / round(1 / step);
    }
    return bounds;
}

bool assay_only_seems_positive(const struct assay_field_stats *stats)
{
    const double below =
        assay_tail_reach(stats->min_number, stats->q01, stats->q05, (size_t)stats->valid_count);
    return stats->min_number > 0 && stats->mean > BELL_DISTANCE * stats->std_dev &&
           fabs(stats->skewness) < BELL_SKEWNESS && stats->kurtosis > BELL_KURTOSIS &&
           stats->min_number < below;
}

/* Each side goes out by a tenth of the range, or by what its tail reaches if that is more; where
 * zero is a limit, not below it. */
static struct bounds widened(const struct span *span, bool whole, bool limited)
{
    const double range = span->max - span->min;
    const double below = assay_tail_reach(span->min, span->q01, span->q05, span->count);
    const double above = assay_tail_reach(span->max, span->q99, span->q95, span->count);
    struct bounds bounds = {span->min - fmax(MARGIN * range, below),
                            span->max + fmax(MARGIN * range, above)};
    bounds = rounded(bounds, range, whole);
    if (limited && span->min >= 0 && bounds.low < 0)
        bounds.low = 0;
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

/* Integers that name something, where the field's name says so: the next key lies beyond all. */
static bool is_reference(const struct assay_infer_field *field)
{
    static const char words[] = "id ids identifier key code ref sk pk fk +no +nr +num +number";
    return field->type == ASSAY_TYPE_INTEGRAL && assay_semantic_name_is_of(field->name, words);
}

/* Numbers that name something have no range: identifiers, references, codes, cards. */
static bool is_measure(const struct assay_inference *inference, size_t field)
{
    const struct assay_infer_field *f = &inference->fields[field];
    const struct assay_field_stats *stats = f->stats;
    if (!assay_is_number_field(f) || inference->offers[field].values || stats->nan_count ||
        stats->inf_count || stats->moments_count < ASSAY_INFER_VALUES_MIN ||
        !(stats->min_number < stats->max_number) || fabs(stats->min_number) > EXACT_INTEGER ||
        fabs(stats->max_number) > EXACT_INTEGER || isnan(stats->q01))
        return false;
    if (is_semantic(f, "postcode") || is_semantic(f, "phone") || is_semantic(f, "credit_card") ||
        is_reference(f))
        return false;
    return f->type != ASSAY_TYPE_INTEGRAL || stats->distinct < 0.95 * (double)stats->valid_count;
}

static int set_bound(json_t *properties, const char *key, const char *inclusive,
                     const struct assay_infer_field *field, double bound, struct assay_error *err)
{
    if (isinf(bound))
        return ASSAY_OK;
    ASSAY_TRY(assay_set_constant(properties, key, field, bound, err));
    return assay_json_set(properties, inclusive, json_true(), err);
}

static int offer_between(struct assay_inference *inference, size_t field, struct bounds bounds,
                         struct assay_evidence evidence, const char *description,
                         struct assay_error *err)
{
    const struct assay_infer_field *f = &inference->fields[field];
    ASSAY_AUTO(assay_json_decref) json_t *properties = json_object();
    ASSAY_TRY(set_bound(properties, "min", "inclusive_min", f, bounds.low, err));
    ASSAY_TRY(set_bound(properties, "max", "inclusive_max", f, bounds.high, err));
    inference->offers[field].range = true;
    const struct assay_offer offer = {.rule = "between",
                                      .fields = {field},
                                      .fields_count = 1,
                                      .properties = ASSAY_TAKE(properties),
                                      .description = description,
                                      .evidence = evidence};
    return assay_inference_offer(inference, &offer, err);
}

/* Does a range say more than that no value is negative? */
static bool says_more(struct bounds bounds)
{
    return !isinf(bounds.high) || (!isinf(bounds.low) && bounds.low != 0);
}

static int infer_widened(struct assay_inference *inference, size_t field, struct assay_error *err)
{
    const struct assay_infer_field *f = &inference->fields[field];
    const bool whole = f->type == ASSAY_TYPE_INTEGRAL;
    const bool limited = !assay_only_seems_positive(f->stats);
    struct span training;
    struct assay_evidence evidence = {
        .method =
            "the range of all values, each side widened by a tenth of it or by as far as its tail "
            "reaches, rounded outward",
        .support = f->stats->valid_count,
        .held = f->stats->valid_count};
    ASSAY_TRY(training_span(inference, field, &training, err));
    if (training.count < ASSAY_INFER_RECORDS_MIN || !(training.min < training.max))
        return ASSAY_OK;
    test_bounds(inference, field, widened(&training, whole, limited), &evidence);
    /* a tail that the training part does not foresee: no range */
    if ((double)(evidence.tested - evidence.passed) > TAIL * (double)evidence.tested)
        return ASSAY_OK;
    const struct span all = full_span(f->stats);
    const struct bounds bounds = widened(&all, whole, limited);
    if (!says_more(bounds))
        return ASSAY_OK;
    return offer_between(inference, field, bounds, evidence,
                         "within the widened range of the profiled values", err);
}

int assay_infer_between(struct assay_inference *inference, size_t field, struct assay_error *err)
{
    const struct assay_infer_field *f = &inference->fields[field];
    if (!is_measure(inference, field))
        return ASSAY_OK;
    if (!is_semantic(f, "latitude") && !is_semantic(f, "longitude"))
        return infer_widened(inference, field, err);
    const double most = is_semantic(f, "latitude") ? 90 : 180;
    const struct bounds degrees = {-most, most};
    struct assay_evidence evidence = {.method = "the semantic type's own range",
                                      .support = f->stats->valid_count,
                                      .held = f->stats->valid_count};
    if (f->stats->min_number < -most || f->stats->max_number > most)
        return ASSAY_OK;
    test_bounds(inference, field, degrees, &evidence);
    return offer_between(inference, field, degrees, evidence, "degrees", err);
}

/* --- natural limits -------------------------------------------------------------------------- */

static int offer_limit(struct assay_inference *inference, size_t field, const char *rule,
                       double limit, bool inclusive, const char *description,
                       struct assay_error *err)
{
    const struct assay_infer_field *f = &inference->fields[field];
    struct assay_evidence evidence = {.method = "all values lie on one side of a natural limit",
                                      .support = f->stats->valid_count,
                                      .held = f->stats->valid_count};
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

/* Shares and percentages: the greatest value is the limit itself, or the tail ends before it. */
static bool ends_before(const struct assay_field_stats *stats, double limit)
{
    const double above =
        assay_tail_reach(stats->max_number, stats->q99, stats->q95, (size_t)stats->valid_count);
    return stats->max_number == limit || stats->max_number + above <= limit;
}

int assay_infer_one_sided(struct assay_inference *inference, size_t field, struct assay_error *err)
{
    const struct assay_infer_field *f = &inference->fields[field];
    const struct assay_field_stats *stats = f->stats;
    static const double limits[] = {1, 100};
    if (!is_measure(inference, field) || stats->min_number < 0 || is_semantic(f, "latitude") ||
        is_semantic(f, "longitude"))
        return ASSAY_OK;
    if (stats->min_number > 0 && !assay_only_seems_positive(stats))
        ASSAY_TRY(
            offer_limit(inference, field, "greaterThan", 0, false, "positive in all records", err));
    for (size_t i = 0; i < ASSAY_COUNT(limits); i++) {
        if (stats->max_number <= limits[i] && stats->max_number >= 0.9 * limits[i])
            return ends_before(stats, limits[i])
                       ? offer_limit(inference, field, "lessThan", limits[i], true,
                                     i ? "a percentage" : "a share of one", err)
                       : ASSAY_OK;
    }
    return ASSAY_OK;
}
