// The internal door: credentials for workers, figures for monitoring.
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>

#include "scheduler/api/handlers.h"
#include "scheduler/api/internal.h"
#include "scheduler/catalog/credentials.h"

static int give_credentials(struct assay_request *request, struct assay_answer *answer,
                            struct assay_error *err)
{
    int64_t epoch;
    ASSAY_TRY(assay_json_need_int(request->body, "epoch", &epoch, err));
    return assay_credentials_of_task(request->with->db, request->with->store,
                                     request->with->keyring, request->id, epoch, &answer->json,
                                     err);
}

static int give_demand(struct assay_request *request, struct assay_answer *answer,
                       struct assay_error *err)
{
    const char *pool = assay_param(request->params, "pool");
    int64_t count;
    pool = pool && *pool ? pool : "default";
    ASSAY_TRY(assay_job_demand(request->with->store, pool, &count, err));
    answer->json = json_pack("{s:s, s:I}", "pool", pool, "demand", (json_int_t)count);
    return ASSAY_OK;
}

static int give_live(struct assay_request *request, struct assay_answer *answer,
                     struct assay_error *err)
{
    (void)request, (void)err;
    answer->json = json_pack("{s:s}", "status", "ok");
    return ASSAY_OK;
}

/* One SQL row of figures each: name, help, query. */
static const struct metric {
    const char *name, *help, *sql;
} metrics[] = {
    {"assay_operations_open", "operations that are not finished",
     "SELECT count(*) FROM operation WHERE hidden = 0 AND finished_at IS NULL"},
    {"assay_tasks_ready", "tasks that wait for dispatch",
     "SELECT count(*) FROM task WHERE state = 'ready'"},
    {"assay_tasks_dispatched", "tasks that wait for a worker",
     "SELECT count(*) FROM task WHERE state = 'dispatched'"},
    {"assay_tasks_running", "tasks that run", "SELECT count(*) FROM task_lease"},
    {"assay_outbox_rows", "messages that wait to be sent", "SELECT count(*) FROM outbox"},
    {"assay_datastores", "datastores", "SELECT count(*) FROM datastore"},
    {"assay_containers", "containers", "SELECT count(*) FROM container WHERE deleted_at IS NULL"},
    {"assay_checks_active", "active quality checks",
     "SELECT count(*) FROM quality_check WHERE status = 'Active'"},
    {"assay_anomalies_active", "active anomalies",
     "SELECT count(*) FROM anomaly WHERE status = 'Active'"},
};

static int give_metrics(struct assay_request *request, struct assay_answer *answer,
                        struct assay_error *err)
{
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    ASSAY_TRY(assay_db_acquire(request->with->db, &conn, err));
    for (size_t i = 0; i < ASSAY_COUNT(metrics); i++) {
        ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
        ASSAY_TRY(assay_db_run(conn, metrics[i].sql, &rows, err));
        assay_buf_printf(&answer->text, "# HELP %s %s\n# TYPE %s gauge\n%s %" PRId64 "\n",
                         metrics[i].name, metrics[i].help, metrics[i].name, metrics[i].name,
                         assay_db_get_int(rows, 0, 0));
    }
    answer->content_type = "text/plain; version=0.0.4; charset=utf-8";
    return assay_buf_check(&answer->text, err);
}

static const struct assay_writable credentials_keys[] = {
    {"epoch", NULL, ASSAY_WRITE_INT, .required = true}, {.key = NULL}};

const struct assay_route assay_internal_routes[] = {
    {"POST", "/internal/tasks/{id}/credentials", give_credentials, ASSAY_ROUTE_PLAIN,
     ASSAY_BODY_OBJECT, credentials_keys, NULL, NULL, 200,
     "Credentials of a claimed task, for the worker that holds it"},
    {"GET", "/internal/demand", give_demand, ASSAY_ROUTE_OPEN, ASSAY_BODY_NONE, NULL, NULL, NULL,
     200, "Tasks that could run now: what to scale a pool on"},
    {"GET", "/metrics", give_metrics, ASSAY_ROUTE_OPEN, ASSAY_BODY_NONE, NULL, NULL, NULL, 200,
     "Figures for Prometheus"},
    {"GET", "/livez", give_live, ASSAY_ROUTE_OPEN, ASSAY_BODY_NONE, NULL, NULL, NULL, 200,
     "The process answers"},
    {"GET", "/readyz", assay_status_get, ASSAY_ROUTE_OPEN, ASSAY_BODY_NONE, NULL, NULL, NULL, 200,
     "The catalog answers"},
    {.method = NULL},
};
