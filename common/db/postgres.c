// Database driver for PostgreSQL over libpq: prepared statements, every wait with a deadline.
// SPDX-License-Identifier: Apache-2.0
#include "common/db/postgres.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/memory.h"

enum { VALUES_MAX = 4096, OID_BOOL = 16, OID_BYTEA = 17 };

static int postgres_open(struct assay_db *db, const char *url, struct assay_error *err)
{
    db->state = assay_strdup(url);
    return db->state ? ASSAY_OK : assay_fail_memory(err);
}

static void postgres_close(struct assay_db *db)
{
    assay_wipe(db->state, strlen(db->state));
    assay_free(db->state);
    db->state = NULL;
}

static int postgres_connect(struct assay_db_conn *conn, struct assay_error *err)
{
    return assay_postgres_connect(conn, conn->db->state, err);
}

static void postgres_disconnect(struct assay_db_conn *conn)
{
    assay_db_cache_release(&conn->cache, NULL);
    PQfinish(conn->handle);
}

/* Nothing comes on an idle connection but the end of it, so whatever is there to read means: make a
 * new one. */
static bool postgres_alive(struct assay_db_conn *conn)
{
    struct pollfd place = {.fd = PQsocket(conn->handle), .events = POLLIN};
    return PQstatus(conn->handle) == CONNECTION_OK && poll(&place, 1, 0) == 0;
}

static int flush(struct assay_db_conn *conn, int64_t deadline_ns, struct assay_error *err)
{
    int left;
    while ((left = PQflush(conn->handle)) == 1) {
        ASSAY_TRY(assay_postgres_poll(conn, POLLIN | POLLOUT, deadline_ns, err));
        if (!PQconsumeInput(conn->handle))
            return assay_postgres_lost(conn, "catalog", err);
    }
    return left == 0 ? ASSAY_OK : assay_postgres_lost(conn, "catalog", err);
}

int assay_postgres_wait(struct assay_db_conn *conn, int64_t wait_ms, PGresult **ret_result,
                        struct assay_error *err)
{
    const int64_t deadline_ns = assay_postgres_clock_ns() + wait_ms * INT64_C(1000000);
    ASSAY_TRY(flush(conn, deadline_ns, err));
    ASSAY_AUTO(assay_postgres_clear) PGresult *last = NULL;
    for (;;) {
        while (PQisBusy(conn->handle)) {
            ASSAY_TRY(assay_postgres_poll(conn, POLLIN, deadline_ns, err));
            if (!PQconsumeInput(conn->handle))
                return assay_postgres_lost(conn, "catalog", err);
        }
        PGresult *next = PQgetResult(conn->handle);
        if (!next)
            break;
        if (last && PQresultStatus(last) == PGRES_FATAL_ERROR) { /* the first error counts */
            PQclear(next);
            continue;
        }
        PQclear(last);
        last = next;
    }
    if (!last)
        return assay_postgres_lost(conn, "catalog", err);
    *ret_result = ASSAY_TAKE(last);
    return ASSAY_OK;
}

/* Values as libpq takes them: text for everything but blobs; the server infers the types. */
struct parameters {
    const char **values;
    int *sizes, *formats;
    struct assay_arena memory;
};

static void release_parameters(struct parameters *parameters)
{
    assay_arena_release(&parameters->memory);
}

static const char *parameter_text(struct parameters *parameters, const struct assay_db_value *value)
{
    switch (value->kind) {
    case ASSAY_DB_INT:
        return assay_arena_printf(&parameters->memory, "%" PRId64, value->integer);
    case ASSAY_DB_REAL:
        return assay_arena_printf(&parameters->memory, "%.17g", value->real);
    case ASSAY_DB_TEXT:
        return assay_arena_strndup(&parameters->memory, value->data, value->size_bytes);
    default:
        return value->data ? value->data : "";
    }
}

static int fill_parameters(struct parameters *parameters, const struct assay_db_value *values,
                           size_t count, struct assay_error *err)
{
    if (count > VALUES_MAX)
        return assay_fail(err, ASSAY_LIMIT, "catalog: more than %d values in one statement",
                          VALUES_MAX);
    parameters->values = assay_arena_zalloc(&parameters->memory, count * sizeof(char *));
    parameters->sizes = assay_arena_zalloc(&parameters->memory, count * sizeof(int));
    parameters->formats = assay_arena_zalloc(&parameters->memory, count * sizeof(int));
    if (!parameters->values || !parameters->sizes || !parameters->formats)
        return assay_fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        if (values[i].kind == ASSAY_DB_NULL)
            continue;
        parameters->values[i] = parameter_text(parameters, &values[i]);
        if (!parameters->values[i])
            return assay_fail_memory(err);
        parameters->sizes[i] = (int)values[i].size_bytes;
        parameters->formats[i] = values[i].kind == ASSAY_DB_BLOB;
    }
    return ASSAY_OK;
}

/* The server-side name of the statement, "" when it runs unprepared. */
static int prepare(struct assay_db_conn *conn, const char *sql, char ret_name[static 24],
                   struct assay_error *err)
{
    *ret_name = '\0';
    struct assay_db_statement *known = assay_db_cache_find(&conn->cache, sql);
    const bool is_new = !known;
    if (is_new)
        known = assay_db_cache_add(&conn->cache, sql);
    if (!known)
        return ASSAY_OK;
    (void)snprintf(ret_name, 24, "s%016" PRIx64, known->hash);
    if (!is_new)
        return ASSAY_OK;
    ASSAY_AUTO(assay_postgres_clear) PGresult *result = NULL;
    int rc = PQsendPrepare(conn->handle, ret_name, sql, 0, NULL)
                 ? ASSAY_OK
                 : assay_postgres_lost(conn, "catalog", err);
    if (rc == ASSAY_OK)
        rc = assay_postgres_wait(conn, ASSAY_POSTGRES_ANSWER_MS, &result, err);
    if (rc == ASSAY_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
        rc = assay_postgres_fail(conn, result, err);
    if (rc != ASSAY_OK)
        assay_db_cache_drop(&conn->cache, known);
    return rc;
}

static int add_bytea(struct assay_db_rows *rows, struct assay_db_cell *cell, const char *hex,
                     struct assay_error *err)
{
    size_t size = 0;
    unsigned char *bytes = PQunescapeBytea((const unsigned char *)hex, &size);
    if (!bytes)
        return assay_fail_memory(err);
    const int rc = assay_db_cell_set(rows, cell, bytes, size, err);
    PQfreemem(bytes);
    return rc;
}

static int add_cell(struct assay_db_rows *rows, const PGresult *result, int row, int column,
                    struct assay_error *err)
{
    struct assay_db_cell *cell = assay_db_rows_add(rows);
    if (!cell)
        return assay_fail_memory(err);
    if (PQgetisnull(result, row, column))
        return ASSAY_OK;
    cell->kind = ASSAY_DB_CELL_TEXT;
    const char *text = PQgetvalue(result, row, column);
    if (PQftype(result, column) == OID_BYTEA)
        return add_bytea(rows, cell, text, err);
    if (PQftype(result, column) == OID_BOOL) /* 0 or 1 to everybody, as in SQLite */
        return assay_db_cell_set(rows, cell, *text == 't' ? "1" : "0", 1, err);
    return assay_db_cell_set(rows, cell, text, (size_t)PQgetlength(result, row, column), err);
}

static int copy_rows(struct assay_db_conn *conn, PGresult *result, struct assay_db_rows *rows,
                     struct assay_error *err)
{
    const ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        return assay_postgres_fail(conn, result, err);
    rows->changed = strtoll(PQcmdTuples(result), NULL, 10);
    rows->columns = (size_t)PQnfields(result);
    for (int row = 0; row < PQntuples(result); row++)
        for (int column = 0; column < (int)rows->columns; column++)
            ASSAY_TRY(add_cell(rows, result, row, column, err));
    return ASSAY_OK;
}

static int postgres_query(struct assay_db_conn *conn, const char *sql,
                          const struct assay_db_value *values, size_t values_count,
                          struct assay_db_rows *rows, struct assay_error *err)
{
    ASSAY_SCOPED(release_parameters) struct parameters p = {0};
    ASSAY_TRY(fill_parameters(&p, values, values_count, err));
    char name[24];
    ASSAY_TRY(prepare(conn, sql, name, err));
    const int count = (int)values_count;
    const int sent =
        *name ? PQsendQueryPrepared(conn->handle, name, count, p.values, p.sizes, p.formats, 0)
              : PQsendQueryParams(conn->handle, sql, count, NULL, p.values, p.sizes, p.formats, 0);
    if (!sent)
        return assay_postgres_lost(conn, "catalog", err);
    ASSAY_AUTO(assay_postgres_clear) PGresult *result = NULL;
    ASSAY_TRY(assay_postgres_wait(conn, ASSAY_POSTGRES_ANSWER_MS, &result, err));
    return copy_rows(conn, result, rows, err);
}

static int run_script(struct assay_db_conn *conn, const char *sql, int64_t wait_ms,
                      struct assay_error *err)
{
    if (!PQsendQuery(conn->handle, sql))
        return assay_postgres_lost(conn, "catalog", err);
    ASSAY_AUTO(assay_postgres_clear) PGresult *result = NULL;
    ASSAY_TRY(assay_postgres_wait(conn, wait_ms, &result, err));
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY)
        return ASSAY_OK;
    return assay_postgres_fail(conn, result, err);
}

static int postgres_script(struct assay_db_conn *conn, const char *sql, struct assay_error *err)
{
    return run_script(conn, sql, ASSAY_POSTGRES_SCRIPT_MS, err);
}

static int postgres_begin(struct assay_db_conn *conn, bool write, struct assay_error *err)
{
    const char *sql = write ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    return run_script(conn, sql, ASSAY_POSTGRES_ANSWER_MS, err);
}

/* COMMIT of a transaction that failed answers "ROLLBACK" without an error: say so. */
static int postgres_commit(struct assay_db_conn *conn, struct assay_error *err)
{
    const bool failed = PQtransactionStatus(conn->handle) == PQTRANS_INERROR;
    ASSAY_TRY(run_script(conn, "COMMIT", ASSAY_POSTGRES_ANSWER_MS, err));
    return failed ? assay_fail(err, ASSAY_INTERNAL,
                               "catalog: the transaction had failed and was rolled back")
                  : ASSAY_OK;
}

static void postgres_rollback(struct assay_db_conn *conn)
{
    if (conn->broken || PQtransactionStatus(conn->handle) == PQTRANS_IDLE)
        return;
    if (run_script(conn, "ROLLBACK", ASSAY_POSTGRES_ANSWER_MS, NULL) != ASSAY_OK)
        conn->broken = true;
}

const struct assay_db_driver assay_db_driver_postgres = {
    .open = postgres_open,
    .close = postgres_close,
    .connect = postgres_connect,
    .disconnect = postgres_disconnect,
    .alive = postgres_alive,
    .query = postgres_query,
    .script = postgres_script,
    .begin = postgres_begin,
    .commit = postgres_commit,
    .rollback = postgres_rollback,
};
