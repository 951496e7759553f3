// Publisher: what a sync's results do to containers and fields, and how operations are closed.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/publish/catalog.h"

#define OPEN_SHOP(state)                                                                           \
    struct shop s = {0};                                                                           \
    shop_open(&s, *(enum assay_db_kind *)*(state))

static void containers_and_fields(void **state)
{
    OPEN_SHOP(state);
    shop_sync(&s);
    assert_string_equal(test_text(s.base.db, "SELECT name FROM container"), "orders.csv");
    assert_string_equal(test_text(s.base.db, "SELECT status FROM container"), "available");
    assert_int_equal(test_int(s.base.db, "SELECT size_bytes FROM container"), 120);
    assert_int_equal(test_int(s.base.db, "SELECT count(*) FROM field WHERE status = 'active'"), 2);
    assert_string_equal(test_text(s.base.db, "SELECT type FROM field WHERE name = 'amount'"),
                        "Fractional");
    assert_string_equal(test_text(s.base.db, "SELECT type_source FROM field WHERE name = 'amount'"),
                        "inferred");
    assert_int_equal(test_int(s.base.db, "SELECT connected FROM datastore"), 1);
    assert_string_equal(test_text(s.base.db, "SELECT result FROM operation"), "success");
    assert_string_equal(test_text(s.base.db, "SELECT message FROM operation"), "(null)");
    assert_string_equal(
        test_text(s.base.db, "SELECT counters FROM operation"),
        "{\"total_containers\":1,\"containers_analyzed\":1,\"records_processed\":0,"
        "\"containers_added\":1,\"containers_updated\":0,\"containers_recreated\":0,"
        "\"containers_pruned\":0,\"containers_missing\":0}");
    assert_int_equal(test_int(s.base.db, "SELECT count(*) FROM outbox WHERE topic = 'events'"), 1);
    shop_close(&s);
}

static void what_a_person_set_stays(void **state)
{
    OPEN_SHOP(state);
    shop_sync(&s);
    test_sql(
        s.base.db,
        "UPDATE container SET has_header = 0, description = 'mine', overrides = '[\"has_header\"]';"
        "UPDATE field SET status = 'masked' WHERE name = 'id'");
    shop_sync(&s);
    assert_int_equal(test_int(s.base.db, "SELECT has_header FROM container"), 0);
    assert_string_equal(test_text(s.base.db, "SELECT description FROM container"), "mine");
    assert_string_equal(test_text(s.base.db, "SELECT status FROM field WHERE name = 'id'"),
                        "masked");
    assert_int_equal(test_int(s.base.db, "SELECT count(*) FROM container"), 1);
    shop_close(&s);
}

static void gone_pruned_recreated(void **state)
{
    static const char *const other[] = {
        "{\"t\":\"found\",\"containers\":[" SHOP_FOUND("other.csv") "]}", NULL};
    static const char *const none[] = {"{\"t\":\"found\",\"containers\":[]}", NULL};
    OPEN_SHOP(state);
    shop_sync(&s);
    (void)shop_operation(&s, "{\"type\":\"sync\",\"datastore_id\":1}", other);
    assert_string_equal(
        test_text(s.base.db, "SELECT status FROM container WHERE name = 'orders.csv'"),
        "inaccessible");
    (void)shop_operation(&s, "{\"type\":\"sync\",\"datastore_id\":1,\"prune\":true}", other);
    assert_int_equal(test_int(s.base.db, "SELECT count(*) FROM container"), 1);
    test_sql(s.base.db, "UPDATE container SET deleted_at = 5"); /* a person deleted it */
    (void)shop_operation(&s, "{\"type\":\"sync\",\"datastore_id\":1}", other);
    assert_int_equal(test_int(s.base.db, "SELECT count(*) FROM container WHERE deleted_at IS NULL"),
                     0);
    (void)shop_operation(&s, "{\"type\":\"sync\",\"datastore_id\":1,\"recreate\":true}", other);
    assert_int_equal(test_int(s.base.db, "SELECT count(*) FROM container WHERE deleted_at IS NULL"),
                     1);
    (void)shop_operation(&s, "{\"type\":\"sync\",\"datastore_id\":1,\"prune\":true}", none);
    assert_int_equal(test_int(s.base.db, "SELECT count(*) FROM container"), 0);
    shop_close(&s);
}

static void unreadable_containers_are_said(void **state)
{
    static const char *const chunks[] = {
        "{\"t\":\"found\",\"containers\":[" SHOP_FOUND("orders.csv") "]}",
        "{\"t\":\"found\",\"containers\":[{\"name\":\"bad.parquet\",\"container_type\":\"file\","
        "\"details\":{},"
        "\"fields\":[],\"error\":\"the footer is cut off\"}]}",
        NULL};
    OPEN_SHOP(state);
    (void)shop_operation(&s, "{\"type\":\"sync\",\"datastore_id\":1}", chunks);
    assert_string_equal(
        test_text(s.base.db, "SELECT status FROM container WHERE name = 'bad.parquet'"),
        "unloadable");
    assert_string_equal(test_text(s.base.db, "SELECT result FROM operation"), "success");
    assert_string_equal(test_text(s.base.db, "SELECT message FROM operation"),
                        "1 of 2 containers could not be read; bad.parquet: the footer is cut off");
    shop_close(&s);
}

static void a_failed_sync(void **state)
{
    OPEN_SHOP(state);
    (void)shop_request(&s, "{\"type\":\"sync\",\"datastore_id\":1}");
    shop_fail(&s, "{\"code\":\"DENIED\",\"text\":\"/data/shop may not be read\"}");
    assert_int_equal(shop_publish(&s), 2); /* the task, and the operation closed */
    assert_string_equal(test_text(s.base.db, "SELECT result FROM operation"), "failure");
    assert_string_equal(test_text(s.base.db, "SELECT message FROM operation"),
                        "/data/shop may not be read");
    assert_int_equal(test_int(s.base.db, "SELECT connected FROM datastore"), 0);
    shop_close(&s);
}

static void a_cancelled_sync(void **state)
{
    int stopped = 0, to_signal = 0;
    OPEN_SHOP(state);
    const int64_t id = shop_request(&s, "{\"type\":\"sync\",\"datastore_id\":1}");
    TEST_OK(assay_job_cancel(s.store, id, "ann", &stopped, &to_signal, &test_err));
    (void)shop_publish(&s);
    assert_string_equal(test_text(s.base.db, "SELECT result FROM operation"), "aborted");
    shop_close(&s);
}

/* Bytes that are no result cost that operation only, and the reason is there. */
static void a_malformed_result(void **state)
{
    static const char *const chunks[] = {"{\"t\":17}", NULL};
    OPEN_SHOP(state);
    shop_sync(&s);
    (void)shop_operation(&s, "{\"type\":\"profile\",\"datastore_id\":1}", chunks);
    assert_string_equal(test_text(s.base.db, "SELECT result FROM operation WHERE kind = 'profile'"),
                        "failure");
    assert_string_equal(test_text(s.base.db, "SELECT result FROM container_profile"), "failure");
    assert_non_null(
        strstr(test_text(s.base.db, "SELECT message FROM operation WHERE kind = 'profile'"),
               "a result chunk is not an object with the text"));
    shop_close(&s);
}

int main(void)
{
    static const struct CMUnitTest cases[] = {
        cmocka_unit_test(containers_and_fields), cmocka_unit_test(what_a_person_set_stays),
        cmocka_unit_test(gone_pruned_recreated), cmocka_unit_test(unreadable_containers_are_said),
        cmocka_unit_test(a_failed_sync),         cmocka_unit_test(a_cancelled_sync),
        cmocka_unit_test(a_malformed_result),
    };
    return test_main("publish: sync", cases, ASSAY_COUNT(cases));
}
