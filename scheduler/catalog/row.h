/* Rows as REST objects: a table of columns gives the SELECT list, the JSON keys and the OpenAPI
 * schema. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CATALOG_ROW_H
#define ASSAY_CATALOG_ROW_H

#include "common/db/db.h"
#include "common/json/json.h"
#include "scheduler/catalog/query.h"

enum assay_column_kind {
    ASSAY_COLUMN_INT,
    ASSAY_COLUMN_REAL,
    ASSAY_COLUMN_TEXT,
    ASSAY_COLUMN_BOOL,
    ASSAY_COLUMN_TIME, /* µs → "2026-11-20T10:00:00.123456Z" */
    ASSAY_COLUMN_JSON, /* text that holds JSON */
};

struct assay_column {
    const char *key;
    enum assay_column_kind kind;
    const char *sql; /* expression in the SELECT list */
};

/** Append "expr, expr, …". columns ends with key NULL. */
void assay_columns_select(struct assay_query *query, const struct assay_column *columns);
/** A row as an object; `first` is the place of columns[0] in the row. SQL NULL is null. */
ASSAY_MUST_CHECK int assay_row_object(const struct assay_db_rows *rows, size_t row, size_t first,
                                      const struct assay_column *columns, json_t **ret_object,
                                      struct assay_error *err);
/** One column's value; never NULL on success. */
ASSAY_MUST_CHECK int assay_row_value(const struct assay_db_rows *rows, size_t row, size_t column,
                                     enum assay_column_kind kind, json_t **ret_value,
                                     struct assay_error *err);

/** Children of the items of a page, by one query: `sql` selects the parent's id first, then the
 *  columns; it has one "%s" where the parents' ids go ("… WHERE x.container_id IN (%s) ORDER BY
 * …"). Each item gets items[i][key] = [objects]; with columns[1].key NULL and columns[0].key "" the
 *  bare values. Items are found by their "id". */
ASSAY_MUST_CHECK int assay_attach(struct assay_db_conn *conn, json_t *items, const char *key,
                                  const char *sql, const struct assay_column *columns,
                                  struct assay_error *err);

/** The first column of the first row, or fallback without one. */
ASSAY_MUST_CHECK int assay_select_int(struct assay_db_conn *conn, const char *sql, int64_t id,
                                      int64_t fallback, int64_t *ret_value,
                                      struct assay_error *err);

#endif
