// Inputs that the executor lists: what a folder or a schema holds.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "cli/input/input.h"
#include "common/base/memory.h"

/* The task's `container` of a listed one: name and type, and the files where there are some. */
static json_t *container_of(const json_t *found, const char *location)
{
    json_t *container = json_pack("{s:O, s:O, s:o}", "name", json_object_get(found, "name"),
                                  "container_type", json_object_get(found, "container_type"),
                                  "location", assay_json_safe_string(location, strlen(location)));
    json_t *files = json_object_get(json_object_get(found, "details"), "files");
    if (container && files && json_object_set(container, "files", files)) {
        json_decref(container);
        return NULL;
    }
    return container;
}

static char *location_of(const char *before, const char *name, bool is_file)
{
    struct assay_buf location = {0};
    const size_t size_bytes = strlen(before);
    assay_buf_text(&location, before);
    if (!is_file || (size_bytes && before[size_bytes - 1] != '/'))
        assay_buf_char(&location, is_file ? '/' : '#');
    assay_buf_text(&location, name);
    return assay_buf_take(&location);
}

static int add_found(struct assay_inputs *inputs, const json_t *found, const json_t *source,
                     const json_t *secrets, const char *before, struct assay_error *err)
{
    const char *name = assay_json_str(found, "name", "");
    const bool is_file = strcmp(assay_json_str(found, "container_type", ""), "file") == 0;
    struct assay_input item = {.name = assay_strdup(name),
                               .location = location_of(before, name, is_file)};
    item.source = json_copy((json_t *)source);
    item.secrets = json_incref((json_t *)secrets);
    if (item.location && item.source &&
        json_object_set_new(item.source, "container", container_of(found, item.location))) {
        assay_input_release(&item);
        return assay_fail_memory(err);
    }
    return assay_inputs_add(inputs, &item, err);
}

/* "orders_*.csv: 12 files" */
static void say_grouping(struct assay_session *session, const json_t *found)
{
    const json_t *details = json_object_get(found, "details");
    const size_t files = json_array_size(json_object_get(details, "files"));
    const char *note = assay_json_str(details, "note", NULL);
    if (files > 1 || note)
        assay_session_say(session, "  %s: %zu file%s%s%s", assay_json_str(found, "name", ""), files,
                          files == 1 ? "" : "s", note ? "; " : "", note ? note : "");
    else
        assay_session_say(session, "  %s", assay_json_str(found, "name", ""));
}

static int add_all(struct assay_session *session, struct assay_inputs *inputs,
                   const json_t *containers, const json_t *source, const json_t *secrets,
                   const char *location, struct assay_error *err)
{
    const size_t count = json_array_size(containers);
    if (count)
        assay_session_say(session, "%s: %zu container%s", location, count, count == 1 ? "" : "s");
    for (size_t i = 0; i < count; i++) {
        const json_t *found = json_array_get(containers, i);
        say_grouping(session, found);
        ASSAY_TRY(add_found(inputs, found, source, secrets, location, err));
    }
    return ASSAY_OK;
}

int assay_input_add_listed(struct assay_session *session, struct assay_inputs *inputs,
                           const json_t *source, const json_t *secrets, const char *location,
                           struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *document = NULL;
    const struct assay_session_task task = {
        .kind = "sync", .name = location, .source = source, .secrets = secrets};
    const int rc = assay_session_run(session, &task, &document, NULL, err);
    if (rc != ASSAY_OK)
        return assay_context(err, rc, "listing %s", location);
    const json_t *containers = json_object_get(json_object_get(document, "found"), "containers");
    return add_all(session, inputs, containers, source, secrets, location, err);
}
