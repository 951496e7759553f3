// How a check or an anomaly is to be taken away.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/api/removal.h"

#include "scheduler/catalog/listing.h"

int assay_removal_of_query(const struct assay_request *request, const char *status,
                           struct assay_removal *ret_removal, struct assay_error *err)
{
    struct assay_removal removal = {.status = assay_param(request->params, "status")};
    ASSAY_TRY(assay_request_truth(request, "archive", true, &removal.archive, err));
    ASSAY_TRY(
        assay_request_truth(request, "delete_anomalies", true, &removal.delete_anomalies, err));
    if (!removal.status || !*removal.status)
        removal.status = status;
    *ret_removal = removal;
    return ASSAY_OK;
}

static int truth_of(const json_t *item, const char *key, bool fallback, bool *ret_value,
                    struct assay_error *err)
{
    const json_t *value = assay_json_get(item, key);
    if (value && !json_is_boolean(value))
        return assay_fail(err, ASSAY_INVALID, "\"%s\" must be true or false", key);
    *ret_value = value ? json_is_true(value) : fallback;
    return ASSAY_OK;
}

static int removal_of_item(const json_t *item, const char *status, int64_t *ret_id,
                           struct assay_removal *ret_removal, struct assay_error *err)
{
    struct assay_removal removal = {.status = assay_json_str(item, "status", status)};
    ASSAY_TRY(assay_json_need_int(item, "id", ret_id, err));
    ASSAY_TRY(truth_of(item, "archive", true, &removal.archive, err));
    ASSAY_TRY(truth_of(item, "delete_anomalies", true, &removal.delete_anomalies, err));
    *ret_removal = removal;
    return ASSAY_OK;
}

struct removing {
    const char *status;
    assay_remover *remove;
};

static int remove_all(struct assay_db_conn *conn, struct assay_request *request, void *context,
                      struct assay_error *err)
{
    const struct removing *removing = context;
    size_t i;
    json_t *item;
    json_array_foreach(request->body, i, item)
    {
        struct assay_removal removal;
        int64_t id;
        ASSAY_TRY(removal_of_item(item, removing->status, &id, &removal, err));
        ASSAY_TRY(removing->remove(conn, request, id, &removal, err));
    }
    return ASSAY_OK;
}

int assay_remove_listed(struct assay_request *request, const char *status, assay_remover *remove,
                        struct assay_error *err)
{
    struct removing removing = {status, remove};
    return assay_in_transaction(request, remove_all, &removing, err);
}
