// Conformance: caps, weighted fair share, windows, priorities and the circuit breaker.
// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/job/suite.h"

static int64_t live(struct suite *s, const char *column, int64_t id)
{
    char sql[160];
    (void)snprintf(
        sql, sizeof sql,
        "SELECT count(*) FROM task WHERE state IN ('dispatched', 'running') AND %s = %" PRId64,
        column, id);
    return test_int(s->base.db, sql);
}

static void set_cap(struct suite *s, int64_t connection_id, int max_running)
{
    TEST_OK(assay_job_limit_set(s->store, NULL, connection_id, max_running, &test_err));
}

/* 2,000 tasks of one datastore came first; each of the small ones still gets its place in the first
 * round. */
static void giant_cannot_starve(struct suite *s)
{
    enum { SMALL = 10 };
    set_cap(s, 1, 40);
    (void)suite_operation(s, "profile", 1, 1, 2000, NULL);
    for (int i = 0; i < SMALL; i++)
        (void)suite_operation(s, "profile", 10 + i, 1, 1, NULL); /* the same connection */
    (void)suite_operation(s, "profile", 99, 2, 3, NULL);         /* another one */
    assert_int_equal(suite_dispatch(s, 16), 16);
    for (int i = 0; i < SMALL; i++)
        assert_int_equal(live(s, "source_id", 10 + i), 1);
    assert_int_equal(live(s, "source_id", 99), 3);
    assert_int_equal(live(s, "source_id", 1), 3);
}

static void weights_share(struct suite *s)
{
    set_cap(s, 1, 8);
    TEST_OK(assay_job_weight_set(s->store, 1, 3, &test_err));
    (void)suite_operation(s, "profile", 1, 1, 100, NULL);
    (void)suite_operation(s, "profile", 2, 1, 100, NULL);
    assert_int_equal(suite_dispatch(s, 100), 8);
    assert_int_equal(live(s, "source_id", 1), 6);
    assert_int_equal(live(s, "source_id", 2), 2);
    TEST_FAILS(ASSAY_INVALID, assay_job_weight_set(s->store, 1, 0, &test_err));
}

/* The cap is the connection's, shared by its datastores, and counts what is dispatched and what
 * runs. */
static void caps_hold(struct suite *s)
{
    int64_t ids[10];
    set_cap(s, 1, 3);
    (void)suite_operation(s, "profile", 1, 1, 10, ids);
    (void)suite_operation(s, "profile", 2, 1, 10, NULL);
    assert_int_equal(suite_dispatch(s, 100), 3);
    const int64_t epoch = suite_claim(s, ids[0]);
    assert_int_equal(suite_dispatch(s, 100), 0);
    TEST_OK(assay_job_complete(s->store, ids[0], epoch, NULL, &test_err));
    assert_int_equal(suite_dispatch(s, 100), 1);
    assert_int_equal(live(s, "connection_id", 1), 3);
    set_cap(s, 1, 5);
    assert_int_equal(suite_dispatch(s, 100), 2);
    set_cap(s, 1, 1); /* lowered below what is out: nothing more until it drains */
    assert_int_equal(suite_dispatch(s, 100), 0);
    TEST_FAILS(ASSAY_INVALID, assay_job_limit_set(s->store, NULL, 1, 0, &test_err));
}

static void window_bounds_the_queue(struct suite *s)
{
    int64_t ids[10];
    set_cap(s, 1, 100);
    (void)suite_operation(s, "profile", 1, 1, 10, ids);
    assert_int_equal(suite_dispatch(s, 4), 4);
    assert_int_equal(suite_dispatch(s, 4), 0); /* four wait for a worker */
    (void)suite_claim(s, ids[0]);
    assert_int_equal(suite_dispatch(s, 4), 1);
    assert_int_equal(suite_dispatch(s, 0), 0);
}

/* Reaped and released tasks go first; otherwise by run_at, then id. */
static void priority_orders_within_a_source(struct suite *s)
{
    int64_t ids[3];
    set_cap(s, 1, 1);
    (void)suite_operation(s, "profile", 1, 1, 3, ids);
    test_sql(s->base.db, "UPDATE task SET priority = 2 WHERE container_id = 102");
    const int64_t order[] = {ids[2], ids[0], ids[1]};
    for (size_t i = 0; i < ASSAY_COUNT(order); i++) {
        assert_int_equal(suite_dispatch(s, 10), 1);
        suite_expect(s, order[i], "state", "dispatched");
        TEST_OK(assay_job_complete(s->store, order[i], suite_claim(s, order[i]), NULL, &test_err));
    }
}

static void pools_and_lanes_are_apart(struct suite *s)
{
    int count = 0;
    (void)suite_operation(s, "profile", 1, 1, 2, NULL);
    TEST_OK(
        assay_job_dispatch(s->store, "default", ASSAY_LANE_EXPRESS, 9, "t", 1, &count, &test_err));
    assert_int_equal(count, 0);
    TEST_OK(assay_job_dispatch(s->store, "gpu", ASSAY_LANE_BULK, 9, "t", 1, &count, &test_err));
    assert_int_equal(count, 0);
    TEST_OK(assay_job_dispatch(s->store, "default", ASSAY_LANE_BULK, 9, "t", 0, &count, &test_err));
    assert_int_equal(count, 0); /* no worker understands the spec */
    assert_int_equal(suite_dispatch(s, 9), 2);
}

static int64_t pause_s(struct suite *s)
{
    return test_int(s->base.db, "SELECT (paused_until - assay_now() + 500000) / 1000000 FROM "
                                "source_limit WHERE connection_id = 1");
}

static void breaker(struct suite *s)
{
    static const int64_t pauses_s[] = {30, 60, 120, 240, 480, 600, 600};
    int64_t ids[4];
    const char *state = NULL;
    (void)suite_operation(s, "profile", 1, 1, 4, ids);
    (void)suite_operation(s, "profile", 2, 2, 1, NULL);
    assert_int_equal(suite_dispatch(s, 100), 5);
    const int64_t epochs[] = {suite_claim(s, ids[0]), suite_claim(s, ids[1])};
    TEST_OK(assay_job_source_down(s->store, ids[0], epochs[0], SUITE_ERROR, &state, &test_err));
    TEST_OK(assay_job_source_down(s->store, ids[1], epochs[1], SUITE_ERROR, &state, &test_err));
    assert_int_equal(
        test_int(s->base.db, "SELECT breaker_failures FROM source_limit WHERE connection_id = 1"),
        1);
    test_sql(s->base.db,
             "UPDATE task SET state = 'ready' WHERE state = 'dispatched' AND connection_id = 1");
    assert_int_equal(suite_dispatch(s, 100), 0);
    for (size_t i = 0; i < ASSAY_COUNT(pauses_s); i++) {
        assert_in_range(pause_s(s), pauses_s[i] - 2, pauses_s[i]);
        test_clock_advance(&s->base, pauses_s[i] * 1000 + 1);
        assert_int_equal(suite_dispatch(s, 100), 1); /* half open: one probe */
        assert_int_equal(suite_dispatch(s, 100), 0);
        const int64_t probe = test_int(
            s->base.db, "SELECT id FROM task WHERE state = 'dispatched' AND connection_id = 1");
        TEST_OK(assay_job_source_down(s->store, probe, suite_claim(s, probe), SUITE_ERROR, &state,
                                      &test_err));
        assert_string_equal(state, "ready");
    }
    test_clock_advance(&s->base, 600001);
    assert_int_equal(suite_dispatch(s, 100), 1);
    const int64_t probe = test_int(
        s->base.db, "SELECT id FROM task WHERE state = 'dispatched' AND connection_id = 1");
    TEST_OK(assay_job_complete(s->store, probe, suite_claim(s, probe), NULL, &test_err));
    assert_int_equal(
        test_int(s->base.db, "SELECT breaker_failures FROM source_limit WHERE connection_id = 1"),
        0);
    assert_int_equal(suite_dispatch(s, 100), 3);
    assert_int_equal(test_int(s->base.db, "SELECT sum(failures) FROM task"), 0);
}

static void breaker_by_hand(struct suite *s)
{
    (void)suite_operation(s, "profile", 1, 1, 1, NULL);
    TEST_OK(assay_job_breaker_trip(s->store, 1, &test_err));
    assert_int_equal(suite_dispatch(s, 9), 0);
    TEST_OK(assay_job_breaker_probe(s->store, 1, true, &test_err));
    assert_int_equal(suite_dispatch(s, 9), 1);
    TEST_OK(assay_job_breaker_probe(s->store, 1, false, &test_err));
    assert_int_equal(pause_s(s), 30);
}

/* A source that is down does not stop somebody from testing its connection. */
static void inspect_has_no_breaker(struct suite *s)
{
    int64_t task = 0;
    const char *state = NULL;
    (void)suite_operation(s, "inspect", 0, 0, 1, &task);
    (void)suite_dispatch(s, 1);
    TEST_OK(assay_job_source_down(s->store, task, suite_claim(s, task), SUITE_ERROR, &state,
                                  &test_err));
    assert_string_equal(state, "failed");
    (void)suite_operation(s, "inspect", 0, 0, 1, &task);
    assert_int_equal(suite_dispatch(s, 1), 1);
}

static const struct suite_case cases[] = {
    {"a giant cannot starve the others", giant_cannot_starve},
    {"weights share a connection", weights_share},
    {"caps hold", caps_hold},
    {"the window bounds what waits", window_bounds_the_queue},
    {"priority orders within a source", priority_orders_within_a_source},
    {"pools, lanes and spec versions are apart", pools_and_lanes_are_apart},
    {"the breaker opens, doubles, probes and closes", breaker},
    {"the breaker by hand", breaker_by_hand},
    {"inspect has no breaker", inspect_has_no_breaker},
};

int main(void)
{
    return suite_main("job: fairness", cases, ASSAY_COUNT(cases));
}
