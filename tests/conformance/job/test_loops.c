// The leader's loops over the job store and a local queue: dispatch, relay, reap, leadership.
// SPDX-License-Identifier: Apache-2.0
#include "common/queue/queue.h"
#include "scheduler/dispatch/dispatch.h"
#include "scheduler/dispatch/leader.h"
#include "scheduler/reap/reap.h"
#include "scheduler/relay/relay.h"
#include "tests/conformance/job/suite.h"

static struct assay_queue *open_queue(void)
{
    struct assay_queue *queue = NULL;
    TEST_OK(assay_queue_open("local:", NULL, &queue, &test_err));
    TEST_OK(assay_queue_create_topics(queue, "default", &test_err));
    return queue;
}

static void a_task_reaches_the_queue(struct suite *s)
{
    struct assay_queue *queue = open_queue();
    int64_t task = 0;
    int count = 0;
    char topic[128];
    (void)suite_operation(s, "profile", 7, 3, 1, &task);
    TEST_OK(assay_dispatch_tick(s->store, queue, &count, &test_err));
    assert_int_equal(count, 1);
    TEST_OK(assay_relay_tick(s->store, queue, &count, &test_err));
    assert_int_equal(count, 1);
    TEST_OK(assay_relay_tick(s->store, queue, &count, &test_err));
    assert_int_equal(count, 0);
    assay_queue_task_topic(queue, "default", ASSAY_LANE_BULK, topic);
    const char *const topics[] = {topic};
    struct assay_consumer *consumer = NULL;
    const struct assay_message *message = NULL;
    TEST_OK(assay_consumer_open(queue, "g", topics, 1, &consumer, &test_err));
    TEST_OK(assay_consumer_poll(consumer, 1000, &message, &test_err));
    assert_non_null(message);
    assert_string_equal(message->ce_type, "assay.task.dispatch.v1");
    assert_string_equal(message->key, "7:100:0");
    assert_int_equal(suite_claim(s, task), 1);
    assay_consumer_close(consumer);
    assay_queue_close(queue);
}

/* What may wait for a worker follows from what workers say; those that are silent do not count. */
static void windows_follow_workers(struct suite *s)
{
    struct assay_queue *queue = open_queue();
    int count = 0;
    (void)suite_operation(s, "profile", 7, 3, 40, NULL);
    TEST_OK(assay_job_limit_set(s->store, NULL, 3, 100, &test_err));
    TEST_OK(assay_dispatch_tick(s->store, queue, &count, &test_err));
    assert_int_equal(count, 2);
    struct assay_job_worker worker = suite_worker;
    TEST_OK(assay_job_worker_seen(s->store, &worker, "default", 8, 8, &test_err));
    worker.owner = "worker-2";
    TEST_OK(assay_job_worker_seen(s->store, &worker, "other", 8, 8, &test_err));
    TEST_OK(assay_dispatch_tick(s->store, queue, &count, &test_err));
    assert_int_equal(count, 10); /* 8 × 1.25 + 2 in all */
    test_clock_advance(&s->base, 21000);
    struct assay_job_pool pool;
    TEST_OK(assay_job_pool(s->store, "default", 20000, &pool, &test_err));
    assert_int_equal(pool.workers, 0);
    assert_int_equal(pool.max_spec_version, ASSAY_SPEC_VERSION);
    worker.max_spec_version = 0; /* an old build joins: it must be able to run what is handed out */
    TEST_OK(assay_job_worker_seen(s->store, &worker, "default", 40, 40, &test_err));
    TEST_OK(assay_dispatch_tick(s->store, queue, &count, &test_err));
    assert_int_equal(count, 0);
    TEST_OK(assay_job_worker_gone(s->store, "worker-2", &test_err));
    assert_int_equal(test_int(s->base.db, "SELECT count(*) FROM worker"), 1);
    assay_queue_close(queue);
}

static void reaper_holds_off(struct suite *s)
{
    const struct suite_running r = suite_run_one(s, "profile");
    struct assay_reaper reaper = {.options = {.interval_ms = 1, .hold_off_ms = 60000}};
    int reaped = 0;
    test_clock_advance(&s->base, 2 * SUITE_TTL_MS);
    TEST_OK(assay_reaper_tick(&reaper, s->store, 1, &reaped, &test_err));
    assert_int_equal(reaped, 0);
    reaper.held_until_ns = 0; /* the hold-off is over */
    TEST_OK(assay_reaper_tick(&reaper, s->store, 1, &reaped, &test_err));
    assert_int_equal(reaped, 1);
    suite_expect(s, r.task_id, "state", "ready");
    TEST_OK(assay_reaper_tick(&reaper, s->store, 2, &reaped,
                              &test_err)); /* a new term: held off again */
    assert_true(reaper.held_until_ns > assay_monotonic_ns());
}

static void reaper_in_one_process_starts_at_once(struct suite *s)
{
    (void)suite_run_one(s, "profile");
    struct assay_reaper reaper = {.options = {.interval_ms = 1, .hold_off_ms = -1}};
    int reaped = 0;
    test_clock_advance(&s->base, 2 * SUITE_TTL_MS);
    TEST_OK(assay_reaper_tick(&reaper, s->store, 1, &reaped, &test_err));
    assert_int_equal(reaped, 1);
}

enum { TRUST_MS = 600000 }; /* whoever leads here may be slow */

static bool leads(struct assay_leader *leader)
{
    bool is_leader = false;
    TEST_OK(assay_leader_tick(leader, &is_leader, &test_err));
    return is_leader;
}

static void one_leader(struct suite *s)
{
    const struct assay_leader_options options = {
        .name = "scheduler", .holder = "a", .try_ms = 1, .trust_ms = TRUST_MS};
    struct assay_leader *first = NULL, *second = NULL;
    TEST_OK(assay_leader_open(s->store, &options, &first, &test_err));
    assert_true(leads(first));
    assert_true(leads(first));
    assert_int_equal(assay_leader_term(first), 1);
    TEST_OK(assay_leader_open(s->store, &options, &second, &test_err));
    if (s->base.kind == ASSAY_DB_POSTGRES) {
        assert_false(leads(second));
        assay_leader_close(first);
        assay_sleep_ms(2);
        assert_true(leads(second)); /* at the next attempt after the other let go */
        assert_int_equal(assay_leader_term(second), 2);
    } else
        assay_leader_close(first);
    assay_leader_close(second);
}

/* A leader that is frozen keeps its session, and so its lock, until a follower ends it. */
static void silent_leader_is_deposed(struct suite *s)
{
    const struct assay_leader_options options = {
        .name = "scheduler", .holder = "a", .try_ms = 1, .renew_ms = 1, .trust_ms = TRUST_MS};
    struct assay_leader *first = NULL, *second = NULL;
    if (s->base.kind == ASSAY_DB_SQLITE)
        return;
    TEST_OK(assay_leader_open(s->store, &options, &first, &test_err));
    assert_true(leads(first));
    TEST_OK(assay_leader_open(s->store, &options, &second, &test_err));
    test_clock_advance(&s->base, 16000); /* silent */
    while (!leads(second))               /* until the server has ended the first one's session */
        assay_sleep_ms(2);
    bool still = true;
    TEST_FAILS(ASSAY_UNAVAILABLE, assay_leader_tick(first, &still, &test_err)); /* and steps down */
    assay_sleep_ms(2);
    assert_false(leads(first));
    assay_leader_close(first);
    assay_leader_close(second);
}

static const struct suite_case cases[] = {
    {"a task reaches the queue", a_task_reaches_the_queue},
    {"windows follow workers", windows_follow_workers},
    {"the reaper holds off after a takeover", reaper_holds_off},
    {"the reaper of one process starts at once", reaper_in_one_process_starts_at_once},
    {"one leader", one_leader},
    {"a silent leader is deposed", silent_leader_is_deposed},
};

int main(void)
{
    return suite_main("job: loops", cases, ASSAY_COUNT(cases));
}
