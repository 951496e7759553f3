/* Credentials of a claimed task: the one way by which secrets leave the catalog. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CATALOG_CREDENTIALS_H
#define ASSAY_CATALOG_CREDENTIALS_H

#include "common/crypto/keyring.h"
#include "common/job/job_store.h"
#include "common/json/json.h"

/** {"<datastore id>": {secret properties}} of the datastores that the task reads (a reference's
 * that is gone since is left out); "0" holds those of an inspect task's unsaved connection.
 * *ret_secrets is the caller's. ASSAY_STALE: lease and epoch are not current. */
ASSAY_MUST_CHECK int assay_credentials_of_task(struct assay_db *db, struct assay_job_store *store,
                                               const struct assay_keyring *keyring, int64_t task_id,
                                               int64_t epoch, json_t **ret_secrets,
                                               struct assay_error *err);

/** Secrets of an unsaved connection as its inspect task keeps them until it is claimed. */
ASSAY_MUST_CHECK int assay_credentials_seal(const struct assay_keyring *keyring,
                                            const json_t *secret, struct assay_buf *ret_envelope,
                                            struct assay_error *err);

#endif
