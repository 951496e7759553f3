// The doors of the API: addresses, TLS, the workers' door, sign-in, the document of what is served.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/api/api_socket.h"

#include "scheduler/api/internal.h"

static json_t *internal_call(struct fixture *f, const char *method, const char *path,
                             const char *token, const char *body, int *ret_status)
{
    char url[256], authorization[1024];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d%s", assay_api_internal_port(f->api), path);
    (void)snprintf(authorization, sizeof authorization, "Authorization: Bearer %s", token);
    const char *const headers[] = {authorization, "Content-Type: application/json", NULL};
    return call_raw(f, method, url, headers, body, body ? strlen(body) : 0, ret_status);
}

static void test_internal_door(struct fixture *f)
{
    int status = 0;
    struct assay_buf token = {0};
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    TEST_OK(assay_db_acquire(f->base.db, &conn, &test_err));
    const struct assay_token_new spec = {.name = "worker", .audience = ASSAY_AUDIENCE_WORKER};
    TEST_OK(assay_token_create(conn, f->keyring, &spec, &token, NULL, &test_err));
    park_worker(f);
    json_decref(CALL(f, 201, "POST", "/datastores",
                     "{\"name\":\"d\",\"connection\":{\"name\":\"c\",\"type\":\"postgresql\","
                     "\"host\":\"h\",\"password\":\"pw\"}}"));
    json_t *demand = internal_call(f, "GET", "/internal/demand?pool=default", "", NULL, &status);
    assert_int_equal(assay_json_int(demand, "demand", -1), 1);
    json_decref(demand);
    json_decref(internal_call(f, "POST", "/internal/tasks/1/credentials", f->token, "{\"epoch\":1}",
                              &status));
    assert_int_equal(status, 401); /* a person's token opens another door */
    json_decref(internal_call(f, "POST", "/internal/tasks/1/credentials", token.data,
                              "{\"epoch\":1}", &status));
    assert_int_equal(status, 409); /* nobody holds it */
    int count;
    struct assay_job_claim claim = {0};
    const struct assay_job_worker worker = {
        .owner = "w", .ttl_ms = 30000, .max_spec_version = ASSAY_SPEC_VERSION, .idle = true};
    for (int lane = 0; lane < ASSAY_LANES; lane++)
        TEST_OK(assay_job_dispatch(f->store, "default", lane, 8, "t", ASSAY_SPEC_VERSION, &count,
                                   &test_err));
    TEST_OK(assay_job_steal(f->store, "default", 3, 0, &worker, &claim, &test_err));
    json_t *secrets = internal_call(f, "POST", "/internal/tasks/1/credentials", token.data,
                                    "{\"epoch\":1}", &status);
    assert_int_equal(status, 200);
    assert_string_equal(text_at(json_object_get(secrets, "1"), "password"), "pw");
    json_decref(secrets);
    json_decref(internal_call(f, "POST", "/internal/tasks/1/credentials", token.data,
                              "{\"epoch\":2}", &status));
    assert_int_equal(status, 409);
    json_decref(
        internal_call(f, "POST", "/internal/tasks/1/credentials", token.data, "{}", &status));
    assert_int_equal(status, 422);
    static const char *const open[] = {"/metrics", "/livez", "/readyz"};
    for (size_t i = 0; i < ASSAY_COUNT(open); i++) {
        json_decref(internal_call(f, "GET", open[i], "", NULL, &status));
        assert_int_equal(status, 200);
    }
    json_decref(internal_call(f, "GET", "/api/connections", token.data, NULL, &status));
    assert_int_equal(status, 404);
    assay_job_claim_release(&claim);
    assay_buf_release(&token);
}

/* GET answers a page, POST with a good token a redirect with a new one, only to this machine. */
static void test_authorize(struct fixture *f)
{
    char url[512], body[2048];
    int status = 0;
    const char *const form[] = {"Content-Type: application/x-www-form-urlencoded", NULL};
    (void)snprintf(url, sizeof url,
                   "%s/cli/authorize?redirect_uri=http://127.0.0.1:9/cb&state=%%3Cs%%3E&hostname=h",
                   assay_api_url(f->api));
    json_decref(call_raw(f, "GET", url, NULL, NULL, 0, &status));
    assert_int_equal(status, 200);
    (void)snprintf(url, sizeof url, "%s/api/cli/authorize", assay_api_url(f->api));
    static const char *const elsewhere[] = {"https://evil.example/cb",
                                            "http://127.0.0.1.evil.example/",
                                            "http://127.0.0.1@evil.example/",
                                            "http://127.0.0.1:80@evil.example/",
                                            "javascript:alert(1)",
                                            ""};
    for (size_t i = 0; i < ASSAY_COUNT(elsewhere); i++) {
        (void)snprintf(body, sizeof body, "redirect_uri=%s&state=s&token=%s", elsewhere[i],
                       f->token);
        json_decref(call_raw(f, "POST", url, form, body, strlen(body), &status));
        assert_int_equal(status, 422);
    }
    static const struct {
        bool good;
        const char *expected;
    } cases[] = {{false, "http://127.0.0.1:9/cb?state=a%26b&error=access_denied"},
                 {true, "http://127.0.0.1:9/cb?state=a%26b&token=eyJ"}};
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        (void)snprintf(
            body, sizeof body,
            "redirect_uri=http%%3A%%2F%%2F127.0.0.1%%3A9%%2Fcb&state=a%%26b&hostname=h&token=%s",
            cases[i].good ? f->token : "x.y.z");
        struct assay_http_response response = {0};
        const struct assay_http_request request = {.method = "POST",
                                                   .url = url,
                                                   .headers = form,
                                                   .body = body,
                                                   .size_bytes = strlen(body)};
        TEST_OK(assay_http_send(f->http, &request, &response, &test_err));
        assert_int_equal(response.status, 302);
        ASSAY_AUTO(assay_free_text) char *location = NULL;
        TEST_OK(assay_http_header(&response, "Location", &location, &test_err));
        assert_memory_equal(location, cases[i].expected, strlen(cases[i].expected));
        assay_http_response_release(&response);
    }
}

static void test_addresses(void **state)
{
    (void)state;
    struct assay_error err = {0};
    struct assay_server *server = NULL;
    static const struct {
        const char *listen, *cert;
        bool insecure;
        int code;
    } cases[] = {{"0.0.0.0:0", NULL, false, ASSAY_USAGE},
                 {":0", NULL, false, ASSAY_USAGE},
                 {"0.0.0.0:0", NULL, true, ASSAY_OK},
                 {"127.0.0.1:0", NULL, false, ASSAY_OK},
                 {"[::1]:0", NULL, false, ASSAY_OK},
                 {"localhost:0", NULL, false, ASSAY_OK},
                 {"nonsense", NULL, false, ASSAY_USAGE},
                 {"127.0.0.1:", NULL, false, ASSAY_USAGE},
                 {"127.0.0.1:0", "/nothing.pem", false, ASSAY_USAGE},
                 {"127.0.0.1:http", NULL, false, ASSAY_USAGE}};
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        const struct assay_server_options options = {.listen = cases[i].listen,
                                                     .tls_cert = cases[i].cert,
                                                     .insecure = cases[i].insecure,
                                                     .name = "api.listen",
                                                     .threads = 1};
        assay_error_clear(&err);
        const int rc = assay_server_start(&options, &server, &err);
        if (rc != cases[i].code)
            fail_msg("%s: %d: %s", cases[i].listen, rc, err.text);
        if (rc == ASSAY_OK) {
            const struct assay_server_options taken = {
                .listen = strstr(assay_server_url(server), "//") + 2,
                .insecure = true,
                .threads = 1};
            struct assay_server *second = NULL;
            assert_int_equal(assay_server_start(&taken, &second, NULL), ASSAY_CONFLICT);
            assay_server_stop(server);
        }
    }
}

static void serve_hello(void *context, const struct assay_call *call, struct assay_answer *answer)
{
    (void)context;
    assay_answer_detail(answer, 200, call->uri);
}

/* With a certificate the door speaks TLS and nothing else. */
static void test_tls(void **state)
{
    (void)state;
    char folder[] = "/tmp/assay-tls-XXXXXX", cert[64], key[64], command[512], url[128];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(cert, sizeof cert, "%s/cert.pem", folder);
    (void)snprintf(key, sizeof key, "%s/key.pem", folder);
    (void)snprintf(command, sizeof command,
                   "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
                   "-subj /CN=localhost -addext "
                   "subjectAltName=IP:127.0.0.1 -keyout %s -out %s 2>/dev/null",
                   key, cert);
    assert_int_equal(system(command), 0);
    struct assay_server *server = NULL;
    const struct assay_server_options options = {.listen = "127.0.0.1:0",
                                                 .tls_cert = cert,
                                                 .tls_key = key,
                                                 .name = "api.listen",
                                                 .threads = 2,
                                                 .serve = serve_hello};
    TEST_OK(assay_server_start(&options, &server, &test_err));
    assert_memory_equal(assay_server_url(server), "https://127.0.0.1:", 18);
    (void)snprintf(url, sizeof url, "%s/x", assay_server_url(server));
    struct fixture f = {0};
    const struct assay_http_options trust = {.ca_file = cert};
    TEST_OK(assay_http_open(&trust, &f.http, &test_err));
    for (int i = 0; i < 20; i++) {
        int status = 0;
        ASSAY_AUTO(assay_json_decref)
        json_t *answer = call_raw(&f, "POST", url, NULL, "body", 4, &status);
        assert_int_equal(status, 200);
        assert_string_equal(text_at(answer, "detail"), "/x");
    }
    static const char plain[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_int_equal(raw_status(assay_server_port(server), plain, sizeof plain - 1, true), 0);
    const struct assay_server_options half = {
        .listen = "127.0.0.1:0", .tls_cert = cert, .threads = 1};
    struct assay_server *none = NULL;
    TEST_FAILS(ASSAY_USAGE, assay_server_start(&half, &none, &test_err));
    const struct assay_server_options wrong = {
        .listen = "127.0.0.1:0", .tls_cert = cert, .tls_key = cert, .threads = 1};
    TEST_FAILS(ASSAY_USAGE, assay_server_start(&wrong, &none, &test_err));
    assay_http_close(f.http);
    assay_server_stop(server);
    unlink(cert);
    unlink(key);
    rmdir(folder);
}

/* Every route that clients of the platform need is in the document; what is not built is not. */
static void test_openapi(struct fixture *f)
{
    static const char *const present[] = {"get /status",
                                          "get /connections",
                                          "post /connections",
                                          "get /connections/{id}",
                                          "put /connections/{id}",
                                          "delete /connections/{id}",
                                          "post /connections/{id}/test",
                                          "get /datastores",
                                          "post /datastores",
                                          "get /datastores/{id}",
                                          "put /datastores/{id}",
                                          "delete /datastores/{id}",
                                          "post /datastores/connection",
                                          "post /datastores/{id}/connection",
                                          "get /containers",
                                          "patch /containers",
                                          "get /containers/listing",
                                          "post /containers/validate",
                                          "get /containers/{id}",
                                          "put /containers/{id}",
                                          "delete /containers/{id}",
                                          "get /containers/{id}/field-profiles",
                                          "get /containers/{id}/fields",
                                          "get /quality-checks",
                                          "post /quality-checks",
                                          "delete /quality-checks",
                                          "get /quality-checks/{id}",
                                          "put /quality-checks/{id}",
                                          "delete /quality-checks/{id}",
                                          "get /anomalies",
                                          "patch /anomalies",
                                          "delete /anomalies",
                                          "get /anomalies/{uuid}",
                                          "put /anomalies/{uuid}",
                                          "delete /anomalies/{uuid}",
                                          "post /operations/run",
                                          "get /operations",
                                          "get /operations/{id}",
                                          "put /operations/abort/{id}",
                                          "get /global-tags",
                                          "post /global-tags",
                                          "get /global-tags/{name}",
                                          "delete /global-tags/{name}",
                                          "get /teams",
                                          "get /teams/{id}",
                                          "get /users",
                                          "get /users/{id}"};
    static const char *const absent[] = {"post /containers", "post /computed-fields",
                                         "get /quality-check-templates", "post /export/anomalies",
                                         "patch /datastores/{id}/enrichment/{enrichment_id}"};
    json_t *document = CALL(f, 200, "GET", "/openapi.json", NULL);
    const json_t *paths = json_object_get(document, "paths");
    for (size_t i = 0; i < ASSAY_COUNT(present) + ASSAY_COUNT(absent); i++) {
        const bool wanted = i < ASSAY_COUNT(present);
        const char *text = wanted ? present[i] : absent[i - ASSAY_COUNT(present)];
        char method[16] = {0}, path[128];
        (void)snprintf(method, sizeof method, "%.*s", (int)strcspn(text, " "), text);
        (void)snprintf(path, sizeof path, "/api%s", strchr(text, '/'));
        if (json_is_object(json_object_get(json_object_get(paths, path), method)) != wanted)
            fail_msg("%s: %s", text, wanted ? "missing" : "there");
    }
    json_decref(document);
    int status = 0;
    char url[128];
    (void)snprintf(url, sizeof url, "%s/api/docs", assay_api_url(f->api));
    json_decref(call_raw(f, "GET", url, NULL, NULL, 0, &status));
    assert_int_equal(status, 200);
}

/* Another passphrase is refused before anything is served. */
static void test_passphrase(struct fixture *f)
{
    ASSAY_AUTO(assay_keyring_free) struct assay_keyring *other = NULL;
    TEST_OK(assay_keyring_new((const char *const[]){"another passphrase entirely"}, 1, &other,
                              &test_err));
    const struct assay_api_options options = {
        .config = f->config, .db = f->base.db, .store = f->store, .keyring = other};
    struct assay_api *api = NULL;
    TEST_FAILS(ASSAY_DENIED, assay_api_start(&options, &api, &test_err));
}

ON_SQLITE(internal_door)
ON_SQLITE(authorize)
ON_SQLITE(openapi)
ON_SQLITE(passphrase)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_sqlite_internal_door), cmocka_unit_test(on_sqlite_authorize),
        cmocka_unit_test(on_sqlite_openapi),       cmocka_unit_test(on_sqlite_passphrase),
        cmocka_unit_test(test_addresses),          cmocka_unit_test(test_tls)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
