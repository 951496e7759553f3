// Checks of two fields of a record: anyNotNull, comparisons of fields.
// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <string.h>

#include "worker/executor/infer/check_offer.h"

#define PARTNERS_MAX 64 /* fields compared with one field, so that wide containers stay cheap */
#define RECORDS_MIN  50 /* in which both have a value */
#define BOTH_NULL_MIN                                                                              \
    10 /* records that would have neither if the fields did not know of each other */
#define BY_CHANCE_MIN                                                                              \
    0.05 /* share of shuffled pairs that break the order: else it says nothing \
                              */

static const struct assay_sample_value *value_at(const struct assay_inference *inference,
                                                 size_t field, size_t record)
{
    return assay_record_value(&inference->records, field, record);
}

/* --- anyNotNull ------------------------------------------------------------------------------ */

struct absence {
    uint64_t records, first, second, both;
};

static struct absence count_absence(const struct assay_inference *inference, size_t a, size_t b,
                                    bool training)
{
    struct absence seen = {0};
    for (size_t i = 0; i < inference->records.count; i++) {
        if (inference->records.training[i] != training)
            continue;
        const bool no_a = !value_at(inference, a, i), no_b = !value_at(inference, b, i);
        seen.records++;
        seen.first += no_a;
        seen.second += no_b;
        seen.both += no_a && no_b;
    }
    return seen;
}

/* Two fields of which now this, now that is missing, but never both, though chance would have
 * it. */
int assay_infer_any_not_null(struct assay_inference *inference, size_t field,
                             struct assay_error *err)
{
    size_t partners = 0;
    if (!inference->fields[field].stats->null_count)
        return ASSAY_OK;
    for (size_t other = field + 1; other < inference->fields_count && partners < PARTNERS_MAX;
         other++) {
        if (!inference->fields[other].stats->null_count || inference->fields[other].misfits)
            continue;
        partners++;
        const struct absence seen = count_absence(inference, field, other, true);
        const struct absence tested = count_absence(inference, field, other, false);
        const double by_chance =
            (double)seen.first * (double)seen.second / fmax(1, (double)seen.records);
        if (seen.both || tested.both || by_chance < BOTH_NULL_MIN)
            continue;
        const uint64_t judged = seen.records + tested.records;
        const struct assay_offer offer = {
            .rule = "anyNotNull",
            .fields = {field, other},
            .fields_count = 2,
            .description = "at least one of the two has a value",
            .evidence = {.method = "never both null, though each often is",
                         .support = judged,
                         .held = judged,
                         .tested = tested.records,
                         .passed = tested.records,
                         .judged = inference->fields[field].stats->records_count,
                         .sampled = true}};
        ASSAY_TRY(assay_inference_offer(inference, &offer, err));
    }
    return ASSAY_OK;
}

/* --- order of two fields --------------------------------------------------------------------- */

struct order {
    uint64_t records, less, equal, greater;
    uint64_t crossed_less,
        crossed_greater; /* this record's first value against the next one's second */
};

static struct order count_order(const struct assay_inference *inference, size_t a, size_t b,
                                bool training)
{
    struct order seen = {0};
    double before = NAN;
    for (size_t i = 0; i < inference->records.count; i++) {
        const struct assay_sample_value *x = value_at(inference, a, i),
                                        *y = value_at(inference, b, i);
        if (inference->records.training[i] != training || !x || !y || isnan(x->number) ||
            isnan(y->number))
            continue;
        seen.records++;
        seen.less += x->number < y->number;
        seen.equal += x->number == y->number;
        seen.greater += x->number > y->number;
        seen.crossed_less += before < y->number;
        seen.crossed_greater += before > y->number;
        before = x->number;
    }
    return seen;
}

static bool comparable(const struct assay_infer_field *a, const struct assay_infer_field *b)
{
    if (b->misfits)
        return false;
    if (assay_is_number_field(a))
        return assay_is_number_field(b);
    return assay_is_time_field(a) && assay_is_time_field(b) && a->stats->layout == b->stats->layout;
}

/* Of complete fields the extremes must be in order too. */
static bool extremes_agree(const struct assay_field_stats *less,
                           const struct assay_field_stats *more)
{
    if (less->null_count || more->null_count)
        return true;
    return less->min_number <= more->min_number && less->max_number <= more->max_number;
}

static int offer_order(struct assay_inference *inference, size_t field, size_t other,
                       const char *rule, bool inclusive, const struct order *all,
                       const struct order *tested, struct assay_error *err)
{
    const bool equal = !strcmp(rule, "equalToField");
    ASSAY_AUTO(assay_json_decref) json_t *properties = json_object();
    ASSAY_TRY(assay_set_text(properties, "field_name", inference->fields[other].name, err));
    if (!equal)
        ASSAY_TRY(assay_json_set(properties, "inclusive", json_boolean(inclusive), err));
    const uint64_t judged = all->records + tested->records;
    const struct assay_offer offer = {
        .rule = rule,
        .fields = {field},
        .fields_count = 1,
        .properties = ASSAY_TAKE(properties),
        .description = equal ? "equal to the other field in all sampled records"
                             : "on one side of the other field in all sampled records",
        .evidence = {.method = "order in the training records; shuffled pairs would break it",
                     .support = judged,
                     .held = judged,
                     .tested = tested->records,
                     .passed = tested->records,
                     .judged = inference->fields[field].stats->valid_count,
                     .sampled = true}};
    return assay_inference_offer(inference, &offer, err);
}

static int infer_order(struct assay_inference *inference, size_t field, size_t other,
                       struct assay_error *err)
{
    const struct assay_field_stats *a = inference->fields[field].stats,
                                   *b = inference->fields[other].stats;
    const struct order seen = count_order(inference, field, other, true);
    const double n = (double)seen.records;
    if (seen.records < RECORDS_MIN || inference->offers[field].values)
        return ASSAY_OK;
    const struct order tested = count_order(inference, field, other, false);
    if (seen.equal == seen.records && tested.equal == tested.records && a->distinct > 2 &&
        (a->null_count || b->null_count ||
         (a->min_number == b->min_number && a->max_number == b->max_number)))
        return offer_order(inference, field, other, "equalToField", true, &seen, &tested, err);
    const bool inclusive = seen.equal || tested.equal;
    if (seen.less && !seen.greater && !tested.greater &&
        (double)seen.crossed_greater >= BY_CHANCE_MIN * n && extremes_agree(a, b))
        return offer_order(inference, field, other, "lessThanField", inclusive, &seen, &tested,
                           err);
    if (seen.greater && !seen.less && !tested.less &&
        (double)seen.crossed_less >= BY_CHANCE_MIN * n && extremes_agree(b, a))
        return offer_order(inference, field, other, "greaterThanField", inclusive, &seen, &tested,
                           err);
    return ASSAY_OK;
}

int assay_infer_field_order(struct assay_inference *inference, size_t field,
                            struct assay_error *err)
{
    size_t partners = 0;
    for (size_t other = field + 1; other < inference->fields_count && partners < PARTNERS_MAX;
         other++) {
        if (!comparable(&inference->fields[field], &inference->fields[other]))
            continue;
        partners++;
        ASSAY_TRY(infer_order(inference, field, other, err));
    }
    return ASSAY_OK;
}
