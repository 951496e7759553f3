// Ranges of an incremental field in PostgreSQL.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/connect/postgres_range.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/memory.h"

enum { WATERMARK_TIMEOUT_MS = 600000 };

static int find_column(const struct pg_relation *relation, const char *field,
                       const struct pg_column **ret_column, struct assay_error *err)
{
    const ptrdiff_t at = pg_relation_column(relation, field);
    if (at < 0)
        return assay_fail(err, ASSAY_NOT_FOUND, "%s has no column %s", relation->name, field);
    *ret_column = &relation->columns[at];
    return ASSAY_OK;
}

/* COPY takes no parameters: the server's own library quotes the value. */
static int append_value(struct pg_session *session, const struct pg_column *column,
                        const char *value, struct assay_buf *sql, struct assay_error *err)
{
    char *quoted = PQescapeLiteral(session->conn, value, strlen(value));
    if (!quoted)
        return assay_fail(err, ASSAY_INVALID, "a value of %s is no text: %s", column->name,
                          PQerrorMessage(session->conn));
    assay_buf_printf(sql, "%s::%s", quoted, column->native_type);
    PQfreemem(quoted);
    return ASSAY_OK;
}

int pg_append_range(struct pg_session *session, const struct pg_relation *relation,
                    const json_t *range, struct assay_buf *sql, struct assay_error *err)
{
    const char *field = NULL, *after = assay_json_str(range, "after", NULL),
               *to = assay_json_str(range, "to", NULL);
    const struct pg_column *column = NULL;
    ASSAY_TRY(assay_json_need_str(range, "field", &field, err));
    ASSAY_TRY(find_column(relation, field, &column, err));
    if (after) {
        assay_buf_text(sql, " AND ");
        assay_sql_quote(sql, field);
        assay_buf_text(sql, " > ");
        ASSAY_TRY(append_value(session, column, after, sql, err));
    }
    if (to) {
        assay_buf_text(sql, " AND (");
        assay_sql_quote(sql, field);
        assay_buf_text(sql, " > ");
        ASSAY_TRY(append_value(session, column, to, sql, err));
        assay_buf_text(sql, ") IS NOT TRUE"); /* nulls are in the first range */
    }
    return ASSAY_OK;
}

static void append_query(const struct pg_relation *relation, const struct pg_column *column,
                         bool counted, struct assay_buf *sql)
{
    assay_buf_text(sql, "SELECT (SELECT pg_catalog.max(");
    assay_sql_quote(sql, column->name);
    assay_buf_text(sql, ")::pg_catalog.text FROM ");
    pg_append_relation(sql, relation);
    assay_buf_text(sql, ")");
    if (!counted)
        return;
    assay_buf_text(sql, ", (SELECT pg_catalog.count(*) FROM ");
    pg_append_relation(sql, relation);
    assay_buf_text(sql, " WHERE (");
    assay_sql_quote(sql, column->name);
    assay_buf_printf(sql, " > $1::%s) IS NOT TRUE)", column->native_type);
}

int pg_watermark(struct pg_session *session, const struct pg_relation *relation, const char *field,
                 const char *until, struct assay_watermark *ret_mark, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    ASSAY_SCOPED(pg_clear) PGresult *result = NULL;
    const struct pg_column *column = NULL;
    const char *const params[] = {until};
    ASSAY_TRY(find_column(relation, field, &column, err));
    append_query(relation, column, until != NULL, &sql);
    ASSAY_TRY(assay_buf_check(&sql, err));
    ASSAY_TRY(pg_query(session, assay_buf_str(&sql), params, until ? 1 : 0, WATERMARK_TIMEOUT_MS,
                       "looking at the incremental field", &result, err));
    struct assay_watermark mark = {0};
    if (until)
        mark.records = strtoull(PQgetvalue(result, 0, 1), NULL, 10);
    if (!PQgetisnull(result, 0, 0) && !(mark.top = assay_strdup(PQgetvalue(result, 0, 0))))
        return assay_fail_memory(err);
    *ret_mark = mark;
    return ASSAY_OK;
}
