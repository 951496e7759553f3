// The server that client commands talk to.
// SPDX-License-Identifier: Apache-2.0
#include "cli/client/rest.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/memory.h"
#include "common/base/number.h"

enum { PAGE_SIZE = 100, MAX_TOKEN_BYTES = 1 << 20 };

static int set_base(struct assay_rest *rest, const struct assay_args *args,
                    const struct assay_config *config, struct assay_error *err)
{
    const char *server = assay_args_text(args, "server");
    if (!server)
        server = getenv("ASSAY_SERVER");
    struct assay_buf base = {0};
    if (server && *server) {
        assay_buf_printf(&base, "%s%s", strstr(server, "://") ? "" : "http://", server);
    } else {
        const bool tls = assay_config_text(config, "api.tls_cert") != NULL;
        const char *listen = assay_config_text(config, "api.listen");
        assay_buf_printf(&base, "%s://%s%s", tls ? "https" : "http",
                         *listen == ':' ? "127.0.0.1" : "", listen);
    }
    while (base.size && base.data[base.size - 1] == '/')
        base.data[--base.size] = '\0';
    if (base.size < 4 || strcmp(base.data + base.size - 4, "/api") != 0)
        assay_buf_text(&base, "/api");
    rest->base = assay_buf_take(&base);
    return rest->base ? ASSAY_OK : assay_fail_memory(err);
}

static void keep_token(struct assay_rest *rest, const char *token)
{
    struct assay_buf header = {0};
    assay_buf_printf(&header, "Authorization: Bearer %s", token);
    while (header.size && strchr(" \r\n", header.data[header.size - 1]))
        header.data[--header.size] = '\0';
    rest->authorization = assay_buf_take(&header);
}

static bool token_from_file(struct assay_rest *rest, const char *path)
{
    struct assay_buf token = {.max_bytes = MAX_TOKEN_BYTES};
    const bool found = access(path, R_OK) == 0 && assay_file_read(path, &token, NULL) == ASSAY_OK &&
                       token.size > 0;
    if (found)
        keep_token(rest, token.data);
    if (token.data)
        assay_wipe(token.data, token.capacity);
    assay_buf_release(&token);
    return found;
}

/* `assay serve` writes it beside its catalog. */
static int find_token(struct assay_rest *rest, const struct assay_config *config,
                      struct assay_error *err)
{
    const char *token = getenv("ASSAY_TOKEN");
    if (token && *token) {
        keep_token(rest, token);
        return rest->authorization ? ASSAY_OK : assay_fail_memory(err);
    }
    const char *url = assay_config_text(config, "catalog.url");
    const char *catalog = url && strncmp(url, "sqlite:", 7) == 0 ? url + 7 : "";
    const char *slash = strrchr(catalog, '/');
    ASSAY_SCOPED(assay_buf_release) struct assay_buf path = {0};
    if (slash)
        assay_buf_append(&path, catalog, (size_t)(slash - catalog) + 1);
    assay_buf_text(&path, "assay.token");
    ASSAY_TRY(assay_buf_check(&path, err));
    (void)token_from_file(rest, assay_buf_str(&path));
    return ASSAY_OK;
}

int assay_rest_open(struct assay_rest *rest, const struct assay_args *args,
                    const struct assay_config *config, struct assay_error *err)
{
    const struct assay_http_options options = {.ca_file = assay_args_text(args, "ca-file")};
    ASSAY_TRY(set_base(rest, args, config, err));
    ASSAY_TRY(find_token(rest, config, err));
    return assay_http_open(&options, &rest->http, err);
}

void assay_rest_close(struct assay_rest *rest)
{
    assay_http_close(rest->http);
    assay_free(rest->base);
    if (rest->authorization)
        assay_wipe(rest->authorization, strlen(rest->authorization));
    assay_free(rest->authorization);
    *rest = (struct assay_rest){0};
}

static int explain_denied(const struct assay_rest *rest, int rc, struct assay_error *err)
{
    if (rc == ASSAY_UNAUTHENTICATED && !rest->authorization)
        return assay_context(err, rc,
                             "no token was found (set ASSAY_TOKEN, or work where assay.token is)");
    return rc;
}

static int send_request(struct assay_rest *rest, const struct assay_http_request *request,
                        json_t **ret_answer, struct assay_error *err)
{
    struct assay_http_response response = {0};
    int rc = assay_http_send(rest->http, request, &response, err);
    if (rc == ASSAY_OK)
        rc = explain_denied(rest, assay_http_check(request, &response, err), err);
    *ret_answer = NULL;
    if (rc == ASSAY_OK && response.body.size)
        rc = assay_json_parse(response.body.data, response.body.size, "the server's answer",
                              ret_answer, err);
    assay_http_response_release(&response);
    return rc;
}

int assay_rest_call(struct assay_rest *rest, const char *method, const char *path,
                    const json_t *body, json_t **ret_answer, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf url = {0};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    assay_buf_printf(&url, "%s%s", rest->base, path);
    ASSAY_TRY(assay_buf_check(&url, err));
    if (body)
        ASSAY_TRY(assay_json_append(body, &text, err));
    const char *const headers[] = {"Content-Type: application/json", rest->authorization, NULL};
    const char *const secrets[] = {rest->authorization, NULL};
    const struct assay_http_request request = {.method = method,
                                               .url = assay_buf_str(&url),
                                               .headers = headers,
                                               .body = text.size ? text.data : NULL,
                                               .size_bytes = text.size,
                                               .secrets = secrets};
    return send_request(rest, &request, ret_answer, err);
}

static int add_page(json_t *items, const json_t *answer, size_t *ret_total, struct assay_error *err)
{
    const json_t *page = json_is_array(answer) ? answer : json_object_get(answer, "items");
    if (!json_is_array(page))
        return assay_fail(
            err, ASSAY_FORMAT,
            "listing: the answer has no items: is this the address of an Assay server?");
    *ret_total = (size_t)assay_json_int(answer, "total", (int64_t)json_array_size(page));
    return json_array_extend(items, (json_t *)page) ? assay_fail_memory(err) : ASSAY_OK;
}

int assay_rest_list(struct assay_rest *rest, const char *path, size_t most, json_t **ret_items,
                    struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *items = json_array();
    size_t total = 1;
    if (!items)
        return assay_fail_memory(err);
    for (int page = 1; (size_t)(page - 1) * PAGE_SIZE < total && json_array_size(items) < most;
         page++) {
        ASSAY_AUTO(assay_json_decref) json_t *answer = NULL;
        ASSAY_SCOPED(assay_buf_release) struct assay_buf paged = {0};
        assay_buf_printf(&paged, "%s%cpage=%d&size=%d", path, strchr(path, '?') ? '&' : '?', page,
                         PAGE_SIZE);
        ASSAY_TRY(assay_buf_check(&paged, err));
        ASSAY_TRY(assay_rest_call(rest, "GET", assay_buf_str(&paged), NULL, &answer, err));
        ASSAY_TRY(add_page(items, answer, &total, err));
    }
    while (json_array_size(items) > most)
        (void)json_array_remove(items, json_array_size(items) - 1);
    *ret_items = ASSAY_TAKE(items);
    return ASSAY_OK;
}

int assay_rest_id(struct assay_rest *rest, const char *path, const char *noun,
                  const char *name_or_id, int64_t *ret_id, struct assay_error *err)
{
    if (assay_parse_i64(name_or_id, strlen(name_or_id), ret_id))
        return ASSAY_OK;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf query = {0};
    assay_buf_printf(&query, "%s%cname=", path, strchr(path, '?') ? '&' : '?');
    assay_http_append_encoded(&query, name_or_id);
    ASSAY_TRY(assay_buf_check(&query, err));
    ASSAY_AUTO(assay_json_decref) json_t *items = NULL;
    ASSAY_TRY(assay_rest_list(rest, assay_buf_str(&query), 10000, &items, err));
    for (size_t i = 0; i < json_array_size(items); i++)
        if (strcmp(assay_json_str(json_array_get(items, i), "name", ""), name_or_id) == 0) {
            *ret_id = assay_json_int(json_array_get(items, i), "id", 0);
            return ASSAY_OK;
        }
    return assay_fail(
        err, ASSAY_NOT_FOUND,
        "looking for the %s %.80s: the server has none of that name: see `assay %s list`", noun,
        name_or_id, noun);
}
