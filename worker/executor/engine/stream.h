/* Stream: the rows of a query, chunk by chunk while they are made. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_ENGINE_STREAM_H
#define ASSAY_ENGINE_STREAM_H

#include "worker/executor/engine/duckdb_session.h"

/** Takes a chunk of at least one row, which is destroyed afterwards. Called by one thread, that of
 * assay_session_stream(); an error ends the query. */
typedef int assay_stream_take(void *context, duckdb_data_chunk chunk, struct assay_error *err);

/** Run one statement; no row is held but those of a chunk. Errors as of assay_session_query(), and
 * those of take. */
ASSAY_MUST_CHECK int assay_session_stream(struct assay_session *session, const char *sql,
                                          assay_stream_take *take, void *context,
                                          struct assay_error *err);

#endif
