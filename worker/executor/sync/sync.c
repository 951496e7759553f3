// Sync: lists a source's containers and describes each.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/connect/connector.h"
#include "worker/executor/task.h"

enum { OPEN_TIMEOUT_MS = 30000, FLUSH_AT = 64 /* containers kept back for one chunk */ };

struct sync {
    struct assay_task *task;
    const struct assay_connector *connector;
    struct assay_conn *conn;
    json_t *reader;  /* reader options for describing */
    json_t *pending; /* containers not yet sent */
    json_int_t found, described;
};

static void close_sync(struct sync *sync)
{
    json_decref(sync->reader);
    json_decref(sync->pending);
    if (sync->conn)
        sync->connector->close(sync->conn);
}

/* Errors of one container are its own; these end the whole listing. */
static bool ends_all(int rc)
{
    return rc == ASSAY_CANCELLED || rc == ASSAY_NO_MEMORY || rc == ASSAY_UNAVAILABLE ||
           rc == ASSAY_INTERNAL;
}

/* The fields of a container into *ret_fields, or why not into `problem`. Not ASSAY_OK: the listing
 * ends. */
static int describe(struct sync *sync, const struct assay_found *found, json_t **ret_fields,
                    struct assay_error *problem, struct assay_error *err)
{
    const char *known = assay_json_str(found->details, "error", NULL);
    if (known) {
        (void)assay_fail(problem, ASSAY_IO, "%s", known);
        return ASSAY_OK;
    }
    ASSAY_AUTO(assay_json_decref)
    json_t *container = json_pack(
        "{s:o, s:s, s:O?}", "name", assay_json_safe_string(found->name, strlen(found->name)),
        "container_type", found->container_type, "files", json_object_get(found->details, "files"));
    if (!container)
        return assay_fail_memory(err);
    ASSAY_SCOPED(assay_schema_release) struct assay_schema schema = {0};
    const int rc = sync->connector->describe(sync->conn, container, sync->reader, &schema, problem);
    if (ends_all(rc))
        return assay_fail(err, rc, "%s", problem->text);
    if (rc != ASSAY_OK)
        return ASSAY_OK;
    sync->described++;
    return assay_schema_json(&schema, ret_fields, err);
}

static json_t *number_or_null(int64_t value)
{
    return value < 0 ? json_null() : json_integer(value);
}

static int flush(struct sync *sync, struct assay_error *err)
{
    ASSAY_TRY(assay_task_emit_list(sync->task, "found", "containers", sync->pending, err));
    return json_array_clear(sync->pending) ? assay_fail_memory(err) : ASSAY_OK;
}

static int take_found(struct assay_found *found, void *context, struct assay_error *err)
{
    struct sync *sync = context;
    struct assay_error problem = {0};
    ASSAY_AUTO(assay_json_decref) json_t *fields = NULL;
    ASSAY_TRY(assay_task_check(sync->task, err));
    ASSAY_TRY(describe(sync, found, &fields, &problem, err));
    if (!fields && !(fields = json_array()))
        return assay_fail_memory(err);
    json_t *container = json_pack(
        "{s:o, s:s, s:o, s:o, s:o, s:O?, s:O, s:o}", "name",
        assay_json_safe_string(found->name, strlen(found->name)), "container_type",
        found->container_type, "records_estimate", number_or_null(found->records_estimate),
        "size_bytes", number_or_null(found->size_bytes), "modified_us",
        number_or_null(found->modified_us), "details", found->details, "fields", fields, "error",
        problem.code ? assay_json_safe_string(problem.text, strlen(problem.text)) : json_null());
    ASSAY_TRY(assay_json_push(sync->pending, container, err));
    sync->found++;
    return json_array_size(sync->pending) < FLUSH_AT ? ASSAY_OK : flush(sync, err);
}

static int list_options(const struct assay_task *task, json_t **ret_options,
                        struct assay_error *err)
{
    static const char key[] = "folder_globbing_enabled";
    json_t *options = json_copy((json_t *)task->settings);
    if (!options)
        return assay_fail_memory(err);
    *ret_options = options;
    if (json_object_get(options, key))
        return ASSAY_OK;
    return assay_json_set(options, key, json_boolean(assay_json_bool(task->properties, key, false)),
                          err);
}

static int run(struct sync *sync, struct assay_error *err)
{
    struct assay_task *task = sync->task;
    sync->connector = assay_connector_find(task->connector);
    if (!sync->connector)
        return assay_fail(err, ASSAY_UNSUPPORTED, "there is no connector named %s",
                          task->connector);
    ASSAY_AUTO(assay_json_decref) json_t *options = NULL;
    ASSAY_TRY(list_options(task, &options, err));
    sync->pending = json_array();
    sync->reader = json_deep_copy(task->reader);
    if (!sync->pending || !sync->reader)
        return assay_fail_memory(err);
    /* A listing looks at samples; the profile at every byte. */
    ASSAY_TRY(assay_json_set(sync->reader, "sample_fields", json_true(), err));
    atomic_store(&task->progress.phase, "connecting");
    ASSAY_TRY(sync->connector->open(task->properties, OPEN_TIMEOUT_MS, &task->cancelled,
                                    &sync->conn, err));
    atomic_store(&task->progress.phase, "listing");
    ASSAY_TRY(sync->connector->list(sync->conn, options, take_found, sync, err));
    return json_array_size(sync->pending) || !sync->found ? flush(sync, err) : ASSAY_OK;
}

int assay_sync_run(struct assay_task *task, struct assay_error *err)
{
    struct sync sync = {.task = task};
    const int rc = run(&sync, err);
    if (rc == ASSAY_OK)
        task->done.coverage =
            json_pack("{s:I, s:I}", "containers", sync.found, "containers_covered", sync.described);
    close_sync(&sync);
    return rc;
}
