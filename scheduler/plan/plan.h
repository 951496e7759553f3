/* Planner: turns the request of an operation into specs and tasks (docs/executor-protocol.md), one
 * task per container, in one transaction with the operation. Names and tags are resolved here, at
 * the moment of the request. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PLAN_PLAN_H
#define ASSAY_PLAN_PLAN_H

#include "common/job/job_store.h"
#include "common/json/json.h"
#include "scheduler/catalog/write.h"

/** The keys of a request, by type (catalog is a sync). Ends with key NULL. */
extern const struct assay_writable assay_plan_request_keys[];

/** body: REST's POST /operations/run: `type` (sync or catalog, profile, scan), `datastore_id`, and
 * the options of that type. Errors that a client may read: ASSAY_NOT_FOUND (404: the datastore),
 * ASSAY_INVALID (422: a key or value, an unknown container or tag, nothing to run),
 * ASSAY_UNSUPPORTED (422: a type or option that is not there). Thread-safe. idempotency_key may be
 * NULL. */
ASSAY_MUST_CHECK int assay_plan_operation(struct assay_job_store *store, const json_t *body,
                                          const char *triggered_by, const char *idempotency_key,
                                          int64_t *ret_operation_id, struct assay_error *err);
/** The same within conn's write transaction (a datastore's first sync). */
ASSAY_MUST_CHECK int assay_plan_operation_in(struct assay_job_store *store,
                                             struct assay_db_conn *conn, const json_t *body,
                                             const char *triggered_by, int64_t *ret_operation_id,
                                             struct assay_error *err);

/** Spec of a task (kind profile.relate) that judges candidates for checks on a container that refer
 * to others by properties.ref_container_id: each gets its ref_container, the settings their refs.
 * ASSAY_NOT_FOUND: the container or its datastore is gone. */
ASSAY_MUST_CHECK int assay_plan_relate(struct assay_db_conn *conn, int64_t datastore_id,
                                       int64_t container_id, const json_t *candidates,
                                       json_t *settings, json_t **ret_spec,
                                       struct assay_error *err);

/** A short question to a source, awaited by the caller. */
struct assay_plan_inspect {
    const char *what;      /* "ping", "schema", "preview" */
    int limit;             /* preview: records; 0 = the executor's default */
    int64_t datastore_id;  /* a saved datastore: its connection and scope; its stored secrets reach
                              the task */
    int64_t container_id;  /* schema and preview of a known container; 0 = none */
    const char *container; /* or by name */
    const char *connector; /* without a datastore: the connection's type … */
    const json_t *properties; /* … and its properties without secrets */
    const void
        *ciphertext; /* … and its secrets, encrypted (for assay_job_secret_put()); NULL = none */
    size_t ciphertext_bytes;
    const char *triggered_by;
};
/** Make the hidden operation and its one task in the express lane. Poll it with assay_job_status(),
 * read it with assay_job_results(), then assay_job_forget(). ASSAY_NOT_FOUND: no such datastore or
 * container. */
ASSAY_MUST_CHECK int assay_plan_inspect(struct assay_job_store *store,
                                        const struct assay_plan_inspect *inspect,
                                        int64_t *ret_operation_id, int64_t *ret_task_id,
                                        struct assay_error *err);

#endif
