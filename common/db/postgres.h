/* Inside common/db: the pieces of the PostgreSQL driver. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_DB_POSTGRES_H
#define ASSAY_DB_POSTGRES_H

#include <libpq-fe.h>

#include "common/db/driver.h"

/* Milliseconds. A server that answers is held by statement_timeout; one that is frozen, by our own
 * deadline. */
enum {
    ASSAY_POSTGRES_CONNECT_MS = 5000,
    ASSAY_POSTGRES_ANSWER_MS = 20000,
    ASSAY_POSTGRES_SCRIPT_MS = 660000
};

static inline void assay_postgres_clear(PGresult *result)
{
    PQclear(result);
}
ASSAY_DEFINE_CLEANUP(PGresult, assay_postgres_clear)

/** Connect conn->handle to the conninfo without ever blocking longer than the deadline (name
 * resolution excepted). */
ASSAY_MUST_CHECK int assay_postgres_connect(struct assay_db_conn *conn, const char *url,
                                            struct assay_error *err);
/** Wait for the last result of what was sent. Past the deadline the connection is broken:
 * ASSAY_UNAVAILABLE. */
ASSAY_MUST_CHECK int assay_postgres_wait(struct assay_db_conn *conn, int64_t wait_ms,
                                         PGresult **ret_result, struct assay_error *err);
/** Wait until the socket is ready (POLLIN or POLLOUT) or deadline_ns of assay_postgres_clock_ns()
 * has passed. */
ASSAY_MUST_CHECK int assay_postgres_poll(struct assay_db_conn *conn, short events,
                                         int64_t deadline_ns, struct assay_error *err);
/** The real monotonic clock, also when tests fake time: it guards sockets. */
int64_t assay_postgres_clock_ns(void);

/** The error of a result, by its SQLSTATE. */
int assay_postgres_fail(struct assay_db_conn *conn, const PGresult *result,
                        struct assay_error *err);
/** The connection is gone: ASSAY_UNAVAILABLE. */
int assay_postgres_lost(struct assay_db_conn *conn, const char *doing, struct assay_error *err);

#endif
