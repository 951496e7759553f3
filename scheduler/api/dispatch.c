// From a call to its handler: path, token, query, body; and one log line for each.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <strings.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "scheduler/api/internal.h"

enum { LARGE_BODY_BYTES = 20 << 20, BODY_BYTES = 1 << 20 };

/* The path below the prefix without query and closing slash, still encoded. Heap; NULL: not below
 * the prefix. */
static char *path_below(const char *uri, const char *prefix)
{
    const size_t skip = strlen(prefix);
    size_t size = strcspn(uri, "?#");
    if (size < skip || memcmp(uri, prefix, skip) != 0 || (uri[skip] != '/' && size != skip))
        return NULL;
    while (size > skip + 1 && uri[size - 1] == '/')
        size--;
    return size == skip ? assay_strdup("/") : assay_strndup(uri + skip, size - skip);
}

static int bearer_token(const struct assay_call *call, const char **ret_token,
                        struct assay_error *err)
{
    const char *text = call->authorization;
    if (!text || strncasecmp(text, "Bearer ", 7) != 0)
        return assay_fail(err, ASSAY_UNAUTHENTICATED, "give a token: Authorization: Bearer …");
    *ret_token = text + 7 + strspn(text + 7, " ");
    return ASSAY_OK;
}

static int authenticate(struct assay_request *request, const struct assay_call *call,
                        enum assay_audience audience, struct assay_error *err)
{
    const char *token;
    if (request->route->kind == ASSAY_ROUTE_OPEN)
        return ASSAY_OK;
    ASSAY_TRY(bearer_token(call, &token, err));
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    ASSAY_TRY(assay_db_acquire(request->with->db, &conn, err));
    return assay_token_verify(conn, request->with->keyring, token, audience, &request->identity,
                              err);
}

/* "{id}" and "{datastore_id}" are numbers; "{uuid}" and "{name}" are not. */
static bool is_number_place(const char *pattern, size_t size)
{
    return size >= 4 && memcmp(pattern + size - 3, "id}", 3) == 0 &&
           (size == 4 || pattern[size - 4] == '_');
}

static int read_number(struct assay_request *request, const char *text, struct assay_error *err)
{
    int64_t value;
    if (!assay_param_int(text, &value) || value < 1)
        return assay_fail(err, ASSAY_INVALID, "\"id\" must be a whole number above 0");
    if (request->id == 0)
        request->id = value;
    return ASSAY_OK;
}

/* Decode the segments that stand at placeholders. */
static int read_path(struct assay_request *request, const char *path,
                     char *values[static ASSAY_PATH_VALUES], struct assay_error *err)
{
    const char *pattern = request->route->path;
    size_t count = 0;
    while (*pattern == '/' && *path == '/') {
        pattern++, path++;
        const size_t wanted = strcspn(pattern, "/");
        const size_t given = strcspn(path, "/");
        if (*pattern == '{' && count < ASSAY_PATH_VALUES) {
            ASSAY_TRY(assay_percent_decode(path, given, false, &values[count], err));
            request->values[count] = values[count];
            if (is_number_place(pattern, wanted))
                ASSAY_TRY(read_number(request, values[count], err));
            count++;
        }
        pattern += wanted;
        path += given;
    }
    return ASSAY_OK;
}

static bool is_form_type(const char *type)
{
    return strncasecmp(type, "application/x-www-form-urlencoded", 33) == 0;
}

static bool is_json_type(const char *type)
{
    const size_t size = strcspn(type, "; ");
    return (size == 16 && strncasecmp(type, "application/json", 16) == 0) ||
           (size > 5 && strncasecmp(type + size - 5, "+json", 5) == 0);
}

/* The body, where the route takes one. *ret_status: 413 or 415 when it is refused for its form. */
static int read_body(struct assay_request *request, const struct assay_call *call, int *ret_status,
                     struct assay_error *err)
{
    const enum assay_body_kind kind = request->route->body;
    const size_t most = kind == ASSAY_BODY_LIST ? LARGE_BODY_BYTES : BODY_BYTES;
    const bool empty = strspn(call->body, " \t\r\n") == call->body_bytes;
    if (call->body_bytes > most) {
        *ret_status = 413;
        return assay_fail(err, ASSAY_LIMIT, "the body is larger than %zu MiB", most >> 20);
    }
    if (kind == ASSAY_BODY_NONE || (empty && kind == ASSAY_BODY_OPTIONAL))
        return ASSAY_OK;
    if (empty)
        return assay_fail(err, ASSAY_INVALID, "the body is missing: send JSON");
    if (call->content_type &&
        !(kind == ASSAY_BODY_FORM ? is_form_type : is_json_type)(call->content_type)) {
        *ret_status = 415;
        return assay_fail(err, ASSAY_UNSUPPORTED, "the body must be %s",
                          kind == ASSAY_BODY_FORM ? "a form" : "application/json");
    }
    if (kind == ASSAY_BODY_FORM)
        return assay_params_parse(call->body, &request->body, err);
    ASSAY_TRY(assay_json_parse(call->body, call->body_bytes, "request body", &request->body, err));
    if (json_is_null(request->body) && kind == ASSAY_BODY_OPTIONAL) {
        request->body = NULL;
        return ASSAY_OK;
    }
    if (kind == ASSAY_BODY_LIST && !json_is_array(request->body))
        return assay_fail(err, ASSAY_INVALID, "the body must be a JSON list");
    if (kind != ASSAY_BODY_LIST && !json_is_object(request->body))
        return assay_fail(err, ASSAY_INVALID, "the body must be a JSON object");
    return ASSAY_OK;
}

static int handle(struct assay_request *request, const struct assay_call *call, const char *path,
                  enum assay_audience audience, char *values[static ASSAY_PATH_VALUES],
                  struct assay_answer *answer, struct assay_error *err)
{
    int status = 0;
    ASSAY_TRY(authenticate(request, call, audience, err));
    ASSAY_TRY(read_path(request, path, values, err));
    const char *query = strchr(call->uri, '?');
    ASSAY_TRY(assay_params_parse(query ? query + 1 : "", &request->params, err));
    const int rc = read_body(request, call, &status, err);
    if (status != 0) {
        assay_answer_detail(answer, status, err->text);
        return ASSAY_OK;
    }
    ASSAY_TRY(rc);
    ASSAY_TRY(request->route->handler(request, answer, err));
    if (answer->status == 0)
        answer->status = request->route->status;
    return ASSAY_OK;
}

static void log_call(const struct assay_request *request, const struct assay_answer *answer,
                     const struct assay_error *err, int64_t started_ns)
{
    const bool failed = answer->status >= 500;
    ASSAY_LOG(failed ? ASSAY_LOG_ERROR : ASSAY_LOG_DEBUG,
              failed ? "request failed" : "request answered",
              ASSAY_F_TEXT("method", request->method),
              ASSAY_F_TEXT("route", request->route ? request->route->path : ""),
              ASSAY_F_INT("status", answer->status),
              ASSAY_F_INT("us", (assay_monotonic_ns() - started_ns) / 1000),
              ASSAY_F_TEXT("error", failed ? err->text
                                           : "")); /* of a client's fault it may quote the body */
}

/* OPTIONS, an unknown path, an unknown method: answered without a handler. */
static bool answer_early(const struct assay_match *match, const char *method,
                         struct assay_answer *answer)
{
    if (match->route && match->path_known)
        return false;
    if (!match->path_known) {
        assay_answer_detail(answer, 404, "there is no such route: /api/docs lists them");
        return true;
    }
    if (strcmp(method, "OPTIONS") == 0)
        answer->status = 204;
    else
        assay_answer_detail(answer, 405, "the route does not take this method");
    memcpy(answer->allow, match->allow, sizeof answer->allow);
    return true;
}

void assay_dispatch(struct assay_api *api, const struct assay_route *routes, const char *prefix,
                    enum assay_audience audience, const struct assay_call *call,
                    struct assay_answer *answer)
{
    const int64_t started_ns = assay_monotonic_ns();
    struct assay_error err = {0};
    struct assay_match match = {0};
    char *values[ASSAY_PATH_VALUES] = {0};
    const char *method = strcmp(call->method, "HEAD") == 0 ? "GET" : call->method;
    ASSAY_AUTO(assay_free_text) char *path = path_below(call->uri, prefix);
    if (path)
        assay_route_match(routes, method, path, &match);
    struct assay_request request = {
        .api = api, .with = &api->options, .route = match.route, .method = method};
    if (!answer_early(&match, method, answer) &&
        handle(&request, call, path, audience, values, answer, &err) != ASSAY_OK)
        assay_answer_error(&request, answer, &err);
    log_call(&request, answer, &err, started_ns);
    json_decref(request.params);
    json_decref(request.body);
    for (size_t i = 0; i < ASSAY_PATH_VALUES; i++)
        assay_free(values[i]);
}

void assay_api_wake(const struct assay_request *request)
{
    if (request->with->wake)
        request->with->wake(request->with->context);
}
