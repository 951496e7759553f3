// Drift between two profiles of one field.
// SPDX-License-Identifier: Apache-2.0
#include "cli/profile/drift.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/datetime.h"
#include "common/base/number.h"

/* 100 values that jump, or 22 buckets; and 9 quantiles. */
enum { MOST_KNOTS = 256 };
#define LEAST_SHARE 1e-4

struct knot {
    double x, p;
};

/* A distribution function drawn straight through its knots; neither x nor p falls. */
struct curve {
    struct knot knots[MOST_KNOTS];
    size_t count;
};

/* Values of one kind have an order, and places on one line. */
enum order { NO_ORDER, NUMBERS, TIMES };

static enum order order_of(const json_t *field)
{
    static const struct {
        const char *type;
        enum order order;
    } orders[] = {
        {"Integral", NUMBERS}, {"Fractional", NUMBERS}, {"Date", TIMES}, {"Timestamp", TIMES}};
    const char *type = assay_json_str(field, "type", "");
    for (size_t i = 0; i < ASSAY_COUNT(orders); i++)
        if (strcmp(type, orders[i].type) == 0)
            return orders[i].order;
    return NO_ORDER;
}

static bool one_order(const json_t *old_field, const json_t *new_field)
{
    const enum order order = order_of(old_field);
    return order != NO_ORDER && order == order_of(new_field);
}

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

static double bound_of(const json_t *entry, const char *key)
{
    return number_of(assay_json_str(entry, key, NULL));
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

/* ---- distribution functions ---- */

static void add_knot(struct curve *curve, double x, double p)
{
    if (isfinite(x) && isfinite(p) && curve->count < MOST_KNOTS)
        curve->knots[curve->count++] = (struct knot){x, p};
}

static int compare_knots(const void *left, const void *right)
{
    const struct knot *a = left, *b = right;
    if (a->x != b->x)
        return a->x < b->x ? -1 : 1;
    return (a->p > b->p) - (a->p < b->p);
}

/* Knots of several sources, each with an error of its own, as one function that never falls. */
static void settle(struct curve *curve)
{
    qsort(curve->knots, curve->count, sizeof *curve->knots, compare_knots);
    for (size_t i = 1; i < curve->count; i++)
        curve->knots[i].p = fmax(curve->knots[i].p, curve->knots[i - 1].p);
}

/* The share of values ≤ x (or < x when `below`): the curve may rise at one x from one share to
 * another. */
static double value_at(const struct curve *curve, double x, bool below)
{
    const struct knot *knots = curve->knots;
    size_t next = 0;
    while (next < curve->count && (below ? knots[next].x < x : knots[next].x <= x))
        next++;
    if (next == 0)
        return 0;
    if (next == curve->count)
        return 1;
    const double along = (x - knots[next - 1].x) / (knots[next].x - knots[next - 1].x);
    return knots[next - 1].p + (knots[next].p - knots[next - 1].p) * along;
}

static void add_quantiles(struct curve *curve, const json_t *field)
{
    static const struct {
        const char *key;
        double p;
        bool nested;
    } points[] = {{"0.01", 0.01, true},   {"0.05", 0.05, true}, {"q1", 0.25, false},
                  {"median", 0.5, false}, {"q3", 0.75, false},  {"0.95", 0.95, true},
                  {"0.99", 0.99, true}};
    const json_t *nested = assay_json_get(field, "quantiles");
    add_knot(curve, bound_of(field, "min"), 0);
    for (size_t i = 0; i < ASSAY_COUNT(points); i++) {
        const json_t *value = assay_json_get(points[i].nested ? nested : field, points[i].key);
        add_knot(curve, json_is_number(value) ? json_number_value(value) : NAN, points[i].p);
    }
    add_knot(curve, bound_of(field, "max"), 1);
}

/* Below each bucket's upper end lies what it and those before it count. */
static void add_buckets(struct curve *curve, const json_t *buckets)
{
    const double total = total_of(buckets);
    double below = 0;
    add_knot(curve, bound_of(json_array_get(buckets, 0), "from"), 0);
    for (size_t i = 0; i < json_array_size(buckets); i++) {
        const json_t *bucket = json_array_get(buckets, i);
        below += assay_json_num(bucket, "count", 0);
        add_knot(curve, bound_of(bucket, "to"), below / total);
    }
}

static int compare_values(const void *left, const void *right)
{
    const json_t *const *a = left, *const *b = right;
    const double x = bound_of(*a, "value"), y = bound_of(*b, "value");
    return (x > y) - (x < y);
}

/* Every value is known: the function jumps at each, and nowhere else. */
static void add_steps(struct curve *curve, const json_t *entries)
{
    const json_t *sorted[MOST_KNOTS / 2];
    const double total = total_of(entries);
    double below = 0;
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(entries) && count < ASSAY_COUNT(sorted); i++)
        sorted[count++] = json_array_get(entries, i);
    qsort(sorted, count, sizeof(sorted[0]), compare_values);
    for (size_t i = 0; i < count; i++) {
        const double x = bound_of(sorted[i], "value");
        add_knot(curve, x, below / total);
        below += assay_json_num(sorted[i], "count", 0);
        add_knot(curve, x, below / total);
    }
}

/* Exact where every value is counted; else through the buckets and, of numbers, the quantiles. */
static struct curve curve_of(const json_t *field)
{
    struct curve curve = {0};
    const json_t *buckets = assay_json_get(field, "histogram_buckets");
    if (counts_values(buckets)) {
        add_steps(&curve, buckets);
    } else {
        if (json_array_size(buckets))
            add_buckets(&curve, buckets);
        add_quantiles(&curve, field);
    }
    settle(&curve);
    return curve;
}

/* Both curves rise at points of their own: look just before and at each knot. */
static double distance_at_knots(const struct curve *from, const struct curve *other)
{
    double largest = 0;
    for (size_t i = 0; i < from->count; i++) {
        const double x = from->knots[i].x;
        largest = fmax(largest, fabs(value_at(from, x, true) - value_at(other, x, true)));
        largest = fmax(largest, fabs(value_at(from, x, false) - value_at(other, x, false)));
    }
    return largest;
}

double assay_drift_ks(const json_t *old_field, const json_t *new_field)
{
    if (!one_order(old_field, new_field))
        return NAN;
    const struct curve before = curve_of(old_field), after = curve_of(new_field);
    if (before.count < 2 || after.count < 2)
        return NAN;
    return fmax(distance_at_knots(&before, &after), distance_at_knots(&after, &before));
}

/* ---- population stability index ---- */

static double term(double expected, double actual)
{
    const double e = fmax(expected, LEAST_SHARE), a = fmax(actual, LEAST_SHARE);
    return (a - e) * log(a / e);
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

/* The old buckets are the bins, or the old values, each with what follows it up to the next one;
 * the new shares come from the new curve. */
static double psi_of_bins(const json_t *before, const struct curve *after)
{
    const bool by_value = counts_values(before);
    const size_t count = json_array_size(before);
    const double total = total_of(before);
    if (after->count < 2 || !(total > 0))
        return NAN;
    double psi = 0, last = 0;
    for (size_t i = 0; i < count; i++) {
        double below = 1;
        if (i + 1 < count) {
            const double end = by_value ? bound_of(json_array_get(before, i + 1), "value")
                                        : bound_of(json_array_get(before, i), "to");
            if (isnan(end))
                return NAN;
            below = value_at(after, end, true);
        }
        psi += term(assay_json_num(json_array_get(before, i), "count", 0) / total, below - last);
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
    const bool both_values = counts_values(before) && counts_values(after);
    const bool one_type =
        strcmp(assay_json_str(old_field, "type", ""), assay_json_str(new_field, "type", "")) == 0;
    if (!(both_values && one_type) && one_order(old_field, new_field)) {
        const struct curve curve = curve_of(new_field);
        return psi_of_bins(before, &curve);
    }
    if (!both_values) {
        before = assay_json_get(old_field, "top_values");
        after = assay_json_get(new_field, "top_values");
    }
    if (!one_type || !counts_values(before) || !counts_values(after))
        return NAN;
    return psi_of_values(before, after, present_of(old_field, before, old_records),
                         present_of(new_field, after, new_records));
}
