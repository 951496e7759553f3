/* Vectors: DuckDB's data chunks as our column batches, without copying what already lies as we need
 * it. Struct children become dotted fields, lists LIST columns; types that we do not know are cast
 * to text by DuckDB. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_ENGINE_VECTORS_H
#define ASSAY_ENGINE_VECTORS_H

#include <duckdb.h>

#include "common/base/buf.h"
#include "common/base/cleanup.h"
#include "common/base/error.h"
#include "worker/executor/batch/batch.h"
#include "worker/executor/engine/duckdb_session.h"

#define ASSAY_NESTED_DEPTH 4 /* levels of names in a projected field: a.b.c.d */

/** How the columns of a query become fields. Immutable once made; any thread. */
struct assay_vectors;

/** Plan the columns of a query, which is prepared and not run: running takes memory for vectors of
 * every column. Maps and what lies below them are left out; a struct is a field of its own
 * (validity only) followed by its children. Errors as of assay_session_query(). */
ASSAY_MUST_CHECK int assay_vectors_plan(struct assay_session *session, const char *sql,
                                        struct assay_vectors **ret_vectors,
                                        struct assay_error *err);
void assay_vectors_free(struct assay_vectors *vectors);
ASSAY_DEFINE_CLEANUP(struct assay_vectors, assay_vectors_free)

/** The fields that come out, in order. The plan's. */
const struct assay_schema *assay_vectors_schema(const struct assay_vectors *vectors);
/** A plan of those fields only, in the order given; columns that none of them needs are not
 * selected. */
ASSAY_MUST_CHECK int assay_vectors_project(const struct assay_vectors *vectors,
                                           const char *const *fields, size_t fields_count,
                                           struct assay_vectors **ret_vectors,
                                           struct assay_error *err);

/** Columns to select: their number, their SQL expressions ("a", CAST("u" AS VARCHAR)), their types
 * (borrowed). */
size_t assay_vectors_columns(const struct assay_vectors *vectors);
void assay_vectors_append_column(const struct assay_vectors *vectors, size_t column,
                                 struct assay_buf *sql);
duckdb_logical_type assay_vectors_column_type(const struct assay_vectors *vectors, size_t column);
/** The expression of a field, by places and not by names: children may be named as other columns
 * are ("a.b"). Below a list, the list of its elements' children. */
void assay_vectors_append_field(const struct assay_vectors *vectors, size_t index,
                                struct assay_buf *sql);

/** Conversion of one thread: scratch memory and the batch's columns. The plan must outlive it. */
struct assay_vectors_lane;
ASSAY_MUST_CHECK int assay_vectors_lane_new(const struct assay_vectors *vectors,
                                            struct assay_vectors_lane **ret_lane,
                                            struct assay_error *err);
void assay_vectors_lane_free(struct assay_vectors_lane *lane);
ASSAY_DEFINE_CLEANUP(struct assay_vectors_lane, assay_vectors_lane_free)

/** From here on the fields that have a dictionary come as its codes: their columns are selected
 * through a function that gives these (unsigned, two bytes, never null). One for each field, NULL =
 * as values; borrowed. Only for fields that are columns of texts by themselves
 * (assay_vectors_can_code()). */
void assay_vectors_lane_code(struct assay_vectors_lane *lane,
                             struct assay_dictionary *const *dictionaries);
/** Is the field a column of texts by itself, and which one? */
bool assay_vectors_can_code(const struct assay_vectors *vectors, size_t field, size_t *ret_column);

/** Scratch bytes of one lane per field, at most, lists' elements apart. */
#define ASSAY_VECTORS_FIELD_BYTES ((size_t)ASSAY_BATCH_ROWS * 16 + ASSAY_BATCH_ROWS / 8)

/** Convert a chunk that holds the selected columns first (others may follow). *ret_columns is the
 * lane's and valid until its next call and as long as the chunk lives. rows ≤ ASSAY_BATCH_ROWS. */
ASSAY_MUST_CHECK int assay_vectors_convert(struct assay_vectors_lane *lane, duckdb_data_chunk chunk,
                                           size_t rows, const struct assay_column **ret_columns,
                                           struct assay_error *err);

#endif
