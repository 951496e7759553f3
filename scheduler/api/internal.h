/* What the files of the API share: the running API, its router, its waits on inspect tasks. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_API_INTERNAL_H
#define ASSAY_API_INTERNAL_H

#include <stdatomic.h>

#include "scheduler/api/events.h"
#include "scheduler/api/route.h"
#include "scheduler/api/server.h"

struct assay_api {
    struct assay_api_options options;
    struct assay_server *server;
    struct assay_server *internal_server; /* NULL = not open */
    struct assay_events *events;
    atomic_bool stopping;
    atomic_int inspecting; /* requests that wait for an inspect task */
};

/** Answer one call by a table of routes below `prefix` ("/api", or "" for the internal door). */
void assay_dispatch(struct assay_api *api, const struct assay_route *routes, const char *prefix,
                    enum assay_audience audience, const struct assay_call *call,
                    struct assay_answer *answer);

/** The internal door's routes; ends with method NULL. */
extern const struct assay_route assay_internal_routes[];

/** An operation as GET /operations/{id} gives it, live progress included. */
ASSAY_MUST_CHECK int assay_operation_now(const struct assay_api_options *with, int64_t id,
                                         json_t **ret_operation, struct assay_error *err);

/** Call the wake function of the options, if there is one. */
void assay_api_wake(const struct assay_request *request);

#endif
