// Routes of anomalies.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/api/handlers.h"
#include "scheduler/api/removal.h"
#include "scheduler/catalog/anomaly.h"

static int read_list(struct assay_db_conn *conn, struct assay_request *request, json_t **ret_json,
                     struct assay_error *err)
{
    return assay_anomaly_page(conn, request->params, ret_json, err);
}

/* The path names an anomaly by id or uuid. */
static int find(struct assay_db_conn *conn, struct assay_request *request, struct assay_error *err)
{
    return assay_anomaly_find(conn, request->values[0], &request->id, err);
}

static int read_one(struct assay_db_conn *conn, struct assay_request *request, json_t **ret_json,
                    struct assay_error *err)
{
    ASSAY_TRY(find(conn, request, err));
    return assay_anomaly_get(conn, request->id, ret_json, err);
}

int assay_anomalies_list(struct assay_request *request, struct assay_answer *answer,
                         struct assay_error *err)
{
    return assay_read(request, read_list, answer, err);
}

int assay_anomalies_get(struct assay_request *request, struct assay_answer *answer,
                        struct assay_error *err)
{
    return assay_read(request, read_one, answer, err);
}

static int write_changes(struct assay_db_conn *conn, struct assay_request *request, void *context,
                         struct assay_error *err)
{
    (void)context;
    ASSAY_TRY(find(conn, request, err));
    return assay_anomaly_update(conn, request->id, request->body, err);
}

int assay_anomalies_update(struct assay_request *request, struct assay_answer *answer,
                           struct assay_error *err)
{
    ASSAY_TRY(assay_in_transaction(request, write_changes, NULL, err));
    return assay_read(request, read_one, answer, err);
}

static int write_patches(struct assay_db_conn *conn, struct assay_request *request, void *context,
                         struct assay_error *err)
{
    (void)context;
    size_t i;
    json_t *patch;
    json_array_foreach(request->body, i, patch)
    {
        int64_t id;
        ASSAY_TRY(assay_json_need_int(patch, "id", &id, err));
        ASSAY_TRY(assay_anomaly_update(conn, id, patch, err));
    }
    return ASSAY_OK;
}

int assay_anomalies_patch(struct assay_request *request, struct assay_answer *answer,
                          struct assay_error *err)
{
    (void)answer;
    return assay_in_transaction(request, write_patches, NULL, err);
}

static int remove_anomaly(struct assay_db_conn *conn, const struct assay_request *request,
                          int64_t id, const struct assay_removal *removal, struct assay_error *err)
{
    (void)request;
    return assay_anomaly_remove(conn, id, removal, err);
}

static int write_removal(struct assay_db_conn *conn, struct assay_request *request, void *context,
                         struct assay_error *err)
{
    ASSAY_TRY(find(conn, request, err));
    return remove_anomaly(conn, request, request->id, context, err);
}

int assay_anomalies_delete(struct assay_request *request, struct assay_answer *answer,
                           struct assay_error *err)
{
    (void)answer;
    struct assay_removal removal;
    ASSAY_TRY(assay_removal_of_query(request, "Resolved", &removal, err));
    return assay_in_transaction(request, write_removal, &removal, err);
}

int assay_anomalies_delete_many(struct assay_request *request, struct assay_answer *answer,
                                struct assay_error *err)
{
    (void)answer;
    return assay_remove_listed(request, "Resolved", remove_anomaly, err);
}
