/* Lookup: the different values of a column, asked for by the records of another one.
 *
 * Their keys (key.h) are kept in memory when they fit: a function of SQL then says of any value
 * whether it is among them. When they do not, they go to a temporary file, and so do the keys of
 * the records that ask, both cut by the first bits (Kitsuregawa, Tanaka, Moto-oka, "Application of
 * Hash to Data Base Machine and Its Architecture", 1983): bucket by bucket the records without a
 * partner are marked, and a function says of a place whether it is marked. Either way memory is
 * bounded, and the query of all checks has no join. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_LOOKUP_LOOKUP_H
#define ASSAY_LOOKUP_LOOKUP_H

#include <stdatomic.h>

#include "common/base/buf.h"
#include "worker/executor/engine/duckdb_session.h"

/** All of a session, and the memory that they share. One thread makes them; the session's threads
 * ask them. */
struct assay_lookups;
struct assay_lookup;

/** memory_bytes: of all lookups together. cancelled: may be NULL; borrowed, as is the session.
 * *ret_lookups: assay_lookups_free(), after the session is closed. */
ASSAY_MUST_CHECK int assay_lookups_new(struct assay_session *session, const atomic_bool *cancelled,
                                       uint64_t memory_bytes, struct assay_lookups **ret_lookups,
                                       struct assay_error *err);
void assay_lookups_free(struct assay_lookups *lookups);

/** Collect the values of an expression, nulls left out: SELECT <key> FROM <from>, read once. from
 * may have a WHERE in brackets of its own. *ret_lookup is the lookups'. Errors of the query;
 * ASSAY_IO (no room for temporary data). */
ASSAY_MUST_CHECK int assay_lookup_collect(struct assay_lookups *lookups, const char *key,
                                          const char *from, struct assay_lookup **ret_lookup,
                                          struct assay_error *err);
/** Are they in memory? */
bool assay_lookup_is_whole(const struct assay_lookup *lookup);

/** They are: append SQL of whether the value of an expression of the same type is among them; NULL
 * for NULL. */
void assay_lookup_append_has(const struct assay_lookup *lookup, const char *key,
                             struct assay_buf *sql);

/** They are not: read <key> FROM <from> once, with _assay_part, _assay_file, _assay_row beside it,
 * and mark the records whose value is among them (`there`) or is not; nulls are never marked. The
 * places must be the same whenever `from` is read. ASSAY_NO_MEMORY: not even one of 256 buckets
 * fits. */
ASSAY_MUST_CHECK int assay_lookup_mark(struct assay_lookup *lookup, const char *key,
                                       const char *from, bool there, struct assay_error *err);
/** Marks alone: of records that are found otherwise. *ret_lookup is the lookups'. add: those whose
 * places a relation has as columns part, file, row; any number of times, then finish. */
ASSAY_MUST_CHECK int assay_lookup_marks_new(struct assay_lookups *lookups,
                                            struct assay_lookup **ret_lookup,
                                            struct assay_error *err);
ASSAY_MUST_CHECK int assay_lookup_marks_add(struct assay_lookup *lookup, const char *from,
                                            struct assay_error *err);
ASSAY_MUST_CHECK int assay_lookup_marks_finish(struct assay_lookup *lookup,
                                               struct assay_error *err);
/** Append SQL of whether a record is marked, over the columns of its place. */
void assay_lookup_append_marked(const struct assay_lookup *lookup, struct assay_buf *sql);

#endif
