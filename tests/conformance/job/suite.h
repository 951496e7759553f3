/* Job store conformance: every case runs on each database, on a fresh catalog with a clock that
 * only moves by hand. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_TESTS_JOB_SUITE_H
#define ASSAY_TESTS_JOB_SUITE_H

#include "common/job/job_store.h"
#include "tests/unit/db/databases.h"

struct suite {
    struct test_database base;
    struct assay_job_store *store;
};

struct suite_case {
    const char *name;
    void (*run)(struct suite *s);
};

enum { SUITE_TTL_MS = 30000 };
#define SUITE_ERROR "{\"code\":\"IO\",\"text\":\"reading failed\"}"

static const struct assay_job_worker suite_worker = {.owner = "worker-1",
                                                     .ttl_ms = SUITE_TTL_MS,
                                                     .max_spec_version = ASSAY_SPEC_VERSION,
                                                     .idle = true};

/** An operation of `count` tasks of a kind ("profile", "profile.plan" …) on a datastore and a
 * connection. Returns its id. */
static inline int64_t suite_operation(struct suite *s, const char *kind, int64_t source_id,
                                      int64_t connection_id, int count, int64_t *ret_task_ids)
{
    static const char *const specs[] = {"{\"v\":1}"};
    char family[16];
    (void)snprintf(family, sizeof family, "%.*s", (int)strcspn(kind, "."), kind);
    struct assay_job_task_new *tasks = calloc((size_t)count + 1, sizeof *tasks);
    for (int i = 0; i < count; i++)
        tasks[i] = (struct assay_job_task_new){
            .kind = kind, .container_id = 100 + i, .split_count = 1, .unblocks = -1};
    const struct assay_job_operation_new operation = {.source_id = source_id,
                                                      .connection_id = connection_id,
                                                      .kind = family,
                                                      .lane = ASSAY_LANE_BULK,
                                                      .hidden = !strcmp(kind, "inspect"),
                                                      .specs = specs,
                                                      .specs_count = 1,
                                                      .tasks = tasks,
                                                      .tasks_count = (size_t)count,
                                                      .triggered_by = "tester"};
    int64_t id = 0;
    TEST_OK(
        assay_job_operation_create(s->store, NULL, &operation, &id, ret_task_ids, NULL, &test_err));
    free(tasks);
    return id;
}

static inline int suite_dispatch(struct suite *s, int window)
{
    int count = 0;
    TEST_OK(assay_job_dispatch(s->store, "default", ASSAY_LANE_BULK, window, "t",
                               ASSAY_SPEC_VERSION, &count, &test_err));
    return count;
}

static inline int64_t suite_number(struct suite *s, const char *column, int64_t task_id)
{
    char sql[160];
    (void)snprintf(sql, sizeof sql, "SELECT %s FROM task WHERE id = %" PRId64, column, task_id);
    return test_int(s->base.db, sql);
}

static inline void suite_expect(struct suite *s, int64_t task_id, const char *column,
                                const char *value)
{
    char sql[160];
    (void)snprintf(sql, sizeof sql, "SELECT %s FROM task WHERE id = %" PRId64, column, task_id);
    assert_string_equal(test_text(s->base.db, sql), value);
}

/** Claim a task that has been dispatched. Returns its epoch. */
static inline int64_t suite_claim(struct suite *s, int64_t task_id)
{
    ASSAY_SCOPED(assay_job_claim_release) struct assay_job_claim claim = {0};
    const int seq = (int)suite_number(s, "dispatch_seq", task_id);
    TEST_OK(assay_job_claim(s->store, task_id, seq, &suite_worker, &claim, &test_err));
    return claim.epoch;
}

/** One operation of one task of a kind, dispatched and claimed. */
struct suite_running {
    int64_t operation_id, task_id, epoch;
};
static inline struct suite_running suite_run_one(struct suite *s, const char *kind)
{
    struct suite_running r = {0};
    r.operation_id = suite_operation(s, kind, 7, 3, 1, &r.task_id);
    assert_int_equal(suite_dispatch(s, 100), 1);
    r.epoch = suite_claim(s, r.task_id);
    return r;
}

/* States change only as the picture in job_store.h shows, and epochs only grow: whatever a case
 * does. */
#define SUITE_LEGAL                                                                                \
    "(old.state = new.state OR (old.state = 'blocked' AND new.state IN ('ready', 'cancelled')) "   \
    "OR (old.state = 'ready' AND new.state IN ('dispatched', 'cancelled')) "                       \
    "OR (old.state = 'dispatched' AND new.state IN ('ready', 'running', 'cancelled')) "            \
    "OR (old.state = 'running' AND new.state IN "                                                  \
    "('succeeded', 'failed', 'dead', 'cancelled', 'ready'))) AND new.epoch >= old.epoch"
static inline void suite_guard(struct suite *s)
{
    test_sql(
        s->base.db,
        s->base.kind == ASSAY_DB_SQLITE
            ? "CREATE TRIGGER legal BEFORE UPDATE ON task WHEN NOT (" SUITE_LEGAL ") "
              "BEGIN SELECT RAISE(ABORT, 'illegal change of a task'); END"
            : "CREATE FUNCTION legal() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
              "IF NOT (" SUITE_LEGAL ") THEN RAISE 'illegal change of a task'; END IF; "
              "RETURN new; END $$;"
              "CREATE TRIGGER legal BEFORE UPDATE ON task FOR EACH ROW EXECUTE FUNCTION legal()");
}
static inline void suite_unguard(struct suite *s)
{
    test_sql(s->base.db,
             s->base.kind == ASSAY_DB_SQLITE ? "DROP TRIGGER legal" : "DROP TRIGGER legal ON task");
}

struct suite_entry {
    const struct suite_case *test;
    enum assay_db_kind kind;
};

static inline void suite_run_entry(void **state)
{
    const struct suite_entry *entry = *state;
    struct suite s = {0};
    test_database_open(&s.base, entry->kind, 8);
    TEST_OK(assay_job_store_open(s.base.db, &s.store, &test_err));
    suite_guard(&s);
    entry->test->run(&s);
    assay_job_store_close(s.store);
    test_database_close(&s.base);
}

static inline int suite_main(const char *group, const struct suite_case *cases, size_t count)
{
    enum assay_db_kind kinds[2];
    static struct suite_entry entries[128];
    static struct CMUnitTest tests[128];
    static char names[128][96];
    const size_t kinds_count = test_kinds(kinds);
    size_t n = 0;
    for (size_t k = 0; k < kinds_count; k++)
        for (size_t i = 0; i < count; i++, n++) {
            entries[n] = (struct suite_entry){&cases[i], kinds[k]};
            (void)snprintf(names[n], sizeof names[n], "%s: %s",
                           kinds[k] == ASSAY_DB_SQLITE ? "sqlite" : "postgres", cases[i].name);
            tests[n] = (struct CMUnitTest){
                .name = names[n], .test_func = suite_run_entry, .initial_state = &entries[n]};
        }
    return _cmocka_run_group_tests(group, tests, n, NULL, NULL);
}

#endif
