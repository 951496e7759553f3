// The `postgresql` connector.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/connect/postgresql.h"

#include <stdio.h>
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/connect/postgres_range.h"
#include "worker/executor/connect/postgres_reader.h"

enum { PING_TIMEOUT_MS = 20000 };

struct pg_conn {
    struct assay_conn base;
    struct pg_session session;
    char *schema;
};

static void pg_close(struct assay_conn *base)
{
    struct pg_conn *conn = (struct pg_conn *)base;
    if (!conn)
        return;
    pg_session_close(&conn->session);
    assay_free(conn->schema);
    assay_free(conn);
}

static int pg_open(const json_t *properties, int64_t timeout_ms, const atomic_bool *cancelled,
                   struct assay_conn **ret_conn, struct assay_error *err)
{
    struct pg_conn *conn = assay_calloc(1, sizeof *conn);
    if (!conn)
        return assay_fail_memory(err);
    conn->base = (struct assay_conn){&assay_postgresql_connector, cancelled};
    conn->schema = assay_strdup(assay_json_str(properties, "schema", "public"));
    const int rc = conn->schema
                       ? pg_session_open(&conn->session, properties, timeout_ms, cancelled, err)
                       : assay_fail_memory(err);
    if (rc != ASSAY_OK) {
        pg_close(&conn->base);
        return rc;
    }
    *ret_conn = &conn->base;
    return ASSAY_OK;
}

static int pg_ping(struct assay_conn *base, char **ret_product, struct assay_error *err)
{
    struct pg_conn *conn = (struct pg_conn *)base;
    ASSAY_SCOPED(pg_clear) PGresult *result = NULL;
    ASSAY_TRY(pg_query(&conn->session, "SHOW server_version", NULL, 0, PING_TIMEOUT_MS,
                       "asking for the version", &result, err));
    const char *version = PQgetvalue(result, 0, 0);
    struct assay_buf product = {0}; /* without the packager's words: "15.18 (Debian …)" */
    assay_buf_printf(&product, "PostgreSQL %.*s", (int)strcspn(version, " "), version);
    char *text = assay_buf_take(&product);
    if (!text)
        return assay_fail_memory(err);
    *ret_product = text;
    return ASSAY_OK;
}

static int pg_list_containers(struct assay_conn *base, const json_t *options, assay_found_fn *found,
                              void *context, struct assay_error *err)
{
    struct pg_conn *conn = (struct pg_conn *)base;
    return pg_list(&conn->session, conn->schema, options, found, context, err);
}

static int add_field(struct assay_schema *schema, const struct pg_column *column,
                     struct assay_error *err)
{
    struct assay_field *field =
        assay_schema_add(schema, column->name, column->native_type,
                         assay_layout_type(column->type.layout), column->type.layout);
    if (!field)
        return assay_fail_memory(err);
    field->scale = column->type.scale;
    field->nullable = column->nullable;
    return ASSAY_OK;
}

static int pg_describe(struct assay_conn *base, const json_t *container,
                       const json_t *reader_options, struct assay_schema *ret_schema,
                       struct assay_error *err)
{
    (void)reader_options;
    struct pg_conn *conn = (struct pg_conn *)base;
    ASSAY_SCOPED(pg_relation_release) struct pg_relation relation = {0};
    ASSAY_SCOPED(assay_schema_release) struct assay_schema schema = {0};
    ASSAY_TRY(pg_relation_find(&conn->session, conn->schema, container, &relation, err));
    for (size_t i = 0; i < relation.columns_count; i++)
        ASSAY_TRY(add_field(&schema, &relation.columns[i], err));
    *ret_schema = schema;
    schema = (struct assay_schema){0};
    return ASSAY_OK;
}

static int pg_read(struct assay_conn *base, const json_t *container, const json_t *reader_options,
                   const struct assay_split *split, const char *const *fields, size_t fields_count,
                   struct assay_reader **ret_reader, struct assay_error *err)
{
    (void)reader_options;
    struct pg_conn *conn = (struct pg_conn *)base;
    ASSAY_SCOPED(pg_relation_release) struct pg_relation relation = {0};
    ASSAY_TRY(pg_relation_find(&conn->session, conn->schema, container, &relation, err));
    const json_t *bounds = split && !json_is_null(split->bounds) ? split->bounds : NULL;
    return pg_reader_open(&conn->session, &relation, bounds, fields, fields_count, base->cancelled,
                          ret_reader, err);
}

static int pg_plan_split(struct assay_conn *base, const json_t *container,
                         const json_t *reader_options, const struct assay_plan_goal *goal,
                         json_t **ret_groups, struct assay_error *err)
{
    (void)reader_options;
    struct pg_conn *conn = (struct pg_conn *)base;
    ASSAY_SCOPED(pg_relation_release) struct pg_relation relation = {0};
    ASSAY_TRY(pg_relation_find(&conn->session, conn->schema, container, &relation, err));
    return pg_plan(&conn->session, &relation, goal, ret_groups, err);
}

static int pg_find_watermark(struct assay_conn *base, const json_t *container, const char *field,
                             const char *until, struct assay_watermark *ret_mark,
                             struct assay_error *err)
{
    struct pg_conn *conn = (struct pg_conn *)base;
    ASSAY_SCOPED(pg_relation_release) struct pg_relation relation = {0};
    ASSAY_TRY(pg_relation_find(&conn->session, conn->schema, container, &relation, err));
    return pg_watermark(&conn->session, &relation, field, until, ret_mark, err);
}

const struct assay_connector assay_postgresql_connector = {
    .name = "postgresql",
    .open = pg_open,
    .close = pg_close,
    .ping = pg_ping,
    .list = pg_list_containers,
    .describe = pg_describe,
    .read = pg_read,
    .plan = pg_plan_split,
    .watermark = pg_find_watermark,
    .quote = assay_sql_quote,
};
