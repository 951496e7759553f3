// Listing a schema and describing its relations.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/connect/postgres_catalog.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/memory.h"

enum { CATALOG_TIMEOUT_MS = 60000 };

static const struct {
    char kind;
    const char *container_type, *words;
} kinds[] = {
    {'f', "table", "foreign table"},
    {'m', "view", "materialized view"},
    {'p', "table", "partitioned table"},
    {'r', "table", "table"},
    {'v', "view", "view"},
};

void pg_relation_release(struct pg_relation *relation)
{
    for (size_t i = 0; i < relation->columns_count; i++) {
        assay_free(relation->columns[i].name);
        assay_free(relation->columns[i].native_type);
    }
    assay_free(relation->columns);
    assay_free(relation->schema);
    assay_free(relation->name);
    *relation = (struct pg_relation){0};
}

ptrdiff_t pg_relation_column(const struct pg_relation *relation, const char *name)
{
    for (size_t i = 0; i < relation->columns_count; i++)
        if (strcmp(relation->columns[i].name, name) == 0)
            return (ptrdiff_t)i;
    return -1;
}

void pg_append_relation(struct assay_buf *sql, const struct pg_relation *relation)
{
    assay_sql_quote(sql, relation->schema);
    assay_buf_char(sql, '.');
    assay_sql_quote(sql, relation->name);
}

static const char *cell(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
}

/* oid and relkind of one relation; *ret_found false when there is none. */
static int find_oid(struct pg_session *session, const char *schema, const char *name,
                    struct pg_relation *relation, bool *ret_found, struct assay_error *err)
{
    const char *const params[] = {schema, name};
    ASSAY_SCOPED(pg_clear) PGresult *result = NULL;
    ASSAY_TRY(pg_query(
        session,
        "SELECT c.oid, c.relkind FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON "
        "n.oid = "
        "c.relnamespace WHERE n.nspname::text = $1 AND c.relname::text = $2 AND c.relkind IN "
        "('r', 'p', 'v', 'm', 'f')",
        params, 2, CATALOG_TIMEOUT_MS, "looking the container up", &result, err));
    *ret_found = PQntuples(result) == 1;
    if (!*ret_found)
        return ASSAY_OK;
    relation->oid = (uint32_t)strtoul(cell(result, 0, 0), NULL, 10);
    relation->kind = *cell(result, 0, 1);
    relation->schema = assay_strdup(schema);
    relation->name = assay_strdup(name);
    return relation->schema && relation->name ? ASSAY_OK : assay_fail_memory(err);
}

/* A domain's base type decides how its values travel; its own name is shown. */
static const char columns_sql[] = "WITH RECURSIVE base AS (SELECT a.attnum, a.attname::text, "
                                  "pg_catalog.format_type(a.atttypid, a.atttypmod) AS shown, "
                                  "a.attnotnull, t.oid, t.typtype, t.typbasetype, CASE WHEN "
                                  "t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END AS "
                                  "typmod FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t "
                                  "ON t.oid = a.atttypid WHERE a.attrelid = $1::oid AND "
                                  "a.attnum > 0 AND NOT a.attisdropped UNION ALL SELECT b.attnum, "
                                  "b.attname, b.shown, b.attnotnull, t.oid, t.typtype, "
                                  "t.typbasetype, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE "
                                  "b.typmod END FROM base b JOIN pg_catalog.pg_type t ON "
                                  "t.oid = b.typbasetype WHERE b.typtype = 'd') SELECT attname, "
                                  "shown, attnotnull, oid, typmod FROM base WHERE typtype "
                                  "<> 'd' ORDER BY attnum";

static int read_columns(struct pg_session *session, struct pg_relation *relation,
                        struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf oid = {0};
    assay_buf_printf(&oid, "%u", relation->oid);
    const char *const params[] = {assay_buf_str(&oid)};
    ASSAY_SCOPED(pg_clear) PGresult *result = NULL;
    ASSAY_TRY(pg_query(session, columns_sql, params, 1, CATALOG_TIMEOUT_MS,
                       "describing the container", &result, err));
    const int count = PQntuples(result);
    relation->columns = assay_calloc((size_t)count + 1, sizeof *relation->columns);
    if (!relation->columns)
        return assay_fail_memory(err);
    for (int i = 0; i < count; i++) {
        struct pg_column *column = &relation->columns[relation->columns_count++];
        column->name = assay_strdup(cell(result, i, 0));
        column->native_type = assay_strdup(cell(result, i, 1));
        column->nullable = *cell(result, i, 2) == 'f';
        column->type = pg_type_of((uint32_t)strtoul(cell(result, i, 3), NULL, 10),
                                  (int32_t)strtol(cell(result, i, 4), NULL, 10));
        if (!column->name || !column->native_type)
            return assay_fail_memory(err);
    }
    return ASSAY_OK;
}

static int find_split_name(struct pg_session *session, const char *name,
                           struct pg_relation *relation, bool *ret_found, struct assay_error *err)
{
    const char *point = strchr(name, '.');
    if (!point)
        return ASSAY_OK;
    ASSAY_AUTO(assay_free_text) char *schema = assay_strndup(name, (size_t)(point - name));
    if (!schema)
        return assay_fail_memory(err);
    return find_oid(session, schema, point + 1, relation, ret_found, err);
}

int pg_relation_find(struct pg_session *session, const char *schema, const json_t *container,
                     struct pg_relation *ret_relation, struct assay_error *err)
{
    const char *name = NULL;
    bool found = false;
    ASSAY_SCOPED(pg_relation_release) struct pg_relation relation = {0};
    ASSAY_TRY(assay_json_need_str(container, "name", &name, err));
    schema = assay_json_str(container, "schema", schema);
    ASSAY_TRY(find_oid(session, schema, name, &relation, &found, err));
    if (!found)
        ASSAY_TRY(find_split_name(session, name, &relation, &found, err));
    if (!found)
        return assay_fail(
            err, ASSAY_NOT_FOUND,
            "schema %s has no table or view named %s that this user sees: check its name", schema,
            name);
    ASSAY_TRY(read_columns(session, &relation, err));
    *ret_relation = relation;
    relation = (struct pg_relation){0};
    return ASSAY_OK;
}

/* --- listing --- */

/* Estimates and sizes without any lock: from pg_class; of a partitioned table the sums over its
 * partitions. */
static const char list_sql[] =
    "WITH RECURSIVE part AS (SELECT c.oid AS root, c.oid FROM pg_catalog.pg_class c JOIN "
    "pg_catalog.pg_namespace n ON "
    "n.oid = c.relnamespace WHERE n.nspname::text = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') "
    "AND NOT "
    "c.relispartition UNION ALL SELECT p.root, i.inhrelid FROM part p JOIN pg_catalog.pg_inherits "
    "i ON i.inhparent = "
    "p.oid JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition), total AS "
    "(SELECT p.root, "
    "sum(CASE WHEN c.relkind IN ('r', 'm', 'f') THEN c.reltuples END) AS records, "
    "bool_or(c.reltuples < 0 AND c.relkind "
    "IN ('r', 'm', 'f')) AS unknown, sum(CASE WHEN c.relkind IN ('r', 'm') THEN c.relpages END) AS "
    "pages FROM part p "
    "JOIN pg_catalog.pg_class c ON c.oid = p.oid GROUP BY p.root) SELECT c.relname::text, "
    "c.relkind, CASE WHEN "
    "t.records IS NULL OR t.unknown THEN -1 ELSE t.records END::bigint, coalesce(t.pages * "
    "pg_catalog.current_setting('block_size')::bigint, -1)::bigint, "
    "pg_catalog.obj_description(c.oid, 'pg_class') FROM "
    "total t JOIN pg_catalog.pg_class c ON c.oid = t.root ORDER BY c.relname::text COLLATE \"C\"";

static int check_schema(struct pg_session *session, const char *schema, struct assay_error *err)
{
    const char *const params[] = {schema};
    ASSAY_SCOPED(pg_clear) PGresult *result = NULL;
    ASSAY_TRY(pg_query(
        session,
        "SELECT pg_catalog.has_schema_privilege(oid, 'USAGE') FROM pg_catalog.pg_namespace WHERE "
        "nspname::text = $1",
        params, 1, CATALOG_TIMEOUT_MS, "looking the schema up", &result, err));
    if (!PQntuples(result))
        return assay_fail(err, ASSAY_NOT_FOUND, "the database has no schema named %s", schema);
    if (*cell(result, 0, 0) != 't')
        return assay_fail(err, ASSAY_DENIED, "USAGE on schema %s is not granted", schema);
    return ASSAY_OK;
}

static int emit(const PGresult *result, int row, const json_t *options, assay_found_fn *found_fn,
                void *context, struct assay_error *err)
{
    const char kind = *cell(result, row, 1);
    size_t at = 0;
    while (at < ASSAY_COUNT(kinds) && kinds[at].kind != kind)
        at++;
    if (at == ASSAY_COUNT(kinds) || !assay_list_includes(options, kinds[at].container_type))
        return ASSAY_OK;
    const char *comment = cell(result, row, 4);
    struct assay_found found = {
        .name = assay_strdup(cell(result, row, 0)),
        .container_type = assay_strdup(kinds[at].container_type),
        .records_estimate = strtoll(cell(result, row, 2), NULL, 10),
        .size_bytes = strtoll(cell(result, row, 3), NULL, 10),
        .modified_us = -1,
        .details =
            json_pack("{s:s, s:o}", "kind", kinds[at].words, "comment",
                      comment ? assay_json_safe_string(comment, strlen(comment)) : json_null())};
    const int rc = found.name && found.container_type && found.details
                       ? found_fn(&found, context, err)
                       : assay_fail_memory(err);
    assay_found_release(&found);
    return rc;
}

int pg_list(struct pg_session *session, const char *schema, const json_t *options,
            assay_found_fn *found, void *context, struct assay_error *err)
{
    const char *const params[] = {schema};
    ASSAY_TRY(check_schema(session, schema, err));
    ASSAY_SCOPED(pg_clear) PGresult *result = NULL;
    ASSAY_TRY(
        pg_query(session, list_sql, params, 1, CATALOG_TIMEOUT_MS, "listing tables", &result, err));
    for (int row = 0; row < PQntuples(result); row++)
        ASSAY_TRY(emit(result, row, options, found, context, err));
    return ASSAY_OK;
}
