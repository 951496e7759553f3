// Check inference: which candidates are tried at which level, and how a check with its evidence is
// written.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/infer/check_infer.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "common/base/datetime.h"
#include "common/base/memory.h"
#include "common/base/number.h"
#include "common/rules/rule_def.h"
#include "worker/executor/infer/check_offer.h"

#define US_PER_DAY 86400e6

/* Tried for each field in this order: a later one may rest on what an earlier one offered. A value
 * that does not fit the field's type fails every rule on it: only what takes the null-like share
 * of such a field into its coverage is tried then. */
static const struct {
    enum assay_infer_level level;
    int (*infer)(struct assay_inference *inference, size_t field, struct assay_error *err);
} candidates[] = {
    {ASSAY_INFER_LOW, assay_infer_not_null},        {ASSAY_INFER_LOW, assay_infer_any_not_null},
    {ASSAY_INFER_LOW, assay_infer_expected_values}, {ASSAY_INFER_LOW, assay_infer_not_negative},
    {ASSAY_INFER_LOW, assay_infer_not_future},      {ASSAY_INFER_MEDIUM, assay_infer_unique},
    {ASSAY_INFER_MEDIUM, assay_infer_between},      {ASSAY_INFER_MEDIUM, assay_infer_between_times},
    {ASSAY_INFER_MEDIUM, assay_infer_pattern},      {ASSAY_INFER_HIGH, assay_infer_one_sided},
    {ASSAY_INFER_HIGH, assay_infer_open_times},     {ASSAY_INFER_HIGH, assay_infer_field_order},
    {ASSAY_INFER_HIGH, assay_infer_time_sizes},     {ASSAY_INFER_XHIGH, assay_infer_predicted},
    {ASSAY_INFER_MAX, assay_infer_values_shape},    {ASSAY_INFER_MAX, assay_infer_pattern_shape},
    {ASSAY_INFER_MAX, assay_infer_not_null_shape},
};

bool assay_infer_level_parse(const char *text, enum assay_infer_level *ret_level)
{
    static const char *const names[] = {"off", "low", "medium", "high", "xhigh", "max"};
    for (size_t i = 0; i < ASSAY_COUNT(names); i++) {
        if (!strcasecmp(text, names[i]) || (text[0] == (char)('0' + i) && !text[1])) {
            *ret_level = (enum assay_infer_level)i;
            return true;
        }
    }
    return false;
}

int assay_set_text(json_t *object, const char *key, const char *text, struct assay_error *err)
{
    return assay_json_set(object, key, assay_json_safe_string(text, strlen(text)), err);
}

int assay_set_constant(json_t *object, const char *key, const struct assay_infer_field *field,
                       double number, struct assay_error *err)
{
    char text[ASSAY_NUMBER_TEXT];
    if (field->type == ASSAY_TYPE_DATE)
        assay_format_date((int64_t)number, text);
    else if (field->type == ASSAY_TYPE_TIMESTAMP)
        assay_format_timestamp((int64_t)number,
                               field->stats->layout == ASSAY_LAYOUT_INSTANT ? "Z" : "", text);
    else if (number == floor(number) && fabs(number) < 1e18)
        assay_format_i128((assay_i128)number, 0, text);
    else
        assay_format_double(number, text);
    return assay_set_text(object, key, text, err);
}

double assay_time_us(const struct assay_infer_field *field, double number)
{
    return field->stats->layout == ASSAY_LAYOUT_DATE ? number * US_PER_DAY : number;
}

static int write_check(const struct assay_inference *inference, const struct assay_offer *offer,
                       json_t *check, struct assay_error *err)
{
    json_t *fields = json_array();
    const struct assay_infer_options *options = inference->options;
    ASSAY_TRY(assay_set_text(check, "rule", offer->rule, err));
    if (options->container)
        ASSAY_TRY(assay_set_text(check, "container", options->container, err));
    ASSAY_TRY(assay_json_set(check, "fields", fields, err));
    for (size_t i = 0; i < offer->fields_count; i++) {
        const char *name = inference->fields[offer->fields[i]].name;
        ASSAY_TRY(assay_json_push(fields, assay_json_safe_string(name, strlen(name)), err));
    }
    ASSAY_TRY(assay_json_set(check, "coverage",
                             json_real(offer->coverage > 0 ? offer->coverage : 1), err));
    ASSAY_TRY(assay_set_text(check, "description", offer->description, err));
    ASSAY_TRY(assay_set_text(check, "status", options->draft ? "Draft" : "Active", err));
    return assay_evidence_set(check, offer, (int)inference->level, err);
}

int assay_inference_offer(struct assay_inference *inference, const struct assay_offer *offer,
                          struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *properties = offer->properties; /* taken over */
    ASSAY_AUTO(assay_json_decref) json_t *check = NULL;
    if (!assay_rule_def_find(offer->rule))
        return assay_fail(err, ASSAY_INTERNAL, "%s is not a rule", offer->rule);
    check = json_object();
    if (!check)
        return assay_fail_memory(err);
    struct assay_offer whole = *offer;
    if (!whole.evidence.judged)
        whole.evidence.judged = whole.evidence.support;
    const uint64_t records = inference->fields[offer->fields[0]].stats->records_count;
    const bool settled = !offer->evidence.sampled || inference->records.count >= records;
    whole.evidence.verified = settled ? records : 0;
    ASSAY_TRY(write_check(inference, &whole, check, err));
    if (properties)
        ASSAY_TRY(assay_json_set(check, "properties", ASSAY_TAKE(properties), err));
    return assay_json_push(inference->checks, ASSAY_TAKE(check), err);
}

static int infer_all(struct assay_inference *inference, struct assay_error *err)
{
    for (size_t field = 0; field < inference->fields_count; field++) {
        for (size_t i = 0; i < ASSAY_COUNT(candidates); i++) {
            inference->level = candidates[i].level;
            if (inference->level <= inference->options->level &&
                (!inference->fields[field].misfits ||
                 candidates[i].infer == assay_infer_not_null_shape))
                ASSAY_TRY(candidates[i].infer(inference, field, err));
        }
    }
    return ASSAY_OK;
}

int assay_checks_infer(const struct assay_infer_field *fields, size_t fields_count,
                       const struct assay_infer_options *options, json_t **ret_checks,
                       struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *checks = json_array();
    ASSAY_AUTO(assay_free)
    void *offers = assay_calloc(fields_count + 1, sizeof(struct assay_field_offers));
    struct assay_inference inference = {.fields = fields,
                                        .fields_count = fields_count,
                                        .options = options,
                                        .offers = offers,
                                        .checks = checks};
    if (!checks || !offers)
        return assay_fail_memory(err);
    ASSAY_TRY(assay_record_sample_init(&inference.records, fields, fields_count, options, err));
    const int rc = infer_all(&inference, err);
    assay_record_sample_release(&inference.records);
    ASSAY_TRY(rc);
    *ret_checks = ASSAY_TAKE(checks);
    return ASSAY_OK;
}
