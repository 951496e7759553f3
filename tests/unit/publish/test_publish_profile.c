// Publisher: profiles, field statistics and inferred checks.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/publish/catalog.h"

#define PROFILE_REQUEST "{\"type\":\"profile\",\"datastore_id\":1}"
#define CONTAINER                                                                                  \
    "{\"t\":\"container\",\"name\":\"orders.csv\",\"records_count\":3,\"records_processed\":3,"    \
    "\"rejected_records\":%d,\"run\":{\"started_at\":\"2026-11-20T10:00:00Z\",\"duration_ms\":"    \
    "250},\"warnings\":[]}"
#define CLEAN                                                                                      \
    "{\"t\":\"container\",\"name\":\"orders.csv\",\"records_count\":3,\"records_processed\":3,"    \
    "\"rejected_records\":0,\"run\":{\"started_at\":\"2026-11-20T10:00:00Z\",\"duration_ms\":250}" \
    ",\"warnings\":[]}"
#define FIELD(name, type, completeness)                                                            \
    "{\"name\":\"" name "\",\"type\":\"" type                                                      \
    "\",\"native_type\":null,\"type_source\":\"inferred\","                                        \
    "\"semantic_type\":null,\"completeness\":" completeness ",\"null_count\":1,\"min\":\"1.5\"}"
#define FIELDS                                                                                     \
    "{\"t\":\"fields\",\"fields\":[" FIELD("id", "Integral",                                       \
                                           "1.0") "," FIELD("amount", "Fractional", "0.5") "]}"
#define BETWEEN(max)                                                                               \
    "{\"rule\":\"between\",\"fields\":[\"amount\"],\"properties\":{\"min\":0,\"inclusive_min\":"   \
    "true,\"max\":" max ",\"inclusive_max\":true},\"description\":\"amounts\",\"additional_"       \
    "metadata\":{\"support\":3}}"
#define NOT_NULL         "{\"rule\":\"notNull\",\"fields\":[\"id\"],\"description\":\"ids set\"}"
#define INFERRED(checks) "{\"t\":\"inferred\",\"checks\":[" checks "]}"

#define OPEN_SHOP(state)                                                                           \
    struct shop s = {0};                                                                           \
    shop_open(&s, *(enum assay_db_kind *)*(state));                                                \
    shop_sync(&s)

static void profile(struct shop *s, const char *inferred)
{
    const char *const chunks[] = {CLEAN, FIELDS, inferred, NULL};
    (void)shop_operation(s, PROFILE_REQUEST, chunks);
}

static void statistics(void **state)
{
    OPEN_SHOP(state);
    profile(&s, INFERRED(""));
    struct assay_db *db = s.base.db;
    assert_int_equal(test_int(db, "SELECT record_count FROM container"), 3);
    assert_int_equal(
        test_int(
            db,
            "SELECT latest_profile_id = (SELECT max(id) FROM container_profile) FROM container"),
        1);
    assert_int_equal(test_int(db, "SELECT field_profiles_count FROM container_profile"), 2);
    assert_int_equal(test_int(db, "SELECT ended_at - started_at FROM container_profile"), 250000);
    assert_string_equal(test_text(db, "SELECT message FROM container_profile"), "(null)");
    assert_string_equal(test_text(db, "SELECT body FROM field_profile ORDER BY position LIMIT 1"),
                        FIELD("id", "Integral", "1.0"));
    assert_int_equal(test_int(db, "SELECT count(*) FROM field WHERE latest_profile_id IS NOT NULL"),
                     2);
    assert_int_equal(test_int(db, "SELECT completeness * 100 FROM field WHERE name = 'amount'"),
                     50);
    assert_string_equal(
        test_text(db, "SELECT counters FROM operation WHERE kind = 'profile'"),
        "{\"containers_analyzed\":1,\"records_processed\":3,\"fields_profiled\":2,"
        "\"checks_synchronized\":0,\"total_containers\":1,\"partitions_analyzed\":1}");
    assert_string_equal(test_text(db, "SELECT result FROM operation WHERE kind = 'profile'"),
                        "success");
    profile(&s, INFERRED(""));
    assert_int_equal(test_int(db, "SELECT count(*) FROM container_profile"), 2);
    assert_int_equal(
        test_int(db, "SELECT count(*) FROM container_profile WHERE parent_profile_id IS NOT NULL"),
        1);
    shop_close(&s);
}

static void published_once(void **state)
{
    OPEN_SHOP(state);
    profile(&s, INFERRED(NOT_NULL));
    assert_int_equal(shop_publish(&s), 0);
    test_sql(
        s.base.db,
        "UPDATE task SET published_at = NULL WHERE kind = 'profile'"); /* as after a lost answer */
    (void)shop_publish(&s);
    assert_int_equal(test_int(s.base.db, "SELECT count(*) FROM container_profile"), 1);
    assert_int_equal(test_int(s.base.db, "SELECT count(*) FROM field_profile"), 2);
    assert_int_equal(test_int(s.base.db, "SELECT count(*) FROM quality_check"), 1);
    assert_int_equal(test_int(s.base.db, "SELECT count(*) FROM task WHERE published_at IS NULL"),
                     0);
    shop_close(&s);
}

/* What a worker of a later version adds does not cost the rest. */
static void later_kinds_are_passed_over(void **state)
{
    OPEN_SHOP(state);
    const char *const chunks[] = {CLEAN, "{\"t\":\"surprise\",\"fields\":[7]}", FIELDS,
                                  INFERRED(NOT_NULL), NULL};
    (void)shop_operation(&s, PROFILE_REQUEST, chunks);
    struct assay_db *db = s.base.db;
    assert_string_equal(test_text(db, "SELECT result FROM container_profile"), "success");
    assert_int_equal(test_int(db, "SELECT field_profiles_count FROM container_profile"), 2);
    assert_int_equal(test_int(db, "SELECT count(*) FROM quality_check"), 1);
    shop_close(&s);
}

/* What could not be judged neither comes nor goes; what is not offered any more goes. */
static void unjudged_checks_stay(void **state)
{
    OPEN_SHOP(state);
    profile(&s, INFERRED(NOT_NULL "," BETWEEN("1")));
    profile(&s, "{\"t\":\"inferred\",\"checks\":[],\"unjudged\":[{\"check\":" BETWEEN(
                    "2") ",\"message\":\"\"},{\"check\":{\"rule\":\"unique\",\"fields\":[\"id\"],"
                         "\"description\":\"new\"},\"message\":\"\"}]}");
    struct assay_db *db = s.base.db;
    assert_int_equal(test_int(db, "SELECT count(*) FROM quality_check"), 2);
    assert_string_equal(
        test_text(db, "SELECT status FROM quality_check WHERE rule_type = 'notNull'"), "Discarded");
    assert_string_equal(
        test_text(db, "SELECT status FROM quality_check WHERE rule_type = 'between'"), "Active");
    assert_non_null(
        strstr(test_text(db, "SELECT properties FROM quality_check WHERE rule_type = 'between'"),
               "\"max\":1"));
    shop_close(&s);
}

static void fields_come_and_go(void **state)
{
    static const char *const less[] = {
        CLEAN,
        "{\"t\":\"fields\",\"fields\":[" FIELD("id", "String",
                                               "1.0") "," FIELD("user.name", "String", "1.0") "]}",
        NULL};
    OPEN_SHOP(state);
    profile(&s, INFERRED(""));
    test_sql(s.base.db, "UPDATE field SET status = 'excluded' WHERE name = 'id'");
    (void)shop_operation(&s, PROFILE_REQUEST, less);
    assert_string_equal(test_text(s.base.db, "SELECT status FROM field WHERE name = 'amount'"),
                        "missing");
    assert_string_equal(test_text(s.base.db, "SELECT status FROM field WHERE name = 'id'"),
                        "excluded");
    assert_string_equal(test_text(s.base.db, "SELECT type FROM field WHERE name = 'id'"), "String");
    assert_string_equal(
        test_text(s.base.db, "SELECT column_origin FROM field WHERE name = 'user.name'"),
        "projected");
    profile(&s, INFERRED(""));
    assert_string_equal(test_text(s.base.db, "SELECT status FROM field WHERE name = 'amount'"),
                        "active");
    /* the source has other fields now: a sync says so and leaves the profile's word */
    static const char *const changed[] = {
        "{\"t\":\"found\",\"containers\":[{\"name\":\"orders.csv\",\"container_type\":\"file\","
        "\"details\":{},\"fields\":"
        "[{\"name\":\"id\",\"type\":\"Integral\"}],\"error\":null}]}",
        NULL};
    (void)shop_operation(&s, "{\"type\":\"sync\",\"datastore_id\":1}", changed);
    assert_string_equal(test_text(s.base.db, "SELECT status FROM container"), "changed");
    assert_string_equal(test_text(s.base.db, "SELECT status FROM field WHERE name = 'amount'"),
                        "active");
    shop_close(&s);
}

static void inferred_checks(void **state)
{
    OPEN_SHOP(state);
    struct assay_db *db = s.base.db;
    profile(&s, INFERRED(BETWEEN("10") "," NOT_NULL));
    assert_int_equal(
        test_int(db, "SELECT count(*) FROM quality_check WHERE inferred = 1 AND status = 'Active'"),
        2);
    assert_int_equal(test_int(db, "SELECT checks_synchronized FROM container_profile"), 2);
    assert_int_equal(test_int(db, "SELECT count(*) FROM check_field"), 2);
    profile(&s, INFERRED(BETWEEN("12") "," NOT_NULL)); /* refreshed, not doubled */
    assert_int_equal(test_int(db, "SELECT count(*) FROM quality_check"), 2);
    assert_non_null(
        strstr(test_text(db, "SELECT properties FROM quality_check WHERE rule_type = 'between'"),
               "\"max\":12"));
    profile(&s, INFERRED(NOT_NULL)); /* no longer offered: discarded */
    assert_string_equal(
        test_text(db, "SELECT status FROM quality_check WHERE rule_type = 'between'"), "Discarded");
    profile(&s, INFERRED(BETWEEN("14"))); /* offered again: back; the other one goes */
    assert_string_equal(
        test_text(db, "SELECT status FROM quality_check WHERE rule_type = 'between'"), "Active");
    assert_int_equal(test_int(db, "SELECT count(*) FROM quality_check WHERE deleted_at IS NULL"),
                     1);
    shop_close(&s);
}

static void checks_of_people_stay(void **state)
{
    OPEN_SHOP(state);
    struct assay_db *db = s.base.db;
    profile(&s, INFERRED(BETWEEN("10") "," NOT_NULL));
    test_sql(db,
             "UPDATE quality_check SET inferred = 0, properties = '{\"min\":0,\"max\":99}' WHERE "
             "rule_type = 'between';"
             "UPDATE quality_check SET status = 'Discarded', deleted_at = 9, last_editor = 'ann' "
             "WHERE rule_type = 'notNull'");
    profile(&s, INFERRED(BETWEEN("12") "," NOT_NULL));
    assert_int_equal(test_int(db, "SELECT count(*) FROM quality_check"), 2);
    assert_string_equal(
        test_text(db, "SELECT properties FROM quality_check WHERE rule_type = 'between'"),
        "{\"min\":0,\"max\":99}");
    assert_string_equal(
        test_text(db, "SELECT status FROM quality_check WHERE rule_type = 'notNull'"), "Discarded");
    profile(&s, INFERRED("")); /* an authored check is never discarded */
    assert_string_equal(
        test_text(db, "SELECT status FROM quality_check WHERE rule_type = 'between'"), "Active");
    shop_close(&s);
}

/* A check on a field that is not there is left out; the others are kept. */
static void bad_inferred_check_is_skipped(void **state)
{
    OPEN_SHOP(state);
    profile(&s, INFERRED("{\"rule\":\"notNull\",\"fields\":[\"ghost\"]}," NOT_NULL
                         ",{\"rule\":\"nonsense\"}"));
    assert_int_equal(test_int(s.base.db, "SELECT count(*) FROM quality_check"), 1);
    assert_string_equal(test_text(s.base.db, "SELECT result FROM operation WHERE kind = 'profile'"),
                        "success");
    shop_close(&s);
}

static void drafts_and_rejections(void **state)
{
    char rejected[512];
    (void)snprintf(rejected, sizeof rejected, CONTAINER, 2);
    const char *const chunks[] = {rejected, FIELDS, INFERRED(NOT_NULL), NULL};
    OPEN_SHOP(state);
    (void)shop_operation(&s, "{\"type\":\"profile\",\"datastore_id\":1,\"infer_as_draft\":true}",
                         chunks);
    assert_string_equal(test_text(s.base.db, "SELECT status FROM quality_check"), "Draft");
    assert_string_equal(
        test_text(s.base.db, "SELECT message FROM operation WHERE kind = 'profile'"),
        "orders.csv: 2 records could not be read and were rejected");
    shop_close(&s);
}

static void partial_is_success_with_coverage(void **state)
{
    static const char *const two[] = {"{\"t\":\"found\",\"containers\":[" SHOP_FOUND(
                                          "orders.csv") "," SHOP_FOUND("people.csv") "]}",
                                      NULL};
    static const char *const chunks[] = {CLEAN, FIELDS, NULL};
    OPEN_SHOP(state);
    (void)shop_operation(&s, "{\"type\":\"sync\",\"datastore_id\":1}", two);
    (void)shop_request(&s, PROFILE_REQUEST);
    (void)shop_run(&s, chunks);
    assert_int_equal(shop_publish(&s), 1); /* not closed: one is open */
    shop_fail(&s, "{\"code\":\"NOT_FOUND\",\"text\":\"reading people.csv: no such file\"}");
    assert_int_equal(shop_publish(&s), 2);
    assert_string_equal(test_text(s.base.db, "SELECT result FROM operation WHERE kind = 'profile'"),
                        "success");
    assert_string_equal(
        test_text(s.base.db, "SELECT message FROM operation WHERE kind = 'profile'"),
        "1 of 2 containers were done; people.csv: reading people.csv: no such file");
    assert_int_equal(
        test_int(s.base.db, "SELECT count(*) FROM container_profile WHERE result = 'failure'"), 1);
    shop_close(&s);
}

static void container_deleted_meanwhile(void **state)
{
    static const char *const chunks[] = {CLEAN, FIELDS, NULL};
    OPEN_SHOP(state);
    (void)shop_request(&s, PROFILE_REQUEST);
    (void)shop_run(&s, chunks);
    test_sql(s.base.db, "UPDATE container SET deleted_at = 5");
    assert_int_equal(shop_publish(&s), 2);
    assert_int_equal(test_int(s.base.db, "SELECT count(*) FROM container_profile"), 0);
    shop_close(&s);
}

int main(void)
{
    static const struct CMUnitTest cases[] = {
        cmocka_unit_test(statistics),
        cmocka_unit_test(published_once),
        cmocka_unit_test(later_kinds_are_passed_over),
        cmocka_unit_test(unjudged_checks_stay),
        cmocka_unit_test(fields_come_and_go),
        cmocka_unit_test(inferred_checks),
        cmocka_unit_test(checks_of_people_stay),
        cmocka_unit_test(bad_inferred_check_is_skipped),
        cmocka_unit_test(drafts_and_rejections),
        cmocka_unit_test(partial_is_success_with_coverage),
        cmocka_unit_test(container_deleted_meanwhile),
    };
    return test_main("publish: profile", cases, ASSAY_COUNT(cases));
}
