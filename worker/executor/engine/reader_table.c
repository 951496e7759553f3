// Reader table: batches of our readers as a table function of DuckDB.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/engine/reader_table.h"

#include <pthread.h>
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/batch/special.h"
#include "worker/executor/engine/reader_table_internal.h"
#include "worker/executor/infer/cell_decimal.h"

/* --- columns --- */

static const struct {
    const char *name;
    enum assay_table_kind kind;
    duckdb_type type;
} place_columns[] = {
    {"_assay_part", ASSAY_TABLE_PART, DUCKDB_TYPE_UINTEGER},
    {"_assay_file", ASSAY_TABLE_FILE, DUCKDB_TYPE_UINTEGER},
    {"_assay_row", ASSAY_TABLE_ROW, DUCKDB_TYPE_UBIGINT},
    {"_assay_line", ASSAY_TABLE_LINE, DUCKDB_TYPE_UBIGINT},
    {"_assay_offset", ASSAY_TABLE_OFFSET, DUCKDB_TYPE_UBIGINT},
};

static duckdb_logical_type scalar_type(enum assay_layout layout, uint8_t scale)
{
    static const duckdb_type types[] = {
        [ASSAY_LAYOUT_BOOL] = DUCKDB_TYPE_BOOLEAN,
        [ASSAY_LAYOUT_INT64] = DUCKDB_TYPE_BIGINT,
        [ASSAY_LAYOUT_INT128] = DUCKDB_TYPE_HUGEINT,
        [ASSAY_LAYOUT_FLOAT] = DUCKDB_TYPE_FLOAT,
        [ASSAY_LAYOUT_DOUBLE] = DUCKDB_TYPE_DOUBLE,
        [ASSAY_LAYOUT_BYTES] = DUCKDB_TYPE_BLOB,
        [ASSAY_LAYOUT_DATE] = DUCKDB_TYPE_DATE,
        [ASSAY_LAYOUT_TIMESTAMP] = DUCKDB_TYPE_TIMESTAMP,
        [ASSAY_LAYOUT_INSTANT] = DUCKDB_TYPE_TIMESTAMP_TZ,
        [ASSAY_LAYOUT_STRUCT] = DUCKDB_TYPE_BOOLEAN,
    };
    if (layout == ASSAY_LAYOUT_DECIMAL64)
        return duckdb_create_decimal_type(18, scale);
    if (layout == ASSAY_LAYOUT_DECIMAL128)
        return duckdb_create_decimal_type(38, scale);
    const duckdb_type type = layout < ASSAY_COUNT(types) ? types[layout] : DUCKDB_TYPE_INVALID;
    return duckdb_create_logical_type(type == DUCKDB_TYPE_INVALID ? DUCKDB_TYPE_VARCHAR : type);
}

/* The layout in which a field reaches DuckDB: cells under their target, anything without values as
 * text. */
enum assay_layout assay_table_layout(const struct assay_reader_table_spec *spec, size_t field)
{
    const enum assay_layout layout = spec->schema->fields[field].layout;
    if (layout != ASSAY_LAYOUT_CELL)
        return layout;
    const enum assay_layout target =
        spec->targets ? spec->targets[field].layout : ASSAY_LAYOUT_TEXT;
    return target == ASSAY_LAYOUT_NULL ? ASSAY_LAYOUT_TEXT : target;
}

static duckdb_logical_type field_type(const struct assay_reader_table_spec *spec, size_t field)
{
    const enum assay_layout layout = assay_table_layout(spec, field);
    if (spec->schema->fields[field].layout == ASSAY_LAYOUT_CELL &&
        layout == ASSAY_LAYOUT_DECIMAL128)
        return duckdb_create_decimal_type(ASSAY_DECIMAL_DIGITS, spec->targets[field].scale);
    if (layout != ASSAY_LAYOUT_LIST)
        return scalar_type(layout, spec->schema->fields[field].scale);
    duckdb_logical_type element = scalar_type(assay_table_element_layout(spec, field), 0);
    duckdb_logical_type list = duckdb_create_list_type(element);
    duckdb_destroy_logical_type(&element);
    return list;
}

/* Elements of a typed list keep their layout only when it is known with the first batch: text
 * always works. */
enum assay_layout assay_table_element_layout(const struct assay_reader_table_spec *spec,
                                             size_t field)
{
    const bool cells = spec->targets && !spec->schema->fields[field].native_type;
    const enum assay_layout target = cells ? spec->targets[field].layout : ASSAY_LAYOUT_TEXT;
    return target == ASSAY_LAYOUT_NULL || target == ASSAY_LAYOUT_LIST ? ASSAY_LAYOUT_TEXT : target;
}

static bool add_column(struct assay_reader_table *table, duckdb_bind_info info, const char *name,
                       enum assay_table_kind kind, size_t field, duckdb_logical_type type)
{
    if (kind != ASSAY_TABLE_FIELD && assay_schema_find(table->spec.schema, name) >= 0) {
        duckdb_destroy_logical_type(&type);
        return true;
    }
    duckdb_bind_add_result_column(info, name, type);
    duckdb_destroy_logical_type(&type);
    table->columns[table->columns_count++] = (struct assay_table_column){kind, field};
    return true;
}

static void bind(duckdb_bind_info info)
{
    struct assay_reader_table *table = duckdb_bind_get_extra_info(info);
    const struct assay_schema *schema = table->spec.schema;
    char name[64];
    table->columns_count = 0;
    for (size_t i = 0; i < schema->count; i++)
        (void)add_column(table, info, schema->fields[i].name, ASSAY_TABLE_FIELD, i,
                         field_type(&table->spec, i));
    for (size_t i = 0; i < ASSAY_COUNT(place_columns); i++)
        (void)add_column(table, info, place_columns[i].name, place_columns[i].kind, 0,
                         duckdb_create_logical_type(place_columns[i].type));
    for (size_t i = 0; i < schema->count; i++) {
        (void)snprintf(name, sizeof name, "_assay_misfit_%zu", i);
        (void)add_column(table, info, name, ASSAY_TABLE_MISFIT, i,
                         duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN));
        (void)snprintf(name, sizeof name, "_assay_raw_%zu", i);
        (void)add_column(table, info, name, ASSAY_TABLE_RAW, i,
                         duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR));
    }
    for (size_t i = 0; table->spec.numbers && i < schema->count; i++) {
        const struct assay_field *field = &schema->fields[i];
        if (!assay_is_decimal(field->layout))
            continue;
        (void)snprintf(name, sizeof name, "_assay_number_%zu", i);
        (void)add_column(
            table, info, name, ASSAY_TABLE_NUMBER, i,
            scalar_type(table->spec.numbers[i].is_double ? ASSAY_LAYOUT_DOUBLE : field->layout,
                        field->scale));
    }
}

/* --- one use of the table: which columns, and who reads which part --- */

static void use_free(void *pointer)
{
    struct assay_table_use *use = pointer;
    if (!use)
        return;
    assay_free(use->columns);
    assay_free((void *)(uintptr_t)use->names);
    assay_free(use->fields);
    assay_free(use->place);
    assay_free(use);
}

/* Fields that any of the wanted columns needs, each read once. */
static bool choose_fields(struct assay_table_use *use)
{
    const struct assay_reader_table *table = use->table;
    const size_t fields = table->spec.schema->count;
    use->names = assay_calloc(fields + 1, sizeof *use->names);
    use->fields = assay_calloc(fields + 1, sizeof *use->fields);
    use->place = assay_calloc(fields + 1, sizeof *use->place);
    if (!use->names || !use->fields || !use->place)
        return false;
    for (size_t i = 0; i < use->columns_count; i++) {
        const struct assay_table_column column = use->columns[i];
        if (column.kind < ASSAY_TABLE_FIELD || use->place[column.field])
            continue;
        use->names[use->fields_count] = table->spec.schema->fields[column.field].name;
        use->fields[use->fields_count++] = column.field;
        use->place[column.field] = use->fields_count;
    }
    return true;
}

static void init(duckdb_init_info info)
{
    struct assay_reader_table *table = duckdb_init_get_extra_info(info);
    struct assay_table_use *use = assay_calloc(1, sizeof *use);
    if (use) {
        use->table = table;
        use->columns_count = duckdb_init_get_column_count(info);
        use->columns = assay_calloc(use->columns_count + 1, sizeof *use->columns);
    }
    if (!use || !use->columns) {
        use_free(use);
        duckdb_init_set_error(info, "out of memory");
        return;
    }
    for (size_t i = 0; i < use->columns_count; i++) {
        const idx_t index = duckdb_init_get_column_index(info, i);
        use->columns[i] = index < table->columns_count
                              ? table->columns[index]
                              : (struct assay_table_column){ASSAY_TABLE_NOTHING, 0};
    }
    if (!choose_fields(use)) {
        use_free(use);
        duckdb_init_set_error(info, "out of memory");
        return;
    }
    duckdb_init_set_max_threads(info, table->spec.parts_count ? table->spec.parts_count : 1);
    duckdb_init_set_init_data(info, use, use_free);
}

static void local_free(void *lane)
{
    assay_table_lane_free(lane);
}

static void local_init(duckdb_init_info info)
{
    struct assay_table_lane *lane = assay_table_lane_new();
    if (lane)
        duckdb_init_set_init_data(info, lane, local_free);
    else
        duckdb_init_set_error(info, "out of memory");
}

/* --- reading --- */

static void keep_error(struct assay_reader_table *table, const struct assay_error *error)
{
    (void)pthread_mutex_lock(&table->lock);
    if (table->error.code == ASSAY_OK)
        table->error = *error;
    (void)pthread_mutex_unlock(&table->lock);
}

static int finish_part(struct assay_table_use *use, struct assay_table_lane *lane,
                       struct assay_error *err)
{
    struct assay_reader_table *table = use->table;
    int rc = ASSAY_OK;
    if (table->spec.done) {
        (void)pthread_mutex_lock(&table->lock);
        rc = table->spec.done(table->spec.context, lane->part, lane->reader, err);
        (void)pthread_mutex_unlock(&table->lock);
    }
    assay_reader_close(ASSAY_TAKE(lane->reader));
    return rc;
}

/* The next batch of this thread's part, or of the next part that nobody has taken. NULL when all is
 * read. */
static int next_batch(struct assay_table_use *use, struct assay_table_lane *lane,
                      const struct assay_batch **ret_batch, struct assay_error *err)
{
    const struct assay_reader_table_spec *spec = &use->table->spec;
    for (;;) {
        if (spec->cancelled && atomic_load(spec->cancelled))
            return assay_fail(err, ASSAY_CANCELLED, "cancelled");
        if (!lane->reader) {
            lane->part = atomic_fetch_add(&use->next_part, 1);
            if (lane->part >= spec->parts_count) {
                *ret_batch = NULL;
                return ASSAY_OK;
            }
            ASSAY_TRY(spec->open(spec->context, lane->part, use->names, use->fields_count,
                                 &lane->reader, err));
            lane->bytes = 0;
        }
        ASSAY_TRY(assay_reader_next(lane->reader, ret_batch, err));
        if (spec->bytes)
            atomic_fetch_add(spec->bytes, lane->reader->bytes_read - lane->bytes);
        lane->bytes = lane->reader->bytes_read;
        if (*ret_batch && (*ret_batch)->rows)
            return ASSAY_OK;
        if (!*ret_batch)
            ASSAY_TRY(finish_part(use, lane, err));
    }
}

static int deliver(struct assay_table_use *use, struct assay_table_lane *lane,
                   duckdb_data_chunk output, struct assay_error *err)
{
    const struct assay_batch *batch;
    ASSAY_TRY(next_batch(use, lane, &batch, err));
    if (!batch) {
        duckdb_data_chunk_set_size(output, 0);
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_table_fill(use, lane, batch, output, err));
    if (use->table->spec.records)
        atomic_fetch_add(use->table->spec.records, batch->rows);
    duckdb_data_chunk_set_size(output, batch->rows);
    return ASSAY_OK;
}

static void function(duckdb_function_info info, duckdb_data_chunk output)
{
    struct assay_table_use *use = duckdb_function_get_init_data(info);
    struct assay_table_lane *lane = duckdb_function_get_local_init_data(info);
    struct assay_error error = {0};
    if (deliver(use, lane, output, &error) == ASSAY_OK)
        return;
    keep_error(use->table, &error);
    duckdb_function_set_error(info, error.text);
}

/* --- registration --- */

static int register_function(struct assay_session *session, struct assay_reader_table *table,
                             struct assay_error *err)
{
    duckdb_table_function made = duckdb_create_table_function();
    duckdb_table_function_set_name(made, table->name);
    duckdb_table_function_set_extra_info(made, table, NULL);
    duckdb_table_function_set_bind(made, bind);
    duckdb_table_function_set_init(made, init);
    duckdb_table_function_set_local_init(made, local_init);
    duckdb_table_function_set_function(made, function);
    duckdb_table_function_supports_projection_pushdown(made, true);
    const duckdb_state state =
        duckdb_register_table_function(assay_session_connection(session), made);
    duckdb_destroy_table_function(&made);
    return state == DuckDBSuccess
               ? ASSAY_OK
               : assay_fail(err, ASSAY_INTERNAL, "the engine refuses the table function %s",
                            table->name);
}

int assay_reader_table_register(struct assay_session *session,
                                const struct assay_reader_table_spec *spec,
                                struct assay_reader_table **ret_table, struct assay_error *err)
{
    struct assay_reader_table *made = assay_calloc(1, sizeof *made);
    if (!made)
        return assay_fail_memory(err);
    if (pthread_mutex_init(&made->lock, NULL)) {
        assay_free(made);
        return assay_fail_memory(err);
    }
    ASSAY_AUTO(assay_reader_table_free) struct assay_reader_table *table = made;
    table->spec = *spec;
    table->name = assay_strdup(spec->name);
    table->columns =
        assay_calloc(4 * spec->schema->count + ASSAY_COUNT(place_columns), sizeof *table->columns);
    if (!table->name || !table->columns)
        return assay_fail_memory(err);
    ASSAY_TRY(register_function(session, table, err));
    *ret_table = ASSAY_TAKE(table);
    return ASSAY_OK;
}

void assay_reader_table_free(struct assay_reader_table *table)
{
    if (!table)
        return;
    (void)pthread_mutex_destroy(&table->lock);
    assay_free(table->name);
    assay_free(table->columns);
    assay_free(table);
}

int assay_reader_table_error(struct assay_reader_table *table, struct assay_error *err)
{
    (void)pthread_mutex_lock(&table->lock);
    if (table->error.code != ASSAY_OK && err)
        *err = table->error;
    (void)pthread_mutex_unlock(&table->lock);
    return err ? err->code : table->error.code;
}
