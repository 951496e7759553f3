/* JSON columns: the batch being filled, record by record. Private to the JSON reader. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_READ_JSON_COLUMNS_H
#define ASSAY_READ_JSON_COLUMNS_H

#include "common/base/arena.h"
#include "worker/executor/read/json_fields.h"
#include "worker/executor/read/json_scan.h"

struct json_column {
    enum assay_layout layout;
    struct assay_cell *cells;                 /* CELL: rows_max */
    uint64_t validity[ASSAY_BATCH_ROWS / 64]; /* STRUCT, LIST */
    struct assay_list *lists;                 /* LIST: rows_max */
    struct assay_cell *items;                 /* LIST: the elements of the batch */
    size_t items_count, items_capacity;
    struct assay_column child; /* LIST: what the batch shows of the items */
};

/** What one reader wants of the fields. */
struct json_columns {
    const struct assay_json_fields *fields; /* borrowed, immutable */
    struct json_column *columns;
    size_t count;
    size_t rows_max;            /* of a batch: fewer where there are many columns */
    size_t rows_used;           /* of the batch being filled, one more than the last row touched */
    int32_t *out;               /* by node id: its column, -1 = not wanted */
    uint8_t *wanted;            /* by node id: it or something below it has a column */
    uint64_t *stamp;            /* by node id: the object in which it was met last */
    struct assay_cell **usual;  /* by node id: the cells of a plain field, or `ignored`; NULL */
    struct assay_cell *ignored; /* rows_max: of plain fields that are not wanted */
    uint64_t objects;           /* objects so far */
    struct assay_arena text;    /* unescaped strings of the batch */
    uint64_t max_cell;
    uint64_t halves_replaced; /* lone surrogates, in all */
};

/** Set up for the named fields of the schema. Release in any case. ASSAY_NOT_FOUND,
 * ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK int json_columns_init(struct json_columns *columns,
                                       const struct assay_json_fields *fields,
                                       const char *const *names, size_t count, uint64_t max_cell,
                                       struct assay_error *err);
void json_columns_release(struct json_columns *columns);
/** Forget the batch. */
void json_columns_clear(struct json_columns *columns);
/** Take a rejected record's cells out of its row again. */
void json_columns_clear_row(struct json_columns *columns, size_t row);
/** Put a record into `row` (json_put.c). *ret_fault NULL, or why the record is rejected (the row is
 * then clear again), with *ret_at the place in it. JSON_FAST_PADDING behind it. ASSAY_NO_MEMORY,
 * ASSAY_SCHEMA_CHANGED. */
ASSAY_MUST_CHECK int json_columns_put(struct json_columns *columns, size_t row, const char *record,
                                      size_t size, const char **ret_fault, size_t *ret_at,
                                      struct assay_error *err);
/** Describe the batch: `ret_columns` has room for columns->count. */
void json_columns_show(struct json_columns *columns, struct assay_column *ret_columns);

#endif
