// Routes of connections.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/api/handlers.h"
#include "scheduler/api/internal.h"
#include "scheduler/api/source_test.h"

enum { DEFAULT_PARALLEL = 4 };

static int read_list(struct assay_db_conn *conn, struct assay_request *request, json_t **ret_json,
                     struct assay_error *err)
{
    return assay_connection_page(conn, request->with->keyring, request->params, ret_json, err);
}

static int read_one(struct assay_db_conn *conn, struct assay_request *request, json_t **ret_json,
                    struct assay_error *err)
{
    return assay_connection_get(conn, request->with->keyring, request->id, ret_json, err);
}

int assay_connections_list(struct assay_request *request, struct assay_answer *answer,
                           struct assay_error *err)
{
    return assay_read(request, read_list, answer, err);
}

int assay_connections_get(struct assay_request *request, struct assay_answer *answer,
                          struct assay_error *err)
{
    return assay_read(request, read_one, answer, err);
}

/* The cap of the server that is loaded, where dispatch looks for it. */
static int write_cap(struct assay_db_conn *conn, struct assay_request *request, int64_t id,
                     const struct assay_connection_draft *draft, struct assay_error *err)
{
    const int64_t cap = assay_json_int(draft->open_part, "max_parallelization", DEFAULT_PARALLEL);
    return assay_job_limit_set(request->with->store, conn, id, (int)cap, err);
}

static int write_new(struct assay_db_conn *conn, struct assay_request *request, void *context,
                     struct assay_error *err)
{
    struct assay_connection_draft *draft = context;
    ASSAY_TRY(assay_connection_create(conn, request->with->keyring, request->body, draft,
                                      &request->id, err));
    return write_cap(conn, request, request->id, draft, err);
}

int assay_connections_create(struct assay_request *request, struct assay_answer *answer,
                             struct assay_error *err)
{
    ASSAY_SCOPED(assay_connection_draft_release) struct assay_connection_draft draft = {0};
    ASSAY_TRY(assay_write_check(assay_connection_writables, request->body, true, err));
    ASSAY_TRY(assay_source_draft(request, 0, request->body, &draft, err));
    ASSAY_TRY(assay_in_transaction(request, write_new, &draft, err));
    return assay_read(request, read_one, answer, err);
}

static int write_changes(struct assay_db_conn *conn, struct assay_request *request, void *context,
                         struct assay_error *err)
{
    const struct assay_connection_draft *draft = context;
    ASSAY_TRY(assay_connection_update(conn, request->with->keyring, request->id, request->body,
                                      draft, err));
    return write_cap(conn, request, request->id, draft, err);
}

/* Scope of some datastore below the connection: a server may be reachable with a database only.
 * NULL = it has none. */
static int a_scope(struct assay_request *request, json_t **ret_scope, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_acquire(request->with->db, &conn, err));
    ASSAY_TRY(assay_db_run(
        conn, "SELECT properties FROM datastore WHERE connection_id = $1 ORDER BY id LIMIT 1",
        &rows, err, assay_db_int(request->id)));
    return assay_db_rows_count(rows) > 0
               ? assay_row_value(rows, 0, 0, ASSAY_COLUMN_JSON, ret_scope, err)
               : ASSAY_OK;
}

static int ping(struct assay_request *request, const struct assay_connection_draft *draft,
                struct assay_inspected *ret_inspected, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *scope = NULL;
    if (request->id != 0)
        ASSAY_TRY(a_scope(request, &scope, err));
    return assay_source_ping(request, draft, scope, ret_inspected, err);
}

/* What is changed must still reach the source, before it is saved: all its datastores depend on
 * it. */
int assay_connections_update(struct assay_request *request, struct assay_answer *answer,
                             struct assay_error *err)
{
    ASSAY_SCOPED(assay_connection_draft_release) struct assay_connection_draft draft = {0};
    ASSAY_SCOPED(assay_inspected_release) struct assay_inspected inspected = {0};
    ASSAY_TRY(assay_source_draft(request, request->id, request->body, &draft, err));
    if (draft.changed) {
        ASSAY_TRY(ping(request, &draft, &inspected, err));
        if (assay_source_refused(&inspected, answer))
            return ASSAY_OK;
    }
    ASSAY_TRY(assay_in_transaction(request, write_changes, &draft, err));
    return assay_read(request, read_one, answer, err);
}

static int write_deletion(struct assay_db_conn *conn, struct assay_request *request, void *context,
                          struct assay_error *err)
{
    (void)context;
    return assay_connection_delete(conn, request->id, err);
}

int assay_connections_delete(struct assay_request *request, struct assay_answer *answer,
                             struct assay_error *err)
{
    (void)answer;
    return assay_in_transaction(request, write_deletion, NULL, err);
}

static int write_product(struct assay_db_conn *conn, struct assay_request *request, void *context,
                         struct assay_error *err)
{
    return assay_connection_note_product(conn, request->id, context, err);
}

int assay_connections_test(struct assay_request *request, struct assay_answer *answer,
                           struct assay_error *err)
{
    ASSAY_SCOPED(assay_connection_draft_release) struct assay_connection_draft draft = {0};
    ASSAY_SCOPED(assay_inspected_release) struct assay_inspected inspected = {0};
    ASSAY_TRY(assay_source_draft(request, request->id, request->body, &draft, err));
    ASSAY_TRY(ping(request, &draft, &inspected, err));
    const char *product = assay_json_str(inspected.result, "product", NULL);
    if (product && !draft.changed)
        ASSAY_TRY(assay_in_transaction(request, write_product, (void *)(uintptr_t)product, err));
    assay_source_answer(&inspected, answer);
    return ASSAY_OK;
}

int assay_connections_test_draft(struct assay_request *request, struct assay_answer *answer,
                                 struct assay_error *err)
{
    ASSAY_SCOPED(assay_connection_draft_release) struct assay_connection_draft draft = {0};
    ASSAY_SCOPED(assay_inspected_release) struct assay_inspected inspected = {0};
    ASSAY_TRY(assay_source_draft(request, 0, request->body, &draft, err));
    ASSAY_TRY(assay_source_ping(request, &draft, NULL, &inspected, err));
    assay_source_answer(&inspected, answer);
    return ASSAY_OK;
}
