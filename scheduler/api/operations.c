// Routes of operations.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/catalog/operation.h"

#include <string.h>

#include "scheduler/api/handlers.h"
#include "scheduler/api/internal.h"
#include "scheduler/plan/plan.h"

static int read_list(struct assay_db_conn *conn, struct assay_request *request, json_t **ret_json,
                     struct assay_error *err)
{
    return assay_operation_page(conn, request->params, ret_json, err);
}

static int read_one(struct assay_db_conn *conn, struct assay_request *request, json_t **ret_json,
                    struct assay_error *err)
{
    return assay_operation_get(conn, request->id, ret_json, err);
}

int assay_operations_list(struct assay_request *request, struct assay_answer *answer,
                          struct assay_error *err)
{
    return assay_read(request, read_list, answer, err);
}

/* What the tasks of a running operation say of themselves right now, over what the leases said
 * last. */
static void add_live_progress(const struct assay_api_options *with, int64_t id, json_t *operation)
{
    ASSAY_AUTO(assay_json_decref) json_t *live = NULL;
    if (!with->progress || !json_is_null(json_object_get(operation, "end_time")) ||
        assay_progress_get(with->progress, id, &live, NULL) != ASSAY_OK)
        return;
    json_t *status = json_object_get(operation, "status");
    json_int_t records = 0;
    size_t i;
    json_t *task;
    json_array_foreach(json_object_get(live, "tasks"), i, task) records +=
        assay_json_int(task, "records", 0);
    if (records > assay_json_int(status, "records_processed", 0))
        (void)json_object_set_new(status, "records_processed", json_integer(records));
    (void)json_object_set_new(status, "live", json_true());
    (void)json_object_set(operation, "progress", live);
}

int assay_operation_now(const struct assay_api_options *with, int64_t id, json_t **ret_operation,
                        struct assay_error *err)
{
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    ASSAY_TRY(assay_db_acquire(with->db, &conn, err));
    ASSAY_TRY(assay_operation_get(conn, id, ret_operation, err));
    add_live_progress(with, id, *ret_operation);
    return ASSAY_OK;
}

int assay_operations_get(struct assay_request *request, struct assay_answer *answer,
                         struct assay_error *err)
{
    return assay_operation_now(request->with, request->id, &answer->json, err);
}

int assay_operations_events(struct assay_request *request, struct assay_answer *answer,
                            struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *now = NULL;
    ASSAY_TRY(assay_operation_now(request->with, request->id, &now, err)); /* 404 */
    answer->stream = assay_stream_new();
    answer->content_type = "text/event-stream";
    if (!answer->stream)
        return assay_fail_memory(err);
    return assay_events_add(request->api->events, request->id, answer->stream, err);
}

int assay_operations_run(struct assay_request *request, struct assay_answer *answer,
                         struct assay_error *err)
{
    static const char *const later[] = {"export", "materialize", "promote", "external_scan"};
    const char *type = assay_json_str(request->body, "type", "");
    for (size_t i = 0; i < ASSAY_COUNT(later); i++)
        if (strcmp(later[i], type) == 0)
            return assay_fail(err, ASSAY_UNSUPPORTED, "operations of type %s are not built yet",
                              type);
    ASSAY_TRY(assay_plan_operation(request->with->store, request->body, request->identity.user_name,
                                   NULL, &request->id, err));
    assay_api_wake(request);
    return assay_read(request, read_one, answer, err);
}

/* A finished operation stays as it is. */
int assay_operations_abort(struct assay_request *request, struct assay_answer *answer,
                           struct assay_error *err)
{
    int stopped, to_signal;
    ASSAY_TRY(assay_read(request, read_one, answer, err)); /* 404 also for what is never listed */
    ASSAY_TRY(assay_job_cancel(request->with->store, request->id, request->identity.user_name,
                               &stopped, &to_signal, err));
    assay_api_wake(request);
    json_decref(ASSAY_TAKE(answer->json));
    return assay_read(request, read_one, answer, err);
}
