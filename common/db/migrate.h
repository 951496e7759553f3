/* Migrations: brings a catalog to the version that this program was built with. The SQL files of
 * schemas/ are part of the program; what was applied stands in the table schema_migration, with a
 * checksum. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_DB_MIGRATE_H
#define ASSAY_DB_MIGRATE_H

#include "common/db/db.h"

/** Apply what is missing, all or nothing, under a lock: safe to repeat and to run from many
 * processes at once. *ret_version: the version the catalog has now. ASSAY_SCHEMA_CHANGED: the
 * catalog is newer than this program, or a migration was changed after it was applied; nothing is
 * written then. */
ASSAY_MUST_CHECK int assay_migrate(struct assay_db *db, int *ret_version, struct assay_error *err);
/** Read only: ASSAY_OK when the catalog is at this program's version (*ret_version),
 * ASSAY_SCHEMA_CHANGED with the two versions and what to do when it is older, newer or changed. */
ASSAY_MUST_CHECK int assay_migrate_check(struct assay_db *db, int *ret_version,
                                         struct assay_error *err);

/** One SQL file of schemas/: <kind>/<version>_<name>.sql. */
struct assay_migration {
    enum assay_db_kind kind;
    int version;
    const char *name; /* "0001_jobs" */
    const char *sql;
};
/** All, by kind and version; ends with sql NULL. Made by the build. */
extern const struct assay_migration assay_migrations[];

#endif
