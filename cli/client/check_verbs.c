// `assay check import`: the checks of a file become checks of a server.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "cli/client/verbs.h"
#include "common/rules/check_file.h"

enum { MOST_CONTAINERS = 100000 };

/* The keys that REST takes besides the container. */
static const char *const kept[] = {"rule",     "fields", "properties",          "filter",
                                   "coverage", "tags",   "additional_metadata", "status"};

static int send_check(struct assay_rest *rest, const json_t *check, int64_t container_id,
                      struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *answer = NULL;
    ASSAY_AUTO(assay_json_decref)
    json_t *body = json_pack("{s:I}", "container_id", (json_int_t)container_id);
    if (!body)
        return assay_fail_memory(err);
    for (size_t i = 0; i < ASSAY_COUNT(kept); i++) {
        json_t *value = json_object_get(check, kept[i]);
        if (value)
            ASSAY_TRY(assay_json_set(body, kept[i], json_incref(value), err));
    }
    const char *description = assay_json_str(check, "description", NULL);
    ASSAY_TRY(assay_json_set(
        body, "description",
        json_string(description ? description : assay_json_str(check, "rule", "")), err));
    return assay_rest_call(rest, "POST", "/quality-checks", body, &answer, err);
}

/* Every container that the check means; one that exists already is left as it is. */
static int import_check(struct assay_rest *rest, const json_t *check, const json_t *containers,
                        int counts[2], struct assay_error *err)
{
    size_t means = 0;
    for (size_t i = 0; i < json_array_size(containers); i++) {
        const json_t *container = json_array_get(containers, i);
        struct assay_error why = {0};
        if (!assay_check_means(check, assay_json_str(container, "name", "")))
            continue;
        means++;
        const int rc = send_check(rest, check, assay_json_int(container, "id", 0), &why);
        if (rc != ASSAY_OK && rc != ASSAY_CONFLICT)
            return assay_fail(err, rc, "importing check %lld (line %lld): %s",
                              (long long)assay_json_int(check, "index", 0),
                              (long long)assay_json_int(check, "line", 0), why.text);
        counts[rc == ASSAY_CONFLICT]++;
    }
    if (!means)
        return assay_fail(
            err, ASSAY_NOT_FOUND,
            "importing check %lld (line %lld): the datastore has no container %s: run a sync first",
            (long long)assay_json_int(check, "index", 0),
            (long long)assay_json_int(check, "line", 0), assay_json_str(check, "container", "*"));
    return ASSAY_OK;
}

static int import_all(struct assay_rest *rest, const struct assay_args *args, const json_t *checks,
                      struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *containers = NULL;
    int64_t datastore_id;
    char path[64];
    int counts[2] = {0}; /* made, there already */
    ASSAY_TRY(assay_rest_id(rest, "/datastores", "datastore", assay_args_text(args, "datastore"),
                            &datastore_id, err));
    (void)snprintf(path, sizeof path, "/containers?datastore=%lld", (long long)datastore_id);
    ASSAY_TRY(assay_rest_list(rest, path, MOST_CONTAINERS, &containers, err));
    for (size_t i = 0; i < json_array_size(checks); i++)
        ASSAY_TRY(import_check(rest, json_array_get(checks, i), containers, counts, err));
    (void)printf("%d checks made, %d were there already\n", counts[0], counts[1]);
    return ASSAY_OK;
}

int assay_client_check_import(struct assay_rest *rest, const struct assay_args *args, int *ret_exit,
                              struct assay_error *err)
{
    if (args->arguments_count != 2 || !assay_args_text(args, "datastore"))
        return assay_fail(err, ASSAY_USAGE,
                          "importing checks: write `assay check import FILE --datastore NAME`");
    struct assay_check_file file = {0};
    int rc = assay_check_file_read(args->arguments[1], &file, err);
    if (rc == ASSAY_OK)
        rc = import_all(rest, args, file.checks, err);
    assay_check_file_release(&file);
    *ret_exit = ASSAY_EXIT_DONE;
    return rc;
}
