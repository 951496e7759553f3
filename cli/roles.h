/* The long-running roles: each returns when it was told to stop (SIGTERM, SIGINT) and has stopped
 * in order. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CLI_ROLES_H
#define ASSAY_CLI_ROLES_H

#include "common/base/error.h"
#include "common/config/config.h"

/** Everything in one process: API, control, worker; SQLite catalog, queue and progress in memory
 * unless configured. */
ASSAY_MUST_CHECK int assay_serve_main(const struct assay_config *config, struct assay_error *err);
/** The control plane: API, control, internal door. PostgreSQL and Kafka. */
ASSAY_MUST_CHECK int assay_scheduler_main(const struct assay_config *config,
                                          struct assay_error *err);
/** The data plane: a worker that asks the control plane for credentials. PostgreSQL and Kafka. */
ASSAY_MUST_CHECK int assay_worker_main(const struct assay_config *config, struct assay_error *err);

#endif
