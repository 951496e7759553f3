// Attempt: credentials, executor process, staged results, and the one verb that ends it.
// SPDX-License-Identifier: Apache-2.0
#include "worker/attempt.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "common/base/clock.h"
#include "common/base/datetime.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "worker/splits.h"
#include "worker/spool.h"
#include "worker/supervise/executor_process.h"

enum { STORE_TRIES = 30, STORE_PAUSE_MS = 1000 };

struct attempt {
    const struct assay_worker_options *options;
    const struct assay_job_claim *claim;
    struct assay_leases *leases;
    struct assay_lease lease;
    int chunk;
    bool store_failed; /* a read or write of ours failed, not the executor */
    char *summary;     /* DONE frame */
    struct assay_splits splits;
    struct assay_spool spool; /* a merge's states */
};

static int threads_of(const struct assay_worker_options *options)
{
    const int threads = get_nprocs() / options->slots;
    return threads > 0 ? threads : 1;
}

/* Only this worker's own configuration says which folders its executors may read. */
static int set_roots(const struct assay_worker_options *options, json_t *source,
                     struct assay_error *err)
{
    if (!source)
        return ASSAY_OK;
    json_t *properties = assay_json_get(source, "properties");
    if (!properties) {
        ASSAY_TRY(assay_json_set(source, "properties", json_object(), err));
        properties = assay_json_get(source, "properties");
    }
    json_t *roots = json_array();
    for (size_t i = 0; roots && i < options->file_roots_count; i++)
        ASSAY_TRY(assay_json_push(roots, json_string(options->file_roots[i]), err));
    return assay_json_set(properties, "roots", roots, err);
}

static int set_all_roots(const struct assay_worker_options *options, json_t *task,
                         struct assay_error *err)
{
    const char *name;
    json_t *reference;
    ASSAY_TRY(set_roots(options, assay_json_get(task, "source"), err));
    json_object_foreach(assay_json_get(assay_json_get(task, "settings"), "refs"), name, reference)
        ASSAY_TRY(set_roots(options, reference, err));
    return ASSAY_OK;
}

int assay_attempt_task(const struct assay_worker_options *options,
                       const struct assay_job_claim *claim, int64_t deadline_ms, json_t **ret_task,
                       struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *task = NULL;
    ASSAY_TRY(assay_json_parse(claim->spec, strlen(claim->spec), "task spec", &task, err));
    if (!json_is_object(task))
        return assay_fail(err, ASSAY_INVALID, "the task's spec is not an object");
    char now[ASSAY_DATETIME_TEXT];
    (void)assay_format_timestamp(claim->operation_started_us, "Z", now);
    ASSAY_AUTO(assay_json_decref)
    json_t *known = json_pack(
        "{s:i, s:s, s:I, s:I, s:i, s:I, s:I, s:i, s:i, s:s, s:{s:I, s:i, s:I, s:I, s:I}}", "v", 1,
        "kind", claim->kind, "op_id", (json_int_t)claim->operation_id, "task_id",
        (json_int_t)claim->task_id, "attempt", claim->attempts, "datastore_id",
        (json_int_t)claim->source_id, "container_id", (json_int_t)claim->container_id, "split_no",
        claim->split_no, "split_count", claim->split_count, "now", now, "limits", "memory_bytes",
        (json_int_t)options->task_memory_bytes, "threads", threads_of(options), "deadline_ms",
        (json_int_t)deadline_ms, "split_ms", (json_int_t)options->split_ms, "split_records",
        (json_int_t)options->split_records);
    if (!known || json_object_update(task, known))
        return assay_fail_memory(err);
    ASSAY_TRY(set_all_roots(options, task, err));
    if (claim->split && strcmp(claim->split, "{}") != 0) {
        json_t *split = NULL;
        ASSAY_TRY(assay_json_parse(claim->split, strlen(claim->split), "task split", &split, err));
        ASSAY_TRY(assay_json_set(task, "split", split, err));
    }
    *ret_task = ASSAY_TAKE(task);
    return ASSAY_OK;
}

static int64_t remaining_ms(const struct attempt *attempt)
{
    int64_t ms = attempt->options->task_deadline_ms;
    if (attempt->claim->deadline_us) {
        const int64_t left = (attempt->claim->deadline_us - assay_now_us()) / 1000;
        ms = !ms || left < ms ? left : ms;
        return ms > 1 ? ms : 1;
    }
    return ms;
}

/* A catalog that is away costs time, not the task: the heartbeat's fence decides when to give
 * up. */
static int stage(struct attempt *attempt, const struct assay_frame *frame, struct assay_error *err)
{
    const struct assay_job_claim *claim = attempt->claim;
    for (int tries = 1;; tries++) {
        assay_error_clear(err);
        const int rc = assay_job_stage(attempt->options->store, claim->task_id, claim->epoch,
                                       attempt->chunk, frame->payload, frame->size_bytes, err);
        if (rc == ASSAY_OK) {
            attempt->chunk++;
            return ASSAY_OK;
        }
        if (assay_code_retry(rc) == ASSAY_RETRY_NEVER || tries == STORE_TRIES ||
            atomic_load(&attempt->lease.stop)) {
            attempt->store_failed = true;
            return rc;
        }
        assay_sleep_ms(STORE_PAUSE_MS);
    }
}

static void show_progress(struct attempt *attempt, const struct assay_frame *frame)
{
    const struct assay_job_claim *claim = attempt->claim;
    assay_leases_progress(attempt->leases, &attempt->lease, frame->payload, frame->size_bytes);
    ASSAY_AUTO(assay_json_decref) json_t *fields = NULL;
    if (attempt->options->progress &&
        assay_json_parse(frame->payload, frame->size_bytes, "progress", &fields, NULL) == ASSAY_OK)
        assay_progress_task(attempt->options->progress, claim->operation_id, claim->task_id,
                            claim->epoch, fields);
}

static void forward_log(const struct attempt *attempt, const struct assay_frame *frame)
{
    ASSAY_AUTO(assay_json_decref) json_t *line = NULL;
    if (assay_json_parse(frame->payload, frame->size_bytes, "log", &line, NULL) != ASSAY_OK)
        return;
    enum assay_log_level level = ASSAY_LOG_INFO;
    (void)assay_log_level_parse(assay_json_str(line, "level", "info"), &level);
    ASSAY_AUTO(assay_free_text) char *fields = assay_json_text(assay_json_get(line, "fields"));
    ASSAY_LOG(level, assay_json_str(line, "event", "executor"),
              ASSAY_F_INT("operation", attempt->claim->operation_id),
              ASSAY_F_INT("task", attempt->claim->task_id),
              ASSAY_F_INT("attempt", attempt->claim->attempts),
              ASSAY_F_TEXT("fields", fields ? fields : "{}"));
}

static int on_frame(const struct assay_frame *frame, void *context, struct assay_error *err)
{
    struct attempt *attempt = context;
    switch (frame->type) {
    case ASSAY_FRAME_RESULT:
        ASSAY_TRY(assay_splits_take(&attempt->splits, frame->payload, frame->size_bytes, err));
        return stage(attempt, frame, err);
    case ASSAY_FRAME_PROGRESS:
        show_progress(attempt, frame);
        return ASSAY_OK;
    case ASSAY_FRAME_LOG:
        forward_log(attempt, frame);
        return ASSAY_OK;
    case ASSAY_FRAME_DONE:
        attempt->summary = assay_strndup(frame->payload, frame->size_bytes);
        return attempt->summary ? ASSAY_OK : assay_fail_memory(err);
    default:
        return ASSAY_OK; /* an error frame becomes the run's own error */
    }
}

/* A profile that keeps states gets those that were kept. */
static int add_kept(struct attempt *attempt, json_t *task, struct assay_error *err)
{
    json_t *keep = json_object_get(json_object_get(task, "settings"), "keep");
    if (!json_array_size(assay_json_get(keep, "states")))
        return ASSAY_OK;
    ASSAY_TRY(assay_spool_open(&attempt->spool, err));
    const int rc = assay_spool_kept(&attempt->spool, attempt->options->store, keep, err);
    attempt->store_failed = rc != ASSAY_OK && assay_code_retry(rc) != ASSAY_RETRY_NEVER;
    return rc == ASSAY_OK ? assay_json_set(keep, "path", json_string("-"), err) : rc;
}

/* A merge takes what its splits staged. A catalog that is away is no fault of the source. */
static int add_states(struct attempt *attempt, json_t *task, struct assay_error *err)
{
    json_t *states = NULL;
    if (!strcmp(attempt->claim->kind, "profile.plan"))
        return add_kept(attempt, task, err);
    if (strcmp(attempt->claim->kind, "profile.merge") != 0)
        return ASSAY_OK;
    ASSAY_TRY(assay_spool_open(&attempt->spool, err));
    const int rc = assay_spool_splits(&attempt->spool, attempt->options->store,
                                      attempt->claim->task_id, &states, err);
    attempt->store_failed = rc != ASSAY_OK && assay_code_retry(rc) != ASSAY_RETRY_NEVER;
    if (rc != ASSAY_OK)
        return rc;
    if (!json_is_object(json_object_get(task, "settings")))
        ASSAY_TRY(assay_json_set(task, "settings", json_object(), err));
    return assay_json_set(json_object_get(task, "settings"), "states", states, err);
}

static int execute(struct attempt *attempt, struct assay_exit *ret_exit, struct assay_error *err)
{
    const struct assay_worker_options *options = attempt->options;
    ASSAY_AUTO(assay_json_decref) json_t *task = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *secrets = NULL;
    const int64_t deadline_ms = remaining_ms(attempt);
    ASSAY_TRY(options->credentials(attempt->claim, options->credentials_context, &secrets, err));
    ASSAY_TRY(assay_attempt_task(options, attempt->claim, deadline_ms, &task, err));
    ASSAY_TRY(add_states(attempt, task, err));
    const struct assay_execution execution = {.task = task,
                                              .secrets = secrets,
                                              .memory_bytes = options->task_memory_bytes,
                                              .deadline_ms = deadline_ms,
                                              .data_fd = attempt->spool.fd,
                                              .cancelled = &attempt->lease.stop,
                                              .suspended = &attempt->lease.suspended,
                                              .on_frame = on_frame,
                                              .context = attempt};
    return assay_execution_run(&execution, ret_exit, err);
}

static char *error_json(int code, const struct assay_error *err, const struct assay_exit *ended)
{
    ASSAY_AUTO(assay_json_decref)
    json_t *json = json_pack("{s:s, s:o, s:s, s:i}", "code", assay_code_name(code), "text",
                             assay_json_safe_string(err->text, strlen(err->text)), "sqlstate",
                             err->sqlstate, "vendor_code", err->vendor_code);
    if (json && ended->signalled)
        (void)json_object_set_new(
            json, "signal", json_string(ended->oom ? "out of memory" : strsignal(ended->signal)));
    return json ? assay_json_text(json) : NULL;
}

/* How an attempt ended, as one verb of the job store. */
typedef int end_fn(const struct attempt *attempt, const char *error, const char **ret_state,
                   struct assay_error *err);

static int end_complete(const struct attempt *attempt, const char *error, const char **ret_state,
                        struct assay_error *err)
{
    (void)error;
    *ret_state = "succeeded";
    return assay_splits_complete(&attempt->splits, attempt->options->store, attempt->claim,
                                 attempt->summary, err);
}

static int end_cancelled(const struct attempt *attempt, const char *error, const char **ret_state,
                         struct assay_error *err)
{
    (void)error;
    return assay_job_cancelled(attempt->options->store, attempt->claim->task_id,
                               attempt->claim->epoch, ret_state, err);
}

static int end_release(const struct attempt *attempt, const char *error, const char **ret_state,
                       struct assay_error *err)
{
    (void)error;
    return assay_job_release(attempt->options->store, attempt->claim->task_id,
                             attempt->claim->epoch, NULL, ret_state, err);
}

static int end_deadline(const struct attempt *attempt, const char *error, const char **ret_state,
                        struct assay_error *err)
{
    (void)error;
    return assay_job_deadline(attempt->options->store, attempt->claim->task_id,
                              attempt->claim->epoch, ret_state, err);
}

static int end_crash(const struct attempt *attempt, const char *error, const char **ret_state,
                     struct assay_error *err)
{
    return assay_job_crash(attempt->options->store, attempt->claim->task_id, attempt->claim->epoch,
                           error, ret_state, err);
}

static int end_source_down(const struct attempt *attempt, const char *error, const char **ret_state,
                           struct assay_error *err)
{
    return assay_job_source_down(attempt->options->store, attempt->claim->task_id,
                                 attempt->claim->epoch, error, ret_state, err);
}

static int end_permanent(const struct attempt *attempt, const char *error, const char **ret_state,
                         struct assay_error *err)
{
    return assay_job_fail(attempt->options->store, attempt->claim->task_id, attempt->claim->epoch,
                          true, error, ret_state, err);
}

static int end_transient(const struct attempt *attempt, const char *error, const char **ret_state,
                         struct assay_error *err)
{
    return assay_job_fail(attempt->options->store, attempt->claim->task_id, attempt->claim->epoch,
                          false, error, ret_state, err);
}

/* The first reason to stop decides; then the executor's own word. NULL: nothing may be written any
 * more. */
static end_fn *choose_end(const struct attempt *attempt, int rc, const struct assay_exit *ended)
{
    const int reason = atomic_load(&attempt->lease.reason);
    if (rc == ASSAY_OK)
        return end_complete;
    if (reason == ASSAY_STOP_LOST || rc == ASSAY_STALE)
        return NULL;
    if (reason == ASSAY_STOP_CANCEL)
        return end_cancelled;
    if (reason == ASSAY_STOP_DRAIN || attempt->store_failed)
        return end_release;
    if (ended->signalled || rc == ASSAY_INTERNAL)
        return end_crash;
    if (rc == ASSAY_TIMEOUT && attempt->claim->deadline_us &&
        attempt->claim->deadline_us <= assay_now_us())
        return end_deadline;
    const enum assay_retry retry = assay_code_retry(rc);
    return retry == ASSAY_RETRY_SOURCE_DOWN ? end_source_down
           : retry == ASSAY_RETRY_TRANSIENT ? end_transient
                                            : end_permanent;
}

static int write_end(const struct attempt *attempt, end_fn *end, const char *error,
                     const char **ret_state, struct assay_error *err)
{
    for (int tries = 1;; tries++) {
        assay_error_clear(err);
        const int rc = end(attempt, error, ret_state, err);
        if (rc == ASSAY_OK || assay_code_retry(rc) == ASSAY_RETRY_NEVER || tries == STORE_TRIES)
            return rc;
        assay_sleep_ms(STORE_PAUSE_MS);
    }
}

void assay_attempt_run(const struct assay_worker_options *options, struct assay_leases *leases,
                       pthread_rwlock_t *together, const struct assay_job_claim *claim,
                       int64_t sent_ns)
{
    struct attempt attempt = {
        .options = options, .claim = claim, .leases = leases, .spool = {.fd = -1}};
    attempt.lease.task_id = claim->task_id;
    attempt.lease.epoch = claim->epoch;
    struct assay_exit ended = {0};
    struct assay_error run_error = {0}, end_error = {0};
    const int64_t start_ns = assay_monotonic_ns();
    assay_leases_add(leases, &attempt.lease, sent_ns);
    (void)(claim->quarantine ? pthread_rwlock_wrlock(together) : pthread_rwlock_rdlock(together));
    const int rc = execute(&attempt, &ended, &run_error);
    (void)pthread_rwlock_unlock(together);
    ASSAY_AUTO(assay_free_text)
    char *error = rc == ASSAY_OK ? NULL : error_json(rc, &run_error, &ended);
    end_fn *end = choose_end(&attempt, rc, &ended);
    const char *state = "fenced";
    const int end_rc = end ? write_end(&attempt, end, error, &state, &end_error) : ASSAY_STALE;
    assay_leases_remove(leases, &attempt.lease);
    assay_free(attempt.summary);
    assay_splits_release(&attempt.splits);
    assay_spool_close(&attempt.spool);
    ASSAY_LOG(rc == ASSAY_OK && end_rc == ASSAY_OK ? ASSAY_LOG_INFO : ASSAY_LOG_WARNING,
              "task ended", ASSAY_F_INT("operation", claim->operation_id),
              ASSAY_F_INT("task", claim->task_id), ASSAY_F_INT("attempt", claim->attempts),
              ASSAY_F_TEXT("kind", claim->kind),
              ASSAY_F_TEXT("state", end_rc == ASSAY_OK ? state : "fenced"),
              ASSAY_F_INT("ms", (assay_monotonic_ns() - start_ns) / 1000000),
              ASSAY_F_TEXT("error", run_error.text),
              ASSAY_F_TEXT("write_error", end_rc == ASSAY_STALE ? "" : end_error.text));
}
