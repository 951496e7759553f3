// Publisher: finished tasks one by one, each in a transaction; then operations.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/publish/publish.h"

#include <string.h>

#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/msg/result.h"
#include "scheduler/publish/parts.h"

enum { TASKS_A_TICK = 50, CLOSES_A_TICK = 50, CONFLICT_TRIES = 3 };

/* A kind without a row (splits) has nothing to publish: its merge has. */
static const struct kind {
    const char *name;
    int (*publish)(struct assay_publishing *p, struct assay_error *err);
} kinds[] = {
    {"sync", assay_publish_sync},
    {"profile", assay_publish_profile},
    {"profile.plan", assay_publish_profile},
    {"profile.merge", assay_publish_profile},
    {"profile.relate", assay_publish_related},
    {"scan", assay_publish_scan},
    {"scan.merge", assay_publish_scan},
};

static const struct kind *find_kind(const char *name)
{
    for (size_t i = 0; i < ASSAY_COUNT(kinds); i++)
        if (!strcmp(name, kinds[i].name))
            return &kinds[i];
    return NULL;
}

static int assemble(struct assay_publishing *p, struct assay_result *result,
                    struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(
        assay_job_staged(p->store, p->conn, p->task->task_id, p->task->result_epoch, &rows, err));
    for (size_t row = 0; row < assay_db_rows_count(rows); row++) {
        size_t size = 0;
        const char *chunk = assay_db_get_blob(rows, row, 0, &size);
        ASSAY_TRY(assay_result_add(result, chunk, size, err));
    }
    p->document = assay_result_document(result);
    if (assay_result_unknown(result)) /* of a worker that is newer than this scheduler */
        ASSAY_LOG(ASSAY_LOG_WARNING, "results of an unknown kind passed over",
                  ASSAY_F_TEXT("kind", assay_result_unknown(result)),
                  ASSAY_F_INT("task", p->task->task_id));
    return ASSAY_OK;
}

static int publish_results(struct assay_publishing *p, struct assay_error *err)
{
    ASSAY_AUTO(assay_result_free) struct assay_result *result = NULL;
    const struct kind *kind = find_kind(p->task->kind);
    if (!kind)
        return ASSAY_OK;
    if (!strcmp(p->task->state, "succeeded")) {
        ASSAY_TRY(assay_result_new(0, &result, err));
        ASSAY_TRY(assemble(p, result, err));
    }
    const int rc = kind->publish(p, err);
    p->document = NULL;
    return rc;
}

/* A result that cannot be published is a failure of its container, said aloud; the publisher goes
 * on. */
static int publish_or_fail(struct assay_publishing *p, struct assay_job_published *task,
                           int conflicts, struct assay_error *err)
{
    struct assay_error own = {0};
    ASSAY_TRY(assay_db_script(p->conn, "SAVEPOINT publication", err));
    const int rc = publish_results(p, &own);
    if (rc == ASSAY_OK)
        return assay_db_script(p->conn, "RELEASE SAVEPOINT publication", err);
    if (assay_code_retry(rc) != ASSAY_RETRY_NEVER)
        return assay_fail(err, rc, "%s", own.text);
    if (rc == ASSAY_CONFLICT &&
        conflicts < CONFLICT_TRIES) /* a row went away meanwhile: look again */
        return assay_fail(err, ASSAY_TRANSIENT, "%s", own.text);
    ASSAY_TRY(assay_db_script(p->conn, "ROLLBACK TO SAVEPOINT publication", err));
    ASSAY_AUTO(assay_json_decref)
    json_t *error = json_pack("{s:s, s:o}", "code", assay_code_name(rc), "text",
                              assay_json_safe_string(own.text, strlen(own.text)));
    assay_free(task->last_error);
    task->last_error = assay_json_text(error);
    memcpy(task->state, "failed", sizeof "failed");
    if (!task->last_error)
        return assay_fail_memory(err);
    ASSAY_TRY(assay_db_run(p->conn, "UPDATE task SET last_error = $2 WHERE id = $1", NULL, err,
                           assay_db_int(task->task_id), assay_db_text(task->last_error)));
    const struct kind *kind = find_kind(task->kind);
    return kind ? kind->publish(p, err) : ASSAY_OK;
}

struct context {
    struct assay_job_store *store;
    bool published;
    int attempts; /* at this task */
};

static int read_now(struct assay_db_conn *conn, int64_t *ret_now, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn, "SELECT assay_now()", &rows, err));
    *ret_now = assay_db_get_int(rows, 0, 0);
    return ASSAY_OK;
}

static int publish_task(struct assay_db_conn *conn, void *context, struct assay_error *err)
{
    struct context *c = context;
    c->published = false;
    ASSAY_SCOPED(assay_job_published_release) struct assay_job_published task = {0};
    ASSAY_AUTO(assay_json_decref) json_t *settings = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *spec = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *touched = json_object();
    const int rc = assay_job_next_unpublished(c->store, conn, &task, NULL);
    if (rc == ASSAY_NOT_FOUND)
        return ASSAY_OK;
    if (rc != ASSAY_OK)
        return assay_fail(err, rc, "looking for results to publish");
    ASSAY_TRY(assay_json_parse(task.settings, strlen(task.settings), "settings", &settings, err));
    ASSAY_TRY(assay_json_parse(task.spec, strlen(task.spec), "spec", &spec, err));
    struct assay_publishing p = {.store = c->store,
                                 .conn = conn,
                                 .task = &task,
                                 .settings = settings,
                                 .spec = spec,
                                 .touched = touched};
    ASSAY_TRY(read_now(conn, &p.now, err));
    ASSAY_TRY(publish_or_fail(&p, &task, c->attempts++, err));
    ASSAY_TRY(assay_job_mark_published(c->store, conn, task.task_id, err));
    c->published = true;
    return ASSAY_OK;
}

static int close_complete(struct assay_job_store *store,
                          const struct assay_publisher_options *options, int *done,
                          struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_job_closable(store, CLOSES_A_TICK, &rows, err));
    for (size_t row = 0; row < assay_db_rows_count(rows); row++) {
        const int64_t operation_id = assay_db_get_int(rows, row, 0);
        bool ready = false, closed = false;
        ASSAY_TRY(assay_publish_relate(store, operation_id, &ready, err));
        if (ready)
            ASSAY_TRY(assay_publish_close(store, operation_id, options->event_topic, &closed, err));
        *done += closed;
    }
    return ASSAY_OK;
}

int assay_publish_tick(struct assay_job_store *store, const struct assay_publisher_options *options,
                       int *ret_done, struct assay_error *err)
{
    struct context c = {.store = store, .published = true};
    int done = 0;
    for (int i = 0; i < TASKS_A_TICK && c.published; i++) {
        c.attempts = 0;
        ASSAY_TRY(assay_db_transaction(assay_job_store_db(store), publish_task, &c, err));
        done += c.published;
    }
    ASSAY_TRY(close_complete(store, options, &done, err));
    *ret_done = done;
    return ASSAY_OK;
}
