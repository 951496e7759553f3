// HTTP client against a real server (server.py): retries, limits, TLS, streaming, redaction.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/memory.h"
#include "common/http/http.h"

static struct {
    pid_t pid;
    int input;
    int port, tls_port;
    char ca_file[256];
} server;

static int start_server(void **state)
{
    (void)state;
    int in[2], out[2];
    if (pipe(in) || pipe(out))
        return -1;
    server.pid = fork();
    if (server.pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[1]);
        close(out[0]);
        execlp("python3", "python3", ASSAY_SOURCE_DIR "/tests/unit/http/server.py", (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    server.input = in[1];
    FILE *answers = fdopen(out[0], "r");
    const int got =
        answers ? fscanf(answers, "%d %d %255s", &server.port, &server.tls_port, server.ca_file)
                : 0;
    if (answers)
        fclose(answers);
    return got == 3 ? 0 : -1;
}

static int stop_server(void **state)
{
    (void)state;
    close(server.input);
    return waitpid(server.pid, NULL, 0) == server.pid ? 0 : -1;
}

static char *url_of(const char *path)
{
    static char url[256];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d%s", server.port, path);
    return url;
}

static int get(const char *path, struct assay_http_request request,
               struct assay_http_response *response, struct assay_error *err)
{
    ASSAY_AUTO(assay_http_close) struct assay_http *http = NULL;
    ASSAY_TRY(assay_http_open(NULL, &http, err));
    request.method = request.method ? request.method : "GET";
    request.url = request.url ? request.url : url_of(path);
    return assay_http_send(http, &request, response, err);
}

static int64_t count_of(const char *path)
{
    char target[64];
    (void)snprintf(target, sizeof target, "/count?%s", path);
    ASSAY_SCOPED(assay_http_response_release) struct assay_http_response response = {0};
    assert_int_equal(get(target, (struct assay_http_request){0}, &response, NULL), ASSAY_OK);
    return strtol(assay_buf_str(&response.body), NULL, 10);
}

static void test_methods_headers_body(void **state)
{
    (void)state;
    static const struct {
        const char *method, *body, *answer;
    } cases[] = {{"GET", NULL, "GET abc "}, {"POST", "hello", "POST abc hello"},
                 {"PUT", "x", "PUT abc x"}, {"DELETE", "[1]", "DELETE abc [1]"},
                 {"HEAD", NULL, ""},        {"POST", "", "POST abc "}};
    ASSAY_AUTO(assay_http_close) struct assay_http *http = NULL;
    assert_int_equal(assay_http_open(NULL, &http, NULL), ASSAY_OK);
    ASSAY_SCOPED(assay_http_response_release) struct assay_http_response response = {0};
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        const char *const headers[] = {"X-Test: abc", NULL};
        const struct assay_http_request request = {.method = cases[i].method,
                                                   .url = url_of("/echo"),
                                                   .headers = headers,
                                                   .body = cases[i].body,
                                                   .size_bytes =
                                                       cases[i].body ? strlen(cases[i].body) : 0};
        assert_int_equal(assay_http_send(http, &request, &response, NULL), ASSAY_OK);
        assert_int_equal(response.status, 200);
        assert_string_equal(assay_buf_str(&response.body), cases[i].answer);
        ASSAY_AUTO(assay_free_text) char *reply = NULL;
        assert_int_equal(assay_http_header(&response, "x-reply", &reply, NULL), ASSAY_OK);
        assert_string_equal(reply, "yes");
    }
}

static void test_repeats_what_may_be_repeated(void **state)
{
    (void)state;
    ASSAY_SCOPED(assay_http_response_release) struct assay_http_response response = {0};
    assert_int_equal(get("/flaky", (struct assay_http_request){0}, &response, NULL), ASSAY_OK);
    assert_int_equal(response.status, 200);
    assert_string_equal(assay_buf_str(&response.body), "attempt 3");
    const struct assay_http_request post = {.method = "POST", .body = "", .size_bytes = 0};
    assert_int_equal(get("/flaky", post, &response, NULL), ASSAY_OK);
    assert_int_equal(response.status, 503);
    assert_int_equal(count_of("/flaky"), 4);
    assert_int_equal(get("/always503", (struct assay_http_request){.attempts = 4}, &response, NULL),
                     ASSAY_OK);
    assert_int_equal(response.status, 503);
    assert_int_equal(count_of("/always503"), 4);
    const struct assay_http_request request = {.method = "GET", .url = "http://h/x"};
    assert_int_equal(assay_http_check(&request, &response, NULL), ASSAY_UNAVAILABLE);
}

static void test_limits(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        struct assay_http_request request;
        int code;
    } cases[] = {
        {"/never", {.timeout_ms = 300}, ASSAY_TIMEOUT},
        {"/large", {.max_body_bytes = 100000}, ASSAY_LIMIT},
        {"/large", {.max_body_bytes = 2000000}, ASSAY_OK},
        {"/headers", {.attempts = 1}, ASSAY_LIMIT},
        {"/cut", {.attempts = 1}, ASSAY_UNAVAILABLE},
        {"", {.url = "http://127.0.0.1:1/", .attempts = 1}, ASSAY_UNAVAILABLE},
        {"", {.url = "file:///etc/passwd"}, ASSAY_INVALID},
        {"", {.url = "nonsense://"}, ASSAY_INVALID},
        {"",
         {.url = "http://host.invalid/", .attempts = 1, .timeout_ms = 300000, .connect_ms = 300000},
         ASSAY_UNAVAILABLE}, /* as long as the resolver likes */
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        ASSAY_SCOPED(assay_http_response_release) struct assay_http_response response = {0};
        struct assay_error err = {0};
        const int rc = get(cases[i].path, cases[i].request, &response, &err);
        if (rc != cases[i].code)
            fail_msg("case %zu: %d instead of %d: %s", i, rc, cases[i].code, err.text);
    }
}

static int collect(const char *data, size_t size_bytes, void *context, struct assay_error *err)
{
    assay_buf_append(context, data, size_bytes);
    return ((struct assay_buf *)context)->size > 1500000 ? assay_fail(err, ASSAY_STALE, "enough")
                                                         : ASSAY_OK;
}

static void test_streaming(void **state)
{
    (void)state;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf all = {0};
    ASSAY_SCOPED(assay_http_response_release) struct assay_http_response response = {0};
    const struct assay_http_request request = {.on_data = collect, .context = &all};
    assert_int_equal(get("/echo", request, &response, NULL), ASSAY_OK);
    assert_string_equal(assay_buf_str(&all), "GET - ");
    assert_int_equal(response.body.size, 0);
    assay_buf_clear(&all);
    struct assay_error err = {0};
    assert_int_equal(get("/large", request, &response, &err), ASSAY_STALE);
    assert_non_null(strstr(err.text, "enough"));
    assay_buf_clear(&all);
    assert_int_equal(get("/detail", request, &response, NULL),
                     ASSAY_OK); /* an error's body is not data */
    assert_int_equal(all.size, 0);
    assert_true(response.body.size > 0);
}

static void test_cancel(void **state)
{
    (void)state;
    atomic_bool cancelled = true;
    ASSAY_SCOPED(assay_http_response_release) struct assay_http_response response = {0};
    const struct assay_http_request request = {.timeout_ms = 300000, .cancelled = &cancelled};
    assert_int_equal(get("/never", request, &response, NULL), ASSAY_CANCELLED);
}

static void test_tls_is_verified(void **state)
{
    (void)state;
    char url[64];
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%d/echo", server.tls_port);
    const struct assay_http_request request = {.method = "GET", .url = url};
    ASSAY_SCOPED(assay_http_response_release) struct assay_http_response response = {0};
    ASSAY_AUTO(assay_http_close) struct assay_http *strict = NULL;
    assert_int_equal(assay_http_open(NULL, &strict, NULL), ASSAY_OK);
    assert_int_equal(assay_http_send(strict, &request, &response, NULL), ASSAY_DENIED);
    ASSAY_AUTO(assay_http_close) struct assay_http *trusting = NULL;
    const struct assay_http_options options = {.ca_file = server.ca_file};
    assert_int_equal(assay_http_open(&options, &trusting, NULL), ASSAY_OK);
    assert_int_equal(assay_http_send(trusting, &request, &response, NULL), ASSAY_OK);
    assert_int_equal(response.status, 200);
    (void)snprintf(url, sizeof url, "https://localhost:%d/echo",
                   server.tls_port); /* not in the certificate */
    assert_int_equal(assay_http_send(trusting, &request, &response, NULL), ASSAY_DENIED);
}

static void test_redirects(void **state)
{
    (void)state;
    ASSAY_SCOPED(assay_http_response_release) struct assay_http_response response = {0};
    assert_int_equal(get("/redirect", (struct assay_http_request){0}, &response, NULL), ASSAY_OK);
    assert_int_equal(response.status, 302);
    assert_int_equal(
        get("/redirect", (struct assay_http_request){.follow_redirects = true}, &response, NULL),
        ASSAY_OK);
    assert_int_equal(response.status, 200);
    assert_string_equal(assay_buf_str(&response.body), "GET - ");
}

static void test_no_secret_in_errors(void **state)
{
    (void)state;
    const char *const secrets[] = {"s3cret", NULL};
    char url[128];
    (void)snprintf(url, sizeof url, "http://user:s3cret@127.0.0.1:%d/detail?token=s3cret#s3cret",
                   server.port);
    const struct assay_http_request request = {.method = "GET", .url = url, .secrets = secrets};
    ASSAY_SCOPED(assay_http_response_release) struct assay_http_response response = {0};
    assert_int_equal(get("", request, &response, NULL), ASSAY_OK);
    struct assay_error err = {0};
    assert_int_equal(assay_http_check(&request, &response, &err), ASSAY_NOT_FOUND);
    char expected[256];
    (void)snprintf(expected, sizeof expected,
                   "GET http://127.0.0.1:%d/detail: answered 404: no datastore *** here",
                   server.port);
    assert_string_equal(err.text, expected);
    assert_int_equal(err.vendor_code, 404);
    struct assay_error other = {0};
    const struct assay_http_request unreachable = {
        .url = "http://user:s3cret@127.0.0.1:1/p?k=s3cret", .attempts = 1, .secrets = secrets};
    assert_int_equal(get("", unreachable, &response, &other), ASSAY_UNAVAILABLE);
    assert_null(strstr(other.text, "s3cret"));
    assert_non_null(strstr(other.text, "http://127.0.0.1:1/p"));
}

static void test_texts(void **state)
{
    (void)state;
    static const struct {
        const char *url, *location;
    } urls[] = {{"https://h:1/p?x=1#f", "https://h:1/p"},
                {"https://u:p@h/p", "https://h/p"},
                {"https://u:p@q@h", "https://h"},
                {"https://h/p@q", "https://h/p@q"},
                {"h/p?secret", "h/p"},
                {"", ""}};
    for (size_t i = 0; i < ASSAY_COUNT(urls); i++) {
        ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
        assay_http_append_location(&text, urls[i].url);
        assert_string_equal(assay_buf_str(&text), urls[i].location);
    }
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    assay_http_append_encoded(&text, "a b/\xc3\xa9?&=~-._");
    assert_string_equal(assay_buf_str(&text), "a%20b%2F%C3%A9%3F%26%3D~-._");
    assay_buf_clear(&text);
    const char *const secrets[] = {"ab", "abc", "", NULL};
    assay_http_append_redacted(&text, "xabcab-a", 8, secrets);
    assert_string_equal(assay_buf_str(&text), "x******-a");
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_methods_headers_body),
                                       cmocka_unit_test(test_repeats_what_may_be_repeated),
                                       cmocka_unit_test(test_limits),
                                       cmocka_unit_test(test_streaming),
                                       cmocka_unit_test(test_cancel),
                                       cmocka_unit_test(test_tls_is_verified),
                                       cmocka_unit_test(test_redirects),
                                       cmocka_unit_test(test_no_secret_in_errors),
                                       cmocka_unit_test(test_texts)};
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
