// Parquet: the columns of a file, from its metadata.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/engine/parquet_survey.h"

#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/engine/parquet_request.h"
#include "worker/executor/engine/stream.h"

enum {
    PAGE_BYTES = 1 << 20,             /* usual writers' largest page, decompressed */
    DICTIONARY_MOST_BYTES = 48 << 10, /* of a row group, as it is stored */
    VALUES_LEAST = 8192,              /* of a column: fewer are not worth a dictionary */
    SMALL_MOST = 512,                 /* such columns: one dictionary takes memory of its own */
};

/* What the query gives for each chunk of a column in a row group. */
enum { COLUMN_ID, COLUMN_BYTES, COLUMN_VALUES, COLUMN_SMALL };

struct column {
    uint64_t most_bytes; /* of its chunks */
    uint64_t values;
    char *name;     /* of a column of texts whose chunks so far have small dictionaries */
    bool not_small; /* one of them has none */
};

struct columns {
    struct column *all;
    size_t count;
};

static void columns_release(struct columns *columns)
{
    for (size_t i = 0; i < columns->count; i++)
        assay_free(columns->all[i].name);
    assay_free(columns->all);
}

static int find_column(struct columns *columns, size_t id, struct column **ret_column,
                       struct assay_error *err)
{
    if (id >= columns->count) {
        struct column *more = assay_reallocarray(columns->all, id + 1, sizeof *more);
        if (!more)
            return assay_fail_memory(err);
        memset(more + columns->count, 0, (id + 1 - columns->count) * sizeof *more);
        columns->all = more;
        columns->count = id + 1;
    }
    *ret_column = &columns->all[id];
    return ASSAY_OK;
}

/* small: the column's name, NULL where this chunk has no small dictionary. */
static int take_name(struct column *column, duckdb_string_t *small, struct assay_error *err)
{
    if (!small) {
        column->not_small = true;
        assay_free(ASSAY_TAKE(column->name));
    } else if (!column->name && !column->not_small) {
        column->name = assay_strndup(duckdb_string_t_data(small), duckdb_string_t_length(*small));
        if (!column->name)
            return assay_fail_memory(err);
    }
    return ASSAY_OK;
}

static int take_chunks(void *context, duckdb_data_chunk rows, struct assay_error *err)
{
    duckdb_vector names = duckdb_data_chunk_get_vector(rows, COLUMN_SMALL);
    const int64_t *ids = duckdb_vector_get_data(duckdb_data_chunk_get_vector(rows, COLUMN_ID));
    const int64_t *bytes = duckdb_vector_get_data(duckdb_data_chunk_get_vector(rows, COLUMN_BYTES));
    const int64_t *values =
        duckdb_vector_get_data(duckdb_data_chunk_get_vector(rows, COLUMN_VALUES));
    duckdb_string_t *small = duckdb_vector_get_data(names);
    uint64_t *validity = duckdb_vector_get_validity(names);
    for (idx_t i = 0; i < duckdb_data_chunk_get_size(rows); i++) {
        struct column *column;
        const bool is_small = !validity || duckdb_validity_row_is_valid(validity, i);
        ASSAY_TRY(find_column(context, (size_t)ids[i], &column, err));
        if (column->most_bytes < (uint64_t)bytes[i])
            column->most_bytes = (uint64_t)bytes[i];
        column->values += (uint64_t)values[i];
        ASSAY_TRY(take_name(column, is_small ? &small[i] : NULL, err));
    }
    return ASSAY_OK;
}

static int judge(struct columns *columns, struct assay_parquet_survey *survey,
                 struct assay_error *err)
{
    uint64_t sum = 0;
    survey->small = assay_calloc(SMALL_MOST, sizeof *survey->small);
    if (!survey->small)
        return assay_fail_memory(err);
    for (size_t i = 0; i < columns->count; i++) {
        struct column *column = &columns->all[i];
        sum += column->most_bytes;
        if (column->name && column->values >= VALUES_LEAST && survey->small_count < SMALL_MOST)
            survey->small[survey->small_count++] = ASSAY_TAKE(column->name);
    }
    survey->column_bytes = columns->count ? sum / columns->count : 0;
    return ASSAY_OK;
}

static int query(struct assay_session *session, const char *path, struct columns *columns,
                 struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    assay_buf_printf(&sql,
                     "SELECT column_id::BIGINT, greatest(total_compressed_size + "
                     "least(total_uncompressed_size, %d), 0)::BIGINT, greatest(num_values, "
                     "0)::BIGINT, CASE WHEN type = 'BYTE_ARRAY' AND data_page_offset - "
                     "dictionary_page_offset BETWEEN 1 AND %d THEN path_in_schema END FROM "
                     "parquet_metadata(",
                     PAGE_BYTES, DICTIONARY_MOST_BYTES);
    assay_sql_text(&sql, path);
    assay_buf_char(&sql, ')');
    ASSAY_TRY(assay_buf_check(&sql, err));
    return assay_session_stream(session, sql.data, take_chunks, columns, err);
}

int assay_parquet_survey(struct assay_session *session, const char *path,
                         struct assay_parquet_survey *ret_survey, struct assay_error *err)
{
    const struct assay_parquet_files files = {.paths = &path, .count = 1};
    struct columns columns = {0};
    struct assay_parquet_survey survey = {0};
    int rc = query(session, path, &columns, err);
    rc = rc == ASSAY_OK ? judge(&columns, &survey, err) : assay_parquet_context(&files, rc, err);
    columns_release(&columns);
    if (rc == ASSAY_OK)
        *ret_survey = survey;
    return rc;
}

void assay_parquet_survey_release(struct assay_parquet_survey *survey)
{
    for (size_t i = 0; i < survey->small_count; i++)
        assay_free(survey->small[i]);
    assay_free(survey->small);
    *survey = (struct assay_parquet_survey){0};
}

bool assay_parquet_survey_is_small(const struct assay_parquet_survey *survey, const char *field)
{
    for (size_t i = 0; i < survey->small_count; i++)
        if (!strcmp(survey->small[i], field))
            return true;
    return false;
}
