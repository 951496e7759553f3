// A container that checks refer to: its source, under a name of its own.
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdio.h>

#include "scheduler/plan/source.h"

int assay_plan_reference(struct assay_db_conn *conn, int64_t container_id, json_t *refs,
                         char *ret_name, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_SCOPED(assay_plan_datastore_release) struct assay_plan_datastore datastore = {0};
    ASSAY_AUTO(assay_json_decref) json_t *spec = NULL;
    (void)snprintf(ret_name, ASSAY_PLAN_REFERENCE_BYTES, "container:%" PRId64, container_id);
    if (json_object_get(refs, ret_name))
        return ASSAY_OK;
    ASSAY_TRY(assay_db_run(
        conn, "SELECT datastore_id FROM container WHERE id = $1 AND deleted_at IS NULL", &rows, err,
        assay_db_int(container_id)));
    if (assay_db_rows_count(rows) == 0)
        return ASSAY_OK; /* gone: what refers to it is errored when it runs */
    ASSAY_TRY(assay_plan_datastore_load(conn, assay_db_get_int(rows, 0, 0), &datastore, err));
    ASSAY_TRY(assay_plan_container(conn, &datastore, container_id, true, &spec, err));
    json_t *source = json_object_get(spec, "source");
    json_t *shown = json_object_get(json_object_get(source, "container"), "name");
    ASSAY_TRY(assay_json_set(source, "name", json_incref(shown), err));
    ASSAY_TRY(assay_json_set(source, "datastore_id", json_integer(datastore.id), err));
    ASSAY_TRY(assay_json_set(source, "reader", json_incref(json_object_get(spec, "reader")), err));
    ASSAY_TRY(assay_json_set(source, "fields", json_incref(json_object_get(spec, "fields")), err));
    ASSAY_TRY(assay_plan_mask(conn, container_id, source, err));
    return assay_json_set(refs, ret_name, json_incref(source), err);
}
