/* Session: one private DuckDB inside this process: bounded memory and threads, its own scratch
 * folder, no extensions, no reach beyond the named inputs, interruptible. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_ENGINE_DUCKDB_SESSION_H
#define ASSAY_ENGINE_DUCKDB_SESSION_H

#include <duckdb.h>
#include <stdatomic.h>
#include <stdint.h>

#include "common/base/cleanup.h"
#include "common/base/error.h"

struct assay_session; /* opaque */

/** A session with less memory than this keeps none that it does not use: freed blocks go back to
 * the system at once. */
#define ASSAY_SESSION_SMALL_BYTES (UINT64_C(64) << 20)

struct assay_session_options {
    uint64_t memory_bytes;    /* DuckDB's own ceiling; 0 = 512 MiB */
    int threads;              /* 0 = 1 */
    const char *timezone;     /* NULL = UTC */
    const char *const *paths; /* files that queries may read; nothing else can be opened */
    size_t paths_count;
    const char *const *folders; /* folders below which queries may write (--failing FILE.parquet) */
    size_t folders_count;
    const atomic_bool *cancelled; /* NULL, or: set → the running query ends with ASSAY_CANCELLED */
    bool unordered; /* rows may come in any order, streamed ones through a large buffer: all threads
                       make them */
    bool guarded;   /* TRY keeps its errors: DuckDB would take a subexpression that stands twice out
                       of it */
};

/** Open an in-memory database. The paths are copied. *ret_session: assay_session_close(). */
ASSAY_MUST_CHECK int assay_session_open(const struct assay_session_options *options,
                                        struct assay_session **ret_session,
                                        struct assay_error *err);
/** Close and remove the scratch folder; NULL is allowed. Results of queries must be destroyed
 * before. */
void assay_session_close(struct assay_session *session);
ASSAY_DEFINE_CLEANUP(struct assay_session, assay_session_close)

/** The session's own connection (for registering functions and preparing statements). One thread at
 * a time. */
duckdb_connection assay_session_connection(struct assay_session *session);
/** One more connection to the same database; assay_session_disconnect() it before the session is
 * closed. */
ASSAY_MUST_CHECK int assay_session_connect(struct assay_session *session,
                                           duckdb_connection *ret_connection,
                                           struct assay_error *err);

void assay_session_disconnect(struct assay_session *session, duckdb_connection *connection);

/** Run one statement without a result. Errors as assay_session_query(). */
ASSAY_MUST_CHECK int assay_session_exec(struct assay_session *session, const char *sql,
                                        struct assay_error *err);
/** Run one statement to its end, the result held in memory: duckdb_destroy_result(). Looks at
 * `cancelled` every few milliseconds. ASSAY_CANCELLED, ASSAY_NO_MEMORY, ASSAY_NOT_FOUND, ASSAY_IO,
 * ASSAY_FORMAT (a damaged file), ASSAY_INVALID (the SQL's own fault: division by zero, failed cast,
 * …). The text is DuckDB's first line, without the SQL. */
ASSAY_MUST_CHECK int assay_session_query(struct assay_session *session, const char *sql,
                                         duckdb_result *ret_result, struct assay_error *err);
/** The same for a prepared statement; `stream` true: duckdb_fetch_chunk() then pulls the rows while
 * they are made. */
ASSAY_MUST_CHECK int assay_session_execute(struct assay_session *session,
                                           duckdb_prepared_statement statement, bool stream,
                                           duckdb_result *ret_result, struct assay_error *err);
/** The single integer that a query gives (count(*) …). */
ASSAY_MUST_CHECK int assay_session_scalar(struct assay_session *session, const char *sql,
                                          int64_t *ret_value, struct assay_error *err);
/** Share of the running query that is done, 0–1; -1 = unknown. Any thread. */
double assay_session_progress(struct assay_session *session);
/** Turn DuckDB's message and type into an error of ours. Returns its code. */
int assay_session_fail(duckdb_error_type type, const char *message, struct assay_error *err);

/** Does the engine know this time zone? ASSAY_INVALID says what to give instead. */
ASSAY_MUST_CHECK int assay_session_check_timezone(const char *timezone, struct assay_error *err);

struct assay_buf;
/** Append a quoted identifier ("my ""col""") or a quoted text ('it''s'). */
void assay_sql_name(struct assay_buf *sql, const char *name);
void assay_sql_text(struct assay_buf *sql, const char *text);

#endif
