// Migrations: applies the numbered SQL files that the build put into the program.
// SPDX-License-Identifier: Apache-2.0
#include "common/db/migrate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "common/base/clock.h"

/* The lock is held to the end of the transaction; two programs that start together wait for each
 * other. */
static const char lock_postgres[] =
    "SET LOCAL lock_timeout = '300s'; SET LOCAL statement_timeout = '600s';"
    "SELECT pg_advisory_xact_lock(4157594117)";
static const char table_sql[] =
    "CREATE TABLE IF NOT EXISTS schema_migration (version int PRIMARY KEY, "
    "name text NOT NULL, checksum text NOT NULL, applied_at bigint NOT NULL)";

static void checksum_of(const char *sql, char ret_text[static 17])
{
    (void)snprintf(ret_text, 17, "%016" PRIx64, (uint64_t)XXH3_64bits(sql, strlen(sql)));
}

static int newest_of(enum assay_db_kind kind)
{
    int newest = 0;
    for (const struct assay_migration *m = assay_migrations; m->sql; m++)
        if (m->kind == kind && m->version > newest)
            newest = m->version;
    return newest;
}

static const struct assay_migration *find_migration(enum assay_db_kind kind, int64_t version)
{
    for (const struct assay_migration *m = assay_migrations; m->sql; m++)
        if (m->kind == kind && m->version == version)
            return m;
    return NULL;
}

static int check_row(enum assay_db_kind kind, const struct assay_db_rows *rows, size_t row,
                     struct assay_error *err)
{
    const int64_t version = assay_db_get_int(rows, row, 0);
    const struct assay_migration *known = find_migration(kind, version);
    if (!known)
        return assay_fail(err, ASSAY_SCHEMA_CHANGED,
                          "the catalog is at version %" PRId64
                          ", this program knows versions up to %d: "
                          "run a newer assay",
                          version, newest_of(kind));
    char checksum[17];
    checksum_of(known->sql, checksum);
    if (strcmp(checksum, assay_db_get_text(rows, row, 1)) != 0)
        return assay_fail(err, ASSAY_SCHEMA_CHANGED,
                          "migration %s was changed after it was applied to this catalog: "
                          "use the release that made it",
                          known->name);
    return ASSAY_OK;
}

/* The version applied, after a check of every row against what this program carries. */
static int read_applied(struct assay_db_conn *conn, int *ret_version, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(
        conn, "SELECT version, checksum FROM schema_migration ORDER BY version DESC", &rows, err));
    for (size_t row = 0; row < assay_db_rows_count(rows); row++)
        ASSAY_TRY(check_row(assay_db_conn_kind(conn), rows, row, err));
    *ret_version = (int)assay_db_get_int(rows, 0, 0);
    return ASSAY_OK;
}

static int apply(struct assay_db_conn *conn, const struct assay_migration *migration,
                 struct assay_error *err)
{
    const int rc = assay_db_script(conn, migration->sql, err);
    if (rc != ASSAY_OK)
        return assay_context(err, rc, "applying migration %s", migration->name);
    char checksum[17];
    checksum_of(migration->sql, checksum);
    return assay_db_run(conn,
                        "INSERT INTO schema_migration (version, name, checksum, applied_at) "
                        "VALUES ($1, $2, $3, $4)",
                        NULL, err, assay_db_int(migration->version), assay_db_text(migration->name),
                        assay_db_text(checksum), assay_db_int(assay_now_us()));
}

static int migrate(struct assay_db_conn *conn, void *context, struct assay_error *err)
{
    int *ret_version = context;
    const enum assay_db_kind kind = assay_db_conn_kind(conn);
    if (kind == ASSAY_DB_POSTGRES)
        ASSAY_TRY(assay_db_script(conn, lock_postgres, err));
    ASSAY_TRY(assay_db_script(conn, table_sql, err));
    int version = 0;
    ASSAY_TRY(read_applied(conn, &version, err));
    for (const int newest = newest_of(kind); version < newest; version++) {
        const struct assay_migration *next = find_migration(kind, version + 1);
        if (!next)
            return assay_fail(err, ASSAY_INTERNAL, "migration %d is missing in this program",
                              version + 1);
        ASSAY_TRY(apply(conn, next, err));
    }
    *ret_version = version;
    return ASSAY_OK;
}

int assay_migrate(struct assay_db *db, int *ret_version, struct assay_error *err)
{
    int version = 0;
    const int rc = assay_db_transaction(db, migrate, &version, err);
    if (rc != ASSAY_OK)
        return assay_context(err, rc, "migrating the catalog");
    *ret_version = version;
    return ASSAY_OK;
}

static int is_migrated(struct assay_db_conn *conn, bool *ret_migrated, struct assay_error *err)
{
    static const char *const sql[] = {
        [ASSAY_DB_SQLITE] =
            "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_migration'",
        [ASSAY_DB_POSTGRES] = "SELECT count(to_regclass('schema_migration'))",
    };
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    ASSAY_TRY(assay_db_run(conn, sql[assay_db_conn_kind(conn)], &rows, err));
    *ret_migrated = assay_db_get_int(rows, 0, 0) > 0;
    return ASSAY_OK;
}

int assay_migrate_check(struct assay_db *db, int *ret_version, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    ASSAY_TRY(assay_db_acquire(db, &conn, err));
    bool migrated = false;
    int version = 0;
    ASSAY_TRY(is_migrated(conn, &migrated, err));
    if (migrated)
        ASSAY_TRY(read_applied(conn, &version, err));
    const int newest = newest_of(assay_db_kind(db));
    if (version != newest)
        return assay_fail(err, ASSAY_SCHEMA_CHANGED,
                          "the catalog is at version %d, this program needs %d: run assay migrate",
                          version, newest);
    *ret_version = version;
    return ASSAY_OK;
}
