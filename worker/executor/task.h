/* Task: what one executor process was asked to do, and where its output goes
 * (docs/executor-protocol.md). main.c makes one; profile/, scan/, sync/ and inspect/ take it. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_TASK_H
#define ASSAY_EXECUTOR_TASK_H

#include <stdatomic.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/base/log.h"
#include "common/json/json.h"
#include "common/msg/result.h"

/** Least memory budget of a task: code, libraries, the engine, and one field's state. */
#define ASSAY_TASK_LEAST_BYTES (UINT64_C(64) << 20)

/** Where output goes: frames in the executor, lists in tests. Every call is thread-safe. */
struct assay_task_outlet {
    /** Take one chunk (JSON text of at most ASSAY_CHUNK_MAX_BYTES, borrowed); waits for a credit.
     * ASSAY_CANCELLED while waiting, ASSAY_IO when the peer is gone. */
    assay_emit_fn *result;
    /** Take one log event; dropped when it cannot be written. */
    void (*log)(void *context, enum assay_log_level level, const char *event,
                const struct assay_log_field *fields);
    void *context;
};

/** Read by the executor's control thread, which sends it at most twice a second: just add to it. */
struct assay_task_progress {
    _Atomic(const char *) phase;     /* a constant: "reading", "judging" */
    atomic_uint_fast64_t records;    /* so far */
    atomic_uint_fast64_t bytes;      /* of the source, so far */
    atomic_int_fast64_t bytes_total; /* -1 = unknown */
};

/** What the D frame says; filled by the run. */
struct assay_task_done {
    uint64_t records;
    uint64_t bytes;
    json_t *coverage; /* {"fields": 41, "fields_covered": 41}; NULL = {}; the task's */
};

/** What became of one check over all records of a container. */
struct assay_verdict {
    bool holds;               /* judged, and passed */
    uint64_t passed, failing; /* records with a value; both 0: it judges the container as a whole */
    char reason[200];         /* why it could not be judged; "" = it was */
};

/** What a verification may take, and which records it judges: those that settings.where is true
 * for, of these; without more all of them. */
struct assay_verify_scope {
    uint64_t memory_bytes; /* what is left of the budget */
    const json_t *split;   /* of these files, or this range, as a split names them; NULL = of all */
    bool by_hash;          /* whose identity (assay_hash_identity()) is not above hash_max; files */
    uint64_t hash_max;
    uint64_t limit; /* the first ones in the source's order; 0 = all */
    bool identify;  /* add up their identities; files */
};

/** The records that were judged. */
struct assay_verified {
    uint64_t records;
    uint64_t identities; /* sum of their identities, modulo 2^64; 0 when not asked for */
};

struct assay_task;
/** Judge checks over records of the task's container, in one more reading; nothing is emitted.
 * ret_verdicts: one per check. done.bytes: what was read. What fails is the source or the task,
 * never one check. */
typedef int assay_verify_fn(struct assay_task *task, const json_t *checks,
                            const struct assay_verify_scope *scope,
                            struct assay_verdict *ret_verdicts, struct assay_verified *ret_records,
                            struct assay_error *err);

struct assay_task {
    const struct assay_task *owner; /* it reads another source for this one; NULL = it is the
                                       process's own */
    json_t *spec;                   /* the whole T frame; everything borrowed below is inside it */
    json_t *secrets; /* the S frame, {"<datastore id>": {…}}; wiped by assay_task_release() */
    const char *kind;
    int64_t datastore_id;
    int64_t now_us;       /* the operation's one instant */
    const char *timezone; /* IANA name; "UTC" unless set */
    uint64_t seed;
    uint64_t memory_bytes; /* budget */
    int threads;           /* ≥ 1 */
    int split_no, split_count;
    bool is_split; /* counts leave as states, on one thread, so that they are the same each time */
    const json_t *split;   /* bounds of the split; NULL = all of the container */
    const char *connector; /* name of the row in connect/ */
    json_t *properties; /* of the source, secrets merged in; the task's; wiped with the secrets */
    const json_t *container; /* NULL for sync */
    const json_t *reader;    /* reader options as an object of texts; never NULL */
    const json_t *settings;  /* never NULL */
    const json_t *checks;    /* array, never NULL */
    const json_t *fields;    /* array, never NULL */
    atomic_bool cancelled;   /* set by the control thread: stop within a second */
    struct assay_task_progress progress;
    struct assay_task_done done;
    struct assay_task_outlet outlet;
    assay_verify_fn *verify; /* for runs that know nothing of scan/; NULL = there is none */
};

/** Parse a task and its secrets (both are taken over, also on failure; secrets may be NULL). outlet
 * is copied. ASSAY_INVALID names what is wrong. Zero-initialise *ret_task; assay_task_release() in
 * any case. */
ASSAY_MUST_CHECK int assay_task_init(struct assay_task *ret_task, json_t *spec, json_t *secrets,
                                     const struct assay_task_outlet *outlet,
                                     struct assay_error *err);
/** Free, secrets overwritten first. */
void assay_task_release(struct assay_task *task);

/** Properties of another source of the same task (settings.refs): its "properties" with the secrets
 * of its "datastore_id" (without one: none) merged in. *ret_properties is the caller's. */
ASSAY_MUST_CHECK int assay_task_source_properties(const struct assay_task *task,
                                                  const json_t *source, json_t **ret_properties,
                                                  struct assay_error *err);

/** A task that reads another source for this one (an element of settings.refs): its connector,
 * properties, container, "reader" (none: the task's) and "fields", all records of it; the rest is
 * the owner's, which must outlive it, as must the source. Zero-initialise *ret_task;
 * assay_task_release() in any case. */
ASSAY_MUST_CHECK int assay_task_init_reference(struct assay_task *ret_task,
                                               const struct assay_task *owner, const json_t *source,
                                               struct assay_error *err);

/** Deliver one chunk {"t": t, members of body}. Takes the body over; NULL = ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK int assay_task_emit(struct assay_task *task, const char *t, json_t *body,
                                     struct assay_error *err);
/** Deliver a list as chunks {"t": t, key: [part]}, in order; an empty list is one chunk. Borrows
 * the list. */
ASSAY_MUST_CHECK int assay_task_emit_list(struct assay_task *task, const char *t, const char *key,
                                          const json_t *list, struct assay_error *err);
/** Deliver a log event: ASSAY_TASK_LOG(task, ASSAY_LOG_INFO, "groups of fields",
 * ASSAY_F_INT("groups", 3)). */
#define ASSAY_TASK_LOG(task, level, event, ...)                                                    \
    (task)->outlet.log((task)->outlet.context, (level), (event),                                   \
                       (const struct assay_log_field[]){__VA_ARGS__ __VA_OPT__(, ){.name = 0}})

/** What says that the task was cancelled: its own flag, or its owner's. */
const atomic_bool *assay_task_cancelled(const struct assay_task *task);
/** ASSAY_CANCELLED when the task was cancelled, else ASSAY_OK. */
ASSAY_MUST_CHECK int assay_task_check(const struct assay_task *task, struct assay_error *err);

/** The runs, one per kind; each blocks until the work is done. Not ASSAY_OK becomes the E frame. */
ASSAY_MUST_CHECK int assay_profile_run(struct assay_task *task, struct assay_error *err);
ASSAY_MUST_CHECK int assay_profile_merge_run(struct assay_task *task, struct assay_error *err);
ASSAY_MUST_CHECK int assay_scan_run(struct assay_task *task, struct assay_error *err);
ASSAY_MUST_CHECK int assay_sync_run(struct assay_task *task, struct assay_error *err);
ASSAY_MUST_CHECK int assay_inspect_run(struct assay_task *task, struct assay_error *err);
/** A scan of given checks, for their verdicts alone: the assay_verify_fn of the executor. */
ASSAY_MUST_CHECK int assay_scan_verify(struct assay_task *task, const json_t *checks,
                                       const struct assay_verify_scope *scope,
                                       struct assay_verdict *ret_verdicts,
                                       struct assay_verified *ret_records, struct assay_error *err);

#endif
