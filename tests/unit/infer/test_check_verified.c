// Evidence of a check that was judged over all records, by the formulas of docs/inference.md.
// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "worker/executor/infer/check_infer.h"

static json_t *check_of(double coverage, uint64_t verified)
{
    json_t *check = json_pack("{s:s, s:f, s:{s:{s:s, s:I, s:i, s:i, s:i}}}", "rule",
                              "matchesPattern", "coverage", coverage, "additional_metadata",
                              "inference", "method", "made up", "verified_records",
                              (json_int_t)verified, "support", 1000, "tested", 400, "passed", 400);
    assert_non_null(check);
    return check;
}

/* Wilson's lower end of n of n is n / (n + 1.96²); the rate is 1 − (s / (s + m))^0.05, the share
 * (f + 0.05) / (s + 1.05). With a coverage of 0.9 and 0.95 seen, sixteen standard errors lie
 * between. */
static const struct {
    double coverage;
    uint64_t records, passed, failing;
    double held, low, failing_share, rate;
} cases[] = {
    {1, 4010, 4000, 0, 1, 0.999041, 1.24967e-5, 0.0340576},
    {0.9, 10000, 9500, 500, 0.95, 0.945553, 0.0499998, 1e-9},
    {1, 4010, 0, 0, -1, -1, -1, -1}, /* judged as a whole: the figures stay */
};

static void figures(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_error err = {0};
        json_t *check = check_of(cases[i].coverage, 0);
        const json_t *evidence =
            json_object_get(json_object_get(check, "additional_metadata"), "inference");
        const uint64_t judged = cases[i].passed + cases[i].failing;
        assert_int_equal(assay_check_set_verified(check, cases[i].records, cases[i].passed,
                                                  cases[i].failing, &err),
                         ASSAY_OK);
        assert_int_equal(assay_json_int(evidence, "verified_records", 0), cases[i].records);
        assert_int_equal(assay_json_int(evidence, "support", 0), judged ? judged : 1000);
        assert_int_equal(assay_json_int(evidence, "tested", 0), 400);
        assert_true(fabs(assay_json_num(evidence, "held", -1) - cases[i].held) < 1e-12);
        const json_t *interval = json_object_get(evidence, "held_interval");
        if (judged)
            assert_true(fabs(json_real_value(json_array_get(interval, 0)) - cases[i].low) < 1e-6);
        assert_true(fabs(assay_json_num(evidence, "failing_share", -1) - cases[i].failing_share) <
                    1e-6 * fabs(cases[i].failing_share) + 1e-9);
        assert_true(fabs(assay_json_num(evidence, "false_alarm_rate", -1) - cases[i].rate) < 1e-6);
        json_decref(check);
    }
}

static void rests_on_the_sample_until_then(void **state)
{
    (void)state;
    json_t *sampled = check_of(1, 0), *settled = check_of(1, 17);
    assert_true(assay_check_rests_on_sample(sampled));
    assert_false(assay_check_rests_on_sample(settled));
    json_decref(sampled);
    json_decref(settled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures),
        cmocka_unit_test(rests_on_the_sample_until_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
