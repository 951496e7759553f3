// `assay check import` and `export`: the checks of a file become checks of a server, and back.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "cli/client/check_refs.h"
#include "cli/client/verbs.h"
#include "cli/report/json_out.h"
#include "cli/report/output.h"
#include "common/rules/check_file.h"

enum { MOST_CHECKS = 1000000 };

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
static int import_check(struct assay_check_refs *refs, const json_t *check,
                        const json_t *containers, int counts[2], struct assay_error *err)
{
    size_t means = 0;
    json_t *properties = json_object_get(check, "properties");
    const int code = assay_check_refs_to_ids(refs, properties, err);
    if (code != ASSAY_OK)
        return assay_context(err, code, "importing check %lld (line %lld)",
                             (long long)assay_json_int(check, "index", 0),
                             (long long)assay_json_int(check, "line", 0));
    for (size_t i = 0; i < json_array_size(containers); i++) {
        const json_t *container = json_array_get(containers, i);
        struct assay_error why = {0};
        if (!assay_check_means(check, assay_json_str(container, "name", "")))
            continue;
        means++;
        const int rc = send_check(refs->rest, check, assay_json_int(container, "id", 0), &why);
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

static int import_all(struct assay_check_refs *refs, const json_t *checks, struct assay_error *err)
{
    const json_t *containers;
    int counts[2] = {0}; /* made, there already */
    ASSAY_TRY(assay_check_refs_containers(refs, refs->datastore_id, &containers, err));
    for (size_t i = 0; i < json_array_size(checks); i++)
        ASSAY_TRY(import_check(refs, json_array_get(checks, i), containers, counts, err));
    (void)printf("%d checks made, %d were there already\n", counts[0], counts[1]);
    return ASSAY_OK;
}

/* Work with the datastore that --datastore names. */
static int with_datastore(struct assay_rest *rest, const struct assay_args *args,
                          struct assay_check_refs *refs, struct assay_error *err)
{
    int64_t datastore_id;
    ASSAY_TRY(assay_rest_id(rest, "/datastores", "datastore", assay_args_text(args, "datastore"),
                            &datastore_id, err));
    return assay_check_refs_init(refs, rest, datastore_id, err);
}

int assay_client_check_import(struct assay_rest *rest, const struct assay_args *args, int *ret_exit,
                              struct assay_error *err)
{
    if (args->arguments_count != 2 || !assay_args_text(args, "datastore"))
        return assay_fail(err, ASSAY_USAGE,
                          "importing checks: write `assay check import FILE --datastore NAME`");
    struct assay_check_file file = {0};
    struct assay_check_refs refs = {0};
    int rc = assay_check_file_read(args->arguments[1], &file, err);
    if (rc == ASSAY_OK)
        rc = with_datastore(rest, args, &refs, err);
    if (rc == ASSAY_OK)
        rc = import_all(&refs, file.checks, err);
    assay_check_refs_release(&refs);
    assay_check_file_release(&file);
    *ret_exit = ASSAY_EXIT_DONE;
    return rc;
}

/* --- export --- */

/* ["a", "b"] of [{"name": "a"}, …]. */
static json_t *names_of(const json_t *list)
{
    json_t *names = json_array();
    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_array_append(names, json_object_get(json_array_get(list, i), "name"))) {
            json_decref(names);
            return NULL;
        }
    return names;
}

/* As a file has it: what is empty or the default is left out. */
static int file_form(struct assay_check_refs *refs, const json_t *check, json_t **ret_form,
                     struct assay_error *err)
{
    static const char *const keys[] = {"filter", "coverage", "description", "additional_metadata",
                                       "status"};
    ASSAY_AUTO(assay_json_decref)
    json_t *properties = json_deep_copy(json_object_get(check, "properties"));
    ASSAY_AUTO(assay_json_decref) json_t *tags = names_of(json_object_get(check, "global_tags"));
    const json_t *container = json_object_get(check, "container");
    ASSAY_AUTO(assay_json_decref)
    json_t *form = json_pack("{s:O, s:O, s:o}", "rule", json_object_get(check, "rule_type"),
                             "container", json_object_get(container, "name"), "fields",
                             names_of(json_object_get(check, "fields")));
    if (!form || !tags)
        return assay_fail_memory(err);
    ASSAY_TRY(assay_check_refs_to_names(refs, properties, err));
    if (json_object_size(properties))
        ASSAY_TRY(assay_json_set(form, "properties", ASSAY_TAKE(properties), err));
    if (json_array_size(tags))
        ASSAY_TRY(assay_json_set(form, "tags", ASSAY_TAKE(tags), err));
    for (size_t i = 0; i < ASSAY_COUNT(keys); i++) {
        json_t *value = json_object_get(check, keys[i]);
        if (value && !json_is_null(value) && !(json_is_object(value) && !json_object_size(value)))
            ASSAY_TRY(assay_json_set(form, keys[i], json_incref(value), err));
    }
    *ret_form = ASSAY_TAKE(form);
    return ASSAY_OK;
}

static int export_all(struct assay_check_refs *refs, const char *path, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *checks = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *file = json_pack("{s:i, s:[]}", "version", 1, "checks");
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    char route[64];
    (void)snprintf(route, sizeof route, "/quality-checks?datastore=%lld",
                   (long long)refs->datastore_id);
    ASSAY_TRY(assay_rest_list(refs->rest, route, MOST_CHECKS, &checks, err));
    for (size_t i = 0; i < json_array_size(checks); i++) {
        json_t *form;
        ASSAY_TRY(file_form(refs, json_array_get(checks, i), &form, err));
        ASSAY_TRY(assay_json_push(json_object_get(file, "checks"), form, err));
    }
    if (!file)
        return assay_fail_memory(err);
    ASSAY_TRY(assay_json_append_pretty(file, &text, err));
    ASSAY_TRY(assay_output_write(path, &text, err));
    (void)printf("%zu checks written\n", json_array_size(checks));
    return ASSAY_OK;
}

int assay_client_check_export(struct assay_rest *rest, const struct assay_args *args, int *ret_exit,
                              struct assay_error *err)
{
    if (args->arguments_count != 2 || !assay_args_text(args, "datastore"))
        return assay_fail(err, ASSAY_USAGE,
                          "exporting checks: write `assay check export FILE --datastore NAME`");
    struct assay_check_refs refs = {0};
    ASSAY_TRY(assay_output_probe(args->arguments[1], err));
    int rc = with_datastore(rest, args, &refs, err);
    if (rc == ASSAY_OK)
        rc = export_all(&refs, args->arguments[1], err);
    assay_check_refs_release(&refs);
    *ret_exit = ASSAY_EXIT_DONE;
    return rc;
}
