// Column batches: names of types, and the schema's memory.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/batch/batch.h"

#include <string.h>
#include <strings.h>

#include "common/base/memory.h"

static const char *const type_names[] = {
    [ASSAY_TYPE_UNKNOWN] = "Unknown",
    [ASSAY_TYPE_INTEGRAL] = "Integral",
    [ASSAY_TYPE_FRACTIONAL] = "Fractional",
    [ASSAY_TYPE_STRING] = "String",
    [ASSAY_TYPE_DATE] = "Date",
    [ASSAY_TYPE_TIMESTAMP] = "Timestamp",
    [ASSAY_TYPE_BOOLEAN] = "Boolean",
    [ASSAY_TYPE_ARRAY] = "Array",
    [ASSAY_TYPE_STRUCT] = "Struct",
};

static const enum assay_type layout_types[] = {
    [ASSAY_LAYOUT_NULL] = ASSAY_TYPE_UNKNOWN,
    [ASSAY_LAYOUT_BOOL] = ASSAY_TYPE_BOOLEAN,
    [ASSAY_LAYOUT_INT64] = ASSAY_TYPE_INTEGRAL,
    [ASSAY_LAYOUT_INT128] = ASSAY_TYPE_INTEGRAL,
    [ASSAY_LAYOUT_DECIMAL64] = ASSAY_TYPE_FRACTIONAL,
    [ASSAY_LAYOUT_DECIMAL128] = ASSAY_TYPE_FRACTIONAL,
    [ASSAY_LAYOUT_FLOAT] = ASSAY_TYPE_FRACTIONAL,
    [ASSAY_LAYOUT_DOUBLE] = ASSAY_TYPE_FRACTIONAL,
    [ASSAY_LAYOUT_TEXT] = ASSAY_TYPE_STRING,
    [ASSAY_LAYOUT_BYTES] = ASSAY_TYPE_STRING,
    [ASSAY_LAYOUT_DATE] = ASSAY_TYPE_DATE,
    [ASSAY_LAYOUT_TIMESTAMP] = ASSAY_TYPE_TIMESTAMP,
    [ASSAY_LAYOUT_INSTANT] = ASSAY_TYPE_TIMESTAMP,
    [ASSAY_LAYOUT_LIST] = ASSAY_TYPE_ARRAY,
    [ASSAY_LAYOUT_STRUCT] = ASSAY_TYPE_STRUCT,
    [ASSAY_LAYOUT_CELL] = ASSAY_TYPE_UNKNOWN,
};

const char *assay_type_name(enum assay_type type)
{
    return type_names[type];
}

bool assay_type_parse(const char *name, enum assay_type *ret_type)
{
    for (size_t i = 0; name && i < ASSAY_COUNT(type_names); i++) {
        if (!strcasecmp(type_names[i], name)) {
            *ret_type = (enum assay_type)i;
            return true;
        }
    }
    return false;
}

enum assay_type assay_layout_type(enum assay_layout layout)
{
    return layout_types[layout];
}

static const uint8_t layout_bytes[] = {
    [ASSAY_LAYOUT_NULL] = 0,
    [ASSAY_LAYOUT_BOOL] = sizeof(uint8_t),
    [ASSAY_LAYOUT_INT64] = sizeof(int64_t),
    [ASSAY_LAYOUT_INT128] = sizeof(assay_i128),
    [ASSAY_LAYOUT_DECIMAL64] = sizeof(int64_t),
    [ASSAY_LAYOUT_DECIMAL128] = sizeof(assay_i128),
    [ASSAY_LAYOUT_FLOAT] = sizeof(float),
    [ASSAY_LAYOUT_DOUBLE] = sizeof(double),
    [ASSAY_LAYOUT_TEXT] = sizeof(struct assay_text),
    [ASSAY_LAYOUT_BYTES] = sizeof(struct assay_text),
    [ASSAY_LAYOUT_DATE] = sizeof(int32_t),
    [ASSAY_LAYOUT_TIMESTAMP] = sizeof(int64_t),
    [ASSAY_LAYOUT_INSTANT] = sizeof(int64_t),
    [ASSAY_LAYOUT_LIST] = sizeof(struct assay_list),
    [ASSAY_LAYOUT_STRUCT] = 0,
    [ASSAY_LAYOUT_CELL] = sizeof(struct assay_cell),
};

size_t assay_layout_bytes(enum assay_layout layout)
{
    return layout_bytes[layout];
}

void assay_schema_release(struct assay_schema *schema)
{
    if (!schema)
        return;
    for (size_t i = 0; i < schema->count; i++) {
        assay_free(schema->fields[i].name);
        assay_free(schema->fields[i].native_type);
    }
    assay_free(schema->fields);
    *schema = (struct assay_schema){0};
}

struct assay_field *assay_schema_add(struct assay_schema *schema, const char *name,
                                     const char *native_type, enum assay_type type,
                                     enum assay_layout layout)
{
    struct assay_field *fields =
        assay_reallocarray(schema->fields, schema->count + 1, sizeof *schema->fields);
    if (!fields)
        return NULL;
    schema->fields = fields;
    struct assay_field *field = &fields[schema->count];
    *field = (struct assay_field){.name = assay_strdup(name),
                                  .native_type = assay_strdup(native_type),
                                  .type = type,
                                  .layout = layout,
                                  .nullable = true};
    if (!field->name || (native_type && !field->native_type)) {
        assay_free(field->name);
        assay_free(field->native_type);
        return NULL;
    }
    schema->count++;
    return field;
}

ptrdiff_t assay_schema_find(const struct assay_schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->count; i++)
        if (!strcmp(schema->fields[i].name, name))
            return (ptrdiff_t)i;
    return -1;
}
