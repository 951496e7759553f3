// Leases: when a task is suspended, when it goes on and when it is given up. Times are handed in;
// nothing waits.
// SPDX-License-Identifier: Apache-2.0
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

#include "worker/leases.h"

#define SECOND INT64_C(1000000000)

static const struct assay_worker_times times = {
    .lease_ttl_ms = 30000, .fence_margin_ms = 3000, .suspend_max_ms = 300000};

static void suspends_before_the_lease_can_run_out(void **state)
{
    (void)state;
    struct assay_leases leases;
    struct assay_lease lease = {.task_id = 1, .epoch = 2};
    assay_leases_init(&leases, &times);
    assay_leases_add(&leases, &lease, 100 * SECOND); /* trusted until 127 s */
    assay_leases_guard(&leases, 126 * SECOND);
    assert_false(atomic_load(&lease.suspended));
    assay_leases_guard(&leases, 127 * SECOND);
    assert_true(atomic_load(&lease.suspended));
    assert_false(atomic_load(&lease.stop));
    assay_leases_guard(&leases, 426 * SECOND); /* 299 s suspended */
    assert_false(atomic_load(&lease.stop));
    assay_leases_guard(&leases, 428 * SECOND);
    assert_true(atomic_load(&lease.stop));
    assert_int_equal(atomic_load(&lease.reason), ASSAY_STOP_LOST);
    assay_leases_remove(&leases, &lease);
    assay_leases_release(&leases);
}

static void the_first_reason_to_stop_stands(void **state)
{
    (void)state;
    struct assay_leases leases;
    struct assay_lease one = {.task_id = 1}, two = {.task_id = 2};
    assay_leases_init(&leases, &times);
    assay_leases_add(&leases, &one, 0);
    assay_leases_add(&leases, &two, 0);
    assert_int_equal(assay_leases_count(&leases), 2);
    assay_lease_stop(&one, ASSAY_STOP_CANCEL);
    assay_leases_stop_all(&leases, ASSAY_STOP_DRAIN);
    assert_int_equal(atomic_load(&one.reason), ASSAY_STOP_CANCEL);
    assert_int_equal(atomic_load(&two.reason), ASSAY_STOP_DRAIN);
    assert_true(atomic_load(&one.stop) && atomic_load(&two.stop));
    assay_leases_remove(&leases, &one);
    assert_false(assay_leases_wait_idle(&leases, 0));
    assay_leases_remove(&leases, &two);
    assert_true(assay_leases_wait_idle(&leases, 0));
    assay_leases_release(&leases);
}

/* A claim that was under way when all were told to stop is told so, too. */
static void what_comes_after_the_stop_is_stopped(void **state)
{
    (void)state;
    struct assay_leases leases;
    struct assay_lease late = {.task_id = 1};
    assay_leases_init(&leases, &times);
    assert_true(assay_leases_wait_idle(&leases, 0));
    assay_leases_stop_all(&leases, ASSAY_STOP_DRAIN);
    assay_leases_add(&leases, &late, 0);
    assert_true(atomic_load(&late.stop));
    assert_int_equal(atomic_load(&late.reason), ASSAY_STOP_DRAIN);
    assay_leases_remove(&leases, &late);
    assay_leases_release(&leases);
}

static void keeps_progress_that_fits(void **state)
{
    (void)state;
    struct assay_leases leases;
    struct assay_lease lease = {.task_id = 1};
    char large[ASSAY_LEASE_PROGRESS_BYTES + 1];
    memset(large, 'x', sizeof large);
    assay_leases_init(&leases, &times);
    assay_leases_add(&leases, &lease, 0);
    assay_leases_progress(&leases, &lease, "{\"records\":1}", 13);
    assert_string_equal(lease.progress, "{\"records\":1}");
    assay_leases_progress(&leases, &lease, large, sizeof large);
    assert_string_equal(lease.progress, "");
    assay_leases_remove(&leases, &lease);
    assay_leases_release(&leases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suspends_before_the_lease_can_run_out),
        cmocka_unit_test(the_first_reason_to_stop_stands),
        cmocka_unit_test(what_comes_after_the_stop_is_stopped),
        cmocka_unit_test(keeps_progress_that_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
