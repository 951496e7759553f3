// Planner: requests, targets, specs; and requests that cannot be.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/publish/catalog.h"

#define OPEN_SHOP(state)                                                                           \
    struct shop s = {0};                                                                           \
    shop_open(&s, *(enum assay_db_kind *)*(state));                                                \
    test_sql(s.base.db, containers)

static const char containers[] =
    "INSERT INTO container (id, datastore_id, name, container_type, details, reader_options, "
    "has_header, "
    "escape_character, timezone, key_fields, cataloged_at, created_at, updated_at) VALUES "
    "(1, 1, 'orders*.csv', 'file', '{\"files\":[{\"path\":\"/data/shop/orders_1.csv\"}]}', "
    "'{\"delimiter\":\";\"}', 1, "
    "'!', 'Europe/Zurich', '[\"id\"]', 0, 0, 0), "
    "(2, 1, 'people.csv', 'file', '{}', '{}', NULL, NULL, NULL, NULL, 0, 0, 0);"
    "INSERT INTO container (id, datastore_id, name, container_type, deleted_at, cataloged_at, "
    "created_at, updated_at) "
    "VALUES (3, 1, 'gone.csv', 'file', 5, 0, 0, 0);"
    "INSERT INTO field (id, container_id, position, name, type, native_type, status, created_at, "
    "updated_at) VALUES "
    "(1, 1, 0, 'id', 'Integral', NULL, 'active', 0, 0), (2, 1, 1, 'mail', 'String', 'text', "
    "'masked', 0, 0), "
    "(3, 1, 2, 'old', 'String', NULL, 'missing', 0, 0), (4, 1, 3, 'odd', 'String', NULL, "
    "'excluded', 0, 0);"
    "INSERT INTO field (id, container_id, position, name, type, type_source, created_at, "
    "updated_at) "
    "VALUES (5, 1, 4, 'guessed', 'Integral', 'inferred', 0, 0);"
    "INSERT INTO quality_check (id, container_id, rule_type, check_uid, coverage, filter, "
    "properties, status, deleted_at, "
    "created_at, updated_at) VALUES "
    "(1, 1, 'between', 1, 0.9, 'id > 5', '{\"min\":0,\"max\":9.5}', 'Active', NULL, 0, 0), "
    "(2, 1, 'notNull', 2, 1, NULL, '{}', 'Draft', NULL, 0, 0), (3, 1, 'unique', 3, 1, NULL, '{}', "
    "'Discarded', 5, 0, 0), "
    "(4, 1, 'existsIn', 4, 1, NULL, '{\"field_name\":\"id\",\"ref_container_id\":2}', 'Active', "
    "NULL, 0, 0);"
    "INSERT INTO check_field (check_id, field_id, position) VALUES (1, 1, 0), (2, 1, 0), (4, 1, 0);"
    "INSERT INTO global_tag (id, name, created_at) VALUES (1, 'gold', 0);"
    "INSERT INTO container_tag (container_id, tag_id) VALUES (2, 1)";

static json_t *spec_of(struct shop *s, int64_t container_id)
{
    char sql[200];
    (void)snprintf(sql, sizeof sql,
                   "SELECT s.body FROM task t JOIN task_spec s ON s.id = t.spec_id WHERE "
                   "coalesce(t.container_id, 0) = %" PRId64 " ORDER BY t.id DESC LIMIT 1",
                   container_id);
    return shop_json(test_text(s->base.db, sql));
}

static void expect_json(const json_t *json, const char *key, const char *expected)
{
    char *text = assay_json_text(json_object_get(json, key));
    assert_string_equal(text ? text : "(absent)", expected);
    assay_free(text);
}

static void sync_spec(void **state)
{
    OPEN_SHOP(state);
    test_sql(s.base.db, "UPDATE datastore SET folder_globbing_enabled = 1");
    (void)shop_request(
        &s, "{\"type\":\"catalog\",\"datastore_id\":1,\"include\":[\"table\"],\"prune\":true}");
    json_t *spec = spec_of(&s, 0);
    expect_json(spec, "source",
                "{\"connector\":\"file\",\"properties\":{\"uri\":\"file:///"
                "data\",\"max_parallelization\":3,"
                "\"root_path\":\"shop\"}}");
    expect_json(spec, "settings", "{\"include\":[\"table\"],\"folder_globbing_enabled\":true}");
    json_decref(spec);
    assert_int_equal(test_int(s.base.db, "SELECT lane FROM task"), ASSAY_LANE_EXPRESS);
    assert_string_equal(test_text(s.base.db, "SELECT kind FROM operation"), "sync");
    assert_string_equal(test_text(s.base.db, "SELECT triggered_by FROM operation"), "tester");
    assert_int_equal(
        test_int(s.base.db, "SELECT max_running FROM source_limit WHERE connection_id = 1"), 3);
    shop_close(&s);
}

static void profile_spec(void **state)
{
    OPEN_SHOP(state);
    (void)shop_request(
        &s,
        "{\"type\":\"profile\",\"datastore_id\":1,\"container_names\":[],\"inference_threshold\":4,"
        "\"max_records_analyzed_per_partition\":-1,\"infer_as_draft\":true}");
    assert_int_equal(test_int(s.base.db, "SELECT count(*) FROM task"), 2); /* not the deleted one */
    assert_int_equal(test_int(s.base.db, "SELECT lane FROM task LIMIT 1"), ASSAY_LANE_BULK);
    json_t *spec = spec_of(&s, 1);
    expect_json(
        json_object_get(spec, "source"), "container",
        "{\"name\":\"orders*.csv\",\"container_type\":\"file\",\"location\":\"orders*.csv\","
        "\"files\":[{\"path\":\"/data/shop/orders_1.csv\"}]}");
    expect_json(spec, "reader", "{\"delimiter\":\";\",\"escape\":\"!\",\"header\":true}");
    expect_json(spec, "timezone", "\"Europe/Zurich\"");
    expect_json(spec, "fields", "[]");
    json_t *settings = json_object_get(spec, "settings");
    expect_json(json_object_get(settings, "keep"), "states", "[]");
    (void)json_object_del(settings, "keep");
    expect_json(spec, "settings", "{\"infer\":\"xhigh\",\"infer_as_draft\":true}");
    json_decref(spec);
    shop_close(&s);
}

/* Run a profile of orders with more members in its request; its settings.keep. */
static json_t *keep_of(struct shop *s, const char *more)
{
    char body[256];
    (void)snprintf(
        body, sizeof body,
        "{\"type\":\"profile\",\"datastore_id\":1,\"container_names\":[\"orders*.csv\"]%s}", more);
    (void)shop_request(s, body);
    json_t *spec = spec_of(s, 1);
    json_t *keep = json_incref(json_object_get(json_object_get(spec, "settings"), "keep"));
    json_decref(spec);
    return keep;
}

static void kept_states(void **state)
{
    OPEN_SHOP(state);
    char sql[512];
    json_t *keep = keep_of(&s, "");
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO kept_state (id, container_id, position, settings_hash, partitions, "
                   "records, bytes, as_of, operation_id, created_at) VALUES (7, 1, 0, '%s', "
                   "'[[\"a\",\"1\"]]', 5, 6, '2026-11-20', 1, 0), (8, 1, 1, '%s', 'broken', 5, 6, "
                   "'2026-11-20', 1, 0)",
                   assay_json_str(keep, "hash", ""), assay_json_str(keep, "hash", ""));
    expect_json(keep, "states", "[]");
    expect_json(keep, "reason", "(absent)");
    json_decref(keep);
    test_sql(s.base.db, sql);
    const struct {
        const char *more, *states, *reason;
    } cases[] = {
        {"",
         "[{\"id\":7,\"partitions\":[[\"a\",\"1\"]],\"records\":5,\"bytes\":6,\"as_of\":\"2026-11-"
         "20\"}]",
         "(absent)"},
        {",\"ai_effort\":\"max\",\"infer_as_draft\":true",
         "[{\"id\":7,\"partitions\":[[\"a\",\"1\"]],\"records\":5,\"bytes\":6,\"as_of\":\"2026-11-"
         "20\"}]",
         "(absent)"},
        {",\"incremental\":false", "[]", "\"it was asked for\""},
        {",\"histogram_max_distinct_values\":7", "[]",
         "\"settings of the source or of the profile changed\""},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        keep = keep_of(&s, cases[i].more);
        expect_json(keep, "states", cases[i].states);
        expect_json(keep, "reason", cases[i].reason);
        json_decref(keep);
    }
    test_sql(s.base.db,
             "UPDATE container SET reader_options = '{\"delimiter\":\"|\"}' WHERE id = 1");
    keep = keep_of(&s, "");
    expect_json(keep, "states", "[]");
    json_decref(keep);
    test_sql(s.base.db, "UPDATE container SET incremental_field_name = 'id' WHERE id = 1");
    keep = keep_of(&s, "");
    expect_json(keep, "incremental_field", "\"id\"");
    json_decref(keep);
    shop_close(&s);
}

static void scan_spec(void **state)
{
    OPEN_SHOP(state);
    test_sql(s.base.db, "INSERT INTO field (id, container_id, position, name, type, status, "
                        "created_at, updated_at) VALUES (9, 2, 0, 'code', 'String', 'masked', 0, "
                        "0)");
    (void)shop_request(
        &s, "{\"type\":\"scan\",\"datastore_id\":1,\"container_names\":[\"orders*.csv\"],"
            "\"high_count_rollup_threshold\":7,\"check_variables\":{\"day\":\"x\"}}");
    json_t *spec = spec_of(&s, 1);
    expect_json(spec, "fields",
                "[{\"name\":\"id\",\"type\":\"Integral\",\"native_type\":null},"
                "{\"name\":\"mail\",\"type\":\"String\",\"native_type\":\"text\"}]");
    const json_t *checks = json_object_get(spec, "checks");
    assert_int_equal(json_array_size(checks), 2); /* the active ones */
    const json_t *between = json_array_get(checks, 0);
    assert_int_equal(assay_json_int(between, "id", 0), 1);
    expect_json(between, "fields", "[\"id\"]");
    expect_json(between, "filter", "\"id > 5\"");
    expect_json(json_object_get(between, "properties"), "max", "\"9.5\"");
    const json_t *settings = json_object_get(spec, "settings");
    assert_int_equal(assay_json_int(settings, "max_anomalies", 0), 7);
    expect_json(settings, "variables", "{\"day\":\"x\"}");
    expect_json(settings, "mask", "[\"mail\"]");
    expect_json(settings, "key", "[\"id\"]");
    const char *reference = assay_json_str(json_object_get(json_array_get(checks, 1), "properties"),
                                           "ref_container", "");
    const json_t *source = json_object_get(json_object_get(settings, "refs"), reference);
    assert_string_equal(assay_json_str(json_object_get(source, "container"), "name", ""),
                        "people.csv");
    expect_json(source, "name", "\"people.csv\"");
    expect_json(source, "datastore_id", "1");
    expect_json(source, "fields", "[{\"name\":\"code\",\"type\":\"String\",\"native_type\":null}]");
    expect_json(source, "mask", "[\"code\"]");
    json_decref(spec);
    shop_close(&s);
}

static void tags_select(void **state)
{
    OPEN_SHOP(state);
    (void)shop_request(&s, "{\"type\":\"scan\",\"datastore_id\":1,\"container_tags\":[\"gold\"]}");
    assert_int_equal(test_int(s.base.db, "SELECT count(*) FROM task"), 1);
    assert_int_equal(test_int(s.base.db, "SELECT container_id FROM task"), 2);
    shop_close(&s);
}

static const struct refused {
    const char *request;
    int code;
    const char *text;
} refusals[] = {
    {"{\"datastore_id\":1}", ASSAY_INVALID, "type"},
    {"{\"type\":\"scan\"}", ASSAY_INVALID, "datastore_id"},
    {"{\"type\":\"dance\",\"datastore_id\":1}", ASSAY_INVALID,
     "\"type\" must be one of sync|profile|scan"},
    {"{\"type\":\"export\",\"datastore_id\":1}", ASSAY_UNSUPPORTED, "export"},
    {"{\"type\":\"scan\",\"datastore_id\":9}", ASSAY_NOT_FOUND,
     "datastore 9 is not in the catalog"},
    {"{\"type\":\"scan\",\"datastore_id\":1,\"container_names\":[\"nope\"]}", ASSAY_INVALID,
     "datastore shop has no container named \"nope\""},
    {"{\"type\":\"scan\",\"datastore_id\":1,\"container_names\":[\"gone.csv\"]}", ASSAY_INVALID,
     "gone.csv"},
    {"{\"type\":\"scan\",\"datastore_id\":1,\"container_names\":\"orders*.csv\"}", ASSAY_INVALID,
     "list of names"},
    {"{\"type\":\"scan\",\"datastore_id\":1,\"container_names\":[7]}", ASSAY_INVALID,
     "list of names"},
    {"{\"type\":\"scan\",\"datastore_id\":1,\"container_tags\":[\"tin\"]}", ASSAY_INVALID,
     "carries one of these tags"},
    {"{\"type\":\"profile\",\"datastore_id\":2}", ASSAY_INVALID,
     "has no containers: run a sync first"},
    {"{\"type\":\"profile\",\"datastore_id\":1,\"ai_effort\":\"huge\"}", ASSAY_INVALID,
     "off|low|medium"},
    {"{\"type\":\"profile\",\"datastore_id\":1,\"inference_threshold\":6}", ASSAY_INVALID,
     "0 to 5"},
    {"{\"type\":\"profile\",\"datastore_id\":1,\"max_records_analyzed_per_partition\":-2}",
     ASSAY_INVALID, "from -1"},
    {"{\"type\":\"scan\",\"datastore_id\":1,\"high_count_rollup_threshold\":0}", ASSAY_INVALID,
     "between 1 and"},
    {"{\"type\":\"scan\",\"datastore_id\":1,\"check_variables\":[]}", ASSAY_INVALID,
     "check_variables"},
    {"{\"type\":\"sync\",\"datastore_id\":1,\"include\":[\"moon\"]}", ASSAY_INVALID, "table, view"},
    {"{\"type\":\"profile\",\"datastore_id\":1,\"incremental\":\"no\"}", ASSAY_INVALID,
     "\"incremental\" must be true or false"},
    {"{\"type\":\"profile\",\"datastore_id\":1,\"infer_as_draft\":1}", ASSAY_INVALID,
     "\"infer_as_draft\" must be true or false"},
    {"{\"type\":\"sync\",\"datastore_id\":1,\"prune\":\"false\"}", ASSAY_INVALID,
     "\"prune\" must be true or false"},
    {"{\"type\":\"sync\",\"datastore_id\":1,\"include\":[7]}", ASSAY_INVALID, "list"},
    {"{\"type\":\"sync\",\"datastore_id\":1,\"pruned\":true}", ASSAY_INVALID,
     "\"pruned\" is no option of sync: did you mean \"prune\"?"},
    {"{\"type\":\"profile\",\"datastore_id\":1,\"container_name\":[\"orders*.csv\"]}",
     ASSAY_INVALID, "did you mean \"container_names\"?"},
    {"{\"type\":\"profile\",\"datastore_id\":1,\"zzz\":null}", ASSAY_INVALID,
     "\"zzz\" is no option of profile"},
    {"{\"type\":\"scan\",\"datastore_id\":1,\"prune\":true}", ASSAY_INVALID,
     "\"prune\" is an option of sync, not of scan"},
    {"{\"type\":\"scan\",\"datastore_id\":1,\"incremental\":true}", ASSAY_UNSUPPORTED,
     "\"incremental\" of scan is not built yet"},
    {"{\"type\":\"scan\",\"datastore_id\":1,\"remediation\":\"append\"}", ASSAY_UNSUPPORTED,
     "\"remediation\" of scan is not built yet"},
    {"{\"type\":\"profile\",\"datastore_id\":1,\"greater_than_batch\":7}", ASSAY_UNSUPPORTED,
     "greater_than_batch"},
    {"{\"type\":\"profile\",\"datastore_id\":1,\"percent_testing_threshold\":1.5}", ASSAY_INVALID,
     "from 0 to 1"},
};

/* What clients of the platform send, by type. */
static const char *const platform_requests[] = {
    "{\"type\":\"catalog\",\"name\":null,\"datastore_id\":1,\"include\":[\"table\",\"view\"],"
    "\"prune\":false,\"recreate\":false}",
    "{\"type\":\"profile\",\"name\":null,\"datastore_id\":1,\"container_names\":[],"
    "\"container_tags\":[],\"ai_effort\":\"low\",\"infer_as_draft\":false,"
    "\"max_records_analyzed_per_partition\":-1,\"max_count_testing_sample\":100000,"
    "\"percent_testing_threshold\":0.25,\"high_correlation_threshold\":0.5,"
    "\"greater_than_time\":null,\"greater_than_batch\":null,"
    "\"histogram_max_distinct_values\":100}",
    "{\"type\":\"scan\",\"name\":null,\"datastore_id\":1,\"container_names\":[],"
    "\"container_tags\":[],\"remediation\":\"none\",\"incremental\":false,"
    "\"auto_resolve_passed_anomalies\":true,\"max_records_analyzed_per_partition\":null,"
    "\"enrichment_source_record_limit\":10,\"high_count_rollup_threshold\":10,"
    "\"greater_than_time\":null,\"greater_than_batch\":null,\"check_variables\":{}}"};

static void platform_options(void **state)
{
    for (size_t i = 0; i < ASSAY_COUNT(platform_requests); i++) {
        OPEN_SHOP(state);
        (void)shop_request(&s, platform_requests[i]);
        json_t *spec = spec_of(&s, i ? 1 : 0);
        const json_t *settings = json_object_get(spec, "settings");
        assert_true(assay_json_num(settings, "percent_testing_threshold", 0) ==
                    (i == 1 ? 0.25 : 0));
        json_decref(spec);
        shop_close(&s);
    }
}

static void refused_requests(void **state)
{
    OPEN_SHOP(state);
    test_sql(s.base.db, "INSERT INTO datastore (id, name, connection_id, created_at, updated_at) "
                        "VALUES (2, 'empty', 1, 0, 0)");
    for (size_t i = 0; i < ASSAY_COUNT(refusals); i++) {
        int64_t id = 0;
        json_t *body = shop_json(refusals[i].request);
        TEST_FAILS(refusals[i].code,
                   assay_plan_operation(s.store, body, "tester", NULL, &id, &test_err));
        if (!strstr(test_err.text, refusals[i].text))
            fail_msg("%s: %s", refusals[i].request, test_err.text);
        json_decref(body);
    }
    assert_int_equal(test_int(s.base.db, "SELECT count(*) FROM operation"), 0);
    shop_close(&s);
}

static void repeated_requests(void **state)
{
    int64_t first = 0, second = 0;
    OPEN_SHOP(state);
    json_t *body = shop_json("{\"type\":\"sync\",\"datastore_id\":1}");
    TEST_OK(assay_plan_operation(s.store, body, "tester", "key", &first, &test_err));
    TEST_OK(assay_plan_operation(s.store, body, "tester", "key", &second, &test_err));
    json_decref(body);
    assert_int_equal(first, second);
    assert_int_equal(test_int(s.base.db, "SELECT count(*) FROM task"), 1);
    shop_close(&s);
}

static void inspects(void **state)
{
    int64_t operation_id = 0, task_id = 0;
    OPEN_SHOP(state);
    json_t *properties = shop_json("{\"host\":\"db\",\"roots\":[\"/\"],\"root\":\"/\"}");
    const struct assay_plan_inspect unsaved = {.what = "ping",
                                               .connector = "postgresql",
                                               .properties = properties,
                                               .ciphertext = "zzz",
                                               .ciphertext_bytes = 3};
    TEST_OK(assay_plan_inspect(s.store, &unsaved, &operation_id, &task_id, &test_err));
    json_decref(properties);
    json_t *spec = spec_of(&s, 0);
    expect_json(spec, "source", "{\"connector\":\"postgresql\",\"properties\":{\"host\":\"db\"}}");
    expect_json(spec, "settings", "{\"what\":\"ping\"}");
    json_decref(spec);
    assert_int_equal(test_int(s.base.db, "SELECT hidden FROM operation"), 1);
    assert_int_equal(test_int(s.base.db, "SELECT count(*) FROM inspect_secret"), 1);
    assert_int_equal(test_int(s.base.db, "SELECT lane FROM task"), ASSAY_LANE_EXPRESS);
    const struct assay_plan_inspect saved = {
        .what = "preview", .limit = 5, .datastore_id = 1, .container_id = 1};
    TEST_OK(assay_plan_inspect(s.store, &saved, &operation_id, &task_id, &test_err));
    spec = spec_of(&s, 1);
    expect_json(spec, "settings", "{\"what\":\"preview\",\"limit\":5}");
    expect_json(spec, "reader", "{\"delimiter\":\";\",\"escape\":\"!\",\"header\":true}");
    json_decref(spec);
    const struct assay_plan_inspect nowhere = {.what = "ping", .datastore_id = 9};
    TEST_FAILS(ASSAY_NOT_FOUND,
               assay_plan_inspect(s.store, &nowhere, &operation_id, &task_id, &test_err));
    shop_close(&s);
}

int main(void)
{
    static const struct CMUnitTest cases[] = {
        cmocka_unit_test(sync_spec),        cmocka_unit_test(profile_spec),
        cmocka_unit_test(kept_states),      cmocka_unit_test(scan_spec),
        cmocka_unit_test(tags_select),      cmocka_unit_test(platform_options),
        cmocka_unit_test(refused_requests), cmocka_unit_test(repeated_requests),
        cmocka_unit_test(inspects),
    };
    return test_main("plan", cases, ASSAY_COUNT(cases));
}
