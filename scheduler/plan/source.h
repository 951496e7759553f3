/* Inside scheduler/plan: what of the catalog goes into a task's spec. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PLAN_SOURCE_H
#define ASSAY_PLAN_SOURCE_H

#include "common/db/db.h"
#include "common/json/json.h"

/** A datastore as the planner needs it. */
struct assay_plan_datastore {
    int64_t id, connection_id;
    int max_running;      /* of its connection */
    int rollup_threshold; /* default of high_count_rollup_threshold */
    bool folder_globbing;
    bool enrichment_only;
    char *name, *connector;
    json_t *properties; /* connection's and datastore's, without secrets */
};
void assay_plan_datastore_release(struct assay_plan_datastore *datastore);
/** ASSAY_NOT_FOUND. */
ASSAY_MUST_CHECK int assay_plan_datastore_load(struct assay_db_conn *conn, int64_t id,
                                               struct assay_plan_datastore *ret_datastore,
                                               struct assay_error *err);

/** Take out what says which folders may be read: that is the worker's own configuration, never a
 * request's. NULL is allowed. */
void assay_plan_drop_fences(json_t *properties);
/** {"connector", "properties"} of a sync. */
ASSAY_MUST_CHECK int assay_plan_source(const struct assay_plan_datastore *datastore,
                                       json_t **ret_source, struct assay_error *err);
/** A container's spec without settings: {"source", "reader", "timezone", "fields"}; `name` (may be
 * NULL) gets its name, heap. with_fields: of the last profile. ASSAY_NOT_FOUND. */
ASSAY_MUST_CHECK int assay_plan_container(struct assay_db_conn *conn,
                                          const struct assay_plan_datastore *datastore,
                                          int64_t container_id, bool with_fields, json_t **ret_spec,
                                          struct assay_error *err);

/** "mask": the names of the container's masked fields, when there are any (checks.c). */
ASSAY_MUST_CHECK int assay_plan_mask(struct assay_db_conn *conn, int64_t container_id,
                                     json_t *settings, struct assay_error *err);

/** Put the source of a container that checks refer to into `refs` (a scan's settings.refs), with
 * its datastore_id, reader, fields, mask and name (for messages), under the name ret_name that
 * properties.ref_container takes. A container that is gone gets the name and no source: what refers
 * to it is errored. */
enum { ASSAY_PLAN_REFERENCE_BYTES = 40 };
ASSAY_MUST_CHECK int assay_plan_reference(struct assay_db_conn *conn, int64_t container_id,
                                          json_t *refs, char *ret_name, struct assay_error *err);

/** Ids (column 0) and names (column 1) of the containers that a request means: container_names,
 * container_tags, or all. ASSAY_INVALID names what is unknown, or says that there is nothing to
 * run. */
ASSAY_MUST_CHECK int assay_plan_targets(struct assay_db_conn *conn,
                                        const struct assay_plan_datastore *datastore,
                                        const json_t *body, struct assay_db_rows **ret_rows,
                                        struct assay_error *err);

/** Settings of the executor for a kind, from the request. spec: of the container, for profile and
 * scan. */
ASSAY_MUST_CHECK int assay_plan_settings(const char *kind,
                                         const struct assay_plan_datastore *datastore,
                                         const json_t *body, json_t **ret_settings,
                                         struct assay_error *err);
/** Offer a profile what is kept of the container's partitions: settings get "keep"
 * (docs/executor-protocol.md, "Kept states"). spec: of the container. wanted false: everything is
 * to be read. */
ASSAY_MUST_CHECK int assay_plan_keep(struct assay_db_conn *conn, int64_t container_id,
                                     const json_t *spec, json_t *settings, bool wanted,
                                     struct assay_error *err);
/** Add a scan's own to a spec: active checks, references, key and masked fields. */
ASSAY_MUST_CHECK int assay_plan_checks(struct assay_db_conn *conn, int64_t container_id,
                                       json_t *spec, struct assay_error *err);

#endif
