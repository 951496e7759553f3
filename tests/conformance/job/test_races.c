// Conformance: threads against each other, and chaos with and without fences.
// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>

#include "tests/conformance/job/suite.h"

enum { THREADS = 6, ROUNDS = 25 };

static void run_threads(void *(*body)(void *), void *context, size_t count)
{
    pthread_t threads[THREADS];
    assert_true(count <= THREADS);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, body, context), 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

/* --- the same doorbell to many --- */

struct contest {
    struct suite *s;
    int64_t operation_id, task_id, epoch;
    bool fails;
    atomic_int won, lost, broken, turn;
};

static void count_result(struct contest *c, int rc)
{
    if (rc == ASSAY_OK)
        atomic_fetch_add(&c->won, 1);
    else
        atomic_fetch_add(rc == ASSAY_STALE || rc == ASSAY_NOT_FOUND ? &c->lost : &c->broken, 1);
}

static void *claim_same(void *context)
{
    struct contest *c = context;
    struct assay_job_claim claim = {0};
    const bool steals = atomic_fetch_add(&c->turn, 1) % 2;
    const int rc = steals
                       ? assay_job_steal(c->s->store, "default", 3, 0, &suite_worker, &claim, NULL)
                       : assay_job_claim(c->s->store, c->task_id, 1, &suite_worker, &claim, NULL);
    count_result(c, rc);
    assay_job_claim_release(&claim);
    return NULL;
}

static void double_claim(struct suite *s)
{
    for (int round = 0; round < ROUNDS; round++) {
        struct contest c = {.s = s};
        (void)suite_operation(s, "profile", 7, 100 + round, 1, &c.task_id);
        assert_int_equal(suite_dispatch(s, 1), 1);
        run_threads(claim_same, &c, THREADS);
        assert_int_equal(c.won, 1);
        assert_int_equal(c.broken, 0);
        assert_int_equal(suite_number(s, "attempts", c.task_id), 1);
    }
}

/* --- claim against cancel --- */

static void *claim_or_cancel(void *context)
{
    struct contest *c = context;
    int stopped = 0, to_signal = 0;
    struct assay_job_claim claim = {0};
    if (atomic_fetch_add(&c->turn, 1) == 1) {
        if (assay_job_cancel(c->s->store, c->operation_id, "t", &stopped, &to_signal, NULL) !=
            ASSAY_OK)
            atomic_fetch_add(&c->broken, 1);
        return NULL;
    }
    count_result(c, assay_job_steal(c->s->store, "default", 3, 0, &suite_worker, &claim, NULL));
    assay_job_claim_release(&claim);
    return NULL;
}

static void claim_against_cancel(struct suite *s)
{
    for (int round = 0; round < ROUNDS; round++) {
        struct contest c = {.s = s};
        c.operation_id = suite_operation(s, "profile", 7, 100 + round, 4, NULL);
        assert_int_equal(suite_dispatch(s, 4), 4);
        run_threads(claim_or_cancel, &c, THREADS);
        assert_int_equal(c.broken, 0);
        char sql[200];
        (void)snprintf(
            sql, sizeof sql,
            "SELECT count(*) FROM task WHERE op_id = %" PRId64
            " AND (state = 'cancelled' OR (state = 'running' AND cancel_requested_at IS NOT NULL))",
            c.operation_id);
        assert_int_equal(test_int(s->base.db, sql), 4);
        (void)snprintf(sql, sizeof sql,
                       "SELECT count(*) FROM task WHERE op_id = %" PRId64 " AND state = 'running'",
                       c.operation_id);
        assert_int_equal(test_int(s->base.db, sql), c.won);
    }
}

/* --- completion against reaper --- */

static void *complete_or_reap(void *context)
{
    struct contest *c = context;
    int reaped = 0;
    if (atomic_fetch_add(&c->turn, 1) % 2) {
        if (assay_job_reap(c->s->store, 0, 10, &reaped, NULL) != ASSAY_OK)
            atomic_fetch_add(&c->broken, 1);
        atomic_fetch_add(&c->lost, reaped);
    } else if (assay_job_complete(c->s->store, c->task_id, c->epoch, NULL, NULL) == ASSAY_OK)
        atomic_fetch_add(&c->won, 1);
    return NULL;
}

static void complete_against_reap(struct suite *s)
{
    int completed = 0, reaped = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct contest c = {.s = s, .turn = round % 2};
        (void)suite_operation(s, "profile", 7, 100 + round, 1, &c.task_id);
        assert_int_equal(suite_dispatch(s, 1), 1);
        c.epoch = suite_claim(s, c.task_id);
        test_clock_advance(&s->base, SUITE_TTL_MS + 1);
        run_threads(complete_or_reap, &c, 2);
        assert_int_equal(c.broken, 0);
        assert_int_equal(c.won + c.lost, 1);
        suite_expect(s, c.task_id, "state", c.won ? "succeeded" : "ready");
        completed += c.won;
        reaped += c.lost;
        test_sql(s->base.db, "DELETE FROM operation");
    }
    print_message("    completed %d, reaped %d\n", completed, reaped);
}

/* --- two leaders dispatch at once --- */

static void *dispatch_all(void *context)
{
    struct contest *c = context;
    int count = 0;
    for (int i = 0; i < 3; i++) {
        if (assay_job_dispatch(c->s->store, "default", ASSAY_LANE_BULK, 100, "t", 1, &count,
                               NULL) != ASSAY_OK)
            atomic_fetch_add(&c->broken, 1);
        atomic_fetch_add(&c->won, count);
    }
    return NULL;
}

static void two_leaders_keep_the_cap(struct suite *s)
{
    for (int round = 0; round < 10; round++) {
        struct contest c = {.s = s};
        (void)suite_operation(s, "profile", 7, 100 + round, 20, NULL);
        TEST_OK(assay_job_limit_set(s->store, NULL, 100 + round, 5, &test_err));
        run_threads(dispatch_all, &c, 4);
        assert_int_equal(c.broken, 0);
        assert_int_equal(c.won, 5);
        assert_int_equal(test_int(s->base.db, "SELECT count(*) FROM outbox"), 5);
        test_sql(s->base.db, "DELETE FROM outbox; DELETE FROM operation");
    }
}

/* --- publishers extend an operation while it is cancelled --- */

static void *extend_or_cancel(void *context)
{
    static const char *const specs[] = {"{}"};
    static const struct assay_job_task_new task = {
        .kind = "profile.relate", .split_count = 1, .unblocks = -1};
    static const struct assay_job_extension extension = {
        .specs = specs, .specs_count = 1, .tasks = &task, .tasks_count = 1};
    struct contest *c = context;
    int stopped = 0, to_signal = 0;
    bool extended = false;
    const int rc =
        atomic_fetch_add(&c->turn, 1) == 2
            ? assay_job_cancel(c->s->store, c->operation_id, "t", &stopped, &to_signal, NULL)
            : assay_job_extend(c->s->store, NULL, c->operation_id, &extension, &extended, NULL);
    if (rc != ASSAY_OK)
        atomic_fetch_add(&c->broken, 1);
    atomic_fetch_add(&c->won, extended);
    return NULL;
}

static void extend_against_cancel(struct suite *s)
{
    for (int round = 0; round < ROUNDS; round++) {
        struct contest c = {.s = s};
        c.operation_id = suite_operation(s, "profile", 7, 100 + round, 1, &c.task_id);
        assert_int_equal(suite_dispatch(s, 1), 1);
        TEST_OK(
            assay_job_complete(s->store, c.task_id, suite_claim(s, c.task_id), NULL, &test_err));
        test_sql(s->base.db, "UPDATE task SET published_at = 1");
        run_threads(extend_or_cancel, &c, THREADS);
        assert_int_equal(c.broken, 0);
        assert_true(c.won <= 1);
        assert_int_equal(
            test_int(s->base.db, "SELECT count(*) FROM task WHERE kind = 'profile.relate'"), c.won);
        assert_int_equal(test_int(s->base.db, "SELECT count(*) FROM task WHERE state = 'ready'"),
                         0); /* what was inserted before the cancel went with it */
        test_sql(s->base.db, "DELETE FROM operation");
    }
}

/* --- splits that end at once --- */

/* Every other one ends as the contest says. */
static void *end_split(void *context)
{
    struct contest *c = context;
    const int turn = atomic_fetch_add(&c->turn, 1);
    const int64_t task_id = c->task_id + 1 + turn;
    count_result(c, c->fails && turn % 2
                        ? assay_job_fail(c->s->store, task_id, 1, true, SUITE_ERROR, NULL, NULL)
                        : assay_job_complete(c->s->store, task_id, 1, NULL, NULL));
    return NULL;
}

enum { WAITING = 3, SPLITS = THREADS + WAITING };

/* All but WAITING splits run. */
static void start_splits(struct contest *c, int64_t connection_id)
{
    static const char *const specs[] = {"{}"};
    struct assay_job_task_new tasks[SPLITS + 1];
    struct suite *s = c->s;
    for (int i = 0; i <= SPLITS; i++)
        tasks[i] =
            (struct assay_job_task_new){.kind = i < SPLITS ? "profile.split" : "profile.merge",
                                        .split_no = i,
                                        .split_count = SPLITS,
                                        .unblocks = i < SPLITS ? SPLITS : -1};
    (void)suite_operation(s, "profile.plan", 7, connection_id, 1, &c->task_id);
    TEST_OK(assay_job_limit_set(s->store, NULL, connection_id, 50, &test_err));
    assert_int_equal(suite_dispatch(s, 1), 1);
    TEST_OK(assay_job_plan_done(s->store, c->task_id, suite_claim(s, c->task_id), NULL, specs, 1,
                                tasks, SPLITS + 1, &test_err));
    assert_int_equal(suite_dispatch(s, SPLITS - 1), SPLITS - 1);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(suite_claim(s, c->task_id + 1 + i), 1);
}

static void splits_end_together(struct suite *s)
{
    for (int round = 0; round < 20; round++) {
        struct contest c = {.s = s, .fails = round % 2};
        start_splits(&c, 100 + round);
        run_threads(end_split, &c, THREADS);
        assert_int_equal(c.won, THREADS);
        for (int i = 0; i < WAITING && !c.fails; i++) {
            const int64_t task_id = c.task_id + 1 + THREADS + i;
            (void)suite_dispatch(s, 1);
            suite_expect(s, c.task_id + 1 + SPLITS, "state", "blocked");
            TEST_OK(
                assay_job_complete(s->store, task_id, suite_claim(s, task_id), NULL, &test_err));
        }
        suite_expect(s, c.task_id + 1 + SPLITS, "state", "ready");
        assert_int_equal(suite_number(s, "waits_for", c.task_id + 1 + SPLITS), 0);
        test_sql(s->base.db, "DELETE FROM operation");
    }
}

/* --- chaos: workers freeze past their lease, are reaped, thaw, and try to complete --- */

enum { CHAOS_WORKERS = 4, CHAOS_TASKS = 80, CHAOS_STEPS = 4000 };

struct chaos {
    struct suite *s;
    bool fenced;
    int64_t first_task;
    atomic_int completions[CHAOS_TASKS], refused, frozen, broken, seeds;
    pthread_mutex_t clock;
};

/* The control: what a store without fences does. */
static int complete_unfenced(struct suite *s, int64_t task_id)
{
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    ASSAY_TRY(assay_db_acquire(s->base.db, &conn, NULL));
    return assay_db_run(conn,
                        "UPDATE task SET state = 'succeeded', result_epoch = epoch, finished_at = "
                        "assay_now() WHERE id = $1",
                        NULL, NULL, assay_db_int(task_id));
}

static void finish(struct chaos *c, int64_t task_id, int64_t epoch)
{
    const int rc = c->fenced ? assay_job_complete(c->s->store, task_id, epoch, NULL, NULL)
                             : complete_unfenced(c->s, task_id);
    if (rc == ASSAY_OK)
        atomic_fetch_add(&c->completions[task_id - c->first_task], 1);
    else
        atomic_fetch_add(rc == ASSAY_STALE ? &c->refused : &c->broken, 1);
}

/* A few at a time, so that reaped tasks, which are in front, come soon. */
static int hand_out(struct chaos *c)
{
    int count = 0;
    if (assay_job_dispatch(c->s->store, "default", ASSAY_LANE_BULK, CHAOS_WORKERS, "t", 1, &count,
                           NULL) != ASSAY_OK)
        atomic_fetch_add(&c->broken, 1);
    return count;
}

/* Time passes the lease of everybody; the leader reaps. */
static void pass_time(struct chaos *c)
{
    int count = 0;
    (void)pthread_mutex_lock(&c->clock);
    if (test_clock_move(&c->s->base, SUITE_TTL_MS + 60000, NULL) != ASSAY_OK ||
        assay_job_reap(c->s->store, 0, 100, &count, NULL) != ASSAY_OK)
        atomic_fetch_add(&c->broken, 1);
    (void)pthread_mutex_unlock(&c->clock);
}

static bool all_done(struct chaos *c)
{
    for (int i = 0; i < CHAOS_TASKS; i++)
        if (!atomic_load(&c->completions[i]))
            return false;
    return true;
}

static void *chaos_worker(void *context)
{
    struct chaos *c = context;
    unsigned seed = (unsigned)atomic_fetch_add(&c->seeds, 1);
    int64_t zombie_task = 0, zombie_epoch = 0;
    int thaw = 0;
    for (int step = 0; step < CHAOS_STEPS && !all_done(c); step++) {
        struct assay_job_claim claim = {0};
        if (assay_job_steal(c->s->store, "default", 3, 0, &suite_worker, &claim, NULL) !=
            ASSAY_OK) {
            if (!hand_out(c))
                pass_time(c);
            continue;
        }
        const int64_t task_id = claim.task_id, epoch = claim.epoch;
        assay_job_claim_release(&claim);
        if (!zombie_task && rand_r(&seed) % 3 == 0) { /* freezes; thaws after two more tasks */
            zombie_task = task_id;
            zombie_epoch = epoch;
            thaw = 2;
            atomic_fetch_add(&c->frozen, 1);
            pass_time(c);
            continue;
        }
        finish(c, task_id, epoch);
        if (!zombie_task || --thaw > 0)
            continue;
        finish(c, zombie_task, zombie_epoch);
        zombie_task = 0;
    }
    return NULL;
}

static int run_chaos(struct suite *s, bool fenced)
{
    struct chaos c = {.s = s, .fenced = fenced, .clock = PTHREAD_MUTEX_INITIALIZER};
    int64_t ids[CHAOS_TASKS];
    int twice = 0;
    (void)suite_operation(s, "profile", 7, 3, CHAOS_TASKS, ids);
    c.first_task = ids[0];
    TEST_OK(assay_job_limit_set(s->store, NULL, 3, 1000, &test_err));
    test_sql(s->base.db, "UPDATE task SET max_crashes = 1000000");
    run_threads(chaos_worker, &c, CHAOS_WORKERS);
    assert_int_equal(c.broken, 0);
    assert_true(all_done(&c));
    for (int i = 0; i < CHAOS_TASKS; i++)
        twice += c.completions[i] > 1;
    print_message("    %s: %d frozen, %d refused, %d completed twice\n",
                  fenced ? "fenced" : "control", c.frozen, c.refused, twice);
    return twice;
}

static void chaos_with_fences(struct suite *s)
{
    assert_int_equal(run_chaos(s, true), 0);
    assert_int_equal(test_int(s->base.db, "SELECT count(*) FROM task WHERE state = 'succeeded'"),
                     CHAOS_TASKS);
    assert_int_equal(test_int(s->base.db, "SELECT count(*) FROM task_lease"), 0);
}

static void chaos_without_fences(struct suite *s)
{
    suite_unguard(s); /* the control does what is not legal */
    assert_true(run_chaos(s, false) > 0);
}

static const struct suite_case cases[] = {
    {"one doorbell, many workers", double_claim},
    {"claim against cancel", claim_against_cancel},
    {"completion against reaper", complete_against_reap},
    {"two leaders keep the cap", two_leaders_keep_the_cap},
    {"publishers extend against cancel", extend_against_cancel},
    {"splits that end together unblock once", splits_end_together},
    {"chaos: every task completes exactly once", chaos_with_fences},
    {"chaos, control: without fences some complete twice", chaos_without_fences},
};

int main(void)
{
    return suite_main("job: races", cases, ASSAY_COUNT(cases));
}
