/* Bodies into rows: a table of writable keys checks each value, binds it to its column, and gives
 * the OpenAPI schema of the body. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CATALOG_WRITE_H
#define ASSAY_CATALOG_WRITE_H

#include "common/json/json.h"
#include "scheduler/catalog/query.h"

enum assay_write_kind {
    ASSAY_WRITE_TEXT, /* max = characters, 0 = 255 */
    ASSAY_WRITE_INT,  /* min … max */
    ASSAY_WRITE_REAL, /* min … max */
    ASSAY_WRITE_BOOL,
    ASSAY_WRITE_CHOICE, /* one of choices */
    ASSAY_WRITE_OBJECT, /* any JSON object, kept as text */
    ASSAY_WRITE_LIST,   /* a JSON list of texts, kept as text */
};

struct assay_writable {
    const char *key;    /* of the body */
    const char *column; /* NULL = not a column: for the schema and the check alone */
    enum assay_write_kind kind;
    bool required; /* on creation */
    bool nullable; /* null is a value; otherwise null counts as absent */
    int64_t min, max;
    const char *choices; /* "a|b" */
    const char *doc;
    const char *types; /* requests: the types that take the key, "a|b"; NULL = all */
    bool later;        /* requests: known of the platform, and not built (not in OpenAPI) */
};

/** Is every given value of its kind? creating: are the required ones there? Unknown keys are let
 *  through (read-modify-write clients). ASSAY_INVALID, beginning with the key in quotes. */
ASSAY_MUST_CHECK int assay_write_check(const struct assay_writable *writables, const json_t *body,
                                       bool creating, struct assay_error *err);

/** The same for a request: a key that the table lacks, or has for other types than this one, is
 *  refused with the nearest name, for an option that nobody reads would be taken for obeyed. Of
 *  keys that are not built only what asks for nothing passes (null, false, "none");
 *  ASSAY_UNSUPPORTED for the others. */
ASSAY_MUST_CHECK int assay_write_check_request(const struct assay_writable *writables,
                                               const char *type, const json_t *body,
                                               struct assay_error *err);

/** A column that the body does not give. */
struct assay_write_fixed {
    const char *column;
    struct assay_db_value value;
};

/** INSERT with the given keys and the fixed columns (ends with column NULL). Checks first. */
ASSAY_MUST_CHECK int assay_write_insert(struct assay_db_conn *conn, const char *table,
                                        const struct assay_writable *writables, const json_t *body,
                                        const struct assay_write_fixed *fixed, int64_t *ret_id,
                                        struct assay_error *err);
/** UPDATE of the given keys and the fixed columns, by id; keys that are absent stay. Checks first.
 *  ASSAY_NOT_FOUND. */
ASSAY_MUST_CHECK int assay_write_update(struct assay_db_conn *conn, const char *table, int64_t id,
                                        const struct assay_writable *writables, const json_t *body,
                                        const struct assay_write_fixed *fixed,
                                        struct assay_error *err);

/** DELETE by id; `noun` for the message. ASSAY_NOT_FOUND. */
ASSAY_MUST_CHECK int assay_write_delete(struct assay_db_conn *conn, const char *table, int64_t id,
                                        const char *noun, struct assay_error *err);

#endif
