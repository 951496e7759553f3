/* Inside scheduler/publish: one task being published, and the parts that write rows for it. All
 * within one transaction. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_PUBLISH_PARTS_H
#define ASSAY_PUBLISH_PARTS_H

#include "common/job/job_store.h"
#include "common/json/json.h"

struct assay_publishing {
    struct assay_job_store *store;
    struct assay_db_conn *conn;
    const struct assay_job_published *task;
    json_t *settings; /* the request of the operation */
    json_t *spec;     /* what the task was told */
    json_t *document; /* assay_result_document() of a succeeded task, else NULL */
    json_t *touched;  /* "<table>:<id>" of rows that this publication wrote */
    int64_t now;      /* of this publication */
};

/** The container that a task is about, locked. found false: it was deleted meanwhile, there is
 * nothing to publish. */
struct assay_publish_container {
    bool found;
    int64_t id, datastore_id, latest_profile_id;
    char name[1024];
};
ASSAY_MUST_CHECK int assay_publish_lock_container(struct assay_publishing *p,
                                                  struct assay_publish_container *ret_container,
                                                  struct assay_error *err);

/** One kind of task. A task that did not succeed has no document. */
ASSAY_MUST_CHECK int assay_publish_sync(struct assay_publishing *p, struct assay_error *err);
ASSAY_MUST_CHECK int assay_publish_profile(struct assay_publishing *p, struct assay_error *err);
ASSAY_MUST_CHECK int assay_publish_scan(struct assay_publishing *p, struct assay_error *err);

/** Result word of the task ("success", "failure", "aborted") and the text of its error (NULL when
 * it succeeded), static or in `text`. */
const char *assay_publish_result(const struct assay_publishing *p);
const char *assay_publish_reason(const struct assay_publishing *p, char *text, size_t size_bytes);
/** When the executor ran, from {"run": {"started_at", "duration_ms"}}; 0 = not said. */
void assay_publish_times(const json_t *container, int64_t *ret_started_us, int64_t *ret_ended_us);
/** How many partitions (files; 1 for a table) the task's spec names. */
int64_t assay_publish_partitions(const struct assay_publishing *p);
/** Remember, and ask, whether a row of a table was written by this publication. */
ASSAY_MUST_CHECK int assay_publish_touch(struct assay_publishing *p, const char *table, int64_t id,
                                         struct assay_error *err);
bool assay_publish_touched(const struct assay_publishing *p, const char *table, int64_t id);
/** A number of the document as a value to bind; SQL NULL when absent. */
struct assay_db_value assay_publish_int(const json_t *object, const char *key);

/** Insert or refresh a field by name: type, native type, position … as the document says.
 * from_profile: with the statistics that stand on the field (completeness, semantic type), and a
 * missing one becomes active again. *ret_id. */
ASSAY_MUST_CHECK int assay_publish_field(struct assay_publishing *p, int64_t container_id,
                                         const json_t *field, int64_t position, bool from_profile,
                                         int64_t *ret_id, struct assay_error *err);
/** Active fields of the container that were not touched by this publication become missing. */
ASSAY_MUST_CHECK int assay_publish_missing_fields(struct assay_publishing *p, int64_t container_id,
                                                  struct assay_error *err);

/** Rules that an inference speaks of: of a container by itself, between containers (existsIn,
 * notExistsIn, isReplicaOf), or all. */
enum assay_publish_rules { ASSAY_RULES_OWN, ASSAY_RULES_BETWEEN, ASSAY_RULES_ALL };
/** A rule between containers? */
bool assay_publish_is_between(const char *rule);
struct assay_publish_inference {
    const json_t *checks; /* that hold; the better ones of an identity first */
    const json_t
        *unjudged; /* [{"check", "message"}]: those that stand already, stay; may be NULL */
    enum assay_publish_rules rules;
    const json_t *considered; /* ids of containers: a check is discarded when it refers to one of
                                 them; NULL = whatever it refers to */
};
/** Add, refresh and remove inferred checks. *ret_count: those that stand in the list. */
ASSAY_MUST_CHECK int assay_publish_inferred(struct assay_publishing *p,
                                            const struct assay_publish_container *container,
                                            const struct assay_publish_inference *inference,
                                            int64_t *ret_count, struct assay_error *err);
/** Discard the container's inferred checks that the inference speaks of and that are not kept (ids
 * as keys), unless they ever found something. */
ASSAY_MUST_CHECK int assay_publish_discard(struct assay_db_conn *conn, int64_t container_id,
                                           const struct assay_publish_inference *inference,
                                           const json_t *kept, struct assay_error *err);

/* --- relations between containers --- */

/** Put the sketches that the profile carries in the place of the container's before. */
ASSAY_MUST_CHECK int assay_publish_sketches(struct assay_publishing *p, int64_t container_id,
                                            struct assay_error *err);
/** Containers with sketches that may refer to each other, as assay_relate() takes them, with "id"
 * and "profiled" (by the operation) beside; of at most max_sketches fields. *ret_left_out:
 * containers beyond that. */
ASSAY_MUST_CHECK int assay_publish_known_sketches(struct assay_db_conn *conn, int64_t operation_id,
                                                  int64_t datastore_id, int64_t max_sketches,
                                                  json_t **ret_known, size_t *ret_left_out,
                                                  struct assay_error *err);
/** Before an operation closes: insert the tasks that judge what its profiles' sketches suggest,
 * once. *ret_ready: nothing follows any more, it may be closed. */
ASSAY_MUST_CHECK int assay_publish_relate(struct assay_job_store *store, int64_t operation_id,
                                          bool *ret_ready, struct assay_error *err);
/** One of those tasks (kind profile.relate). */
ASSAY_MUST_CHECK int assay_publish_related(struct assay_publishing *p, struct assay_error *err);

/** Where nothing had to be read: the fields of the profile that the kept states are of, as they
 * were published, take the place of those that were made from the states. *ret_checks: how many
 * checks were inferred from them by the same options, which stay as they are; -1 = they are to be
 * inferred anew. Before assay_publish_kept(). */
ASSAY_MUST_CHECK int assay_publish_known(struct assay_publishing *p, int64_t container_id,
                                         json_t *container, int64_t *ret_checks,
                                         struct assay_error *err);
/** Put the states that the profile keeps of its partitions in the place of those before. */
ASSAY_MUST_CHECK int assay_publish_kept(struct assay_publishing *p, int64_t container_id,
                                        struct assay_error *err);

/** Anomalies of a scan: rows, duplicates of open ones, and (full scans) those that are resolved.
 * checks: as the scan judged them. */
struct assay_publish_scan_row {
    const struct assay_publish_container *container;
    int64_t scan_id;
    const json_t *checks, *anomalies;
    int64_t rejected; /* records that could not be read: anomalies of no check */
    bool full;        /* all records, not incremental */
};
ASSAY_MUST_CHECK int assay_publish_anomalies(struct assay_publishing *p,
                                             const struct assay_publish_scan_row *scan,
                                             int64_t *ret_count, struct assay_error *err);
ASSAY_MUST_CHECK int assay_publish_resolve(struct assay_publishing *p,
                                           const struct assay_publish_scan_row *scan,
                                           struct assay_error *err);

/** Result, message and counters of an operation whose tasks are all published; then close it. */
ASSAY_MUST_CHECK int assay_publish_close(struct assay_job_store *store, int64_t operation_id,
                                         const char *event_topic, bool *ret_closed,
                                         struct assay_error *err);

#endif
