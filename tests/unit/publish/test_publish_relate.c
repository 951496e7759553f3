// Publisher: sketches, and the tasks that judge what they suggest.
// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>

#include "tests/unit/publish/relations.h"

/* --- sketches --- */

static void sketches_are_kept_and_replaced(void **state)
{
    OPEN_SHOP(state);
    (void)request(&s, "orders.csv", "");
    profile_orders(&s, 1, 401);
    (void)shop_publish(&s);
    assert_int_equal(count(&s, "field_sketch WHERE name = 'customer_id' AND position = 1"), 1);
    assert_int_equal(test_int(db, "SELECT records FROM container_sketch"), 1000);
    assert_string_equal(LAST("result"), "success"); /* nobody to refer to */
    assert_int_equal(count(&s, OF_RELATE), 0);
    (void)request(&s, "orders.csv", ",\"max_records_analyzed_per_partition\":10");
    run_profile(&s, "orders.csv", NULL, NOT_NULL); /* a part of the records: they stay */
    (void)shop_publish(&s);
    assert_int_equal(count(&s, "field_sketch"), 2);
    (void)request(&s, "orders.csv", "");
    run_profile(&s, "orders.csv",
                "{\"t\":\"sketches\",\"v\":1,\"records\":7,\"fields\":[],\"sketches\":[]}", "");
    (void)shop_publish(&s);
    assert_int_equal(count(&s, "field_sketch"), 0);
    assert_int_equal(test_int(db, "SELECT records FROM container_sketch"), 7);
    test_sql(db, "DELETE FROM container WHERE name = 'orders.csv'");
    assert_int_equal(count(&s, "container_sketch"), 0);
    shop_close(&s);
}

/* --- tasks --- */

static void candidates_become_a_task(void **state)
{
    OPEN_SHOP(state);
    test_sql(db, "UPDATE container SET reader_options = '{\"delimiter\":\";\"}' WHERE name = "
                 "'customers.csv'");
    const int64_t operation = profile_both(&s, ",\"infer_as_draft\":true");
    const int64_t customers = container_id(&s, "customers.csv");
    assert_string_equal(LAST("result"), "running");
    assert_int_equal(count(&s, OF_RELATE), 1);
    json_t *spec = shop_json(test_text(db, "SELECT body FROM task_spec s JOIN task t ON t.spec_id "
                                           "= s.id WHERE t.kind = 'profile.relate'"));
    const json_t *check = json_array_get(json_object_get(spec, "checks"), 0);
    const json_t *properties = json_object_get(check, "properties");
    const json_t *settings = json_object_get(spec, "settings");
    assert_int_equal(json_array_size(json_object_get(spec, "checks")), 1);
    assert_string_equal(assay_json_str(check, "rule", ""), "existsIn");
    assert_string_equal(assay_json_str(properties, "field_name", ""), "id");
    assert_int_equal(assay_json_int(properties, "ref_container_id", 0), customers);
    assert_int_equal(assay_json_int(properties, "ref_datastore_id", 0), 1);
    const json_t *source = json_object_get(json_object_get(settings, "refs"),
                                           assay_json_str(properties, "ref_container", ""));
    assert_int_equal(assay_json_int(source, "datastore_id", 0), 1);
    assert_string_equal(assay_json_str(json_object_get(source, "reader"), "delimiter", ""), ";");
    assert_string_equal(
        assay_json_str(json_object_get(json_object_get(spec, "source"), "container"), "name", ""),
        "orders.csv");
    assert_true(assay_json_bool(settings, "infer_as_draft", false));
    json_decref(spec);
    for (int i = 0; i < 3; i++)
        (void)shop_publish(&s);
    assert_int_equal(count(&s, OF_RELATE), 1);
    judge(&s, holds(&s, "\"support\":3"));
    assert_string_equal(LAST("result"), "success");
    assert_int_equal(test_int(db, "SELECT max(id) FROM operation"), operation);
    assert_int_equal(count(&s, OF_EXISTS " AND status = 'Draft'"), 1);
    assert_non_null(strstr(LAST("counters"), "\"checks_synchronized\":2"));
    properties = shop_json(
        test_text(db, "SELECT properties FROM quality_check WHERE rule_type = 'existsIn'"));
    assert_int_equal(assay_json_int(properties, "ref_container_id", 0), customers);
    assert_int_equal(assay_json_int(properties, "ref_datastore_id", 0), 1);
    assert_null(json_object_get(properties, "ref_container"));
    json_decref((json_t *)(uintptr_t)properties);
    shop_close(&s);
}

/* Several publishers at once: one set of tasks. */
static void *publish_all(void *context)
{
    static const struct assay_publisher_options options = {.event_topic = "events"};
    struct shop *s = context;
    int done = 0;
    for (int i = 0; i < 4; i++)
        if (assay_publish_tick(s->store, &options, &done, NULL) != ASSAY_OK)
            return context;
    return NULL;
}

static void publishers_relate_once(void **state)
{
    enum { PUBLISHERS = 4, ROUNDS = 6 };
    OPEN_SHOP(state);
    (void)request(&s, "customers.csv", "");
    profile_customers(&s);
    (void)shop_publish(&s);
    for (int round = 1; round <= ROUNDS; round++) {
        pthread_t threads[PUBLISHERS];
        void *failed[PUBLISHERS] = {NULL};
        (void)request(&s, "orders.csv", "");
        profile_orders(&s, 1, 401);
        for (int i = 0; i < PUBLISHERS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, publish_all, &s), 0);
        for (int i = 0; i < PUBLISHERS; i++)
            assert_int_equal(pthread_join(threads[i], &failed[i]), 0);
        for (int i = 0; i < PUBLISHERS; i++)
            assert_null(failed[i]);
        assert_int_equal(count(&s, OF_RELATE), round);
        assert_string_equal(LAST("result"), "running");
        judge(&s, holds(&s, ""));
        assert_string_equal(LAST("result"), "success");
        assert_int_equal(count(&s, OF_EXISTS), 1);
    }
    shop_close(&s);
}

/* The key's own operation looks at what refers to it, too. */
static void the_other_container_is_profiled(void **state)
{
    OPEN_SHOP(state);
    (void)request(&s, "orders.csv", "");
    profile_orders(&s, 1, 401);
    (void)shop_publish(&s);
    assert_string_equal(LAST("result"), "success");
    (void)request(&s, "customers.csv", "");
    profile_customers(&s);
    (void)shop_publish(&s);
    assert_int_equal(count(&s, OF_RELATE " AND container_id = (SELECT id FROM container WHERE name "
                                         "= 'orders.csv')"),
                     1);
    judge(&s, holds(&s, ""));
    assert_int_equal(count(&s, OF_EXISTS), 1);
    /* and looks only at that: another key's check is not its affair */
    test_sql(db,
             "UPDATE quality_check SET properties = '{\"ref_container_id\":99}' WHERE rule_type "
             "= 'existsIn'");
    (void)request(&s, "customers.csv", "");
    profile_customers(&s);
    (void)shop_publish(&s);
    judge(&s, "");
    assert_int_equal(count(&s, OF_EXISTS " AND deleted_at IS NULL"), 1);
    test_sql(db,
             "UPDATE quality_check SET properties = '{\"ref_container_id\":' || (SELECT id "
             "FROM container WHERE name = 'customers.csv') || '}' WHERE rule_type = 'existsIn'");
    (void)request(&s, "customers.csv", "");
    profile_customers(&s);
    (void)shop_publish(&s);
    judge(&s, "");
    assert_int_equal(count(&s, OF_EXISTS " AND deleted_at IS NULL"), 0);
    shop_close(&s);
}

static void no_tasks(void **state)
{
    OPEN_SHOP(state);
    int stopped = 0, to_signal = 0;
    (void)request(&s, "customers.csv", "");
    profile_customers(&s);
    (void)shop_publish(&s);
    const int64_t cancelled = request(&s, "orders.csv", "");
    profile_orders(&s, 1, 401);
    TEST_OK(assay_job_cancel(s.store, cancelled, "t", &stopped, &to_signal, &test_err));
    (void)shop_publish(&s);
    assert_string_equal(LAST("result"), "success"); /* it was done before */
    (void)request(&s, "orders.csv", "");            /* values that the key lacks */
    profile_orders(&s, 400, 900);
    (void)shop_publish(&s);
    assert_string_equal(LAST("result"), "success");
    (void)request(&s, "orders.csv", "");
    run_profile(&s, "orders.csv", NULL, NOT_NULL);
    (void)shop_publish(&s);
    assert_string_equal(LAST("result"), "success");
    assert_int_equal(count(&s, OF_RELATE), 0);
    shop_close(&s);
}

/* A datastore of another team has no part in it; one of the same team, or both of none, has. */
static void datastores_of_teams(void **state)
{
    OPEN_SHOP(state);
    test_sql(db, "INSERT INTO datastore (id, name, connection_id, created_at, updated_at) VALUES "
                 "(2, 'other', 1, 0, 0);"
                 "UPDATE container SET datastore_id = 2 WHERE name = 'customers.csv';"
                 "INSERT INTO team (id, name, created_at) VALUES (8, 'a', 0), (9, 'b', 0)");
    (void)shop_request(&s, "{\"type\":\"profile\",\"datastore_id\":2,\"ai_effort\":\"xhigh\"}");
    profile_customers(&s);
    (void)shop_publish(&s);
    static const struct {
        const char *sql;
        int tasks;
    } steps[] = {{"INSERT INTO datastore_team VALUES (1, 8)", 0},
                 {"INSERT INTO datastore_team VALUES (2, 9)", 0},
                 {"INSERT INTO datastore_team VALUES (2, 8)", 1},
                 {"UPDATE datastore SET enrichment_only = 1 WHERE id = 2", 0},
                 {"DELETE FROM datastore_team; UPDATE datastore SET enrichment_only = 0", 1}};
    for (size_t i = 0; i < ASSAY_COUNT(steps); i++) {
        print_message("    %s\n", steps[i].sql);
        test_sql(db, steps[i].sql);
        (void)request(&s, "orders.csv", "");
        profile_orders(&s, 1, 401);
        (void)shop_publish(&s);
        assert_int_equal(count(&s, OF_RELATE " AND finished_at IS NULL"), steps[i].tasks);
        if (steps[i].tasks)
            judge(&s, "");
        assert_string_equal(LAST("result"), "success");
    }
    shop_close(&s);
}

/* Bounds of one operation: what is left out is said, and its checks stay. */
static void more_than_may_be_read(void **state)
{
    int stopped = 0, to_signal = 0;
    OPEN_SHOP(state);
    (void)request(&s, "orders.csv", "");
    profile_orders(&s, 1, 401);
    (void)shop_publish(&s);
    test_sql(
        db, "INSERT INTO container (id, datastore_id, name, container_type, cataloged_at, "
            "created_at, updated_at) WITH RECURSIVE n (i) AS (SELECT 1000 UNION ALL SELECT i + 1 "
            "FROM n WHERE i < 1249) SELECT i, 1, 'orders_of_' || i, 'file', 0, 0, 0 FROM n;"
            "INSERT INTO container_sketch (container_id, operation_id, version, records, fields, "
            "created_at) SELECT c.id, 1, 1, 1000 + c.id, '[]', 0 FROM container c WHERE c.id >= "
            "1000;"
            "INSERT INTO field_sketch (container_id, position, name, body) SELECT c.id, 0, f.name, "
            "f.body FROM container c, field_sketch f WHERE c.id >= 1000 AND f.name = "
            "'customer_id'");
    const int64_t operation = request(&s, "customers.csv", "");
    profile_customers(&s);
    (void)shop_publish(&s);
    assert_int_equal(count(&s, OF_RELATE), 200);
    assert_string_equal(LAST("message"), "51 containers of which relations were not judged");
    TEST_OK(assay_job_cancel(s.store, operation, "t", &stopped, &to_signal, &test_err));
    while (shop_publish(&s) > 0)
        ;
    assert_string_equal(LAST("result"), "aborted");
    /* more fields than are compared: nothing is discarded for what was not looked at */
    test_sql(db, "INSERT INTO field_sketch (container_id, position, name, body) WITH RECURSIVE n "
                 "(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9750) SELECT 1249, i, "
                 "'x', '{}' FROM n");
    (void)request(&s, "customers.csv", "");
    profile_customers(&s);
    (void)shop_publish(&s);
    assert_string_equal(LAST("message"), "1 container not compared with the others; "
                                         "50 containers of which relations were not judged");
    assert_int_equal(count(&s, "task_spec s JOIN task t ON t.spec_id = s.id WHERE t.kind = "
                               "'profile.relate' AND t.finished_at IS NULL AND s.body LIKE "
                               "'%\"considered\":[]%'"),
                     200);
    TEST_OK(assay_job_cancel(s.store, operation + 1, "t", &stopped, &to_signal, &test_err));
    while (shop_publish(&s) > 0)
        ;
    /* more of one container than a task takes */
    test_sql(db, "DELETE FROM container WHERE id > 1000;"
                 "INSERT INTO field_sketch (container_id, position, name, body) WITH RECURSIVE n "
                 "(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120) SELECT 1000, i, "
                 "f.name, f.body FROM n, field_sketch f WHERE f.container_id = 1000 AND f.position "
                 "= 0");
    (void)request(&s, "customers.csv", "");
    profile_customers(&s);
    (void)shop_publish(&s);
    assert_string_equal(LAST("message"),
                        "1 container of which only the first 100 relations were judged");
    assert_int_equal(count(&s, OF_RELATE " AND finished_at IS NULL"), 2);
    shop_close(&s);
}

int main(void)
{
    static const struct CMUnitTest cases[] = {
        cmocka_unit_test(sketches_are_kept_and_replaced),
        cmocka_unit_test(candidates_become_a_task),
        cmocka_unit_test(publishers_relate_once),
        cmocka_unit_test(the_other_container_is_profiled),
        cmocka_unit_test(no_tasks),
        cmocka_unit_test(datastores_of_teams),
        cmocka_unit_test(more_than_may_be_read),
    };
    return test_main("publish: relate", cases, ASSAY_COUNT(cases));
}
