// Checks that hold for a share of the records: level 5.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "worker/executor/infer/check_offer.h"

#define SHAPE_VALUES   20 /* values of a list with coverage */
#define SHAPE_SHARE    0.8
#define NUMBERS_SHARE  0.95 /* integers: measures have their common roundings, too */
#define NULL_SHARE_MAX 0.5

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

/* Has the field values that a list may name? Integers with a range are measures. */
static bool may_list(const struct assay_inference *inference, size_t field)
{
    const struct assay_infer_field *f = &inference->fields[field];
    const struct assay_field_offers *offers = &inference->offers[field];
    return (f->type == ASSAY_TYPE_STRING || (f->type == ASSAY_TYPE_INTEGRAL && !offers->range)) &&
           !offers->values && f->stats->valid_count >= ASSAY_INFER_VALUES_MIN &&
           !f->stats->invalid_utf8_count;
}

int assay_infer_values_shape(struct assay_inference *inference, size_t field,
                             struct assay_error *err)
{
    const struct assay_infer_field *f = &inference->fields[field];
    struct assay_evidence evidence = {.method = "values that make up a hundredth each",
                                      .support = f->stats->valid_count,
                                      .sampled = !f->stats->all_values};
    const double least = f->type == ASSAY_TYPE_INTEGRAL ? NUMBERS_SHARE : SHAPE_SHARE;
    if (!may_list(inference, field))
        return ASSAY_OK;
    const size_t listed = common_values(f->stats, &evidence.held);
    for (size_t i = 0; i < inference->records.count; i++) {
        const struct assay_sample_value *value = assay_record_value(&inference->records, field, i);
        if (inference->records.training[i] || !value)
            continue;
        evidence.tested++;
        evidence.passed += in_list(f->stats, listed, &value->value);
    }
    evidence.judged = evidence.support;
    const double coverage = assay_coverage_of(&evidence);
    if (!listed || coverage < least || evidence.held == evidence.support ||
        (double)evidence.passed < (least - 0.05) * (double)evidence.tested)
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

/* Values that do not fit the type fail as nulls do. */
int assay_infer_not_null_shape(struct assay_inference *inference, size_t field,
                               struct assay_error *err)
{
    const struct assay_field_stats *stats = inference->fields[field].stats;
    struct assay_evidence evidence = {
        .method = "all records", .support = stats->records_count, .held = stats->valid_count};
    if (!stats->null_count || stats->completeness < 1 - NULL_SHARE_MAX ||
        stats->records_count < ASSAY_INFER_VALUES_MIN)
        return ASSAY_OK;
    for (size_t i = 0; i < inference->records.count; i++)
        evidence.tested += !inference->records.training[i];
    evidence.passed = assay_held_out_values(inference, field);
    evidence.judged = evidence.support;
    const struct assay_offer offer = {.rule = "notNull",
                                      .fields = {field},
                                      .fields_count = 1,
                                      .coverage = assay_coverage_of(&evidence),
                                      .description = "as complete as in the profiled records",
                                      .evidence = evidence};
    return offer.coverage > 0 ? assay_inference_offer(inference, &offer, err) : ASSAY_OK;
}
