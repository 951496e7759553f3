// Conformance: all verbs but the ends of attempts.
// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/job/suite.h"

/* --- operations --- */

static void create_is_idempotent(struct suite *s)
{
    static const char *const specs[] = {"{}"};
    const struct assay_job_task_new task = {.kind = "profile", .split_count = 1, .unblocks = -1};
    struct assay_job_operation_new operation = {.kind = "profile",
                                                .idempotency_key = "k1",
                                                .connection_id = 3,
                                                .specs = specs,
                                                .specs_count = 1,
                                                .tasks = &task,
                                                .tasks_count = 1};
    int64_t first = 0, again = 0;
    bool existing = true;
    TEST_OK(
        assay_job_operation_create(s->store, NULL, &operation, &first, NULL, &existing, &test_err));
    assert_false(existing);
    TEST_OK(
        assay_job_operation_create(s->store, NULL, &operation, &again, NULL, &existing, &test_err));
    assert_true(existing);
    assert_int_equal(again, first);
    operation.idempotency_key = NULL;
    operation.schedule_id = 4;
    operation.fire_at_us = 1000;
    TEST_OK(
        assay_job_operation_create(s->store, NULL, &operation, &first, NULL, &existing, &test_err));
    TEST_OK(
        assay_job_operation_create(s->store, NULL, &operation, &again, NULL, &existing, &test_err));
    assert_true(existing);
    assert_int_equal(again, first);
    assert_int_equal(test_int(s->base.db, "SELECT count(*) FROM operation"), 2);
    assert_int_equal(test_int(s->base.db, "SELECT count(*) FROM task"), 2);
}

/* A task that names a spec or successor out of bounds: nothing of the operation stays. */
static void create_is_all_or_nothing(struct suite *s)
{
    static const char *const specs[] = {"{}"};
    const struct assay_job_task_new wrong[] = {{.kind = "profile", .spec = 1, .unblocks = -1},
                                               {.kind = "profile", .unblocks = 7}};
    for (size_t i = 0; i < ASSAY_COUNT(wrong); i++) {
        const struct assay_job_operation_new operation = {.kind = "profile",
                                                          .specs = specs,
                                                          .specs_count = 1,
                                                          .tasks = &wrong[i],
                                                          .tasks_count = 1};
        int64_t id = 0;
        TEST_FAILS(ASSAY_INVALID, assay_job_operation_create(s->store, NULL, &operation, &id, NULL,
                                                             NULL, &test_err));
        assert_int_equal(test_int(s->base.db, "SELECT count(*) FROM operation"), 0);
    }
}

static void cancel_by_state(struct suite *s)
{
    int64_t ids[3];
    int stopped = 0, to_signal = 0;
    const int64_t operation = suite_operation(s, "profile", 7, 3, 3, ids);
    assert_int_equal(suite_dispatch(s, 2), 2);
    const int64_t epoch = suite_claim(s, ids[0]);
    TEST_OK(assay_job_cancel(s->store, operation, "ann", &stopped, &to_signal, &test_err));
    assert_int_equal(stopped, 2);
    assert_int_equal(to_signal, 1);
    suite_expect(s, ids[0], "state", "running");
    suite_expect(s, ids[1], "state", "cancelled"); /* was dispatched */
    suite_expect(s, ids[2], "state", "cancelled"); /* was ready */
    ASSAY_SCOPED(assay_job_claim_release) struct assay_job_claim claim = {0};
    TEST_FAILS(ASSAY_STALE, assay_job_claim(s->store, ids[1], 1, &suite_worker, &claim, &test_err));
    struct assay_job_beat beat = {.task_id = ids[0], .epoch = epoch};
    TEST_OK(assay_job_heartbeat(s->store, &suite_worker, &beat, 1, &test_err));
    assert_true(beat.held);
    assert_true(beat.cancel);
    assert_string_equal(test_text(s->base.db, "SELECT aborted_by FROM operation"), "ann");
    TEST_OK(assay_job_cancel(s->store, operation, "bob", &stopped, &to_signal, &test_err));
    assert_int_equal(stopped, 0);
    assert_string_equal(test_text(s->base.db, "SELECT aborted_by FROM operation"), "ann");
    TEST_FAILS(ASSAY_NOT_FOUND,
               assay_job_cancel(s->store, operation + 9, "ann", &stopped, &to_signal, &test_err));
}

static void operation_life(struct suite *s)
{
    int64_t task = 0;
    bool closed = true;
    const int64_t operation = suite_operation(s, "profile", 7, 3, 1, &task);
    const struct assay_job_closing closing = {
        .result = "success", .counters = "{\"n\":1}", .event_topic = "events"};
    assert_string_equal(test_text(s->base.db, "SELECT result FROM operation"), "queued");
    (void)suite_dispatch(s, 1);
    const int64_t epoch = suite_claim(s, task);
    assert_string_equal(test_text(s->base.db, "SELECT result FROM operation"), "running");
    assert_int_equal(test_int(s->base.db, "SELECT started_at IS NOT NULL FROM operation"), 1);
    TEST_OK(assay_job_close(s->store, NULL, operation, &closing, &closed, &test_err));
    assert_false(closed); /* open */
    TEST_OK(assay_job_complete(s->store, task, epoch, NULL, &test_err));
    TEST_OK(assay_job_close(s->store, NULL, operation, &closing, &closed, &test_err));
    assert_false(closed); /* unpublished */
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    TEST_OK(assay_db_acquire(s->base.db, &conn, &test_err));
    TEST_OK(assay_job_mark_published(s->store, conn, task, &test_err));
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    TEST_OK(assay_job_closable(s->store, 10, &rows, &test_err));
    assert_int_equal(assay_db_get_int(rows, 0, 0), operation);
    TEST_OK(assay_job_close(s->store, NULL, operation, &closing, &closed, &test_err));
    assert_true(closed);
    TEST_OK(assay_job_close(s->store, NULL, operation, &closing, &closed, &test_err));
    assert_false(closed); /* once */
    assert_int_equal(test_int(s->base.db, "SELECT count(*) FROM outbox WHERE topic = 'events'"), 1);
    assert_int_equal(test_int(s->base.db, "SELECT finished_at IS NOT NULL FROM operation"), 1);
}

/* What follows from the tasks as a whole comes once, in their pool and lane, before the end. */
static void extend_once(struct suite *s)
{
    static const char *const specs[] = {"{\"v\":2}"};
    static const struct assay_job_task_new tasks[] = {
        {.kind = "profile.relate", .container_id = 8, .split_count = 1, .unblocks = -1},
        {.kind = "profile.relate", .container_id = 9, .split_count = 1, .unblocks = -1}};
    const struct assay_job_extension extension = {.specs = specs,
                                                  .specs_count = 1,
                                                  .tasks = tasks,
                                                  .tasks_count = 2,
                                                  .message = "two of three"};
    const struct assay_job_closing closing = {.result = "success"};
    const struct suite_running r = suite_run_one(s, "profile");
    bool extended = true, closed = true;
    TEST_OK(assay_job_extend(s->store, NULL, r.operation_id, &extension, &extended, &test_err));
    assert_false(extended); /* open */
    TEST_OK(assay_job_complete(s->store, r.task_id, r.epoch, NULL, &test_err));
    TEST_OK(assay_job_extend(s->store, NULL, r.operation_id, &extension, &extended, &test_err));
    assert_false(extended); /* unpublished */
    test_sql(s->base.db, "UPDATE task SET published_at = 1, priority = 3");
    TEST_OK(assay_job_extend(s->store, NULL, r.operation_id, &extension, &extended, &test_err));
    assert_true(extended);
    assert_int_equal(test_int(s->base.db, "SELECT count(*) FROM task WHERE kind = 'profile.relate' "
                                          "AND source_id = 7 AND connection_id = 3 AND lane = 1 "
                                          "AND priority = 3 AND pool = 'default'"),
                     2);
    assert_string_equal(test_text(s->base.db, "SELECT message FROM operation"), "two of three");
    TEST_OK(assay_job_close(s->store, NULL, r.operation_id, &closing, &closed, &test_err));
    assert_false(closed);
    assert_int_equal(suite_dispatch(s, 10), 2);
    for (int64_t task = r.task_id + 1; task <= r.task_id + 2; task++)
        TEST_OK(assay_job_complete(s->store, task, suite_claim(s, task), NULL, &test_err));
    test_sql(s->base.db, "UPDATE task SET published_at = 1");
    TEST_OK(assay_job_extend(s->store, NULL, r.operation_id, &extension, &extended, &test_err));
    assert_false(extended); /* once */
    TEST_OK(assay_job_close(s->store, NULL, r.operation_id, &closing, &closed, &test_err));
    assert_true(closed);
    TEST_OK(assay_job_extend(s->store, NULL, r.operation_id, &extension, &extended, &test_err));
    assert_false(extended);
    assert_int_equal(test_int(s->base.db, "SELECT count(*) FROM task"), 3);
}

/* Nothing follows is an answer, too; after a cancel nothing is to follow. */
static void extend_by_nothing(struct suite *s)
{
    static const struct assay_job_extension nothing = {.tasks_count = 0};
    bool extended = false;
    int stopped = 0, to_signal = 0;
    for (int cancelled = 0; cancelled < 2; cancelled++) {
        const struct suite_running r = suite_run_one(s, "profile");
        if (cancelled)
            TEST_OK(
                assay_job_cancel(s->store, r.operation_id, "t", &stopped, &to_signal, &test_err));
        TEST_OK(assay_job_complete(s->store, r.task_id, r.epoch, NULL, &test_err));
        test_sql(s->base.db, "UPDATE task SET published_at = 1");
        TEST_OK(assay_job_extend(s->store, NULL, r.operation_id, &nothing, &extended, &test_err));
        assert_int_equal(extended, !cancelled);
        TEST_OK(assay_job_extend(s->store, NULL, r.operation_id, &nothing, &extended, &test_err));
        assert_false(extended);
    }
    assert_int_equal(test_int(s->base.db, "SELECT count(*) FROM task"), 2);
}

/* --- dispatch, claim, steal --- */

static void doorbells(struct suite *s)
{
    int64_t task = 0;
    const int64_t operation = suite_operation(s, "profile", 7, 3, 1, &task);
    assert_int_equal(suite_dispatch(s, 5), 1);
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    TEST_OK(assay_job_relay_batch(s->store, 10, &rows, &test_err));
    assert_int_equal(assay_db_rows_count(rows), 1);
    char ce_id[64], body[256];
    (void)snprintf(ce_id, sizeof ce_id, "%" PRId64 ":1", task);
    (void)snprintf(body, sizeof body,
                   "{\"v\":1,\"task_id\":%" PRId64 ",\"seq\":1,\"op_id\":%" PRId64
                   ",\"kind\":\"profile\",\"source_id\":7,\"spec_v\":1}",
                   task, operation);
    assert_string_equal(assay_db_get_text(rows, 0, 1), "t");
    assert_string_equal(assay_db_get_text(rows, 0, 2), "7:100:0");
    assert_string_equal(assay_db_get_text(rows, 0, 3), ce_id);
    assert_string_equal(assay_db_get_text(rows, 0, 4), "assay.task.dispatch.v1");
    assert_string_equal(assay_db_get_text(rows, 0, 5), body);
    const int64_t id = assay_db_get_int(rows, 0, 0);
    TEST_OK(assay_job_relay_done(s->store, &id, 1, &test_err));
    assert_int_equal(test_int(s->base.db, "SELECT count(*) FROM outbox"), 0);
}

static void claim_carries_the_spec(struct suite *s)
{
    int64_t task = 0;
    const int64_t operation = suite_operation(s, "scan", 7, 3, 1, &task);
    (void)suite_dispatch(s, 1);
    ASSAY_SCOPED(assay_job_claim_release) struct assay_job_claim claim = {0};
    struct assay_job_worker old = suite_worker;
    old.max_spec_version = 0;
    TEST_FAILS(ASSAY_STALE, assay_job_claim(s->store, task, 1, &old, &claim, &test_err));
    TEST_FAILS(ASSAY_STALE, assay_job_claim(s->store, task, 2, &suite_worker, &claim, &test_err));
    TEST_OK(assay_job_claim(s->store, task, 1, &suite_worker, &claim, &test_err));
    assert_int_equal(claim.task_id, task);
    assert_int_equal(claim.operation_id, operation);
    assert_int_equal(claim.epoch, 1);
    assert_int_equal(claim.attempts, 1);
    assert_int_equal(claim.container_id, 100);
    assert_int_equal(claim.connection_id, 3);
    assert_string_equal(claim.kind, "scan");
    assert_string_equal(claim.spec, "{\"v\":1}");
    assert_string_equal(claim.split, "{}");
    assert_null(claim.checkpoint);
    assert_true(claim.operation_started_us > 0);
    struct assay_job_claim second = {0};
    TEST_FAILS(ASSAY_STALE, assay_job_claim(s->store, task, 1, &suite_worker, &second, &test_err));
}

static void steal_by_age_and_lane(struct suite *s)
{
    int64_t task = 0;
    (void)suite_operation(s, "profile", 7, 3, 1, &task);
    (void)suite_dispatch(s, 1);
    ASSAY_SCOPED(assay_job_claim_release) struct assay_job_claim claim = {0};
    TEST_FAILS(ASSAY_NOT_FOUND,
               assay_job_steal(s->store, "default", 3, 3000, &suite_worker, &claim, &test_err));
    test_clock_advance(&s->base, 3001);
    TEST_FAILS(ASSAY_NOT_FOUND,
               assay_job_steal(s->store, "other", 3, 3000, &suite_worker, &claim, &test_err));
    TEST_FAILS(ASSAY_NOT_FOUND, assay_job_steal(s->store, "default", 1U << ASSAY_LANE_EXPRESS, 3000,
                                                &suite_worker, &claim, &test_err));
    TEST_OK(assay_job_steal(s->store, "default", 1U << ASSAY_LANE_BULK, 3000, &suite_worker, &claim,
                            &test_err));
    assert_int_equal(claim.task_id, task);
}

/* Only what was delivered is rung again, later each time. */
static void lost_doorbells(struct suite *s)
{
    int64_t task = 0;
    int count = 0;
    (void)suite_operation(s, "profile", 7, 3, 1, &task);
    (void)suite_dispatch(s, 1);
    test_clock_advance(&s->base, 31000);
    TEST_OK(assay_job_redispatch(s->store, 30000, &count, &test_err));
    assert_int_equal(count, 0); /* its outbox row is still there */
    test_sql(s->base.db, "DELETE FROM outbox");
    TEST_OK(assay_job_redispatch(s->store, 30000, &count, &test_err));
    assert_int_equal(count, 1);
    assert_int_equal(suite_dispatch(s, 1), 1);
    assert_int_equal(suite_number(s, "dispatch_seq", task), 2);
    test_sql(s->base.db, "DELETE FROM outbox");
    test_clock_advance(&s->base, 31000);
    TEST_OK(assay_job_redispatch(s->store, 30000, &count, &test_err));
    assert_int_equal(count, 0); /* doubled */
    test_clock_advance(&s->base, 30000);
    TEST_OK(assay_job_redispatch(s->store, 30000, &count, &test_err));
    assert_int_equal(count, 1);
    ASSAY_SCOPED(assay_job_claim_release) struct assay_job_claim claim = {0};
    TEST_FAILS(ASSAY_STALE, assay_job_claim(s->store, task, 1, &suite_worker, &claim,
                                            &test_err)); /* a late message */
}

static void demand_counts_open_work(struct suite *s)
{
    int64_t ids[3], demand = 0;
    const char *state = NULL;
    (void)suite_operation(s, "profile", 7, 3, 3, ids);
    (void)suite_dispatch(s, 1);
    TEST_OK(assay_job_demand(s->store, "default", &demand, &test_err));
    assert_int_equal(demand, 3);
    TEST_OK(assay_job_fail(s->store, ids[0], suite_claim(s, ids[0]), false, SUITE_ERROR, &state,
                           &test_err));
    TEST_OK(assay_job_demand(s->store, "default", &demand, &test_err));
    assert_int_equal(demand, 2); /* one waits for its backoff */
    TEST_OK(assay_job_demand(s->store, "gpu", &demand, &test_err));
    assert_int_equal(demand, 0);
    ASSAY_AUTO(assay_free_text) char *pools = NULL;
    TEST_OK(assay_job_pools(s->store, &pools, &test_err));
    assert_string_equal(pools, "[\"default\"]");
}

/* --- leases and results --- */

static void heartbeats(struct suite *s)
{
    int64_t ids[2];
    int reaped = 0;
    (void)suite_operation(s, "profile", 7, 3, 2, ids);
    (void)suite_dispatch(s, 2);
    struct assay_job_beat beats[] = {
        {.task_id = ids[0], .epoch = suite_claim(s, ids[0]), .progress = "{\"rows\":5}"},
        {.task_id = ids[1], .epoch = suite_claim(s, ids[1])},
        {.task_id = ids[1], .epoch = 77}};
    test_clock_advance(&s->base, SUITE_TTL_MS - 1000);
    TEST_OK(assay_job_heartbeat(s->store, &suite_worker, beats, 3, &test_err));
    assert_true(beats[0].held && beats[1].held);
    assert_false(beats[2].held || beats[0].cancel);
    test_clock_advance(&s->base, SUITE_TTL_MS - 1000);
    TEST_OK(assay_job_reap(s->store, 0, 10, &reaped, &test_err));
    assert_int_equal(reaped, 0); /* renewed */
    assert_string_equal(
        test_text(s->base.db, "SELECT progress FROM task_lease ORDER BY task_id LIMIT 1"),
        "{\"rows\":5}");
    struct assay_job_worker other = suite_worker;
    other.owner = "worker-2";
    TEST_OK(assay_job_heartbeat(s->store, &other, beats, 1, &test_err));
    assert_false(beats[0].held); /* another worker's lease */
    beats[1].progress = NULL;
    TEST_OK(assay_job_heartbeat(s->store, &suite_worker, beats, 2, &test_err));
    TEST_OK(assay_job_holds(s->store, ids[0], beats[0].epoch, &test_err));
    test_clock_advance(&s->base, SUITE_TTL_MS + 1);
    TEST_FAILS(ASSAY_STALE, assay_job_holds(s->store, ids[0], beats[0].epoch, &test_err));
}

/* Results of the attempt that lost are never seen, and are swept. */
static void results_of_the_winner(struct suite *s)
{
    static const char bytes[] = "a\0b";
    int reaped = 0, deleted = 0;
    const struct suite_running r = suite_run_one(s, "profile");
    TEST_OK(assay_job_stage(s->store, r.task_id, r.epoch, 0, "lost", 4, &test_err));
    test_clock_advance(&s->base, 2 * SUITE_TTL_MS);
    TEST_OK(assay_job_reap(s->store, 0, 10, &reaped, &test_err));
    assert_int_equal(suite_dispatch(s, 1), 1);
    const int64_t epoch = suite_claim(s, r.task_id);
    TEST_OK(assay_job_stage(s->store, r.task_id, epoch, 1, "second", 6, &test_err));
    TEST_OK(assay_job_stage(s->store, r.task_id, epoch, 0, bytes, sizeof bytes, &test_err));
    TEST_OK(assay_job_stage(s->store, r.task_id, epoch, 0, "repeated", 8, &test_err));
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    TEST_FAILS(ASSAY_NOT_FOUND, assay_job_results(s->store, r.task_id, &rows, &test_err));
    TEST_OK(assay_job_complete(s->store, r.task_id, epoch, "{\"records\":5}", &test_err));
    TEST_OK(assay_job_results(s->store, r.task_id, &rows, &test_err));
    assert_int_equal(assay_db_rows_count(rows), 2);
    size_t size = 0;
    const void *first = assay_db_get_blob(rows, 0, 0, &size);
    assert_int_equal(size, sizeof bytes);
    assert_memory_equal(first, bytes, sizeof bytes);
    assert_string_equal(assay_db_get_text(rows, 1, 0), "second");
    TEST_OK(assay_job_sweep(s->store, 60000, &deleted, &test_err));
    assert_int_equal(test_int(s->base.db, "SELECT count(*) FROM stage_row"), 2);
    suite_expect(s, r.task_id, "summary", "{\"records\":5}");
}

static void checkpoint_comes_back(struct suite *s)
{
    const struct suite_running r = suite_run_one(s, "profile");
    const char *state = NULL;
    TEST_OK(assay_job_checkpoint(s->store, r.task_id, r.epoch, "{\"key\":5}", &test_err));
    TEST_OK(assay_job_release(s->store, r.task_id, r.epoch, NULL, &state, &test_err));
    (void)suite_dispatch(s, 1);
    ASSAY_SCOPED(assay_job_claim_release) struct assay_job_claim claim = {0};
    TEST_OK(assay_job_claim(s->store, r.task_id, 2, &suite_worker, &claim, &test_err));
    assert_string_equal(claim.checkpoint, "{\"key\":5}");
}

/* --- publishing --- */

static void publishers_share(struct suite *s)
{
    int64_t ids[2];
    (void)suite_operation(s, "profile", 7, 3, 2, ids);
    (void)suite_dispatch(s, 2);
    for (int i = 0; i < 2; i++)
        TEST_OK(assay_job_complete(s->store, ids[i], suite_claim(s, ids[i]), NULL, &test_err));
    ASSAY_SCOPED(assay_job_published_release)
    struct assay_job_published first = {0}, second = {0}, none = {0};
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL, *rival = NULL;
    TEST_OK(assay_db_acquire(s->base.db, &conn, &test_err));
    TEST_OK(assay_db_begin(conn, true, &test_err));
    TEST_OK(assay_job_next_unpublished(s->store, conn, &first, &test_err));
    assert_int_equal(first.task_id, ids[0]);
    assert_string_equal(first.spec, "{\"v\":1}");
    if (s->base.kind == ASSAY_DB_POSTGRES) { /* SQLite lets one writer in at a time */
        TEST_OK(assay_db_acquire(s->base.db, &rival, &test_err));
        TEST_OK(assay_db_begin(rival, true, &test_err));
        TEST_OK(assay_job_next_unpublished(s->store, rival, &second, &test_err));
        assert_int_equal(second.task_id, ids[1]);
        assay_db_rollback(rival);
    }
    TEST_OK(assay_job_mark_published(s->store, conn, ids[0], &test_err));
    TEST_OK(assay_job_mark_published(s->store, conn, ids[1], &test_err));
    TEST_OK(assay_db_commit(conn, &test_err));
    TEST_OK(assay_db_begin(conn, true, &test_err));
    TEST_FAILS(ASSAY_NOT_FOUND, assay_job_next_unpublished(s->store, conn, &none, &test_err));
}

/* --- inspect --- */

static void inspect_secrets(struct suite *s)
{
    int64_t task = 0;
    const int64_t operation = suite_operation(s, "inspect", 0, 0, 1, &task);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf secret = {0};
    TEST_OK(assay_job_secret_put(s->store, NULL, task, "\1\2\0\3", 4, 120000, &test_err));
    TEST_FAILS(ASSAY_STALE, assay_job_secret_get(s->store, task, 1, &secret, &test_err));
    (void)suite_dispatch(s, 1);
    const int64_t epoch = suite_claim(s, task);
    TEST_OK(assay_job_secret_get(s->store, task, epoch, &secret, &test_err));
    assert_int_equal(secret.size, 4);
    assert_memory_equal(secret.data, "\1\2\0\3", 4);
    TEST_FAILS(ASSAY_STALE, assay_job_secret_get(s->store, task, epoch + 1, &secret, &test_err));
    TEST_OK(assay_job_stage(s->store, task, epoch, 0, "{}", 2, &test_err));
    TEST_OK(assay_job_complete(s->store, task, epoch, NULL, &test_err));
    assert_int_equal(test_int(s->base.db, "SELECT count(*) FROM inspect_secret"), 0);
    ASSAY_SCOPED(assay_job_status_release) struct assay_job_status status = {0};
    TEST_OK(assay_job_status(s->store, task, &status, &test_err));
    assert_true(status.finished);
    assert_string_equal(status.state, "succeeded");
    TEST_OK(assay_job_forget(s->store, operation, &test_err));
    assert_int_equal(
        test_int(s->base.db,
                 "SELECT (SELECT count(*) FROM task) + (SELECT count(*) FROM stage_row) + "
                 "(SELECT count(*) FROM task_spec)"),
        0);
    struct assay_job_status gone = {0};
    TEST_FAILS(ASSAY_NOT_FOUND, assay_job_status(s->store, task, &gone, &test_err));
}

static void inspect_is_swept(struct suite *s)
{
    int64_t task = 0;
    int deleted = 0;
    (void)suite_operation(s, "inspect", 0, 0, 1, &task);
    TEST_OK(assay_job_secret_put(s->store, NULL, task, "x", 1, 120000, &test_err));
    TEST_OK(assay_job_sweep(s->store, 600000, &deleted, &test_err));
    assert_int_equal(deleted, 0);
    test_clock_advance(&s->base, 120001);
    TEST_OK(assay_job_sweep(s->store, 600000, &deleted, &test_err));
    assert_int_equal(deleted, 1); /* the secret */
    test_clock_advance(&s->base, 600000);
    TEST_OK(assay_job_sweep(s->store, 600000, &deleted, &test_err));
    assert_int_equal(test_int(s->base.db, "SELECT count(*) FROM operation"), 0);
}

/* --- schedules, leadership, events --- */

static void schedule_fires_once(struct suite *s)
{
    int64_t operation_id = 0;
    test_sql(s->base.db, "INSERT INTO schedule (id, name, cron, next_fire_at) VALUES (1, "
                         "'nightly', '0 1 * * *', 1000000)");
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *due = NULL, *none = NULL;
    TEST_OK(assay_job_due(s->store, 10, &due, &test_err));
    assert_int_equal(assay_db_rows_count(due), 1);
    const struct assay_job_operation_new operation = {
        .kind = "scan", .schedule_id = 1, .fire_at_us = 1000000};
    int64_t now = 0;
    TEST_OK(assay_job_now(s->store, &now, &test_err));
    TEST_OK(assay_job_fire(s->store, 1, 1, now + 1000000, &operation, &operation_id, &test_err));
    assert_true(operation_id > 0);
    TEST_OK(assay_job_fire(s->store, 1, 1, now + 1000000, &operation, &operation_id, &test_err));
    assert_int_equal(operation_id, 0); /* that slot was fired */
    TEST_OK(assay_job_due(s->store, 10, &none, &test_err));
    assert_int_equal(assay_db_rows_count(none), 0);
    TEST_OK(assay_job_fire(s->store, 1, 1, now + 2000000, NULL, &operation_id, &test_err));
    assert_int_equal(test_int(s->base.db, "SELECT last_fire_at FROM schedule"), 1000000);
    test_sql(s->base.db, "UPDATE schedule SET version = 2");
    TEST_FAILS(ASSAY_STALE,
               assay_job_fire(s->store, 1, 1, now, &operation, &operation_id, &test_err));
    assert_int_equal(test_int(s->base.db, "SELECT count(*) FROM operation"), 1);
}

static void leadership(struct suite *s)
{
    int64_t first = 0, second = 0;
    bool deposed = true;
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL, *rival = NULL;
    TEST_OK(assay_db_acquire(s->base.db, &conn, &test_err));
    TEST_OK(assay_job_lead(conn, "main", "a", &first, &test_err));
    TEST_OK(assay_job_renew(conn, "main", first, &test_err));
    TEST_OK(assay_job_depose(s->store, "main", 15000, &deposed, &test_err));
    assert_false(deposed);
    TEST_OK(assay_db_acquire(s->base.db, &rival, &test_err));
    TEST_OK(assay_job_lead(rival, "main", "b", &second, &test_err));
    assert_int_equal(second, first + 1);
    TEST_FAILS(ASSAY_STALE, assay_job_renew(conn, "main", first, &test_err));
    test_clock_advance(&s->base, 15001);
    TEST_OK(assay_job_depose(s->store, "main", 15000, &deposed, &test_err));
    assert_false(deposed); /* the row's session holds no lock: it may be anybody's by now */
    if (s->base.kind == ASSAY_DB_POSTGRES)
        TEST_OK(assay_db_run(rival, "SELECT pg_advisory_lock(1)", NULL, &test_err));
    TEST_OK(assay_job_depose(s->store, "main", 15000, &deposed, &test_err));
    assert_int_equal(deposed, s->base.kind == ASSAY_DB_POSTGRES);
    if (deposed)
        TEST_FAILS(ASSAY_UNAVAILABLE, assay_job_renew(rival, "main", second, &test_err));
}

static void events_come_once(struct suite *s)
{
    bool is_new = false;
    TEST_OK(assay_job_event_in(s->store, "s3", "e1", &is_new, &test_err));
    assert_true(is_new);
    TEST_OK(assay_job_event_in(s->store, "s3", "e1", &is_new, &test_err));
    assert_false(is_new);
    TEST_OK(assay_job_event_in(s->store, "gcs", "e1", &is_new, &test_err));
    assert_true(is_new);
}

static const struct suite_case cases[] = {
    {"create is idempotent by key and by slot", create_is_idempotent},
    {"create is all or nothing", create_is_all_or_nothing},
    {"cancel by state", cancel_by_state},
    {"operation: queued, running, closed once", operation_life},
    {"an operation is extended once", extend_once},
    {"an operation is extended by nothing", extend_by_nothing},
    {"doorbells", doorbells},
    {"a claim carries the spec", claim_carries_the_spec},
    {"steal by age, pool and lane", steal_by_age_and_lane},
    {"lost doorbells", lost_doorbells},
    {"demand", demand_counts_open_work},
    {"heartbeats", heartbeats},
    {"results of the winner", results_of_the_winner},
    {"a checkpoint comes back with the next claim", checkpoint_comes_back},
    {"publishers share the work", publishers_share},
    {"inspect: secrets and answers", inspect_secrets},
    {"inspect: swept when nobody reads", inspect_is_swept},
    {"a schedule's slot fires once", schedule_fires_once},
    {"leadership", leadership},
    {"events come once", events_come_once},
};

int main(void)
{
    return suite_main("job: verbs", cases, ASSAY_COUNT(cases));
}
