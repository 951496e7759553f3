// Publisher: scans, assertions, anomalies, duplicates and auto-resolve.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/publish/catalog.h"

#define SCAN(more) "{\"type\":\"scan\",\"datastore_id\":1" more "}"
#define CONTAINER                                                                                  \
    "{\"t\":\"container\",\"name\":\"orders.csv\",\"records_count\":10,\"rejected_records\":0,"    \
    "\"outcome\":\"failed\",\"assessed\":{\"checks\":2,\"checks_evaluated\":2,\"partitions\":1,"   \
    "\"partitions_scanned\":1}}"
#define CHECK(id, outcome, bad)                                                                    \
    "{\"id\":" id ",\"outcome\":\"" outcome                                                        \
    "\",\"severity\":\"error\",\"asserted_records_count\":10,"                                     \
    "\"null_records_count\":0,\"anomalous_records_count\":" bad ",\"message\":\"m" id "\"}"
#define CHECKS(list)    "{\"t\":\"checks\",\"checks\":[" list "]}"
#define ANOMALIES(list) "{\"t\":\"anomalies\",\"anomalies\":[" list "]}"
#define RECORD(fingerprint, check)                                                                 \
    "{\"type\":\"record\",\"fingerprint\":\"" fingerprint                                          \
    "\",\"file\":\"orders.csv\",\"row\":7,\"line\":8,"                                             \
    "\"byte_offset\":90,\"record\":{\"id\":1,\"amount\":-4.0},\"anomalous_records_count\":1,"      \
    "\"failed_checks\":[{\"id\":" check ",\"message\":\"bad\"}]}"
#define SHAPE(fingerprint, check, bad)                                                             \
    "{\"type\":\"shape\",\"fingerprint\":\"" fingerprint                                           \
    "\",\"file\":null,\"row\":null,\"record\":null,"                                               \
    "\"anomalous_records_count\":" bad ",\"failed_checks\":[{\"id\":" check                        \
    ",\"message\":\"many\"}]}"

#define OPEN_SHOP(state)                                                                           \
    struct shop s = {0};                                                                           \
    shop_open(&s, *(enum assay_db_kind *)*(state));                                                \
    shop_sync(&s);                                                                                 \
    test_sql(s.base.db, two_checks)

static const char two_checks[] =
    "INSERT INTO quality_check (id, container_id, rule_type, check_uid, coverage, properties, "
    "created_at, updated_at) "
    "VALUES (1, (SELECT id FROM container), 'notNegative', 11, 1, '{}', 0, 0), "
    "(2, (SELECT id FROM container), 'notNull', 12, 1, '{}', 0, 0);"
    "INSERT INTO check_field (check_id, field_id, position) "
    "SELECT 1, id, 0 FROM field WHERE name = 'amount';"
    "INSERT INTO check_field (check_id, field_id, position) SELECT 2, id, 0 FROM field WHERE name "
    "= 'id'";

static int64_t scan(struct shop *s, const char *request, const char *checks, const char *anomalies)
{
    const char *const chunks[] = {CONTAINER, checks, anomalies, NULL};
    return shop_operation(s, request, chunks);
}

static void rows_of_a_scan(void **state)
{
    OPEN_SHOP(state);
    struct assay_db *db = s.base.db;
    test_sql(
        db,
        "INSERT INTO global_tag (id, name, weight_modifier, created_at) VALUES (1, 'gold', 5, 0);"
        "INSERT INTO container_tag (container_id, tag_id) SELECT id, 1 FROM container;"
        "UPDATE quality_check SET default_anomaly_assignee_id = 1 WHERE id = 1");
    (void)scan(&s, SCAN(""), CHECKS(CHECK("1", "failed", "2") "," CHECK("2", "passed", "0")),
               ANOMALIES(RECORD("00000000000000ff", "1") "," RECORD("ffffffffffffffff", "1")));
    assert_int_equal(test_int(db, "SELECT anomaly_count FROM container_scan"), 2);
    assert_int_equal(test_int(db, "SELECT count(*) FROM check_assertion"), 2);
    assert_int_equal(test_int(db, "SELECT has_passed FROM quality_check WHERE id = 1"), 0);
    assert_int_equal(test_int(db, "SELECT has_passed FROM quality_check WHERE id = 2"), 1);
    assert_int_equal(test_int(db, "SELECT num_container_scans FROM quality_check WHERE id = 2"), 1);
    assert_int_equal(
        test_int(db, "SELECT count(*) FROM anomaly WHERE status = 'Active' AND type = 'record'"),
        2);
    assert_int_equal(test_int(db, "SELECT fingerprint FROM anomaly ORDER BY id LIMIT 1"), 255);
    assert_int_equal(test_int(db, "SELECT min(fingerprint) FROM anomaly"), -1);
    assert_int_equal(test_int(db, "SELECT weight FROM anomaly LIMIT 1"),
                     12 + 1 + 5); /* authored, notNegative, tag */
    assert_int_equal(test_int(db, "SELECT record_row FROM anomaly LIMIT 1"), 7);
    assert_string_equal(test_text(db, "SELECT record FROM anomaly LIMIT 1"),
                        "{\"id\":1,\"amount\":-4.0}");
    assert_string_equal(test_text(db, "SELECT description FROM anomaly LIMIT 1"), "bad");
    assert_int_equal(test_int(db, "SELECT count(*) FROM anomaly_failed_check"), 2);
    assert_int_equal(test_int(db, "SELECT count(*) FROM anomaly_assignee"), 2);
    assert_string_equal(
        test_text(db, "SELECT counters FROM operation WHERE kind = 'scan'"),
        "{\"containers_analyzed\":1,\"records_processed\":10,\"anomalies_identified\":2,"
        "\"total_containers\":1,\"partitions_scanned\":1}");
    shop_close(&s);
}

static void published_once(void **state)
{
    OPEN_SHOP(state);
    (void)scan(&s, SCAN(""), CHECKS(CHECK("1", "failed", "1")), ANOMALIES(RECORD("aa", "1")));
    test_sql(s.base.db, "UPDATE task SET published_at = NULL WHERE kind = 'scan'");
    (void)shop_publish(&s);
    assert_int_equal(test_int(s.base.db, "SELECT count(*) FROM anomaly"), 1);
    assert_int_equal(test_int(s.base.db, "SELECT anomalous_records_count FROM anomaly"), 1);
    assert_int_equal(
        test_int(s.base.db, "SELECT num_container_scans FROM quality_check WHERE id = 1"), 1);
    shop_close(&s);
}

/* Two records equal to the last byte share a fingerprint: one anomaly of two records. */
static void equal_records(void **state)
{
    OPEN_SHOP(state);
    (void)scan(&s, SCAN(""), CHECKS(CHECK("1", "failed", "2")),
               ANOMALIES(RECORD("aa", "1") "," RECORD("aa", "1")));
    assert_int_equal(test_int(s.base.db, "SELECT count(*) FROM anomaly"), 1);
    assert_int_equal(test_int(s.base.db, "SELECT anomalous_records_count FROM anomaly"), 2);
    shop_close(&s);
}

static void duplicates(void **state)
{
    OPEN_SHOP(state);
    struct assay_db *db = s.base.db;
    const char *checks = CHECKS(CHECK("1", "failed", "1") "," CHECK("2", "failed", "4"));
    (void)scan(&s, SCAN(""), checks, ANOMALIES(RECORD("aa", "1") "," SHAPE("bb", "2", "4")));
    (void)scan(&s, SCAN(""), checks, ANOMALIES(RECORD("aa", "1") "," SHAPE("cc", "2", "4")));
    assert_int_equal(test_int(db, "SELECT count(*) FROM anomaly WHERE archived_at IS NULL"), 2);
    assert_int_equal(test_int(db, "SELECT count(*) FROM anomaly WHERE status = 'Duplicate' AND "
                                  "duplicate_of_id IS NOT NULL"),
                     2);
    assert_int_equal(
        test_int(db, "SELECT count(*) FROM anomaly d JOIN anomaly a ON a.id = d.duplicate_of_id "
                     "WHERE a.type = d.type AND a.status = 'Active'"),
        2);
    (void)scan(&s, SCAN(",\"archive_duplicate_anomalies\":false"), checks,
               ANOMALIES(RECORD("aa", "1")));
    assert_int_equal(
        test_int(db, "SELECT count(*) FROM anomaly WHERE archived_at IS NULL AND type = 'record'"),
        2);
    shop_close(&s);
}

static void auto_resolve(void **state)
{
    OPEN_SHOP(state);
    struct assay_db *db = s.base.db;
    (void)scan(&s, SCAN(""), CHECKS(CHECK("1", "failed", "2") "," CHECK("2", "failed", "4")),
               ANOMALIES(RECORD("a1", "1") "," RECORD("a2", "1") "," SHAPE("bb", "2", "4")));
    /* an errored check says nothing about its anomalies */
    (void)scan(&s, SCAN(""), CHECKS(CHECK("1", "failed", "1") "," CHECK("2", "errored", "0")),
               ANOMALIES(RECORD("a2", "1")));
    assert_string_equal(test_text(db, "SELECT status FROM anomaly WHERE fingerprint = 161"),
                        "Resolved");
    assert_string_equal(
        test_text(db, "SELECT status FROM anomaly WHERE fingerprint = 162 ORDER BY id LIMIT 1"),
        "Active");
    assert_string_equal(test_text(db, "SELECT status FROM anomaly WHERE type = 'shape'"), "Active");
    assert_string_equal(
        test_text(db, "SELECT message FROM operation WHERE kind = 'scan' ORDER BY id DESC LIMIT 1"),
        "orders.csv: 1 of 2 checks could not be judged: m2");
    (void)scan(&s, SCAN(""), CHECKS(CHECK("1", "passed", "0") "," CHECK("2", "passed", "0")),
               ANOMALIES(""));
    assert_int_equal(test_int(db, "SELECT count(*) FROM anomaly WHERE archived_at IS NULL"), 0);
    assert_string_equal(test_text(db, "SELECT status FROM anomaly WHERE type = 'shape'"),
                        "Resolved");
    /* once resolved it is new again, unless recurring ones are to be reactivated */
    (void)scan(&s, SCAN(""), CHECKS(CHECK("1", "failed", "1")), ANOMALIES(RECORD("a1", "1")));
    assert_int_equal(
        test_int(db, "SELECT count(*) FROM anomaly WHERE fingerprint = 161 AND status = 'Active'"),
        1);
    (void)scan(&s, SCAN(",\"reactivate_recurring_anomalies\":true"),
               CHECKS(CHECK("2", "failed", "4")), ANOMALIES(SHAPE("bb", "2", "4")));
    assert_int_equal(
        test_int(db, "SELECT count(*) FROM anomaly WHERE type = 'shape' AND status = 'Active'"), 1);
    assert_string_equal(
        test_text(db, "SELECT status FROM anomaly WHERE type = 'shape' ORDER BY id LIMIT 1"),
        "Active");
    shop_close(&s);
}

/* Five records failed and one is listed: what is not in the list may still fail. */
static void capped_lists_resolve_nothing(void **state)
{
    OPEN_SHOP(state);
    (void)scan(&s, SCAN(""), CHECKS(CHECK("1", "failed", "1")), ANOMALIES(RECORD("a1", "1")));
    (void)scan(&s, SCAN(""), CHECKS(CHECK("1", "failed", "5")),
               ANOMALIES(RECORD("a2", "1") "," SHAPE("a3", "1", "5")));
    assert_string_equal(test_text(s.base.db, "SELECT status FROM anomaly WHERE fingerprint = 161"),
                        "Active");
    shop_close(&s);
}

/* Only full scans know what is gone. */
static const char *const partial_requests[] = {SCAN(",\"max_records_analyzed_per_partition\":5"),
                                               SCAN(",\"auto_resolve_passed_anomalies\":false")};
static void partial_scans_resolve_nothing(void **state)
{
    OPEN_SHOP(state);
    (void)scan(&s, SCAN(""), CHECKS(CHECK("1", "failed", "1")), ANOMALIES(RECORD("a1", "1")));
    for (size_t i = 0; i < ASSAY_COUNT(partial_requests); i++) {
        (void)scan(&s, partial_requests[i], CHECKS(CHECK("1", "passed", "0")), ANOMALIES(""));
        assert_string_equal(test_text(s.base.db, "SELECT status FROM anomaly"), "Active");
    }
    shop_close(&s);
}

/* A record that could not be read is an anomaly of no check; read in full without it, it is
 * resolved. */
static void rejected_records(void **state)
{
    OPEN_SHOP(state);
    struct assay_db *db = s.base.db;
    (void)scan(&s, SCAN(""), CHECKS(""),
               ANOMALIES("{\"type\":\"record\",\"fingerprint\":\"ab\",\"file\":\"orders.csv\","
                         "\"row\":null,\"line\":9,"
                         "\"byte_offset\":5,\"record\":null,\"raw\":\"1,\\\"x\",\"message\":\"a "
                         "quote is not closed\","
                         "\"anomalous_records_count\":1,\"failed_checks\":[]}"));
    assert_string_equal(test_text(db, "SELECT description FROM anomaly"), "a quote is not closed");
    assert_string_equal(test_text(db, "SELECT record FROM anomaly"), "{\"raw\":\"1,\\\"x\"}");
    assert_int_equal(test_int(db, "SELECT record_line FROM anomaly"), 9);
    (void)scan(&s, SCAN(""), CHECKS(""), ANOMALIES(""));
    assert_string_equal(test_text(db, "SELECT status FROM anomaly"), "Resolved");
    shop_close(&s);
}

static void check_deleted_meanwhile(void **state)
{
    static const char *const chunks[] = {
        CONTAINER, CHECKS(CHECK("1", "failed", "1") "," CHECK("2", "failed", "1")),
        ANOMALIES(RECORD("a1", "1") "," RECORD("a2", "2")), NULL};
    OPEN_SHOP(state);
    (void)shop_request(&s, SCAN(""));
    (void)shop_run(&s, chunks);
    test_sql(s.base.db, "DELETE FROM quality_check WHERE id = 1");
    (void)shop_publish(&s);
    assert_int_equal(test_int(s.base.db, "SELECT count(*) FROM check_assertion"), 1);
    assert_int_equal(test_int(s.base.db, "SELECT count(*) FROM anomaly_failed_check"), 1);
    assert_string_equal(test_text(s.base.db, "SELECT result FROM operation WHERE kind = 'scan'"),
                        "success");
    shop_close(&s);
}

static void aborted_scan(void **state)
{
    int stopped = 0, to_signal = 0;
    OPEN_SHOP(state);
    const int64_t id = shop_request(&s, SCAN(""));
    TEST_OK(assay_job_cancel(s.store, id, "ann", &stopped, &to_signal, &test_err));
    (void)shop_publish(&s);
    assert_string_equal(test_text(s.base.db, "SELECT result FROM operation WHERE kind = 'scan'"),
                        "aborted");
    assert_string_equal(test_text(s.base.db, "SELECT result FROM container_scan"), "aborted");
    shop_close(&s);
}

int main(void)
{
    static const struct CMUnitTest cases[] = {
        cmocka_unit_test(rows_of_a_scan),
        cmocka_unit_test(published_once),
        cmocka_unit_test(equal_records),
        cmocka_unit_test(duplicates),
        cmocka_unit_test(auto_resolve),
        cmocka_unit_test(capped_lists_resolve_nothing),
        cmocka_unit_test(partial_scans_resolve_nothing),
        cmocka_unit_test(rejected_records),
        cmocka_unit_test(check_deleted_meanwhile),
        cmocka_unit_test(aborted_scan),
    };
    return test_main("publish: scan", cases, ASSAY_COUNT(cases));
}
