// Inspect: a hidden operation of one task in the express lane.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "scheduler/plan/plan.h"
#include "scheduler/plan/source.h"

enum { SECRET_TTL_MS = 120000 };

struct inspecting {
    struct assay_job_store *store;
    const struct assay_plan_inspect *request;
    int64_t operation_id, task_id;
};

static int unsaved_spec(const struct assay_plan_inspect *request, json_t **ret_spec,
                        struct assay_error *err)
{
    json_t *properties = request->properties ? json_deep_copy(request->properties) : json_object();
    assay_plan_drop_fences(properties);
    json_t *spec = json_pack("{s:{s:s, s:o}}", "source", "connector", request->connector,
                             "properties", properties);
    if (!spec)
        return assay_fail_memory(err);
    *ret_spec = spec;
    return ASSAY_OK;
}

static int saved_spec(struct assay_db_conn *conn, const struct assay_plan_inspect *request,
                      json_t **ret_spec, struct assay_error *err)
{
    ASSAY_SCOPED(assay_plan_datastore_release) struct assay_plan_datastore datastore = {0};
    ASSAY_TRY(assay_plan_datastore_load(conn, request->datastore_id, &datastore, err));
    if (request->container_id)
        return assay_plan_container(conn, &datastore, request->container_id, false, ret_spec, err);
    json_t *source = NULL;
    ASSAY_TRY(assay_plan_source(&datastore, &source, err));
    json_t *spec = json_pack("{s:o}", "source", source);
    if (!spec)
        return assay_fail_memory(err);
    *ret_spec = spec;
    return ASSAY_OK;
}

static int add_question(const struct assay_plan_inspect *request, json_t *spec,
                        struct assay_error *err)
{
    json_t *settings = json_pack("{s:s}", "what", request->what);
    ASSAY_TRY(assay_json_set(spec, "settings", settings, err));
    if (request->limit)
        ASSAY_TRY(assay_json_set(settings, "limit", json_integer(request->limit), err));
    if (!request->container)
        return ASSAY_OK;
    return assay_json_set(
        json_object_get(spec, "source"), "container",
        json_pack("{s:s, s:s}", "name", request->container, "location", request->container), err);
}

static int insert(struct assay_db_conn *conn, struct inspecting *inspecting, const json_t *spec,
                  struct assay_error *err)
{
    const struct assay_plan_inspect *request = inspecting->request;
    ASSAY_AUTO(assay_free_text) char *text = assay_json_text(spec);
    if (!text)
        return assay_fail_memory(err);
    const struct assay_job_task_new task = {
        .kind = "inspect", .container_id = request->container_id, .split_count = 1, .unblocks = -1};
    const struct assay_job_operation_new operation = {
        .source_id = request->datastore_id,
        .kind = "inspect",
        .hidden = true,
        .triggered_by = request->triggered_by,
        .lane = ASSAY_LANE_EXPRESS,
        .priority = 1,
        .specs = (const char *const *)&text,
        .specs_count = 1,
        .tasks = &task,
        .tasks_count = 1,
    };
    ASSAY_TRY(assay_job_operation_create(inspecting->store, conn, &operation,
                                         &inspecting->operation_id, &inspecting->task_id, NULL,
                                         err));
    if (!request->ciphertext)
        return ASSAY_OK;
    return assay_job_secret_put(inspecting->store, conn, inspecting->task_id, request->ciphertext,
                                request->ciphertext_bytes, SECRET_TTL_MS, err);
}

static int plan(struct assay_db_conn *conn, void *context, struct assay_error *err)
{
    struct inspecting *inspecting = context;
    const struct assay_plan_inspect *request = inspecting->request;
    ASSAY_AUTO(assay_json_decref) json_t *spec = NULL;
    if (request->datastore_id)
        ASSAY_TRY(saved_spec(conn, request, &spec, err));
    else
        ASSAY_TRY(unsaved_spec(request, &spec, err));
    ASSAY_TRY(add_question(request, spec, err));
    return insert(conn, inspecting, spec, err);
}

int assay_plan_inspect(struct assay_job_store *store, const struct assay_plan_inspect *inspect,
                       int64_t *ret_operation_id, int64_t *ret_task_id, struct assay_error *err)
{
    struct inspecting inspecting = {.store = store, .request = inspect};
    ASSAY_TRY(assay_db_transaction(assay_job_store_db(store), plan, &inspecting, err));
    *ret_operation_id = inspecting.operation_id;
    *ret_task_id = inspecting.task_id;
    return ASSAY_OK;
}
