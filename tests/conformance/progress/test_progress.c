// Conformance of progress: the same cases in memory and on a real Redis
// (ASSAY_TEST_REDIS=redis://…).
// SPDX-License-Identifier: Apache-2.0
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/progress/progress.h"
#include "tests/unit/json/short_memory.h"

static const char *url;

static int set_up(void **state)
{
    static int run;
    if (!url)
        return 0;
    char prefix[64];
    (void)snprintf(prefix, sizeof prefix, "t%d-%d-%lld", (int)getpid(), run++,
                   (long long)assay_now_us());
    struct assay_progress *progress = NULL;
    struct assay_error err = {0};
    if (assay_progress_open(url, prefix, &progress, &err) != ASSAY_OK) {
        print_error("%s\n", err.text);
        return -1;
    }
    *state = progress;
    return 0;
}

static int tear_down(void **state)
{
    assay_progress_close(*state);
    return 0;
}

static struct assay_progress *given(void **state)
{
    if (!*state) {
        print_message("skipped: ASSAY_TEST_REDIS is not set\n");
        skip();
    }
    return *state;
}

/* A server may be slower than a call waits for it, and what was to be sent is lost then, as it may
 * be. A case says whether all came as it must, and is tried again with another operation. What is
 * wrong it asserts. */
enum { TRIES = 60, PAUSE_MS = 500, FLUSH_MS = 60000 };

static void try_until(void **state, bool (*holds)(struct assay_progress *progress, int64_t op_id))
{
    struct assay_progress *progress = given(state);
    const int tries = strcmp(url, "local:") == 0 ? 1 : TRIES;
    for (int64_t op_id = 1; op_id <= tries; op_id++) {
        if (holds(progress, op_id))
            return;
        print_message("    the server was too slow\n");
        assay_sleep_ms(PAUSE_MS);
    }
    fail_msg("not in %d tries", tries);
}

/* The number-th task of an operation. */
static int64_t task_of(int64_t op_id, int number)
{
    return op_id * 10 + number;
}

static void put(struct assay_progress *progress, int64_t op_id, int number, int64_t epoch,
                int records)
{
    json_t *fields = json_pack("{s:i, s:s}", "records", records, "phase", "reading");
    assay_progress_task(progress, op_id, task_of(op_id, number), epoch, fields);
    json_decref(fields);
}

static void put_operation(struct assay_progress *progress, int64_t op_id, int done)
{
    json_t *fields = json_pack("{s:i, s:s}", "done", done, "state", "running");
    assay_progress_operation(progress, op_id, fields);
    json_decref(fields);
}

static int64_t records_of(const json_t *state, int64_t task_id)
{
    size_t index;
    json_t *task;
    json_array_foreach(json_object_get(state, "tasks"), index,
                       task) if (assay_json_int(task, "task_id", 0) ==
                                 task_id) return assay_json_int(task, "records", -1);
    return -2;
}

static bool latest_of_each(struct assay_progress *progress, int64_t op_id)
{
    for (int i = 1; i <= 100; i++)
        put(progress, op_id, 1, 3, i);
    put(progress, op_id, 2, 1, 55);
    put_operation(progress, op_id, 4);
    assay_progress_flush(progress, FLUSH_MS);
    ASSAY_AUTO(assay_json_decref) json_t *got = NULL;
    return assay_progress_get(progress, op_id, &got, NULL) == ASSAY_OK &&
           records_of(got, task_of(op_id, 1)) == 100 && records_of(got, task_of(op_id, 2)) == 55 &&
           assay_json_int(json_object_get(got, "operation"), "done", 0) == 4;
}

static void keeps_the_latest_of_each_task(void **state)
{
    try_until(state, latest_of_each);
}

static bool older_epoch(struct assay_progress *progress, int64_t op_id)
{
    put(progress, op_id, 1, 5, 10);
    assay_progress_flush(progress, FLUSH_MS);
    put(progress, op_id, 1, 4, 99);
    put(progress, op_id, 2, 4, 99);
    assay_progress_flush(progress, FLUSH_MS);
    ASSAY_AUTO(assay_json_decref) json_t *got = NULL;
    if (assay_progress_get(progress, op_id, &got, NULL) != ASSAY_OK ||
        records_of(got, task_of(op_id, 2)) != 99 || records_of(got, task_of(op_id, 1)) < 0)
        return false; /* the second batch, or the first, was lost */
    return records_of(got, task_of(op_id, 1)) == 10;
}

static void an_older_epoch_does_not_overwrite(void **state)
{
    try_until(state, older_epoch);
}

static bool events_in_order(struct assay_progress *progress, int64_t op_id)
{
    ASSAY_AUTO(assay_json_decref) json_t *events = NULL, *more = NULL;
    for (int i = 0; i < 5; i++)
        put_operation(progress, op_id, i);
    assay_progress_flush(progress, FLUSH_MS);
    if (assay_progress_events(progress, op_id, "0", 0, &events, NULL) != ASSAY_OK ||
        json_array_size(events) < 5)
        return false;
    assert_int_equal(json_array_size(events), 5);
    for (size_t k = 0; k < 5; k++)
        assert_int_equal(
            assay_json_int(json_object_get(json_array_get(events, k), "fields"), "done", -1), k);
    const char *after = assay_json_str(json_array_get(events, 4), "id", "");
    if (assay_progress_events(progress, op_id, after, 0, &more, NULL) != ASSAY_OK)
        return false;
    assert_int_equal(json_array_size(more), 0);
    return true;
}

static void events_come_in_order_and_once(void **state)
{
    try_until(state, events_in_order);
}

static bool unknown(struct assay_progress *progress, int64_t op_id)
{
    json_t *got = NULL;
    return assay_progress_is_up(progress) &&
           assay_progress_get(progress, 424242 + op_id, &got, NULL) == ASSAY_NOT_FOUND;
}

static void what_is_unknown_is_not_found(void **state)
{
    try_until(state, unknown);
}

static void wrong_urls_are_refused_without_their_text(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        int code;
    } cases[] = {{"memcached://x", ASSAY_USAGE},
                 {"redis://:geheim@", ASSAY_USAGE},
                 {"redis://:geheim@host:port", ASSAY_USAGE},
                 {"rediss://:geheim@host", ASSAY_UNSUPPORTED}};
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        struct assay_progress *progress = NULL;
        struct assay_error err = {0};
        assert_int_equal(assay_progress_open(cases[i].url, "p", &progress, &err), cases[i].code);
        assert_null(strstr(err.text, "geheim"));
    }
}

/* A server that takes connections and never answers, as a frozen Redis does. */
static int silent_server(int *ret_port)
{
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof place;
    assert_int_equal(bind(fd, (struct sockaddr *)&place, size), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&place, &size), 0);
    *ret_port = ntohs(place.sin_port);
    return fd;
}

static void a_frozen_server_blocks_nobody(void **state)
{
    (void)state;
    int port;
    const int fd = silent_server(&port);
    char text[64];
    (void)snprintf(text, sizeof text, "redis://127.0.0.1:%d", port);
    struct assay_progress *progress = NULL;
    assert_int_equal(assay_progress_open(text, "p", &progress, NULL), ASSAY_OK);
    put(progress, 7, 1, 1, 1);
    json_t *got = NULL;
    struct assay_error err = {0};
    int refused_at_once = 0;
    for (int i = 0; i < 60 && refused_at_once < 3; i++) {
        assay_error_clear(&err);
        assert_int_equal(assay_progress_get(progress, 7, &got, &err), ASSAY_UNAVAILABLE);
        const bool refused = strstr(err.text, "every 5 s") != NULL;
        assert_false(refused && i < 3); /* the breaker is open after three errors */
        refused_at_once += refused;
    }
    assert_int_equal(refused_at_once, 3);
    assert_false(assay_progress_is_up(progress));
    assay_progress_close(progress);
    (void)close(fd);
}

/* What is asked for is whole, or an error: in memory, for a server's client has threads. */
static struct assay_progress *asked;

static json_t *state_now(void)
{
    json_t *found = NULL;
    return assay_progress_get(asked, 7, &found, NULL) == ASSAY_OK ? found : NULL;
}

static json_t *events_now(void)
{
    json_t *found = NULL;
    return assay_progress_events(asked, 7, "0", 0, &found, NULL) == ASSAY_OK ? found : NULL;
}

static void memory_that_ends(void **state)
{
    (void)state;
    assert_int_equal(assay_progress_open("local:", "short", &asked, NULL), ASSAY_OK);
    for (int i = 1; i <= 3; i++) {
        put(asked, 7, i, 1, i);
        json_t *fields = json_pack("{s:i}", "records", i);
        assay_progress_operation(asked, 7, fields);
        json_decref(fields);
    }
    assert_in_range(short_memory_try(state_now, 1), 20, 1000);
    assert_in_range(short_memory_try(events_now, 1), 20, 1000);
    assay_progress_close(asked);
}

int main(void)
{
    const struct CMUnitTest suite[] = {
        cmocka_unit_test_setup_teardown(keeps_the_latest_of_each_task, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_older_epoch_does_not_overwrite, set_up, tear_down),
        cmocka_unit_test_setup_teardown(events_come_in_order_and_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_unknown_is_not_found, set_up, tear_down),
    };
    const struct CMUnitTest alone[] = {
        cmocka_unit_test(memory_that_ends),
        cmocka_unit_test(wrong_urls_are_refused_without_their_text),
        cmocka_unit_test(a_frozen_server_blocks_nobody),
    };
    url = "local:";
    int failed = cmocka_run_group_tests_name("progress in memory", suite, NULL, NULL);
    url = getenv("ASSAY_TEST_REDIS");
    failed += cmocka_run_group_tests_name("progress in Redis", suite, NULL, NULL);
    return failed + cmocka_run_group_tests_name("progress in trouble", alone, NULL, NULL);
}
