// Datastores: creation, change, deletion.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/catalog/datastore.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/connectors/connector_def.h"
#include "scheduler/catalog/connection.h"
#include "scheduler/catalog/tag.h"
#include "scheduler/catalog/team.h"

const struct assay_writable assay_datastore_writables[] = {
    {"name", "name", ASSAY_WRITE_TEXT, .required = true, .doc = "unique"},
    {"description", "description", ASSAY_WRITE_TEXT, .nullable = true},
    {"connection_id", NULL, ASSAY_WRITE_INT, .doc = "the connection it lies below"},
    {"connection", NULL, ASSAY_WRITE_OBJECT, .doc = "or a new connection, created with it"},
    {"database", NULL, ASSAY_WRITE_TEXT, .doc = "of servers with databases"},
    {"schema", NULL, ASSAY_WRITE_TEXT, .doc = "of servers with schemas"},
    {"catalog", NULL, ASSAY_WRITE_TEXT, .doc = "of servers with catalogs"},
    {"root_path", NULL, ASSAY_WRITE_TEXT, .max = 4096},
    {"folder_globbing_enabled", "folder_globbing_enabled", ASSAY_WRITE_BOOL,
     .doc = "all files of one folder and extension form one container"},
    {"enrichment_only", "enrichment_only", ASSAY_WRITE_BOOL,
     .doc = "a target of enrichment, not a source"},
    {"enrichment_prefix", "enrichment_prefix", ASSAY_WRITE_TEXT, .nullable = true, .max = 60},
    {"enrichment_source_record_limit", "enrichment_source_record_limit", ASSAY_WRITE_INT, .min = 1,
     .max = 1000000000, .doc = "source records kept with an anomaly"},
    {"enrichment_remediation_strategy", "enrichment_remediation_strategy", ASSAY_WRITE_CHOICE,
     .choices = "none|append|overwrite"},
    {"high_count_rollup_threshold", "high_count_rollup_threshold", ASSAY_WRITE_INT, .min = 1,
     .max = 1000, .doc = "record anomalies per check before the rest is rolled up into one"},
    {"favorite", "favorite", ASSAY_WRITE_BOOL, .doc = "listed first in the web page"},
    {"trigger_sync", NULL, ASSAY_WRITE_BOOL, .doc = "run a first Sync; true unless given"},
    {"tags", NULL, ASSAY_WRITE_LIST, .doc = "names; replaces the list"},
    {"teams", NULL, ASSAY_WRITE_LIST, .doc = "names; replaces the list"},
    {.key = NULL},
};
static const struct assay_writable older_spellings[] = {
    {"enrich_only", "enrichment_only", ASSAY_WRITE_BOOL, .doc = "enrichment_only"},
    {"enrich_container_prefix", "enrichment_prefix", ASSAY_WRITE_TEXT, .max = 60},
    {.key = NULL},
};

int assay_datastore_scope(const char *connector, const json_t *stored, const json_t *body,
                          json_t **ret_properties, struct assay_error *err)
{
    const struct assay_connector_def *def = assay_connector_def_find(connector);
    if (!def)
        return assay_fail(err, ASSAY_INVALID, "this program has no connector \"%.64s\"", connector);
    ASSAY_AUTO(assay_json_decref)
    json_t *properties = stored ? json_deep_copy(stored) : json_object();
    for (const struct assay_property *property = def->properties; property->key; property++) {
        json_t *value = json_object_get(body, property->key);
        if (property->level != ASSAY_LEVEL_DATASTORE || !value)
            continue;
        if (json_is_null(value))
            (void)json_object_del(properties, property->key);
        else
            ASSAY_TRY(assay_json_set(properties, property->key, json_incref(value), err));
    }
    ASSAY_TRY(assay_connector_validate(def, properties, ASSAY_LEVEL_DATASTORE, err));
    *ret_properties = ASSAY_TAKE(properties);
    return ASSAY_OK;
}

/* Scope properties of a datastore, checked against its connection's connector. */
static int make_scope(struct assay_db_conn *conn, int64_t connection_id, const json_t *stored,
                      const json_t *body, char **ret_text, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *properties = NULL;
    ASSAY_TRY(assay_db_run(conn, "SELECT type FROM connection WHERE id = $1", &rows, err,
                           assay_db_int(connection_id)));
    if (assay_db_rows_count(rows) == 0)
        return assay_fail(err, ASSAY_INVALID, "\"connection_id\" must be the id of a connection");
    ASSAY_TRY(assay_datastore_scope(assay_db_get_text(rows, 0, 0), stored, body, &properties, err));
    *ret_text = assay_json_text(properties);
    return *ret_text ? ASSAY_OK : assay_fail_memory(err);
}

static int replace_lists(struct assay_db_conn *conn, int64_t id, const json_t *body, bool creating,
                         struct assay_error *err)
{
    const json_t *tags = json_object_get(body, "tags");
    ASSAY_TRY(assay_tags_replace(conn, ASSAY_TAGGED_DATASTORE, id,
                                 tags ? tags : json_object_get(body, "global_tags"), err));
    const json_t *teams = assay_json_get(body, "teams");
    return teams || creating ? assay_teams_replace(conn, id, teams, err) : ASSAY_OK;
}

/* What was sent under a name of older clients. */
static int write_older(struct assay_db_conn *conn, int64_t id, const json_t *body,
                       struct assay_error *err)
{
    const struct assay_write_fixed fixed[] = {{"updated_at", assay_db_int(assay_now_us())},
                                              {.column = NULL}};
    return assay_write_update(conn, "datastore", id, older_spellings, body, fixed, err);
}

int assay_datastore_create(struct assay_db_conn *conn, const json_t *body, int64_t connection_id,
                           int64_t *ret_id, struct assay_error *err)
{
    ASSAY_AUTO(assay_free_text) char *scope = NULL;
    ASSAY_TRY(assay_write_check(assay_datastore_writables, body, true, err));
    ASSAY_TRY(make_scope(conn, connection_id, NULL, body, &scope, err));
    const struct assay_write_fixed fixed[] = {{"connection_id", assay_db_int(connection_id)},
                                              {"properties", assay_db_text(scope)},
                                              {"created_at", assay_db_int(assay_now_us())},
                                              {"updated_at", assay_db_int(assay_now_us())},
                                              {.column = NULL}};
    int64_t id;
    const int rc =
        assay_write_insert(conn, "datastore", assay_datastore_writables, body, fixed, &id, err);
    ASSAY_TRY(assay_name_taken(rc, "datastore", body, err));
    ASSAY_TRY(write_older(conn, id, body, err));
    ASSAY_TRY(replace_lists(conn, id, body, true, err));
    *ret_id = id;
    return ASSAY_OK;
}

int assay_datastore_update(struct assay_db_conn *conn, int64_t id, const json_t *body,
                           struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *stored = NULL;
    ASSAY_AUTO(assay_free_text) char *scope = NULL;
    ASSAY_TRY(assay_write_check(assay_datastore_writables, body, false, err));
    ASSAY_TRY(assay_db_run(conn, "SELECT connection_id, properties FROM datastore WHERE id = $1",
                           &rows, err, assay_db_int(id)));
    if (assay_db_rows_count(rows) == 0)
        return assay_fail(err, ASSAY_NOT_FOUND, "datastore %" PRId64 " is not in the catalog", id);
    ASSAY_TRY(assay_row_value(rows, 0, 1, ASSAY_COLUMN_JSON, &stored, err));
    const int64_t connection_id =
        assay_json_int(body, "connection_id", assay_db_get_int(rows, 0, 0));
    ASSAY_TRY(make_scope(conn, connection_id, stored, body, &scope, err));
    const struct assay_write_fixed fixed[] = {{"connection_id", assay_db_int(connection_id)},
                                              {"properties", assay_db_text(scope)},
                                              {"updated_at", assay_db_int(assay_now_us())},
                                              {.column = NULL}};
    const int rc =
        assay_write_update(conn, "datastore", id, assay_datastore_writables, body, fixed, err);
    ASSAY_TRY(assay_name_taken(rc, "datastore", body, err));
    ASSAY_TRY(write_older(conn, id, body, err));
    return replace_lists(conn, id, body, false, err);
}

int assay_datastore_delete(struct assay_db_conn *conn, int64_t id, struct assay_error *err)
{
    int64_t linked;
    ASSAY_TRY(assay_select_int(conn,
                               "SELECT count(*) FROM datastore WHERE enrich_datastore_id = $1", id,
                               0, &linked, err));
    if (linked > 0)
        return assay_fail(err, ASSAY_CONFLICT,
                          "datastore %" PRId64 " is the enrichment datastore of %" PRId64
                          " others: unlink them first",
                          id, linked);
    ASSAY_TRY(assay_db_run(conn, "DELETE FROM source_weight WHERE source_id = $1", NULL, err,
                           assay_db_int(id)));
    return assay_write_delete(conn, "datastore", id, "datastore", err);
}

int assay_datastore_note_connected(struct assay_db_conn *conn, int64_t id, bool connected,
                                   struct assay_error *err)
{
    return assay_db_run(conn, "UPDATE datastore SET connected = $1 WHERE id = $2", NULL, err,
                        assay_db_bool(connected), assay_db_int(id));
}

int assay_datastore_secrets(struct assay_db_conn *conn, const struct assay_keyring *keyring,
                            int64_t id, json_t **ret_secrets, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn,
                           "SELECT k.id, k.secrets FROM datastore d JOIN connection k ON k.id = "
                           "d.connection_id WHERE d.id = $1",
                           &rows, err, assay_db_int(id)));
    if (assay_db_rows_count(rows) == 0)
        return assay_fail(err, ASSAY_NOT_FOUND, "datastore %" PRId64 " is not in the catalog", id);
    char owner[40];
    (void)snprintf(owner, sizeof owner, "connection:%" PRId64, assay_db_get_int(rows, 0, 0));
    const char *envelope = assay_db_get_text(rows, 0, 1);
    if (envelope)
        return assay_secret_open(keyring, owner, envelope, ret_secrets, err);
    *ret_secrets = json_object();
    return *ret_secrets ? ASSAY_OK : assay_fail_memory(err);
}
