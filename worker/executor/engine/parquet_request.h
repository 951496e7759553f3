/* Parquet: what a request selects, as SQL; shared by the scan and the reader. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_ENGINE_PARQUET_REQUEST_H
#define ASSAY_ENGINE_PARQUET_REQUEST_H

#include "worker/executor/engine/parquet.h"

/** A request made ready: the plan of its columns, and whether the place of each record can be asked
 * for. */
struct assay_parquet_plan {
    struct assay_vectors *vectors;
    bool has_place; /* false when the files have columns of their own named like DuckDB's virtual
                       ones */
    char coder[48]; /* with a column's number: the function that gives its codes */
    struct assay_dictionary **coded; /* by field; NULL = none comes as codes */
    bool *coded_columns;             /* by column; NULL as above */
};

ASSAY_MUST_CHECK int assay_parquet_plan_init(struct assay_session *session,
                                             const struct assay_parquet_request *request,
                                             struct assay_parquet_plan *ret_plan,
                                             struct assay_error *err);
void assay_parquet_plan_release(struct assay_parquet_plan *plan);

/** Let fields with a dictionary come as its codes, as far as they can; `coder` begins the names of
 * functions and belongs to this plan alone. The dictionaries must outlive the statement. */
ASSAY_MUST_CHECK int assay_parquet_plan_code(struct assay_parquet_plan *plan,
                                             struct assay_session *session, const char *coder,
                                             struct assay_dictionary *const *dictionaries,
                                             struct assay_error *err);

/** Number of selected columns: those of the plan, then two of the place (file_index,
 * file_row_number) when it has one, or a constant when there would be none. */
size_t assay_parquet_plan_columns(const struct assay_parquet_plan *plan);
/** Append "SELECT … FROM read_parquet([…]) WHERE … LIMIT …". */
void assay_parquet_plan_sql(const struct assay_parquet_plan *plan,
                            const struct assay_parquet_request *request, struct assay_buf *sql);

/** Append the names under which they are selected: "c0, c1, p0, p1". */
void assay_parquet_plan_names(const struct assay_parquet_plan *plan, struct assay_buf *sql);

/** Set rows, file, row and first_row of a batch from a chunk of the selected columns. */
void assay_parquet_place(const struct assay_parquet_plan *plan,
                         const struct assay_parquet_request *request, duckdb_data_chunk chunk,
                         struct assay_batch *batch);
/** Decimals of more digits than the engine has come from it as doubles of other values:
 * ASSAY_UNSUPPORTED, which names the column. Asks the file only where the schema has doubles. */
ASSAY_MUST_CHECK int assay_parquet_refuse_inexact(struct assay_session *session, const char *path,
                                                  const struct assay_schema *schema,
                                                  struct assay_error *err);
/** Append "read_parquet(['a','b'])". */
void assay_parquet_source_sql(const struct assay_parquet_files *files, struct assay_buf *sql);
/** Give an error of the engine the files' names ("reading orders.parquet: …"). Returns its code. */
int assay_parquet_context(const struct assay_parquet_files *files, int code,
                          struct assay_error *err);

#endif
