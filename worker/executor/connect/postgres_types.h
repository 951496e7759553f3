/* PostgreSQL's types: how each is asked for, and how its binary form becomes a value. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CONNECT_POSTGRES_TYPES_H
#define ASSAY_CONNECT_POSTGRES_TYPES_H

#include "common/base/buf.h"
#include "worker/executor/batch/batch.h"

enum pg_form {
    PG_FORM_BOOL,
    PG_FORM_INT, /* 2, 4 or 8 bytes, signed */
    PG_FORM_OID, /* 4 bytes, unsigned */
    PG_FORM_FLOAT,
    PG_FORM_DOUBLE,
    PG_FORM_NUMERIC,     /* numeric(p,s) of at most 38 digits */
    PG_FORM_NUMBER_TEXT, /* numeric of any size, cast to text; CELL of kind NUMBER */
    PG_FORM_TEXT,        /* as it is */
    PG_FORM_BLANK_PADDED,
    PG_FORM_CAST, /* anything else, cast to text */
    PG_FORM_BYTES,
    PG_FORM_DATE,
    PG_FORM_TIMESTAMP,
    PG_FORM_INSTANT,
};

struct pg_type {
    enum pg_form form;
    enum assay_layout layout;
    uint8_t scale;
};
/** By the base type's oid and typmod (a domain's own base is looked up before). */
struct pg_type pg_type_of(uint32_t oid, int32_t typmod);

/** Append the SELECT list's expression for a column. */
void pg_append_column(struct assay_buf *sql, enum pg_form form, const char *name);

enum pg_outcome {
    PG_VALUE,
    PG_OUT_OF_RANGE /* beyond what the layout holds: to be NULL and counted */,
    PG_MALFORMED
};
/** Decode a binary value (all forms but texts and bytes, whose bytes are the value) to *value; NaN
 * and infinities as special.h says. */
enum pg_outcome pg_decode(const struct pg_type *type, const unsigned char *data, size_t size,
                          void *value);
/** numeric's binary form × 10^scale; NaN and infinities as of DECIMAL128. */
enum pg_outcome pg_decode_numeric(const unsigned char *data, size_t size, unsigned scale,
                                  assay_i128 *ret_value);

#endif
