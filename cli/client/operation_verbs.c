// `assay operation run` and `watch`.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/client/verbs.h"
#include "cli/run/progress.h"
#include "common/base/clock.h"

enum { POLL_MS = 500, SLOW_POLL_MS = 2000, FAST_POLLS = 20 };

static int add_containers(json_t *body, const struct assay_args *args, struct assay_error *err)
{
    const char *name;
    for (size_t i = 0; (name = assay_args_nth(args, "container", i)); i++) {
        json_t *names = json_object_get(body, "container_names");
        if (!names)
            ASSAY_TRY(assay_json_set(body, "container_names", names = json_array(), err));
        ASSAY_TRY(assay_json_push(names, assay_json_safe_string(name, strlen(name)), err));
    }
    return ASSAY_OK;
}

/* "3 of 12 containers, 1.2 M records" */
static void show_progress(const json_t *operation, bool terminal)
{
    const json_t *status = json_object_get(operation, "status");
    char records[32];
    if (!terminal || !status)
        return;
    (void)fprintf(stderr, "\r\033[K%s %lld: %lld of %lld containers, %s records",
                  assay_json_str(operation, "type", "operation"),
                  (long long)assay_json_int(operation, "id", 0),
                  (long long)assay_json_int(status, "containers_analyzed", 0),
                  (long long)assay_json_int(status, "total_containers", 0),
                  assay_human_count(assay_json_num(status, "records_processed", 0), records));
    (void)fflush(stderr);
}

static int wait_for_end(struct assay_rest *rest, int64_t id, json_t **ret_operation,
                        struct assay_error *err)
{
    char path[64];
    const bool terminal = isatty(STDERR_FILENO);
    (void)snprintf(path, sizeof path, "/operations/%lld", (long long)id);
    for (int polls = 0;; polls++) {
        ASSAY_AUTO(assay_json_decref) json_t *operation = NULL;
        ASSAY_TRY(assay_rest_call(rest, "GET", path, NULL, &operation, err));
        if (assay_json_get(operation, "end_time")) {
            if (terminal)
                (void)fputs("\r\033[K", stderr);
            *ret_operation = ASSAY_TAKE(operation);
            return ASSAY_OK;
        }
        show_progress(operation, terminal);
        assay_sleep_ms(polls < FAST_POLLS ? POLL_MS : SLOW_POLL_MS);
    }
}

/* 3: failed, aborted, or not all containers covered; 1: a scan found anomalies. */
static int exit_of(const json_t *operation)
{
    const json_t *status = json_object_get(operation, "status");
    if (strcmp(assay_json_str(operation, "result", ""), "success") != 0 ||
        assay_json_int(status, "containers_analyzed", 0) <
            assay_json_int(status, "total_containers", 0))
        return ASSAY_EXIT_UNJUDGED;
    return assay_json_int(status, "anomalies_identified", 0) > 0 ? ASSAY_EXIT_FOUND
                                                                 : ASSAY_EXIT_DONE;
}

static int watch(struct assay_rest *rest, const struct assay_args *args, int64_t id, int *ret_exit,
                 struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *operation = NULL;
    ASSAY_TRY(wait_for_end(rest, id, &operation, err));
    *ret_exit = exit_of(operation);
    return assay_client_print(args, operation, NULL, err);
}

int assay_client_operation_watch(struct assay_rest *rest, const struct assay_args *args,
                                 int *ret_exit, struct assay_error *err)
{
    int64_t id;
    if (args->arguments_count < 2)
        return assay_fail(
            err, ASSAY_USAGE,
            "reading the command line: operation watch needs an id: see `assay operation list`");
    ASSAY_TRY(assay_rest_id(rest, "/operations", "operation", args->arguments[1], &id, err));
    return watch(rest, args, id, ret_exit, err);
}

int assay_client_operation_run(struct assay_rest *rest, const struct assay_args *args,
                               int *ret_exit, struct assay_error *err)
{
    const char *type = args->arguments_count > 1 ? args->arguments[1] : "",
               *datastore = assay_args_text(args, "datastore");
    ASSAY_AUTO(assay_json_decref) json_t *body = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *answer = NULL;
    int64_t datastore_id;
    if (strcmp(type, "sync") != 0 && strcmp(type, "profile") != 0 && strcmp(type, "scan") != 0)
        return assay_fail(err, ASSAY_USAGE,
                          "running an operation: \"%.40s\" is none: give sync, profile or scan",
                          type);
    if (!datastore)
        return assay_fail(err, ASSAY_USAGE,
                          "running a %s: the datastore is missing: give --datastore NAME", type);
    ASSAY_TRY(assay_client_read_body(args, 2, &body, err));
    ASSAY_TRY(assay_rest_id(rest, "/datastores", "datastore", datastore, &datastore_id, err));
    ASSAY_TRY(assay_json_set(body, "type", json_string(type), err));
    ASSAY_TRY(assay_json_set(body, "datastore_id", json_integer(datastore_id), err));
    ASSAY_TRY(add_containers(body, args, err));
    ASSAY_TRY(assay_rest_call(rest, "POST", "/operations/run", body, &answer, err));
    const int64_t id = assay_json_int(answer, "id", 0);
    if (assay_args_given(args, "watch"))
        return watch(rest, args, id, ret_exit, err);
    return assay_client_print(args, answer, NULL, err);
}
