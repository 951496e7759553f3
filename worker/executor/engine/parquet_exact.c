// Parquet: decimals that the engine would give as other numbers.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "worker/executor/engine/parquet_request.h"

#define DIGITS_MAX "38" /* of a decimal of the engine */

static bool has_doubles(const struct assay_schema *schema)
{
    for (size_t i = 0; i < schema->count; i++)
        if (strstr(schema->fields[i].native_type, "DOUBLE"))
            return true;
    return false;
}

/* Refuse the first row of (name, digits), if there is one. */
static int refuse(duckdb_data_chunk chunk, struct assay_error *err)
{
    duckdb_string_t *names = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
    const int64_t *digits = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 1));
    if (!duckdb_data_chunk_get_size(chunk))
        return ASSAY_OK;
    return assay_fail(
        err, ASSAY_UNSUPPORTED,
        "the column `%.*s` holds decimals of %lld digits, of which at most " DIGITS_MAX
        " can be read: write it again as text, or with fewer digits",
        (int)duckdb_string_t_length(names[0]), duckdb_string_t_data(&names[0]),
        (long long)digits[0]);
}

int assay_parquet_refuse_inexact(struct assay_session *session, const char *path,
                                 const struct assay_schema *schema, struct assay_error *err)
{
    const struct assay_parquet_files files = {.paths = &path, .count = 1};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    duckdb_result result;
    if (!has_doubles(schema))
        return ASSAY_OK;
    assay_buf_text(&sql, "SELECT name, precision::BIGINT FROM parquet_schema(");
    assay_sql_text(&sql, path);
    assay_buf_text(&sql, ") WHERE precision > " DIGITS_MAX " LIMIT 1");
    ASSAY_TRY(assay_buf_check(&sql, err));
    int rc = assay_session_query(session, sql.data, &result, err);
    if (rc == ASSAY_OK) {
        duckdb_data_chunk chunk = duckdb_fetch_chunk(result);
        rc = chunk ? refuse(chunk, err) : ASSAY_OK;
        duckdb_destroy_data_chunk(&chunk);
        duckdb_destroy_result(&result);
    }
    return rc == ASSAY_OK ? rc : assay_parquet_context(&files, rc, err);
}
