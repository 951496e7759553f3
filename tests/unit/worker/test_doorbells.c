// Doorbells: what is a doorbell, their order, and what closing does.
// SPDX-License-Identifier: Apache-2.0
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

#include "worker/doorbells.h"

static void reads_only_our_own_messages(void **state)
{
    (void)state;
    static const struct {
        const char *label, *body;
        bool good;
    } cases[] = {
        {"as dispatched", "{\"v\":1,\"task_id\":7,\"seq\":3,\"op_id\":2,\"kind\":\"scan\"}", true},
        {"a field from the future", "{\"v\":1,\"task_id\":7,\"seq\":3,\"later\":{}}", true},
        {"no sequence", "{\"task_id\":7}", false},
        {"text for a number", "{\"task_id\":\"7\",\"seq\":3}", false},
        {"zero", "{\"task_id\":0,\"seq\":3}", false},
        {"negative sequence", "{\"task_id\":7,\"seq\":-3}", false},
        {"huge sequence", "{\"task_id\":7,\"seq\":99999999999}", false},
        {"twice the same key", "{\"task_id\":7,\"task_id\":8,\"seq\":1}", false},
        {"a list", "[7,3]", false},
        {"not JSON", "\x01\x02\x03", false},
        {"nothing", "", false},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        const struct assay_message message = {.body = cases[i].body,
                                              .size_bytes = strlen(cases[i].body),
                                              .partition = 4,
                                              .offset = 99};
        struct assay_doorbell doorbell = {0};
        const int rc = assay_doorbell_parse(&message, 1, &doorbell, NULL);
        if ((rc == ASSAY_OK) != cases[i].good)
            fail_msg("%s: %d", cases[i].label, rc);
        if (rc == ASSAY_OK) {
            assert_int_equal(doorbell.task_id, 7);
            assert_int_equal(doorbell.dispatch_seq, 3);
            assert_int_equal(doorbell.offset, 99);
        }
    }
}

static void come_in_order_and_a_returned_one_first(void **state)
{
    (void)state;
    struct assay_doorbells doorbells;
    struct assay_doorbell got;
    assay_doorbells_init(&doorbells);
    for (int64_t id = 1; id <= 3; id++)
        assert_true(assay_doorbells_ring(&doorbells, &(struct assay_doorbell){.task_id = id}));
    assert_true(assay_doorbells_take(&doorbells, 0, &got));
    assert_int_equal(got.task_id, 1);
    assay_doorbells_return(&doorbells, &got);
    for (int64_t id = 1; id <= 3; id++) {
        assert_true(assay_doorbells_take(&doorbells, 0, &got));
        assert_int_equal(got.task_id, id);
    }
    assert_false(assay_doorbells_take(&doorbells, 1, &got));
    assay_doorbells_release(&doorbells);
}

static void full_is_refused_and_closed_gives_nothing(void **state)
{
    (void)state;
    struct assay_doorbells doorbells;
    struct assay_doorbell got;
    assay_doorbells_init(&doorbells);
    for (int i = 0; i < ASSAY_DOORBELLS_MAX; i++)
        assert_true(assay_doorbells_ring(&doorbells, &(struct assay_doorbell){.task_id = 1}));
    assert_false(assay_doorbells_ring(&doorbells, &(struct assay_doorbell){.task_id = 1}));
    assay_doorbells_close(&doorbells);
    assert_false(assay_doorbells_take(&doorbells, 60000, &got));
    assay_doorbells_release(&doorbells);
}

static void done_ones_are_handed_back_once(void **state)
{
    (void)state;
    struct assay_doorbells doorbells;
    struct assay_doorbell got;
    assay_doorbells_init(&doorbells);
    assay_doorbells_done(&doorbells, &(struct assay_doorbell){.offset = 5});
    assay_doorbells_done(&doorbells, &(struct assay_doorbell){.offset = 6});
    assert_true(assay_doorbells_next_done(&doorbells, &got));
    assert_int_equal(got.offset, 5);
    assert_true(assay_doorbells_next_done(&doorbells, &got));
    assert_int_equal(got.offset, 6);
    assert_false(assay_doorbells_next_done(&doorbells, &got));
    assay_doorbells_release(&doorbells);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_only_our_own_messages),
        cmocka_unit_test(come_in_order_and_a_returned_one_first),
        cmocka_unit_test(full_is_refused_and_closed_gives_nothing),
        cmocka_unit_test(done_ones_are_handed_back_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
