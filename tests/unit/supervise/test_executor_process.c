// Executor process: whatever a child does, the run ends, says why, and leaves nothing behind.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
// cmocka.h needs setjmp, stdarg and stddef
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/msg/result.h"
#include "worker/supervise/executor_process.h"

#define FAKE ASSAY_BINARY_DIR "/fake-executor"

struct ran {
    int code;
    struct assay_exit ended;
    struct assay_error err;
    struct assay_result *result;
    int results;
};

static int on_frame(const struct assay_frame *frame, void *context, struct assay_error *err)
{
    struct ran *ran = context;
    if (frame->type != ASSAY_FRAME_RESULT)
        return ASSAY_OK;
    ran->results++;
    return assay_result_add(ran->result, frame->payload, frame->size_bytes, err);
}

static struct ran run_with(struct assay_execution execution, const char *behave)
{
    struct ran ran = {0};
    json_t *task = json_pack("{s:i, s:{s:s}}", "v", 1, "settings", "behave", behave);
    assert_int_equal(assay_result_new(0, &ran.result, NULL), ASSAY_OK);
    execution.program = execution.program ? execution.program : FAKE;
    execution.task = task;
    execution.data_fd = execution.data_fd ? execution.data_fd : -1;
    execution.on_frame = execution.on_frame ? execution.on_frame : on_frame;
    execution.context = &ran;
    ran.code = assay_execution_run(&execution, &ran.ended, &ran.err);
    json_decref(task);
    return ran;
}

/* The grace of children that must end by themselves, and of those that must be ended. */
enum { LONG_GRACE_MS = 240000, SHORT_GRACE_MS = 200 };

static struct ran run(const char *behave)
{
    return run_with((struct assay_execution){.grace_ms = LONG_GRACE_MS}, behave);
}

static const json_t *inspected(const struct ran *ran)
{
    return json_object_get(assay_result_document(ran->result), "inspect");
}

static void each_end_has_its_code(void **state)
{
    (void)state;
    static const struct {
        const char *behave;
        int code;
        const char *said;
        int signal, status;
        int64_t grace_ms; /* 0 = LONG_GRACE_MS */
    } cases[] = {
        {"done", ASSAY_OK, "", 0, 0, 0},
        {"segv", ASSAY_INTERNAL, "died of signal 11", SIGSEGV, 0, 0},
        {"leave", ASSAY_INTERNAL, "status 7 before its task was done: line one | line two", 0, 7,
         0},
        {"none", ASSAY_INTERNAL, "status 0 before its task was done: it wrote no message", 0, 0, 0},
        {"garbage", ASSAY_INTERNAL, "no frame", SIGKILL, 0, 0},
        {"fail", ASSAY_DENIED, "refused", 0, 0, 0},
        {"flood_stderr", ASSAY_OK, "", 0, 0, 0},
        {"talk_on", ASSAY_INTERNAL, "after its last one", SIGTERM, 0, SHORT_GRACE_MS},
        {"linger", ASSAY_OK, "", SIGTERM, 0, SHORT_GRACE_MS},
        {"close_frames", ASSAY_INTERNAL, "signal 15", SIGTERM, 0, SHORT_GRACE_MS},
        {"leave_a_child", ASSAY_OK, "", 0, 0, 0},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        const int64_t grace_ms = cases[i].grace_ms ? cases[i].grace_ms : LONG_GRACE_MS;
        struct ran ran = run_with((struct assay_execution){.grace_ms = grace_ms}, cases[i].behave);
        if (ran.code != cases[i].code || !strstr(ran.err.text, cases[i].said) ||
            ran.ended.signal != cases[i].signal)
            fail_msg("%s: code %d, signal %d, status %d, text \"%s\"", cases[i].behave, ran.code,
                     ran.ended.signal, ran.ended.status, ran.err.text);
        assert_int_equal(ran.ended.status, cases[i].status);
        assert_false(ran.ended.oom);
        assay_result_free(ran.result);
    }
}

static void an_error_frame_keeps_its_details(void **state)
{
    (void)state;
    json_t *secrets = json_pack("{s:{s:s}}", "7", "password", "hunter22");
    struct ran ran = run_with((struct assay_execution){.secrets = secrets}, "fail");
    assert_string_equal(ran.err.text, "login with *** refused");
    assert_string_equal(ran.err.sqlstate, "28P01");
    assert_int_equal(ran.err.vendor_code, 7);
    assay_result_free(ran.result);
    ran = run_with((struct assay_execution){.secrets = secrets}, "segv");
    assert_non_null(strstr(ran.err.text, "about to die with password *** in hand"));
    assay_result_free(ran.result);
    json_decref(secrets);
}

static void a_deadline_ends_it(void **state)
{
    (void)state;
    static const struct {
        const char *behave;
        int64_t grace_ms;
        int signal;
    } cases[] = {{"hang", SHORT_GRACE_MS, SIGTERM}, {"be_cancelled", LONG_GRACE_MS, 0}};
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        struct ran ran =
            run_with((struct assay_execution){.deadline_ms = 100, .grace_ms = cases[i].grace_ms},
                     cases[i].behave);
        assert_int_equal(ran.code, ASSAY_TIMEOUT);
        assert_int_equal(ran.ended.signal, cases[i].signal);
        assert_false(ran.ended.oom);
        assay_result_free(ran.result);
    }
}

static atomic_bool cancelled;

static int cancel_on_progress(const struct assay_frame *frame, void *context,
                              struct assay_error *err)
{
    (void)context;
    (void)err;
    if (frame->type == ASSAY_FRAME_PROGRESS)
        atomic_store(&cancelled, true);
    return ASSAY_OK;
}

static void a_cancel_ends_it(void **state)
{
    (void)state;
    static const struct {
        const char *behave;
        int64_t grace_ms;
        int signal;
    } cases[] = {{"be_cancelled", LONG_GRACE_MS, 0}, {"ignore_sigterm", SHORT_GRACE_MS, SIGKILL}};
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        atomic_store(&cancelled, false);
        struct ran ran = run_with((struct assay_execution){.cancelled = &cancelled,
                                                           .on_frame = cancel_on_progress,
                                                           .grace_ms = cases[i].grace_ms},
                                  cases[i].behave);
        assert_int_equal(ran.code, ASSAY_CANCELLED);
        assert_int_equal(ran.ended.signal, cases[i].signal);
        assay_result_free(ran.result);
    }
}

static atomic_bool suspended;
static atomic_int stopped_pid;

static int suspend_on_progress(const struct assay_frame *frame, void *context,
                               struct assay_error *err)
{
    (void)context;
    json_t *body = NULL;
    if (frame->type != ASSAY_FRAME_PROGRESS)
        return ASSAY_OK;
    ASSAY_TRY(assay_json_parse(frame->payload, frame->size_bytes, "progress", &body, err));
    atomic_store(&stopped_pid, (int)assay_json_int(body, "pid", 0));
    atomic_store(&suspended, true);
    json_decref(body);
    return ASSAY_OK;
}

/* The letter of /proc/PID/stat: T = stopped. */
static char state_of(int pid)
{
    char path[64], state = '?';
    (void)snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (file && fscanf(file, "%*d %*s %c", &state) != 1)
        state = '?';
    if (file)
        (void)fclose(file);
    return state;
}

/* Lets go when it has seen the child stand still. */
static void *let_go(void *unused)
{
    while (!atomic_load(&stopped_pid) || state_of(atomic_load(&stopped_pid)) != 'T')
        assay_sleep_ms(2);
    atomic_store(&suspended, false);
    return unused;
}

static void a_suspended_child_stands_still(void **state)
{
    (void)state;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, let_go, NULL), 0);
    struct ran ran =
        run_with((struct assay_execution){.suspended = &suspended, .on_frame = suspend_on_progress},
                 "be_stopped");
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(ran.code, ASSAY_OK);
    assay_result_free(ran.result);
}

static void a_suspended_child_is_ended_too(void **state)
{
    (void)state;
    atomic_store(&suspended, false);
    struct ran ran = run_with((struct assay_execution){.suspended = &suspended,
                                                       .on_frame = suspend_on_progress,
                                                       .deadline_ms = 1000,
                                                       .grace_ms = SHORT_GRACE_MS},
                              "be_stopped");
    assert_int_equal(ran.code, ASSAY_TIMEOUT);
    assert_true(ran.ended.signalled);
    assay_result_free(ran.result);
}

static int refuse(const struct assay_frame *frame, void *context, struct assay_error *err)
{
    (void)context;
    return frame->type == ASSAY_FRAME_RESULT ? assay_fail(err, ASSAY_STALE, "someone else has it")
                                             : ASSAY_OK;
}

static void a_refused_frame_ends_it(void **state)
{
    (void)state;
    struct ran ran = run_with(
        (struct assay_execution){.on_frame = refuse, .grace_ms = SHORT_GRACE_MS}, "credits");
    assert_int_equal(ran.code, ASSAY_STALE);
    assert_string_equal(ran.err.text, "someone else has it");
    assay_result_free(ran.result);
}

static void results_flow_by_credit(void **state)
{
    (void)state;
    struct ran ran = run("credits");
    assert_int_equal(ran.code, ASSAY_OK);
    assert_int_equal(ran.results, 5);
    assert_int_equal(assay_json_int(inspected(&ran), "n", -1), 4);
    assay_result_free(ran.result);
}

static void memory_above_the_limit_ends_it(void **state)
{
    (void)state;
    struct ran ran = run_with((struct assay_execution){.memory_bytes = 1 << 20}, "eat_memory");
    assert_int_equal(ran.code, ASSAY_LIMIT);
    assert_true(ran.ended.oom);
    assert_non_null(strstr(ran.err.text, "MiB"));
    assay_result_free(ran.result);
}

static void the_child_sees_little(void **state)
{
    (void)state;
    int data[2];
    assert_int_equal(pipe(data), 0);
    assert_int_equal(write(data[1], "a,b", 3), 3);
    close(data[1]);
    setenv("ASSAY_SECRET", "1", 1);
    setenv("PGPASSWORD", "1", 1);
    setenv("LC_MESSAGES", "C", 1);
    signal(SIGPIPE, SIG_IGN);
    struct ran ran = run_with(
        (struct assay_execution){.data_fd = data[0], .memory_bytes = 64 << 20}, "look_around");
    assert_int_equal(ran.code, ASSAY_OK);
    const json_t *seen = inspected(&ran);
    assert_true(assay_json_bool(seen, "own_group", false));
    assert_int_equal(assay_json_int(seen, "death_signal", 0), SIGKILL);
    assert_int_equal(assay_json_int(seen, "core", 1), 0);
    assert_int_equal(assay_json_int(seen, "fds", 0), 5);
    assert_string_equal(assay_json_str(seen, "assay_env", "?"), "");
    assert_string_equal(assay_json_str(seen, "pg_env", "?"), "");
    assert_string_equal(assay_json_str(seen, "home", "?"), "/nonexistent");
    assert_string_equal(assay_json_str(seen, "lang", "?"), "C");
    assert_string_equal(assay_json_str(seen, "input", "?"), "a,b");
#ifndef ASSAY_SANITIZED
    assert_int_equal(assay_json_int(seen, "data", 0), (96 + 256) << 20);
#endif
    close(data[0]);
    assay_result_free(ran.result);
}

static void secrets_come_by_frame(void **state)
{
    (void)state;
    json_t *secrets = json_pack("{s:{s:s}}", "7", "password", "hunter22");
    struct ran ran = run_with((struct assay_execution){.secrets = secrets}, "secrets");
    assert_int_equal(ran.code, ASSAY_OK);
    assert_true(json_equal(json_object_get(inspected(&ran), "secrets"), secrets));
    assay_result_free(ran.result);
    json_decref(secrets);
}

static void a_missing_program_is_said(void **state)
{
    (void)state;
    struct ran ran =
        run_with((struct assay_execution){.program = ASSAY_BINARY_DIR "/no-such-program"}, "done");
    assert_int_equal(ran.code, ASSAY_NOT_FOUND);
    assert_non_null(strstr(ran.err.text, "no-such-program"));
    assay_result_free(ran.result);
    ran = run_with((struct assay_execution){.program = ASSAY_SOURCE_DIR "/CMakeLists.txt"}, "done");
    assert_int_equal(ran.code, ASSAY_DENIED);
    assay_result_free(ran.result);
}

static void *run_many(void *context)
{
    int *good = context;
    for (int i = 0; i < 10; i++) {
        struct ran ran = run("credits");
        *good += ran.code == ASSAY_OK && ran.results == 5;
        assay_result_free(ran.result);
    }
    return NULL;
}

static void many_threads_may_run(void **state)
{
    (void)state;
    pthread_t threads[4];
    int good[4] = {0};
    for (size_t i = 0; i < ASSAY_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_many, &good[i]), 0);
    for (size_t i = 0; i < ASSAY_COUNT(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (size_t i = 0; i < ASSAY_COUNT(threads); i++)
        assert_int_equal(good[i], 10);
}

static int open_fds(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

static void nothing_is_left_behind(void **state)
{
    (void)state;
    assay_result_free(run("done").result);
    const int before = open_fds();
    static const char *const behaviours[] = {"done",          "segv",  "garbage",
                                             "leave_a_child", "leave", "talk_on"};
    for (size_t i = 0; i < ASSAY_COUNT(behaviours); i++)
        assay_result_free(
            run_with((struct assay_execution){.grace_ms = SHORT_GRACE_MS}, behaviours[i]).result);
    assert_int_equal(open_fds(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_end_has_its_code),
        cmocka_unit_test(an_error_frame_keeps_its_details),
        cmocka_unit_test(a_deadline_ends_it),
        cmocka_unit_test(a_cancel_ends_it),
        cmocka_unit_test(a_suspended_child_stands_still),
        cmocka_unit_test(a_suspended_child_is_ended_too),
        cmocka_unit_test(a_refused_frame_ends_it),
        cmocka_unit_test(results_flow_by_credit),
        cmocka_unit_test(memory_above_the_limit_ends_it),
        cmocka_unit_test(the_child_sees_little),
        cmocka_unit_test(secrets_come_by_frame),
        cmocka_unit_test(a_missing_program_is_said),
        cmocka_unit_test(many_threads_may_run),
        cmocka_unit_test(nothing_is_left_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
