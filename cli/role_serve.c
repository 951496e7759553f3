// assay serve: everything in one process for one machine.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <unistd.h>

#include "cli/role.h"
#include "cli/roles.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/db/migrate.h"
#include "scheduler/api/api.h"
#include "scheduler/auth/token.h"
#include "scheduler/catalog/credentials.h"
#include "scheduler/control.h"

struct parts {
    struct assay_control *control;
    struct assay_worker *worker;
    struct assay_api *api;
};

static int credentials_here(const struct assay_job_claim *claim, void *context,
                            json_t **ret_secrets, struct assay_error *err)
{
    const struct assay_role *role = context;
    return assay_credentials_of_task(role->db, role->store, role->keyring, claim->task_id,
                                     claim->epoch, ret_secrets, err);
}

/* The passphrase file: as configured, or one made beside the catalog. */
static int load_keys(struct assay_role *role, struct assay_error *err)
{
    const char *given = assay_config_text(role->config, "secrets.passphrase_file");
    if (given)
        return assay_role_load_keys(role, given, false, err);
    ASSAY_AUTO(assay_free_text) char *path = NULL;
    ASSAY_TRY(assay_role_path_beside(role, "assay.key", &path, err));
    return assay_role_load_keys(role, path, true, err);
}

static int start(struct assay_role *role, struct parts *parts, struct assay_error *err)
{
    int version;
    ASSAY_AUTO(assay_free_text) char *token_path = NULL;
    ASSAY_TRY(assay_migrate(role->db, &version, err));
    ASSAY_TRY(load_keys(role, err));
    ASSAY_TRY(assay_queue_create_topics(role->queue, assay_config_text(role->config, "worker.pool"),
                                        err));
    const struct assay_control_options control = {
        .store = role->store,
        .queue = role->queue,
        .alone = true,
        .lease_ttl_ms = assay_config_duration_ms(role->config, "worker.lease_ttl"),
        .heartbeat_ms = assay_config_duration_ms(role->config, "worker.heartbeat")};
    ASSAY_TRY(assay_control_start(&control, &parts->control, err));
    ASSAY_TRY(assay_role_start_worker(role, credentials_here, role, &parts->worker, err));
    const struct assay_api_options api = {.config = role->config,
                                          .db = role->db,
                                          .store = role->store,
                                          .progress = role->progress,
                                          .keyring = role->keyring,
                                          .wake = assay_control_wake,
                                          .context = parts->control};
    ASSAY_TRY(assay_api_start(&api, &parts->api, err));
    ASSAY_TRY(assay_role_path_beside(role, "assay.token", &token_path, err));
    ASSAY_TRY(
        assay_token_file_ensure(role->db, role->keyring, ASSAY_AUDIENCE_API, token_path, err));
    ASSAY_LOG(ASSAY_LOG_INFO, "serving", ASSAY_F_TEXT("api", assay_api_url(parts->api)),
              ASSAY_F_TEXT("token_file", token_path), ASSAY_F_INT("schema_version", version));
    if (isatty(STDOUT_FILENO))
        (void)printf(
            "Assay serves at %s/api (documents at /api/docs); token in %s; Ctrl-C stops it.\n",
            assay_api_url(parts->api), token_path);
    return ASSAY_OK;
}

/* First no new requests, then the work, then what it wrote to. */
static void stop(const struct assay_role *role, struct parts *parts)
{
    assay_api_stop(parts->api);
    assay_worker_stop(parts->worker, assay_config_duration_ms(role->config, "worker.drain"));
    assay_control_stop(parts->control);
}

int assay_serve_main(const struct assay_config *config, struct assay_error *err)
{
    struct assay_role role;
    struct parts parts = {0};
    int rc = assay_role_open(&role, config, false, "assay-serve", err);
    if (rc == ASSAY_OK)
        rc = start(&role, &parts, err);
    if (rc == ASSAY_OK)
        assay_role_wait(&role);
    stop(&role, &parts);
    assay_role_release(&role);
    return rc;
}
