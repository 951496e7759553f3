/* Inside common/db: what a database driver implements, and what pool, rows and statement cache
 * share. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_DB_DRIVER_H
#define ASSAY_DB_DRIVER_H

#include <pthread.h>

#include "common/base/arena.h"
#include "common/db/db.h"

/** Prepared statements of one connection, found by their text. One thread. */
struct assay_db_statement {
    char *sql; /* NULL = free place */
    uint64_t hash;
    void *handle; /* the driver's */
};
enum { ASSAY_DB_CACHE_PLACES = 512, ASSAY_DB_CACHE_MAX = 384 };
struct assay_db_cache {
    struct assay_db_statement
        *places; /* ASSAY_DB_CACHE_PLACES of them, made with the first statement */
    size_t count;
};
/** The statement of that text, or NULL. */
struct assay_db_statement *assay_db_cache_find(const struct assay_db_cache *cache, const char *sql);
/** Room for one more statement, or NULL when the cache is full or memory is out: then run it
 * unprepared. */
struct assay_db_statement *assay_db_cache_add(struct assay_db_cache *cache, const char *sql);
/** Take back the place that add just gave: preparing failed. */
void assay_db_cache_drop(struct assay_db_cache *cache, struct assay_db_statement *statement);
/** Forget all; free_handle may be NULL. */
void assay_db_cache_release(struct assay_db_cache *cache, void (*free_handle)(void *handle));

struct assay_db_conn {
    struct assay_db *db;
    void *handle; /* PGconn or sqlite3; NULL = not connected */
    struct assay_db_cache cache;
    bool busy;           /* taken from the pool */
    bool in_transaction; /* between begin and commit or rollback */
    bool writing;        /* in_transaction for writing */
    bool broken;         /* must not be used again: disconnect on release */
};

/** One per kind of database. Functions return ASSAY_OK or a code with err filled. */
struct assay_db_driver {
    int (*open)(struct assay_db *db, const char *url, struct assay_error *err);
    void (*close)(struct assay_db *db);
    int (*connect)(struct assay_db_conn *conn, struct assay_error *err);
    void (*disconnect)(struct assay_db_conn *conn);
    bool (*alive)(struct assay_db_conn *conn); /* without waiting */
    int (*query)(struct assay_db_conn *conn, const char *sql, const struct assay_db_value *values,
                 size_t values_count, struct assay_db_rows *rows, struct assay_error *err);
    int (*script)(struct assay_db_conn *conn, const char *sql, struct assay_error *err);
    int (*begin)(struct assay_db_conn *conn, bool write, struct assay_error *err);
    int (*commit)(struct assay_db_conn *conn, struct assay_error *err);
    void (*rollback)(struct assay_db_conn *conn);
};
extern const struct assay_db_driver assay_db_driver_sqlite;
extern const struct assay_db_driver assay_db_driver_postgres;

struct assay_db {
    enum assay_db_kind kind;
    const struct assay_db_driver *driver;
    void *state;           /* the driver's */
    pthread_mutex_t mutex; /* guards conns[].busy and taken */
    pthread_cond_t freed;
    struct assay_db_conn *conns;
    int conns_count;
};

/** Rows under construction: the driver says the columns once, then adds cells row by row. */
struct assay_db_cell {
    enum { ASSAY_DB_CELL_NULL, ASSAY_DB_CELL_INT, ASSAY_DB_CELL_REAL, ASSAY_DB_CELL_TEXT } kind;
    int64_t integer;
    double real;
    const char *data; /* NUL-terminated text of every kind, or the bytes of a blob; NULL for NULL */
    size_t size_bytes;
};
struct assay_db_rows {
    struct assay_arena arena;
    struct assay_db_cell *cells; /* row-major */
    size_t cells_count, cells_capacity;
    size_t columns;
    int64_t changed;
};
/** One more cell, NULL when memory is out. */
struct assay_db_cell *assay_db_rows_add(struct assay_db_rows *rows);
ASSAY_MUST_CHECK int assay_db_cell_set(struct assay_db_rows *rows, struct assay_db_cell *cell,
                                       const void *data, size_t size_bytes,
                                       struct assay_error *err);

#endif
