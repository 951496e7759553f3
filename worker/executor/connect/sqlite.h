/* The `sqlite` connector: one database file, opened read-only. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CONNECT_SQLITE_H
#define ASSAY_CONNECT_SQLITE_H

#include <sqlite3.h>

#include "worker/executor/connect/connector.h"

/** Values have types of their own in SQLite, whatever a column declares: columns of TEXT affinity
 * come as text, all others as cells whose type is inferred (numbers with their exact text, blobs as
 * strings of their bytes). Several readers may be open at once on one thread. */
extern const struct assay_connector assay_sqlite_connector;

/** One column of a table or view. */
struct sqlite_field {
    char *name, *declared;
    bool not_null, is_text;
};
struct sqlite_fields {
    struct sqlite_field *items;
    size_t count;
};
void sqlite_fields_release(struct sqlite_fields *fields);

/** Record what SQLite says. Returns the code. */
int sqlite_fail(sqlite3 *db, int rc, const char *doing, struct assay_error *err);

/** Open a reader over a relation, projected to `names` (NULL = all); takes the fields over. */
ASSAY_MUST_CHECK int sqlite_reader_open(sqlite3 *db, const char *relation,
                                        struct sqlite_fields *fields, const char *const *names,
                                        size_t names_count, const atomic_bool *cancelled,
                                        struct assay_reader **ret_reader, struct assay_error *err);

#endif
