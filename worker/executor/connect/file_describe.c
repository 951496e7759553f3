// Fields of files: ours from the heads, Parquet's from the engine.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/connect/file_describe.h"

#include "common/base/memory.h"
#include "worker/executor/engine/parquet.h"

int assay_schema_copy(const struct assay_schema *schema, struct assay_schema *ret_schema,
                      struct assay_error *err)
{
    ASSAY_SCOPED(assay_schema_release) struct assay_schema copy = {0};
    for (size_t i = 0; i < schema->count; i++) {
        const struct assay_field *from = &schema->fields[i];
        struct assay_field *field =
            assay_schema_add(&copy, from->name, from->native_type, from->type, from->layout);
        if (!field)
            return assay_fail_memory(err);
        field->scale = from->scale;
        field->nullable = from->nullable;
        field->projected = from->projected;
    }
    *ret_schema = copy;
    copy = (struct assay_schema){0};
    return ASSAY_OK;
}

static int describe_parquet(const struct assay_file_set *set, struct assay_schema *ret_schema,
                            struct assay_error *err)
{
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(set->count, sizeof(const char *));
    const char **paths = memory;
    if (!paths)
        return assay_fail_memory(err);
    for (size_t i = 0; i < set->count; i++)
        paths[i] = set->files[i].path;
    const struct assay_session_options options = {
        .threads = 1, .paths = paths, .paths_count = set->count};
    ASSAY_AUTO(assay_session_close) struct assay_session *session = NULL;
    ASSAY_TRY(assay_session_open(&options, &session, err));
    const struct assay_parquet_files files = {paths, set->count};
    return assay_parquet_describe(session, &files, ret_schema, err);
}

int assay_file_set_describe(const struct assay_file_set *set, struct assay_schema *ret_schema,
                            struct assay_error *err)
{
    if (set->family == ASSAY_FAMILY_PARQUET)
        return describe_parquet(set, ret_schema, err);
    return assay_schema_copy(&set->schema, ret_schema, err);
}
