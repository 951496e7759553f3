// Credentials of a claimed task.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/catalog/credentials.h"

#include <inttypes.h>
#include <stdio.h>

#include "scheduler/catalog/connection.h"
#include "scheduler/catalog/datastore.h"

static const char inspect_owner[] = "inspect";

int assay_credentials_seal(const struct assay_keyring *keyring, const json_t *secret,
                           struct assay_buf *ret_envelope, struct assay_error *err)
{
    return assay_secret_seal(keyring, inspect_owner, secret, ret_envelope, err);
}

/* Secrets kept for an inspect task; *ret_secret NULL when there are none. */
static int kept_secrets(struct assay_job_store *store, const struct assay_keyring *keyring,
                        int64_t task_id, int64_t epoch, json_t **ret_secret,
                        struct assay_error *err)
{
    struct assay_error own = {0};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf envelope = {0};
    const int rc = assay_job_secret_get(store, task_id, epoch, &envelope, &own);
    if (rc == ASSAY_NOT_FOUND)
        return ASSAY_OK;
    if (rc != ASSAY_OK)
        return assay_fail(err, rc, "%s", own.text);
    return assay_secret_open(keyring, inspect_owner, assay_buf_str(&envelope), ret_secret, err);
}

static int add(json_t *secrets, int64_t datastore_id, json_t *secret, struct assay_error *err)
{
    char key[24];
    (void)snprintf(key, sizeof key, "%" PRId64, datastore_id);
    return assay_json_set(secrets, key, secret, err);
}

static int add_datastore(struct assay_db_conn *conn, const struct assay_keyring *keyring,
                         int64_t datastore_id, json_t *secrets, struct assay_error *err)
{
    json_t *own = NULL;
    if (datastore_id == 0)
        return ASSAY_OK;
    ASSAY_TRY(assay_datastore_secrets(conn, keyring, datastore_id, &own, err));
    return add(secrets, datastore_id, own, err);
}

/* One that is gone since the task was planned costs the checks that refer to it, not the task. */
static int add_reference(struct assay_db_conn *conn, const struct assay_keyring *keyring,
                         int64_t datastore_id, json_t *secrets, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn, "SELECT 1 FROM datastore WHERE id = $1", &rows, err,
                           assay_db_int(datastore_id)));
    return assay_db_rows_count(rows) ? add_datastore(conn, keyring, datastore_id, secrets, err)
                                     : ASSAY_OK;
}

/* The task's own datastore, and those that its checks refer to. */
static int add_datastores(struct assay_db_conn *conn, const struct assay_keyring *keyring,
                          int64_t task_id, json_t *secrets, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *spec = NULL;
    ASSAY_TRY(assay_db_run(conn,
                           "SELECT t.source_id, s.body FROM task t JOIN task_spec s ON s.id = "
                           "t.spec_id WHERE t.id = $1",
                           &rows, err, assay_db_int(task_id)));
    if (assay_db_rows_count(rows) == 0)
        return assay_fail(err, ASSAY_STALE, "task %" PRId64 " is gone", task_id);
    ASSAY_TRY(assay_row_value(rows, 0, 1, ASSAY_COLUMN_JSON, &spec, err));
    ASSAY_TRY(add_datastore(conn, keyring, assay_db_get_int(rows, 0, 0), secrets, err));
    const char *name;
    json_t *reference;
    json_object_foreach(json_object_get(json_object_get(spec, "settings"), "refs"), name, reference)
        ASSAY_TRY(add_reference(conn, keyring, assay_json_int(reference, "datastore_id", 0),
                                secrets, err));
    return ASSAY_OK;
}

int assay_credentials_of_task(struct assay_db *db, struct assay_job_store *store,
                              const struct assay_keyring *keyring, int64_t task_id, int64_t epoch,
                              json_t **ret_secrets, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *secrets = json_object();
    json_t *kept = NULL;
    ASSAY_TRY(assay_job_holds(store, task_id, epoch, err));
    ASSAY_TRY(kept_secrets(store, keyring, task_id, epoch, &kept, err));
    if (kept) {
        ASSAY_TRY(add(secrets, 0, kept, err));
    } else {
        ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
        ASSAY_TRY(assay_db_acquire(db, &conn, err));
        ASSAY_TRY(add_datastores(conn, keyring, task_id, secrets, err));
    }
    *ret_secrets = ASSAY_TAKE(secrets);
    return ASSAY_OK;
}
