/* A session with a PostgreSQL server that never blocks for longer than it is told. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CONNECT_POSTGRES_SESSION_H
#define ASSAY_CONNECT_POSTGRES_SESSION_H

#include <libpq-fe.h>
#include <stdatomic.h>
#include <stdint.h>

#include "common/base/error.h"
#include "common/json/json.h"

/** One connection. One thread. */
struct pg_session {
    PGconn *conn;
    const atomic_bool *cancelled; /* NULL, or looked at every 100 ms while waiting */
    char *secrets[4]; /* password and what else must not stand in messages; wiped at the end */
    int64_t read_timeout_ms; /* without a byte from the server while rows are read */
    bool busy;               /* a COPY is running */
};

/** Connect and set the session up: UTC, ISO dates, read only, UTF-8. properties: those of the
 * definition. timeout_ms bounds the whole (name resolution apart, which libpq does blocking).
 * pg_session_close() in any case. ASSAY_INVALID, ASSAY_DENIED, ASSAY_NOT_FOUND, ASSAY_UNAVAILABLE,
 * ASSAY_TIMEOUT, ASSAY_CANCELLED. */
ASSAY_MUST_CHECK int pg_session_open(struct pg_session *session, const json_t *properties,
                                     int64_t timeout_ms, const atomic_bool *cancelled,
                                     struct assay_error *err);
void pg_session_close(struct pg_session *session);

/** Run one statement with text parameters and hold its result: PQclear(). Gives up (and asks the
 * server to stop) after timeout_ms or when cancelled. `doing` begins an error's text ("listing
 * tables"). */
ASSAY_MUST_CHECK int pg_query(struct pg_session *session, const char *sql,
                              const char *const *params, int params_count, int64_t timeout_ms,
                              const char *doing, PGresult **ret_result, struct assay_error *err);

/** Start COPY … TO STDOUT; then rows by pg_copy_next() until *ret_size is -1. */
ASSAY_MUST_CHECK int pg_copy_start(struct pg_session *session, const char *sql, const char *doing,
                                   struct assay_error *err);
/** The next message: *ret_data is the caller's (PQfreemem()). *ret_size -1: the end, all went well.
 * ASSAY_TIMEOUT after read_timeout_ms without a byte, ASSAY_CANCELLED, and what the server says. */
ASSAY_MUST_CHECK int pg_copy_next(struct pg_session *session, const char *doing, char **ret_data,
                                  int *ret_size, struct assay_error *err);
/** Break a running COPY off (none is fine). The session goes on where the server stops in time,
 * else its connection is closed and later calls fail. */
void pg_copy_stop(struct pg_session *session);

/** Our code for a SQLSTATE. */
int pg_code(const char *sqlstate);

static inline void pg_clear(PGresult **result)
{
    PQclear(*result);
}

#endif
