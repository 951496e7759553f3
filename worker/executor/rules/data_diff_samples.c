// dataDiff: the first failing records, each with what is wrong with it.
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>

#include "worker/executor/rules/data_diff.h"

enum { COLUMN_PART, COLUMN_FILE, COLUMN_ROW, COLUMN_LINE, COLUMN_OFFSET, COLUMN_MESSAGE };

static const void *data_of(duckdb_data_chunk chunk, idx_t column, idx_t row, bool *ret_valid)
{
    duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, column);
    uint64_t *validity = duckdb_vector_get_validity(vector);
    *ret_valid = !validity || duckdb_validity_row_is_valid(validity, row);
    return duckdb_vector_get_data(vector);
}

static uint64_t number_at(duckdb_data_chunk chunk, idx_t column, idx_t row, bool *ret_valid)
{
    const uint64_t *numbers = data_of(chunk, column, row, ret_valid);
    return *ret_valid ? numbers[row] : 0;
}

static int read_sample(const struct assay_rule_check *check, duckdb_data_chunk chunk, idx_t row,
                       struct assay_rule_sample *sample, struct assay_error *err)
{
    bool valid;
    const duckdb_string_t *texts = data_of(chunk, COLUMN_MESSAGE, row, &valid);
    duckdb_string_t text = texts[row];
    sample->part = ((const uint32_t *)data_of(chunk, COLUMN_PART, row, &valid))[row];
    sample->file = ((const uint32_t *)data_of(chunk, COLUMN_FILE, row, &valid))[row];
    sample->row = number_at(chunk, COLUMN_ROW, row, &valid);
    sample->line = number_at(chunk, COLUMN_LINE, row, &sample->has_line);
    sample->offset = number_at(chunk, COLUMN_OFFSET, row, &sample->has_offset);
    sample->message = assay_arena_strndup(check->scope->arena, duckdb_string_t_data(&text),
                                          duckdb_string_t_length(text));
    return sample->message ? ASSAY_OK : assay_fail_memory(err);
}

static int read_samples(const struct assay_rule_check *check, const char *sql,
                        struct assay_rule_sample *samples, size_t *ret_count,
                        struct assay_error *err)
{
    duckdb_result result;
    duckdb_data_chunk chunk;
    size_t count = 0;
    int code = assay_session_query(check->scope->session, sql, &result, err);
    if (code != ASSAY_OK)
        return code;
    while (code == ASSAY_OK && (chunk = duckdb_fetch_chunk(result))) {
        const idx_t rows = duckdb_data_chunk_get_size(chunk);
        for (idx_t i = 0; code == ASSAY_OK && i < rows; i++)
            code = read_sample(check, chunk, i, &samples[count++], err);
        duckdb_destroy_data_chunk(&chunk);
    }
    duckdb_destroy_result(&result);
    *ret_count = count;
    return code;
}

int assay_diff_sample(const struct assay_rule_check *check, const struct assay_diff *diff,
                      const struct assay_rule_sample **ret_samples, size_t *ret_count,
                      struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    const uint64_t failing =
        (uint64_t)(diff->copies[ASSAY_DIFF_CHANGED] + diff->copies[ASSAY_DIFF_EXTRA]);
    const uint64_t most = failing < check->scope->samples_max ? failing : check->scope->samples_max;
    struct assay_rule_sample *samples =
        assay_arena_zalloc(check->scope->arena, (size_t)(most + 1) * sizeof *samples);
    if (!samples)
        return assay_fail_memory(err);
    *ret_samples = samples;
    *ret_count = 0;
    if (!most)
        return ASSAY_OK;
    assay_buf_text(&sql, "SELECT part, file, row, line, byte, ");
    assay_diff_append_sentence(check, diff, &sql);
    assay_buf_printf(&sql,
                     " FROM (SELECT * FROM _assay_places_%d ORDER BY part, file, row LIMIT "
                     "%" PRIu64 ") p JOIN _assay_found_%d f ON p.number = f.number ORDER BY part, "
                     "file, row",
                     check->number, most, check->number);
    ASSAY_TRY(assay_buf_check(&sql, err));
    return read_samples(check, assay_buf_str(&sql), samples, ret_count, err);
}
