// Parquet: texts as codes. DuckDB evaluates a function of one column over the dictionary of a page,
// once for each entry, and flattens two bytes for each record instead of sixteen and more; where a
// column is no dictionary the same function is evaluated record by record.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "common/base/memory.h"
#include "worker/executor/batch/dictionary.h"
#include "worker/executor/engine/parquet_request.h"

/* --- the function --- */

/* Up to a batch of texts, of a dictionary or of records. */
static void code_texts(struct assay_dictionary *dictionary, const duckdb_string_t *strings,
                       const uint64_t *validity, size_t n, uint16_t *ret_codes)
{
    struct assay_text texts[64];
    for (size_t done = 0; done < n; done += ASSAY_COUNT(texts)) {
        const size_t count = n - done < ASSAY_COUNT(texts) ? n - done : ASSAY_COUNT(texts);
        for (size_t i = 0; i < count; i++) {
            const duckdb_string_t *string = &strings[done + i];
            const uint32_t size_bytes = string->value.inlined.length;
            texts[i] = (struct assay_text){.data = size_bytes <= 12 ? string->value.inlined.inlined
                                                                    : string->value.pointer.ptr,
                                           .size_bytes = size_bytes};
        }
        assay_dictionary_codes(dictionary, texts, validity ? validity + done / 64 : NULL, count,
                               ret_codes + done);
    }
}

static void give_codes(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output)
{
    duckdb_vector vector = duckdb_data_chunk_get_vector(input, 0);
    code_texts(duckdb_scalar_function_get_extra_info(info), duckdb_vector_get_data(vector),
               duckdb_vector_get_validity(vector), duckdb_data_chunk_get_size(input),
               duckdb_vector_get_data(output));
}

static int register_coder(struct assay_session *session, const char *name, duckdb_logical_type type,
                          struct assay_dictionary *dictionary, struct assay_error *err)
{
    duckdb_scalar_function function = duckdb_create_scalar_function();
    duckdb_logical_type code = duckdb_create_logical_type(DUCKDB_TYPE_USMALLINT);
    duckdb_scalar_function_set_name(function, name);
    duckdb_scalar_function_add_parameter(function, type);
    duckdb_scalar_function_set_return_type(function, code);
    duckdb_scalar_function_set_special_handling(function); /* null has a code too */
    duckdb_scalar_function_set_extra_info(function, dictionary, NULL);
    duckdb_scalar_function_set_function(function, give_codes);
    const duckdb_state state =
        duckdb_register_scalar_function(assay_session_connection(session), function);
    duckdb_destroy_logical_type(&code);
    duckdb_destroy_scalar_function(&function);
    return state == DuckDBSuccess
               ? ASSAY_OK
               : assay_fail(err, ASSAY_INTERNAL, "the engine refuses the function %s", name);
}

static int take_field(struct assay_parquet_plan *plan, struct assay_session *session, size_t field,
                      struct assay_dictionary *dictionary, struct assay_error *err)
{
    char name[sizeof plan->coder + 24];
    size_t column;
    if (!dictionary || !assay_vectors_can_code(plan->vectors, field, &column))
        return ASSAY_OK;
    (void)snprintf(name, sizeof name, "%s%zu", plan->coder, column);
    ASSAY_TRY(register_coder(session, name, assay_vectors_column_type(plan->vectors, column),
                             dictionary, err));
    plan->coded[field] = dictionary;
    plan->coded_columns[column] = true;
    return ASSAY_OK;
}

int assay_parquet_plan_code(struct assay_parquet_plan *plan, struct assay_session *session,
                            const char *coder, struct assay_dictionary *const *dictionaries,
                            struct assay_error *err)
{
    const size_t fields = assay_vectors_schema(plan->vectors)->count;
    plan->coded = assay_calloc(fields + 1, sizeof *plan->coded);
    plan->coded_columns =
        assay_calloc(assay_vectors_columns(plan->vectors) + 1, sizeof *plan->coded_columns);
    if (!plan->coded || !plan->coded_columns)
        return assay_fail_memory(err);
    (void)snprintf(plan->coder, sizeof plan->coder, "%s", coder);
    for (size_t i = 0; i < fields; i++)
        ASSAY_TRY(take_field(plan, session, i, dictionaries[i], err));
    return ASSAY_OK;
}
