/* PostgreSQL's catalogue: what a schema holds, and a relation's columns. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CONNECT_POSTGRES_CATALOG_H
#define ASSAY_CONNECT_POSTGRES_CATALOG_H

#include "worker/executor/connect/connector.h"
#include "worker/executor/connect/postgres_session.h"
#include "worker/executor/connect/postgres_types.h"

struct pg_column {
    char *name, *native_type;
    bool nullable;
    struct pg_type type;
};

/** A table, view or the like. pg_relation_release(). */
struct pg_relation {
    char *schema, *name;
    char kind; /* pg_class.relkind */
    uint32_t oid;
    struct pg_column *columns;
    size_t columns_count;
};
void pg_relation_release(struct pg_relation *relation);

/** Look a container up: its "name" in `schema`, or where there is none, "schema.name" split at the
 * first point. ASSAY_NOT_FOUND, ASSAY_INVALID. */
ASSAY_MUST_CHECK int pg_relation_find(struct pg_session *session, const char *schema,
                                      const json_t *container, struct pg_relation *ret_relation,
                                      struct assay_error *err);
/** Index of the column of that exact name, or -1. */
ptrdiff_t pg_relation_column(const struct pg_relation *relation, const char *name);
/** Append "schema"."name". */
void pg_append_relation(struct assay_buf *sql, const struct pg_relation *relation);

/** Every table and view of the schema in name order (C collation); partitions not besides their
 * parents. */
ASSAY_MUST_CHECK int pg_list(struct pg_session *session, const char *schema, const json_t *options,
                             assay_found_fn *found, void *context, struct assay_error *err);
/** As connector.h's plan: bounds over blocks, {"relation": {"schema", "name"}, "from", "to"}. */
ASSAY_MUST_CHECK int pg_plan(struct pg_session *session, const struct pg_relation *relation,
                             const struct assay_plan_goal *goal, json_t **ret_groups,
                             struct assay_error *err);

#endif
