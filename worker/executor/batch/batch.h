/* Column batches: what readers and connectors deliver and kernels consume. Layout follows the Arrow
 * idea: one array of values and one validity bitmap per column (bit set = not null, least
 * significant bit first). */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_EXECUTOR_BATCH_H
#define ASSAY_EXECUTOR_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/number.h"

#define ASSAY_BATCH_ROWS 2048 /* most rows of one batch (DuckDB's vector size) */

/** Logical types, as users see them (docs/documents.md). */
enum assay_type {
    ASSAY_TYPE_UNKNOWN,
    ASSAY_TYPE_INTEGRAL,
    ASSAY_TYPE_FRACTIONAL,
    ASSAY_TYPE_STRING,
    ASSAY_TYPE_DATE,
    ASSAY_TYPE_TIMESTAMP,
    ASSAY_TYPE_BOOLEAN,
    ASSAY_TYPE_ARRAY,
    ASSAY_TYPE_STRUCT,
};
const char *assay_type_name(enum assay_type type);                  /* "Integral" */
bool assay_type_parse(const char *name, enum assay_type *ret_type); /* case does not matter */

/** How a column's values lie in memory. */
enum assay_layout {
    ASSAY_LAYOUT_NULL,       /* no values at all */
    ASSAY_LAYOUT_BOOL,       /* uint8_t, 0 or 1 */
    ASSAY_LAYOUT_INT64,      /* int64_t; every integer of up to 64 signed bits */
    ASSAY_LAYOUT_INT128,     /* assay_i128 */
    ASSAY_LAYOUT_DECIMAL64,  /* int64_t × 10^-scale, precision ≤ 18; NaN: special.h */
    ASSAY_LAYOUT_DECIMAL128, /* assay_i128 × 10^-scale, precision ≤ 38; as above */
    ASSAY_LAYOUT_FLOAT,      /* float */
    ASSAY_LAYOUT_DOUBLE,     /* double */
    ASSAY_LAYOUT_TEXT,       /* struct assay_text, UTF-8 by intent (may be malformed) */
    ASSAY_LAYOUT_BYTES,      /* struct assay_text, opaque bytes */
    ASSAY_LAYOUT_DATE,       /* int32_t days since 1970-01-01; infinite: special.h */
    ASSAY_LAYOUT_TIMESTAMP, /* int64_t µs since 1970-01-01, without zone: read in the container's */
    ASSAY_LAYOUT_INSTANT,   /* int64_t µs since 1970-01-01 UTC */
    ASSAY_LAYOUT_LIST,      /* struct assay_list into `child` */
    ASSAY_LAYOUT_STRUCT, /* no values; only validity (children are dotted columns of their own) */
    ASSAY_LAYOUT_CELL, /* struct assay_cell: text whose type is still to be inferred (CSV, JSON) */
};
/** INT128 → Integral, …; CELL → Unknown. */
enum assay_type assay_layout_type(enum assay_layout layout);
/** Bytes of one value in a column's array; 0 for NULL and STRUCT, which have none. */
size_t assay_layout_bytes(enum assay_layout layout);

/** A borrowed run of bytes, not NUL-terminated. */
struct assay_text {
    const char *data;
    uint32_t size_bytes;
};

/** What the source said about an untyped cell. */
enum assay_cell_kind {
    ASSAY_CELL_NULL,   /* unquoted and empty, a null spelling, JSON null or absent key */
    ASSAY_CELL_PLAIN,  /* unquoted text of a text file: type to be inferred */
    ASSAY_CELL_QUOTED, /* quoted text of a text file: type to be inferred; '' stays '' */
    ASSAY_CELL_STRING, /* JSON string: type to be inferred */
    ASSAY_CELL_NUMBER, /* JSON number, its own text */
    ASSAY_CELL_BOOL,   /* JSON true, false */
    ASSAY_CELL_NESTED, /* JSON array or object kept as its text */
};
struct assay_cell {
    const char *data;
    uint32_t size_bytes;
    uint8_t kind; /* enum assay_cell_kind */
};

struct assay_list {
    uint32_t offset, count; /* into the child column */
};

struct assay_dictionary;

/** One column of a batch. `values` has `rows` entries; entries of null rows are undefined. A column
 * of texts may come as codes instead, which tell its nulls too: then it has no values and no
 * validity. Only those who ask for codes get them. */
struct assay_column {
    enum assay_layout layout;
    uint8_t scale;            /* decimals only */
    const uint64_t *validity; /* NULL = no nulls */
    const void *values;
    const struct assay_column *child; /* LIST only */
    size_t child_rows;
    const uint16_t *codes;                     /* NULL, or: the texts as codes (dictionary.h) */
    const struct assay_dictionary *dictionary; /* of the codes */
};

/** Rows of one batch. Everything is owned by whoever delivered it and valid until its next call. */
struct assay_batch {
    size_t rows; /* ≤ ASSAY_BATCH_ROWS */
    size_t columns_count;
    const struct assay_column *columns;
    uint64_t first_row;  /* record number of the first row within the split, from 0 */
    const uint64_t *row; /* record number of each row in its file; NULL = they follow first_row */
    const uint64_t *offset; /* byte offset of each record in its file; NULL = unknown */
    /** Line on which each record begins, from 1, relative to the split; NULL = unknown. */
    const uint64_t *line;
    uint32_t file; /* index of the file in the container */
};

static inline bool assay_is_valid(const uint64_t *validity, size_t row)
{
    return !validity || (validity[row >> 6] >> (row & 63) & 1);
}

/** A field of a source, before any value is read. */
struct assay_field {
    char *name;           /* verbatim; dotted for projected children ("user.name") */
    char *native_type;    /* "DOUBLE", "varchar(20)"; NULL for untyped text */
    enum assay_type type; /* UNKNOWN when it must be inferred */
    enum assay_layout layout;
    uint8_t scale;
    bool nullable;
    bool projected; /* child of a struct, made a column by the reader */
};

/** The fields of a container, in the source's order. Heap; assay_schema_release(). */
struct assay_schema {
    struct assay_field *fields;
    size_t count;
};
void assay_schema_release(struct assay_schema *schema);
/** Append a field, copying the texts. Returns the new field, NULL when out of memory. */
struct assay_field *assay_schema_add(struct assay_schema *schema, const char *name,
                                     const char *native_type, enum assay_type type,
                                     enum assay_layout layout);
/** Index of the field of that exact name, or -1. */
ptrdiff_t assay_schema_find(const struct assay_schema *schema, const char *name);

#endif
