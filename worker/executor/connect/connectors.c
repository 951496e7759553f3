// The table of connectors, and what all of them share.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/connect/file.h"
#include "worker/executor/connect/postgresql.h"
#include "worker/executor/connect/sqlite.h"

enum { BATCH_BYTES = 8 << 20, LEAST_ROWS = 64 };

const struct assay_connector *const assay_connectors[] = {
    &assay_file_connector,
    &assay_postgresql_connector,
    &assay_sqlite_connector,
    NULL,
};

const struct assay_connector *assay_connector_find(const char *name)
{
    for (const struct assay_connector *const *row = assay_connectors; *row; row++)
        if (strcmp((*row)->name, name) == 0)
            return *row;
    return NULL;
}

void assay_found_release(struct assay_found *found)
{
    assay_free(found->name);
    assay_free(found->container_type);
    json_decref(found->details);
    *found = (struct assay_found){0};
}

void assay_watermark_release(struct assay_watermark *mark)
{
    assay_free(mark->top);
    *mark = (struct assay_watermark){0};
}

int assay_schema_json(const struct assay_schema *schema, json_t **ret_fields,
                      struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *fields = json_array();
    if (!fields)
        return assay_fail_memory(err);
    for (size_t i = 0; i < schema->count; i++) {
        const struct assay_field *field = &schema->fields[i];
        ASSAY_TRY(
            assay_json_push(fields,
                            json_pack("{s:o, s:s, s:s?, s:b}", "name",
                                      assay_json_safe_string(field->name, strlen(field->name)),
                                      "type", assay_type_name(field->type), "native_type",
                                      field->native_type, "nullable", field->nullable),
                            err));
    }
    *ret_fields = ASSAY_TAKE(fields);
    return ASSAY_OK;
}

void assay_sql_quote(struct assay_buf *sql, const char *name)
{
    assay_buf_char(sql, '"');
    for (; *name; name++) {
        if (*name == '"')
            assay_buf_char(sql, '"');
        assay_buf_char(sql, *name);
    }
    assay_buf_char(sql, '"');
}

bool assay_list_includes(const json_t *options, const char *container_type)
{
    const json_t *include = assay_json_get(options, "include"), *item;
    size_t i;
    json_array_foreach(include, i,
                       item) if (json_is_string(item) &&
                                 strcmp(json_string_value(item), container_type) == 0) return true;
    return !json_array_size(include);
}

size_t assay_batch_rows(size_t columns)
{
    const size_t rows = BATCH_BYTES / sizeof(struct assay_cell) / (columns ? columns : 1);
    return rows > ASSAY_BATCH_ROWS ? ASSAY_BATCH_ROWS : rows < LEAST_ROWS ? LEAST_ROWS : rows;
}
