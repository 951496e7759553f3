// Drift between two profiles of one field.
// SPDX-License-Identifier: Apache-2.0
#include "cli/profile/drift.h"

#include <math.h>
#include <string.h>

#include "common/base/datetime.h"
#include "common/base/number.h"

enum { MOST_KNOTS = 160 };
#define LEAST_SHARE 1e-4

/* A distribution function drawn straight through its knots; x grows, p from 0 to 1. */
struct curve {
    double x[MOST_KNOTS], p[MOST_KNOTS];
    size_t count;
};

/* A bound's text as a number: numbers, dates and instants. NaN when it is neither. */
static double number_of(const char *text)
{
    double value;
    int64_t whole;
    bool zone;
    const size_t size_bytes = text ? strlen(text) : 0;
    if (!text)
        return NAN;
    if (assay_parse_double(text, size_bytes, &value))
        return value;
    if (assay_parse_date(text, size_bytes, &whole))
        return (double)whole * 86400;
    if (assay_parse_timestamp(text, size_bytes, &whole, &zone))
        return (double)whole / 1e6;
    return NAN;
}

static void add_knot(struct curve *curve, double x, double p)
{
    if (isnan(x) || curve->count == MOST_KNOTS || (curve->count && x < curve->x[curve->count - 1]))
        return;
    curve->x[curve->count] = x;
    curve->p[curve->count++] = p;
}

/* The share of values ≤ x (or < x when `below`): the curve may rise at one x from one share to
 * another. */
static double value_at(const struct curve *curve, double x, bool below)
{
    size_t next = 0;
    while (next < curve->count && (below ? curve->x[next] < x : curve->x[next] <= x))
        next++;
    if (next == 0)
        return 0;
    if (next == curve->count)
        return 1;
    const double width = curve->x[next] - curve->x[next - 1];
    const double along = (x - curve->x[next - 1]) / width;
    return curve->p[next - 1] + (curve->p[next] - curve->p[next - 1]) * along;
}

static struct curve quantile_curve(const json_t *field)
{
    static const struct {
        const char *key;
        double p;
        bool nested;
    } points[] = {{"0.01", 0.01, true},   {"0.05", 0.05, true}, {"q1", 0.25, false},
                  {"median", 0.5, false}, {"q3", 0.75, false},  {"0.95", 0.95, true},
                  {"0.99", 0.99, true}};
    struct curve curve = {0};
    const json_t *nested = assay_json_get(field, "quantiles");
    add_knot(&curve, number_of(assay_json_str(field, "min", NULL)), 0);
    for (size_t i = 0; i < ASSAY_COUNT(points); i++) {
        const json_t *value = assay_json_get(points[i].nested ? nested : field, points[i].key);
        add_knot(&curve, json_is_number(value) ? json_number_value(value) : NAN, points[i].p);
    }
    add_knot(&curve, number_of(assay_json_str(field, "max", NULL)), 1);
    return curve;
}

/* Both curves rise at points of their own: look just before and at each knot. */
static double distance_at_knots(const struct curve *knots, const struct curve *other)
{
    double largest = 0;
    for (size_t i = 0; i < knots->count; i++) {
        const double x = knots->x[i];
        largest = fmax(largest, fabs(value_at(knots, x, true) - value_at(other, x, true)));
        largest = fmax(largest, fabs(value_at(knots, x, false) - value_at(other, x, false)));
    }
    return largest;
}

static bool is_constant(const struct curve *curve)
{
    return curve->count > 0 && curve->x[0] >= curve->x[curve->count - 1];
}

double assay_drift_ks(const json_t *old_field, const json_t *new_field)
{
    const struct curve before = quantile_curve(old_field), after = quantile_curve(new_field);
    if (before.count < 3 || after.count < 3)
        return NAN;
    if (is_constant(&before) && is_constant(&after))
        return before.x[0] == after.x[0] ? 0 : 1;
    return fmax(distance_at_knots(&before, &after), distance_at_knots(&after, &before));
}

/* ---- population stability index ---- */

static double term(double expected, double actual)
{
    const double e = fmax(expected, LEAST_SHARE), a = fmax(actual, LEAST_SHARE);
    return (a - e) * log(a / e);
}

static double total_of(const json_t *entries)
{
    double total = 0;
    for (size_t i = 0; i < json_array_size(entries); i++)
        total += assay_json_num(json_array_get(entries, i), "count", 0);
    return total;
}

static bool counts_values(const json_t *entries)
{
    return json_array_size(entries) && assay_json_get(json_array_get(entries, 0), "value");
}

static double count_of(const json_t *entries, const char *value)
{
    for (size_t i = 0; i < json_array_size(entries); i++) {
        const json_t *entry = json_array_get(entries, i);
        if (strcmp(assay_json_str(entry, "value", ""), value) == 0)
            return assay_json_num(entry, "count", 0);
    }
    return 0;
}

/* Every value of either side is a bucket, the rest of each side one more. */
static double psi_of_values(const json_t *before, const json_t *after, double before_total,
                            double after_total)
{
    double psi = 0, before_rest = before_total, after_rest = after_total;
    for (size_t i = 0; i < json_array_size(before); i++) {
        const json_t *entry = json_array_get(before, i);
        const double old_count = assay_json_num(entry, "count", 0);
        const double new_count = count_of(after, assay_json_str(entry, "value", ""));
        psi += term(old_count / before_total, new_count / after_total);
        before_rest -= old_count;
        after_rest -= new_count;
    }
    for (size_t i = 0; i < json_array_size(after); i++) {
        const json_t *entry = json_array_get(after, i);
        const char *value = assay_json_str(entry, "value", "");
        if (count_of(before, value) > 0)
            continue;
        psi += term(0, assay_json_num(entry, "count", 0) / after_total);
        after_rest -= assay_json_num(entry, "count", 0);
    }
    if (before_rest > 0.5 || after_rest > 0.5)
        psi += term(fmax(before_rest, 0) / before_total, fmax(after_rest, 0) / after_total);
    return psi;
}

static struct curve bucket_curve(const json_t *buckets)
{
    struct curve curve = {0};
    const double total = total_of(buckets);
    double below = 0;
    for (size_t i = 0; i < json_array_size(buckets); i++) {
        const json_t *bucket = json_array_get(buckets, i);
        if (!i)
            add_knot(&curve, number_of(assay_json_str(bucket, "from", NULL)), 0);
        below += assay_json_num(bucket, "count", 0);
        add_knot(&curve, number_of(assay_json_str(bucket, "to", NULL)), below / total);
    }
    return curve;
}

/* The old buckets are the bins; the new one's share of each comes from its own curve. */
static double psi_of_buckets(const json_t *before, const json_t *after)
{
    const struct curve curve = bucket_curve(after);
    const double total = total_of(before);
    if (curve.count < 2 || !(total > 0))
        return NAN;
    double psi = 0, last = 0;
    for (size_t i = 0; i < json_array_size(before); i++) {
        const json_t *bucket = json_array_get(before, i);
        const double to = number_of(assay_json_str(bucket, "to", NULL));
        if (isnan(to))
            return NAN;
        const bool first = i == 0, final = i + 1 == json_array_size(before);
        const double below = final ? 1 : value_at(&curve, to, true);
        psi += term(assay_json_num(bucket, "count", 0) / total, below - (first ? 0 : last));
        last = below;
    }
    return psi;
}

static double present_of(const json_t *field, const json_t *entries, double records)
{
    const double present = records - assay_json_num(field, "null_count", 0);
    const double total = total_of(entries);
    return present > total ? present : total;
}

double assay_drift_psi(const json_t *old_field, double old_records, const json_t *new_field,
                       double new_records)
{
    const json_t *before = assay_json_get(old_field, "histogram_buckets");
    const json_t *after = assay_json_get(new_field, "histogram_buckets");
    if (json_array_size(before) && json_array_size(after) && !counts_values(before) &&
        !counts_values(after))
        return psi_of_buckets(before, after);
    if (!counts_values(before) || !counts_values(after)) {
        before = assay_json_get(old_field, "top_values");
        after = assay_json_get(new_field, "top_values");
    }
    if (!counts_values(before) || !counts_values(after))
        return NAN;
    return psi_of_values(before, after, present_of(old_field, before, old_records),
                         present_of(new_field, after, new_records));
}
