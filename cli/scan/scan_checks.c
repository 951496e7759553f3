// Which check goes to which container, and fields that do not exist.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "cli/scan/scan.h"
#include "common/base/memory.h"
#include "common/base/nearest.h"

static bool is_active(const json_t *check)
{
    return strcmp(assay_json_str(check, "status", "Active"), "Active") == 0;
}

/* ---- checks that cannot be judged ---- */

/* The container of that name in the document, made where it is not there yet. */
static int find_container(struct assay_scan_run *run, const char *name, const char *location,
                          json_t **ret_container, struct assay_error *err)
{
    json_t *containers = json_object_get(run->document, "containers");
    for (size_t i = 0; i < json_array_size(containers); i++) {
        json_t *container = json_array_get(containers, i);
        if (strcmp(assay_json_str(container, "name", ""), name) == 0 &&
            strcmp(assay_json_str(container, "location", ""), location ? location : "") == 0) {
            *ret_container = container;
            return ASSAY_OK;
        }
    }
    json_t *container = json_pack(
        "{s:o, s:o, s:n, s:i, s:s, s:{s:i, s:i, s:i, s:i}, s:[], s:[]}", "name",
        assay_json_safe_string(name, strlen(name)), "location",
        location ? assay_json_safe_string(location, strlen(location)) : json_null(),
        "records_count", "rejected_records", 0, "outcome", "errored", "assessed", "checks", 0,
        "checks_evaluated", 0, "partitions", 0, "partitions_scanned", 0, "checks", "anomalies");
    ASSAY_TRY(assay_json_push(containers, container, err));
    *ret_container = container;
    return ASSAY_OK;
}

static int add_errored(struct assay_scan_run *run, const char *name, const char *location,
                       const json_t *check, const char *message, struct assay_error *err)
{
    json_t *container, *assessed;
    ASSAY_TRY(find_container(run, name, location, &container, err));
    assessed = json_object_get(container, "assessed");
    ASSAY_TRY(assay_json_set(assessed, "checks",
                             json_integer(assay_json_int(assessed, "checks", 0) + 1), err));
    json_t *result = json_pack(
        "{s:O, s:O, s:O, s:s, s:O, s:i, s:i, s:i, s:o}", "index", json_object_get(check, "index"),
        "rule", json_object_get(check, "rule"), "fields", json_object_get(check, "fields"),
        "outcome", "errored", "severity", json_object_get(check, "severity"),
        "asserted_records_count", 0, "null_records_count", 0, "anomalous_records_count", 0,
        "message", assay_json_safe_string(message, strlen(message)));
    return assay_json_push(json_object_get(container, "checks"), result, err);
}

int assay_scan_add_unread(struct assay_scan_run *run, size_t input, const char *message,
                          struct assay_error *err)
{
    const struct assay_input *unread = &run->inputs.items[input];
    for (size_t i = 0; i < json_array_size(run->assigned[input]); i++)
        ASSAY_TRY(add_errored(run, unread->name, unread->location,
                              json_array_get(run->assigned[input], i), message, err));
    return ASSAY_OK;
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Inputs that are not there, or cannot be opened: a check that means one is errored there. */
static int add_unopened(struct assay_scan_run *run, const json_t *check, size_t *means,
                        struct assay_error *err)
{
    const json_t *errors = run->inputs.errors;
    for (size_t i = 0; i < json_array_size(errors); i++) {
        const json_t *error = json_array_get(errors, i);
        const char *location = assay_json_str(error, "container", "");
        if (!assay_check_means(check, location) && !assay_check_means(check, file_name(location)))
            continue;
        ASSAY_TRY(add_errored(run, file_name(location), location, check,
                              assay_json_str(error, "message", ""), err));
        ++*means;
    }
    return ASSAY_OK;
}

/* A named container that the input lacks: its checks are errored, in a container of their own. */
static int add_missing(struct assay_scan_run *run, const json_t *check, struct assay_error *err)
{
    const char *name = assay_json_str(check, "container", "");
    ASSAY_SCOPED(assay_buf_release) struct assay_buf message = {0};
    assay_buf_printf(&message, "The input has no container %s.", name);
    ASSAY_TRY(assay_buf_check(&message, err));
    return add_errored(run, name, NULL, check, assay_buf_str(&message), err);
}

/* ---- giving them to inputs ---- */

/* "check 0 (notNull, line 3)"; one of the command line has no line. */
static void describe(const json_t *check, char *text, size_t size)
{
    char place[32] = "--check";
    const int64_t line = assay_json_int(check, "line", 0);
    if (line > 0)
        (void)snprintf(place, sizeof place, "line %lld", (long long)line);
    (void)snprintf(text, size, "check %lld (%s, %s)", (long long)assay_json_int(check, "index", 0),
                   assay_json_str(check, "rule", ""), place);
}

static int assign_check(struct assay_scan_run *run, json_t *check, struct assay_error *err)
{
    const char *container = assay_json_str(check, "container", NULL);
    char described[160];
    size_t means = 0;
    describe(check, described, sizeof described);
    if (!container && run->inputs.count > 1)
        return assay_fail(err, ASSAY_USAGE,
                          "giving checks to containers: %s names no container and the input has "
                          "%zu: add `container:` to it",
                          described, run->inputs.count);
    ASSAY_TRY(add_unopened(run, check, &means, err));
    for (size_t i = 0; i < run->inputs.count; i++)
        if (assay_check_means(check, run->inputs.items[i].name)) {
            ASSAY_TRY(assay_json_push(run->assigned[i], json_incref(check), err));
            means++;
        }
    return means || !container ? ASSAY_OK : add_missing(run, check, err);
}

int assay_scan_assign(struct assay_scan_run *run, struct assay_error *err)
{
    const json_t *checks = run->checks.checks;
    size_t active = 0;
    run->assigned = assay_calloc(run->inputs.count + 1, sizeof *run->assigned);
    if (!run->assigned)
        return assay_fail_memory(err);
    for (size_t i = 0; i < run->inputs.count; i++)
        if (!(run->assigned[i] = json_array()))
            return assay_fail_memory(err);
    for (size_t i = 0; i < json_array_size(checks); i++) {
        if (!is_active(json_array_get(checks, i)))
            continue;
        active++;
        ASSAY_TRY(assign_check(run, json_array_get(checks, i), err));
    }
    return active
               ? ASSAY_OK
               : assay_fail(err, ASSAY_USAGE,
                            "giving checks to containers: no check is active: set status: Active");
}

/* ---- fields ---- */

static const json_t *field_named(const json_t *fields, const char *name)
{
    for (size_t i = 0; i < json_array_size(fields); i++)
        if (strcmp(assay_json_str(json_array_get(fields, i), "name", ""), name) == 0)
            return json_array_get(fields, i);
    return NULL;
}

/* Lists an expectedSchema check of this container the field? */
static bool is_expected(const json_t *checks, const char *name)
{
    for (size_t i = 0; i < json_array_size(checks); i++) {
        const json_t *check = json_array_get(checks, i);
        const json_t *list = json_object_get(json_object_get(check, "properties"), "list");
        if (strcmp(assay_json_str(check, "rule", ""), "expectedSchema") != 0)
            continue;
        for (size_t j = 0; j < json_array_size(list); j++) {
            const json_t *entry = json_array_get(list, j);
            const char *expected = json_is_string(entry) ? json_string_value(entry)
                                                         : assay_json_str(entry, "name", "");
            if (strcmp(expected, name) == 0)
                return true;
        }
    }
    return false;
}

static int unknown_field(const json_t *check, const char *name, const json_t *fields,
                         const char *location, struct assay_error *err)
{
    struct assay_nearest nearest = {.wanted = name};
    char described[160];
    describe(check, described, sizeof described);
    for (size_t i = 0; i < json_array_size(fields); i++)
        assay_nearest_offer(&nearest, assay_json_str(json_array_get(fields, i), "name", ""));
    return assay_fail(err, ASSAY_USAGE,
                      "checking the fields of %s: %s: there is no field %.80s: %s%s%s", location,
                      described, name, nearest.best ? "did you mean " : "see `assay profile`",
                      nearest.best ? nearest.best : "", nearest.best ? "?" : "");
}

/* Nested names ("address.city") are the executor's affair. */
static int check_names(const json_t *checks, const json_t *fields, const char *location,
                       struct assay_error *err)
{
    for (size_t i = 0; i < json_array_size(checks); i++) {
        const json_t *check = json_array_get(checks, i), *names = json_object_get(check, "fields");
        for (size_t j = 0; j < json_array_size(names); j++) {
            const char *name = json_string_value(json_array_get(names, j));
            if (name && !strchr(name, '.') && !field_named(fields, name) &&
                !is_expected(checks, name))
                return unknown_field(check, name, fields, location, err);
        }
    }
    return ASSAY_OK;
}

static bool names_fields(const json_t *checks)
{
    for (size_t i = 0; i < json_array_size(checks); i++)
        if (json_array_size(json_object_get(json_array_get(checks, i), "fields")))
            return true;
    return false;
}

int assay_scan_check_fields(struct assay_scan_run *run, struct assay_error *err)
{
    for (size_t i = 0; i < run->inputs.count; i++) {
        const struct assay_input *input = &run->inputs.items[i];
        ASSAY_AUTO(assay_json_decref) json_t *document = NULL;
        ASSAY_AUTO(assay_json_decref) json_t *settings = json_pack("{s:s}", "what", "schema");
        if (!settings)
            return assay_fail_memory(err);
        if (input->from_stdin || !names_fields(run->assigned[i]))
            continue;
        struct assay_error why = {0};
        const struct assay_session_task task = {.kind = "inspect",
                                                .name = input->name,
                                                .source = input->source,
                                                .secrets = input->secrets,
                                                .settings = settings};
        const int rc = assay_session_run(&run->session, &task, &document, NULL, &why);
        if (rc == ASSAY_CANCELLED || rc == ASSAY_USAGE)
            return assay_fail(err, rc, "reading %s: %s", input->location, why.text);
        const json_t *fields = json_object_get(json_object_get(document, "inspect"), "fields");
        if (rc == ASSAY_OK && json_array_size(fields))
            ASSAY_TRY(check_names(run->assigned[i], fields, input->location, err));
    }
    return ASSAY_OK;
}
