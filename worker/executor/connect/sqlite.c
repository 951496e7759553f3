// SQLite: opening, listing and describing.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/connect/sqlite.h"

#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/connect/file_walk.h"

enum { BUSY_MS = 5000, STEPS_BETWEEN_LOOKS = 10000 };

struct sqlite_conn {
    struct assay_conn base;
    sqlite3 *db;
};

static void finalize(sqlite3_stmt **statement)
{
    (void)sqlite3_finalize(*statement);
}

void sqlite_fields_release(struct sqlite_fields *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        assay_free(fields->items[i].name);
        assay_free(fields->items[i].declared);
    }
    assay_free(fields->items);
    *fields = (struct sqlite_fields){0};
}

int sqlite_fail(sqlite3 *db, int rc, const char *doing, struct assay_error *err)
{
    static const struct {
        int sqlite, code;
        const char *remedy; /* NULL = what SQLite says is all there is */
    } rows[] = {
        {SQLITE_NOMEM, ASSAY_NO_MEMORY, NULL},
        {SQLITE_INTERRUPT, ASSAY_CANCELLED, NULL},
        {SQLITE_BUSY, ASSAY_TRANSIENT, "try again when nobody writes to it"},
        {SQLITE_LOCKED, ASSAY_TRANSIENT, "try again when nobody writes to it"},
        {SQLITE_CANTOPEN, ASSAY_NOT_FOUND, "check its name and its rights"},
        {SQLITE_PERM, ASSAY_DENIED, "check its rights"},
        {SQLITE_NOTADB, ASSAY_FORMAT, "name an SQLite file; text files are named without sqlite:"},
        {SQLITE_CORRUPT, ASSAY_FORMAT, "recover it (sqlite3 FILE .recover) or take a backup"},
        {SQLITE_IOERR, ASSAY_IO, "check the disk"},
        {SQLITE_SCHEMA, ASSAY_SCHEMA_CHANGED, "try again"},
        {SQLITE_READONLY, ASSAY_DENIED, "check its rights"},
        {SQLITE_AUTH, ASSAY_DENIED, NULL},
    };
    int code = ASSAY_INVALID;
    const char *remedy = NULL;
    for (size_t i = 0; i < ASSAY_COUNT(rows); i++)
        if (rows[i].sqlite == (rc & 0xff)) {
            code = rows[i].code;
            remedy = rows[i].remedy;
        }
    return assay_fail(err, code, "%s: %s%s%s", doing, db ? sqlite3_errmsg(db) : sqlite3_errstr(rc),
                      remedy ? ": " : "", remedy ? remedy : "");
}

static void sqlite_close_conn(struct assay_conn *base)
{
    struct sqlite_conn *conn = (struct sqlite_conn *)base;
    if (!conn)
        return;
    (void)sqlite3_close(conn->db);
    assay_free(conn);
}

/* SQLite asks us every few thousand steps of its machine. */
static int look_at_cancelled(void *context)
{
    const atomic_bool *cancelled = context;
    return cancelled && atomic_load(cancelled);
}

static int find_path(const json_t *properties, char **ret_path, struct assay_error *err)
{
    const char *uri = NULL;
    ASSAY_SCOPED(assay_fence_release) struct assay_fence fence = {0};
    ASSAY_TRY(assay_json_need_str(properties, "uri", &uri, err));
    const char *path = strncmp(uri, "sqlite:", 7) == 0 ? uri + 7 : uri;
    if (strncmp(path, "//", 2) == 0)
        path += 2;
    const json_t *roots = assay_json_get(properties, "roots"), *root;
    if (roots && !json_array_size(roots))
        return assay_fail(err, ASSAY_DENIED, "sqlite: no folder is allowed here: set file.roots");
    size_t i;
    json_array_foreach(roots, i, root) if (json_is_string(root))
        ASSAY_TRY(assay_fence_add(&fence, json_string_value(root), err));
    return assay_fence_resolve(&fence, path, ret_path, err);
}

static int open_db(struct sqlite_conn *conn, const char *path, struct assay_error *err)
{
    const int rc =
        sqlite3_open_v2(path, &conn->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc != SQLITE_OK)
        return sqlite_fail(conn->db, rc, path, err);
    (void)sqlite3_busy_timeout(conn->db, BUSY_MS);
    (void)sqlite3_db_config(conn->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(conn->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0,
                            NULL); /* the file is foreign */
    sqlite3_progress_handler(conn->db, STEPS_BETWEEN_LOOKS, look_at_cancelled,
                             (void *)(uintptr_t)conn->base.cancelled);
    return ASSAY_OK;
}

static int sqlite_open_conn(const json_t *properties, int64_t timeout_ms,
                            const atomic_bool *cancelled, struct assay_conn **ret_conn,
                            struct assay_error *err)
{
    (void)timeout_ms;
    ASSAY_AUTO(assay_free_text) char *path = NULL;
    ASSAY_TRY(find_path(properties, &path, err));
    struct sqlite_conn *conn = assay_calloc(1, sizeof *conn);
    if (!conn)
        return assay_fail_memory(err);
    conn->base = (struct assay_conn){&assay_sqlite_connector, cancelled};
    const int rc = open_db(conn, path, err);
    if (rc != ASSAY_OK) {
        sqlite_close_conn(&conn->base);
        return rc;
    }
    *ret_conn = &conn->base;
    return ASSAY_OK;
}

static int prepare(sqlite3 *db, const char *sql, const char *parameter, const char *doing,
                   sqlite3_stmt **ret_statement, struct assay_error *err)
{
    int rc = sqlite3_prepare_v2(db, sql, -1, ret_statement, NULL);
    if (rc == SQLITE_OK && parameter)
        rc = sqlite3_bind_text(*ret_statement, 1, parameter, -1, SQLITE_STATIC);
    return rc == SQLITE_OK ? ASSAY_OK : sqlite_fail(db, rc, doing, err);
}

/* Reading the schema proves that it is a database. */
static int sqlite_ping(struct assay_conn *base, char **ret_product, struct assay_error *err)
{
    struct sqlite_conn *conn = (struct sqlite_conn *)base;
    ASSAY_SCOPED(finalize) sqlite3_stmt *statement = NULL;
    ASSAY_TRY(prepare(conn->db, "SELECT count(*) FROM sqlite_schema", NULL, "reading the schema",
                      &statement, err));
    const int rc = sqlite3_step(statement);
    if (rc != SQLITE_ROW)
        return sqlite_fail(conn->db, rc, "reading the schema", err);
    struct assay_buf product = {0};
    assay_buf_printf(&product, "SQLite %s", sqlite3_libversion());
    char *text = assay_buf_take(&product);
    if (!text)
        return assay_fail_memory(err);
    *ret_product = text;
    return ASSAY_OK;
}

static const char *text_at(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? text : "";
}

static int sqlite_list(struct assay_conn *base, const json_t *options, assay_found_fn *found_fn,
                       void *context, struct assay_error *err)
{
    struct sqlite_conn *conn = (struct sqlite_conn *)base;
    ASSAY_SCOPED(finalize) sqlite3_stmt *statement = NULL;
    ASSAY_TRY(prepare(
        conn->db,
        "SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE "
        "'sqlite\\_%' ESCAPE '\\' ORDER BY name",
        NULL, "listing tables", &statement, err));
    for (;;) {
        const int rc = sqlite3_step(statement);
        if (rc == SQLITE_DONE)
            return ASSAY_OK;
        if (rc != SQLITE_ROW)
            return sqlite_fail(conn->db, rc, "listing tables", err);
        if (!assay_list_includes(options, text_at(statement, 1)))
            continue;
        struct assay_found found = {.name = assay_strdup(text_at(statement, 0)),
                                    .container_type = assay_strdup(text_at(statement, 1)),
                                    .records_estimate = -1,
                                    .size_bytes = -1,
                                    .modified_us = -1};
        const int taken = found.name && found.container_type ? found_fn(&found, context, err)
                                                             : assay_fail_memory(err);
        assay_found_release(&found);
        ASSAY_TRY(taken);
    }
}

/* The declared type decides the affinity (sqlite.org/datatype3.html, 3.1): INT comes before the
 * words of text. */
static bool has_text_affinity(const char *declared)
{
    return !strcasestr(declared, "INT") &&
           (strcasestr(declared, "CHAR") || strcasestr(declared, "CLOB") ||
            strcasestr(declared, "TEXT"));
}

static int add_field(struct sqlite_fields *fields, sqlite3_stmt *statement, struct assay_error *err)
{
    struct sqlite_field *items =
        assay_reallocarray(fields->items, fields->count + 1, sizeof *items);
    if (!items)
        return assay_fail_memory(err);
    fields->items = items;
    struct sqlite_field *field = &items[fields->count++];
    *field = (struct sqlite_field){.name = assay_strdup(text_at(statement, 0)),
                                   .declared = assay_strdup(text_at(statement, 1)),
                                   .not_null = sqlite3_column_int(statement, 2) != 0,
                                   .is_text = has_text_affinity(text_at(statement, 1))};
    return field->name && field->declared ? ASSAY_OK : assay_fail_memory(err);
}

/* Columns by name; hidden ones of virtual tables are left out, generated ones are not. */
static int find_fields(struct sqlite_conn *conn, const char *name, struct sqlite_fields *ret_fields,
                       struct assay_error *err)
{
    ASSAY_SCOPED(finalize) sqlite3_stmt *statement = NULL;
    ASSAY_SCOPED(sqlite_fields_release) struct sqlite_fields fields = {0};
    ASSAY_TRY(prepare(
        conn->db, "SELECT name, type, \"notnull\" FROM pragma_table_xinfo(?1) WHERE hidden <> 1",
        name, "describing the container", &statement, err));
    for (int rc; (rc = sqlite3_step(statement)) != SQLITE_DONE;) {
        if (rc != SQLITE_ROW)
            return sqlite_fail(conn->db, rc, "describing the container", err);
        ASSAY_TRY(add_field(&fields, statement, err));
    }
    if (!fields.count)
        return assay_fail(err, ASSAY_NOT_FOUND,
                          "the database has no table or view named %s: check its name", name);
    *ret_fields = fields;
    fields = (struct sqlite_fields){0};
    return ASSAY_OK;
}

static int sqlite_describe(struct assay_conn *base, const json_t *container,
                           const json_t *reader_options, struct assay_schema *ret_schema,
                           struct assay_error *err)
{
    (void)reader_options;
    const char *name = NULL;
    ASSAY_SCOPED(sqlite_fields_release) struct sqlite_fields fields = {0};
    ASSAY_SCOPED(assay_schema_release) struct assay_schema schema = {0};
    ASSAY_TRY(assay_json_need_str(container, "name", &name, err));
    ASSAY_TRY(find_fields((struct sqlite_conn *)base, name, &fields, err));
    for (size_t i = 0; i < fields.count; i++) {
        const enum assay_layout layout =
            fields.items[i].is_text ? ASSAY_LAYOUT_TEXT : ASSAY_LAYOUT_CELL;
        struct assay_field *field =
            assay_schema_add(&schema, fields.items[i].name, fields.items[i].declared,
                             assay_layout_type(layout), layout);
        if (!field)
            return assay_fail_memory(err);
        field->nullable = !fields.items[i].not_null;
    }
    *ret_schema = schema;
    schema = (struct assay_schema){0};
    return ASSAY_OK;
}

static int sqlite_read(struct assay_conn *base, const json_t *container,
                       const json_t *reader_options, const struct assay_split *split,
                       const char *const *fields, size_t fields_count,
                       struct assay_reader **ret_reader, struct assay_error *err)
{
    (void)reader_options;
    (void)split; /* never cut */
    struct sqlite_conn *conn = (struct sqlite_conn *)base;
    const char *name = NULL;
    ASSAY_SCOPED(sqlite_fields_release) struct sqlite_fields found = {0};
    ASSAY_TRY(assay_json_need_str(container, "name", &name, err));
    ASSAY_TRY(find_fields(conn, name, &found, err));
    return sqlite_reader_open(conn->db, name, &found, fields, fields_count, base->cancelled,
                              ret_reader, err);
}

const struct assay_connector assay_sqlite_connector = {
    .name = "sqlite",
    .open = sqlite_open_conn,
    .close = sqlite_close_conn,
    .ping = sqlite_ping,
    .list = sqlite_list,
    .describe = sqlite_describe,
    .read = sqlite_read,
    .quote = assay_sql_quote,
};
