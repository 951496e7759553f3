// The doors against bad callers: tokens, broken, large and slow requests, addresses.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/api/api_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "common/base/file.h"
#include "common/crypto/encoding.h"
#include "common/crypto/jwt.h"
#include "scheduler/api/internal.h"

static int port_of(const char *url)
{
    return atoi(strrchr(url, ':') + 1);
}

static int connect_to(int port)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    const struct timeval limit = {.tv_sec = 1};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return fd;
}

/* Send raw bytes, and the end of the stream where they are not a whole request; the status of the
 * answer, 0 when the server just closed or waits for more. */
static int raw_status(int port, const void *bytes, size_t size_bytes, bool whole)
{
    const int fd = connect_to(port);
    char answer[64] = {0};
    size_t sent = 0;
    while (sent < size_bytes) {
        const ssize_t now = send(fd, (const char *)bytes + sent, size_bytes - sent, MSG_NOSIGNAL);
        if (now <= 0)
            break;
        sent += (size_t)now;
    }
    if (!whole)
        (void)shutdown(fd, SHUT_WR);
    const ssize_t got = recv(fd, answer, sizeof answer - 1, 0);
    close(fd);
    int status = 0;
    if (got > 0)
        (void)sscanf(answer, "HTTP/1.%*c %d", &status);
    return status;
}

static void test_broken_requests(struct fixture *f)
{
    const int port = port_of(assay_api_url(f->api));
    static const struct {
        const char *text;
        int low, high; /* statuses that are sane */
    } cases[] = {
        {"", 0, 0},
        {"\r\n\r\n", 0, 499},
        {"GET\r\n\r\n", 0, 499},
        {"GET /api/status\r\n\r\n", 0, 499},
        {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 0, 499},
        {"GET /api/status HTTP/1.1\r\nHost: x\r\n\r\n", 200, 200},
        {"GET /api/status/ HTTP/1.1\r\nHost: x\r\n\r\n", 200, 200},
        {"HEAD /api/status HTTP/1.1\r\nHost: x\r\n\r\n", 200, 200},
        {"OPTIONS /api/connections HTTP/1.1\r\nHost: x\r\n\r\n", 204, 204},
        {"BREW /api/connections HTTP/1.1\r\nHost: x\r\n\r\n", 405, 405},
        {"PATCH /api/connections HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 405, 405},
        {"GET /api HTTP/1.1\r\nHost: x\r\n\r\n", 404, 404},
        {"GET /apistatus HTTP/1.1\r\nHost: x\r\n\r\n", 404, 404},
        {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 302, 302},
        {"GET /api/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", 404, 404},
        {"GET http://elsewhere/api/status HTTP/1.1\r\nHost: x\r\n\r\n", 200, 404},
        {"GET /api/connections HTTP/1.1\r\nHost: x\r\n\r\n", 401, 401},
        {"GET /api/connections HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YTpi\r\n\r\n", 401, 401},
        {"GET /api/connections HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer\r\n\r\n", 401, 401},
        {"GET /api/connections HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a.b.c\r\n\r\n", 401,
         401},
        {"POST /api/connections HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n{", 413,
         413},
        {"POST /api/connections HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n{", 0, 499},
        {"POST /api/connections HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", 0,
         499},
        {"GET /api/status?%00=%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400, 400},
        {"GET /api/status?a=%ff HTTP/1.1\r\nHost: x\r\n\r\n", 400, 400},
        {"GET /api/status?&&=&a&b=&[]=1 HTTP/1.1\r\nHost: x\r\n\r\n", 200, 200},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        const int status = raw_status(port, cases[i].text, strlen(cases[i].text), cases[i].low > 0);
        if (status < cases[i].low || status > cases[i].high)
            fail_msg("case %zu: %d", i, status);
    }
    ASSAY_SCOPED(assay_buf_release) struct assay_buf huge = {0};
    assay_buf_text(&huge, "GET /api/status HTTP/1.1\r\nHost: x\r\nX-Huge: ");
    for (size_t i = 0; i < 200000; i++)
        assay_buf_char(&huge, 'h');
    assay_buf_text(&huge, "\r\n\r\n");
    const int status = raw_status(port, huge.data, huge.size, false);
    assert_true(status == 0 || (status >= 400 && status < 500));
    json_decref(CALL(f, 200, "GET", "/status", NULL)); /* still there */
}

/* Bytes by chance, the same each time. */
static void test_garbage(struct fixture *f)
{
    const int port = port_of(assay_api_url(f->api));
    static const char head[] =
        "POST /api/connections HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n";
    uint64_t state = 42;
    for (int round = 0; round < 200; round++) {
        unsigned char bytes[512];
        for (size_t i = 0; i < sizeof bytes; i++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            bytes[i] = (unsigned char)(state >> 56);
        }
        if (round % 2)
            memcpy(bytes, head, sizeof head - 1);
        const int status = raw_status(port, bytes, sizeof bytes, false);
        assert_true(status == 0 || (status >= 400 && status < 500));
    }
    json_decref(CALL(f, 200, "GET", "/status", NULL));
}

static void test_bad_bodies_and_ids(struct fixture *f)
{
    static const struct {
        int status;
        const char *method, *path, *body;
    } cases[] = {
        {422, "POST", "/connections", NULL},
        {422, "POST", "/connections", "   "},
        {422, "POST", "/connections", "{"},
        {422, "POST", "/connections", "[]"},
        {422, "POST", "/connections", "\"text\""},
        {422, "POST", "/connections", "{\"type\":\"postgresql\",\"name\":\"a\",\"name\":\"b\"}"},
        {422, "POST", "/connections", "{\"type\":\"postgresql\",\"name\":\"\xff\"}"},
        {422, "POST", "/connections",
         "{\"type\":\"postgresql\",\"name\":\"a\\u0000b\",\"host\":\"h\"}"},
        {422, "POST", "/connections", "{\"type\":\"nonsense\",\"name\":\"a\"}"},
        {422, "POST", "/connections", "{\"type\":\"postgresql\",\"name\":\"a\"}"},
        {422, "POST", "/connections",
         "{\"type\":\"postgresql\",\"name\":\"a\",\"host\":\"h\",\"port\":99999}"},
        {422, "POST", "/connections", "{\"type\":\"postgresql\",\"name\":7,\"host\":\"h\"}"},
        {422, "POST", "/connections",
         "{\"type\":\"postgresql\",\"name\":\"a\",\"host\":\"h\",\"parameters\":[]}"},
        {422, "DELETE", "/quality-checks", "{\"id\":1}"},
        {422, "DELETE", "/quality-checks", "[{\"id\":\"1\"}]"},
        {422, "DELETE", "/quality-checks", "[7]"},
        {422, "PATCH", "/anomalies", NULL},
        {422, "GET", "/connections/0", NULL},
        {422, "GET", "/connections/-1", NULL},
        {422, "GET", "/connections/1x", NULL},
        {422, "GET", "/connections/99999999999999999999", NULL},
        {422, "GET", "/connections/1%3BDROP%20TABLE%20connection", NULL},
        {404, "GET", "/connections/9223372036854775807", NULL},
        {400, "GET", "/global-tags/%00", NULL},
        {400, "GET", "/global-tags/%e0%80", NULL},
        {404, "GET", "/global-tags/';DROP%20TABLE%20global_tag;--", NULL},
        {404, "GET", "/connections/1/nothing", NULL},
        {404, "GET", "/nothing", NULL},
        {405, "DELETE", "/status", NULL},
        {422, "GET", "/containers?page=0", NULL},
        {422, "GET", "/containers?size=100000", NULL},
        {422, "GET", "/containers?page=1e9", NULL},
        {422, "GET", "/containers?page=99999999999999999999", NULL},
        {200, "GET", "/containers?page=9223372036854775", NULL},
        {422, "GET", "/containers?datastore=1'OR'1", NULL},
        {422, "GET", "/containers?archived=perhaps", NULL},
        {422, "GET", "/containers?sort_name=sideways", NULL},
        {200, "GET",
         "/containers?datastore=1&datastore=2&tag=x'--&unknown=1&page=&size=&name=", NULL},
        {204, "PATCH", "/anomalies", "[]"},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++)
        json_decref(CALL(f, cases[i].status, cases[i].method, cases[i].path, cases[i].body));
    json_t *error =
        CALL(f, 422, "POST", "/connections", "{\"type\":\"postgresql\",\"host\":\"h\"}");
    const json_t *first = json_array_get(json_object_get(error, "detail"), 0);
    assert_string_equal(text_at(first, "msg"), "\"name\" is missing");
    assert_string_equal(text_at(first, "type"), "value_error");
    assert_string_equal(json_string_value(json_array_get(json_object_get(first, "loc"), 1)),
                        "name");
    json_decref(error);
}

/* A 422 says where the request has the value: pydantic's loc. */
static void test_places(struct fixture *f)
{
    static const struct {
        const char *method, *path, *body, *place;
    } cases[] = {
        {"GET", "/connections/x", NULL, "path"},
        {"GET", "/connections?page=0", NULL, "query"},
        {"GET", "/anomalies?start_date=never", NULL, "query"},
        {"POST", "/connections", "{\"name\":5}", "body"},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        json_t *error = CALL(f, 422, cases[i].method, cases[i].path, cases[i].body);
        const json_t *first = json_array_get(json_object_get(error, "detail"), 0);
        const json_t *place = json_array_get(json_object_get(first, "loc"), 0);
        assert_string_equal(json_string_value(place), cases[i].place);
        json_decref(error);
    }
}

static void test_types_and_sizes(struct fixture *f)
{
    char url[256], authorization[1024];
    int status = 0;
    (void)snprintf(url, sizeof url, "%s/api/connections", assay_api_url(f->api));
    (void)snprintf(authorization, sizeof authorization, "Authorization: Bearer %s", f->token);
    const char *const text[] = {authorization, "Content-Type: text/plain", NULL};
    json_decref(call_raw(f, "POST", url, text, "{}", 2, &status));
    assert_int_equal(status, 415);
    const char *const json[] = {authorization, "Content-Type: application/json; charset=utf-8",
                                NULL};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf large = {0};
    assay_buf_text(&large, "{\"type\":\"postgresql\",\"host\":\"");
    while (large.size < (1 << 20) + 100)
        assay_buf_text(
            &large, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    assay_buf_text(&large, "\"}");
    json_decref(call_raw(f, "POST", url, json, large.data, large.size, &status));
    assert_int_equal(status, 413);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf deep = {0};
    for (int i = 0; i < 100000; i++)
        assay_buf_char(&deep, '[');
    json_decref(call_raw(f, "POST", url, json, deep.data, deep.size, &status));
    assert_int_equal(status, 422);
}

/* Signed with the right key, yet not good: another door, no such id, expired. */
static void test_wrong_tokens(struct fixture *f)
{
    static const struct {
        const char *claims;
    } cases[] = {{"{\"aud\":\"api\",\"jti\":\"nothing\"}"},
                 {"{\"aud\":\"worker\",\"jti\":\"x\"}"},
                 {"{\"jti\":\"x\"}"},
                 {"{}"},
                 {"{\"aud\":\"api\",\"jti\":\"' OR 1=1 --\"}"},
                 {"{\"aud\":\"api\",\"jti\":\"x\",\"exp\":1}"},
                 {"{\"aud\":\"api\",\"jti\":\"x\",\"exp\":\"later\"}"}};
    char *kept = f->token;
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        ASSAY_AUTO(assay_json_decref) json_t *claims = json_loads(cases[i].claims, 0, NULL);
        struct assay_buf token = {0};
        TEST_OK(assay_jwt_sign(claims, f->keyring->keys[0].secret[ASSAY_KEY_TOKEN], ASSAY_KEY_BYTES,
                               &token, &test_err));
        f->token = token.data;
        json_decref(CALL(f, 401, "GET", "/connections", NULL));
        assay_buf_release(&token);
    }
    f->token = kept;
}

/* Clients that drip must not keep others waiting. */
static void test_slow_clients(struct fixture *f)
{
    const int port = port_of(assay_api_url(f->api));
    enum { SLOW = 300 };
    static int fds[SLOW];
    for (int i = 0; i < SLOW; i++) {
        fds[i] = connect_to(port);
        static const char head[] =
            "POST /api/connections HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{";
        assert_true(send(fds[i], head, i % 2 ? sizeof head - 1 : 20, MSG_NOSIGNAL) > 0);
    }
    const int64_t start = assay_monotonic_ns();
    for (int i = 0; i < 20; i++)
        json_decref(CALL(f, 200, "GET", "/connections", NULL));
    assert_true(assay_monotonic_ns() - start < INT64_C(5000000000));
    for (int i = 0; i < SLOW; i++)
        close(fds[i]);
}

/* Tests of sources wait for workers; everything else goes on meanwhile, and too many are
 * refused. */
static void *wait_for_test(void *context)
{
    struct fixture *f = context;
    struct fixture own = {.api = f->api, .token = f->token};
    TEST_OK(assay_http_open(NULL, &own.http, &test_err));
    int status = 0;
    json_decref(call(&own, "POST", "/connections/test",
                     "{\"type\":\"postgresql\",\"name\":\"x\",\"host\":\"up\"}", &status));
    assay_http_close(own.http);
    return (void *)(intptr_t)status;
}

static void test_waiting_tests(struct fixture *f)
{
    enum { WAITING = 12 };
    pthread_t threads[WAITING];
    park_worker(f);
    for (int i = 0; i < WAITING; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, wait_for_test, f), 0);
    while (atomic_load(&f->api->inspecting) < 8)
        usleep(1000);
    json_decref(CALL(f, 200, "GET", "/connections", NULL));
    atomic_store(&f->idle, false);
    int done = 0, refused = 0;
    for (int i = 0; i < WAITING; i++) {
        void *status = NULL;
        (void)pthread_join(threads[i], &status);
        done += (intptr_t)status == 204;
        refused += (intptr_t)status == 503;
    }
    assert_int_equal(done + refused, WAITING);
    assert_true(done >= 8);
    assert_int_equal(test_int(f->base.db, "SELECT count(*) FROM operation"), 0);
}

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

static void run_on_sqlite(void (*body)(struct fixture *f))
{
    struct fixture f;
    fixture_start(&f, ASSAY_DB_SQLITE);
    body(&f);
    fixture_stop(&f);
}

#define ON_SQLITE(name)                                                                            \
    static void on_sqlite_##name(void **state)                                                     \
    {                                                                                              \
        (void)state;                                                                               \
        run_on_sqlite(test_##name);                                                                \
    }
ON_SQLITE(broken_requests)
ON_SQLITE(garbage)
ON_SQLITE(bad_bodies_and_ids)
ON_SQLITE(places)
ON_SQLITE(types_and_sizes)
ON_SQLITE(wrong_tokens)
ON_SQLITE(slow_clients)
ON_SQLITE(waiting_tests)
ON_SQLITE(internal_door)
ON_SQLITE(authorize)
ON_SQLITE(openapi)
ON_SQLITE(passphrase)

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(on_sqlite_broken_requests),
                                       cmocka_unit_test(on_sqlite_garbage),
                                       cmocka_unit_test(on_sqlite_bad_bodies_and_ids),
                                       cmocka_unit_test(on_sqlite_places),
                                       cmocka_unit_test(on_sqlite_types_and_sizes),
                                       cmocka_unit_test(on_sqlite_wrong_tokens),
                                       cmocka_unit_test(on_sqlite_slow_clients),
                                       cmocka_unit_test(on_sqlite_waiting_tests),
                                       cmocka_unit_test(on_sqlite_internal_door),
                                       cmocka_unit_test(on_sqlite_authorize),
                                       cmocka_unit_test(on_sqlite_openapi),
                                       cmocka_unit_test(on_sqlite_passphrase),
                                       cmocka_unit_test(test_addresses),
                                       cmocka_unit_test(test_tls)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
