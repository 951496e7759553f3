// predictedBy: one number on a straight line over another.
// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/memory.h"
#include "common/base/number.h"
#include "worker/executor/infer/check_offer.h"

#define PARTNERS_MAX    64   /* fields tried for one field, so that wide containers stay cheap */
#define RECORDS_MIN     50   /* in which both have a value */
#define EXPLAINED_MIN   0.98 /* r² of a prediction */
#define RESIDUAL_MARGIN 0.5  /* of the greatest residual, at least */
#define ROUNDING        1e-9 /* of the greatest value: residuals below are no more than rounding */

/* y ≈ intercept + slope · x by least squares. */
struct line {
    double slope, intercept, explained, tolerance; /* tolerance INFINITY: no line to rely on */
    size_t records;
};

static bool both_at(const struct assay_inference *inference, size_t x, size_t y, size_t record,
                    bool training, double *ret_x, double *ret_y)
{
    const struct assay_sample_value *a = assay_record_value(&inference->records, x, record),
                                    *b = assay_record_value(&inference->records, y, record);
    if (inference->records.training[record] != training || !a || !b || !isfinite(a->number) ||
        !isfinite(b->number))
        return false;
    *ret_x = a->number;
    *ret_y = b->number;
    return true;
}

static struct line fit(const struct assay_inference *inference, size_t x_field, size_t y_field)
{
    double n = 0, mean_x = 0, mean_y = 0, sxx = 0, syy = 0, sxy = 0, x, y;
    struct line line = {.tolerance = INFINITY};
    for (size_t i = 0; i < inference->records.count; i++) {
        if (!both_at(inference, x_field, y_field, i, true, &x, &y))
            continue;
        n++;
        const double dx = x - mean_x, dy = y - mean_y;
        mean_x += dx / n;
        mean_y += dy / n;
        sxx += dx * (x - mean_x);
        syy += dy * (y - mean_y);
        sxy += dx * (y - mean_y);
    }
    line.records = (size_t)n;
    if (!(sxx > 0) || !(syy > 0))
        return line;
    line.slope = sxy / sxx;
    line.intercept = mean_y - line.slope * mean_x;
    line.explained = sxy * sxy / (sxx * syy);
    return line;
}

/* The greatest residual of the training part and what its tail reaches beyond; INFINITY when a few
 * records lie far off the line, as then more will. */
static int find_tolerance(const struct assay_inference *inference, size_t field, size_t other,
                          struct line *line, struct assay_error *err)
{
    ASSAY_AUTO(assay_free)
    void *memory = assay_calloc(inference->records.count + 1, sizeof(double));
    double *residuals = memory, x, y, greatest = 0;
    size_t count = 0;
    if (!residuals)
        return assay_fail_memory(err);
    for (size_t i = 0; i < inference->records.count; i++) {
        if (!both_at(inference, other, field, i, true, &x, &y))
            continue;
        residuals[count++] = fabs(y - line->intercept - line->slope * x);
        greatest = fmax(greatest, fabs(y));
    }
    if (!count)
        return ASSAY_OK;
    qsort(residuals, count, sizeof *residuals, assay_compare_reals);
    const double most = residuals[count - 1], least = ROUNDING * greatest;
    const double reach = assay_tail_reach(most, assay_quantile_of(residuals, count, 0.99),
                                          assay_quantile_of(residuals, count, 0.95), count);
    line->tolerance = most < least ? 2 * least : most + fmax(RESIDUAL_MARGIN * most, reach);
    return ASSAY_OK;
}

static int set_properties(const struct assay_inference *inference, size_t other,
                          const struct line *line, json_t *properties, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    char slope[ASSAY_NUMBER_TEXT], intercept[ASSAY_NUMBER_TEXT];
    assay_format_double(line->slope, slope);
    assay_format_double(line->intercept, intercept);
    assay_buf_printf(&text, "%s * `%s` + (%s)", slope, inference->fields[other].name, intercept);
    ASSAY_TRY(assay_buf_check(&text, err));
    ASSAY_TRY(assay_set_text(properties, "expression", assay_buf_str(&text), err));
    return assay_json_set(properties, "tolerance", json_real(line->tolerance), err);
}

static int offer_line(struct assay_inference *inference, size_t field, size_t other,
                      const struct line *line, struct assay_error *err)
{
    struct assay_evidence evidence = {.method = "least squares on the training records",
                                      .judged = inference->fields[field].stats->valid_count,
                                      .sampled = true};
    double x, y;
    for (size_t i = 0; i < inference->records.count; i++) {
        if (!both_at(inference, other, field, i, false, &x, &y))
            continue;
        evidence.tested++;
        evidence.passed += fabs(y - line->intercept - line->slope * x) <= line->tolerance;
    }
    if (evidence.passed < evidence.tested)
        return ASSAY_OK;
    evidence.support = evidence.held = line->records + evidence.tested;
    ASSAY_AUTO(assay_json_decref) json_t *properties = json_object();
    ASSAY_TRY(set_properties(inference, other, line, properties, err));
    const struct assay_offer offer = {.rule = "predictedBy",
                                      .fields = {field},
                                      .fields_count = 1,
                                      .properties = ASSAY_TAKE(properties),
                                      .description = "follows another field on a straight line",
                                      .evidence = evidence};
    return assay_inference_offer(inference, &offer, err);
}

static bool is_predictable(const struct assay_infer_field *field)
{
    return assay_is_number_field(field) && !field->misfits && field->stats->distinct > 10 &&
           !field->stats->nan_count && !field->stats->inf_count;
}

/* The best line only, by a field that comes before: the same line the other way round says no more.
 * Equal fields are left to equalToField. */
int assay_infer_predicted(struct assay_inference *inference, size_t field, struct assay_error *err)
{
    struct line best = {.explained = EXPLAINED_MIN};
    size_t by = SIZE_MAX, partners = 0;
    if (!is_predictable(&inference->fields[field]))
        return ASSAY_OK;
    for (size_t other = 0; other < field && partners < PARTNERS_MAX; other++) {
        if (!is_predictable(&inference->fields[other]) ||
            strchr(inference->fields[other].name, '`'))
            continue;
        partners++;
        const struct line line = fit(inference, other, field);
        const bool same = line.slope == 1 && line.intercept == 0;
        if (line.records < RECORDS_MIN || line.explained <= best.explained || same)
            continue;
        best = line;
        by = other;
    }
    if (by == SIZE_MAX)
        return ASSAY_OK;
    ASSAY_TRY(find_tolerance(inference, field, by, &best, err));
    return isinf(best.tolerance) ? ASSAY_OK : offer_line(inference, field, by, &best, err);
}
