// A container's candidates for checks between containers, as a task that judges them.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/plan/plan.h"
#include "scheduler/plan/source.h"

/* As a scan has them: by name, with the other container's source beside it. One that refers to the
 * container itself names none. */
static int add_candidate(struct assay_db_conn *conn, json_t *candidate, json_t *checks,
                         json_t *refs, struct assay_error *err)
{
    json_t *properties = json_object_get(candidate, "properties");
    const int64_t container_id = assay_json_int(properties, "ref_container_id", 0);
    char name[ASSAY_PLAN_REFERENCE_BYTES];
    if (container_id) {
        ASSAY_TRY(assay_plan_reference(conn, container_id, refs, name, err));
        ASSAY_TRY(assay_json_set(properties, "ref_container", json_string(name), err));
    }
    return assay_json_push(checks, json_incref(candidate), err);
}

int assay_plan_relate(struct assay_db_conn *conn, int64_t datastore_id, int64_t container_id,
                      const json_t *candidates, json_t *settings, json_t **ret_spec,
                      struct assay_error *err)
{
    ASSAY_SCOPED(assay_plan_datastore_release) struct assay_plan_datastore datastore = {0};
    ASSAY_AUTO(assay_json_decref) json_t *spec = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *checks = json_array();
    ASSAY_AUTO(assay_json_decref) json_t *refs = json_object();
    size_t i;
    json_t *candidate;
    ASSAY_TRY(assay_plan_datastore_load(conn, datastore_id, &datastore, err));
    ASSAY_TRY(assay_plan_container(conn, &datastore, container_id, true, &spec, err));
    json_array_foreach(candidates, i, candidate)
        ASSAY_TRY(add_candidate(conn, candidate, checks, refs, err));
    ASSAY_TRY(assay_json_set(spec, "checks", ASSAY_TAKE(checks), err));
    ASSAY_TRY(assay_json_set(settings, "refs", ASSAY_TAKE(refs), err));
    ASSAY_TRY(assay_json_set(spec, "settings", json_incref(settings), err));
    *ret_spec = ASSAY_TAKE(spec);
    return ASSAY_OK;
}
