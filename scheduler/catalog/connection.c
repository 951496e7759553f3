// Connections: lists, creation, change, deletion.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/catalog/connection.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "scheduler/catalog/secret.h"
#include "scheduler/catalog/tag.h"

const struct assay_writable assay_connection_writables[] = {
    {"type", NULL, ASSAY_WRITE_TEXT, .required = true,
     .doc = "connector, as `assay connectors` lists them"},
    {"name", "name", ASSAY_WRITE_TEXT, .required = true, .doc = "unique"},
    {"host", NULL, ASSAY_WRITE_TEXT, .max = 1024},
    {"port", NULL, ASSAY_WRITE_INT, .min = 0, .max = 65535},
    {"username", NULL, ASSAY_WRITE_TEXT, .max = 1024},
    {"password", NULL, ASSAY_WRITE_TEXT, .max = 65536, .doc = "encrypted at rest, never returned"},
    {"passphrase", NULL, ASSAY_WRITE_TEXT, .max = 65536,
     .doc = "encrypted at rest, never returned"},
    {"uri", NULL, ASSAY_WRITE_TEXT, .max = 8192},
    {"access_key", NULL, ASSAY_WRITE_TEXT, .max = 8192},
    {"secret_key", NULL, ASSAY_WRITE_TEXT, .max = 65536,
     .doc = "encrypted at rest, never returned"},
    {"catalog", NULL, ASSAY_WRITE_TEXT, .doc = "of sources with catalogs"},
    {"catalog_type", NULL, ASSAY_WRITE_TEXT, .doc = "kind of that catalog"},
    {"jdbc_fetch_size", NULL, ASSAY_WRITE_INT, .min = 1, .max = 10000000},
    {"max_parallelization", NULL, ASSAY_WRITE_INT, .min = 1, .max = 1000,
     .doc = "tasks that may load this server at a time; 4 unless given"},
    {"parameters", NULL, ASSAY_WRITE_OBJECT, .doc = "the connector's further properties"},
    {"secrets_manager", NULL, ASSAY_WRITE_OBJECT, .doc = "where ${key} in a property is looked up"},
    {.key = NULL},
};

/* `properties` and `secrets` are taken apart again after the row was read. */
static const struct assay_column connection_columns[] = {
    {"id", ASSAY_COLUMN_INT, "k.id"},
    {"name", ASSAY_COLUMN_TEXT, "k.name"},
    {"type", ASSAY_COLUMN_TEXT, "k.type"},
    {"properties", ASSAY_COLUMN_JSON, "k.properties"},
    {"secrets", ASSAY_COLUMN_TEXT, "k.secrets"},
    {"product_name", ASSAY_COLUMN_TEXT, "k.product_name"},
    {"product_version", ASSAY_COLUMN_TEXT, "k.product_version"},
    {"driver_name", ASSAY_COLUMN_TEXT, "k.driver_name"},
    {"driver_version", ASSAY_COLUMN_TEXT, "k.driver_version"},
    {"created", ASSAY_COLUMN_TIME, "k.created_at"},
    {"updated", ASSAY_COLUMN_TIME, "k.updated_at"},
    {.key = NULL},
};
static const struct assay_filter connection_filters[] = {
    {"name", ASSAY_FILTER_PART, "lower(k.name) LIKE %s ESCAPE '\\'", NULL, "part of the name"},
    {"search", ASSAY_FILTER_PART, "lower(k.name) LIKE %s ESCAPE '\\'", NULL, "part of the name"},
    {"type", ASSAY_FILTER_TEXT, "k.type IN (%s)", NULL, "connector; may be repeated"},
    {.param = NULL},
};
static const struct assay_sort connection_sorts[] = {
    {"sort_name", "k.name"}, {"sort_created", "k.created_at"}, {.param = NULL}};
const struct assay_listing assay_connection_listing = {.columns = connection_columns,
                                                       .from = "connection k",
                                                       .id = "k.id",
                                                       .filters = connection_filters,
                                                       .sorts = connection_sorts,
                                                       .noun = "connection"};

static void owner_text(int64_t id, char text[static 40])
{
    (void)snprintf(text, 40, "connection:%" PRId64, id);
}

int assay_secret_seal(const struct assay_keyring *keyring, const char *belongs_to,
                      const json_t *secret, struct assay_buf *ret_envelope, struct assay_error *err)
{
    struct assay_buf text = {0};
    int rc = assay_json_append(secret, &text, err);
    if (rc == ASSAY_OK)
        rc = assay_envelope_seal(keyring, belongs_to, text.data, text.size, ret_envelope, err);
    if (text.data)
        assay_wipe(text.data, text.size);
    assay_buf_release(&text);
    return rc;
}

int assay_secret_open(const struct assay_keyring *keyring, const char *belongs_to,
                      const char *envelope, json_t **ret_secret, struct assay_error *err)
{
    struct assay_buf text = {0};
    int rc = assay_envelope_open(keyring, belongs_to, envelope, &text, err);
    if (rc == ASSAY_OK &&
        assay_json_parse(assay_buf_str(&text), text.size, belongs_to, ret_secret, NULL) != ASSAY_OK)
        rc = assay_fail(err, ASSAY_INTERNAL, "the secrets of %s are not an object", belongs_to);
    if (text.data)
        assay_wipe(text.data, text.size);
    assay_buf_release(&text);
    return rc;
}

/* Secrets of a stored row; an empty object where there are none. */
static int open_row(const struct assay_keyring *keyring, int64_t id, const char *envelope,
                    json_t **ret_secret, struct assay_error *err)
{
    char owner[40];
    owner_text(id, owner);
    if (envelope)
        return assay_secret_open(keyring, owner, envelope, ret_secret, err);
    *ret_secret = json_object();
    return *ret_secret ? ASSAY_OK : assay_fail_memory(err);
}

/* A row as people see it: the properties beside id and name, secrets masked. */
static int present(const struct assay_keyring *keyring, json_t *row, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *secret = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *properties = NULL;
    ASSAY_TRY(open_row(keyring, assay_json_int(row, "id", 0), assay_json_str(row, "secrets", NULL),
                       &secret, err));
    ASSAY_TRY(
        assay_secret_join(json_object_get(row, "properties"), secret, true, &properties, err));
    (void)json_object_del(row, "properties");
    (void)json_object_del(row, "secrets");
    if (json_object_update_missing(row, properties) != 0)
        return assay_fail_memory(err);
    const struct assay_connector_def *def =
        assay_connector_def_find(assay_json_str(row, "type", ""));
    return assay_json_set(row, "connection_type", def ? json_string(def->store_type) : json_null(),
                          err);
}

static int attach_datastores(struct assay_db_conn *conn, json_t *items, struct assay_error *err)
{
    static const struct assay_column columns[] = {
        {"id", ASSAY_COLUMN_INT, ""}, {"name", ASSAY_COLUMN_TEXT, ""}, {.key = NULL}};
    return assay_attach(conn, items, "datastores",
                        "SELECT d.connection_id, d.id, d.name FROM datastore d WHERE "
                        "d.connection_id IN (%s) ORDER BY d.name",
                        columns, err);
}

int assay_connection_page(struct assay_db_conn *conn, const struct assay_keyring *keyring,
                          const json_t *params, json_t **ret_page, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *page = NULL;
    ASSAY_TRY(assay_listing_page(conn, &assay_connection_listing, params, &page, err));
    size_t i;
    json_t *item, *items = json_object_get(page, "items");
    json_array_foreach(items, i, item) ASSAY_TRY(present(keyring, item, err));
    ASSAY_TRY(attach_datastores(conn, items, err));
    *ret_page = ASSAY_TAKE(page);
    return ASSAY_OK;
}

int assay_connection_get(struct assay_db_conn *conn, const struct assay_keyring *keyring,
                         int64_t id, json_t **ret_connection, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *row = NULL;
    ASSAY_TRY(assay_listing_get(conn, &assay_connection_listing, id, &row, err));
    ASSAY_TRY(present(keyring, row, err));
    ASSAY_AUTO(assay_json_decref) json_t *items = json_pack("[O]", row);
    ASSAY_TRY(attach_datastores(conn, items, err));
    *ret_connection = ASSAY_TAKE(row);
    return ASSAY_OK;
}

void assay_connection_draft_release(struct assay_connection_draft *draft)
{
    json_decref(draft->open_part);
    json_decref(draft->secret);
    *draft = (struct assay_connection_draft){0};
}

/* Start from what is stored (id 0: from nothing). */
static int load_draft(struct assay_db_conn *conn, const struct assay_keyring *keyring, int64_t id,
                      const char *type, struct assay_connection_draft *draft,
                      struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *row = NULL;
    if (id != 0)
        ASSAY_TRY(assay_listing_get(conn, &assay_connection_listing, id, &row, err));
    const char *stored = assay_json_str(row, "type", type);
    if (type && stored && strcmp(type, stored) != 0)
        return assay_fail(err, ASSAY_CONFLICT, "the type of a connection stays: this one is %s",
                          stored);
    draft->def = assay_connector_def_find(stored ? stored : "");
    if (!draft->def)
        return assay_fail(
            err, ASSAY_INVALID,
            "\"type\" must be one that `assay connectors` lists, and \"%.64s\" is none",
            stored ? stored : "");
    if (id != 0)
        ASSAY_TRY(open_row(keyring, id, assay_json_str(row, "secrets", NULL), &draft->secret, err));
    else
        draft->secret = json_object();
    draft->open_part = id != 0 ? json_incref(json_object_get(row, "properties")) : json_object();
    return draft->secret && draft->open_part ? ASSAY_OK : assay_fail_memory(err);
}

static int overlay_draft(struct assay_connection_draft *draft, const json_t *body, bool stored,
                         struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *open_before = json_deep_copy(draft->open_part);
    ASSAY_AUTO(assay_json_decref) json_t *secret_before = json_deep_copy(draft->secret);
    ASSAY_AUTO(assay_json_decref) json_t *properties = NULL;
    ASSAY_TRY(assay_write_check(assay_connection_writables, body, false, err));
    ASSAY_TRY(assay_secret_overlay(draft->def, body, draft->open_part, draft->secret, err));
    draft->changed = !stored || !json_equal(open_before, draft->open_part) ||
                     !json_equal(secret_before, draft->secret);
    ASSAY_TRY(assay_secret_join(draft->open_part, draft->secret, false, &properties, err));
    return assay_connector_validate(draft->def, properties, ASSAY_LEVEL_CONNECTION, err);
}

int assay_connection_draft(struct assay_db_conn *conn, const struct assay_keyring *keyring,
                           int64_t id, const json_t *body, struct assay_connection_draft *ret_draft,
                           struct assay_error *err)
{
    struct assay_connection_draft draft = {0};
    int rc = body && !json_is_object(body)
                 ? assay_fail(err, ASSAY_INVALID, "the body must be a JSON object")
                 : ASSAY_OK;
    if (rc == ASSAY_OK)
        rc = load_draft(conn, keyring, id, assay_json_str(body, "type", NULL), &draft, err);
    if (rc == ASSAY_OK && body)
        rc = overlay_draft(&draft, body, id != 0, err);
    if (rc != ASSAY_OK)
        assay_connection_draft_release(&draft);
    else
        *ret_draft = draft;
    return rc;
}

/* Properties and secrets of a row; the secrets are sealed for that row alone. */
static int store_draft(struct assay_db_conn *conn, const struct assay_keyring *keyring, int64_t id,
                       const struct assay_connection_draft *draft, struct assay_error *err)
{
    char owner[40];
    owner_text(id, owner);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf envelope = {0};
    if (json_object_size(draft->secret) > 0)
        ASSAY_TRY(assay_secret_seal(keyring, owner, draft->secret, &envelope, err));
    ASSAY_AUTO(assay_free_text) char *properties = assay_json_text(draft->open_part);
    if (!properties)
        return assay_fail_memory(err);
    return assay_db_run(
        conn, "UPDATE connection SET properties = $1, secrets = $2, updated_at = $3 WHERE id = $4",
        NULL, err, assay_db_text(properties), assay_db_text(envelope.data),
        assay_db_int(assay_now_us()), assay_db_int(id));
}

int assay_connection_create(struct assay_db_conn *conn, const struct assay_keyring *keyring,
                            const json_t *body, const struct assay_connection_draft *draft,
                            int64_t *ret_id, struct assay_error *err)
{
    int64_t id;
    const struct assay_write_fixed fixed[] = {{"type", assay_db_text(draft->def->name)},
                                              {"created_at", assay_db_int(assay_now_us())},
                                              {"updated_at", assay_db_int(assay_now_us())},
                                              {.column = NULL}};
    const int rc =
        assay_write_insert(conn, "connection", assay_connection_writables, body, fixed, &id, err);
    ASSAY_TRY(assay_name_taken(rc, "connection", body, err));
    ASSAY_TRY(store_draft(conn, keyring, id, draft, err));
    *ret_id = id;
    return ASSAY_OK;
}

int assay_connection_update(struct assay_db_conn *conn, const struct assay_keyring *keyring,
                            int64_t id, const json_t *body,
                            const struct assay_connection_draft *draft, struct assay_error *err)
{
    const struct assay_write_fixed none[] = {{.column = NULL}};
    const int rc =
        assay_write_update(conn, "connection", id, assay_connection_writables, body, none, err);
    ASSAY_TRY(assay_name_taken(rc, "connection", body, err));
    return store_draft(conn, keyring, id, draft, err);
}

int assay_connection_delete(struct assay_db_conn *conn, int64_t id, struct assay_error *err)
{
    int64_t used;
    ASSAY_TRY(assay_select_int(conn, "SELECT count(*) FROM datastore WHERE connection_id = $1", id,
                               0, &used, err));
    if (used > 0)
        return assay_fail(err, ASSAY_CONFLICT,
                          "connection %" PRId64 " is used by %" PRId64
                          " datastore%s: delete %s first",
                          id, used, used == 1 ? "" : "s", used == 1 ? "it" : "them");
    return assay_write_delete(conn, "connection", id, "connection", err);
}

int assay_connection_note_product(struct assay_db_conn *conn, int64_t id, const char *product,
                                  struct assay_error *err)
{
    const char *blank = strrchr(product, ' ');
    const size_t name_size = blank ? (size_t)(blank - product) : strlen(product);
    return assay_db_run(
        conn, "UPDATE connection SET product_name = $1, product_version = $2 WHERE id = $3", NULL,
        err, assay_db_text_n(product, name_size), assay_db_text(blank ? blank + 1 : NULL),
        assay_db_int(id));
}

/* Seal one row anew if an older key protects it. */
static int rotate_row(struct assay_db_conn *conn, const struct assay_keyring *keyring, int64_t id,
                      const char *envelope, int *count, struct assay_error *err)
{
    if (!assay_envelope_is_old(keyring, envelope))
        return ASSAY_OK;
    char owner[40];
    owner_text(id, owner);
    ASSAY_AUTO(assay_json_decref) json_t *secret = NULL;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sealed = {0};
    ASSAY_TRY(assay_secret_open(keyring, owner, envelope, &secret, err));
    ASSAY_TRY(assay_secret_seal(keyring, owner, secret, &sealed, err));
    ASSAY_TRY(assay_db_run(conn, "UPDATE connection SET secrets = $1 WHERE id = $2", NULL, err,
                           assay_db_text(sealed.data), assay_db_int(id)));
    (*count)++;
    return ASSAY_OK;
}

struct rotation {
    const struct assay_keyring *keyring;
    int count;
};

static int rotate_all(struct assay_db_conn *conn, void *context, struct assay_error *err)
{
    struct rotation *rotation = context;
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    rotation->count = 0;
    ASSAY_TRY(assay_db_run(
        conn, "SELECT id, secrets FROM connection WHERE secrets IS NOT NULL ORDER BY id", &rows,
        err));
    for (size_t row = 0; row < assay_db_rows_count(rows); row++)
        ASSAY_TRY(rotate_row(conn, rotation->keyring, assay_db_get_int(rows, row, 0),
                             assay_db_get_text(rows, row, 1), &rotation->count, err));
    return ASSAY_OK;
}

int assay_connection_rotate(struct assay_db *db, const struct assay_keyring *keyring,
                            int *ret_count, struct assay_error *err)
{
    struct rotation rotation = {.keyring = keyring};
    ASSAY_TRY(assay_db_transaction(db, rotate_all, &rotation, err));
    *ret_count = rotation.count;
    return ASSAY_OK;
}
