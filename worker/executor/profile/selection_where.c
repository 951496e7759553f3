// Where: records for which a user's expression is true.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/selection_where.h"

#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/batch/special.h"
#include "worker/executor/engine/reader_table.h"
#include "worker/executor/profile/belief.h"
#include "worker/executor/profile/profile_parts.h"
#include "worker/executor/rules/expression.h"

#define TABLE_NAME "_assay_profile_source"

struct assay_where {
    struct assay_profile_source *source;
    const char *expression; /* the user's */
    struct assay_arena arena;
    struct assay_profile_field *beliefs; /* of all fields */
    struct assay_rule_field *fields;
    struct assay_cell_target *targets;
    struct assay_table_number *numbers; /* of decimals that the source has as such */
    struct assay_reader_table *table;   /* freed after the session */
    atomic_uint_fast64_t records;       /* delivered by the readers */
};

/* --- the fields as the expression sees them --- */

/* A child of a struct is reached through its parent, which stands before it. */
static void append_path(const struct assay_where *where, size_t index, struct assay_buf *sql)
{
    const struct assay_schema *schema = &where->source->schema;
    const char *name = schema->fields[index].name;
    for (size_t i = index; assay_profile_source_is_parquet(where->source) && i-- > 0;) {
        const size_t size = strlen(schema->fields[i].name);
        if (!schema->fields[index].projected || strncmp(schema->fields[i].name, name, size) ||
            name[size] != '.')
            continue;
        assay_buf_printf(sql, "struct_extract(%s, ", where->fields[i].sql);
        assay_sql_text(sql, name + size + 1);
        assay_buf_char(sql, ')');
        return;
    }
    assay_sql_name(sql, name);
}

static int fill_field(struct assay_where *where, size_t index, struct assay_error *err)
{
    const struct assay_field *from = &where->source->schema.fields[index];
    const struct assay_profile_field *belief = &where->beliefs[index];
    struct assay_rule_field *field = &where->fields[index];
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    const bool number =
        assay_is_decimal(from->layout) && !assay_profile_source_is_parquet(where->source);
    if (number)
        assay_buf_printf(&sql, "_assay_number_%zu", index);
    else
        append_path(where, index, &sql);
    ASSAY_TRY(assay_buf_check(&sql, err));
    enum assay_layout layout =
        from->layout == ASSAY_LAYOUT_CELL ? belief->target.layout : from->layout;
    if (number && where->numbers[index].is_double)
        layout = ASSAY_LAYOUT_DOUBLE;
    if (layout == ASSAY_LAYOUT_NULL)
        layout = ASSAY_LAYOUT_TEXT;
    *field = (struct assay_rule_field){.name = from->name,
                                       .sql = assay_arena_strdup(&where->arena, sql.data),
                                       .native_type = from->native_type,
                                       .type = assay_layout_type(layout),
                                       .layout = layout,
                                       .scale = from->scale,
                                       .nested = layout == ASSAY_LAYOUT_LIST ||
                                                 layout == ASSAY_LAYOUT_STRUCT,
                                       .projected = from->projected};
    where->targets[index] =
        (struct assay_cell_target){.layout = layout, .format = belief->target.format};
    return field->sql ? ASSAY_OK : assay_fail_memory(err);
}

static int form_beliefs(struct assay_where *where, size_t count, struct assay_error *err)
{
    ASSAY_AUTO(assay_free)
    void *memory = assay_calloc(count + 1, sizeof(struct assay_profile_field *));
    struct assay_profile_field **pointers = memory;
    if (!pointers)
        return assay_fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        assay_profile_field_init(&where->beliefs[i], &where->source->schema.fields[i],
                                 assay_profile_source_is_json(where->source));
        pointers[i] = &where->beliefs[i];
    }
    return assay_profile_source_is_parquet(where->source)
               ? ASSAY_OK
               : assay_belief_form(where->source, pointers, count, err);
}

static int fill_fields(struct assay_where *where, struct assay_error *err)
{
    const size_t count = where->source->schema.count;
    where->beliefs = assay_calloc(count + 1, sizeof *where->beliefs);
    where->fields = assay_calloc(count + 1, sizeof *where->fields);
    where->targets = assay_calloc(count + 1, sizeof *where->targets);
    where->numbers = assay_calloc(count + 1, sizeof *where->numbers);
    if (!where->beliefs || !where->fields || !where->targets || !where->numbers)
        return assay_fail_memory(err);
    ASSAY_TRY(form_beliefs(where, count, err));
    for (size_t i = 0; i < count; i++)
        ASSAY_TRY(fill_field(where, i, err));
    return ASSAY_OK;
}

/* --- readers as a table --- */

static int open_part(void *context, size_t part, const char *const *fields, size_t fields_count,
                     struct assay_reader **ret_reader, struct assay_error *err)
{
    const struct assay_profile_source *source = ((const struct assay_where *)context)->source;
    json_t *bounds = json_array_get(source->bounds, part);
    const struct assay_split split = {.split_no = (int)part,
                                      .split_count = (int)json_array_size(source->bounds),
                                      .bounds = json_is_null(bounds) ? NULL : bounds};
    return source->conn->connector->read(source->conn, source->task->container,
                                         source->task->reader, &split, fields, fields_count,
                                         ret_reader, err);
}

static int open_table(struct assay_where *where, struct assay_error *err)
{
    struct assay_profile_source *source = where->source;
    const struct assay_session_options options = {
        .memory_bytes = assay_profile_engine_bytes(source),
        .threads = source->set ? assay_profile_engine_threads(source) : 1,
        .timezone = source->task->timezone,
        .cancelled = &source->task->cancelled};
    ASSAY_TRY(assay_session_open(&options, &source->session, err));
    const struct assay_reader_table_spec spec = {.name = TABLE_NAME,
                                                 .schema = &source->schema,
                                                 .targets = where->targets,
                                                 .numbers = where->numbers,
                                                 .parts_count = json_array_size(source->bounds),
                                                 .open = open_part,
                                                 .context = where,
                                                 .records = &where->records,
                                                 .bytes = &source->task->progress.bytes,
                                                 .cancelled = &source->task->cancelled};
    return assay_reader_table_register(source->session, &spec, &where->table, err);
}

/* --- one bit for each record --- */

static int set_bit(struct assay_record_set *set, uint64_t row, struct assay_error *err)
{
    const size_t word = (size_t)(row >> 6);
    if (word >= set->words_count) {
        const size_t count = word + 1 + word / 2;
        uint64_t *words = assay_reallocarray(set->words, count, sizeof *words);
        if (!words)
            return assay_fail_memory(err);
        memset(words + set->words_count, 0, (count - set->words_count) * sizeof *words);
        set->words = words;
        set->words_count = count;
    }
    set->words[word] |= UINT64_C(1) << (row & 63);
    return ASSAY_OK;
}

static int take_chunk(struct assay_selection *selection, duckdb_data_chunk chunk,
                      struct assay_error *err)
{
    const uint32_t *parts = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
    const uint64_t *rows = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 1));
    for (idx_t i = 0; i < duckdb_data_chunk_get_size(chunk); i++)
        if (parts[i] < selection->sets_count)
            ASSAY_TRY(set_bit(&selection->sets[parts[i]], rows[i], err));
    return ASSAY_OK;
}

static int take_result(struct assay_selection *selection, duckdb_result *result,
                       struct assay_error *err)
{
    for (;;) {
        duckdb_data_chunk chunk = duckdb_fetch_chunk(*result);
        if (!chunk) {
            const char *failure = duckdb_result_error(result);
            return failure && *failure
                       ? assay_session_fail(duckdb_result_error_type(result), failure, err)
                       : ASSAY_OK;
        }
        const int rc = take_chunk(selection, chunk, err);
        duckdb_destroy_data_chunk(&chunk);
        ASSAY_TRY(rc);
    }
}

static int run_query(struct assay_where *where, const char *sql, struct assay_selection *selection,
                     struct assay_error *err)
{
    duckdb_prepared_statement statement = NULL;
    int rc = ASSAY_OK;
    if (duckdb_prepare(assay_session_connection(where->source->session), sql, &statement) !=
        DuckDBSuccess) {
        rc = assay_session_fail(DUCKDB_ERROR_INVALID, duckdb_prepare_error(statement), err);
    } else {
        duckdb_result result;
        rc = assay_session_execute(where->source->session, statement, true, &result, err);
        if (rc == ASSAY_OK) {
            rc = take_result(selection, &result, err);
            duckdb_destroy_result(&result);
        }
    }
    duckdb_destroy_prepare(&statement);
    return rc;
}

static int mark_records(struct assay_where *where, const char *condition,
                        struct assay_selection *selection, struct assay_error *err)
{
    const size_t parts = json_array_size(where->source->bounds);
    selection->sets = assay_calloc(parts, sizeof *selection->sets);
    if (!selection->sets)
        return assay_fail_memory(err);
    selection->sets_count = parts;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    assay_buf_printf(&sql, "SELECT _assay_part, _assay_row FROM " TABLE_NAME "() WHERE (%s)",
                     condition);
    ASSAY_TRY(assay_buf_check(&sql, err));
    struct assay_error failure = {0};
    const int rc = run_query(where, sql.data, selection, &failure);
    if (rc == ASSAY_OK)
        return ASSAY_OK;
    (void)assay_reader_table_error(where->table, &failure);
    if (err)
        *err = failure;
    return failure.code;
}

/* --- opening --- */

static int compile(struct assay_where *where, const char **ret_sql, struct assay_error *err)
{
    const struct assay_task *task = where->source->task;
    const struct assay_rule_scope scope = {.fields = where->fields,
                                           .fields_count = where->source->schema.count,
                                           .session = where->source->session,
                                           .arena = &where->arena,
                                           .timezone = task->timezone,
                                           .now_us = task->now_us};
    struct assay_expression compiled;
    const int rc = assay_expression_compile(&scope, where->expression, false, &compiled, err);
    if (rc == ASSAY_NOT_FOUND && err) /* a name in the expression, not the container */
        err->code = ASSAY_INVALID;
    if (rc != ASSAY_OK)
        return assay_context(err, rc == ASSAY_NOT_FOUND ? ASSAY_INVALID : rc, "where");
    *ret_sql = compiled.sql;
    return ASSAY_OK;
}

static int open_where(struct assay_where *where, struct assay_selection *selection,
                      struct assay_error *err)
{
    struct assay_profile_source *source = where->source;
    const bool parquet = assay_profile_source_is_parquet(source);
    if (source->set &&
        !parquet) /* record numbers are kept from one pass to the next: the cuts must stand */
        ASSAY_TRY(assay_profile_parts_plan(source, false, err));
    ASSAY_TRY(fill_fields(where, err));
    if (!parquet)
        ASSAY_TRY(open_table(where, err));
    const char *sql = NULL;
    ASSAY_TRY(compile(where, &sql, err));
    if (source->set && !parquet)
        return mark_records(where, sql, selection, err);
    selection->where = assay_strdup(sql);
    if (!parquet)
        source->from = TABLE_NAME "()";
    return selection->where ? ASSAY_OK : assay_fail_memory(err);
}

int assay_where_open(struct assay_profile_source *source, const char *expression,
                     struct assay_selection *selection, struct assay_where **ret_where,
                     struct assay_error *err)
{
    struct assay_where *where = assay_calloc(1, sizeof *where);
    if (!where)
        return assay_fail_memory(err);
    where->source = source;
    where->expression = expression;
    const int rc = open_where(where, selection, err);
    if (rc != ASSAY_OK) {
        assay_where_free(where);
        return rc;
    }
    *ret_where = where;
    return ASSAY_OK;
}

int assay_where_again(struct assay_where *where, struct assay_selection *selection, bool *ret_again,
                      struct assay_error *err)
{
    bool again = false;
    const char *sql = NULL;
    for (size_t i = 0; i < where->source->schema.count; i++) {
        struct assay_table_number *number = &where->numbers[i];
        if (number->is_double || !atomic_load(&number->special))
            continue;
        again = number->is_double = true;
        ASSAY_TRY(fill_field(where, i, err));
    }
    *ret_again = again;
    if (!again)
        return ASSAY_OK;
    ASSAY_TRY(compile(where, &sql, err));
    assay_free(selection->where);
    selection->where = assay_strdup(sql);
    return selection->where ? ASSAY_OK : assay_fail_memory(err);
}

uint64_t assay_where_records(const struct assay_where *where)
{
    return atomic_load(&where->records);
}

void assay_where_type_fields(const struct assay_where *where, struct assay_profile_field *fields,
                             size_t fields_count)
{
    for (size_t i = 0; where->source->from && i < fields_count; i++) {
        const ptrdiff_t index = assay_schema_find(&where->source->schema, fields[i].name);
        if (fields[i].layout != ASSAY_LAYOUT_CELL || index < 0)
            continue;
        fields[i].layout = where->fields[index].layout;
        fields[i].cells = false;
    }
}

void assay_where_free(struct assay_where *where)
{
    if (!where)
        return;
    if (!assay_profile_source_is_parquet(where->source))
        assay_session_close(ASSAY_TAKE(where->source->session));
    assay_reader_table_free(where->table);
    for (size_t i = 0; where->beliefs && i < where->source->schema.count; i++)
        assay_profile_field_release(&where->beliefs[i]);
    assay_free(where->beliefs);
    assay_free(where->fields);
    assay_free(where->targets);
    assay_free(where->numbers);
    assay_arena_release(&where->arena);
    assay_free(where);
}
