/* Reader table: batches of our readers as a table function of DuckDB: typed columns, the place of
 * each record, and flags for the values that did not fit their type. Projected, and parallel over
 * the parts of a container.
 *
 * SELECT … FROM <name>() has the schema's fields under their names, then, each read only when it is
 * used:
 *   _assay_part       UINTEGER  index of the part
 *   _assay_file       UINTEGER  index of the file in the container
 *   _assay_row        UBIGINT   record number within the part, from 0 (add the records of the
 *                               parts before it)
 *   _assay_line       UBIGINT   line, as the reader counts (relative to the part), or NULL
 *   _assay_offset     UBIGINT   byte offset in the file, or NULL
 *   _assay_misfit_N   BOOLEAN   the value of field N (from 0) is there but does not fit its type
 *                               (it is NULL then), or is text that is not UTF-8 (malformed bytes
 *                               are replaced by U+FFFD then)
 *   _assay_number_N   field N's decimals, as numbers to compute with (spec.numbers)
 * A field whose own name is one of these hides it. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_ENGINE_READER_TABLE_H
#define ASSAY_ENGINE_READER_TABLE_H

#include "worker/executor/engine/duckdb_session.h"
#include "worker/executor/infer/type_decide.h"
#include "worker/executor/read/reader.h"

/** How _assay_number_N reads the decimals of field N. */
struct assay_table_number {
    bool is_double;      /* as the nearest doubles, else as decimals; may change between queries */
    atomic_bool special; /* set when a decimal was read that is NaN or infinite (NULL then) */
};

struct assay_reader_table_spec {
    const char *name;                  /* of the function in SQL; unique in the session */
    const struct assay_schema *schema; /* what the readers deliver when all fields are asked for;
                                          DOUBLE also where they deliver decimals */
    const struct assay_cell_target
        *targets;       /* one per field: how its CELLs are read; NULL without CELL columns */
    size_t parts_count; /* read in any order, on any thread, each once per use of the table */
    /** Open a reader over a part that delivers exactly these fields, in this order (0 fields: only
     * records count). */
    int (*open)(void *context, size_t part, const char *const *fields, size_t fields_count,
                struct assay_reader **ret_reader, struct assay_error *err);
    /** The part was read to its end: take what is of use (records_read, rejections, csv stop). The
     * reader is closed after. May be called from any thread, never twice at once. Not ASSAY_OK
     * fails the query. */
    int (*done)(void *context, size_t part, struct assay_reader *reader, struct assay_error *err);
    void *context;
    atomic_uint_fast64_t *records, *bytes; /* counted up while reading; NULL = not counted */
    const atomic_bool *cancelled;
    atomic_bool *inexact; /* per field: set when a number was read that its DECIMAL128 target does
                             not hold exactly (NULL and flagged then), or a decimal that is NaN or
                             infinite (NULL then); NULL = not asked for: such decimals lie
                             in their vector as special.h says, and are not to be judged */
    struct assay_table_number *numbers; /* one per field; NULL: no columns _assay_number_N */
};

struct assay_reader_table;

/** Make the table known to the session. The spec's struct is copied, what it points to is borrowed
 * until the session is closed. *ret_table: assay_reader_table_free() after the session was
 * closed. */
ASSAY_MUST_CHECK int assay_reader_table_register(struct assay_session *session,
                                                 const struct assay_reader_table_spec *spec,
                                                 struct assay_reader_table **ret_table,
                                                 struct assay_error *err);
void assay_reader_table_free(struct assay_reader_table *table);
ASSAY_DEFINE_CLEANUP(struct assay_reader_table, assay_reader_table_free)

/** After a query failed: the reader's own error when it was the cause (its code tells more than
 * DuckDB's text), else err is left alone. Returns err->code. */
int assay_reader_table_error(struct assay_reader_table *table, struct assay_error *err);

#endif
