// Routes of datastores.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/catalog/datastore.h"

#include "scheduler/api/handlers.h"
#include "scheduler/api/internal.h"
#include "scheduler/api/source_test.h"
#include "scheduler/catalog/operation.h"
#include "scheduler/plan/plan.h"

static int read_list(struct assay_db_conn *conn, struct assay_request *request, json_t **ret_json,
                     struct assay_error *err)
{
    return assay_datastore_page(conn, request->params, ret_json, err);
}

static int read_one(struct assay_db_conn *conn, struct assay_request *request, json_t **ret_json,
                    struct assay_error *err)
{
    return assay_datastore_get(conn, request->id, ret_json, err);
}

int assay_datastores_list(struct assay_request *request, struct assay_answer *answer,
                          struct assay_error *err)
{
    return assay_read(request, read_list, answer, err);
}

int assay_datastores_get(struct assay_request *request, struct assay_answer *answer,
                         struct assay_error *err)
{
    return assay_read(request, read_one, answer, err);
}

/* A datastore comes with a connection of its own when the body holds `connection` and no id. */
struct creation {
    struct assay_connection_draft draft; /* def NULL: an existing connection */
    bool sync;
};

static void release_creation(struct creation *creation)
{
    assay_connection_draft_release(&creation->draft);
}

static int write_connection(struct assay_db_conn *conn, struct assay_request *request,
                            const struct creation *creation, int64_t *ret_id,
                            struct assay_error *err)
{
    if (!creation->draft.def)
        return assay_json_need_int(request->body, "connection_id", ret_id, err);
    json_t *body = json_object_get(request->body, "connection");
    ASSAY_TRY(
        assay_connection_create(conn, request->with->keyring, body, &creation->draft, ret_id, err));
    return assay_job_limit_set(
        request->with->store, conn, *ret_id,
        (int)assay_json_int(creation->draft.open_part, "max_parallelization", 4), err);
}

static int write_new(struct assay_db_conn *conn, struct assay_request *request, void *context,
                     struct assay_error *err)
{
    const struct creation *creation = context;
    int64_t connection_id, operation_id;
    ASSAY_TRY(write_connection(conn, request, creation, &connection_id, err));
    ASSAY_TRY(assay_datastore_create(conn, request->body, connection_id, &request->id, err));
    if (!creation->sync)
        return ASSAY_OK;
    ASSAY_AUTO(assay_json_decref)
    json_t *sync = json_pack("{s:s, s:I}", "type", "sync", "datastore_id", (json_int_t)request->id);
    return assay_plan_operation_in(request->with->store, conn, sync, request->identity.user_name,
                                   &operation_id, err);
}

static int prepare(struct assay_request *request, struct creation *creation,
                   struct assay_error *err)
{
    const json_t *body = request->body;
    json_t *connection = assay_json_get(body, "connection");
    ASSAY_TRY(assay_write_check(assay_datastore_writables, body, true, err));
    const bool older = assay_json_bool(body, "trigger_catalog", true);
    const bool enriching =
        assay_json_bool(body, "enrichment_only", assay_json_bool(body, "enrich_only", false));
    creation->sync = assay_json_bool(body, "trigger_sync", older) && !enriching;
    if (assay_json_get(body, "connection_id") || !connection)
        return ASSAY_OK;
    ASSAY_TRY(assay_write_check(assay_connection_writables, connection, true, err));
    return assay_source_draft(request, 0, connection, &creation->draft, err);
}

int assay_datastores_create(struct assay_request *request, struct assay_answer *answer,
                            struct assay_error *err)
{
    ASSAY_SCOPED(release_creation) struct creation creation = {0};
    ASSAY_TRY(prepare(request, &creation, err));
    ASSAY_TRY(assay_in_transaction(request, write_new, &creation, err));
    assay_api_wake(request);
    return assay_read(request, read_one, answer, err);
}

static int write_changes(struct assay_db_conn *conn, struct assay_request *request, void *context,
                         struct assay_error *err)
{
    (void)context;
    return assay_datastore_update(conn, request->id, request->body, err);
}

int assay_datastores_update(struct assay_request *request, struct assay_answer *answer,
                            struct assay_error *err)
{
    ASSAY_TRY(assay_in_transaction(request, write_changes, NULL, err));
    return assay_read(request, read_one, answer, err);
}

/* Operations that run on what is about to go are asked to stop. */
static int stop_operations(struct assay_request *request, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_acquire(request->with->db, &conn, err));
    ASSAY_TRY(assay_operation_open_of(conn, request->id, &rows, err));
    assay_db_release(ASSAY_TAKE(conn));
    for (size_t row = 0; row < assay_db_rows_count(rows); row++) {
        int stopped, to_signal;
        ASSAY_TRY(assay_job_cancel(request->with->store, assay_db_get_int(rows, row, 0),
                                   request->identity.user_name, &stopped, &to_signal, err));
    }
    return ASSAY_OK;
}

static int write_deletion(struct assay_db_conn *conn, struct assay_request *request, void *context,
                          struct assay_error *err)
{
    (void)context;
    return assay_datastore_delete(conn, request->id, err);
}

int assay_datastores_delete(struct assay_request *request, struct assay_answer *answer,
                            struct assay_error *err)
{
    (void)answer;
    ASSAY_TRY(stop_operations(request, err));
    return assay_in_transaction(request, write_deletion, NULL, err);
}

static int write_connected(struct assay_db_conn *conn, struct assay_request *request, void *context,
                           struct assay_error *err)
{
    const struct assay_inspected *inspected = context;
    return assay_datastore_note_connected(conn, request->id, inspected->result != NULL, err);
}

/* A saved datastore: always 200 with `connected`. */
int assay_datastores_test(struct assay_request *request, struct assay_answer *answer,
                          struct assay_error *err)
{
    ASSAY_SCOPED(assay_inspected_release) struct assay_inspected inspected = {0};
    struct assay_plan_inspect question = {.what = "ping", .datastore_id = request->id};
    ASSAY_TRY(assay_inspect(request, &question, NULL, &inspected, err));
    ASSAY_TRY(assay_in_transaction(request, write_connected, &inspected, err));
    answer->json = json_pack("{s:b, s:s}", "connected", inspected.result != NULL, "message",
                             inspected.result ? assay_json_str(inspected.result, "product", "")
                                              : inspected.refused.text);
    return ASSAY_OK;
}

/* An unsaved datastore: nothing is kept. */
int assay_datastores_test_draft(struct assay_request *request, struct assay_answer *answer,
                                struct assay_error *err)
{
    ASSAY_SCOPED(assay_connection_draft_release) struct assay_connection_draft draft = {0};
    ASSAY_SCOPED(assay_inspected_release) struct assay_inspected inspected = {0};
    ASSAY_AUTO(assay_json_decref) json_t *scope = NULL;
    const int64_t connection_id = assay_json_int(request->body, "connection_id", 0);
    const json_t *connection = assay_json_get(request->body, "connection");
    if (connection_id == 0 && !connection)
        return assay_fail(err, ASSAY_INVALID,
                          "\"connection_id\" is missing, and \"connection\" too: give one of them");
    ASSAY_TRY(assay_source_draft(request, connection_id, connection, &draft, err));
    ASSAY_TRY(assay_datastore_scope(draft.def->name, NULL, request->body, &scope, err));
    ASSAY_TRY(assay_source_ping(request, &draft, scope, &inspected, err));
    assay_source_answer(&inspected, answer);
    return ASSAY_OK;
}
