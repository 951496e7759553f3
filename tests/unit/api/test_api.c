// The REST API from outside: every resource's life and its errors (checks: test_checks.c). On both
// databases.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/api/api_catalog.h"

static void test_connections(struct fixture *f)
{
    json_t *made = CALL(f, 201, "POST", "/connections", CONNECTION);
    assert_string_equal(text_at(made, "password"), "********");
    assert_string_equal(text_at(made, "username"), "u");
    assert_string_equal(text_at(made, "connection_type"), "jdbc");
    assert_string_equal(text_at(json_object_get(made, "parameters"), "sslmode"), "require");
    assert_string_equal(text_at(json_object_get(made, "parameters"), "sslpassword"), "********");
    json_decref(made);
    assert_null(strstr(test_text(f->base.db, "SELECT properties FROM connection"), "hidden"));
    assert_null(strstr(test_text(f->base.db, "SELECT secrets FROM connection"), "s3cret"));
    assert_int_equal(
        test_int(f->base.db, "SELECT max_running FROM source_limit WHERE connection_id = 1"), 2);
    json_decref(CALL(f, 409, "POST", "/connections", CONNECTION));
    json_t *page =
        CALL(f, 200, "GET", "/connections?name=SHO&type=postgresql&type=file&page=1&size=50", NULL);
    assert_int_equal(assay_json_int(page, "total", -1), 1);
    assert_int_equal(assay_json_int(page, "pages", -1), 1);
    json_decref(page);

    /* read, change, write back: the masks mean "as it was" */
    json_t *whole = CALL(f, 200, "GET", "/connections/1", NULL);
    (void)json_object_set_new(whole, "name", json_string("shop2"));
    ASSAY_AUTO(assay_free_text) char *body = assay_json_text(whole);
    json_decref(whole);
    json_t *changed = CALL(f, 200, "PUT", "/connections/1", body);
    assert_string_equal(text_at(changed, "name"), "shop2");
    assert_string_equal(text_at(changed, "password"), "********");
    json_decref(changed);

    /* a change must reach the source */
    json_t *refused = CALL(f, 400, "PUT", "/connections/1",
                           "{\"name\":\"shop2\",\"type\":\"postgresql\",\"host\":\"down\"}");
    assert_string_equal(text_at(refused, "message"), "connecting to down: no route");
    json_decref(refused);
    json_decref(CALL(f, 400, "PUT", "/connections/1", "{\"password\":\"wrong\"}"));
    json_decref(CALL(f, 200, "PUT", "/connections/1",
                     "{\"host\":\"other\",\"name\":\"shop\",\"type\":\"postgresql\"}"));
    json_decref(CALL(f, 409, "PUT", "/connections/1", "{\"type\":\"file\"}"));

    json_decref(CALL(f, 204, "POST", "/connections/1/test", NULL));
    json_decref(CALL(f, 400, "POST", "/connections/1/test", "{\"password\":\"wrong\"}"));
    json_decref(CALL(f, 204, "POST", "/connections/test", CONNECTION));
    json_decref(CALL(f, 404, "POST", "/connections/9/test", NULL));
    assert_int_equal(test_int(f->base.db, "SELECT count(*) FROM operation"),
                     0); /* inspect leaves nothing */
    assert_int_equal(test_int(f->base.db, "SELECT count(*) FROM inspect_secret"), 0);

    json_decref(CALL(f, 201, "POST", "/datastores",
                     "{\"name\":\"d\",\"connection_id\":1,\"trigger_sync\":false}"));
    json_decref(CALL(f, 409, "DELETE", "/connections/1", NULL));
    json_decref(CALL(f, 204, "DELETE", "/datastores/1", NULL));
    json_decref(CALL(f, 204, "DELETE", "/connections/1", NULL));
    json_decref(CALL(f, 404, "GET", "/connections/1", NULL));
}

static void test_datastores(struct fixture *f)
{
    const int64_t id = make_datastore(f);
    assert_int_equal(id, 1);
    assert_int_equal(test_int(f->base.db, "SELECT count(*) FROM operation"), 0);
    json_t *one = CALL(f, 200, "GET", "/datastores/1", NULL);
    assert_string_equal(text_at(one, "type"), "postgresql");
    assert_string_equal(text_at(one, "schema"), "public");
    assert_string_equal(text_at(json_object_get(one, "connection"), "name"), "shop");
    assert_string_equal(json_string_value(json_array_get(json_object_get(one, "tags"), 0)),
                        "finance");
    assert_string_equal(text_at(json_array_get(json_object_get(one, "teams"), 0), "name"),
                        "Public");
    assert_int_equal(assay_json_int(one, "high_count_rollup_threshold", 0), 10);
    assert_true(json_is_null(json_object_get(one, "enrich_datastore")));
    json_decref(one);

    json_t *put = CALL(f, 200, "PUT", "/datastores/1",
                       "{\"name\":\"orders\",\"connection_id\":1,\"tags\":[],\"teams\":[\"Public\"]"
                       ",\"enrich_datastore\":null,"
                       "\"description\":\"x\",\"favorite\":true,\"high_count_rollup_threshold\":25,"
                       "\"unknown\":{\"a\":1}}");
    assert_int_equal(json_array_size(json_object_get(put, "tags")), 0);
    assert_string_equal(text_at(put, "database"), "shop"); /* what is absent stays */
    assert_int_equal(assay_json_int(put, "high_count_rollup_threshold", 0), 25);
    json_decref(put);
    json_decref(CALL(f, 422, "PUT", "/datastores/1", "{\"high_count_rollup_threshold\":0}"));
    json_decref(CALL(f, 422, "PUT", "/datastores/1", "{\"teams\":[\"Nobody\"]}"));
    json_t *tested = CALL(f, 200, "POST", "/datastores/1/connection", NULL);
    assert_true(assay_json_bool(tested, "connected", false));
    json_decref(tested);

    /* the first Sync comes with the datastore, and the connection may too */
    json_t *both = CALL(f, 201, "POST", "/datastores",
                        "{\"name\":\"second\",\"connection\":{\"name\":\"own\",\"type\":"
                        "\"postgresql\",\"host\":\"up\"},"
                        "\"database\":\"x\"}");
    assert_string_equal(text_at(json_object_get(both, "connection"), "name"), "own");
    json_decref(both);
    assert_int_equal(
        test_int(f->base.db,
                 "SELECT count(*) FROM operation WHERE kind = 'sync' AND source_id = 2"),
        1);
    json_decref(CALL(f, 409, "POST", "/datastores", "{\"name\":\"second\",\"connection_id\":1}"));
    json_decref(CALL(f, 422, "POST", "/datastores", "{\"name\":\"third\",\"connection_id\":77}"));
    json_decref(CALL(f, 422, "POST", "/datastores", "{\"name\":\"third\"}"));
    json_decref(
        CALL(f, 204, "POST", "/datastores/connection", "{\"connection_id\":1,\"database\":\"x\"}"));
    json_decref(CALL(f, 400, "POST", "/datastores/connection",
                     "{\"connection\":{\"type\":\"postgresql\",\"host\":\"down\",\"name\":\"n\"},"
                     "\"name\":\"n\"}"));
    static const struct {
        const char *query;
        int total;
    } filters[] = {{"?name=ORD", 1},
                   {"?search=s", 2},
                   {"?enrichment_only=False", 2},
                   {"?enrichment_only=true", 0},
                   {"?datastore_type=file", 0},
                   {"?tag=finance", 0},
                   {"?name=%25", 0},
                   {"?name=%27%20OR%201=1", 0},
                   {"?sort=-name", 2}};
    for (size_t i = 0; i < ASSAY_COUNT(filters); i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "/datastores%s", filters[i].query);
        json_t *page = CALL(f, 200, "GET", path, NULL);
        if (assay_json_int(page, "total", -1) != filters[i].total)
            fail_msg("%s: %d", path, (int)assay_json_int(page, "total", -1));
        json_decref(page);
    }
    json_decref(CALL(f, 422, "PATCH", "/datastores/1/enrichment/2", NULL));
}

static void test_containers(struct fixture *f)
{
    (void)make_datastore(f);
    fill_catalog(f);
    json_t *page =
        CALL(f, 200, "GET", "/containers?datastore=1&datastore=2&container_type=table", NULL);
    json_t *first = json_array_get(json_object_get(page, "items"), 0);
    assert_int_equal(assay_json_int(page, "total", -1), 1);
    assert_string_equal(text_at(first, "name"), "orders");
    assert_int_equal(assay_json_int(first, "field_count", -1), 3);
    assert_string_equal(text_at(json_object_get(first, "datastore"), "name"), "orders");
    json_decref(page);
    page = CALL(f, 200, "GET", "/containers?search=%25_", NULL); /* LIKE's own signs are texts */
    assert_int_equal(assay_json_int(page, "total", -1), 1);
    json_decref(page);
    json_t *list = CALL(f, 200, "GET", "/containers/listing?datastore=1", NULL);
    assert_int_equal(json_array_size(list), 2);
    json_decref(list);
    json_t *fields = CALL(f, 200, "GET", "/containers/1/fields", NULL);
    assert_int_equal(json_array_size(fields), 3);
    assert_string_equal(text_at(json_array_get(fields, 1), "name"), "amount");
    json_decref(fields);
    json_t *profiles = CALL(f, 200, "GET", "/containers/1/field-profiles", NULL);
    assert_int_equal(assay_json_int(profiles, "total", -1), 2);
    assert_int_equal(
        assay_json_int(json_array_get(json_object_get(profiles, "items"), 0), "null_count", -1), 3);
    json_decref(profiles);

    json_decref(
        CALL(f, 204, "PATCH", "/containers", "[{\"id\":1,\"tags\":[\"gold\",\"silver\"]}]"));
    json_decref(CALL(f, 404, "PATCH", "/containers",
                     "[{\"id\":2,\"tags\":[\"lost\"]},{\"id\":99,\"tags\":[]}]"));
    assert_int_equal(test_int(f->base.db, "SELECT count(*) FROM global_tag WHERE name = 'lost'"),
                     0); /* all or nothing */
    json_t *put = CALL(f, 200, "PUT", "/containers/1",
                       "{\"container_type\":\"table\",\"incremental_field_name\":\"id\",\"key\":["
                       "\"id\"],\"force_drop_fields\":true,"
                       "\"query\":null,\"description\":null}");
    assert_string_equal(text_at(put, "incremental_field_name"), "id");
    assert_int_equal(json_array_size(json_object_get(put, "tags")), 2);
    json_decref(put);
    assert_non_null(strstr(test_text(f->base.db, "SELECT overrides FROM container WHERE id = 1"),
                           "incremental_field_name"));
    json_decref(CALL(f, 409, "PUT", "/containers/1", "{\"container_type\":\"view\"}"));
    json_decref(
        CALL(f, 422, "POST", "/containers",
             "{\"container_type\":\"computed_table\",\"name\":\"x\",\"query\":\"select 1\"}"));
    json_decref(CALL(f, 422, "POST", "/containers/validate",
                     "{\"container\":{\"container_type\":\"computed_table\"}}"));
    json_decref(CALL(
        f, 204, "POST", "/containers/validate",
        "{\"container\":{\"container_type\":\"table\",\"name\":\"orders\",\"datastore_id\":1}}"));
    json_decref(CALL(f, 204, "DELETE", "/containers/1", NULL));
    assert_int_equal(test_int(f->base.db, "SELECT count(*) FROM field WHERE container_id = 1"), 0);
    page = CALL(f, 200, "GET", "/containers?archived=only", NULL);
    assert_int_equal(assay_json_int(page, "total", -1), 1);
    json_decref(page);
    json_decref(CALL(f, 404, "DELETE", "/containers/1", NULL));
}

static void test_operations(struct fixture *f)
{
    (void)make_datastore(f);
    fill_catalog(f);
    park_worker(f); /* nobody takes the tasks */
    json_t *run =
        CALL(f, 201, "POST", "/operations/run",
             "{\"type\":\"profile\",\"datastore_id\":1,\"container_names\":[\"orders\"]}");
    assert_string_equal(text_at(run, "result"), "queued");
    assert_true(json_is_null(json_object_get(run, "end_time")));
    assert_true(json_is_null(json_object_get(run, "message")));
    assert_int_equal(assay_json_int(json_object_get(run, "status"), "total_containers", -1), 1);
    assert_string_equal(text_at(json_array_get(json_object_get(run, "containers"), 0), "name"),
                        "orders");
    const int64_t id = id_of(run);
    char path[64];
    (void)snprintf(path, sizeof path, "/operations/abort/%d", (int)id);
    json_decref(CALL(f, 200, "PUT", path, NULL));
    assert_int_equal(test_int(f->base.db, "SELECT count(*) FROM task WHERE state = 'cancelled'"),
                     1);
    json_decref(CALL(f, 404, "PUT", "/operations/abort/999", NULL));
    static const struct {
        int status;
        const char *body;
    } wrong[] = {
        {404, "{\"type\":\"scan\",\"datastore_id\":99}"},
        {422, "{\"type\":\"profile\",\"datastore_id\":1,\"container_names\":[\"nothing\"]}"},
        {422, "{\"type\":\"export\",\"datastore_id\":1,\"asset_type\":\"anomalies\"}"},
        {422, "{\"type\":\"nonsense\",\"datastore_id\":1}"},
        {422, "{\"datastore_id\":1}"},
        {422, "{\"type\":\"sync\",\"datastore_id\":1,\"pruned\":true}"},
        {422, "{\"type\":\"scan\",\"datastore_id\":1,\"incremental\":true}"},
        {422, "{\"type\":\"sync\"}"}};
    for (size_t i = 0; i < ASSAY_COUNT(wrong); i++)
        json_decref(CALL(f, wrong[i].status, "POST", "/operations/run", wrong[i].body));
    json_decref(CALL(f, 201, "POST", "/operations/run",
                     "{\"type\":\"sync\",\"datastore_id\":1,\"prune\":false}"));
    static const struct {
        const char *query;
        int total;
    } filters[] = {{"?datastore=1&sort_created=desc&page=1&size=100", 2},
                   {"?operation_type=catalog", 1},
                   {"?operation_type=profile&container=1&size=1", 1},
                   {"?finished=True", 0},
                   {"?finished=False", 2},
                   {"?result=queued", 2},
                   {"?start_date=2020-01-01&end_date=2021-01-01", 0}};
    for (size_t i = 0; i < ASSAY_COUNT(filters); i++) {
        char list[128];
        (void)snprintf(list, sizeof list, "/operations%s", filters[i].query);
        json_t *page = CALL(f, 200, "GET", list, NULL);
        if (assay_json_int(page, "total", -1) != filters[i].total)
            fail_msg("%s: %d", list, (int)assay_json_int(page, "total", -1));
        json_decref(page);
    }
    json_decref(CALL(f, 422, "POST", "/operations/schedule", "{\"type\":\"sync\"}"));
}

static void test_people(struct fixture *f)
{
    json_decref(
        CALL(f, 201, "POST", "/global-tags",
             "{\"type\":\"global\",\"name\":\"a/b c\",\"color\":\"#fff\",\"weight_modifier\":10}"));
    json_t *tag = CALL(f, 200, "GET", "/global-tags/a%2Fb%20c", NULL);
    assert_string_equal(text_at(tag, "name"), "a/b c");
    json_decref(tag);
    json_decref(CALL(f, 409, "POST", "/global-tags", "{\"name\":\"a/b c\"}"));
    json_decref(CALL(f, 422, "POST", "/global-tags", "{\"name\":\"x\",\"weight_modifier\":11}"));
    json_decref(CALL(f, 422, "POST", "/global-tags", "{\"name\":\"\"}"));
    json_decref(CALL(f, 204, "DELETE", "/global-tags/a%2Fb%20c", NULL));
    json_decref(CALL(f, 404, "DELETE", "/global-tags/a%2Fb%20c", NULL));
    json_t *teams = CALL(f, 200, "GET", "/teams?page=1&size=100", NULL);
    assert_string_equal(text_at(json_array_get(json_object_get(teams, "items"), 0), "name"),
                        "Public");
    json_decref(teams);
    json_decref(CALL(f, 200, "GET", "/teams/1", NULL));
    json_decref(CALL(f, 404, "GET", "/teams/2", NULL));
    json_decref(CALL(f, 200, "GET", "/users/1", NULL));

    json_t *token = CALL(f, 201, "POST", "/tokens", "{\"name\":\"ci\",\"expires_in_days\":1}");
    char *kept = f->token;
    char path[128];
    (void)snprintf(path, sizeof path, "/tokens/%s", text_at(token, "id"));
    f->token = assay_strdup(text_at(token, "token"));
    json_decref(token);
    json_decref(CALL(f, 200, "GET", "/users", NULL));
    json_decref(CALL(f, 204, "DELETE", path, NULL));
    json_decref(CALL(f, 401, "GET", "/users", NULL));
    assay_free(f->token);
    f->token = kept;
}

/* Watchers hear of each change and of the end, and then their streams end; one more than is good is
 * told so. */
struct watching {
    struct fixture *f;
    struct assay_buf heard;
    atomic_bool begun;
};

static int hear(const char *data, size_t size_bytes, void *context, struct assay_error *err)
{
    struct watching *watching = context;
    assay_buf_append(&watching->heard, data, size_bytes);
    atomic_store(&watching->begun, true);
    return assay_buf_check(&watching->heard, err);
}

static void *watch(void *context)
{
    struct watching *watching = context;
    ASSAY_AUTO(assay_http_close) struct assay_http *http = NULL;
    ASSAY_SCOPED(assay_http_response_release) struct assay_http_response response = {0};
    char url[256], authorization[1024];
    (void)snprintf(url, sizeof url, "%s/api/operations/1/events", assay_api_url(watching->f->api));
    (void)snprintf(authorization, sizeof authorization, "Authorization: Bearer %s",
                   watching->f->token);
    const char *const headers[] = {authorization, NULL};
    const struct assay_http_request request = {.method = "GET",
                                               .url = url,
                                               .headers = headers,
                                               .attempts = 1,
                                               .on_data = hear,
                                               .context = watching};
    TEST_OK(assay_http_open(NULL, &http, &test_err));
    TEST_OK(assay_http_send(http, &request, &response, &test_err));
    assert_int_equal(response.status, 200);
    return NULL;
}

static void test_events(struct fixture *f)
{
    enum { WATCHERS = 20 };
    static struct watching watchings[WATCHERS]; /* a test that fails leaves its threads behind */
    pthread_t threads[WATCHERS];
    (void)make_datastore(f);
    fill_catalog(f);
    park_worker(f);
    json_decref(
        CALL(f, 201, "POST", "/operations/run", "{\"type\":\"profile\",\"datastore_id\":1}"));
    for (int i = 0; i < WATCHERS; i++) {
        watchings[i] = (struct watching){.f = f};
        assert_int_equal(pthread_create(&threads[i], NULL, watch, &watchings[i]), 0);
    }
    json_decref(CALL(f, 404, "GET", "/operations/99/events", NULL));
    for (int i = 0; i < WATCHERS; i++)
        while (!atomic_load(&watchings[i].begun))
            usleep(1000);
    test_sql(
        f->base.db,
        "UPDATE operation SET result = 'success', finished_at = 1800000000000000 WHERE id = 1");
    for (int i = 0; i < WATCHERS; i++)
        (void)pthread_join(threads[i], NULL);
    for (int i = 0; i < WATCHERS; i++) {
        const char *heard = assay_buf_str(&watchings[i].heard);
        assert_non_null(strstr(heard, "event: operation\ndata: {\"id\":1,"));
        assert_non_null(strstr(heard, "\"end_time\":\"2027-01-15T08:00:00Z\""));
        assert_string_equal(heard + watchings[i].heard.size - 2, "\n\n");
        assay_buf_release(&watchings[i].heard);
    }
    json_decref(CALL(f, 201, "POST", "/operations/run", "{\"type\":\"sync\",\"datastore_id\":1}"));
}

/* 3,000 fields and containers are all there, each with its own tags. */
static void test_wide_containers(struct fixture *f)
{
    (void)make_datastore(f);
    fill_catalog(f);
    test_sql(f->base.db, "INSERT INTO field (container_id, position, name, created_at, updated_at) "
                         "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL "
                         "SELECT i + 1 FROM n WHERE i < 3006) SELECT 1, i, 'f' || i, 1, 1 FROM n;"
                         "INSERT INTO container (datastore_id, name, container_type, cataloged_at, "
                         "created_at, updated_at) WITH RECURSIVE n(i) "
                         "AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2998) SELECT 1, 't' "
                         "|| i, 'table', 1, 1, 1 FROM n;"
                         "INSERT INTO global_tag (name, created_at) VALUES ('last', 1);"
                         "INSERT INTO field_tag (field_id, tag_id) SELECT f.id, g.id FROM field f, "
                         "global_tag g WHERE f.name = 'f3006' AND "
                         "g.name = 'last'");
    ASSAY_AUTO(assay_json_decref)
    json_t *fields = CALL(f, 200, "GET", "/containers/1/fields", NULL);
    assert_int_equal(json_array_size(fields), 3000);
    const json_t *tags = json_object_get(json_array_get(fields, 2999), "tags");
    assert_string_equal(json_string_value(json_array_get(tags, 0)), "last");
    ASSAY_AUTO(assay_json_decref)
    json_t *names = CALL(f, 200, "GET", "/containers/listing?datastore=1", NULL);
    assert_int_equal(json_array_size(names), 3000);
}

ON_ALL(connections)
ON_ALL(datastores)
ON_ALL(containers)
ON_ALL(operations)
ON_ALL(people)
ON_ALL(events)
ON_ALL(wide_containers)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_all_connections),    cmocka_unit_test(on_all_datastores),
        cmocka_unit_test(on_all_containers),     cmocka_unit_test(on_all_operations),
        cmocka_unit_test(on_all_people),         cmocka_unit_test(on_all_events),
        cmocka_unit_test(on_all_wide_containers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
