// Checks of one field that its full statistics settle: notNull, expectedValues, notNegative,
// notFuture, unique.
// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "worker/executor/infer/check_offer.h"

#define LIST_VALUES_MAX       120 /* of expectedValues */
#define NUMBER_VALUES_MAX     25  /* integers that are categories rather than measures */
#define VALUE_RECORDS_MEAN    10  /* a category occurs this often on average */
#define KEY_LENGTH_MAX        64  /* mean length of texts that may identify a record */
#define DISTINCT_SAMPLE_LEAST 64
#define NEW_VALUES_CHANCE     0.02 /* that as many records hold a value not seen before */

static const struct assay_field_stats *stats_of(const struct assay_inference *inference,
                                                size_t field)
{
    return inference->fields[field].stats;
}

static uint64_t held_out(const struct assay_inference *inference)
{
    uint64_t count = 0;
    for (size_t i = 0; i < inference->records.count; i++)
        count += !inference->records.training[i];
    return count;
}

int assay_infer_not_null(struct assay_inference *inference, size_t field, struct assay_error *err)
{
    const struct assay_field_stats *stats = stats_of(inference, field);
    if (stats->null_count || stats->records_count < ASSAY_INFER_RECORDS_MIN)
        return ASSAY_OK;
    inference->offers[field].not_null = true;
    const uint64_t tested = held_out(inference);
    const struct assay_offer offer = {.rule = "notNull",
                                      .fields = {field},
                                      .fields_count = 1,
                                      .description = "never null in the profiled records",
                                      .evidence = {.method = "all records",
                                                   .support = stats->records_count,
                                                   .held = stats->records_count,
                                                   .tested = tested,
                                                   .passed = tested}};
    return assay_inference_offer(inference, &offer, err);
}

static bool is_listed(const struct assay_field_stats *stats, const struct assay_value_text *value)
{
    for (size_t i = 0; i < stats->top_values_count; i++) {
        const struct assay_value_text *listed = &stats->top_values[i].value;
        if (listed->size_bytes == value->size_bytes &&
            !memcmp(listed->text, value->text, value->size_bytes))
            return true;
    }
    return false;
}

static void test_values(const struct assay_inference *inference, size_t field,
                        struct assay_evidence *evidence)
{
    for (size_t i = 0; i < inference->records.count; i++) {
        const struct assay_sample_value *value = assay_record_value(&inference->records, field, i);
        if (inference->records.training[i] || !value)
            continue;
        evidence->tested++;
        evidence->passed += is_listed(inference->fields[field].stats, &value->value);
    }
}

/* Few values, each seen often. A constant is such a field. */
static bool is_categorical(const struct assay_infer_field *field)
{
    const struct assay_field_stats *stats = field->stats;
    const double most = field->type == ASSAY_TYPE_STRING ? LIST_VALUES_MAX : NUMBER_VALUES_MAX;
    const bool typed = field->type == ASSAY_TYPE_STRING || field->type == ASSAY_TYPE_INTEGRAL ||
                       (field->type == ASSAY_TYPE_BOOLEAN && stats->distinct < 2);
    if (!typed || !stats->all_values || stats->valid_count < ASSAY_INFER_VALUES_MIN ||
        stats->distinct > most || stats->nan_count || stats->inf_count || stats->invalid_utf8_count)
        return false;
    return (double)stats->valid_count >= VALUE_RECORDS_MEAN * stats->distinct;
}

/* The chance that as many records to come hold a value that none of these has. A value that occurs
 * c times in both halves of twice the records lies in one given half only with the chance 2^−c; so
 * as many values are expected to be new there as will be missing: the sum of 2^−c over those
 * seen. */
static double new_values_chance(const struct assay_field_stats *stats)
{
    double expected = 0;
    for (size_t i = 0; i < stats->top_values_count; i++)
        expected += exp2(-(double)stats->top_values[i].count);
    return -expm1(-expected);
}

static int list_of(const struct assay_field_stats *stats, json_t *list, struct assay_error *err)
{
    for (size_t i = 0; i < stats->top_values_count; i++) {
        const struct assay_value_text *value = &stats->top_values[i].value;
        ASSAY_TRY(
            assay_json_push(list, assay_json_safe_string(value->text, value->size_bytes), err));
    }
    return ASSAY_OK;
}

static bool any_cut(const struct assay_field_stats *stats)
{
    for (size_t i = 0; i < stats->top_values_count; i++) {
        if (stats->top_values[i].value.cut ||
            memchr(stats->top_values[i].value.text, '\0', stats->top_values[i].value.size_bytes))
            return true;
    }
    return false;
}

int assay_infer_expected_values(struct assay_inference *inference, size_t field,
                                struct assay_error *err)
{
    const struct assay_field_stats *stats = stats_of(inference, field);
    struct assay_evidence evidence = {.method =
                                          "every value of the field; few, and each occurs often",
                                      .support = stats->valid_count,
                                      .held = stats->valid_count};
    if (!is_categorical(&inference->fields[field]) || any_cut(stats))
        return ASSAY_OK;
    evidence.chance = new_values_chance(stats);
    if (evidence.chance > NEW_VALUES_CHANCE)
        return ASSAY_OK;
    test_values(inference, field, &evidence);
    ASSAY_AUTO(assay_json_decref) json_t *properties = json_object();
    json_t *list = json_array();
    char description[80];
    ASSAY_TRY(assay_json_set(properties, "list", list, err));
    ASSAY_TRY(list_of(stats, list, err));
    snprintf(description, sizeof description, "one of the %zu values that occur",
             stats->top_values_count);
    inference->offers[field].values = true;
    const struct assay_offer offer = {.rule = "expectedValues",
                                      .fields = {field},
                                      .fields_count = 1,
                                      .properties = ASSAY_TAKE(properties),
                                      .description = description,
                                      .evidence = evidence};
    return assay_inference_offer(inference, &offer, err);
}

/* A check of which the statistics of all values say that each one holds. */
static int offer_seen_in_all(struct assay_inference *inference, size_t field, const char *rule,
                             const char *description, struct assay_error *err)
{
    const struct assay_field_stats *stats = stats_of(inference, field);
    const uint64_t tested = assay_held_out_values(inference, field);
    const struct assay_offer offer = {.rule = rule,
                                      .fields = {field},
                                      .fields_count = 1,
                                      .description = description,
                                      .evidence = {.method = "all values",
                                                   .support = stats->valid_count,
                                                   .held = stats->valid_count,
                                                   .tested = tested,
                                                   .passed = tested}};
    return assay_inference_offer(inference, &offer, err);
}

int assay_infer_not_negative(struct assay_inference *inference, size_t field,
                             struct assay_error *err)
{
    const struct assay_field_stats *stats = stats_of(inference, field);
    const char *semantic = inference->fields[field].semantic_type;
    const bool degrees =
        semantic && (!strcmp(semantic, "latitude") || !strcmp(semantic, "longitude"));
    if (!assay_is_number_field(&inference->fields[field]) || stats->negative_count || degrees ||
        stats->moments_count < ASSAY_INFER_RECORDS_MIN || stats->nan_count ||
        assay_only_seems_positive(stats))
        return ASSAY_OK;
    return offer_seen_in_all(inference, field, "notNegative",
                             "no negative number in the profiled records", err);
}

int assay_infer_not_future(struct assay_inference *inference, size_t field, struct assay_error *err)
{
    const struct assay_infer_field *f = &inference->fields[field];
    const struct assay_field_stats *stats = f->stats;
    if (!assay_is_time_field(f) || stats->valid_count < ASSAY_INFER_RECORDS_MIN ||
        assay_time_us(f, stats->max_number) > (double)inference->options->now_us)
        return ASSAY_OK;
    return offer_seen_in_all(inference, field, "notFuture",
                             "no instant after the time of the profile", err);
}

/* No value twice: exact while all are counted, else in the sample of distinct values, and the
 * estimate agrees. */
static bool looks_unique(const struct assay_field_stats *stats)
{
    const double valid = (double)stats->valid_count;
    if (stats->distinct_method == ASSAY_METHOD_EXACT)
        return stats->distinct == valid;
    return stats->unique_distinct_ratio == 1 &&
           stats->distinct >= valid * (1 - 4 * stats->distinct_standard_error);
}

/* Values of the sample of distinct ones: when all of them occur once, the standard error of that
 * share is 1 / (k + 2). */
static uint64_t sampled_distinct(const struct assay_field_stats *stats)
{
    const double error = stats->unique_distinct_ratio_error;
    return error > 0 && error < 1 ? (uint64_t)(1 / error) - 2 : DISTINCT_SAMPLE_LEAST;
}

/* Measures and prose are unique by chance, names and addresses of persons and machines are shared:
 * none of them identifies a record. */
static bool may_identify(const struct assay_infer_field *field)
{
    static const char *const shared[] = {
        "ipv4",     "ipv6",         "phone",    "person_name", "company_name", "postcode",
        "us_state", "country_code", "latitude", "longitude",   "currency_code"};
    for (size_t i = 0; i < ASSAY_COUNT(shared); i++) {
        if (field->semantic_type && !strcmp(field->semantic_type, shared[i]))
            return false;
    }
    return field->type == ASSAY_TYPE_INTEGRAL ||
           (field->type == ASSAY_TYPE_STRING && field->stats->mean_length <= KEY_LENGTH_MAX);
}

/* Most values of several words are prose. */
static bool is_prose(const struct assay_inference *inference, size_t field)
{
    uint64_t values = 0, blanks = 0;
    for (size_t i = 0; i < inference->records.count; i++) {
        const struct assay_sample_value *value = assay_record_value(&inference->records, field, i);
        if (!value)
            continue;
        values++;
        blanks += memchr(value->value.text, ' ', value->value.size_bytes) != NULL;
    }
    return 2 * blanks > values;
}

int assay_infer_unique(struct assay_inference *inference, size_t field, struct assay_error *err)
{
    const struct assay_infer_field *f = &inference->fields[field];
    const struct assay_field_stats *stats = f->stats;
    const bool exact = stats->distinct_method == ASSAY_METHOD_EXACT;
    if (!may_identify(f) || stats->valid_count < ASSAY_INFER_RECORDS_MIN ||
        stats->completeness < 0.5 || !looks_unique(stats) ||
        (f->type == ASSAY_TYPE_STRING && is_prose(inference, field)))
        return ASSAY_OK;
    inference->offers[field].unique = true;
    const uint64_t support = exact ? stats->valid_count : sampled_distinct(stats);
    const uint64_t tested = assay_held_out_values(inference, field);
    const struct assay_offer offer = {
        .rule = "unique",
        .fields = {field},
        .fields_count = 1,
        .description =
            exact ? "no value occurs twice" : "no value of a sample of distinct ones occurs twice",
        .evidence = {.method = exact ? "all values" : "sample of distinct values with exact counts",
                     .support = support,
                     .held = support,
                     .tested = tested,
                     .passed = tested,
                     .judged = stats->valid_count,
                     .sampled = !exact}};
    return assay_inference_offer(inference, &offer, err);
}
