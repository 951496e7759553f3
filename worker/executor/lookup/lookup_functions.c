// The functions of SQL that ask a lookup.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "worker/executor/batch/batch.h"
#include "worker/executor/lookup/lookup_internal.h"

static void has(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output)
{
    const struct assay_lookup *lookup = duckdb_scalar_function_get_extra_info(info);
    duckdb_vector values = duckdb_data_chunk_get_vector(input, 0);
    uint64_t *validity = duckdb_vector_get_validity(values);
    bool *results = duckdb_vector_get_data(output);
    const idx_t rows = duckdb_data_chunk_get_size(input);
    struct assay_key keys[ASSAY_BATCH_ROWS];
    if (rows > ASSAY_BATCH_ROWS) {
        duckdb_scalar_function_set_error(info, "a vector is too long");
        return;
    }
    assay_keys_of_vector(values, lookup->form, lookup->of->seed, rows, keys);
    for (idx_t i = 0; i < rows; i++) {
        results[i] = assay_key_set_has(&lookup->set, keys[i]);
        if (!validity || duckdb_validity_row_is_valid(validity, i))
            continue;
        duckdb_vector_ensure_validity_writable(output);
        duckdb_validity_set_row_invalid(duckdb_vector_get_validity(output), i);
    }
}

static void marked(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output)
{
    const struct assay_lookup *lookup = duckdb_scalar_function_get_extra_info(info);
    const uint32_t *parts = duckdb_vector_get_data(duckdb_data_chunk_get_vector(input, 0));
    const uint32_t *files = duckdb_vector_get_data(duckdb_data_chunk_get_vector(input, 1));
    const uint64_t *rows = duckdb_vector_get_data(duckdb_data_chunk_get_vector(input, 2));
    bool *results = duckdb_vector_get_data(output);
    struct assay_marks_reader reader = {0};
    struct assay_error err = {0};
    for (idx_t i = 0; i < duckdb_data_chunk_get_size(input); i++) {
        const struct assay_marks_place place = {parts[i], files[i], rows[i]};
        if (assay_marks_get(lookup->marks, &reader, &place, &results[i], &err) != ASSAY_OK) {
            duckdb_scalar_function_set_error(info, err.text);
            return;
        }
    }
}

static int register_function(struct assay_lookup *lookup, const char *name,
                             const duckdb_logical_type *types, size_t count,
                             duckdb_scalar_function_t run, struct assay_error *err)
{
    duckdb_scalar_function function = duckdb_create_scalar_function();
    duckdb_logical_type truth = duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN);
    char full[48];
    (void)snprintf(full, sizeof full, "%s_%u", name, lookup->number);
    duckdb_scalar_function_set_name(function, full);
    for (size_t i = 0; i < count; i++)
        duckdb_scalar_function_add_parameter(function, types[i]);
    duckdb_scalar_function_set_return_type(function, truth);
    duckdb_scalar_function_set_extra_info(function, lookup, NULL);
    duckdb_scalar_function_set_function(function, run);
    const duckdb_state state =
        duckdb_register_scalar_function(assay_session_connection(lookup->of->session), function);
    duckdb_destroy_logical_type(&truth);
    duckdb_destroy_scalar_function(&function);
    return state == DuckDBSuccess ? ASSAY_OK
                                  : assay_fail(err, ASSAY_INTERNAL, "registering %s", full);
}

int assay_lookup_register_has(struct assay_lookup *lookup, struct assay_error *err)
{
    return register_function(lookup, "_assay_has", &lookup->type, 1, has, err);
}

int assay_lookup_register_marked(struct assay_lookup *lookup, struct assay_error *err)
{
    duckdb_logical_type number = duckdb_create_logical_type(DUCKDB_TYPE_UINTEGER),
                        row = duckdb_create_logical_type(DUCKDB_TYPE_UBIGINT);
    const duckdb_logical_type types[] = {number, number, row};
    const int code = register_function(lookup, "_assay_marked", types, 3, marked, err);
    duckdb_destroy_logical_type(&number);
    duckdb_destroy_logical_type(&row);
    return code;
}

void assay_lookup_append_key(const struct assay_lookup *lookup, const char *key,
                             struct assay_buf *sql)
{
    assay_buf_printf(sql, lookup->as_text ? "CAST(%s AS VARCHAR)" : "%s", key);
}

void assay_lookup_append_has(const struct assay_lookup *lookup, const char *key,
                             struct assay_buf *sql)
{
    assay_buf_printf(sql, "_assay_has_%u(", lookup->number);
    assay_lookup_append_key(lookup, key, sql);
    assay_buf_char(sql, ')');
}

void assay_lookup_append_marked(const struct assay_lookup *lookup, struct assay_buf *sql)
{
    assay_buf_printf(sql, "_assay_marked_%u(_assay_part, _assay_file, _assay_row)", lookup->number);
}
