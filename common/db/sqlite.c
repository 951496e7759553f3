// Database driver for SQLite: WAL, one writer at a time under a mutex, any number of readers.
// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/db/driver.h"

enum { BUSY_WAIT_MS = 5000, WRITER_WAIT_S = 10 };

struct sqlite_state {
    char *path; /* a file, or the URI of a database in memory */
    bool memory;
    pthread_mutex_t
        writer; /* held from BEGIN IMMEDIATE to its end, and around single writing statements */
};

static const struct code_row {
    int code; /* extended, or primary where the extended one is not listed */
    int mapped;
    const char *sqlstate;
} code_rows[] = {
    {SQLITE_CONSTRAINT_UNIQUE, ASSAY_CONFLICT, "23505"},
    {SQLITE_CONSTRAINT_PRIMARYKEY, ASSAY_CONFLICT, "23505"},
    {SQLITE_CONSTRAINT_ROWID, ASSAY_CONFLICT, "23505"},
    {SQLITE_CONSTRAINT_FOREIGNKEY, ASSAY_CONFLICT, "23503"},
    {SQLITE_CONSTRAINT_NOTNULL, ASSAY_INTERNAL, "23502"},
    {SQLITE_CONSTRAINT_CHECK, ASSAY_INTERNAL, "23514"},
    {SQLITE_BUSY, ASSAY_TRANSIENT, "55P03"},
    {SQLITE_LOCKED, ASSAY_TRANSIENT, "55P03"},
    {SQLITE_NOMEM, ASSAY_NO_MEMORY, "53200"},
    {SQLITE_FULL, ASSAY_IO, "53100"},
    {SQLITE_IOERR, ASSAY_IO, "58030"},
    {SQLITE_CANTOPEN, ASSAY_UNAVAILABLE, "58030"},
    {SQLITE_READONLY, ASSAY_DENIED, "25006"},
    {SQLITE_PERM, ASSAY_DENIED, "42501"},
    {SQLITE_NOTADB, ASSAY_FORMAT, ""},
    {SQLITE_INTERRUPT, ASSAY_TIMEOUT, "57014"},
};

static const struct code_row *find_code(int code)
{
    for (size_t i = 0; i < ASSAY_COUNT(code_rows); i++)
        if (code_rows[i].code == code)
            return &code_rows[i];
    return NULL;
}

static int fail_sqlite(sqlite3 *handle, int rc, const char *doing, struct assay_error *err)
{
    const int extended = handle ? sqlite3_extended_errcode(handle) : rc;
    const struct code_row *row = find_code(extended);
    if (!row)
        row = find_code(extended & 0xFF);
    const int mapped = row ? row->mapped : ASSAY_INTERNAL;
    (void)assay_fail(err, mapped, "%s: %s", doing,
                     handle ? sqlite3_errmsg(handle) : sqlite3_errstr(rc));
    if (err && !err->vendor_code) {
        err->vendor_code = extended;
        (void)snprintf(err->sqlstate, sizeof err->sqlstate, "%s", row ? row->sqlstate : "");
    }
    return mapped;
}

static struct sqlite_state *state_of(const struct assay_db_conn *conn)
{
    return conn->db->state;
}

static int lock_writer(struct sqlite_state *state, struct assay_error *err)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WRITER_WAIT_S;
    if (pthread_mutex_timedlock(&state->writer, &until) == 0)
        return ASSAY_OK;
    return assay_fail(err, ASSAY_TRANSIENT, "the catalog's writer was busy for %d s",
                      WRITER_WAIT_S);
}

static void free_state(struct sqlite_state *state)
{
    if (!state)
        return;
    (void)pthread_mutex_destroy(&state->writer);
    assay_free(state->path);
    assay_free(state);
}

/* A database in memory is shared by the pool of this process under a name of its own. */
static char *path_of(const char *name, bool memory)
{
    static atomic_int serial;
    if (!memory)
        return assay_strdup(name);
    char uri[64];
    (void)snprintf(uri, sizeof uri, "file:/assay-%d?vfs=memdb", atomic_fetch_add(&serial, 1));
    return assay_strdup(uri);
}

static int sqlite_open(struct assay_db *db, const char *url, struct assay_error *err)
{
    const char *name = url + strlen("sqlite:");
    if (!*name)
        return assay_fail(err, ASSAY_INVALID,
                          "opening the catalog: sqlite: needs a path, such as sqlite:assay.db");
    struct sqlite_state *state = assay_calloc(1, sizeof *state);
    if (!state)
        return assay_fail_memory(err);
    (void)pthread_mutex_init(&state->writer, NULL);
    state->memory = !strcmp(name, ":memory:");
    state->path = path_of(name, state->memory);
    if (!state->path) {
        free_state(state);
        return assay_fail_memory(err);
    }
    db->state = state;
    return ASSAY_OK;
}

static void sqlite_close(struct assay_db *db)
{
    free_state(db->state);
    db->state = NULL;
}

/* SQL function assay_now(): the program's clock in microseconds, so that tests can move it. */
static void sql_now(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    (void)values;
    sqlite3_result_int64(context, assay_now_us());
}

static int sqlite_script(struct assay_db_conn *conn, const char *sql, struct assay_error *err)
{
    const int rc = sqlite3_exec(conn->handle, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? ASSAY_OK : fail_sqlite(conn->handle, rc, "catalog", err);
}

/* A new catalog is its owner's alone, as its key is: it keeps records of the sources. Only a new
 * file is opened here, as closing an old one would drop the locks of this process. */
static void make_private(const struct sqlite_state *state)
{
    const int fd =
        state->memory ? -1 : open(state->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        (void)close(fd);
}

static int sqlite_connect(struct assay_db_conn *conn, struct assay_error *err)
{
    const struct sqlite_state *state = state_of(conn);
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                      (state->memory ? SQLITE_OPEN_URI : 0);
    sqlite3 *handle = NULL;
    make_private(state);
    const int rc = sqlite3_open_v2(state->path, &handle, flags, NULL);
    conn->handle = handle;
    char doing[256];
    (void)snprintf(doing, sizeof doing, "opening the catalog %s",
                   state->memory ? ":memory:" : state->path);
    if (rc != SQLITE_OK)
        return fail_sqlite(handle, rc, doing, err);
    (void)sqlite3_extended_result_codes(handle, 1);
    (void)sqlite3_busy_timeout(handle, BUSY_WAIT_MS);
    (void)sqlite3_create_function(handle, "assay_now", 0, SQLITE_UTF8 | SQLITE_INNOCUOUS, NULL,
                                  sql_now, NULL, NULL);
    const int rc_setup = sqlite_script(conn,
                                       "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                                       "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;",
                                       err);
    return rc_setup == ASSAY_OK ? ASSAY_OK : assay_context(err, rc_setup, "%s", doing);
}

static void finalize(void *statement)
{
    (void)sqlite3_finalize(statement);
}

static void sqlite_disconnect(struct assay_db_conn *conn)
{
    assay_db_cache_release(&conn->cache, finalize);
    (void)sqlite3_close_v2(conn->handle);
}

static bool sqlite_alive(struct assay_db_conn *conn)
{
    return conn->handle != NULL;
}

static int bind_one(sqlite3_stmt *statement, int place, const struct assay_db_value *value)
{
    switch (value->kind) {
    case ASSAY_DB_NULL:
        return sqlite3_bind_null(statement, place);
    case ASSAY_DB_INT:
        return sqlite3_bind_int64(statement, place, value->integer);
    case ASSAY_DB_REAL:
        return sqlite3_bind_double(statement, place, value->real);
    case ASSAY_DB_TEXT:
        return sqlite3_bind_text64(statement, place, value->data, value->size_bytes, SQLITE_STATIC,
                                   SQLITE_UTF8);
    case ASSAY_DB_BLOB:
        return sqlite3_bind_blob64(statement, place, value->data ? value->data : "",
                                   value->size_bytes, SQLITE_STATIC);
    }
    return SQLITE_MISUSE;
}

/* $1 is a named parameter to SQLite, numbered by its first appearance: so each is looked up by its
 * name. */
static int bind_all(sqlite3 *handle, sqlite3_stmt *statement, const struct assay_db_value *values,
                    size_t values_count, struct assay_error *err)
{
    for (size_t i = 0; i < values_count; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "$%zu", i + 1);
        const int place = sqlite3_bind_parameter_index(statement, name);
        const int rc = place ? bind_one(statement, place, &values[i]) : SQLITE_OK;
        if (rc != SQLITE_OK)
            return fail_sqlite(handle, rc, "catalog", err);
    }
    return ASSAY_OK;
}

static int add_cell(struct assay_db_rows *rows, sqlite3_stmt *statement, int column,
                    struct assay_error *err)
{
    struct assay_db_cell *cell = assay_db_rows_add(rows);
    if (!cell)
        return assay_fail_memory(err);
    char text[32];
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
        return ASSAY_OK;
    case SQLITE_INTEGER:
        cell->kind = ASSAY_DB_CELL_INT;
        cell->integer = sqlite3_column_int64(statement, column);
        (void)snprintf(text, sizeof text, "%" PRId64, cell->integer);
        return assay_db_cell_set(rows, cell, text, strlen(text), err);
    case SQLITE_FLOAT:
        cell->kind = ASSAY_DB_CELL_REAL;
        cell->real = sqlite3_column_double(statement, column);
        (void)snprintf(text, sizeof text, "%.17g", cell->real);
        return assay_db_cell_set(rows, cell, text, strlen(text), err);
    default:
        break;
    }
    cell->kind = ASSAY_DB_CELL_TEXT;
    const void *data = sqlite3_column_blob(statement, column);
    return assay_db_cell_set(rows, cell, data, (size_t)sqlite3_column_bytes(statement, column),
                             err);
}

static int step_all(struct assay_db_conn *conn, sqlite3_stmt *statement, struct assay_db_rows *rows,
                    struct assay_error *err)
{
    const int before = sqlite3_total_changes(conn->handle);
    rows->columns = (size_t)sqlite3_column_count(statement);
    int rc;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
        for (int column = 0; column < (int)rows->columns; column++)
            ASSAY_TRY(add_cell(rows, statement, column, err));
    if (rc != SQLITE_DONE)
        return fail_sqlite(conn->handle, rc, "catalog", err);
    if (!sqlite3_stmt_readonly(statement) && sqlite3_total_changes(conn->handle) != before)
        rows->changed = sqlite3_changes(conn->handle);
    return ASSAY_OK;
}

/* The prepared statement; *ret_cached false: the caller finalizes it. */
static int prepare(struct assay_db_conn *conn, const char *sql, sqlite3_stmt **ret_statement,
                   bool *ret_cached, struct assay_error *err)
{
    struct assay_db_statement *known = assay_db_cache_find(&conn->cache, sql);
    if (!known) {
        sqlite3_stmt *statement = NULL;
        const int rc =
            sqlite3_prepare_v3(conn->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
        if (rc != SQLITE_OK)
            return fail_sqlite(conn->handle, rc, "catalog", err);
        known = assay_db_cache_add(&conn->cache, sql);
        if (known)
            known->handle = statement;
        *ret_statement = statement;
    } else {
        *ret_statement = known->handle;
    }
    *ret_cached = known != NULL;
    return ASSAY_OK;
}

static int run(struct assay_db_conn *conn, sqlite3_stmt *statement,
               const struct assay_db_value *values, size_t values_count, struct assay_db_rows *rows,
               struct assay_error *err)
{
    const bool writes = !sqlite3_stmt_readonly(statement);
    if (writes && conn->in_transaction && !conn->writing)
        return assay_fail(err, ASSAY_INTERNAL,
                          "a write inside a transaction that was begun for reading");
    ASSAY_TRY(bind_all(conn->handle, statement, values, values_count, err));
    if (!writes || conn->writing)
        return step_all(conn, statement, rows, err);
    ASSAY_TRY(lock_writer(state_of(conn), err));
    const int rc = step_all(conn, statement, rows, err);
    (void)sqlite3_reset(statement); /* ends the implicit transaction while we hold the lock */
    (void)pthread_mutex_unlock(&state_of(conn)->writer);
    return rc;
}

static int sqlite_query(struct assay_db_conn *conn, const char *sql,
                        const struct assay_db_value *values, size_t values_count,
                        struct assay_db_rows *rows, struct assay_error *err)
{
    sqlite3_stmt *statement = NULL;
    bool cached = false;
    ASSAY_TRY(prepare(conn, sql, &statement, &cached, err));
    if (!statement)
        return assay_fail(err, ASSAY_INTERNAL, "an empty statement");
    const int rc = run(conn, statement, values, values_count, rows, err);
    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement);
    if (!cached)
        (void)sqlite3_finalize(statement);
    return rc;
}

static int sqlite_begin(struct assay_db_conn *conn, bool write, struct assay_error *err)
{
    if (!write)
        return sqlite_script(conn, "BEGIN", err);
    ASSAY_TRY(lock_writer(state_of(conn), err));
    const int rc = sqlite_script(conn, "BEGIN IMMEDIATE", err);
    if (rc != ASSAY_OK)
        (void)pthread_mutex_unlock(&state_of(conn)->writer);
    return rc;
}

static int sqlite_commit(struct assay_db_conn *conn, struct assay_error *err)
{
    ASSAY_TRY(sqlite_script(conn, "COMMIT", err));
    if (conn->writing)
        (void)pthread_mutex_unlock(&state_of(conn)->writer);
    return ASSAY_OK;
}

static void sqlite_rollback(struct assay_db_conn *conn)
{
    if (!sqlite3_get_autocommit(conn->handle)) /* SQLite rolls some failures back by itself */
        (void)sqlite_script(conn, "ROLLBACK", NULL);
    if (conn->writing)
        (void)pthread_mutex_unlock(&state_of(conn)->writer);
}

const struct assay_db_driver assay_db_driver_sqlite = {
    .open = sqlite_open,
    .close = sqlite_close,
    .connect = sqlite_connect,
    .disconnect = sqlite_disconnect,
    .alive = sqlite_alive,
    .query = sqlite_query,
    .script = sqlite_script,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
};
