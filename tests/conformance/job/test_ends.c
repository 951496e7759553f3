// Conformance: how attempts end, and that every verb refuses stale epochs.
// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/job/suite.h"

/* --- verbs of a worker behind one face, so that tables can name them --- */

typedef int verb_fn(struct suite *s, int64_t task_id, int64_t epoch, const char **ret_state);

static int complete(struct suite *s, int64_t task_id, int64_t epoch, const char **ret_state)
{
    *ret_state = "succeeded";
    return assay_job_complete(s->store, task_id, epoch, "{\"records\":5}", &test_err);
}
static int plan_done(struct suite *s, int64_t task_id, int64_t epoch, const char **ret_state)
{
    static const char *const specs[] = {"{}"};
    static const struct assay_job_task_new tasks[] = {
        {.kind = "profile.split", .split_no = 0, .split_count = 2, .unblocks = 2},
        {.kind = "profile.split", .split_no = 1, .split_count = 2, .unblocks = 2},
        {.kind = "profile.merge", .split_count = 2, .unblocks = -1}};
    *ret_state = "succeeded";
    return assay_job_plan_done(s->store, task_id, epoch, NULL, specs, 1, tasks, 3, &test_err);
}
static int fail_transient(struct suite *s, int64_t task_id, int64_t epoch, const char **ret_state)
{
    return assay_job_fail(s->store, task_id, epoch, false, SUITE_ERROR, ret_state, &test_err);
}
static int fail_permanent(struct suite *s, int64_t task_id, int64_t epoch, const char **ret_state)
{
    return assay_job_fail(s->store, task_id, epoch, true, SUITE_ERROR, ret_state, &test_err);
}
static int source_down(struct suite *s, int64_t task_id, int64_t epoch, const char **ret_state)
{
    return assay_job_source_down(s->store, task_id, epoch, SUITE_ERROR, ret_state, &test_err);
}
static int crash(struct suite *s, int64_t task_id, int64_t epoch, const char **ret_state)
{
    return assay_job_crash(s->store, task_id, epoch, SUITE_ERROR, ret_state, &test_err);
}
static int release(struct suite *s, int64_t task_id, int64_t epoch, const char **ret_state)
{
    return assay_job_release(s->store, task_id, epoch, "{\"at\":9}", ret_state, &test_err);
}
static int cancelled(struct suite *s, int64_t task_id, int64_t epoch, const char **ret_state)
{
    return assay_job_cancelled(s->store, task_id, epoch, ret_state, &test_err);
}
static int deadline(struct suite *s, int64_t task_id, int64_t epoch, const char **ret_state)
{
    return assay_job_deadline(s->store, task_id, epoch, ret_state, &test_err);
}
static int stage(struct suite *s, int64_t task_id, int64_t epoch, const char **ret_state)
{
    *ret_state = "running";
    return assay_job_stage(s->store, task_id, epoch, 0, "x", 1, &test_err);
}
static int checkpoint(struct suite *s, int64_t task_id, int64_t epoch, const char **ret_state)
{
    *ret_state = "running";
    return assay_job_checkpoint(s->store, task_id, epoch, "{}", &test_err);
}
static int holds(struct suite *s, int64_t task_id, int64_t epoch, const char **ret_state)
{
    *ret_state = "running";
    return assay_job_holds(s->store, task_id, epoch, &test_err);
}

/* --- one row per end: what follows --- */

static const struct end {
    const char *label;
    verb_fn *verb;
    const char *kind;
    bool cancel_first;
    const char *state;
    int failures, crashes, releases, priority;
    bool finished;
} ends[] = {
    {"complete", complete, "profile", false, "succeeded", 0, 0, 0, 5, true},
    {"complete after a cancel was asked for keeps the result", complete, "profile", true,
     "succeeded", 0, 0, 0, 5, true},
    {"plan done", plan_done, "profile.plan", false, "succeeded", 0, 0, 0, 5, true},
    {"transient failure", fail_transient, "profile", false, "ready", 1, 0, 0, 5, false},
    {"transient failure under cancel", fail_transient, "profile", true, "cancelled", 1, 0, 0, 5,
     true},
    {"permanent failure", fail_permanent, "profile", false, "failed", 0, 0, 0, 5, true},
    {"permanent failure under cancel", fail_permanent, "profile", true, "cancelled", 0, 0, 0, 5,
     true},
    {"source down counts nothing", source_down, "profile", false, "ready", 0, 0, 0, 5, false},
    {"source down under cancel", source_down, "profile", true, "cancelled", 0, 0, 0, 5, true},
    {"crash goes to the front", crash, "profile", false, "ready", 0, 1, 0, 3, false},
    {"crash under cancel", crash, "profile", true, "cancelled", 0, 1, 0, 3, true},
    {"release charges no attempt", release, "profile", false, "ready", 0, 0, 1, 4, false},
    {"release honours a cancel", release, "profile", true, "cancelled", 0, 0, 1, 4, true},
    {"stopped after a cancel", cancelled, "profile", true, "cancelled", 0, 0, 1, 4, true},
    {"stopped without one is a release", cancelled, "profile", false, "ready", 0, 0, 1, 4, false},
    {"past its deadline", deadline, "profile", false, "dead", 0, 0, 0, 5, true},
    {"inspect is never repeated: transient", fail_transient, "inspect", false, "failed", 1, 0, 0, 5,
     true},
    {"inspect is never repeated: source down", source_down, "inspect", false, "failed", 0, 0, 0, 5,
     true},
    {"inspect is never repeated: crash", crash, "inspect", false, "dead", 0, 1, 0, 3, true},
};

static int64_t start(struct suite *s, const struct end *end, int64_t *ret_task_id)
{
    static const char *const specs[] = {"{}"};
    const struct assay_job_task_new task = {.kind = end->kind, .split_count = 1, .unblocks = -1};
    const bool inspect = !strcmp(end->kind, "inspect");
    const struct assay_job_operation_new operation = {.source_id = 7,
                                                      .connection_id = inspect ? 0 : 3,
                                                      .max_running = 50,
                                                      .kind = inspect ? "inspect" : "profile",
                                                      .lane = ASSAY_LANE_BULK,
                                                      .specs = specs,
                                                      .specs_count = 1,
                                                      .tasks = &task,
                                                      .tasks_count = 1};
    int64_t id = 0;
    TEST_OK(
        assay_job_operation_create(s->store, NULL, &operation, &id, ret_task_id, NULL, &test_err));
    return id;
}

static void check_end(struct suite *s, const struct end *end)
{
    int64_t task_id = 0;
    int stopped = 0, to_signal = 0;
    const char *state = "";
    const int64_t operation_id = start(s, end, &task_id);
    assert_int_equal(suite_dispatch(s, 100), 1);
    const int64_t epoch = suite_claim(s, task_id);
    if (end->cancel_first) {
        TEST_OK(
            assay_job_cancel(s->store, operation_id, "tester", &stopped, &to_signal, &test_err));
        assert_int_equal(stopped, 0);
        assert_int_equal(to_signal, 1);
    }
    TEST_OK(end->verb(s, task_id, epoch, &state));
    assert_string_equal(state, end->state);
    suite_expect(s, task_id, "state", end->state);
    assert_int_equal(suite_number(s, "failures", task_id), end->failures);
    assert_int_equal(suite_number(s, "crashes", task_id), end->crashes);
    assert_int_equal(suite_number(s, "releases", task_id), end->releases);
    assert_int_equal(suite_number(s, "priority", task_id), end->priority);
    assert_int_equal(suite_number(s, "finished_at IS NOT NULL", task_id), end->finished);
    assert_int_equal(
        suite_number(s, "(SELECT count(*) FROM task_lease WHERE task_id = task.id)", task_id), 0);
    test_sql(
        s->base.db,
        "UPDATE source_limit SET paused_until = NULL, breaker_failures = 0; DELETE FROM operation");
}

static void every_end(struct suite *s)
{
    for (size_t i = 0; i < ASSAY_COUNT(ends); i++) {
        print_message("    %s\n", ends[i].label);
        check_end(s, &ends[i]);
    }
}

/* --- stale epochs --- */

static const struct fenced {
    const char *label;
    verb_fn *verb;
} fenced[] = {
    {"complete", complete},
    {"plan_done", plan_done},
    {"fail transient", fail_transient},
    {"fail permanent", fail_permanent},
    {"source_down", source_down},
    {"crash", crash},
    {"release", release},
    {"cancelled", cancelled},
    {"deadline", deadline},
    {"stage", stage},
    {"checkpoint", checkpoint},
    {"holds", holds},
};

static void expect_all_stale(struct suite *s, int64_t task_id, int64_t epoch)
{
    const char *state = NULL;
    for (size_t i = 0; i < ASSAY_COUNT(fenced); i++) {
        print_message("    %s\n", fenced[i].label);
        TEST_FAILS(ASSAY_STALE, fenced[i].verb(s, task_id, epoch, &state));
    }
    struct assay_job_beat beat = {.task_id = task_id, .epoch = epoch, .held = true};
    TEST_OK(assay_job_heartbeat(s->store, &suite_worker, &beat, 1, &test_err));
    assert_false(beat.held);
}

static void stale_epochs(struct suite *s)
{
    const struct suite_running r = suite_run_one(s, "profile");
    expect_all_stale(s, r.task_id, r.epoch - 1);
    expect_all_stale(s, r.task_id, r.epoch + 1);
    expect_all_stale(s, r.task_id + 1000, r.epoch);
    suite_expect(s, r.task_id, "state", "running");
    assert_int_equal(test_int(s->base.db, "SELECT count(*) FROM stage_row"), 0);
    assert_int_equal(test_int(s->base.db, "SELECT count(*) FROM task"), 1);
}

static void stale_after_reap(struct suite *s)
{
    const struct suite_running r = suite_run_one(s, "profile");
    int reaped = 0;
    test_clock_advance(&s->base, SUITE_TTL_MS + 1000);
    TEST_OK(assay_job_reap(s->store, 2000, 10, &reaped, &test_err));
    assert_int_equal(reaped, 0); /* within the grace */
    test_clock_advance(&s->base, 2000);
    TEST_OK(assay_job_reap(s->store, 2000, 10, &reaped, &test_err));
    assert_int_equal(reaped, 1);
    suite_expect(s, r.task_id, "state", "ready");
    assert_int_equal(suite_number(s, "epoch", r.task_id), r.epoch + 1);
    assert_int_equal(suite_number(s, "crashes", r.task_id), 1);
    expect_all_stale(s, r.task_id, r.epoch);
    assert_int_equal(suite_dispatch(s, 10), 1);
    const int64_t second = suite_claim(s, r.task_id);
    assert_true(second > r.epoch + 1);
    expect_all_stale(s, r.task_id, r.epoch);
    TEST_OK(assay_job_complete(s->store, r.task_id, second, NULL, &test_err));
}

/* A finished task refuses everything; only its own completion may be repeated. */
static void stale_after_end(struct suite *s)
{
    const struct suite_running r = suite_run_one(s, "profile");
    const char *state = NULL;
    TEST_OK(assay_job_complete(s->store, r.task_id, r.epoch, NULL, &test_err));
    TEST_OK(assay_job_complete(s->store, r.task_id, r.epoch, NULL, &test_err));
    for (size_t i = 2; i < ASSAY_COUNT(fenced); i++)
        TEST_FAILS(ASSAY_STALE, fenced[i].verb(s, r.task_id, r.epoch, &state));
    suite_expect(s, r.task_id, "state", "succeeded");
    assert_int_equal(suite_number(s, "result_epoch", r.task_id), r.epoch);
}

/* --- series --- */

static void backoff(struct suite *s)
{
    static const int64_t pauses_s[] = {10, 30, 120, 600, 1800};
    int64_t task_id = 0;
    const char *state = NULL;
    (void)suite_operation(s, "profile", 7, 3, 1, &task_id);
    for (size_t i = 0; i < ASSAY_COUNT(pauses_s); i++) {
        assert_int_equal(suite_dispatch(s, 10), 1);
        TEST_OK(fail_transient(s, task_id, suite_claim(s, task_id), &state));
        assert_string_equal(state, "ready");
        const int64_t pause_s = suite_number(s, "(run_at - assay_now()) / 1000000", task_id);
        assert_in_range(pause_s, pauses_s[i] / 2 - 3, pauses_s[i] * 3 / 2);
        assert_int_equal(suite_dispatch(s, 10), 0);
        test_clock_advance(&s->base, pauses_s[i] * 1500 + 1000);
    }
    assert_int_equal(suite_dispatch(s, 10), 1);
    TEST_OK(fail_transient(s, task_id, suite_claim(s, task_id), &state));
    assert_string_equal(state, "dead");
    suite_expect(s, task_id, "last_error", SUITE_ERROR);
}

static void three_crashes(struct suite *s)
{
    const struct suite_running r = suite_run_one(s, "scan");
    const char *state = NULL;
    TEST_OK(crash(s, r.task_id, r.epoch, &state));
    assert_int_equal(suite_dispatch(s, 10), 1); /* the first: at once */
    TEST_OK(crash(s, r.task_id, suite_claim(s, r.task_id), &state));
    assert_string_equal(state, "ready");
    assert_int_equal(suite_number(s, "quarantine", r.task_id), 1);
    assert_int_equal(suite_dispatch(s, 10), 0); /* the second: after a minute, alone */
    test_clock_advance(&s->base, 61000);
    assert_int_equal(suite_dispatch(s, 10), 1);
    ASSAY_SCOPED(assay_job_claim_release) struct assay_job_claim claim = {0};
    struct assay_job_worker busy = suite_worker;
    busy.idle = false;
    TEST_FAILS(ASSAY_STALE, assay_job_claim(s->store, r.task_id, 3, &busy, &claim, &test_err));
    TEST_FAILS(ASSAY_NOT_FOUND,
               assay_job_steal(s->store, "default", 3, 0, &busy, &claim, &test_err));
    TEST_OK(assay_job_steal(s->store, "default", 3, 0, &suite_worker, &claim, &test_err));
    assert_true(claim.quarantine);
    assert_int_equal(claim.crashes, 2);
    TEST_OK(crash(s, r.task_id, claim.epoch, &state));
    assert_string_equal(state, "dead");
}

static void failure_past_deadline_is_dead(struct suite *s)
{
    static const char *const specs[] = {"{}"};
    const struct assay_job_task_new task = {.kind = "profile", .split_count = 1, .unblocks = -1};
    int64_t now = 0, id = 0, task_id = 0;
    const char *state = NULL;
    TEST_OK(assay_job_now(s->store, &now, &test_err));
    const struct assay_job_operation_new operation = {.kind = "profile",
                                                      .lane = ASSAY_LANE_BULK,
                                                      .connection_id = 3,
                                                      .deadline_us = now + 60000000,
                                                      .specs = specs,
                                                      .specs_count = 1,
                                                      .tasks = &task,
                                                      .tasks_count = 1};
    TEST_OK(assay_job_operation_create(s->store, NULL, &operation, &id, &task_id, NULL, &test_err));
    (void)suite_dispatch(s, 1);
    const int64_t epoch = suite_claim(s, task_id);
    test_clock_advance(&s->base, 61000);
    TEST_OK(fail_transient(s, task_id, epoch, &state));
    assert_string_equal(state, "dead");
}

/* --- splits and their merge --- */

static void plan_and_merge(struct suite *s)
{
    const struct suite_running r = suite_run_one(s, "profile.plan");
    const char *state = NULL;
    TEST_OK(plan_done(s, r.task_id, r.epoch, &state));
    TEST_OK(plan_done(s, r.task_id, r.epoch,
                      &state)); /* an answer that was lost: asked again, not done again */
    assert_int_equal(test_int(s->base.db, "SELECT count(*) FROM task"), 4);
    const int64_t first = r.task_id + 1, second = r.task_id + 2, merge = r.task_id + 3;
    suite_expect(s, merge, "state", "blocked");
    assert_int_equal(suite_number(s, "waits_for", merge), 2);
    assert_int_equal(suite_dispatch(s, 10), 2);
    TEST_OK(complete(s, first, suite_claim(s, first), &state));
    suite_expect(s, merge, "state", "blocked");
    TEST_OK(fail_permanent(s, second, suite_claim(s, second),
                           &state)); /* a failed split counts down too */
    suite_expect(s, merge, "state", "ready");
    assert_int_equal(suite_dispatch(s, 10), 1);
}

static void cancelled_split_takes_the_merge(struct suite *s)
{
    const struct suite_running r = suite_run_one(s, "profile.plan");
    const char *state = NULL;
    int stopped = 0, to_signal = 0;
    TEST_OK(plan_done(s, r.task_id, r.epoch, &state));
    assert_int_equal(suite_dispatch(s, 10), 2);
    const int64_t epoch = suite_claim(s, r.task_id + 1);
    TEST_OK(assay_job_cancel(s->store, r.operation_id, "tester", &stopped, &to_signal, &test_err));
    assert_int_equal(stopped, 2); /* the other split and the merge */
    assert_int_equal(to_signal, 1);
    TEST_OK(cancelled(s, r.task_id + 1, epoch, &state));
    assert_int_equal(test_int(s->base.db, "SELECT count(*) FROM task WHERE state = 'cancelled'"),
                     3);
}

static int plan_four(struct suite *s, const struct suite_running *r)
{
    static const char *const specs[] = {"{}"};
    static const struct assay_job_task_new tasks[] = {
        {.kind = "profile.split", .split_no = 0, .split_count = 4, .unblocks = 4},
        {.kind = "profile.split", .split_no = 1, .split_count = 4, .unblocks = 4},
        {.kind = "profile.split", .split_no = 2, .split_count = 4, .unblocks = 4},
        {.kind = "profile.split", .split_no = 3, .split_count = 4, .unblocks = 4},
        {.kind = "profile.merge", .split_count = 4, .unblocks = -1}};
    return assay_job_plan_done(s->store, r->task_id, r->epoch, NULL, specs, 1, tasks, 5, &test_err);
}

/* Of four splits one fails, one runs, one is dispatched, one is ready; another container's task is
 * not concerned. The merge starts when the one that runs has stopped. */
static void failed_split_stops_the_others(struct suite *s)
{
    const struct suite_running r = suite_run_one(s, "profile.plan");
    const int64_t first = r.task_id + 1, merge = r.task_id + 5;
    const char *state = NULL;
    int64_t other = 0;
    TEST_OK(plan_four(s, &r));
    assert_int_equal(suite_dispatch(s, 3), 3);
    const int64_t failing = suite_claim(s, first), running = suite_claim(s, first + 1);
    (void)suite_operation(s, "profile", 8, 4, 1, &other);
    TEST_OK(fail_permanent(s, first, failing, &state));
    suite_expect(s, first, "state", "failed");
    suite_expect(s, first + 2, "state", "cancelled");
    suite_expect(s, first + 3, "state", "cancelled");
    suite_expect(s, merge, "state", "blocked");
    suite_expect(s, other, "state", "ready");
    struct assay_job_beat beat = {.task_id = first + 1, .epoch = running};
    TEST_OK(assay_job_heartbeat(s->store, &suite_worker, &beat, 1, &test_err));
    assert_true(beat.held && beat.cancel);
    TEST_OK(cancelled(s, first + 1, running, &state));
    assert_string_equal(state, "cancelled");
    suite_expect(s, merge, "state", "ready"); /* to say why */
    assert_int_equal(suite_dispatch(s, 10), 2);
    assert_int_equal(
        test_int(s->base.db, "SELECT count(*) FROM operation WHERE cancel_requested_at IS NULL"),
        2);
}

/* The one that runs when another fails may succeed before it hears of it, or be lost. */
static void last_split_after_a_failure(struct suite *s)
{
    for (int lost = 0; lost < 2; lost++) {
        const struct suite_running r = suite_run_one(s, "profile.plan");
        const int64_t first = r.task_id + 1;
        const char *state = NULL;
        int reaped = 0;
        TEST_OK(plan_done(s, r.task_id, r.epoch, &state));
        assert_int_equal(suite_dispatch(s, 2), 2);
        const int64_t running = suite_claim(s, first + 1);
        TEST_OK(deadline(s, first, suite_claim(s, first), &state));
        if (lost) {
            test_clock_advance(&s->base, 2 * SUITE_TTL_MS);
            TEST_OK(assay_job_reap(s->store, 0, 10, &reaped, &test_err));
        } else {
            TEST_OK(complete(s, first + 1, running, &state));
        }
        suite_expect(s, first + 1, "state", lost ? "cancelled" : "succeeded");
        suite_expect(s, first + 2, "state", "ready");
        assert_int_equal(suite_dispatch(s, 1), 1);
        TEST_OK(fail_permanent(s, first + 2, suite_claim(s, first + 2), &state));
    }
}

static void reap_under_cancel(struct suite *s)
{
    const struct suite_running r = suite_run_one(s, "profile");
    int stopped = 0, to_signal = 0, reaped = 0;
    TEST_OK(assay_job_cancel(s->store, r.operation_id, "tester", &stopped, &to_signal, &test_err));
    test_clock_advance(&s->base, 2 * SUITE_TTL_MS);
    TEST_OK(assay_job_reap(s->store, 0, 10, &reaped, &test_err));
    assert_int_equal(reaped, 1);
    suite_expect(s, r.task_id, "state", "cancelled");
}

/* A cancel that came before the plan's completion: nothing starts any more. */
static void plan_done_after_a_cancel_inserts_nothing(struct suite *s)
{
    const struct suite_running r = suite_run_one(s, "profile.plan");
    const char *state = NULL;
    int stopped = 0, to_signal = 0;
    TEST_OK(assay_job_cancel(s->store, r.operation_id, "tester", &stopped, &to_signal, &test_err));
    TEST_OK(plan_done(s, r.task_id, r.epoch, &state));
    suite_expect(s, r.task_id, "state", "cancelled");
    assert_int_equal(test_int(s->base.db, "SELECT count(*) FROM task"), 1);
    assert_int_equal(test_int(s->base.db, "SELECT count(*) FROM task_lease"), 0);
}

static size_t chunks_of(struct suite *s, int64_t task_id, int64_t epoch, int from)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    TEST_OK(assay_job_chunks(s->store, task_id, epoch, from, 2, &rows, &test_err));
    return assay_db_rows_count(rows);
}

/* What splits staged is there until their merge is published, and no longer. */
static void states_stay_until_the_merge_is_published(struct suite *s)
{
    const struct suite_running r = suite_run_one(s, "profile.plan");
    const char *state = NULL;
    int deleted = 0;
    int64_t epochs[2];
    TEST_OK(plan_done(s, r.task_id, r.epoch, &state));
    assert_int_equal(suite_dispatch(s, 10), 2);
    for (int64_t i = 0; i < 2; i++) {
        const int64_t split = r.task_id + 1 + i;
        epochs[i] = suite_claim(s, split);
        for (int chunk = 0; chunk < 3; chunk++)
            TEST_OK(assay_job_stage(s->store, split, epochs[i], chunk, "{}", 2, &test_err));
        TEST_OK(assay_job_complete(s->store, split, epochs[i], NULL, &test_err));
    }
    test_sql(s->base.db, "UPDATE task SET published_at = assay_now() WHERE kind <> "
                         "'profile.merge'");
    TEST_OK(assay_job_sweep(s->store, 60000, &deleted, &test_err));
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    TEST_OK(assay_job_predecessors(s->store, r.task_id + 3, &rows, &test_err));
    assert_int_equal(assay_db_rows_count(rows), 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(assay_db_get_int(rows, i, 1), i);
        assert_string_equal(assay_db_get_text(rows, i, 2), "succeeded");
        assert_int_equal(assay_db_get_int(rows, i, 3), epochs[i]);
        assert_int_equal(chunks_of(s, assay_db_get_int(rows, i, 0), epochs[i], 0), 2);
        assert_int_equal(chunks_of(s, assay_db_get_int(rows, i, 0), epochs[i], 2), 1);
    }
    assert_int_equal(suite_dispatch(s, 10), 1);
    TEST_OK(assay_job_complete(s->store, r.task_id + 3, suite_claim(s, r.task_id + 3), NULL,
                               &test_err));
    test_sql(s->base.db, "UPDATE task SET published_at = assay_now()");
    TEST_OK(assay_job_sweep(s->store, 60000, &deleted, &test_err));
    assert_int_equal(test_int(s->base.db, "SELECT count(*) FROM stage_row"), 0);
}

static const struct suite_case cases[] = {
    {"every end of an attempt", every_end},
    {"stale epochs are refused by every verb", stale_epochs},
    {"stale after a reap", stale_after_reap},
    {"a finished task never changes", stale_after_end},
    {"backoff of handled failures", backoff},
    {"three crashes are the end", three_crashes},
    {"a failure past the deadline is the last", failure_past_deadline_is_dead},
    {"a plan inserts splits, and their ends unblock the merge", plan_and_merge},
    {"a cancelled split takes the merge along", cancelled_split_takes_the_merge},
    {"a split that fails stops the others", failed_split_stops_the_others},
    {"the last split after a failure", last_split_after_a_failure},
    {"a plan that ends after a cancel inserts nothing", plan_done_after_a_cancel_inserts_nothing},
    {"states stay until the merge is published", states_stay_until_the_merge_is_published},
    {"reaping a cancelled task cancels it", reap_under_cancel},
};

int main(void)
{
    return suite_main("job: ends", cases, ASSAY_COUNT(cases));
}
