// Identity: what stands for a record of a file, as a scalar function of the session.
// SPDX-License-Identifier: Apache-2.0
#include "common/base/memory.h"
#include "worker/executor/kernels/hash.h"
#include "worker/executor/scan/scan.h"

struct identity {
    uint64_t seed;
    const uint64_t *file_ids; /* NULL = a file's number */
    size_t files_count;
};

/* The position is the byte offset where there is one, else the record's number: as in the lanes of
 * a profile. */
static void identify(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output)
{
    const struct identity *identity = duckdb_scalar_function_get_extra_info(info);
    duckdb_vector offset_vector = duckdb_data_chunk_get_vector(input, 1);
    const uint32_t *files = duckdb_vector_get_data(duckdb_data_chunk_get_vector(input, 0));
    const uint64_t *offsets = duckdb_vector_get_data(offset_vector);
    const uint64_t *rows = duckdb_vector_get_data(duckdb_data_chunk_get_vector(input, 2));
    uint64_t *validity = duckdb_vector_get_validity(offset_vector);
    uint64_t *results = duckdb_vector_get_data(output);
    for (idx_t i = 0; i < duckdb_data_chunk_get_size(input); i++) {
        const bool has_offset = !validity || duckdb_validity_row_is_valid(validity, i);
        const uint64_t file = identity->file_ids && files[i] < identity->files_count
                                  ? identity->file_ids[files[i]]
                                  : files[i];
        results[i] = assay_hash_identity(identity->seed, file, has_offset ? offsets[i] : rows[i]);
    }
}

static duckdb_state register_function(duckdb_connection connection, struct identity *identity)
{
    static const duckdb_type parameters[] = {DUCKDB_TYPE_UINTEGER, DUCKDB_TYPE_UBIGINT,
                                             DUCKDB_TYPE_UBIGINT};
    duckdb_scalar_function function = duckdb_create_scalar_function();
    duckdb_logical_type hash = duckdb_create_logical_type(DUCKDB_TYPE_UBIGINT);
    duckdb_scalar_function_set_name(function, "_assay_identity");
    for (size_t i = 0; i < ASSAY_COUNT(parameters); i++) {
        duckdb_logical_type type = duckdb_create_logical_type(parameters[i]);
        duckdb_scalar_function_add_parameter(function, type);
        duckdb_destroy_logical_type(&type);
    }
    duckdb_scalar_function_set_return_type(function, hash);
    duckdb_scalar_function_set_special_handling(function); /* also for records without an offset */
    duckdb_scalar_function_set_extra_info(function, identity, NULL);
    duckdb_scalar_function_set_function(function, identify);
    const duckdb_state state = duckdb_register_scalar_function(connection, function);
    duckdb_destroy_logical_type(&hash);
    duckdb_destroy_scalar_function(&function);
    return state;
}

int assay_scan_identity_register(struct assay_scan *scan, struct assay_error *err)
{
    const struct assay_profile_source *source = &scan->own.source;
    struct identity *identity = assay_arena_zalloc(&scan->arena, sizeof *identity);
    if (!identity)
        return assay_fail_memory(err);
    *identity = (struct identity){.seed = scan->task->seed,
                                  .file_ids = source->file_ids,
                                  .files_count = source->set ? source->set->count : 0};
    return register_function(assay_session_connection(scan->session), identity) == DuckDBSuccess
               ? ASSAY_OK
               : assay_fail(err, ASSAY_INTERNAL, "the engine refuses the function of identities");
}
