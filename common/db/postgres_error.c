// Errors of PostgreSQL: from SQLSTATE to our codes.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "common/db/postgres.h"

/* The longest prefix that is listed decides. */
static const struct state_row {
    const char *prefix;
    int code;
} state_rows[] = {
    {"23505", ASSAY_CONFLICT},    {"23503", ASSAY_CONFLICT}, /* unique, foreign key */
    {"40", ASSAY_TRANSIENT},                                 /* serialization failure, deadlock */
    {"55P03", ASSAY_TRANSIENT},                              /* lock_timeout */
    {"57014", ASSAY_TIMEOUT},                                /* statement_timeout */
    {"57P", ASSAY_UNAVAILABLE},   {"08", ASSAY_UNAVAILABLE}, /* shutting down, connection */
    {"25P03", ASSAY_UNAVAILABLE}, {"25006", ASSAY_UNAVAILABLE}, /* idle in transaction; a standby */
    {"53300", ASSAY_UNAVAILABLE},                               /* too many connections */
    {"53", ASSAY_TRANSIENT},                                    /* disk, memory */
    {"28", ASSAY_DENIED},         {"42501", ASSAY_DENIED},
};

static int code_of(const char *sqlstate)
{
    size_t best = 0;
    int code = ASSAY_INTERNAL;
    for (size_t i = 0; i < ASSAY_COUNT(state_rows); i++) {
        const size_t size = strlen(state_rows[i].prefix);
        if (size > best && !strncmp(sqlstate, state_rows[i].prefix, size)) {
            best = size;
            code = state_rows[i].code;
        }
    }
    return code;
}

int assay_postgres_lost(struct assay_db_conn *conn, const char *doing, struct assay_error *err)
{
    conn->broken = true;
    const char *why = conn->handle ? PQerrorMessage(conn->handle) : "";
    const size_t size = strcspn(why, "\n");
    return assay_fail(err, ASSAY_UNAVAILABLE, "%s: the connection is lost: %.*s", doing, (int)size,
                      why);
}

int assay_postgres_fail(struct assay_db_conn *conn, const PGresult *result, struct assay_error *err)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (!sqlstate)
        return assay_postgres_lost(conn, "catalog", err);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const int code = code_of(sqlstate);
    if (PQstatus(conn->handle) == CONNECTION_BAD)
        conn->broken = true;
    (void)assay_fail(err, code, "catalog: %s", message ? message : "error without a message");
    if (err && !*err->sqlstate)
        (void)snprintf(err->sqlstate, sizeof err->sqlstate, "%s", sqlstate);
    return code;
}
