// HTTP client: one request, and its repetitions.
// SPDX-License-Identifier: Apache-2.0
#include "common/http/http.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/memory.h"

enum {
    DEFAULT_TIMEOUT_MS = 30000,
    DEFAULT_CONNECT_MS = 5000,
    DEFAULT_ATTEMPTS = 3,
    FIRST_PAUSE_MS = 200,
    LAST_PAUSE_MS = 5000,
    LONGEST_RETRY_AFTER_MS = 30000,
    MAX_HEADERS_BYTES = 256 << 10,
    CANCEL_STEP_MS = 200,
};

struct assay_http {
    CURL *curl;
    char *ca_file;
    char reason[CURL_ERROR_SIZE];
};

/* One attempt as its callbacks see it. */
struct attempt {
    struct assay_http *http;
    const struct assay_http_request *request;
    struct assay_http_response *response;
    struct assay_error *err;
    int stop;       /* what a callback ended the attempt with */
    bool handed_on; /* data went to on_data: cannot be repeated */
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_started = CURLE_FAILED_INIT;

static void start_curl(void)
{
    curl_started = curl_global_init(CURL_GLOBAL_DEFAULT);
}

int assay_http_open(const struct assay_http_options *options, struct assay_http **ret_http,
                    struct assay_error *err)
{
    (void)pthread_once(&curl_once, start_curl);
    if (curl_started != CURLE_OK)
        return assay_fail(err, ASSAY_INTERNAL, "libcurl does not start: %s",
                          curl_easy_strerror(curl_started));
    ASSAY_AUTO(assay_http_close) struct assay_http *http = assay_calloc(1, sizeof *http);
    if (!http || !(http->curl = curl_easy_init()))
        return assay_fail_memory(err);
    if (options && options->ca_file && !(http->ca_file = assay_strdup(options->ca_file)))
        return assay_fail_memory(err);
    *ret_http = ASSAY_TAKE(http);
    return ASSAY_OK;
}

void assay_http_close(struct assay_http *http)
{
    if (!http)
        return;
    if (http->curl)
        curl_easy_cleanup(http->curl);
    assay_free(http->ca_file);
    assay_free(http);
}

static size_t take_header(char *data, size_t size, size_t count, void *context)
{
    struct attempt *attempt = context;
    struct assay_buf *headers = &attempt->response->headers;
    if (size * count > 5 && memcmp(data, "HTTP/", 5) == 0) { /* a redirect's or 100's come before */
        assay_buf_clear(headers);
        assay_buf_clear(&attempt->response->body);
    }
    assay_buf_append(headers, data, size * count);
    if (!headers->failed)
        return size * count;
    attempt->stop = assay_fail(attempt->err, ASSAY_LIMIT,
                               "the answer's headers are larger than %d bytes", MAX_HEADERS_BYTES);
    return 0;
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    struct attempt *attempt = context;
    long status = 0;
    curl_easy_getinfo(attempt->http->curl, CURLINFO_RESPONSE_CODE, &status);
    if (attempt->request->on_data && status >= 200 && status < 300) {
        attempt->handed_on = true;
        attempt->stop =
            attempt->request->on_data(data, size * count, attempt->request->context, attempt->err);
        return attempt->stop == ASSAY_OK ? size * count : 0;
    }
    struct assay_buf *body = &attempt->response->body;
    assay_buf_append(body, data, size * count);
    if (!body->failed)
        return size * count;
    attempt->stop = assay_fail(attempt->err, ASSAY_LIMIT, "the answer is larger than %zu bytes",
                               body->max_bytes);
    return 0;
}

static int watch(void *context, curl_off_t down_all, curl_off_t down, curl_off_t up_all,
                 curl_off_t up)
{
    (void)down_all, (void)down, (void)up_all, (void)up;
    const struct attempt *attempt = context;
    return attempt->request->cancelled && atomic_load(attempt->request->cancelled) ? 1 : 0;
}

static void set_body(CURL *curl, const struct assay_http_request *request)
{
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    if (strcmp(request->method, "HEAD") == 0)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    if (!request->body)
        return;
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->size_bytes);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
}

/* Options of one attempt; a handle starts from nothing each time but keeps its connections. */
static void set_options(struct attempt *attempt, struct curl_slist *headers, int64_t left_ms)
{
    const struct assay_http_request *request = attempt->request;
    CURL *curl = attempt->http->curl;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, request->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR,
                     strncmp(request->url, "https:", 6) == 0 ? "https" : "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, request->follow_redirects ? 1L : 0L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 5L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "assay/" ASSAY_VERSION);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, attempt->http->reason);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    if (attempt->http->ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, attempt->http->ca_file);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)left_ms);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)(request->connect_ms ? request->connect_ms : DEFAULT_CONNECT_MS));
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, attempt);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, attempt);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, request->cancelled ? 0L : 1L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, attempt);
    set_body(curl, request);
}

static const struct {
    CURLcode curl;
    int code;
} curl_codes[] = {
    {CURLE_URL_MALFORMAT, ASSAY_INVALID},           {CURLE_UNSUPPORTED_PROTOCOL, ASSAY_INVALID},
    {CURLE_OPERATION_TIMEDOUT, ASSAY_TIMEOUT},      {CURLE_ABORTED_BY_CALLBACK, ASSAY_CANCELLED},
    {CURLE_PEER_FAILED_VERIFICATION, ASSAY_DENIED}, {CURLE_SSL_CACERT_BADFILE, ASSAY_INVALID},
    {CURLE_SSL_CERTPROBLEM, ASSAY_DENIED},          {CURLE_TOO_MANY_REDIRECTS, ASSAY_INVALID},
    {CURLE_OUT_OF_MEMORY, ASSAY_NO_MEMORY},
};

static int code_of_curl(CURLcode curl)
{
    for (size_t i = 0; i < ASSAY_COUNT(curl_codes); i++)
        if (curl_codes[i].curl == curl)
            return curl_codes[i].code;
    return ASSAY_UNAVAILABLE;
}

/* An error of the transport: method, host and path, and libcurl's reason with the secrets left
 * out. */
static int fail_attempt(struct attempt *attempt, CURLcode curl)
{
    const struct assay_http_request *request = attempt->request;
    const char *reason =
        attempt->http->reason[0] ? attempt->http->reason : curl_easy_strerror(curl);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    assay_http_append_location(&text, request->url);
    if (attempt->stop != ASSAY_OK)
        return assay_context(attempt->err, attempt->stop, "%s %s", request->method,
                             assay_buf_str(&text));
    assay_buf_text(&text, ": ");
    assay_http_append_redacted(&text, reason, strlen(reason), request->secrets);
    return assay_fail(attempt->err, code_of_curl(curl), "%s %s", request->method,
                      assay_buf_str(&text));
}

static int run_attempt(struct attempt *attempt, struct curl_slist *headers, int64_t left_ms)
{
    assay_buf_clear(&attempt->response->body);
    assay_buf_clear(&attempt->response->headers);
    attempt->response->status = 0;
    attempt->http->reason[0] = '\0';
    set_options(attempt, headers, left_ms);
    const CURLcode curl = curl_easy_perform(attempt->http->curl);
    if (curl != CURLE_OK)
        return fail_attempt(attempt, curl);
    long status = 0;
    curl_easy_getinfo(attempt->http->curl, CURLINFO_RESPONSE_CODE, &status);
    attempt->response->status = (int)status;
    return ASSAY_OK;
}

static bool may_repeat(const struct assay_http_request *request)
{
    static const char *const safe[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"};
    for (size_t i = 0; i < ASSAY_COUNT(safe); i++)
        if (strcmp(request->method, safe[i]) == 0)
            return true;
    return request->idempotent;
}

static bool is_passing(int rc, int status)
{
    return rc == ASSAY_UNAVAILABLE || rc == ASSAY_TIMEOUT ||
           (rc == ASSAY_OK && (status == 429 || (status >= 502 && status <= 504)));
}

/* Pause before the next attempt: half fixed, half by chance; or what the server asks for. */
static int64_t pause_ms(const struct assay_http_response *response, int attempt_no)
{
    ASSAY_AUTO(assay_free_text) char *after = NULL;
    if (assay_http_header(response, "Retry-After", &after, NULL) == ASSAY_OK && after) {
        char *end = NULL;
        const long seconds = strtol(after, &end, 10);
        if (end != after && seconds >= 0)
            return seconds < LONGEST_RETRY_AFTER_MS / 1000 ? seconds * 1000
                                                           : LONGEST_RETRY_AFTER_MS;
    }
    int64_t longest = FIRST_PAUSE_MS;
    for (int i = 1; i < attempt_no && longest < LAST_PAUSE_MS; i++)
        longest *= 2;
    if (longest > LAST_PAUSE_MS)
        longest = LAST_PAUSE_MS;
    return longest / 2 + (assay_monotonic_ns() / 1000) % (longest / 2 + 1);
}

static bool sleep_unless_cancelled(const struct assay_http_request *request, int64_t ms)
{
    while (ms > 0) {
        if (request->cancelled && atomic_load(request->cancelled))
            return false;
        const int64_t step = ms < CANCEL_STEP_MS ? ms : CANCEL_STEP_MS;
        assay_sleep_ms(step);
        ms -= step;
    }
    return true;
}

static int64_t left_ms(int64_t deadline_ns)
{
    return (deadline_ns - assay_monotonic_ns()) / 1000000;
}

static int send_with_retries(struct attempt *attempt, struct curl_slist *headers, int attempts,
                             int64_t deadline_ns)
{
    for (int attempt_no = 1;; attempt_no++) {
        assay_error_clear(attempt->err);
        const int rc = run_attempt(attempt, headers, left_ms(deadline_ns));
        if (attempt_no >= attempts || attempt->handed_on || attempt->stop != ASSAY_OK ||
            !is_passing(rc, attempt->response->status))
            return rc;
        const int64_t pause = pause_ms(attempt->response, attempt_no);
        if (pause >= left_ms(deadline_ns))
            return rc;
        if (!sleep_unless_cancelled(attempt->request, pause))
            return assay_fail(attempt->err, ASSAY_CANCELLED, "the request was cancelled");
    }
}

static int make_headers(const struct assay_http_request *request, struct curl_slist **ret_headers,
                        struct assay_error *err)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:"); /* no 100-continue round trip */
    for (const char *const *header = request->headers; list && header && *header; header++) {
        struct curl_slist *longer = curl_slist_append(list, *header);
        if (!longer)
            curl_slist_free_all(list);
        list = longer;
    }
    if (!list)
        return assay_fail_memory(err);
    *ret_headers = list;
    return ASSAY_OK;
}

int assay_http_send(struct assay_http *http, const struct assay_http_request *request,
                    struct assay_http_response *ret_response, struct assay_error *err)
{
    struct assay_error own = {0};
    struct assay_http_response response = {.body.max_bytes = request->max_body_bytes
                                                                 ? request->max_body_bytes
                                                                 : ASSAY_HTTP_MAX_BODY_BYTES,
                                           .headers.max_bytes = MAX_HEADERS_BYTES};
    struct attempt attempt = {.http = http, .request = request, .response = &response, .err = &own};
    struct curl_slist *headers = NULL;
    ASSAY_TRY(make_headers(request, &headers, err));
    const int64_t timeout_ms = request->timeout_ms ? request->timeout_ms : DEFAULT_TIMEOUT_MS;
    int attempts = request->attempts ? request->attempts : DEFAULT_ATTEMPTS;
    if (!may_repeat(request))
        attempts = 1;
    const int rc =
        send_with_retries(&attempt, headers, attempts, assay_monotonic_ns() + timeout_ms * 1000000);
    curl_slist_free_all(headers);
    curl_easy_reset(http->curl); /* forgets what it borrowed */
    if (rc != ASSAY_OK) {
        assay_http_response_release(&response);
        if (err && err->code == ASSAY_OK)
            *err = own;
        return rc;
    }
    assay_http_response_release(ret_response);
    *ret_response = response;
    return ASSAY_OK;
}
