// REST client: finds the verb, makes the request, prints the answer.
// SPDX-License-Identifier: Apache-2.0
#include "cli/client/client.h"

#include <stdio.h>
#include <string.h>

#include "cli/client/verbs.h"
#include "cli/run/config_args.h"
#include "common/base/file.h"
#include "common/base/memory.h"
#include "common/base/number.h"

enum { MOST_ITEMS = 100000 };

void assay_client_append_verbs(const struct assay_cli_command *command, struct assay_buf *text)
{
    assay_buf_text(text, "Verbs:\n");
    for (const struct assay_client_verb *row = assay_client_verbs; row->resource; row++)
        if (strcmp(row->resource, command->name) == 0) {
            assay_buf_printf(text, "  %-10s", row->verb);
            assay_help_append_wrapped(text, row->doc, 12, 12);
        }
    assay_buf_char(text, '\n');
    assay_help_append_wrapped(text,
                              "The token comes from ASSAY_TOKEN, else from the file assay.token "
                              "that `assay serve` writes beside its "
                              "catalog.",
                              0, 0);
}

/* ---- KEY=VALUE ---- */

/* A value that is JSON is taken as such: 5, true, null, [1, 2], {"a": 1}, "text". */
static json_t *value_of(const char *text)
{
    json_t *value = NULL;
    if (*text && assay_json_parse(text, strlen(text), "a value", &value, NULL) == ASSAY_OK)
        return value;
    return assay_json_safe_string(text, strlen(text));
}

static int put_pair(json_t *body, const char *pair, struct assay_error *err)
{
    const char *equals = strchr(pair, '=');
    if (!equals || equals == pair)
        return assay_fail(err, ASSAY_USAGE,
                          "reading \"%.60s\": there is no KEY=VALUE in it: write name=shop", pair);
    json_t *target = body;
    const char *point = memchr(pair, '.', (size_t)(equals - pair));
    if (point) {
        char *group = assay_strndup(pair, (size_t)(point - pair));
        if (!group)
            return assay_fail_memory(err);
        target = json_object_get(body, group);
        const int rc = json_is_object(target)
                           ? ASSAY_OK
                           : assay_json_set(body, group, target = json_object(), err);
        assay_free(group);
        ASSAY_TRY(rc);
        pair = point + 1;
    }
    return json_object_setn_new_nocheck(target, pair, (size_t)(equals - pair), value_of(equals + 1))
               ? assay_fail_memory(err)
               : ASSAY_OK;
}

static int read_file(const char *path, json_t **ret_body, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    ASSAY_TRY(strcmp(path, "-") == 0 ? assay_fd_read_all(0, "standard input", &text, err)
                                     : assay_file_read(path, &text, err));
    ASSAY_TRY(assay_json_parse(assay_buf_str(&text), text.size, path, ret_body, err));
    return json_is_object(*ret_body)
               ? ASSAY_OK
               : assay_fail(err, ASSAY_USAGE, "reading %s: it is no JSON object", path);
}

int assay_client_read_body(const struct assay_args *args, size_t from, json_t **ret_body,
                           struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *body = NULL;
    const char *path = assay_args_text(args, "file");
    if (path)
        ASSAY_TRY(read_file(path, &body, err));
    else if (!(body = json_object()))
        return assay_fail_memory(err);
    for (size_t i = from; i < args->arguments_count; i++)
        ASSAY_TRY(put_pair(body, args->arguments[i], err));
    *ret_body = ASSAY_TAKE(body);
    return ASSAY_OK;
}

/* ---- paths ---- */

static int container_id(struct assay_rest *rest, const struct assay_args *args, const char *name,
                        int64_t *ret_id, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf path = {0};
    const char *datastore = assay_args_text(args, "datastore");
    int64_t id;
    assay_buf_text(&path, "/containers");
    if (datastore) {
        ASSAY_TRY(assay_rest_id(rest, "/datastores", "datastore", datastore, &id, err));
        assay_buf_printf(&path, "?datastore=%lld", (long long)id);
    }
    ASSAY_TRY(assay_buf_check(&path, err));
    return assay_rest_id(rest, assay_buf_str(&path), "container", name, ret_id, err);
}

static const char *const nouns[][2] = {
    {"connection", "/connections"}, {"datastore", "/datastores"}, {"container", "/containers"}};

/* The argument: an id, a uuid, or for what has names its name. */
static int append_id(struct assay_rest *rest, const struct assay_client_verb *verb,
                     const struct assay_args *args, struct assay_buf *path, struct assay_error *err)
{
    if (args->arguments_count < 2)
        return assay_fail(err, ASSAY_USAGE,
                          "reading the command line: %s %s needs an id: see `assay %s list`",
                          verb->resource, verb->verb, verb->resource);
    int64_t id;
    for (size_t i = 0; i < ASSAY_COUNT(nouns); i++)
        if (strcmp(nouns[i][0], verb->resource) == 0) {
            ASSAY_TRY(
                strcmp(verb->resource, "container") == 0
                    ? container_id(rest, args, args->arguments[1], &id, err)
                    : assay_rest_id(rest, nouns[i][1], nouns[i][0], args->arguments[1], &id, err));
            assay_buf_printf(path, "%lld", (long long)id);
            return ASSAY_OK;
        }
    assay_http_append_encoded(path, args->arguments[1]);
    return ASSAY_OK;
}

static int make_path(struct assay_rest *rest, const struct assay_client_verb *verb,
                     const struct assay_args *args, struct assay_buf *path, struct assay_error *err)
{
    const char *brace = strchr(verb->path, '{');
    if (!brace) {
        assay_buf_text(path, verb->path);
        return ASSAY_OK;
    }
    const char *end = strchr(brace, '}') + 1;
    assay_buf_append(path, verb->path, (size_t)(brace - verb->path));
    if (strncmp(brace, "{container}", strlen("{container}")) == 0) {
        const char *name = assay_args_text(args, "container");
        int64_t id;
        if (!name)
            return assay_fail(err, ASSAY_USAGE,
                              "reading the command line: %s %s needs --container NAME",
                              verb->resource, verb->verb);
        ASSAY_TRY(container_id(rest, args, name, &id, err));
        assay_buf_printf(path, "%lld", (long long)id);
    } else {
        ASSAY_TRY(append_id(rest, verb, args, path, err));
    }
    assay_buf_text(path, end);
    return assay_buf_check(path, err);
}

static void append_filter(struct assay_buf *path, const char *key, size_t key_bytes,
                          const char *value)
{
    assay_buf_char(path, strchr(assay_buf_str(path), '?') ? '&' : '?');
    assay_buf_append(path, key, key_bytes);
    assay_buf_char(path, '=');
    assay_http_append_encoded(path, value);
}

/* --datastore, --container and KEY=VALUE of a list become its query. */
static int append_filters(struct assay_rest *rest, const struct assay_client_verb *verb,
                          const struct assay_args *args, struct assay_buf *path,
                          struct assay_error *err)
{
    const char *datastore = assay_args_text(args, "datastore"), *container;
    char text[24];
    int64_t id;
    if (datastore && !strchr(verb->path, '{')) {
        ASSAY_TRY(assay_rest_id(rest, "/datastores", "datastore", datastore, &id, err));
        (void)snprintf(text, sizeof text, "%lld", (long long)id);
        append_filter(path, "datastore", strlen("datastore"), text);
    }
    for (size_t i = 0;
         !strchr(verb->path, '{') && (container = assay_args_nth(args, "container", i)); i++) {
        ASSAY_TRY(container_id(rest, args, container, &id, err));
        (void)snprintf(text, sizeof text, "%lld", (long long)id);
        append_filter(path, "container", strlen("container"), text);
    }
    for (size_t i = 1; i < args->arguments_count; i++) {
        const char *equals = strchr(args->arguments[i], '=');
        if (!equals)
            return assay_fail(err, ASSAY_USAGE,
                              "reading \"%.60s\": a filter is KEY=VALUE, such as status=Active",
                              args->arguments[i]);
        append_filter(path, args->arguments[i], (size_t)(equals - args->arguments[i]), equals + 1);
    }
    return assay_buf_check(path, err);
}

/* ---- running a verb ---- */

static int run_list(struct assay_rest *rest, const struct assay_client_verb *verb,
                    const struct assay_args *args, const char *path, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *items = NULL;
    const char *limit = assay_args_text(args, "limit");
    int64_t most = MOST_ITEMS;
    if (limit && (!assay_parse_i64(limit, strlen(limit), &most) || most < 1))
        return assay_fail(err, ASSAY_USAGE, "reading --limit: \"%.40s\" is not a number of items",
                          limit);
    ASSAY_TRY(assay_rest_list(rest, path, (size_t)most, &items, err));
    return assay_client_print(args, items, verb->columns, err);
}

static int make_body(struct assay_rest *rest, const struct assay_client_verb *verb,
                     const struct assay_args *args, const char *path, json_t **ret_body,
                     struct assay_error *err)
{
    const bool overlay = verb->body == ASSAY_CLIENT_OVERLAY;
    ASSAY_AUTO(assay_json_decref) json_t *given = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *known = NULL;
    *ret_body = NULL;
    if (verb->body == ASSAY_CLIENT_NO_BODY)
        return ASSAY_OK;
    ASSAY_TRY(assay_client_read_body(args, overlay ? 2 : 1, &given, err));
    if (overlay) {
        ASSAY_TRY(assay_rest_call(rest, "GET", path, NULL, &known, err));
        if (!known || json_object_update_recursive(known, given))
            return assay_fail(err, ASSAY_FORMAT,
                              "changing the %s: the server's answer is no object", verb->resource);
        *ret_body = ASSAY_TAKE(known);
        return ASSAY_OK;
    }
    if (!json_object_size(given))
        return assay_fail(err, ASSAY_USAGE,
                          "making a %s: nothing was given: write KEY=VALUE or --file FILE",
                          verb->resource);
    *ret_body = ASSAY_TAKE(given);
    return ASSAY_OK;
}

static int run_request(struct assay_rest *rest, const struct assay_client_verb *verb,
                       const struct assay_args *args, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf path = {0};
    ASSAY_TRY(make_path(rest, verb, args, &path, err));
    if (verb->columns) {
        ASSAY_TRY(append_filters(rest, verb, args, &path, err));
        return run_list(rest, verb, args, assay_buf_str(&path), err);
    }
    ASSAY_AUTO(assay_json_decref) json_t *body = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *answer = NULL;
    ASSAY_TRY(make_body(rest, verb, args, assay_buf_str(&path), &body, err));
    ASSAY_TRY(assay_rest_call(rest, verb->method, assay_buf_str(&path), body, &answer, err));
    if (!answer)
        return puts("done") < 0 ? assay_fail(err, ASSAY_IO, "writing the output failed") : ASSAY_OK;
    return assay_client_print(args, answer, NULL, err);
}

static int run_verb(struct assay_rest *rest, const struct assay_client_verb *verb,
                    const struct assay_args *args, int *ret_exit, struct assay_error *err)
{
    ASSAY_AUTO(assay_config_free) struct assay_config *config = NULL;
    *ret_exit = ASSAY_EXIT_DONE;
    if (!verb->offline) {
        ASSAY_TRY(assay_config_of_args("", args, &config, err));
        ASSAY_TRY(assay_rest_open(rest, args, config, err));
    }
    return verb->run ? verb->run(rest, args, ret_exit, err) : run_request(rest, verb, args, err);
}

int assay_client_command(const struct assay_args *args, int *ret_exit, struct assay_error *err)
{
    const struct assay_client_verb *verb;
    struct assay_rest rest = {0};
    ASSAY_TRY(assay_client_verb_find(args->command->name, args->arguments[0], &verb, err));
    const int rc = run_verb(&rest, verb, args, ret_exit, err);
    assay_rest_close(&rest);
    return rc;
}
