// SQLSTATE classes, and messages without secrets.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/connect/postgres_error.h"

#include <stdio.h>
#include <string.h>

/* The longest matching prefix counts (PostgreSQL 15, appendix A). */
static const struct {
    const char *prefix;
    int code;
} classes[] = {
    {"08", ASSAY_UNAVAILABLE},  {"22", ASSAY_FORMAT},       {"25006", ASSAY_DENIED},
    {"28", ASSAY_DENIED},       {"3D000", ASSAY_NOT_FOUND}, {"3F000", ASSAY_NOT_FOUND},
    {"40", ASSAY_TRANSIENT},    {"42501", ASSAY_DENIED},    {"42703", ASSAY_SCHEMA_CHANGED},
    {"42P01", ASSAY_NOT_FOUND}, {"53", ASSAY_TRANSIENT},    {"55P03", ASSAY_TRANSIENT},
    {"57014", ASSAY_TIMEOUT},   {"57P", ASSAY_UNAVAILABLE}, {"58", ASSAY_IO},
    {"XX", ASSAY_IO},           {"0A", ASSAY_UNSUPPORTED},
};

int pg_code(const char *sqlstate)
{
    int code = ASSAY_INVALID;
    size_t longest = 0;
    for (size_t i = 0; i < ASSAY_COUNT(classes); i++) {
        const size_t size = strlen(classes[i].prefix);
        if (size > longest && strncmp(sqlstate, classes[i].prefix, size) == 0) {
            longest = size;
            code = classes[i].code;
        }
    }
    return code;
}

/* Overwrite every secret that a text holds. */
static void hide_secrets(const struct pg_session *session, char *text)
{
    for (size_t i = 0; i < ASSAY_COUNT(session->secrets); i++) {
        const char *secret = session->secrets[i];
        const size_t size = secret ? strlen(secret) : 0;
        for (char *at = text; size && (at = strstr(at, secret)); at += size)
            memset(at, '*', size);
    }
}

/* One line, without the severity that libpq puts in front, without "(SQLSTATE)" lines behind. */
static void first_line(const char *message, char *line, size_t size)
{
    (void)snprintf(line, size, "%.*s", (int)strcspn(message, "\n"), message);
}

int pg_fail(struct pg_session *session, const PGresult *result, const char *doing,
            struct assay_error *err)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *primary = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    const char *detail = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL) : NULL;
    const int code = state ? pg_code(state) : ASSAY_UNAVAILABLE;
    char line[400];
    first_line(primary ? primary : PQerrorMessage(session->conn), line, sizeof line);
    hide_secrets(session, line);
    if (err && err->code == ASSAY_OK && state)
        (void)snprintf(err->sqlstate, sizeof err->sqlstate, "%s", state);
    const char *shown = *line ? line : "the server closed the connection";
    return code == ASSAY_TIMEOUT
               ? assay_fail(err, code,
                            "%s: %s (statement_timeout of the server or of the connection)", doing,
                            shown)
           : detail && code != ASSAY_FORMAT && strlen(detail) < 200
               ? assay_fail(err, code, "%s: %s: %s", doing, shown, detail)
               : assay_fail(err, code, "%s: %s", doing, shown);
}

/* In verbose messages the SQLSTATE stands behind the severity: "FATAL:  28P01: password …". */
static const char *find_state(const char *message, char state[6])
{
    for (const char *at = message; (at = strstr(at, ":  ")); at += 3) {
        const size_t size = strspn(at + 3, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        if (size == 5 && at[8] == ':') {
            memcpy(state, at + 3, 5);
            state[5] = '\0';
            return at + 10;
        }
    }
    return NULL;
}

/* What libpq itself says while connecting, before any server gave a SQLSTATE. The first row that
 * fits counts. */
static const struct {
    const char *fragment;
    int code;
} libpq_words[] = {
    {"no password supplied", ASSAY_DENIED},
    {"certificate verify failed", ASSAY_DENIED},
    {"does not match host name", ASSAY_DENIED},
    {"certificate", ASSAY_INVALID}, /* a file that is missing or cannot be read */
    {"private key", ASSAY_INVALID},
    {"does not support SSL", ASSAY_INVALID},
    {"channel binding", ASSAY_INVALID},
    {"failed:", ASSAY_UNAVAILABLE}, /* connection to server at …, port … failed: … */
    {"could not translate", ASSAY_UNAVAILABLE},
    {"server closed", ASSAY_UNAVAILABLE},
    {"out of memory", ASSAY_NO_MEMORY},
    {"", ASSAY_INVALID}, /* what is left are options that libpq does not take */
};

static int code_of_words(const char *message)
{
    size_t i = 0;
    while (!strstr(message, libpq_words[i].fragment))
        i++;
    return libpq_words[i].code;
}

int pg_fail_connect(struct pg_session *session, struct assay_error *err)
{
    const char *message = PQerrorMessage(session->conn);
    char state[6] = "", line[400];
    const char *said = find_state(message, state);
    first_line(said ? said : message, line, sizeof line);
    hide_secrets(session, line);
    if (err && err->code == ASSAY_OK && said)
        memcpy(err->sqlstate, state, sizeof state);
    return assay_fail(err, said ? pg_code(state) : code_of_words(message), "connecting: %s",
                      *line ? line : "the server gave no answer");
}
