// Splits: what an executor says, held against what would follow.
// SPDX-License-Identifier: Apache-2.0
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

#include "common/base/cleanup.h"
#include "worker/splits.h"

static int take(struct assay_splits *splits, const char *chunk)
{
    return assay_splits_take(splits, chunk, strlen(chunk), NULL);
}

static void other_chunks_are_passed_over(void **state)
{
    static const char *const chunks[] = {"", "{", "{\"t\":\"fields\",\"fields\":[]}",
                                         "{\"t\":\"container\",\"note\":{\"t\":\"plan\"}}"};
    (void)state;
    ASSAY_SCOPED(assay_splits_release) struct assay_splits splits = {0};
    for (size_t i = 0; i < ASSAY_COUNT(chunks); i++)
        assert_int_equal(take(&splits, chunks[i]), ASSAY_OK);
    assert_null(splits.plan);
    assert_null(splits.again);
}

/* Nothing of a plan that is not whole reaches the job store: there is none here. */
static void plans_that_are_not_whole(void **state)
{
    static const struct {
        const char *label;
        const char *chunks[3];
    } cases[] = {
        {"no splits", {"{\"t\":\"plan\",\"v\":1}"}},
        {"splits said, none there", {"{\"t\":\"plan\",\"v\":1,\"splits\":2}"}},
        {"more than said",
         {"{\"t\":\"plan\",\"v\":1,\"splits\":1}",
          "{\"t\":\"plan\",\"groups\":[{\"splits\":[{},{}]}]}"}},
        {"fewer than said",
         {"{\"t\":\"plan\",\"v\":1,\"splits\":3}",
          "{\"t\":\"plan\",\"groups\":[{\"splits\":[{},{}]}]}"}},
    };
    (void)state;
    char spec[] = "{\"settings\":{}}";
    const struct assay_job_claim claim = {.task_id = 1, .epoch = 1, .spec = spec};
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        print_message("    %s\n", cases[i].label);
        ASSAY_SCOPED(assay_splits_release) struct assay_splits splits = {0};
        for (size_t k = 0; k < 3 && cases[i].chunks[k]; k++)
            assert_int_equal(take(&splits, cases[i].chunks[k]), ASSAY_OK);
        assert_int_equal(assay_splits_complete(&splits, NULL, &claim, NULL, NULL), ASSAY_FORMAT);
    }
}

static void chunks_out_of_order(void **state)
{
    (void)state;
    ASSAY_SCOPED(assay_splits_release) struct assay_splits splits = {0};
    assert_int_equal(take(&splits, "{\"t\":\"plan\",\"groups\":[]}"), ASSAY_FORMAT);
    assert_int_equal(take(&splits, "{\"t\":\"plan\",\"splits\":1}"), ASSAY_OK);
    assert_int_equal(take(&splits, "{\"t\":\"plan\",\"splits\":1}"), ASSAY_FORMAT);
    assert_int_equal(take(&splits, "{\"t\":\"plan\",\"groups\":{}}"), ASSAY_FORMAT);
    assert_int_equal(take(&splits, "{\"t\":\"again\","), ASSAY_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_chunks_are_passed_over),
        cmocka_unit_test(plans_that_are_not_whole),
        cmocka_unit_test(chunks_out_of_order),
    };
    return cmocka_run_group_tests_name("splits", tests, NULL, NULL);
}
