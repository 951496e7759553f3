// Parquet: describing and counting files, and the SQL of a request.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/engine/parquet.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/engine/parquet_request.h"

void assay_parquet_source_sql(const struct assay_parquet_files *files, struct assay_buf *sql)
{
    assay_buf_text(sql, "read_parquet([");
    for (size_t i = 0; i < files->count; i++) {
        assay_buf_text(sql, i ? "," : "");
        assay_sql_text(sql, files->paths[i]);
    }
    assay_buf_text(sql, "])");
}

/* What the engine says of a file, and what helps. The first row that fits counts. */
static const struct {
    const char *fragment, *remedy;
} remedies[] = {
    {"too small to be a Parquet", "it is none, or only the beginning of one: copy it again, or "
                                  "give --reader format=csv where it is text"},
    {"No magic bytes", "it is none, or does not end where it should: copy it again, or give "
                       "--reader format=csv where it is text"},
    {"codec", "write it again with snappy, zstd or gzip"},
    {"encoding", "write it again with another encoding, such as the default of its writer"},
    {"ncrypt", "write it again without encryption"},
    {"No such file", "check its name"},
    {"No files found", "check its name"},
    {"Permission denied", "check its rights"},
    {"", "it is damaged, or written in a way that is not known: write or copy it again"},
};

/* The engine's own words for the kind of error, and for a stream that failed, say nothing to the
 * reader of a message. */
static void drop_kind(struct assay_error *err)
{
    static const char stream[] = "closed pending query result";
    const char *behind = strstr(err->text, stream);
    const char *cause = behind ? strstr(behind, "Error: ") : NULL;
    if (cause)
        memmove(err->text, cause + strlen("Error: "), strlen(cause + strlen("Error: ")) + 1);
    char *text = strstr(err->text, " Error: ");
    if (text && text - err->text < 24)
        memmove(err->text, text + strlen(" Error: "), strlen(text + strlen(" Error: ")) + 1);
}

static void add_remedy(struct assay_error *err)
{
    size_t i = 0;
    if (err->code == ASSAY_NO_MEMORY) {
        (void)snprintf(err->text, sizeof err->text,
                       "the memory budget does not hold what decoding takes: raise --memory, or "
                       "lower --threads");
        return;
    }
    drop_kind(err);
    while (!strstr(err->text, remedies[i].fragment))
        i++;
    const size_t size_bytes = strlen(err->text);
    (void)snprintf(err->text + size_bytes, sizeof err->text - size_bytes, ": %s",
                   remedies[i].remedy);
}

/* Anything that goes wrong while a Parquet file is decoded is the file's fault, unless it says
 * otherwise. */
int assay_parquet_context(const struct assay_parquet_files *files, int code,
                          struct assay_error *err)
{
    if (err && err->code == code && (code == ASSAY_INVALID || code == ASSAY_IO))
        err->code = code = ASSAY_FORMAT;
    if (code == ASSAY_CANCELLED || !files->count)
        return code;
    if (err && (err->code == ASSAY_FORMAT || err->code == ASSAY_NO_MEMORY))
        add_remedy(err);
    if (files->count == 1)
        return assay_context(err, code, "reading %s", files->paths[0]);
    return assay_context(err, code, "reading %s and %zu more", files->paths[0], files->count - 1);
}

static void append_source(const struct assay_parquet_request *request, struct assay_buf *sql)
{
    if (request->from)
        assay_buf_text(sql, request->from);
    else
        assay_parquet_source_sql(&request->files, sql);
}

static int plan_source(struct assay_session *session, const struct assay_parquet_request *request,
                       struct assay_vectors **ret_vectors, struct assay_error *err)
{
    const struct assay_parquet_files *files = &request->files;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    assay_buf_text(&sql, "SELECT * FROM ");
    append_source(request, &sql);
    assay_buf_text(&sql, " LIMIT 0");
    ASSAY_TRY(assay_buf_check(&sql, err));
    const int rc = assay_vectors_plan(session, sql.data, ret_vectors, err);
    return rc == ASSAY_OK ? rc : assay_parquet_context(files, rc, err);
}

static int same_schema(const struct assay_schema *first, const struct assay_schema *other,
                       const char *path, struct assay_error *err)
{
    for (size_t i = 0; i < first->count; i++) {
        const ptrdiff_t found = assay_schema_find(other, first->fields[i].name);
        if (found < 0)
            return assay_fail(err, ASSAY_SCHEMA_CHANGED, "%s has no column %s", path,
                              first->fields[i].name);
        if (strcmp(first->fields[i].native_type, other->fields[found].native_type))
            return assay_fail(err, ASSAY_SCHEMA_CHANGED,
                              "%s has column %s as %s, the first file as %s", path,
                              first->fields[i].name, other->fields[found].native_type,
                              first->fields[i].native_type);
    }
    if (other->count != first->count)
        return assay_fail(err, ASSAY_SCHEMA_CHANGED, "%s has other columns than the first file",
                          path);
    return ASSAY_OK;
}

/* The plan of the first file; every other file must agree with it. */
int assay_parquet_plan_whole(struct assay_session *session, const struct assay_parquet_files *files,
                             struct assay_vectors **ret_vectors, struct assay_error *err)
{
    ASSAY_AUTO(assay_vectors_free) struct assay_vectors *first = NULL;
    for (size_t i = 0; i < files->count; i++) {
        const struct assay_parquet_request one = {.files = {.paths = &files->paths[i], .count = 1}};
        ASSAY_AUTO(assay_vectors_free) struct assay_vectors *vectors = NULL;
        ASSAY_TRY(plan_source(session, &one, &vectors, err));
        ASSAY_TRY(assay_parquet_refuse_inexact(session, files->paths[i],
                                               assay_vectors_schema(vectors), err));
        if (first)
            ASSAY_TRY(same_schema(assay_vectors_schema(first), assay_vectors_schema(vectors),
                                  files->paths[i], err));
        else
            first = ASSAY_TAKE(vectors);
    }
    if (!first)
        return assay_fail(err, ASSAY_INVALID, "no Parquet file was named");
    *ret_vectors = ASSAY_TAKE(first);
    return ASSAY_OK;
}

int assay_parquet_copy_schema(const struct assay_schema *from, struct assay_schema *to,
                              struct assay_error *err)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct assay_field *field = &from->fields[i];
        struct assay_field *copy =
            assay_schema_add(to, field->name, field->native_type, field->type, field->layout);
        if (!copy)
            return assay_fail_memory(err);
        copy->scale = field->scale;
        copy->projected = field->projected;
    }
    return ASSAY_OK;
}

int assay_parquet_describe(struct assay_session *session, const struct assay_parquet_files *files,
                           struct assay_schema *ret_schema, struct assay_error *err)
{
    ASSAY_AUTO(assay_vectors_free) struct assay_vectors *vectors = NULL;
    ASSAY_TRY(assay_parquet_plan_whole(session, files, &vectors, err));
    struct assay_schema schema = {0};
    const int rc = assay_parquet_copy_schema(assay_vectors_schema(vectors), &schema, err);
    if (rc != ASSAY_OK) {
        assay_schema_release(&schema);
        return rc;
    }
    *ret_schema = schema;
    return ASSAY_OK;
}

static int sum_metadata(struct assay_session *session, const struct assay_parquet_files *files,
                        const char *column, uint64_t *ret_sum, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    assay_buf_printf(&sql, "SELECT coalesce(sum(%s), 0)::BIGINT FROM parquet_file_metadata([",
                     column);
    for (size_t i = 0; i < files->count; i++) {
        assay_buf_text(&sql, i ? "," : "");
        assay_sql_text(&sql, files->paths[i]);
    }
    assay_buf_text(&sql, "])");
    ASSAY_TRY(assay_buf_check(&sql, err));
    int64_t sum;
    const int rc = assay_session_scalar(session, sql.data, &sum, err);
    if (rc != ASSAY_OK)
        return assay_parquet_context(files, rc, err);
    *ret_sum = (uint64_t)sum;
    return ASSAY_OK;
}

int assay_parquet_count(struct assay_session *session, const struct assay_parquet_files *files,
                        uint64_t *ret_records, uint64_t *ret_groups, struct assay_error *err)
{
    uint64_t records, groups = 0;
    ASSAY_TRY(sum_metadata(session, files, "num_rows", &records, err));
    if (ret_groups)
        ASSAY_TRY(sum_metadata(session, files, "num_row_groups", &groups, err));
    *ret_records = records;
    if (ret_groups)
        *ret_groups = groups;
    return ASSAY_OK;
}

/* --- a request --- */

int assay_parquet_plan_init(struct assay_session *session,
                            const struct assay_parquet_request *request,
                            struct assay_parquet_plan *ret_plan, struct assay_error *err)
{
    ASSAY_AUTO(assay_vectors_free) struct assay_vectors *vectors = NULL;
    const bool is_lent = request->whole && request->fields;
    if (!is_lent)
        ASSAY_TRY(plan_source(session, request, &vectors, err));
    const struct assay_vectors *whole = is_lent ? request->whole : vectors;
    const struct assay_schema *schema = assay_vectors_schema(whole);
    ret_plan->has_place = assay_schema_find(schema, "file_index") < 0 &&
                          assay_schema_find(schema, "file_row_number") < 0;
    if (!request->fields) {
        ret_plan->vectors = ASSAY_TAKE(vectors);
        return ASSAY_OK;
    }
    return assay_vectors_project(whole, request->fields, request->fields_count, &ret_plan->vectors,
                                 err);
}

void assay_parquet_plan_release(struct assay_parquet_plan *plan)
{
    assay_vectors_free(plan->vectors);
    assay_free(plan->coded);
    assay_free(plan->coded_columns);
}

size_t assay_parquet_plan_columns(const struct assay_parquet_plan *plan)
{
    const size_t columns = assay_vectors_columns(plan->vectors) + (plan->has_place ? 2 : 0);
    return columns ? columns : 1;
}

static void append_where(const struct assay_parquet_plan *plan,
                         const struct assay_parquet_request *request, struct assay_buf *sql)
{
    const char *word = " WHERE ";
    if (request->where) {
        assay_buf_printf(sql, "%s(%s)", word, request->where);
        word = " AND ";
    }
    if (request->first_row && plan->has_place) {
        assay_buf_printf(sql, "%sfile_row_number >= %" PRIu64, word, request->first_row);
        word = " AND ";
    }
    if (request->end_row && plan->has_place)
        assay_buf_printf(sql, "%sfile_row_number < %" PRIu64, word, request->end_row);
    if (request->limit)
        assay_buf_printf(sql, " LIMIT %" PRIu64, request->limit);
}

void assay_parquet_plan_sql(const struct assay_parquet_plan *plan,
                            const struct assay_parquet_request *request, struct assay_buf *sql)
{
    const size_t columns = assay_vectors_columns(plan->vectors);
    assay_buf_text(sql, "SELECT ");
    for (size_t i = 0; i < columns; i++) {
        const bool coded = plan->coded_columns && plan->coded_columns[i];
        assay_buf_text(sql, i ? ", " : "");
        if (coded)
            assay_buf_printf(sql, "%s%zu(", plan->coder, i);
        assay_vectors_append_column(plan->vectors, i, sql);
        assay_buf_printf(sql, "%s AS c%zu", coded ? ")" : "", i);
    }
    if (plan->has_place)
        assay_buf_printf(sql, "%s%s::BIGINT AS p0, %s::BIGINT AS p1", columns ? ", " : "",
                         request->from ? "_assay_part" : "file_index",
                         request->from ? "_assay_row" : "file_row_number");
    else if (!columns)
        assay_buf_text(sql, "0::BIGINT AS p0");
    assay_buf_text(sql, " FROM ");
    append_source(request, sql);
    append_where(plan, request, sql);
}

void assay_parquet_plan_names(const struct assay_parquet_plan *plan, struct assay_buf *sql)
{
    const size_t columns = assay_vectors_columns(plan->vectors);
    for (size_t i = 0; i < assay_parquet_plan_columns(plan); i++)
        assay_buf_printf(sql, i < columns ? "%sc%zu" : "%sp%zu", i ? ", " : "",
                         i < columns ? i : i - columns);
}

void assay_parquet_place(const struct assay_parquet_plan *plan,
                         const struct assay_parquet_request *request, duckdb_data_chunk chunk,
                         struct assay_batch *batch)
{
    batch->row = NULL;
    batch->file = request->first_file;
    if (!plan->has_place || !batch->rows)
        return;
    const size_t columns = assay_vectors_columns(plan->vectors);
    const int64_t *file = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, columns));
    const uint64_t *row = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, columns + 1));
    batch->file += (uint32_t)file[0];
    batch->first_row = row[0];
    batch->row = row[batch->rows - 1] - row[0] == batch->rows - 1 ? NULL : row;
}
