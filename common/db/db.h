/* Database: a thin layer over libpq and sqlite3, so that catalog SQL is written once.
 * SQL is the common subset: RETURNING, ON CONFLICT, JSON as text, times as bigint µs, booleans as
 * 0/1 integers (column type `boolean` in schemas/ is `smallint` in PostgreSQL), placeholders
 * $1…$n. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_DB_DB_H
#define ASSAY_DB_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"

enum assay_db_kind { ASSAY_DB_SQLITE, ASSAY_DB_POSTGRES };

/** A database: a pool of connections. Thread-safe. */
struct assay_db;
/** One connection taken from the pool; used by one thread until given back. */
struct assay_db_conn;
/** Rows of one statement, all in memory; free with assay_db_rows_free(). */
struct assay_db_rows;

/** Open by URL: `sqlite:PATH`, `sqlite::memory:`, `postgresql://…` (libpq's URI; secrets in it
 * never reach an error text). connections: most at once (SQLite: one writer under a mutex, the
 * others read). ASSAY_UNAVAILABLE, ASSAY_INVALID. */
ASSAY_MUST_CHECK int assay_db_open(const char *url, int connections, struct assay_db **ret_db,
                                   struct assay_error *err);
void assay_db_close(struct assay_db *db);
ASSAY_DEFINE_CLEANUP(struct assay_db, assay_db_close)
enum assay_db_kind assay_db_kind(const struct assay_db *db);

/** Take a connection, waiting up to 5 s for a free one (ASSAY_UNAVAILABLE then). */
ASSAY_MUST_CHECK int assay_db_acquire(struct assay_db *db, struct assay_db_conn **ret_conn,
                                      struct assay_error *err);
/** Give it back; an open transaction is rolled back. NULL is allowed. */
void assay_db_release(struct assay_db_conn *conn);
ASSAY_DEFINE_CLEANUP(struct assay_db_conn, assay_db_release)
enum assay_db_kind assay_db_conn_kind(const struct assay_db_conn *conn);

/** A value to bind. NULL texts bind SQL NULL. */
struct assay_db_value {
    enum { ASSAY_DB_NULL, ASSAY_DB_INT, ASSAY_DB_REAL, ASSAY_DB_TEXT, ASSAY_DB_BLOB } kind;
    int64_t integer;
    double real;
    const void *data;  /* borrowed for the call */
    size_t size_bytes; /* TEXT and BLOB */
};
struct assay_db_value assay_db_null(void);
struct assay_db_value assay_db_int(int64_t value);
struct assay_db_value assay_db_bool(bool value);
struct assay_db_value assay_db_real(double value);
struct assay_db_value assay_db_text(const char *text); /* NULL → SQL NULL */
struct assay_db_value assay_db_text_n(const char *text, size_t size_bytes);
struct assay_db_value assay_db_blob(const void *data, size_t size_bytes);

/** Run one statement with values bound to $1…; prepared once per connection and text.
 *  ret_rows may be NULL when no rows are wanted. Errors carry the SQLSTATE: unique violation →
 * ASSAY_CONFLICT; serialization failure, deadlock, busy → ASSAY_TRANSIENT; lost connection →
 * ASSAY_UNAVAILABLE; else ASSAY_INTERNAL. */
ASSAY_MUST_CHECK int assay_db_query(struct assay_db_conn *conn, const char *sql,
                                    const struct assay_db_value *values, size_t values_count,
                                    struct assay_db_rows **ret_rows, struct assay_error *err);
/** The same with the values written in place: assay_db_run(conn, sql, &rows, err, assay_db_int(7),
 * …). */
#define assay_db_run(conn, sql, ret_rows, err, ...)                                                \
    assay_db_query(                                                                                \
        (conn), (sql),                                                                             \
        (const struct assay_db_value[]){__VA_ARGS__ __VA_OPT__(, ) assay_db_null()},               \
        sizeof((const struct assay_db_value[]){__VA_ARGS__ __VA_OPT__(, ) assay_db_null()}) /      \
                sizeof(struct assay_db_value) -                                                    \
            1,                                                                                     \
        (ret_rows), (err))
/** Several statements without values, for migrations. */
ASSAY_MUST_CHECK int assay_db_script(struct assay_db_conn *conn, const char *sql,
                                     struct assay_error *err);

size_t assay_db_rows_count(const struct assay_db_rows *rows);
size_t assay_db_rows_columns(const struct assay_db_rows *rows);
/** Rows changed by INSERT, UPDATE, DELETE. */
int64_t assay_db_rows_changed(const struct assay_db_rows *rows);
bool assay_db_is_null(const struct assay_db_rows *rows, size_t row, size_t column);
int64_t assay_db_get_int(const struct assay_db_rows *rows, size_t row,
                         size_t column); /* NULL → 0 */
double assay_db_get_real(const struct assay_db_rows *rows, size_t row, size_t column);
/** Text, NULL for SQL NULL. The rows'. */
const char *assay_db_get_text(const struct assay_db_rows *rows, size_t row, size_t column);
const void *assay_db_get_blob(const struct assay_db_rows *rows, size_t row, size_t column,
                              size_t *ret_size_bytes);
void assay_db_rows_free(struct assay_db_rows *rows);
ASSAY_DEFINE_CLEANUP(struct assay_db_rows, assay_db_rows_free)

/** A transaction. write: SQLite takes the writer's lock at once (BEGIN IMMEDIATE). */
ASSAY_MUST_CHECK int assay_db_begin(struct assay_db_conn *conn, bool write,
                                    struct assay_error *err);
ASSAY_MUST_CHECK int assay_db_commit(struct assay_db_conn *conn, struct assay_error *err);
void assay_db_rollback(struct assay_db_conn *conn);

/** Run body in a write transaction, commit, and again up to 5 times after ASSAY_TRANSIENT. body
 * must be repeatable. */
typedef int assay_db_body_fn(struct assay_db_conn *conn, void *context, struct assay_error *err);
ASSAY_MUST_CHECK int assay_db_transaction(struct assay_db *db, assay_db_body_fn *body,
                                          void *context, struct assay_error *err);

#endif
