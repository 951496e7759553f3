// Tests of sources by inspect tasks.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/api/inspect.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "scheduler/api/internal.h"
#include "scheduler/catalog/credentials.h"

enum {
    WAIT_MS = 30000,
    FIRST_POLL_MS = 50,
    LAST_POLL_MS = 250,
    WAITING_MAX = 8, /* half of the handler threads: the others go on answering */
};

/* One inspect operation on its way. */
struct inspect_run {
    struct assay_request *request;
    int64_t operation_id, task_id;
};

static int wait_for(const struct inspect_run *run, struct assay_job_status *ret_status,
                    struct assay_error *err)
{
    const int64_t until_ns = assay_monotonic_ns() + WAIT_MS * INT64_C(1000000);
    for (int64_t pause_ms = FIRST_POLL_MS;;
         pause_ms = pause_ms * 2 > LAST_POLL_MS ? LAST_POLL_MS : pause_ms * 2) {
        ASSAY_TRY(assay_job_status(run->request->with->store, run->task_id, ret_status, err));
        if (ret_status->finished)
            return ASSAY_OK;
        assay_job_status_release(ret_status);
        if (atomic_load(&run->request->api->stopping))
            return assay_fail(err, ASSAY_UNAVAILABLE, "the server stops");
        if (assay_monotonic_ns() > until_ns)
            return assay_fail(err, ASSAY_TIMEOUT, "no worker answered within %d s: is one running?",
                              WAIT_MS / 1000);
        assay_sleep_ms(pause_ms);
    }
}

void assay_inspected_release(struct assay_inspected *inspected)
{
    json_decref(inspected->result);
    *inspected = (struct assay_inspected){0};
}

/* A failed task's error as the source's verdict. */
static int read_refusal(const struct assay_job_status *status,
                        struct assay_inspected *ret_inspected)
{
    ASSAY_AUTO(assay_json_decref) json_t *error = NULL;
    const char *text = status->last_error ? status->last_error : "";
    int code = ASSAY_INTERNAL;
    if (assay_json_parse(text, strlen(text), "task error", &error, NULL) == ASSAY_OK)
        code = assay_code_by_name(assay_json_str(error, "code", ""));
    (void)assay_fail(&ret_inspected->refused, code == ASSAY_OK ? ASSAY_INTERNAL : code, "%s",
                     assay_json_str(error, "text", "the test of the source failed"));
    return ASSAY_OK;
}

static int read_result(const struct inspect_run *run, json_t **ret_result, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_job_results(run->request->with->store, run->task_id, &rows, err));
    for (size_t row = 0; row < assay_db_rows_count(rows); row++) {
        ASSAY_AUTO(assay_json_decref) json_t *chunk = NULL;
        size_t size;
        const char *text = assay_db_get_blob(rows, row, 0, &size);
        ASSAY_TRY(assay_json_parse(text, size, "result", &chunk, err));
        if (strcmp(assay_json_str(chunk, "t", ""), "inspect") == 0) {
            *ret_result = ASSAY_TAKE(chunk);
            return ASSAY_OK;
        }
    }
    return assay_fail(err, ASSAY_INTERNAL, "the inspect task gave no result");
}

static int await(const struct inspect_run *run, struct assay_inspected *ret_inspected,
                 struct assay_error *err)
{
    struct assay_job_status status = {0};
    int rc = wait_for(run, &status, err);
    if (rc == ASSAY_OK && strcmp(status.state, "succeeded") != 0)
        rc = read_refusal(&status, ret_inspected);
    else if (rc == ASSAY_OK)
        rc = read_result(run, &ret_inspected->result, err);
    assay_job_status_release(&status);
    return rc;
}

/* Nothing of it stays behind, whatever came of it. */
static void clean_up(const struct inspect_run *run)
{
    int stopped, to_signal;
    struct assay_job_store *store = run->request->with->store;
    ASSAY_IGNORE(assay_job_cancel(store, run->operation_id, "api", &stopped, &to_signal, NULL));
    ASSAY_IGNORE(assay_job_forget(store, run->operation_id, NULL));
}

static int ask(struct inspect_run *run, struct assay_plan_inspect *question, const json_t *secret,
               struct assay_error *err)
{
    const struct assay_api_options *with = run->request->with;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sealed = {0};
    if (secret && json_object_size(secret) > 0)
        ASSAY_TRY(assay_credentials_seal(with->keyring, secret, &sealed, err));
    question->ciphertext = sealed.data;
    question->ciphertext_bytes = sealed.size;
    question->triggered_by = run->request->identity.user_name;
    return assay_plan_inspect(with->store, question, &run->operation_id, &run->task_id, err);
}

int assay_inspect(struct assay_request *request, struct assay_plan_inspect *question,
                  const json_t *secret, struct assay_inspected *ret_inspected,
                  struct assay_error *err)
{
    struct inspect_run run = {.request = request};
    int rc;
    if (atomic_fetch_add(&request->api->inspecting, 1) >= WAITING_MAX)
        rc = assay_fail(err, ASSAY_UNAVAILABLE,
                        "%d tests of sources are running already: try again", WAITING_MAX);
    else
        rc = ask(&run, question, secret, err);
    if (rc == ASSAY_OK) {
        assay_api_wake(request);
        rc = await(&run, ret_inspected, err);
        clean_up(&run);
    }
    atomic_fetch_sub(&request->api->inspecting, 1);
    return rc;
}
