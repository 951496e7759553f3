// Publisher: the life of checks between containers, and what goes wrong on the way.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/publish/relations.h"

/* --- the life of the checks --- */

static void checks_come_and_go(void **state)
{
    OPEN_SHOP(state);
    (void)profile_both(&s, "");
    judge(&s, holds(&s, "\"support\":3"));
    assert_int_equal(count(&s, OF_EXISTS " AND status = 'Active'"), 1);
    (void)request(&s, "orders.csv", ""); /* the profile's own list leaves it alone */
    profile_orders(&s, 1, 401);
    (void)shop_publish(&s);
    assert_int_equal(count(&s, OF_EXISTS " AND deleted_at IS NULL"), 1);
    judge(&s, holds(&s, "\"support\":4"));
    assert_int_equal(count(&s, OF_EXISTS " AND deleted_at IS NULL AND additional_metadata LIKE "
                                         "'%:4}'"),
                     1);
    assert_int_equal(count(&s, "quality_check WHERE rule_type = 'notNull' AND deleted_at IS NULL"),
                     1); /* and it that of the profile */
    (void)request(&s, "orders.csv", "");
    profile_orders(&s, 1, 401);
    (void)shop_publish(&s);
    judge(&s, ""); /* a record that breaks it */
    assert_int_equal(count(&s, OF_EXISTS " AND status = 'Discarded'"), 1);
    (void)request(&s, "orders.csv", "");
    profile_orders(&s, 1, 401);
    (void)shop_publish(&s);
    judge(&s, holds(&s, ""));
    assert_int_equal(count(&s, OF_EXISTS " AND status = 'Active'"), 1);
    (void)request(&s, "orders.csv", "");
    profile_orders(&s, 300, 900); /* no candidate any more */
    (void)shop_publish(&s);
    assert_int_equal(count(&s, OF_EXISTS " AND status = 'Discarded'"), 1);
    assert_int_equal(count(&s, OF_EXISTS), 1);
    shop_close(&s);
}

static void lower_levels_discard(void **state)
{
    OPEN_SHOP(state);
    (void)profile_both(&s, "");
    judge(&s, holds(&s, ""));
    (void)shop_request(&s, "{\"type\":\"profile\",\"datastore_id\":1,\"ai_effort\":\"medium\","
                           "\"container_names\":[\"orders.csv\"]}");
    run_profile(&s, "orders.csv", NULL, NOT_NULL);
    (void)shop_publish(&s);
    assert_int_equal(count(&s, OF_EXISTS " AND status = 'Discarded'"), 1);
    assert_int_equal(count(&s, "quality_check WHERE deleted_at IS NULL"), 1);
    shop_close(&s);
}

static void what_found_something_stays(void **state)
{
    OPEN_SHOP(state);
    (void)profile_both(&s, "");
    judge(&s, holds(&s, ""));
    test_sql(db, "INSERT INTO anomaly (id, uuid, container_id, datastore_id, operation_id, type, "
                 "fingerprint, created_at, updated_at) SELECT 1, 'u', id, 1, 1, 'record', 1, 0, 0 "
                 "FROM container WHERE name = 'orders.csv';"
                 "INSERT INTO anomaly_failed_check (anomaly_id, check_id, fingerprint) SELECT 1, "
                 "id, 1 FROM quality_check WHERE rule_type = 'existsIn'");
    (void)request(&s, "orders.csv", "");
    profile_orders(&s, 1, 401);
    (void)shop_publish(&s);
    judge(&s, "");
    assert_int_equal(count(&s, OF_EXISTS " AND status = 'Active'"), 1);
    shop_close(&s);
}

/* Two of one identity: the first of the list stands. */
static void the_better_one_stands(void **state)
{
    char two[1300];
    OPEN_SHOP(state);
    (void)profile_both(&s, "");
    (void)snprintf(two, sizeof two, "%s,", holds(&s, "\"support\":1"));
    (void)strcat(two, holds(&s, "\"support\":2"));
    for (int i = 0; i < 2; i++) {
        if (i) {
            (void)request(&s, "orders.csv", "");
            profile_orders(&s, 1, 401);
            (void)shop_publish(&s);
        }
        judge(&s, two);
        assert_int_equal(count(&s, OF_EXISTS " AND additional_metadata LIKE '%:1}'"), 1);
        assert_int_equal(count(&s, OF_EXISTS), 1);
    }
    shop_close(&s);
}

/* --- what goes wrong --- */

static void a_failure_is_a_remark(void **state)
{
    OPEN_SHOP(state);
    (void)profile_both(&s, "");
    judge(&s, holds(&s, ""));
    (void)request(&s, "orders.csv", "");
    profile_orders(&s, 1, 401);
    (void)shop_publish(&s);
    shop_fail(&s, "{\"code\":\"NOT_FOUND\",\"text\":\"reading customers.csv: no such file\"}");
    (void)shop_publish(&s);
    assert_string_equal(LAST("result"), "success");
    assert_string_equal(
        LAST("message"),
        "orders.csv: relations could not be judged: reading customers.csv: no such file");
    assert_non_null(strstr(LAST("counters"), "\"total_containers\":1"));
    assert_int_equal(count(&s, OF_EXISTS " AND status = 'Active'"), 1);
    shop_close(&s);
}

/* A reference that could not be read says nothing against the check. */
static void what_was_not_judged_stays(void **state)
{
    char chunk[1500];
    const char *const chunks[] = {chunk, NULL};
    OPEN_SHOP(state);
    (void)profile_both(&s, "");
    judge(&s, holds(&s, ""));
    (void)request(&s, "orders.csv", "");
    profile_orders(&s, 1, 401);
    (void)shop_publish(&s);
    (void)snprintf(chunk, sizeof chunk,
                   "{\"t\":\"inferred\",\"checks\":[],\"unjudged\":[{\"check\":%s,\"message\":"
                   "\"customers.csv: no such file\"}]}",
                   holds(&s, ""));
    (void)shop_run(&s, chunks);
    (void)shop_publish(&s);
    assert_string_equal(LAST("result"), "success");
    assert_string_equal(LAST("message"),
                        "orders.csv: relations could not be judged: customers.csv: no such file");
    assert_int_equal(count(&s, OF_EXISTS " AND status = 'Active'"), 1);
    shop_close(&s);
}

static void a_cancel_aborts(void **state)
{
    int stopped = 0, to_signal = 0;
    OPEN_SHOP(state);
    const int64_t operation = profile_both(&s, "");
    TEST_OK(assay_job_cancel(s.store, operation, "t", &stopped, &to_signal, &test_err));
    assert_int_equal(stopped, 1);
    (void)shop_publish(&s);
    assert_string_equal(LAST("result"), "aborted");
    shop_close(&s);
}

/* A catalog's row that is damaged costs the relations, not the operation. */
static void damaged_sketches(void **state)
{
    OPEN_SHOP(state);
    (void)profile_both(&s, "");
    judge(&s, holds(&s, ""));
    test_sql(db, "UPDATE field_sketch SET body = replace(body, 'registers\":\"', "
                 "'registers\":\"x') WHERE container_id = (SELECT id FROM container WHERE name = "
                 "'customers.csv')");
    (void)request(&s, "orders.csv", "");
    profile_orders(&s, 1, 401);
    (void)shop_publish(&s);
    assert_string_equal(LAST("result"), "success");
    assert_non_null(strstr(LAST("message"), "relations between containers were not looked for"));
    assert_int_equal(count(&s, OF_EXISTS " AND status = 'Active'"), 1);
    shop_close(&s);
}

static void a_reference_goes(void **state)
{
    OPEN_SHOP(state);
    (void)profile_both(&s, "");
    test_sql(db, "UPDATE container SET deleted_at = 5 WHERE name = 'orders.csv'");
    judge(&s, holds(&s, "")); /* of a container that is gone meanwhile */
    assert_string_equal(LAST("result"), "success");
    assert_int_equal(count(&s, OF_EXISTS), 0);
    test_sql(db, "UPDATE container SET deleted_at = NULL");
    (void)request(&s, "orders.csv", "");
    profile_orders(&s, 1, 401);
    (void)shop_publish(&s);
    judge(&s, holds(&s, ""));
    test_sql(db, "UPDATE container SET deleted_at = 5 WHERE name = 'customers.csv'");
    (void)request(&s, "orders.csv", "");
    profile_orders(&s, 1, 401);
    (void)shop_publish(&s);
    assert_string_equal(LAST("result"), "success");
    assert_int_equal(count(&s, OF_EXISTS " AND status = 'Discarded'"), 1);
    shop_close(&s);
}

int main(void)
{
    static const struct CMUnitTest cases[] = {
        cmocka_unit_test(checks_come_and_go),
        cmocka_unit_test(lower_levels_discard),
        cmocka_unit_test(what_found_something_stays),
        cmocka_unit_test(the_better_one_stands),
        cmocka_unit_test(a_failure_is_a_remark),
        cmocka_unit_test(what_was_not_judged_stays),
        cmocka_unit_test(a_cancel_aborts),
        cmocka_unit_test(damaged_sketches),
        cmocka_unit_test(a_reference_goes),
    };
    return test_main("publish: related", cases, ASSAY_COUNT(cases));
}
