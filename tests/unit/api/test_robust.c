// The API against bad callers: tokens, broken, large and slow requests.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/api/api_socket.h"

#include "common/crypto/jwt.h"
#include "scheduler/api/internal.h"

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

/* Clients that drip must not keep others waiting: those are answered while they go on. */
static void test_slow_clients(struct fixture *f)
{
    const int port = port_of(assay_api_url(f->api));
    enum { SLOW = 300, CALLS = 5 };
    static int fds[SLOW];
    for (int i = 0; i < SLOW; i++) {
        fds[i] = connect_to(port);
        static const char head[] =
            "POST /api/connections HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{";
        assert_true(send(fds[i], head, i % 2 ? sizeof head - 1 : 20, MSG_NOSIGNAL) > 0);
    }
    for (int round = 0; round < CALLS; round++) {
        json_decref(CALL(f, 200, "GET", "/connections", NULL));
        for (int i = 0; i < SLOW; i++)
            assert_int_equal(send(fds[i], "x", 1, MSG_NOSIGNAL), 1);
    }
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

ON_SQLITE(broken_requests)
ON_SQLITE(garbage)
ON_SQLITE(bad_bodies_and_ids)
ON_SQLITE(places)
ON_SQLITE(types_and_sizes)
ON_SQLITE(wrong_tokens)
ON_SQLITE(slow_clients)
ON_SQLITE(waiting_tests)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_sqlite_broken_requests),    cmocka_unit_test(on_sqlite_garbage),
        cmocka_unit_test(on_sqlite_bad_bodies_and_ids), cmocka_unit_test(on_sqlite_places),
        cmocka_unit_test(on_sqlite_types_and_sizes),    cmocka_unit_test(on_sqlite_wrong_tokens),
        cmocka_unit_test(on_sqlite_slow_clients),       cmocka_unit_test(on_sqlite_waiting_tests)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
