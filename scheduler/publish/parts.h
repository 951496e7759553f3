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

/** Add, refresh and remove inferred checks. *ret_count: those that stand in the profile's list. */
ASSAY_MUST_CHECK int assay_publish_inferred(struct assay_publishing *p,
                                            const struct assay_publish_container *container,
                                            const json_t *checks, int64_t *ret_count,
                                            struct assay_error *err);

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
