/* Vectors: the plan's structs, shared by vectors.c (makes them) and vectors_convert.c (walks
 * them). */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_ENGINE_VECTORS_INTERNAL_H
#define ASSAY_ENGINE_VECTORS_INTERNAL_H

#include "worker/executor/engine/duckdb_session.h"
#include "worker/executor/engine/vectors.h"

#define ASSAY_VECTOR_STEPS                                                                         \
    16 /* from a column down to a field: children of structs and elements of lists */
#define ASSAY_STEP_LIST UINT32_MAX

/** How DuckDB's values become ours. */
enum assay_convert {
    ASSAY_CONVERT_NONE, /* they lie as we need them */
    ASSAY_CONVERT_I8,
    ASSAY_CONVERT_I16,
    ASSAY_CONVERT_I32,
    ASSAY_CONVERT_U8,
    ASSAY_CONVERT_U16,
    ASSAY_CONVERT_U32,
    ASSAY_CONVERT_U64,  /* to 128 bits */
    ASSAY_CONVERT_I128, /* only when they are not aligned */
    ASSAY_CONVERT_TEXT,
    ASSAY_CONVERT_SECONDS,
    ASSAY_CONVERT_MILLIS,
    ASSAY_CONVERT_NANOS,
};

struct assay_vector_field {
    size_t column;                      /* of the query */
    uint32_t steps[ASSAY_VECTOR_STEPS]; /* index of a struct's child, or ASSAY_STEP_LIST */
    unsigned steps_count, lists_count;
    enum assay_layout layout; /* of the innermost value */
    enum assay_convert convert;
    uint8_t scale;
};

struct assay_vector_column {
    struct assay_buf sql;     /* its expression */
    duckdb_logical_type type; /* after the cast */
};

struct assay_vectors {
    struct assay_schema schema;
    struct assay_vector_field *fields; /* schema.count */
    size_t fields_count;
    struct assay_vector_column *columns;
    size_t columns_count;
};

/** Give each field a name that no other has: "a.b", then "a.b_2". ASSAY_UNSUPPORTED: two columns
 * that the engine does not tell apart. */
ASSAY_MUST_CHECK int assay_vectors_name_fields(struct assay_vectors *vectors,
                                               struct assay_error *err);

#endif
