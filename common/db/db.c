// Database: opening by URL, the pool of connections, and transactions.
// SPDX-License-Identifier: Apache-2.0
#include "common/db/db.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/db/driver.h"

enum { ACQUIRE_WAIT_S = 5, TRANSACTION_TRIES = 5 };

static const struct scheme {
    const char *prefix;
    enum assay_db_kind kind;
    const struct assay_db_driver *driver;
} schemes[] = {
    {"sqlite:", ASSAY_DB_SQLITE, &assay_db_driver_sqlite},
    {"postgresql://", ASSAY_DB_POSTGRES, &assay_db_driver_postgres},
    {"postgres://", ASSAY_DB_POSTGRES, &assay_db_driver_postgres},
};

static const struct scheme *scheme_of(const char *url)
{
    for (size_t i = 0; url && i < ASSAY_COUNT(schemes); i++)
        if (!strncmp(url, schemes[i].prefix, strlen(schemes[i].prefix)))
            return &schemes[i];
    return NULL;
}

static int init_pool(struct assay_db *db, int connections, struct assay_error *err)
{
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&db->mutex, NULL);
    (void)pthread_cond_init(&db->freed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    db->conns_count = connections < 1 ? 1 : connections;
    db->conns = assay_calloc((size_t)db->conns_count, sizeof *db->conns);
    if (!db->conns)
        return assay_fail_memory(err);
    for (int i = 0; i < db->conns_count; i++)
        db->conns[i].db = db;
    return ASSAY_OK;
}

/* The first connection is made at once, so that a wrong URL or a dead server is told here. */
static int try_connect(struct assay_db *db, struct assay_error *err)
{
    struct assay_db_conn *conn = NULL;
    ASSAY_TRY(assay_db_acquire(db, &conn, err));
    assay_db_release(conn);
    return ASSAY_OK;
}

int assay_db_open(const char *url, int connections, struct assay_db **ret_db,
                  struct assay_error *err)
{
    const struct scheme *scheme = scheme_of(url);
    if (!scheme)
        return assay_fail(err, ASSAY_INVALID,
                          "opening the catalog: the URL must begin with sqlite: or postgresql://");
    ASSAY_AUTO(assay_db_close) struct assay_db *db = assay_calloc(1, sizeof *db);
    if (!db)
        return assay_fail_memory(err);
    db->kind = scheme->kind;
    db->driver = scheme->driver;
    ASSAY_TRY(init_pool(db, connections, err));
    ASSAY_TRY(db->driver->open(db, url, err));
    ASSAY_TRY(try_connect(db, err));
    *ret_db = ASSAY_TAKE(db);
    return ASSAY_OK;
}

static void disconnect(struct assay_db_conn *conn)
{
    if (conn->handle)
        conn->db->driver->disconnect(conn);
    conn->handle = NULL;
    conn->broken = false;
}

void assay_db_close(struct assay_db *db)
{
    if (!db)
        return;
    for (int i = 0; db->conns && i < db->conns_count; i++)
        disconnect(&db->conns[i]);
    if (db->state)
        db->driver->close(db);
    assay_free(db->conns);
    (void)pthread_mutex_destroy(&db->mutex);
    (void)pthread_cond_destroy(&db->freed);
    assay_free(db);
}

enum assay_db_kind assay_db_kind(const struct assay_db *db)
{
    return db->kind;
}

enum assay_db_kind assay_db_conn_kind(const struct assay_db_conn *conn)
{
    return conn->db->kind;
}

/* A free place of the pool, one that is connected if there is any. Under the mutex. */
static struct assay_db_conn *find_free(struct assay_db *db)
{
    struct assay_db_conn *found = NULL;
    for (int i = 0; i < db->conns_count; i++) {
        struct assay_db_conn *conn = &db->conns[i];
        if (!conn->busy && (!found || (!found->handle && conn->handle)))
            found = conn;
    }
    return found;
}

static struct assay_db_conn *take_place(struct assay_db *db)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ACQUIRE_WAIT_S;
    (void)pthread_mutex_lock(&db->mutex);
    struct assay_db_conn *conn = find_free(db);
    int waited = 0;
    while (!conn && waited != ETIMEDOUT) {
        waited = pthread_cond_timedwait(&db->freed, &db->mutex, &until);
        conn = find_free(db);
    }
    if (conn)
        conn->busy = true;
    (void)pthread_mutex_unlock(&db->mutex);
    return conn;
}

static void give_place(struct assay_db_conn *conn)
{
    (void)pthread_mutex_lock(&conn->db->mutex);
    conn->busy = false;
    (void)pthread_cond_signal(&conn->db->freed);
    (void)pthread_mutex_unlock(&conn->db->mutex);
}

int assay_db_acquire(struct assay_db *db, struct assay_db_conn **ret_conn, struct assay_error *err)
{
    struct assay_db_conn *conn = take_place(db);
    if (!conn)
        return assay_fail(err, ASSAY_UNAVAILABLE,
                          "no free connection to the catalog within %d s: all %d are in use",
                          ACQUIRE_WAIT_S, db->conns_count);
    if (conn->handle && !db->driver->alive(conn))
        disconnect(conn);
    if (!conn->handle) {
        const int rc = db->driver->connect(conn, err);
        if (rc != ASSAY_OK) {
            disconnect(conn);
            give_place(conn);
            return rc;
        }
    }
    *ret_conn = conn;
    return ASSAY_OK;
}

void assay_db_release(struct assay_db_conn *conn)
{
    if (!conn)
        return;
    assay_db_rollback(conn);
    if (conn->broken)
        disconnect(conn);
    give_place(conn);
}

static int check_usable(const struct assay_db_conn *conn, struct assay_error *err)
{
    if (conn->handle && !conn->broken)
        return ASSAY_OK;
    return assay_fail(err, ASSAY_UNAVAILABLE, "the connection to the catalog is lost");
}

int assay_db_query(struct assay_db_conn *conn, const char *sql, const struct assay_db_value *values,
                   size_t values_count, struct assay_db_rows **ret_rows, struct assay_error *err)
{
    ASSAY_TRY(check_usable(conn, err));
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = assay_calloc(1, sizeof *rows);
    if (!rows)
        return assay_fail_memory(err);
    ASSAY_TRY(conn->db->driver->query(conn, sql, values, values_count, rows, err));
    if (ret_rows)
        *ret_rows = ASSAY_TAKE(rows);
    return ASSAY_OK;
}

int assay_db_script(struct assay_db_conn *conn, const char *sql, struct assay_error *err)
{
    ASSAY_TRY(check_usable(conn, err));
    return conn->db->driver->script(conn, sql, err);
}

int assay_db_begin(struct assay_db_conn *conn, bool write, struct assay_error *err)
{
    ASSAY_TRY(check_usable(conn, err));
    if (conn->in_transaction)
        return assay_fail(err, ASSAY_INTERNAL, "a transaction is open already");
    ASSAY_TRY(conn->db->driver->begin(conn, write, err));
    conn->in_transaction = true;
    conn->writing = write;
    return ASSAY_OK;
}

int assay_db_commit(struct assay_db_conn *conn, struct assay_error *err)
{
    ASSAY_TRY(check_usable(conn, err));
    if (!conn->in_transaction)
        return assay_fail(err, ASSAY_INTERNAL, "no transaction is open");
    const int rc = conn->db->driver->commit(conn, err);
    if (rc != ASSAY_OK) {
        assay_db_rollback(conn);
        return rc;
    }
    conn->in_transaction = conn->writing = false;
    return ASSAY_OK;
}

void assay_db_rollback(struct assay_db_conn *conn)
{
    if (!conn || !conn->in_transaction)
        return;
    conn->db->driver->rollback(conn);
    conn->in_transaction = conn->writing = false;
}

static int run_once(struct assay_db *db, assay_db_body_fn *body, void *context,
                    struct assay_error *err)
{
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    ASSAY_TRY(assay_db_acquire(db, &conn, err));
    ASSAY_TRY(assay_db_begin(conn, true, err));
    ASSAY_TRY(body(conn, context, err));
    return assay_db_commit(conn, err);
}

int assay_db_transaction(struct assay_db *db, assay_db_body_fn *body, void *context,
                         struct assay_error *err)
{
    struct assay_error own = {0};
    int rc = ASSAY_OK;
    for (int attempt = 0; attempt < TRANSACTION_TRIES; attempt++) {
        assay_error_clear(&own);
        rc = run_once(db, body, context, &own);
        if (rc != ASSAY_TRANSIENT)
            break;
        assay_sleep_ms(INT64_C(5) << attempt);
    }
    if (rc != ASSAY_OK && err && err->code == ASSAY_OK)
        *err = own;
    return rc;
}
