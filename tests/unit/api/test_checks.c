// The REST API from outside: quality checks, what scans found, anomalies. On both databases.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/api/api_catalog.h"

#define CHECK                                                                                      \
    "{\"container_id\":1,\"rule\":\"between\",\"description\":\"sane\",\"fields\":[\"amount\"],"   \
    "\"coverage\":1.0,"                                                                            \
    "\"filter\":null,\"properties\":{\"min\":0,\"inclusive_min\":true,\"max\":100,\"inclusive_"    \
    "max\":true},"                                                                                 \
    "\"tags\":[\"finance\"],\"additional_metadata\":{\"_uid\":\"orders__between__amount\"},"       \
    "\"status\":\"Active\"}"

static void test_checks(struct fixture *f)
{
    (void)make_datastore(f);
    fill_catalog(f);
    json_t *made = CALL(f, 201, "POST", "/quality-checks", CHECK);
    assert_string_equal(text_at(made, "rule_type"), "between");
    assert_string_equal(text_at(json_array_get(json_object_get(made, "fields"), 0), "name"),
                        "amount");
    assert_int_equal(assay_json_int(json_object_get(made, "properties"), "max", 0), 100);
    assert_string_equal(text_at(json_object_get(made, "additional_metadata"), "_uid"),
                        "orders__between__amount");
    assert_int_equal(assay_json_int(made, "owner_id", 0), 1);
    json_decref(made);

    static const struct {
        int status;
        const char *body;
    } wrong[] = {
        {409, CHECK}, /* thresholds do not count */
        {409, "{\"container_id\":1,\"rule\":\"between\",\"fields\":[\"amount\"],\"properties\":{"
              "\"min\":5}}"},
        {422, "{\"container_id\":1,\"rule\":\"betwen\",\"fields\":[\"amount\"],\"properties\":{"
              "\"min\":5}}"},
        {422, "{\"container_id\":1,\"rule\":\"between\",\"fields\":[\"nothing\"],\"properties\":{"
              "\"min\":5}}"},
        {422, "{\"container_id\":77,\"rule\":\"notNull\",\"fields\":[\"id\"]}"},
        {422, "{\"container_id\":1,\"rule\":\"between\",\"fields\":[\"amount\"],\"properties\":{"
              "\"mni\":5}}"},
        {422, "{\"container_id\":1,\"rule\":\"notNull\"}"},
        {422,
         "{\"container_id\":1,\"rule\":\"notNull\",\"fields\":[\"id\"],\"filter\":\"amount >\"}"},
        {422, "{\"container_id\":1,\"rule\":\"satisfiesExpression\",\"properties\":{"
              "\"expression\":\"lenght(country) > {{ least }}\"}}"},
        {422, "{\"rule\":\"notNull\",\"fields\":[\"id\"]}"},
        {422, "{\"container_id\":1,\"rule\":\"notNull\",\"fields\":[\"id\"],\"coverage\":2}"},
        {422, "{\"container_id\":1,\"rule\":\"notNull\",\"fields\":[\"id\"],\"owner_id\":99}"},
        {422, "{\"container_id\":1,\"rule\":\"notNull\",\"fields\":\"id\"}"},
    };
    for (size_t i = 0; i < ASSAY_COUNT(wrong); i++)
        json_decref(CALL(f, wrong[i].status, "POST", "/quality-checks", wrong[i].body));
    assert_int_equal(test_int(f->base.db, "SELECT count(*) FROM quality_check"), 1);
}

/* The catalog of these tests with three checks: between at coverage 1 (id 1) and below, a draft. */
static void make_checks(struct fixture *f, int64_t *ret_shape, int64_t *ret_draft)
{
    (void)make_datastore(f);
    fill_catalog(f);
    json_decref(CALL(f, 201, "POST", "/quality-checks", CHECK));
    *ret_shape = id_of(
        CALL(f, 201, "POST", "/quality-checks",
             "{\"container_id\":1,\"rule\":\"between\",\"fields\":[\"amount\"],\"coverage\":0.9,"
             "\"properties\":{\"min\":5}}"));
    *ret_draft = id_of(CALL(f, 201, "POST", "/quality-checks",
                            "{\"container_id\":1,\"rule\":\"notNull\",\"fields\":[\"id\","
                            "\"country\"],\"status\":\"Draft\"}"));
}

static void test_checks_change(struct fixture *f)
{
    int64_t shape, draft;
    make_checks(f, &shape, &draft);
    /* an inferred check becomes authored when what it judges changes, and only then */
    test_sql(f->base.db, "UPDATE quality_check SET inferred = 1 WHERE id = 1");
    json_t *put =
        CALL(f, 200, "PUT", "/quality-checks/1", "{\"description\":\"still sane\",\"tags\":[]}");
    assert_true(assay_json_bool(put, "inferred", false));
    assert_string_equal(text_at(put, "description"), "still sane");
    json_decref(put);
    put =
        CALL(f, 200, "PUT", "/quality-checks/1",
             "{\"description\":\"sane\",\"fields\":[\"amount\"],\"coverage\":1,\"filter\":null,"
             "\"properties\":{\"min\":1,\"max\":100},"
             "\"tags\":[\"finance\"],\"additional_metadata\":{\"k\":\"v\"},\"status\":\"Active\"}");
    assert_false(assay_json_bool(put, "inferred", true));
    assert_int_equal(assay_json_int(json_object_get(put, "properties"), "min", 0), 1);
    json_decref(put);
}

static void test_checks_lists(struct fixture *f)
{
    int64_t shape, draft;
    make_checks(f, &shape, &draft);
    static const struct {
        const char *query;
        int total;
    } filters[] = {{"?container=1", 3},   {"?datastore=1&status=Active", 2},
                   {"?status=Draft", 1},  {"?rule_type=notNull", 1},
                   {"?tag=finance", 1},   {"?archived=only", 0},
                   {"?inferred=true", 0}, {"?template_only=true", 0},
                   {"?datastore=2", 0}};
    for (size_t i = 0; i < ASSAY_COUNT(filters); i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "/quality-checks%s", filters[i].query);
        json_t *page = CALL(f, 200, "GET", path, NULL);
        if (assay_json_int(page, "total", -1) != filters[i].total)
            fail_msg("%s: %d", path, (int)assay_json_int(page, "total", -1));
        json_decref(page);
    }
}

static void test_checks_go(struct fixture *f)
{
    int64_t shape, draft;
    make_checks(f, &shape, &draft);
    /* archive, replace, bring back: the duplicate rule holds */
    json_decref(CALL(f, 204, "DELETE",
                     "/quality-checks/1?archive=true&status=Invalid&delete_anomalies=false", NULL));
    json_t *page = CALL(f, 200, "GET", "/quality-checks?archived=only", NULL);
    assert_string_equal(text_at(json_array_get(json_object_get(page, "items"), 0), "status"),
                        "Invalid");
    json_decref(page);
    json_decref(CALL(f, 200, "PUT", "/quality-checks/1", "{\"status\":\"Active\"}"));
    json_decref(CALL(f, 204, "DELETE", "/quality-checks/1", NULL));
    json_decref(CALL(f, 201, "POST", "/quality-checks", CHECK));
    json_decref(CALL(f, 409, "PUT", "/quality-checks/1", "{\"status\":\"Active\"}"));
    char path[128], body[256];
    (void)snprintf(path, sizeof path, "/quality-checks/%d?status=Resolved", (int)shape);
    json_decref(CALL(f, 422, "DELETE", path, NULL));
    (void)snprintf(body, sizeof body,
                   "[{\"id\":1,\"archive\":false},{\"id\":%d,\"status\":\"Discarded\"}]",
                   (int)shape);
    json_decref(CALL(f, 204, "DELETE", "/quality-checks", body));
    json_decref(CALL(f, 404, "GET", "/quality-checks/1", NULL));
    (void)snprintf(body, sizeof body, "[{\"id\":%d},{\"id\":1}]", (int)draft);
    json_decref(CALL(f, 404, "DELETE", "/quality-checks", body)); /* all or nothing */
    assert_int_equal(
        test_int(
            f->base.db,
            "SELECT count(*) FROM quality_check WHERE status = 'Draft' AND deleted_at IS NULL"),
        1);
    json_decref(CALL(f, 422, "POST", "/quality-check-templates", "{\"rule\":\"notNull\"}"));
}

static void test_anomalies(struct fixture *f)
{
    (void)make_datastore(f);
    fill_catalog(f);
    json_decref(CALL(f, 201, "POST", "/quality-checks", CHECK));
    test_sql(f->base.db, "INSERT INTO anomaly (uuid, container_id, datastore_id, operation_id, "
                         "type, fingerprint, weight, record, record_row, "
                         "created_at, updated_at) VALUES ('0190c4f0-0000-5000-8000-00000000000a', "
                         "1, 1, 7, 'record', -9223372036854775807, 14, "
                         "'{\"amount\":101}', 17, 1580000000000000, 1), "
                         "('0190c4f0-0000-5000-8000-00000000000b', 1, 1, 7, 'shape', 5, 12, NULL, "
                         "NULL, 1590000000000000, 1);"
                         "INSERT INTO anomaly_failed_check (anomaly_id, check_id, message, "
                         "fingerprint) VALUES (1, 1, 'too large', 9), (2, 1, 'x', 10);");
    json_t *page = CALL(f, 200, "GET", "/anomalies?datastore=1&sort_created=desc", NULL);
    json_t *last = json_array_get(json_object_get(page, "items"), 1);
    assert_int_equal(assay_json_int(page, "total", -1), 2);
    assert_int_equal(assay_json_int(last, "row", 0), 17);
    assert_true(assay_json_int(last, "fingerprint", 0) == -INT64_C(9223372036854775807));
    json_t *failed = json_array_get(json_object_get(last, "failed_checks"), 0);
    assert_string_equal(text_at(failed, "message"), "too large");
    assert_string_equal(text_at(json_object_get(failed, "quality_check"), "rule_type"), "between");
    json_decref(page);
    json_decref(CALL(f, 200, "GET", "/anomalies/1", NULL));
    json_decref(CALL(f, 200, "GET", "/anomalies/0190C4F0-0000-5000-8000-00000000000A", NULL));
    json_decref(CALL(f, 404, "GET", "/anomalies/0190c4f0-0000-5000-8000-00000000000c", NULL));
    json_decref(CALL(f, 404, "GET", "/anomalies/1%20OR%201=1", NULL));

    json_t *put = CALL(f, 200, "PUT", "/anomalies/1",
                       "{\"status\":\"Acknowledged\",\"description\":\"seen\",\"tags\":[\"t\"],"
                       "\"assignee_ids\":[1]}");
    assert_string_equal(text_at(put, "status"), "Acknowledged");
    assert_int_equal(json_array_size(json_object_get(put, "assignees")), 1);
    json_decref(put);
    json_decref(CALL(f, 422, "PUT", "/anomalies/1", "{\"status\":\"Resolved\"}"));
    json_decref(CALL(f, 422, "PUT", "/anomalies/1", "{\"assignee_ids\":[99]}"));
    json_decref(CALL(f, 204, "PATCH", "/anomalies",
                     "[{\"id\":1,\"status\":\"Active\"},{\"id\":2,\"status\":\"Active\"}]"));
    json_decref(CALL(f, 204, "DELETE", "/anomalies/1?archive=true&status=Duplicate", NULL));
    static const struct {
        const char *query;
        int total;
    } filters[] = {{"", 1},
                   {"?archived=only", 1},
                   {"?archived=include", 2},
                   {"?status=Duplicate", 1},
                   {"?anomaly_type=record&archived=include", 1},
                   {"?quality_check=1&archived=include", 2},
                   {"?rule_type=between&rule_type=notNull", 1},
                   {"?tag=t&archived=include", 1},
                   {"?start_date=2020-05-01", 1},
                   {"?end_date=2020-05-20", 1},
                   {"?end_date=2020-05-20T18:39:59Z", 0},
                   {"?start_date=2020-05-20T18:40:00Z&end_date=2020-12-31", 1},
                   {"?source_enriched=true", 0},
                   {"?timeframe=year&archived=include", 0},
                   {"?container=2", 0},
                   {"?uuid=0190c4f0-0000-5000-8000-00000000000b", 1}};
    for (size_t i = 0; i < ASSAY_COUNT(filters); i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "/anomalies%s", filters[i].query);
        json_t *list = CALL(f, 200, "GET", path, NULL);
        if (assay_json_int(list, "total", -1) != filters[i].total)
            fail_msg("%s: %d", path, (int)assay_json_int(list, "total", -1));
        json_decref(list);
    }
    json_decref(CALL(f, 422, "GET", "/anomalies?start_date=yesterday", NULL));
    json_decref(CALL(f, 422, "DELETE", "/anomalies/2?status=Deleted", NULL));
    json_decref(
        CALL(f, 204, "DELETE", "/anomalies",
             "[{\"id\":1,\"archive\":false},{\"id\":2,\"archive\":true,\"status\":\"Invalid\"}]"));
    assert_int_equal(test_int(f->base.db, "SELECT count(*) FROM anomaly"), 1);
}

/* A finished scan says what each of its checks came to. */
static void test_scan_results(struct fixture *f)
{
    int64_t shape, draft;
    make_checks(f, &shape, &draft);
    test_sql(f->base.db, "INSERT INTO operation (source_id, kind, result, message, counters, "
                         "started_at, finished_at, created_at) VALUES "
                         "(1, 'scan', 'success', NULL, '{\"records_processed\":10}', 1, 2, 1);"
                         "INSERT INTO container_scan (container_id, operation_id, result, "
                         "records_processed, created_at) SELECT 1, max(id), "
                         "'success', 10, 1 FROM operation;"
                         "INSERT INTO check_assertion (container_scan_id, check_id, result, "
                         "message, asserted_records_count, "
                         "null_records_count, anomalous_records_count, created_at) VALUES (1, 1, "
                         "'failed', 'too large', 10, 0, 3, 1);");
    ASSAY_AUTO(assay_json_decref)
    json_t *list = CALL(f, 200, "GET", "/operations?operation_type=scan", NULL);
    char path[64];
    (void)snprintf(path, sizeof path, "/operations/%d",
                   (int)assay_json_int(json_array_get(json_object_get(list, "items"), 0), "id", 0));
    ASSAY_AUTO(assay_json_decref) json_t *scan = CALL(f, 200, "GET", path, NULL);
    assert_int_equal(assay_json_int(json_object_get(scan, "status"), "records_processed", 0), 10);
    const json_t *part = json_array_get(json_object_get(scan, "container_scans"), 0);
    const json_t *check = json_array_get(json_object_get(part, "checks"), 0);
    assert_string_equal(text_at(part, "container_name"), "orders");
    assert_string_equal(text_at(check, "outcome"), "failed");
    assert_string_equal(text_at(check, "rule_type"), "between");
    assert_int_equal(assay_json_int(check, "quality_check_id", 0), 1);
    assert_int_equal(assay_json_int(check, "anomalous_records_count", 0), 3);
}

/* What GET gave can be sent back as it is, and changes nothing. */
static void test_whole_objects_back(struct fixture *f)
{
    static const char *const paths[] = {"/connections/1", "/datastores/1", "/containers/1",
                                        "/quality-checks/1"};
    int64_t shape, draft;
    make_checks(f, &shape, &draft);
    for (size_t i = 0; i < ASSAY_COUNT(paths); i++) {
        ASSAY_AUTO(assay_json_decref) json_t *before = CALL(f, 200, "GET", paths[i], NULL);
        ASSAY_AUTO(assay_free_text) char *body = assay_json_text(before);
        ASSAY_AUTO(assay_json_decref) json_t *after = CALL(f, 200, "PUT", paths[i], body);
        static const char *const moving[] = {"updated", "last_updated"};
        for (size_t k = 0; k < ASSAY_COUNT(moving); k++) {
            (void)json_object_del(before, moving[k]);
            (void)json_object_del(after, moving[k]);
        }
        ASSAY_AUTO(assay_free_text) char *was = assay_json_text(before);
        ASSAY_AUTO(assay_free_text) char *is = assay_json_text(after);
        if (!json_equal(before, after))
            fail_msg("%s: %s became %s", paths[i], was, is);
    }
    assert_string_equal(test_text(f->base.db, "SELECT overrides FROM container WHERE id = 1"),
                        "[]");
}

ON_ALL(checks)
ON_ALL(checks_change)
ON_ALL(checks_lists)
ON_ALL(checks_go)
ON_ALL(anomalies)
ON_ALL(scan_results)
ON_ALL(whole_objects_back)

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(on_all_checks),
                                       cmocka_unit_test(on_all_checks_change),
                                       cmocka_unit_test(on_all_checks_lists),
                                       cmocka_unit_test(on_all_checks_go),
                                       cmocka_unit_test(on_all_anomalies),
                                       cmocka_unit_test(on_all_scan_results),
                                       cmocka_unit_test(on_all_whole_objects_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
