// Parquet: a reader over a request, in the order of the file: for previews and where records are
// wanted one after another.
// SPDX-License-Identifier: Apache-2.0
#include "common/base/memory.h"
#include "worker/executor/engine/parquet_request.h"

struct parquet_reader {
    struct assay_reader reader;
    struct assay_parquet_request request; /* borrows the caller's texts */
    struct assay_parquet_plan plan;
    struct assay_vectors_lane *lane;
    duckdb_prepared_statement statement;
    duckdb_result result;
    bool running;
    duckdb_data_chunk chunk;
    struct assay_batch batch;
};

static int next(struct assay_reader *reader, const struct assay_batch **ret_batch,
                struct assay_error *err)
{
    struct parquet_reader *self = (struct parquet_reader *)reader;
    struct assay_batch *batch = &self->batch;
    duckdb_destroy_data_chunk(&self->chunk);
    self->chunk = duckdb_fetch_chunk(self->result);
    const char *failure = duckdb_result_error(&self->result);
    if (!self->chunk && failure && *failure) {
        const int rc = assay_session_fail(duckdb_result_error_type(&self->result), failure, err);
        return assay_parquet_context(&self->request.files, rc, err);
    }
    batch->rows = self->chunk ? duckdb_data_chunk_get_size(self->chunk) : 0;
    if (!batch->rows) {
        *ret_batch = NULL;
        return ASSAY_OK;
    }
    batch->first_row = reader->records_read;
    batch->columns_count = assay_vectors_schema(self->plan.vectors)->count;
    assay_parquet_place(&self->plan, &self->request, self->chunk, batch);
    ASSAY_TRY(assay_vectors_convert(self->lane, self->chunk, batch->rows, &batch->columns, err));
    reader->records_read += batch->rows;
    *ret_batch = batch;
    return ASSAY_OK;
}

static void close_reader(struct assay_reader *reader)
{
    struct parquet_reader *self = (struct parquet_reader *)reader;
    duckdb_destroy_data_chunk(&self->chunk);
    if (self->running)
        duckdb_destroy_result(&self->result);
    duckdb_destroy_prepare(&self->statement);
    assay_vectors_lane_free(self->lane);
    assay_parquet_plan_release(&self->plan);
    assay_free(self);
}

static const struct assay_reader_ops ops = {.next = next, .close = close_reader};

static int start(struct parquet_reader *self, struct assay_session *session,
                 struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    assay_parquet_plan_sql(&self->plan, &self->request, &sql);
    ASSAY_TRY(assay_buf_check(&sql, err));
    if (duckdb_prepare(assay_session_connection(session), sql.data, &self->statement) !=
        DuckDBSuccess)
        return assay_session_fail(DUCKDB_ERROR_INVALID, duckdb_prepare_error(self->statement), err);
    ASSAY_TRY(assay_session_execute(session, self->statement, true, &self->result, err));
    self->running = true;
    return ASSAY_OK;
}

int assay_parquet_open(struct assay_session *session, const struct assay_parquet_request *request,
                       struct assay_reader **ret_reader, struct assay_error *err)
{
    struct parquet_reader *self = assay_calloc(1, sizeof *self);
    if (!self)
        return assay_fail_memory(err);
    self->reader.ops = &ops;
    self->request = *request;
    ASSAY_AUTO(assay_reader_close) struct assay_reader *reader = &self->reader;
    ASSAY_TRY(assay_parquet_plan_init(session, request, &self->plan, err));
    ASSAY_TRY(
        assay_parquet_copy_schema(assay_vectors_schema(self->plan.vectors), &reader->schema, err));
    ASSAY_TRY(assay_vectors_lane_new(self->plan.vectors, &self->lane, err));
    const int rc = start(self, session, err);
    if (rc != ASSAY_OK)
        return assay_parquet_context(&request->files, rc, err);
    *ret_reader = ASSAY_TAKE(reader);
    return ASSAY_OK;
}
