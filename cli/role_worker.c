// assay worker: the data plane. Credentials come from the control plane after each claim and are
// kept only while the task runs.
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <string.h>

#include "cli/role.h"
#include "cli/roles.h"
#include "common/base/file.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/db/migrate.h"
#include "common/http/http.h"

enum { CREDENTIALS_TIMEOUT_MS = 20000 };

/* Where the control plane's internal door is. */
struct control_door {
    const char *url, *ca_file, *token_file;
};

/* "Authorization: Bearer …", read anew each time: the file may be rotated. */
static int read_token(const char *path, struct assay_buf *header, struct assay_error *err)
{
    assay_buf_text(header, "Authorization: Bearer ");
    ASSAY_TRY(assay_file_read(path, header, err));
    while (header->size && strchr(" \r\n\t", header->data[header->size - 1]))
        header->data[--header->size] = '\0';
    return assay_buf_check(header, err);
}

static int ask_door(const struct control_door *door, const struct assay_job_claim *claim,
                    const struct assay_buf *header, struct assay_http_response *response,
                    struct assay_error *err)
{
    struct assay_buf url = {0}, body = {0};
    assay_buf_printf(&url, "%s/internal/tasks/%" PRId64 "/credentials", door->url, claim->task_id);
    assay_buf_printf(&body, "{\"epoch\":%" PRId64 "}", claim->epoch);
    const char *headers[] = {assay_buf_str(header), "Content-Type: application/json", NULL};
    const char *secrets[] = {assay_buf_str(header) + strlen("Authorization: Bearer "), NULL};
    const struct assay_http_options options = {.ca_file = door->ca_file};
    const struct assay_http_request request = {.method = "POST",
                                               .url = assay_buf_str(&url),
                                               .headers = headers,
                                               .body = assay_buf_str(&body),
                                               .size_bytes = body.size,
                                               .idempotent = true,
                                               .timeout_ms = CREDENTIALS_TIMEOUT_MS,
                                               .secrets = secrets};
    ASSAY_AUTO(assay_http_close) struct assay_http *http = NULL;
    int rc = assay_http_open(&options, &http, err);
    if (rc == ASSAY_OK)
        rc = assay_http_send(http, &request, response, err);
    if (rc == ASSAY_OK)
        rc = assay_http_check(&request, response, err);
    assay_buf_release(&url);
    assay_buf_release(&body);
    return rc;
}

/* A door that is closed for a moment costs the task a pause, not a failure of its source. */
static int code_of(int rc)
{
    return rc == ASSAY_CONFLICT ? ASSAY_STALE : rc == ASSAY_UNAVAILABLE ? ASSAY_TRANSIENT : rc;
}

static int fetch_credentials(const struct assay_job_claim *claim, void *context,
                             json_t **ret_secrets, struct assay_error *err)
{
    const struct control_door *door = context;
    struct assay_buf header = {.max_bytes = 65536};
    struct assay_http_response response = {0};
    int rc = read_token(door->token_file, &header, err);
    if (rc == ASSAY_OK)
        rc = ask_door(door, claim, &header, &response, err);
    if (rc == ASSAY_OK)
        rc = assay_json_parse(assay_buf_str(&response.body), response.body.size,
                              "the control plane's answer", ret_secrets, err);
    if (response.body.data)
        assay_wipe(response.body.data, response.body.size);
    if (header.data)
        assay_wipe(header.data, header.size);
    assay_http_response_release(&response);
    assay_buf_release(&header);
    return rc == ASSAY_OK
               ? rc
               : code_of(assay_context(err, rc, "asking the control plane for credentials"));
}

static int check_door(const struct control_door *door, struct assay_error *err)
{
    if (!door->url || !*door->url)
        return assay_fail(err, ASSAY_USAGE,
                          "control.url is not set: give the internal address of assay scheduler");
    if (!door->token_file)
        return assay_fail(
            err, ASSAY_USAGE,
            "control.token_file is not set: make one with assay token create --worker");
    return ASSAY_OK;
}

static int run(struct assay_role *role, struct control_door *door, struct assay_error *err)
{
    int version;
    struct assay_worker *worker = NULL;
    ASSAY_TRY(check_door(door, err));
    ASSAY_TRY(assay_migrate_check(role->db, &version, err));
    ASSAY_TRY(assay_role_start_worker(role, fetch_credentials, door, &worker, err));
    assay_role_wait(role);
    assay_worker_stop(worker, assay_config_duration_ms(role->config, "worker.drain"));
    return ASSAY_OK;
}

int assay_worker_main(const struct assay_config *config, struct assay_error *err)
{
    struct assay_role role;
    struct control_door door = {.url = assay_config_text(config, "control.url"),
                                .ca_file = assay_config_text(config, "control.ca_file"),
                                .token_file = assay_config_text(config, "control.token_file")};
    int rc = assay_role_open(&role, config, true, "assay-worker", err);
    if (rc == ASSAY_OK)
        rc = run(&role, &door, err);
    assay_role_release(&role);
    return rc;
}
