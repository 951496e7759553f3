// Evidence of inferred checks: intervals, chances of false alarms, and how they are written.
// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <string.h>

#include "common/base/cleanup.h"
#include "worker/executor/infer/check_offer.h"

#define Z_95         1.959963984540054
#define Z_99         2.3263478740408408 /* one-sided */
#define PRIOR        0.05               /* of the rules that the table does not name */
#define CHANCE_LEAST 1e-9

/* Shares of failing records that rules have which held so far: a Beta(a, 1) distribution each. The
 * figures come from checks that were made on one random half of real files and judged on the other
 * (docs/inference.md): of those, 1 − 2^−a alarmed. */
static const struct {
    const char *rule;
    double a;
} priors[] = {
    {"notNull", 0.03},
    {"expectedValues", 0.1},
    {"notNegative", 0.01},
    {"notFuture", 0.01},
    {"between", 0.07},
    {"betweenTimes", 0.02},
    {"matchesPattern", 0.05},
    {"unique", 0.03},
    {"greaterThan", 0.02},
    {"lessThan", 0.02},
    {"afterDateTime", 0.02},
    {"beforeDateTime", 0.02},
    {"timeDistributionSize", 0.03},
};

double assay_prior_of(const char *rule)
{
    for (size_t i = 0; i < ASSAY_COUNT(priors); i++) {
        if (!strcmp(priors[i].rule, rule))
            return priors[i].a;
    }
    return PRIOR;
}

static void wilson(uint64_t passed, uint64_t judged, double z, double *ret_low, double *ret_high)
{
    const double n = (double)judged, p = judged ? (double)passed / n : 0;
    const double centre = p + z * z / (2 * n),
                 spread = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    *ret_low = judged ? fmax(0, (centre - spread) / (1 + z * z / n)) : 0;
    *ret_high = judged ? fmin(1, (centre + spread) / (1 + z * z / n)) : 1;
}

void assay_wilson_interval(uint64_t passed, uint64_t judged, double *ret_low, double *ret_high)
{
    wilson(passed, judged, Z_95, ret_low, ret_high);
}

/* s records passed, none failed. Of m more none fails with the chance (s / (s + m))^a, for shares
 * of Beta(a, 1). */
static double chance_of_any(const struct assay_evidence *evidence, double a)
{
    const double s = (double)evidence->support + 1, m = (double)evidence->judged;
    return 1 - pow(s / (s + m), a);
}

/* The share that will be seen lies around the one that was seen, both with the error of their
 * number of records. */
static double error_of(const struct assay_evidence *evidence, double share)
{
    const double seen = 1 / ((double)evidence->support + 1);
    return sqrt(share * (1 - share) * (seen + 1 / ((double)evidence->judged + 1)));
}

double assay_coverage_of(const struct assay_evidence *evidence)
{
    double low, high;
    const double more = (double)evidence->support / fmax(1, (double)evidence->judged);
    wilson(evidence->held, evidence->support, Z_99 * sqrt(1 + more), &low, &high);
    return floor(low * 100) / 100;
}

static double chance_below(const struct assay_evidence *evidence, double coverage)
{
    const double share = ((double)evidence->held + 1) / ((double)evidence->support + 2);
    return 0.5 * erfc((share - coverage) / (error_of(evidence, share) * sqrt(2)));
}

/* Six digits are enough. */
static json_t *rounded(double value)
{
    const double unit = pow(10, 5 - floor(log10(fmax(fabs(value), 1e-12))));
    return json_real(round(value * unit) / unit);
}

static int set_interval(json_t *inference, const struct assay_evidence *evidence,
                        struct assay_error *err)
{
    double low, high;
    json_t *interval = json_array();
    assay_wilson_interval(evidence->held, evidence->support, &low, &high);
    ASSAY_TRY(assay_json_set(inference, "held_interval", interval, err));
    ASSAY_TRY(assay_json_push(interval, rounded(low), err));
    return assay_json_push(interval, rounded(high), err);
}

static int set_count(json_t *object, const char *key, uint64_t count, struct assay_error *err)
{
    return assay_json_set(object, key, json_integer((json_int_t)count), err);
}

/* What is to be expected of sound records to come. */
static int set_forecast(json_t *inference, const struct assay_offer *offer, struct assay_error *err)
{
    const struct assay_evidence *evidence = &offer->evidence;
    const double a = assay_prior_of(offer->rule);
    const double failed = (double)(evidence->support - evidence->held);
    const bool covered = offer->coverage > 0 && offer->coverage < 1;
    const double chance = covered ? chance_below(evidence, offer->coverage)
                                  : 1 - (1 - evidence->chance) * (1 - chance_of_any(evidence, a));
    ASSAY_TRY(assay_json_set(inference, "failing_share",
                             rounded((failed + a) / ((double)evidence->support + a + 1)), err));
    return assay_json_set(inference, "false_alarm_rate", rounded(fmax(chance, CHANCE_LEAST)), err);
}

static int set_seen(json_t *inference, const struct assay_evidence *evidence,
                    struct assay_error *err)
{
    ASSAY_TRY(set_count(inference, "support", evidence->support, err));
    ASSAY_TRY(assay_json_set(
        inference, "held",
        json_real(evidence->support ? (double)evidence->held / (double)evidence->support : 1),
        err));
    return set_interval(inference, evidence, err);
}

int assay_evidence_set(json_t *check, const struct assay_offer *offer, int level,
                       struct assay_error *err)
{
    const struct assay_evidence *evidence = &offer->evidence;
    json_t *metadata = json_object();
    ASSAY_TRY(assay_json_set(check, "additional_metadata", metadata, err));
    json_t *inference = json_object();
    ASSAY_TRY(assay_json_set(metadata, "inference", inference, err));
    ASSAY_TRY(assay_set_text(inference, "method", evidence->method, err));
    ASSAY_TRY(set_count(inference, "level", (uint64_t)level, err));
    ASSAY_TRY(set_seen(inference, evidence, err));
    ASSAY_TRY(set_count(inference, "tested", evidence->tested, err));
    ASSAY_TRY(set_count(inference, "passed", evidence->passed, err));
    ASSAY_TRY(set_count(inference, "verified_records", evidence->verified, err));
    return set_forecast(inference, offer, err);
}

/* --- verified --- */

static json_t *inference_of(const json_t *check)
{
    return json_object_get(json_object_get(check, "additional_metadata"), "inference");
}

bool assay_check_rests_on_sample(const json_t *check)
{
    return !assay_json_int(inference_of(check), "verified_records", 0);
}

int assay_check_set_verified(json_t *check, uint64_t records, uint64_t passed, uint64_t failing,
                             struct assay_error *err)
{
    json_t *inference = inference_of(check);
    const struct assay_offer offer = {
        .rule = assay_json_str(check, "rule", ""),
        .coverage = assay_json_num(check, "coverage", 1),
        .evidence = {.support = passed + failing, .held = passed, .judged = passed + failing}};
    ASSAY_TRY(set_count(inference, "verified_records", records, err));
    if (!offer.evidence.support)
        return ASSAY_OK;
    ASSAY_TRY(set_seen(inference, &offer.evidence, err));
    return set_forecast(inference, &offer, err);
}

/* --- judged --- */

int assay_check_set_judged(json_t *check, uint64_t records, uint64_t support,
                           struct assay_error *err)
{
    const struct assay_offer offer = {
        .rule = assay_json_str(check, "rule", ""),
        .evidence = {.support = support, .held = support, .judged = support}};
    if (!inference_of(check))
        ASSAY_TRY(
            assay_json_set(check, "additional_metadata", json_pack("{s:{}}", "inference"), err));
    json_t *inference = inference_of(check);
    ASSAY_TRY(set_seen(inference, &offer.evidence, err));
    ASSAY_TRY(set_count(inference, "tested", support, err));
    ASSAY_TRY(set_count(inference, "passed", support, err));
    ASSAY_TRY(set_count(inference, "verified_records", records, err));
    return set_forecast(inference, &offer, err);
}
