/* PostgreSQL's errors as ours. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_CONNECT_POSTGRES_ERROR_H
#define ASSAY_CONNECT_POSTGRES_ERROR_H

#include "worker/executor/connect/postgres_session.h"

/** Record why a statement failed (result may be NULL: the connection itself). The server's message,
 * without secrets. */
int pg_fail(struct pg_session *session, const PGresult *result, const char *doing,
            struct assay_error *err);
/** Record why connecting failed. */
int pg_fail_connect(struct pg_session *session, struct assay_error *err);

#endif
