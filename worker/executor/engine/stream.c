// Stream: a prepared statement whose result is pulled.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/engine/stream.h"

static int pull(duckdb_result *result, assay_stream_take *take, void *context,
                struct assay_error *err)
{
    duckdb_data_chunk chunk;
    int code = ASSAY_OK;
    while (code == ASSAY_OK && (chunk = duckdb_fetch_chunk(*result))) {
        if (duckdb_data_chunk_get_size(chunk))
            code = take(context, chunk, err);
        duckdb_destroy_data_chunk(&chunk);
    }
    const char *message = duckdb_result_error(result);
    if (code == ASSAY_OK && message && *message)
        code = assay_session_fail(duckdb_result_error_type(result), message, err);
    return code;
}

int assay_session_stream(struct assay_session *session, const char *sql, assay_stream_take *take,
                         void *context, struct assay_error *err)
{
    duckdb_prepared_statement statement;
    duckdb_result result;
    int code = ASSAY_OK;
    if (duckdb_prepare(assay_session_connection(session), sql, &statement) != DuckDBSuccess)
        code = assay_session_fail(DUCKDB_ERROR_BINDER, duckdb_prepare_error(statement), err);
    if (code == ASSAY_OK)
        code = assay_session_execute(session, statement, true, &result, err);
    if (code == ASSAY_OK) {
        code = pull(&result, take, context, err);
        duckdb_destroy_result(&result);
    }
    duckdb_destroy_prepare(&statement);
    return code;
}
