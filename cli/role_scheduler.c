// assay scheduler: the control plane. Any number of replicas; one leads.
// SPDX-License-Identifier: Apache-2.0
#include "cli/role.h"
#include "cli/roles.h"
#include "common/base/log.h"
#include "common/db/migrate.h"
#include "scheduler/api/api.h"
#include "scheduler/control.h"

static int start(struct assay_role *role, struct assay_control **ret_control,
                 struct assay_api **ret_api, struct assay_error *err)
{
    int version;
    const char *passphrase = assay_config_text(role->config, "secrets.passphrase_file");
    if (!passphrase)
        return assay_fail(err, ASSAY_USAGE,
                          "secrets.passphrase_file is not set: name a file with one passphrase, "
                          "the same for all replicas");
    ASSAY_TRY(assay_migrate_check(role->db, &version, err));
    ASSAY_TRY(assay_role_load_keys(role, passphrase, false, err));
    ASSAY_TRY(assay_queue_create_topics(role->queue, assay_config_text(role->config, "worker.pool"),
                                        err));
    const struct assay_control_options control = {
        .store = role->store,
        .queue = role->queue,
        .event_topic = role->event_topic,
        .lease_ttl_ms = assay_config_duration_ms(role->config, "worker.lease_ttl"),
        .heartbeat_ms = assay_config_duration_ms(role->config, "worker.heartbeat")};
    ASSAY_TRY(assay_control_start(&control, ret_control, err));
    const struct assay_api_options api = {.config = role->config,
                                          .db = role->db,
                                          .store = role->store,
                                          .progress = role->progress,
                                          .keyring = role->keyring,
                                          .wake = assay_control_wake,
                                          .context = *ret_control,
                                          .internal = true};
    ASSAY_TRY(assay_api_start(&api, ret_api, err));
    ASSAY_LOG(ASSAY_LOG_INFO, "scheduling", ASSAY_F_TEXT("api", assay_api_url(*ret_api)),
              ASSAY_F_INT("schema_version", version));
    return ASSAY_OK;
}

int assay_scheduler_main(const struct assay_config *config, struct assay_error *err)
{
    struct assay_role role;
    struct assay_control *control = NULL;
    struct assay_api *api = NULL;
    int rc = assay_role_open(&role, config, true, "assay-scheduler", err);
    if (rc == ASSAY_OK)
        rc = start(&role, &control, &api, err);
    if (rc == ASSAY_OK)
        assay_role_wait(&role);
    assay_api_stop(api);
    assay_control_stop(control);
    assay_role_release(&role);
    return rc;
}
