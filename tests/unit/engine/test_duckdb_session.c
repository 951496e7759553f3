// Tests of the session: locked down, errors with the right codes, interrupted, spilling into a
// folder that vanishes.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <glob.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "worker/executor/engine/duckdb_session.h"

static struct assay_session *open_session(const atomic_bool *cancelled, uint64_t memory_bytes)
{
    struct assay_error err = {0};
    struct assay_session *session = NULL;
    const struct assay_session_options options = {.threads = 2,
                                                  .memory_bytes = memory_bytes,
                                                  .timezone = "Europe/Zurich",
                                                  .cancelled = cancelled};
    assert_int_equal(assay_session_open(&options, &session, &err), ASSAY_OK);
    return session;
}

/* What a user's statement must not reach, and the code of what goes wrong. */
static const struct {
    const char *sql;
    int code;
} refused[] = {
    {"SELECT * FROM read_text('/etc/passwd')", ASSAY_DENIED},
    {"COPY (SELECT 1) TO '/tmp/assay-must-not-exist.csv'", ASSAY_DENIED},
    {"SET enable_external_access=true", ASSAY_INVALID},
    {"SET memory_limit='100GB'", ASSAY_INVALID},
    {"INSTALL httpfs", ASSAY_DENIED},
    {"ATTACH '/tmp/assay-must-not-exist.db'", ASSAY_DENIED},
    {"SELECT * FROM read_parquet('/no/such.parquet')", ASSAY_DENIED},
    {"SELECT 'x'::INTEGER", ASSAY_INVALID},
    {"SELECT error('own words')", ASSAY_INVALID},
    {"SELECT nothing", ASSAY_INVALID},
};

static void test_refused(void **state)
{
    (void)state;
    struct assay_session *session = open_session(NULL, 0);
    for (size_t i = 0; i < ASSAY_COUNT(refused); i++) {
        struct assay_error err = {0};
        const int rc = assay_session_exec(session, refused[i].sql, &err);
        if (rc != refused[i].code)
            fail_msg("%s: %d instead of %d: %s", refused[i].sql, rc, refused[i].code, err.text);
        assert_null(strchr(err.text, '\n'));
    }
    assert_int_not_equal(access("/tmp/assay-must-not-exist.csv", F_OK), 0);
    assay_session_close(session);
}

static void test_scalar_and_zone(void **state)
{
    (void)state;
    struct assay_error err = {0};
    struct assay_session *session = open_session(NULL, 0);
    int64_t value = 0;
    assert_int_equal(
        assay_session_scalar(session, "SELECT sum(i)::BIGINT FROM range(101) t(i)", &value, &err),
        ASSAY_OK);
    assert_int_equal(value, 5050);
    /* half past midnight in Zurich, in summer, is 22:30 UTC of the day before */
    const char *sql = "SELECT hour(TIMESTAMPTZ '2026-07-01 22:30:00+00')::BIGINT";
    assert_int_equal(assay_session_scalar(session, sql, &value, &err), ASSAY_OK);
    assert_int_equal(value, 0);
    assert_int_equal(assay_session_scalar(session, "SELECT 'text'", &value, &err), ASSAY_INTERNAL);
    assay_session_close(session);
}

static void *set_soon(void *flag)
{
    assay_sleep_ms(30);
    atomic_store((atomic_bool *)flag, true);
    return NULL;
}

static void test_cancel(void **state)
{
    (void)state;
    struct assay_error err = {0};
    static atomic_bool cancelled; /* outlives a test that fails */
    struct assay_session *session = open_session(&cancelled, 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, set_soon, &cancelled), 0);
    const char *endless =
        "SELECT count(*) FROM range(1000000) a(i), range(1000000) b(j) WHERE i * j % 7 = 3";
    assert_int_equal(assay_session_exec(session, endless, &err), ASSAY_CANCELLED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(assay_session_exec(session, "SELECT 1", &(struct assay_error){0}),
                     ASSAY_CANCELLED);
    assay_session_close(session);
}

static size_t scratch_folders(void)
{
    glob_t found = {0};
    char pattern[64];
    (void)snprintf(pattern, sizeof pattern, "/tmp/assay-%d-*", (int)getpid());
    const size_t count = glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
    globfree(&found);
    return count;
}

static void test_spills_into_a_folder_that_vanishes(void **state)
{
    (void)state;
    struct assay_error err = {0};
    assert_int_equal(unsetenv("TMPDIR"), 0);
    struct assay_session *session = open_session(NULL, UINT64_C(64) << 20);
    assert_int_equal(scratch_folders(), 0);
    const char *sql =
        "CREATE TABLE t AS SELECT i, md5(i::VARCHAR) AS m FROM range(3000000) t(i) ORDER BY m";
    assert_int_equal(assay_session_exec(session, sql, &err), ASSAY_OK);
    assert_int_equal(scratch_folders(), 1);
    assay_session_close(session);
    assert_int_equal(scratch_folders(), 0);
}

static void test_memory_limit(void **state)
{
    (void)state;
    struct assay_error err = {0};
    struct assay_session *session = open_session(NULL, UINT64_C(32) << 20);
    const char *sql = "SELECT length(string_agg(md5(i::VARCHAR), ',')) FROM range(4000000) t(i)";
    assert_int_equal(assay_session_exec(session, sql, &err), ASSAY_NO_MEMORY);
    assert_non_null(strstr(err.text, "raise --memory"));
    assert_null(strstr(err.text, "memory_limit")); /* a setting that nobody can change */
    assay_session_close(session);
}

static void test_quoting(void **state)
{
    (void)state;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    assay_sql_name(&sql, "a\"b");
    assay_sql_text(&sql, "it's");
    assert_string_equal(assay_buf_str(&sql), "\"a\"\"b\"'it''s'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_scalar_and_zone),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_spills_into_a_folder_that_vanishes),
        cmocka_unit_test(test_memory_limit),
        cmocka_unit_test(test_quoting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
