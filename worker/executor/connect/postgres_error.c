// SQLSTATE classes, and messages without secrets.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/connect/postgres_error.h"

#include <stdio.h>
#include <string.h>

/* The longest matching prefix counts (PostgreSQL 15, appendix A). */
static const struct state_class {
    const char *prefix;
    int code;
    const char *remedy; /* NULL = what the server says is all there is */
} classes[] = {
    {"08", ASSAY_UNAVAILABLE, "try again when the server can be reached"},
    {"0A", ASSAY_UNSUPPORTED, NULL},
    {"22", ASSAY_FORMAT, NULL},
    {"25006", ASSAY_DENIED, NULL},
    {"28", ASSAY_DENIED, "check user and password, and pg_hba.conf of the server"},
    {"3D000", ASSAY_NOT_FOUND, "check the name of the database in the address"},
    {"3F000", ASSAY_NOT_FOUND, "check the name of the schema"},
    {"40", ASSAY_TRANSIENT, "try again"},
    {"42501", ASSAY_DENIED, "grant the user SELECT on it"},
    {"42703", ASSAY_SCHEMA_CHANGED, "sync again: its columns changed"},
    {"42P01", ASSAY_NOT_FOUND, "check schema and name"},
    {"53", ASSAY_TRANSIENT, "try again when the server has less to do"},
    {"55P03", ASSAY_TRANSIENT, "try again when the lock on it is gone"},
    {"57014", ASSAY_TIMEOUT, "raise statement_timeout of the server or of the connection"},
    {"57P", ASSAY_UNAVAILABLE, "try again when the server is up"},
    {"58", ASSAY_IO, "see the server's log"},
    {"XX", ASSAY_IO, "see the server's log"},
};

/* NULL where none fits. */
static const struct state_class *class_of(const char *sqlstate)
{
    const struct state_class *found = NULL;
    size_t longest = 0;
    for (size_t i = 0; i < ASSAY_COUNT(classes); i++) {
        const size_t size = strlen(classes[i].prefix);
        if (size > longest && strncmp(sqlstate, classes[i].prefix, size) == 0) {
            longest = size;
            found = &classes[i];
        }
    }
    return found;
}

int pg_code(const char *sqlstate)
{
    const struct state_class *found = class_of(sqlstate);
    return found ? found->code : ASSAY_INVALID;
}

static const char *state_remedy(const char *sqlstate)
{
    const struct state_class *found = sqlstate ? class_of(sqlstate) : NULL;
    return found ? found->remedy : NULL;
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
    const bool say_detail = detail && code != ASSAY_FORMAT && strlen(detail) < 200;
    const char *remedy = state ? state_remedy(state) : "try again when the server is up";
    return assay_fail(err, code, "%s: %s%s%s%s%s", doing, shown, say_detail ? ": " : "",
                      say_detail ? detail : "", remedy ? ": " : "", remedy ? remedy : "");
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
static const struct libpq_words {
    const char *fragment;
    int code;
    const char *remedy;
} libpq_words[] = {
    {"no password supplied", ASSAY_DENIED,
     "give it in PGPASSWORD, in .pgpass, or in the connection"},
    {"certificate verify failed", ASSAY_DENIED, "check sslrootcert"},
    {"does not match host name", ASSAY_DENIED, "check the host name, or sslmode"},
    /* a file that is missing or cannot be read */
    {"certificate", ASSAY_INVALID, "check sslrootcert, sslcert and sslkey"},
    {"private key", ASSAY_INVALID, "check sslkey"},
    {"does not support SSL", ASSAY_INVALID, "check sslmode"},
    {"channel binding", ASSAY_INVALID, "check channel_binding"},
    /* connection to server at …, port … failed: … */
    {"failed:", ASSAY_UNAVAILABLE, "check host and port, and that the server runs"},
    {"could not translate", ASSAY_UNAVAILABLE, "check the name of the host"},
    {"server closed", ASSAY_UNAVAILABLE, "try again when the server is up"},
    {"out of memory", ASSAY_NO_MEMORY, "try again with more memory"},
    /* what is left are options that libpq does not take */
    {"", ASSAY_INVALID, "check the parameters of the address"},
};

static const struct libpq_words *words_of(const char *message)
{
    size_t i = 0;
    while (!strstr(message, libpq_words[i].fragment))
        i++;
    return &libpq_words[i];
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
    const struct libpq_words *words = words_of(message);
    const char *remedy = said ? state_remedy(state) : words->remedy;
    return assay_fail(err, said ? pg_code(state) : words->code, "connecting: %s%s%s",
                      *line ? line : "the server gave no answer", remedy ? ": " : "",
                      remedy ? remedy : "");
}
