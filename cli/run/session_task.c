// Running one task of a session in an executor of its own.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <unistd.h>

#include "cli/run/session.h"
#include "common/base/memory.h"
#include "common/msg/result.h"
#include "worker/supervise/executor_process.h"

enum { GRACE_MS = 800 }; /* an interrupt ends within a second */

/* What the frames of one task bring. */
struct gathered {
    struct assay_session *session;
    struct assay_result *result;
    json_t *done;
};

static int take_log(const struct gathered *gathered, const json_t *body)
{
    if (gathered->session->verbose) {
        char *fields = assay_json_text(json_object_get(body, "fields"));
        assay_session_say(gathered->session, "%s: %s %s", assay_json_str(body, "level", "info"),
                          assay_json_str(body, "event", ""), fields ? fields : "");
        assay_free(fields);
    }
    return ASSAY_OK;
}

static int take_body(struct gathered *gathered, const struct assay_frame *frame, json_t *body)
{
    if (frame->type == ASSAY_FRAME_PROGRESS)
        assay_progress_line_show(&gathered->session->progress, body);
    else if (frame->type == ASSAY_FRAME_LOG)
        return take_log(gathered, body);
    else if (frame->type == ASSAY_FRAME_DONE) {
        json_decref(gathered->done);
        gathered->done = json_incref(body);
    }
    return ASSAY_OK;
}

static int on_frame(const struct assay_frame *frame, void *context, struct assay_error *err)
{
    struct gathered *gathered = context;
    if (frame->type == ASSAY_FRAME_RESULT)
        return assay_result_add(gathered->result, frame->payload, frame->size_bytes, err);
    if (frame->type == ASSAY_FRAME_ERROR)
        return ASSAY_OK;
    ASSAY_AUTO(assay_json_decref) json_t *body = NULL;
    ASSAY_TRY(
        assay_json_parse(frame->payload, frame->size_bytes, "the executor's message", &body, err));
    return take_body(gathered, frame, body);
}

static json_t *or_empty(const json_t *value, json_t *empty)
{
    if (!value)
        return empty;
    json_decref(empty);
    return json_incref((json_t *)value);
}

static json_t *task_body(const struct assay_session *session, const struct assay_session_task *task)
{
    return json_pack(
        "{s:i, s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:s, s:s, s:I, s:{s:I, s:i, s:i}, s:O, s:O, "
        "s:o, s:o, s:o}",
        "v", 1, "kind", task->kind, "op_id", 0, "task_id", 0, "attempt", 1, "datastore_id", 0,
        "container_id", 0, "split_no", 0, "split_count", 1, "now", session->now, "timezone",
        session->timezone ? session->timezone : "UTC", "seed", (json_int_t)session->seed, "limits",
        "memory_bytes", (json_int_t)session->memory_bytes, "threads", session->threads,
        "deadline_ms", 0, "source", (json_t *)task->source, "reader", session->reader, "settings",
        or_empty(task->settings, json_object()), "checks", or_empty(task->checks, json_array()),
        "fields", or_empty(task->fields, json_array()));
}

int assay_session_run(struct assay_session *session, const struct assay_session_task *task,
                      json_t **ret_document, json_t **ret_done, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *body = task_body(session, task);
    ASSAY_AUTO(assay_result_free) struct assay_result *result = NULL;
    if (!body)
        return assay_fail_memory(err);
    ASSAY_TRY(assay_result_new(0, &result, err));
    struct gathered gathered = {.session = session, .result = result};
    const struct assay_execution execution = {
        .task = body,
        .secrets = task->secrets,
        .memory_bytes = session->memory_bytes,
        .data_fd = task->from_stdin ? STDIN_FILENO : -1,
        .cancelled = &assay_interrupted,
        .grace_ms = GRACE_MS,
        .on_frame = on_frame,
        .context = &gathered,
    };
    struct assay_exit ended = {0};
    assay_progress_line_begin(&session->progress, task->name);
    const int rc = assay_execution_run(&execution, &ended, err);
    assay_progress_line_clear(&session->progress);
    ASSAY_AUTO(assay_json_decref) json_t *done = gathered.done;
    ASSAY_TRY(rc);
    if (assay_result_unknown(result))
        return assay_fail(err, ASSAY_INTERNAL,
                          "the executor sent results of the kind \"%s\", which this program does "
                          "not know: assay and assay-execute are of two versions",
                          assay_result_unknown(result));
    *ret_document = json_incref(assay_result_document(result));
    if (ret_done)
        *ret_done = ASSAY_TAKE(done);
    return ASSAY_OK;
}
