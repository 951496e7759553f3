// Which check goes to which container, and fields that do not exist.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "cli/scan/scan.h"
#include "common/base/memory.h"
#include "common/base/nearest.h"

static bool is_active(const json_t *check)
{
    return strcmp(assay_json_str(check, "status", "Active"), "Active") == 0;
}

/* A named container that the input lacks: its checks are errored, in a container of their own. */
static int add_missing(struct assay_scan_run *run, const json_t *check, struct assay_error *err)
{
    const char *name = assay_json_str(check, "container", "");
    json_t *containers = json_object_get(run->document, "containers"), *container = NULL;
    for (size_t i = 0; i < json_array_size(containers); i++)
        if (strcmp(assay_json_str(json_array_get(containers, i), "name", ""), name) == 0)
            container = json_array_get(containers, i);
    if (!container) {
        container = json_pack("{s:O, s:n, s:n, s:i, s:s, s:{s:i, s:i, s:i, s:i}, s:[], s:[]}",
                              "name", json_object_get(check, "container"), "location",
                              "records_count", "rejected_records", 0, "outcome", "errored",
                              "assessed", "checks", 0, "checks_evaluated", 0, "partitions", 0,
                              "partitions_scanned", 0, "checks", "anomalies");
        ASSAY_TRY(assay_json_push(containers, container, err));
    }
    struct assay_buf message = {0};
    assay_buf_printf(&message, "The input has no container %s.", name);
    json_t *result = json_pack(
        "{s:O, s:O, s:O, s:s, s:O, s:i, s:i, s:i, s:s}", "index", json_object_get(check, "index"),
        "rule", json_object_get(check, "rule"), "fields", json_object_get(check, "fields"),
        "outcome", "errored", "severity", json_object_get(check, "severity"),
        "asserted_records_count", 0, "null_records_count", 0, "anomalous_records_count", 0,
        "message", assay_buf_str(&message));
    assay_buf_release(&message);
    return assay_json_push(json_object_get(container, "checks"), result, err);
}

static int assign_check(struct assay_scan_run *run, json_t *check, struct assay_error *err)
{
    const char *container = assay_json_str(check, "container", NULL);
    size_t means = 0;
    if (!container && run->inputs.count > 1)
        return assay_fail(err, ASSAY_USAGE,
                          "giving checks to containers: check %lld (%s, line %lld) names no "
                          "container and the input has "
                          "%zu: add `container:` to it",
                          (long long)assay_json_int(check, "index", 0),
                          assay_json_str(check, "rule", ""),
                          (long long)assay_json_int(check, "line", 0), run->inputs.count);
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
    for (size_t i = 0; i < json_array_size(fields); i++)
        assay_nearest_offer(&nearest, assay_json_str(json_array_get(fields, i), "name", ""));
    return assay_fail(
        err, ASSAY_USAGE,
        "checking the fields of %s: check %lld (%s, line %lld): there is no field %.80s: %s%s%s",
        location, (long long)assay_json_int(check, "index", 0), assay_json_str(check, "rule", ""),
        (long long)assay_json_int(check, "line", 0), name,
        nearest.best ? "did you mean " : "see `assay profile`", nearest.best ? nearest.best : "",
        nearest.best ? "?" : "");
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
