// Parquet: the row groups of a file, from its footer.
// SPDX-License-Identifier: Apache-2.0
#include "common/base/memory.h"
#include "worker/executor/engine/parquet_request.h"

/* One chunk of (records, bytes). */
static int take_chunk(duckdb_data_chunk chunk, struct assay_parquet_group **groups, size_t *count,
                      struct assay_error *err)
{
    const size_t rows = duckdb_data_chunk_get_size(chunk);
    const int64_t *records = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
    const int64_t *bytes = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 1));
    struct assay_parquet_group *more = assay_reallocarray(*groups, *count + rows + 1, sizeof *more);
    if (!more)
        return assay_fail_memory(err);
    *groups = more;
    for (size_t i = 0; i < rows; i++)
        more[(*count)++] = (struct assay_parquet_group){(uint64_t)records[i], (uint64_t)bytes[i]};
    return ASSAY_OK;
}

static int take_all(duckdb_result result, struct assay_parquet_group **groups, size_t *count,
                    struct assay_error *err)
{
    duckdb_data_chunk chunk;
    int rc = ASSAY_OK;
    while (rc == ASSAY_OK && (chunk = duckdb_fetch_chunk(result))) {
        rc = take_chunk(chunk, groups, count, err);
        duckdb_destroy_data_chunk(&chunk);
    }
    return rc;
}

int assay_parquet_groups(struct assay_session *session, const char *path,
                         struct assay_parquet_group **ret_groups, size_t *ret_count,
                         struct assay_error *err)
{
    const struct assay_parquet_files files = {.paths = &path, .count = 1};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    assay_buf_text(&sql, "SELECT any_value(row_group_num_rows)::BIGINT, "
                         "sum(total_compressed_size)::BIGINT FROM parquet_metadata(");
    assay_sql_text(&sql, path);
    assay_buf_text(&sql, ") GROUP BY row_group_id ORDER BY row_group_id");
    ASSAY_TRY(assay_buf_check(&sql, err));
    duckdb_result result;
    int rc = assay_session_query(session, sql.data, &result, err);
    if (rc != ASSAY_OK)
        return assay_parquet_context(&files, rc, err);
    struct assay_parquet_group *groups = assay_calloc(1, sizeof *groups);
    size_t count = 0;
    rc = groups ? take_all(result, &groups, &count, err) : assay_fail_memory(err);
    duckdb_destroy_result(&result);
    if (rc != ASSAY_OK) {
        assay_free(groups);
        return rc;
    }
    *ret_groups = groups;
    *ret_count = count;
    return ASSAY_OK;
}
