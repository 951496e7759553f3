// assay serve: everything in one process for one machine.
// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "cli/role.h"
#include "cli/roles.h"
#include "common/base/buf.h"
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
    int lock_fd; /* -1: none */
};

/* One serve at a time on a SQLite catalog: queue and leadership are of one process there. The lock
 * goes with the process, the empty file stays. */
static int lock_catalog(const struct assay_role *role, int *ret_fd, struct assay_error *err)
{
    const char *url = assay_config_text(role->config, "catalog.url");
    if (assay_db_kind(role->db) != ASSAY_DB_SQLITE || strstr(url, ":memory:"))
        return ASSAY_OK;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf path = {0};
    assay_buf_printf(&path, "%s-serve", url + strlen("sqlite:"));
    ASSAY_TRY(assay_buf_check(&path, err));
    const int fd = open(assay_buf_str(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return assay_fail(err, ASSAY_UNAVAILABLE, "opening %s: %s", assay_buf_str(&path),
                          strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        (void)close(fd);
        return assay_fail(err, ASSAY_CONFLICT,
                          "another assay serve works on %s: end that one, or give this one a "
                          "catalog.url of its own",
                          url);
    }
    *ret_fd = fd;
    return ASSAY_OK;
}

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

/* One process needs no door for workers; where one is named it has /metrics and health. */
static bool wants_internal_door(const struct assay_config *config)
{
    return strcmp(assay_config_origin(config, "internal.listen"), "default") != 0;
}

static int start(struct assay_role *role, struct parts *parts, struct assay_error *err)
{
    int version;
    ASSAY_AUTO(assay_free_text) char *token_path = NULL;
    ASSAY_TRY(lock_catalog(role, &parts->lock_fd, err));
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
                                          .context = parts->control,
                                          .internal = wants_internal_door(role->config)};
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
    struct parts parts = {.lock_fd = -1};
    int rc = assay_role_open(&role, config, false, "assay-serve", err);
    if (rc == ASSAY_OK)
        rc = start(&role, &parts, err);
    if (rc == ASSAY_OK)
        assay_role_wait(&role);
    stop(&role, &parts);
    assay_role_release(&role);
    if (parts.lock_fd >= 0)
        (void)close(parts.lock_fd);
    return rc;
}
