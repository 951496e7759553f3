// The control plane's doors.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/api/api.h"

#include <string.h>

#include "common/base/log.h"
#include "common/base/memory.h"
#include "scheduler/api/internal.h"
#include "scheduler/auth/catalog_key.h"
#include "scheduler/catalog/connection.h"

enum { HANDLER_THREADS = 16, INTERNAL_THREADS = 4 };

/* The browser's page stands at the root too; the root itself leads to the list of routes. */
static void serve_public(void *context, const struct assay_call *call, struct assay_answer *answer)
{
    struct assay_api *api = context;
    const bool below_root = strncmp(call->uri, "/cli/authorize", 14) == 0;
    if (strcmp(call->uri, "/") == 0) {
        answer->status = 302;
        answer->location = assay_strdup("/api/docs");
        return;
    }
    assay_dispatch(api, assay_routes, below_root ? "" : "/api", ASSAY_AUDIENCE_API, call, answer);
}

static void serve_internal(void *context, const struct assay_call *call,
                           struct assay_answer *answer)
{
    assay_dispatch(context, assay_internal_routes, "", ASSAY_AUDIENCE_WORKER, call, answer);
}

static int open_doors(struct assay_api *api, struct assay_error *err)
{
    const struct assay_config *config = api->options.config;
    struct assay_server_options door = {.listen = assay_config_text(config, "api.listen"),
                                        .tls_cert = assay_config_text(config, "api.tls_cert"),
                                        .tls_key = assay_config_text(config, "api.tls_key"),
                                        .insecure = assay_config_bool(config, "api.insecure"),
                                        .name = "api.listen",
                                        .threads = HANDLER_THREADS,
                                        .serve = serve_public,
                                        .context = api};
    ASSAY_TRY(assay_server_start(&door, &api->server, err));
    if (!api->options.internal)
        return ASSAY_OK;
    door.listen = assay_config_text(config, "internal.listen");
    door.name = "internal.listen";
    door.threads = INTERNAL_THREADS;
    door.serve = serve_internal;
    return assay_server_start(&door, &api->internal_server, err);
}

/* The passphrase is this catalog's; what an older line of its file still protects is sealed anew,
 * so that the line may go. */
static int prove_and_renew(const struct assay_api_options *options, struct assay_error *err)
{
    int renewed;
    ASSAY_TRY(assay_catalog_key_prove(options->db, options->keyring, err));
    ASSAY_TRY(assay_connection_rotate(options->db, options->keyring, &renewed, err));
    if (renewed > 0)
        ASSAY_LOG(ASSAY_LOG_INFO, "secrets sealed with the new passphrase",
                  ASSAY_F_INT("connections", renewed));
    return ASSAY_OK;
}

int assay_api_start(const struct assay_api_options *options, struct assay_api **ret_api,
                    struct assay_error *err)
{
    ASSAY_AUTO(assay_api_stop) struct assay_api *api = assay_calloc(1, sizeof *api);
    if (!api)
        return assay_fail_memory(err);
    api->options = *options;
    ASSAY_TRY(prove_and_renew(options, err));
    ASSAY_TRY(assay_events_start(&api->options, &api->events, err));
    ASSAY_TRY(open_doors(api, err));
    *ret_api = ASSAY_TAKE(api);
    return ASSAY_OK;
}

void assay_api_stop(struct assay_api *api)
{
    if (!api)
        return;
    atomic_store(&api->stopping, true);
    assay_events_stop(api->events);
    assay_server_stop(api->server);
    assay_server_stop(api->internal_server);
    assay_events_free(api->events);
    assay_free(api);
}

const char *assay_api_url(const struct assay_api *api)
{
    return assay_server_url(api->server);
}

int assay_api_internal_port(const struct assay_api *api)
{
    return api->internal_server ? assay_server_port(api->internal_server) : 0;
}
