/* What the long-running roles share: the catalog, queue and progress of the configuration, keys,
 * and waiting for the end. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CLI_ROLE_H
#define ASSAY_CLI_ROLE_H

#include "common/base/error.h"
#include "common/config/config.h"
#include "common/crypto/keyring.h"
#include "common/db/db.h"
#include "common/job/job_store.h"
#include "common/progress/progress.h"
#include "common/queue/queue.h"
#include "worker/worker.h"

/** Zero-initialise; assay_role_release() in any case. */
struct assay_role {
    const struct assay_config *config;
    struct assay_db *db;
    struct assay_job_store *store;
    struct assay_queue *queue;
    struct assay_progress *progress;
    struct assay_keyring *keyring; /* NULL in a worker */
    char event_topic[128];         /* where finished operations are announced */
    int signal_fd;                 /* SIGTERM, SIGINT; -1 = not yet */
};

/** Set up logging, block SIGTERM and SIGINT for the process, open what the configuration names.
 * Called before any thread starts. distributed: the catalog must be PostgreSQL and the queue Kafka.
 * client_id: how this process shows in the broker's logs. */
ASSAY_MUST_CHECK int assay_role_open(struct assay_role *role, const struct assay_config *config,
                                     bool distributed, const char *client_id,
                                     struct assay_error *err);
/** Options of assay_queue_open() as configured; the caller's. */
ASSAY_MUST_CHECK int assay_role_queue_options(const struct assay_config *config,
                                              const char *client_id, json_t **ret_options,
                                              struct assay_error *err);
void assay_role_release(struct assay_role *role);
/** Keys from secrets.passphrase_file. create: the file is made when it is missing (serve). */
ASSAY_MUST_CHECK int assay_role_load_keys(struct assay_role *role, const char *path, bool create,
                                          struct assay_error *err);
/** Path of a file beside a SQLite catalog ("assay.token"), or in the working directory. Heap. */
ASSAY_MUST_CHECK int assay_role_path_beside(const struct assay_role *role, const char *name,
                                            char **ret_path, struct assay_error *err);
/** Start the worker of this process as configured. */
ASSAY_MUST_CHECK int assay_role_start_worker(struct assay_role *role,
                                             assay_credentials_fn *credentials, void *context,
                                             struct assay_worker **ret_worker,
                                             struct assay_error *err);
/** Wait for SIGTERM or SIGINT. */
void assay_role_wait(struct assay_role *role);

#endif
