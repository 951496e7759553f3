// Conformance of the queue: the same cases on the queue in memory and on a real Kafka
// (ASSAY_TEST_KAFKA=host:port).
// SPDX-License-Identifier: Apache-2.0
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/queue/queue.h"

enum { WAIT_MS = 240000, POLL_MS = 200, MANY = 50 };

static const char *url; /* of the queue under test */

struct fixture {
    struct assay_queue *queue;
    char express[128], bulk[128];
};

static int set_up(void **state)
{
    static int run;
    if (!url)
        return 0;
    struct fixture *fixture = calloc(1, sizeof *fixture);
    char prefix[64];
    (void)snprintf(prefix, sizeof prefix, "t%d-%d-%lld", (int)getpid(), run++,
                   (long long)assay_now_us());
    json_t *options = json_pack("{s:s, s:i, s:{s:s}}", "topic_prefix", prefix, "partitions", 4,
                                "kafka", "topic.metadata.refresh.interval.ms", "500");
    struct assay_error err = {0};
    if (assay_queue_open(url, options, &fixture->queue, &err) != ASSAY_OK ||
        assay_queue_create_topics(fixture->queue, "default", &err) != ASSAY_OK) {
        print_error("%s\n", err.text);
        return -1;
    }
    json_decref(options);
    assay_queue_task_topic(fixture->queue, "default", 0, fixture->express);
    assay_queue_task_topic(fixture->queue, "default", 1, fixture->bulk);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    if (fixture)
        assay_queue_close(fixture->queue);
    free(fixture);
    return 0;
}

static struct fixture *given(void **state)
{
    if (!*state) {
        print_message("skipped: ASSAY_TEST_KAFKA is not set\n");
        skip();
    }
    return *state;
}

static struct assay_consumer *subscribe(struct fixture *fixture, const char *group)
{
    const char *topics[] = {fixture->express, fixture->bulk};
    struct assay_consumer *consumer = NULL;
    struct assay_error err = {0};
    assert_int_equal(assay_consumer_open(fixture->queue, group, topics, 2, &consumer, &err),
                     ASSAY_OK);
    return consumer;
}

/* Send `count` messages "0", "1", … with one key; a topic just made may be unknown to the broker
 * for a moment. */
static void send(struct fixture *fixture, const char *topic, int first, int count)
{
    for (int i = first; i < first + count; i++) {
        char body[16], id[32];
        (void)snprintf(body, sizeof body, "%d", i);
        (void)snprintf(id, sizeof id, "id:%d", i);
        const struct assay_message message = {.topic = topic,
                                              .key = "7:31:0",
                                              .ce_id = id,
                                              .ce_type = "test.v1",
                                              .body = body,
                                              .size_bytes = strlen(body)};
        bool delivered = false;
        for (int tries = 0; tries < 20 && !delivered; tries++)
            ASSAY_IGNORE(assay_queue_produce(fixture->queue, &message, 1, &delivered, NULL));
        assert_true(delivered);
    }
}

/* The next message, or NULL after quiet_ms of silence. */
static const struct assay_message *next(struct assay_consumer *consumer, int quiet_ms)
{
    const int64_t end = assay_monotonic_ns() + (int64_t)quiet_ms * 1000000;
    const struct assay_message *message = NULL;
    while (!message && assay_monotonic_ns() < end)
        ASSAY_IGNORE(assay_consumer_poll(consumer, POLL_MS, &message, NULL));
    return message;
}

/* The next message, which must come. */
static const struct assay_message *take(struct assay_consumer *consumer)
{
    const struct assay_message *message = next(consumer, WAIT_MS);
    assert_non_null(message);
    return message;
}

static int number(const struct assay_message *message)
{
    char text[16] = {0};
    memcpy(text, message->body, message->size_bytes < 15 ? message->size_bytes : 15);
    return atoi(text);
}

static void delivers_in_order_with_headers(void **state)
{
    struct fixture *fixture = given(state);
    struct assay_consumer *consumer = subscribe(fixture, "g");
    send(fixture, fixture->bulk, 0, MANY);
    for (int i = 0; i < MANY; i++) {
        const struct assay_message *message = take(consumer);
        assert_int_equal(number(message), i);
        assert_string_equal(message->topic, fixture->bulk);
        assert_string_equal(message->key, "7:31:0");
        assert_string_equal(message->ce_type, "test.v1");
        char id[32];
        (void)snprintf(id, sizeof id, "id:%d", i);
        assert_string_equal(message->ce_id, id);
        assert_int_equal(
            assay_consumer_ack(consumer, message->topic, message->partition, message->offset, NULL),
            ASSAY_OK);
    }
    assay_consumer_close(consumer);
}

static void acknowledged_do_not_come_again(void **state)
{
    struct fixture *fixture = given(state);
    send(fixture, fixture->bulk, 0, 3);
    struct assay_consumer *consumer = subscribe(fixture, "g");
    for (int i = 0; i < 3; i++) {
        const struct assay_message *message = take(consumer);
        if (i < 2)
            assert_int_equal(assay_consumer_ack(consumer, message->topic, message->partition,
                                                message->offset, NULL),
                             ASSAY_OK);
    }
    assay_consumer_close(consumer);
    consumer = subscribe(fixture, "g");
    assert_int_equal(number(take(consumer)), 2);
    assay_consumer_close(consumer);
}

static void groups_do_not_share(void **state)
{
    struct fixture *fixture = given(state);
    send(fixture, fixture->express, 5, 1);
    static const char *const groups[] = {"one", "two"};
    for (size_t i = 0; i < 2; i++) {
        struct assay_consumer *consumer = subscribe(fixture, groups[i]);
        const struct assay_message *message = take(consumer);
        assert_int_equal(number(message), 5);
        assay_consumer_close(consumer);
    }
}

static void a_paused_topic_is_silent_then_complete(void **state)
{
    struct fixture *fixture = given(state);
    struct assay_consumer *consumer = subscribe(fixture, "g");
    send(fixture, fixture->express, 100, 1); /* shows that the assignment is there */
    assert_int_equal(number(take(consumer)), 100);
    assert_int_equal(assay_consumer_pause(consumer, fixture->bulk, NULL), ASSAY_OK);
    send(fixture, fixture->bulk, 0, 3);
    send(fixture, fixture->express, 101, 1);
    assert_int_equal(number(take(consumer)), 101); /* the other lane goes on */
    assert_null(next(consumer, 1000));
    assert_int_equal(assay_consumer_resume(consumer, fixture->bulk, NULL), ASSAY_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(number(take(consumer)), i);
    assay_consumer_close(consumer);
}

static void a_pause_survives_a_rebalance(void **state)
{
    struct fixture *fixture = given(state);
    struct assay_consumer *first = subscribe(fixture, "g");
    send(fixture, fixture->express, 1, 1);
    const struct assay_message *message = take(first);
    assert_int_equal(
        assay_consumer_ack(first, message->topic, message->partition, message->offset, NULL),
        ASSAY_OK);
    assert_int_equal(assay_consumer_pause(first, fixture->bulk, NULL), ASSAY_OK);
    struct assay_consumer *second = subscribe(fixture, "g"); /* joins, and leaves again */
    assert_null(next(second, 2000));
    assay_consumer_close(second);
    send(fixture, fixture->bulk, 0, 1);
    assert_null(next(first, 2000));
    assert_int_equal(assay_consumer_resume(first, fixture->bulk, NULL), ASSAY_OK);
    assert_int_equal(number(take(first)), 0);
    assay_consumer_close(first);
}

static void creating_topics_is_safe_to_repeat(void **state)
{
    struct fixture *fixture = given(state);
    struct assay_error err = {0};
    assert_int_equal(assay_queue_create_topics(fixture->queue, "default", &err), ASSAY_OK);
    assert_int_equal(assay_queue_ping(fixture->queue, 60000, &err), ASSAY_OK);
    struct assay_consumer *consumer = subscribe(fixture, "g");
    assert_int_equal(assay_consumer_pause(consumer, "no.such.topic", &err), ASSAY_NOT_FOUND);
    assay_consumer_close(consumer);
}

static void wrong_settings_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *label, *url, *options;
        int code;
    } cases[] = {
        {"scheme", "rabbit://x", "{}", ASSAY_USAGE},
        {"no broker", "kafka://", "{}", ASSAY_USAGE},
        {"property", "kafka://127.0.0.1:1", "{\"kafka\":{\"no.such.property\":\"1\"}}",
         ASSAY_USAGE},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        json_t *options = json_loads(cases[i].options, 0, NULL);
        struct assay_queue *queue = NULL;
        struct assay_error err = {0};
        if (assay_queue_open(cases[i].url, options, &queue, &err) != cases[i].code)
            fail_msg("%s: %s", cases[i].label, err.text);
        json_decref(options);
    }
}

static void nobody_there_is_said_in_time(void **state)
{
    (void)state;
    struct assay_queue *queue = NULL;
    struct assay_error err = {0};
    assert_int_equal(assay_queue_open("kafka://127.0.0.1:1", NULL, &queue, &err), ASSAY_OK);
    assert_int_equal(assay_queue_ping(queue, 1000, &err), ASSAY_UNAVAILABLE);
    assert_non_null(strstr(err.text, "127.0.0.1:1"));
    assay_queue_close(queue);
}

int main(void)
{
    const struct CMUnitTest suite[] = {
        cmocka_unit_test_setup_teardown(delivers_in_order_with_headers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(acknowledged_do_not_come_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(groups_do_not_share, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_paused_topic_is_silent_then_complete, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pause_survives_a_rebalance, set_up, tear_down),
        cmocka_unit_test_setup_teardown(creating_topics_is_safe_to_repeat, set_up, tear_down),
    };
    const struct CMUnitTest alone[] = {
        cmocka_unit_test(wrong_settings_are_refused),
        cmocka_unit_test(nobody_there_is_said_in_time),
    };
    url = "local:";
    int failed = cmocka_run_group_tests_name("queue in memory", suite, NULL, NULL);
    const char *broker = getenv("ASSAY_TEST_KAFKA");
    char kafka[256];
    (void)snprintf(kafka, sizeof kafka, "kafka://%s", broker ? broker : "");
    url = broker ? kafka : NULL;
    failed += cmocka_run_group_tests_name("queue on Kafka", suite, NULL, NULL);
    return failed + cmocka_run_group_tests_name("queue settings", alone, NULL, NULL);
}
