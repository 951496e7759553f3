/* The control plane's doors: the REST API for people (api.listen) and the internal one for workers
 * and monitoring (internal.listen). Routes are rows in routes.c; each resource is a file. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_API_API_H
#define ASSAY_API_API_H

#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "common/config/config.h"
#include "common/crypto/keyring.h"
#include "common/db/db.h"
#include "common/job/job_store.h"
#include "common/progress/progress.h"

struct assay_api;

/** What the API works with. Everything is borrowed and must outlive it. */
struct assay_api_options {
    const struct assay_config *config; /* api.*, internal.*, file.roots, public.url */
    struct assay_db *db;               /* migrated */
    struct assay_job_store *store;
    struct assay_progress *progress; /* NULL = progress comes from the job store alone */
    const struct assay_keyring *keyring;
    /** Called after an operation was created, from a thread of the API, so that an embedded
     *  dispatcher need not wait for its next turn; NULL = nothing to wake. Must not block. */
    void (*wake)(void *context);
    void *context;
    bool internal; /* open internal.listen too; serve runs its worker in-process and needs none */
};

/** Open the doors and serve from own threads until stopped. The passphrase is proved against the
 *  catalog first (scheduler/auth/catalog_key.h).
 *  Secrets that an older passphrase of the file protects are sealed with the one in force.
 *  ASSAY_USAGE: not a loopback address without TLS, and neither api.insecure; a certificate without
 *  its key. ASSAY_CONFLICT: the address is in use. ASSAY_DENIED: another passphrase.
 *  ASSAY_NOT_FOUND: a secret's passphrase is in the file no more. */
ASSAY_MUST_CHECK int assay_api_start(const struct assay_api_options *options,
                                     struct assay_api **ret_api, struct assay_error *err);
/** Stop taking requests, let those that run end (at most 5 s), close. NULL is allowed. */
void assay_api_stop(struct assay_api *api);
ASSAY_DEFINE_CLEANUP(struct assay_api, assay_api_stop)

/** Where it listens ("http://127.0.0.1:8080"), without /api. The api's. */
const char *assay_api_url(const struct assay_api *api);
/** Port of the internal door, 0 when it is not open. */
int assay_api_internal_port(const struct assay_api *api);

#endif
