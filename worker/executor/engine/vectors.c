// Vectors: the plan: which columns a query selects and which fields come out of them.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/engine/vectors.h"

#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/engine/vectors_internal.h"

/* Types with a form of ours; every other one is cast to VARCHAR by DuckDB. */
static const struct known_type {
    duckdb_type type;
    const char *name;
    enum assay_layout layout;
    enum assay_convert convert;
} known_types[] = {
    {DUCKDB_TYPE_BOOLEAN, "BOOLEAN", ASSAY_LAYOUT_BOOL, ASSAY_CONVERT_NONE},
    {DUCKDB_TYPE_TINYINT, "TINYINT", ASSAY_LAYOUT_INT64, ASSAY_CONVERT_I8},
    {DUCKDB_TYPE_SMALLINT, "SMALLINT", ASSAY_LAYOUT_INT64, ASSAY_CONVERT_I16},
    {DUCKDB_TYPE_INTEGER, "INTEGER", ASSAY_LAYOUT_INT64, ASSAY_CONVERT_I32},
    {DUCKDB_TYPE_BIGINT, "BIGINT", ASSAY_LAYOUT_INT64, ASSAY_CONVERT_NONE},
    {DUCKDB_TYPE_UTINYINT, "UTINYINT", ASSAY_LAYOUT_INT64, ASSAY_CONVERT_U8},
    {DUCKDB_TYPE_USMALLINT, "USMALLINT", ASSAY_LAYOUT_INT64, ASSAY_CONVERT_U16},
    {DUCKDB_TYPE_UINTEGER, "UINTEGER", ASSAY_LAYOUT_INT64, ASSAY_CONVERT_U32},
    {DUCKDB_TYPE_UBIGINT, "UBIGINT", ASSAY_LAYOUT_INT128, ASSAY_CONVERT_U64},
    {DUCKDB_TYPE_HUGEINT, "HUGEINT", ASSAY_LAYOUT_INT128, ASSAY_CONVERT_I128},
    {DUCKDB_TYPE_FLOAT, "FLOAT", ASSAY_LAYOUT_FLOAT, ASSAY_CONVERT_NONE},
    {DUCKDB_TYPE_DOUBLE, "DOUBLE", ASSAY_LAYOUT_DOUBLE, ASSAY_CONVERT_NONE},
    {DUCKDB_TYPE_VARCHAR, "VARCHAR", ASSAY_LAYOUT_TEXT, ASSAY_CONVERT_TEXT},
    {DUCKDB_TYPE_BLOB, "BLOB", ASSAY_LAYOUT_BYTES, ASSAY_CONVERT_TEXT},
    {DUCKDB_TYPE_DATE, "DATE", ASSAY_LAYOUT_DATE, ASSAY_CONVERT_NONE},
    {DUCKDB_TYPE_TIMESTAMP, "TIMESTAMP", ASSAY_LAYOUT_TIMESTAMP, ASSAY_CONVERT_NONE},
    {DUCKDB_TYPE_TIMESTAMP_S, "TIMESTAMP_S", ASSAY_LAYOUT_TIMESTAMP, ASSAY_CONVERT_SECONDS},
    {DUCKDB_TYPE_TIMESTAMP_MS, "TIMESTAMP_MS", ASSAY_LAYOUT_TIMESTAMP, ASSAY_CONVERT_MILLIS},
    {DUCKDB_TYPE_TIMESTAMP_NS, "TIMESTAMP_NS", ASSAY_LAYOUT_TIMESTAMP, ASSAY_CONVERT_NANOS},
    {DUCKDB_TYPE_TIMESTAMP_TZ, "TIMESTAMP WITH TIME ZONE", ASSAY_LAYOUT_INSTANT,
     ASSAY_CONVERT_NONE},
    {DUCKDB_TYPE_SQLNULL, "NULL", ASSAY_LAYOUT_NULL, ASSAY_CONVERT_NONE},
    {DUCKDB_TYPE_STRUCT, "STRUCT", ASSAY_LAYOUT_STRUCT, ASSAY_CONVERT_NONE},
    {DUCKDB_TYPE_MAP, "MAP", ASSAY_LAYOUT_STRUCT, ASSAY_CONVERT_NONE},
};

/* Names of the types that are cast; only for people. */
static const struct {
    duckdb_type type;
    const char *name;
} other_names[] = {
    {DUCKDB_TYPE_TIME, "TIME"},         {DUCKDB_TYPE_TIME_TZ, "TIME WITH TIME ZONE"},
    {DUCKDB_TYPE_TIME_NS, "TIME_NS"},   {DUCKDB_TYPE_INTERVAL, "INTERVAL"},
    {DUCKDB_TYPE_UHUGEINT, "UHUGEINT"}, {DUCKDB_TYPE_ENUM, "ENUM"},
    {DUCKDB_TYPE_UUID, "UUID"},         {DUCKDB_TYPE_UNION, "UNION"},
    {DUCKDB_TYPE_BIT, "BIT"},           {DUCKDB_TYPE_BIGNUM, "BIGNUM"},
    {DUCKDB_TYPE_ARRAY, "ARRAY"},
};

static const struct known_type *find_known(duckdb_type type)
{
    for (size_t i = 0; i < ASSAY_COUNT(known_types); i++)
        if (known_types[i].type == type)
            return &known_types[i];
    return NULL;
}

static const char *scalar_name(duckdb_type type)
{
    const struct known_type *known = find_known(type);
    if (known)
        return known->name;
    for (size_t i = 0; i < ASSAY_COUNT(other_names); i++)
        if (other_names[i].type == type)
            return other_names[i].name;
    return "UNKNOWN";
}

/* --- the text of a type --- */

static void append_type(duckdb_logical_type type, bool quoted, struct assay_buf *sql);

static void append_child(duckdb_logical_type child, bool quoted, struct assay_buf *sql)
{
    append_type(child, quoted, sql);
    duckdb_destroy_logical_type(&child);
}

static void append_struct(duckdb_logical_type type, bool quoted, struct assay_buf *sql)
{
    assay_buf_text(sql, "STRUCT(");
    for (idx_t i = 0; i < duckdb_struct_type_child_count(type); i++) {
        char *name = duckdb_struct_type_child_name(type, i);
        assay_buf_text(sql, i ? ", " : "");
        if (quoted)
            assay_sql_name(sql, name);
        else
            assay_buf_text(sql, name);
        assay_buf_char(sql, ' ');
        append_child(duckdb_struct_type_child_type(type, i), quoted, sql);
        duckdb_free(name);
    }
    assay_buf_char(sql, ')');
}

static void append_type(duckdb_logical_type type, bool quoted, struct assay_buf *sql)
{
    const duckdb_type id = duckdb_get_type_id(type);
    if (id == DUCKDB_TYPE_DECIMAL) {
        assay_buf_printf(sql, "DECIMAL(%u,%u)", duckdb_decimal_width(type),
                         duckdb_decimal_scale(type));
    } else if (id == DUCKDB_TYPE_LIST) {
        append_child(duckdb_list_type_child_type(type), quoted, sql);
        assay_buf_text(sql, "[]");
    } else if (id == DUCKDB_TYPE_STRUCT) {
        append_struct(type, quoted, sql);
    } else if (id == DUCKDB_TYPE_MAP) {
        assay_buf_text(sql, "MAP(");
        append_child(duckdb_map_type_key_type(type), quoted, sql);
        assay_buf_text(sql, ", ");
        append_child(duckdb_map_type_value_type(type), quoted, sql);
        assay_buf_char(sql, ')');
    } else {
        assay_buf_text(sql, scalar_name(id));
    }
}

/* --- the type that a column has after the cast --- */

static duckdb_logical_type substitute(duckdb_logical_type type, bool *changed);

static duckdb_logical_type substitute_list(duckdb_logical_type child, bool *changed)
{
    duckdb_logical_type element = substitute(child, changed);
    duckdb_logical_type list = duckdb_create_list_type(element);
    duckdb_destroy_logical_type(&element);
    duckdb_destroy_logical_type(&child);
    return list;
}

static duckdb_logical_type substitute_struct(duckdb_logical_type type, bool *changed)
{
    const idx_t count = duckdb_struct_type_child_count(type);
    duckdb_logical_type *types = assay_calloc(count, sizeof *types);
    const char **names = assay_calloc(count, sizeof *names);
    duckdb_logical_type result = NULL;
    if (types && names) {
        for (idx_t i = 0; i < count; i++) {
            duckdb_logical_type child = duckdb_struct_type_child_type(type, i);
            names[i] = duckdb_struct_type_child_name(type, i);
            types[i] = substitute(child, changed);
            duckdb_destroy_logical_type(&child);
        }
        result = duckdb_create_struct_type(types, names, count);
        for (idx_t i = 0; i < count; i++) {
            duckdb_destroy_logical_type(&types[i]);
            duckdb_free((void *)(uintptr_t)names[i]);
        }
    }
    assay_free(types);
    assay_free(names);
    return result;
}

static duckdb_logical_type substitute_map(duckdb_logical_type type)
{
    duckdb_logical_type key = duckdb_map_type_key_type(type);
    duckdb_logical_type value = duckdb_map_type_value_type(type);
    duckdb_logical_type map = duckdb_create_map_type(key, value);
    duckdb_destroy_logical_type(&key);
    duckdb_destroy_logical_type(&value);
    return map;
}

/* A copy of the type with everything unknown replaced by VARCHAR and fixed arrays by lists; maps
 * stay as they are. */
static duckdb_logical_type substitute(duckdb_logical_type type, bool *changed)
{
    const duckdb_type id = duckdb_get_type_id(type);
    switch (id) {
    case DUCKDB_TYPE_DECIMAL:
        return duckdb_create_decimal_type(duckdb_decimal_width(type), duckdb_decimal_scale(type));
    case DUCKDB_TYPE_LIST:
        return substitute_list(duckdb_list_type_child_type(type), changed);
    case DUCKDB_TYPE_ARRAY:
        *changed = true;
        return substitute_list(duckdb_array_type_child_type(type), changed);
    case DUCKDB_TYPE_STRUCT:
        return substitute_struct(type, changed);
    case DUCKDB_TYPE_MAP:
        return substitute_map(type);
    default:
        if (find_known(id))
            return duckdb_create_logical_type(id);
        *changed = true;
        return duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
    }
}

/* --- the fields of a column --- */

static int grow(struct assay_vectors *vectors, const struct assay_vector_field *field,
                struct assay_error *err)
{
    struct assay_vector_field *fields =
        assay_reallocarray(vectors->fields, vectors->fields_count + 1, sizeof *fields);
    if (!fields)
        return assay_fail_memory(err);
    vectors->fields = fields;
    fields[vectors->fields_count++] = *field;
    return ASSAY_OK;
}

static void set_leaf(struct assay_vector_field *field, duckdb_logical_type type)
{
    const duckdb_type id = duckdb_get_type_id(type);
    if (id == DUCKDB_TYPE_DECIMAL) {
        const duckdb_type internal = duckdb_decimal_internal_type(type);
        const struct known_type *known = find_known(internal);
        field->layout =
            internal == DUCKDB_TYPE_HUGEINT ? ASSAY_LAYOUT_DECIMAL128 : ASSAY_LAYOUT_DECIMAL64;
        field->convert = known ? known->convert : ASSAY_CONVERT_NONE;
        field->scale = duckdb_decimal_scale(type);
        return;
    }
    const struct known_type *known = find_known(id);
    field->layout =
        known ? known->layout : ASSAY_LAYOUT_STRUCT; /* a list too deep: validity only */
    field->convert = known ? known->convert : ASSAY_CONVERT_NONE;
}

/* Follow lists to their innermost element; *type is replaced by it. */
static void enter_lists(struct assay_vector_field *field, duckdb_logical_type *type)
{
    while (duckdb_get_type_id(*type) == DUCKDB_TYPE_LIST &&
           field->steps_count < ASSAY_VECTOR_STEPS) {
        duckdb_logical_type child = duckdb_list_type_child_type(*type);
        duckdb_destroy_logical_type(type);
        *type = child;
        field->steps[field->steps_count++] = ASSAY_STEP_LIST;
        field->lists_count++;
    }
}

static int add_fields(struct assay_vectors *vectors, struct assay_vector_field field,
                      const char *name, duckdb_logical_type type, unsigned depth,
                      struct assay_error *err);

static int add_children(struct assay_vectors *vectors, const struct assay_vector_field *parent,
                        const char *name, duckdb_logical_type type, unsigned depth,
                        struct assay_error *err)
{
    int rc = ASSAY_OK;
    for (idx_t i = 0; rc == ASSAY_OK && i < duckdb_struct_type_child_count(type); i++) {
        ASSAY_SCOPED(assay_buf_release) struct assay_buf dotted = {0};
        struct assay_vector_field field = *parent;
        field.steps[field.steps_count++] = (uint32_t)i;
        char *child_name = duckdb_struct_type_child_name(type, i);
        duckdb_logical_type child = duckdb_struct_type_child_type(type, i);
        assay_buf_printf(&dotted, "%s.%s", name, child_name);
        rc = assay_buf_check(&dotted, err);
        if (rc == ASSAY_OK)
            rc = add_fields(vectors, field, dotted.data, child, depth + 1, err);
        duckdb_destroy_logical_type(&child);
        duckdb_free(child_name);
    }
    return rc;
}

/* The field itself, then the children of a struct or of a list of structs. Borrows type. */
static int add_fields(struct assay_vectors *vectors, struct assay_vector_field field,
                      const char *name, duckdb_logical_type type, unsigned depth,
                      struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf native = {0};
    append_type(type, false, &native);
    ASSAY_TRY(assay_buf_check(&native, err));
    bool changed = false;
    duckdb_logical_type leaf = substitute(type, &changed);
    if (!leaf)
        return assay_fail_memory(err);
    const unsigned lists_before = field.lists_count;
    enter_lists(&field, &leaf);
    set_leaf(&field, leaf);
    const enum assay_layout outer = field.lists_count ? ASSAY_LAYOUT_LIST : field.layout;
    struct assay_field *added =
        assay_schema_add(&vectors->schema, name, native.data, assay_layout_type(outer), outer);
    int rc = added ? grow(vectors, &field, err) : assay_fail_memory(err);
    if (rc == ASSAY_OK) {
        added->scale = outer == ASSAY_LAYOUT_LIST ? 0 : field.scale;
        added->projected = depth > 1;
        const bool once =
            field.lists_count - lists_before <= 1; /* no names below a list of lists */
        if (duckdb_get_type_id(leaf) == DUCKDB_TYPE_STRUCT && once && depth < ASSAY_NESTED_DEPTH &&
            field.steps_count < ASSAY_VECTOR_STEPS)
            rc = add_children(vectors, &field, name, leaf, depth, err);
    }
    duckdb_destroy_logical_type(&leaf);
    return rc;
}

static int add_column(struct assay_vectors *vectors, idx_t index, const char *name,
                      duckdb_logical_type type, struct assay_error *err)
{
    struct assay_vector_column *column = &vectors->columns[index];
    bool cast = false;
    column->type = substitute(type, &cast);
    assay_sql_name(&column->sql, name);
    if (cast && column->type) {
        assay_buf_clear(&column->sql);
        assay_buf_text(&column->sql, "CAST(");
        assay_sql_name(&column->sql, name);
        assay_buf_text(&column->sql, " AS ");
        append_type(column->type, true, &column->sql);
        assay_buf_char(&column->sql, ')');
    }
    int rc = column->type ? assay_buf_check(&column->sql, err) : assay_fail_memory(err);
    if (rc == ASSAY_OK)
        rc = add_fields(vectors, (struct assay_vector_field){.column = index}, name, type, 1, err);
    return rc;
}

static int plan_column(struct assay_vectors *vectors, duckdb_prepared_statement statement,
                       idx_t index, struct assay_error *err)
{
    const char *name = duckdb_prepared_statement_column_name(statement, index);
    duckdb_logical_type type = duckdb_prepared_statement_column_logical_type(statement, index);
    const int rc =
        name && type ? add_column(vectors, index, name, type, err) : assay_fail_memory(err);
    duckdb_destroy_logical_type(&type);
    duckdb_free((void *)(uintptr_t)name);
    return rc;
}

static int plan_columns(duckdb_prepared_statement statement, struct assay_vectors **ret_vectors,
                        struct assay_error *err)
{
    ASSAY_AUTO(assay_vectors_free) struct assay_vectors *vectors = assay_calloc(1, sizeof *vectors);
    if (!vectors)
        return assay_fail_memory(err);
    const idx_t count = duckdb_prepared_statement_column_count(statement);
    vectors->columns = assay_calloc(count ? count : 1, sizeof *vectors->columns);
    if (!vectors->columns)
        return assay_fail_memory(err);
    vectors->columns_count = count;
    for (idx_t i = 0; i < count; i++)
        ASSAY_TRY(plan_column(vectors, statement, i, err));
    ASSAY_TRY(assay_vectors_name_fields(vectors, err));
    *ret_vectors = ASSAY_TAKE(vectors);
    return ASSAY_OK;
}

/* A statement that cannot be prepared tells the kind of its error in the text alone. */
static int fail_prepare(duckdb_prepared_statement statement, struct assay_error *err)
{
    static const char io[] = "IO Error";
    const char *message = duckdb_prepare_error(statement);
    const bool is_io = message && strncmp(message, io, strlen(io)) == 0;
    return assay_session_fail(is_io ? DUCKDB_ERROR_IO : DUCKDB_ERROR_INVALID, message, err);
}

int assay_vectors_plan(struct assay_session *session, const char *sql,
                       struct assay_vectors **ret_vectors, struct assay_error *err)
{
    duckdb_prepared_statement statement = NULL;
    const int rc =
        duckdb_prepare(assay_session_connection(session), sql, &statement) == DuckDBSuccess
            ? plan_columns(statement, ret_vectors, err)
            : fail_prepare(statement, err);
    duckdb_destroy_prepare(&statement);
    return rc;
}

void assay_vectors_free(struct assay_vectors *vectors)
{
    if (!vectors)
        return;
    for (size_t i = 0; vectors->columns && i < vectors->columns_count; i++) {
        duckdb_destroy_logical_type(&vectors->columns[i].type);
        assay_buf_release(&vectors->columns[i].sql);
    }
    assay_free(vectors->columns);
    assay_free(vectors->fields);
    assay_schema_release(&vectors->schema);
    assay_free(vectors);
}

/* --- projection --- */

/* Column `from` of the whole plan in the projected one, added when it is not there yet. -1 = out of
 * memory. */
static ptrdiff_t take_column(struct assay_vectors *projected, const struct assay_vectors *whole,
                             size_t from, size_t *map)
{
    if (map[from])
        return (ptrdiff_t)map[from] - 1;
    struct assay_vector_column *column = &projected->columns[projected->columns_count];
    bool changed = false;
    column->type = substitute(whole->columns[from].type, &changed);
    assay_buf_text(&column->sql, assay_buf_str(&whole->columns[from].sql));
    map[from] = ++projected->columns_count;
    return column->type && !column->sql.failed ? (ptrdiff_t)map[from] - 1 : -1;
}

static int take_field(struct assay_vectors *projected, const struct assay_vectors *whole,
                      const char *name, size_t *map, struct assay_error *err)
{
    const ptrdiff_t found = assay_schema_find(&whole->schema, name);
    if (found < 0)
        return assay_fail(err, ASSAY_NOT_FOUND, "there is no field %s", name);
    const struct assay_field *source = &whole->schema.fields[found];
    struct assay_vector_field field = whole->fields[found];
    const ptrdiff_t column = take_column(projected, whole, field.column, map);
    if (column < 0)
        return assay_fail_memory(err);
    field.column = (size_t)column;
    struct assay_field *added = assay_schema_add(&projected->schema, source->name,
                                                 source->native_type, source->type, source->layout);
    if (!added)
        return assay_fail_memory(err);
    added->scale = source->scale;
    added->projected = source->projected;
    return grow(projected, &field, err);
}

int assay_vectors_project(const struct assay_vectors *vectors, const char *const *fields,
                          size_t fields_count, struct assay_vectors **ret_vectors,
                          struct assay_error *err)
{
    ASSAY_AUTO(assay_vectors_free)
    struct assay_vectors *projected = assay_calloc(1, sizeof *projected);
    ASSAY_AUTO(assay_free) void *map = assay_calloc(vectors->columns_count + 1, sizeof(size_t));
    if (!projected || !map)
        return assay_fail_memory(err);
    projected->columns = assay_calloc(vectors->columns_count + 1, sizeof *projected->columns);
    if (!projected->columns)
        return assay_fail_memory(err);
    for (size_t i = 0; i < fields_count; i++)
        ASSAY_TRY(take_field(projected, vectors, fields[i], map, err));
    *ret_vectors = ASSAY_TAKE(projected);
    return ASSAY_OK;
}

const struct assay_schema *assay_vectors_schema(const struct assay_vectors *vectors)
{
    return &vectors->schema;
}

size_t assay_vectors_columns(const struct assay_vectors *vectors)
{
    return vectors->columns_count;
}

void assay_vectors_append_column(const struct assay_vectors *vectors, size_t column,
                                 struct assay_buf *sql)
{
    assay_buf_text(sql, assay_buf_str(&vectors->columns[column].sql));
}

duckdb_logical_type assay_vectors_column_type(const struct assay_vectors *vectors, size_t column)
{
    return vectors->columns[column].type;
}

bool assay_vectors_can_code(const struct assay_vectors *vectors, size_t field, size_t *ret_column)
{
    const struct assay_vector_field *of = &vectors->fields[field];
    *ret_column = of->column;
    return !of->steps_count && of->convert == ASSAY_CONVERT_TEXT;
}
