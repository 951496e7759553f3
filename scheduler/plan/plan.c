// Planner: request → operation, specs, tasks.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/plan/plan.h"

#include <string.h>

#include "common/base/memory.h"
#include "scheduler/plan/source.h"

struct planning {
    struct assay_job_store *store;
    const json_t *body;
    const char *triggered_by, *idempotency_key;
    int64_t operation_id;
};

/* What a plan inserts; texts and tasks are its own. */
struct plan {
    const char *kind;
    struct assay_plan_datastore datastore;
    json_t *settings; /* of the executor */
    bool incremental; /* profile: what is known of unchanged partitions serves */
    char **specs;
    struct assay_job_task_new *tasks;
    size_t count;
};

static void release_plan(struct plan *plan)
{
    for (size_t i = 0; plan->specs && i < plan->count; i++)
        assay_free(plan->specs[i]);
    assay_free(plan->specs);
    assay_free(plan->tasks);
    json_decref(plan->settings);
    assay_plan_datastore_release(&plan->datastore);
}

static int kind_of(const json_t *body, const char **ret_kind, struct assay_error *err)
{
    static const struct {
        const char *type, *kind;
    } kinds[] = {{"sync", "sync"}, {"catalog", "sync"}, {"profile", "profile"}, {"scan", "scan"}};
    static const char *const later[] = {"materialize", "export", "external_scan", "promote"};
    const char *type = NULL;
    ASSAY_TRY(assay_json_need_str(body, "type", &type, err));
    for (size_t i = 0; i < ASSAY_COUNT(kinds); i++)
        if (!strcmp(type, kinds[i].type)) {
            *ret_kind = kinds[i].kind;
            return ASSAY_OK;
        }
    for (size_t i = 0; i < ASSAY_COUNT(later); i++)
        if (!strcmp(type, later[i]))
            return assay_fail(err, ASSAY_UNSUPPORTED, "operations of type %s are not built yet",
                              type);
    return assay_fail(err, ASSAY_INVALID, "\"type\" must be one of sync|profile|scan");
}

static int reserve(struct plan *plan, size_t count, struct assay_error *err)
{
    plan->specs = assay_calloc(count, sizeof *plan->specs);
    plan->tasks = assay_calloc(count, sizeof *plan->tasks);
    if (!plan->specs || !plan->tasks)
        return assay_fail_memory(err);
    plan->count = count;
    return ASSAY_OK;
}

static int add_task(struct plan *plan, size_t place, int64_t container_id, const json_t *spec,
                    struct assay_error *err)
{
    plan->specs[place] = assay_json_text(spec);
    /* a profile's first task decides whether the container is cut */
    const char *kind = strcmp(plan->kind, "profile") ? plan->kind : "profile.plan";
    plan->tasks[place] = (struct assay_job_task_new){.kind = kind,
                                                     .container_id = container_id,
                                                     .spec = place,
                                                     .split_count = 1,
                                                     .unblocks = -1};
    return plan->specs[place] ? ASSAY_OK : assay_fail_memory(err);
}

static int plan_sync(struct plan *plan, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *spec = json_object();
    json_t *source = NULL;
    ASSAY_TRY(assay_plan_source(&plan->datastore, &source, err));
    ASSAY_TRY(assay_json_set(spec, "source", source, err));
    ASSAY_TRY(assay_json_set(spec, "settings", json_incref(plan->settings), err));
    ASSAY_TRY(reserve(plan, 1, err));
    return add_task(plan, 0, 0, spec, err);
}

static int plan_container(struct assay_db_conn *conn, struct plan *plan, size_t place,
                          int64_t container_id, struct assay_error *err)
{
    const bool scan = !strcmp(plan->kind, "scan");
    ASSAY_AUTO(assay_json_decref) json_t *spec = NULL;
    json_t *settings = json_deep_copy(plan->settings);
    ASSAY_TRY(assay_plan_container(conn, &plan->datastore, container_id, scan, &spec, err));
    ASSAY_TRY(assay_json_set(spec, "settings", settings, err));
    if (scan)
        ASSAY_TRY(assay_plan_checks(conn, container_id, spec, err));
    else
        ASSAY_TRY(assay_plan_keep(conn, container_id, spec, settings, plan->incremental, err));
    return add_task(plan, place, container_id, spec, err);
}

static int plan_containers(struct assay_db_conn *conn, struct plan *plan, const json_t *body,
                           struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_plan_targets(conn, &plan->datastore, body, &rows, err));
    ASSAY_TRY(reserve(plan, assay_db_rows_count(rows), err));
    for (size_t row = 0; row < plan->count; row++)
        ASSAY_TRY(plan_container(conn, plan, row, assay_db_get_int(rows, row, 0), err));
    return ASSAY_OK;
}

static int insert(struct assay_db_conn *conn, struct planning *planning, const struct plan *plan,
                  struct assay_error *err)
{
    ASSAY_AUTO(assay_free_text) char *settings = assay_json_text(planning->body);
    if (!settings)
        return assay_fail_memory(err);
    const struct assay_job_operation_new operation = {
        .source_id = plan->datastore.id,
        .connection_id = plan->datastore.connection_id,
        .max_running = plan->datastore.max_running,
        .kind = plan->kind,
        .settings = settings,
        .triggered_by = planning->triggered_by,
        .idempotency_key = planning->idempotency_key,
        .lane = strcmp(plan->kind, "sync") ? ASSAY_LANE_BULK : ASSAY_LANE_EXPRESS,
        .specs = (const char *const *)plan->specs,
        .specs_count = plan->count,
        .tasks = plan->tasks,
        .tasks_count = plan->count,
    };
    return assay_job_operation_create(planning->store, conn, &operation, &planning->operation_id,
                                      NULL, NULL, err);
}

static int plan_all(struct assay_db_conn *conn, void *context, struct assay_error *err)
{
    struct planning *planning = context;
    ASSAY_SCOPED(release_plan) struct plan plan = {0};
    int64_t datastore_id = 0;
    ASSAY_TRY(kind_of(planning->body, &plan.kind, err));
    ASSAY_TRY(assay_write_check_request(assay_plan_request_keys, plan.kind, planning->body, err));
    ASSAY_TRY(assay_json_need_int(planning->body, "datastore_id", &datastore_id, err));
    ASSAY_TRY(assay_plan_datastore_load(conn, datastore_id, &plan.datastore, err));
    if (plan.datastore.enrichment_only && strcmp(plan.kind, "sync") != 0)
        return assay_fail(err, ASSAY_INVALID, "datastore %.100s is for enrichment only",
                          plan.datastore.name);
    plan.incremental = assay_json_bool(planning->body, "incremental", true);
    ASSAY_TRY(assay_plan_settings(plan.kind, &plan.datastore, planning->body, &plan.settings, err));
    if (!strcmp(plan.kind, "sync"))
        ASSAY_TRY(plan_sync(&plan, err));
    else
        ASSAY_TRY(plan_containers(conn, &plan, planning->body, err));
    return insert(conn, planning, &plan, err);
}

int assay_plan_operation(struct assay_job_store *store, const json_t *body,
                         const char *triggered_by, const char *idempotency_key,
                         int64_t *ret_operation_id, struct assay_error *err)
{
    struct planning planning = {.store = store,
                                .body = body,
                                .triggered_by = triggered_by,
                                .idempotency_key = idempotency_key};
    ASSAY_TRY(assay_db_transaction(assay_job_store_db(store), plan_all, &planning, err));
    *ret_operation_id = planning.operation_id;
    return ASSAY_OK;
}

int assay_plan_operation_in(struct assay_job_store *store, struct assay_db_conn *conn,
                            const json_t *body, const char *triggered_by, int64_t *ret_operation_id,
                            struct assay_error *err)
{
    struct planning planning = {.store = store, .body = body, .triggered_by = triggered_by};
    ASSAY_TRY(plan_all(conn, &planning, err));
    *ret_operation_id = planning.operation_id;
    return ASSAY_OK;
}
