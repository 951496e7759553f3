// The source of a scan: opened, its fields as SQL sees them, its records as something to select
// from.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/batch/special.h"
#include "worker/executor/engine/parquet_request.h"
#include "worker/executor/profile/profile_parts.h"
#include "worker/executor/rules/expression.h"
#include "worker/executor/rules/text_tests.h"
#include "worker/executor/scan/scan.h"

#define TABLE_NAME   "_assay_source"
#define COLUMN_BYTES 96 /* of a value in all its vectors */

static const char *keep(struct assay_scan *scan, const struct assay_buf *text)
{
    return text->failed ? NULL : assay_arena_strndup(&scan->arena, assay_buf_str(text), text->size);
}

/* --- parts --- */

/* Each part lies within one file, so that rows and lines can be counted by file. */
static int flatten_bounds(struct assay_scan *scan, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *flat = json_array();
    const json_t *bounds = scan->source.bounds;
    for (size_t i = 0; flat && i < json_array_size(bounds); i++) {
        const json_t *parts = json_object_get(json_array_get(bounds, i), "parts");
        for (size_t j = 0; j < json_array_size(parts); j++)
            ASSAY_TRY(assay_json_push(flat, json_pack("{s:[O]}", "parts", json_array_get(parts, j)),
                                      err));
    }
    if (!flat)
        return assay_fail_memory(err);
    json_decref(scan->source.bounds);
    scan->source.bounds = ASSAY_TAKE(flat);
    return ASSAY_OK;
}

static int plan_parts(struct assay_scan *scan, struct assay_error *err)
{
    if (scan->source.set) {
        ASSAY_TRY(assay_profile_parts_plan(&scan->source, false, err));
        ASSAY_TRY(flatten_bounds(scan, err));
    } else {
        json_t *split =
            scan->task->split ? json_incref((json_t *)(uintptr_t)scan->task->split) : json_null();
        json_decref(scan->source.bounds);
        scan->source.bounds = json_pack("[o]", split);
    }
    scan->parts_count = json_array_size(scan->source.bounds);
    scan->parts = assay_calloc(scan->parts_count + 1, sizeof *scan->parts);
    if (!scan->parts)
        return assay_fail_memory(err);
    for (size_t i = 0; i < scan->parts_count; i++) {
        const json_t *part =
            json_array_get(json_object_get(json_array_get(scan->source.bounds, i), "parts"), 0);
        scan->parts[i].file = (size_t)json_integer_value(json_array_get(part, 0));
        scan->parts[i].is_range = json_integer_value(json_array_get(part, 1)) > 0;
    }
    return ASSAY_OK;
}

void assay_scan_place_parts(struct assay_scan *scan)
{
    for (size_t i = 1; i < scan->parts_count; i++) {
        struct assay_scan_part *part = &scan->parts[i], *before = part - 1;
        if (part->file != before->file)
            continue;
        part->first_row = before->first_row + before->records;
        part->first_line = part->is_range ? before->first_line + before->lines : 0;
    }
}

/* --- the reader table --- */

/* Columns have names of our own in SQL, where "ID" and "id" are the same; the reader gets the
 * source's. */
static int open_part(void *context, size_t part, const char *const *fields, size_t fields_count,
                     struct assay_reader **ret_reader, struct assay_error *err)
{
    const struct assay_scan *scan = context;
    const struct assay_profile_source *source = &scan->source;
    json_t *bounds = json_array_get(source->bounds, part);
    const struct assay_split split = {.split_no = (int)part,
                                      .split_count = (int)scan->parts_count,
                                      .bounds = json_is_null(bounds) ? NULL : bounds};
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(fields_count + 1, sizeof(char *));
    const char **names = memory;
    if (!names)
        return assay_fail_memory(err);
    for (size_t i = 0; i < fields_count; i++)
        names[i] = source->schema.fields[assay_schema_find(&scan->columns, fields[i])].name;
    return source->conn->connector->read(source->conn, scan->task->container, scan->task->reader,
                                         &split, names, fields_count, ret_reader, err);
}

static int done_part(void *context, size_t part, struct assay_reader *reader,
                     struct assay_error *err)
{
    (void)err;
    struct assay_scan *scan = context;
    if (!scan->keep_counts)
        return ASSAY_OK;
    struct assay_scan_part *mine = &scan->parts[part];
    (void)pthread_mutex_lock(&scan->lock);
    mine->records = reader->records_read;
    mine->lines = reader->lines_read;
    mine->rejections = reader->rejections;
    reader->rejections = (struct assay_rejections){0};
    scan->task->done.bytes += reader->bytes_read;
    (void)pthread_mutex_unlock(&scan->lock);
    return ASSAY_OK;
}

static int register_table(struct assay_scan *scan, struct assay_error *err)
{
    const struct assay_reader_table_spec spec = {
        .name = TABLE_NAME,
        .schema = &scan->columns,
        .targets = scan->targets,
        .parts_count = scan->parts_count,
        .open = open_part,
        .done = done_part,
        .context = scan,
        .records = &scan->task->progress.records,
        .bytes = &scan->task->progress.bytes,
        .cancelled = &scan->task->cancelled,
        .inexact = scan->inexact,
    };
    scan->from =
        scan->columns.count ? TABLE_NAME "()" : "(SELECT *, 1 AS nothing FROM " TABLE_NAME "())";
    return assay_reader_table_register(scan->session, &spec, &scan->table, err);
}

/* The layout in which a field is judged: decimals of the source are doubles when some turned out to
 * be NaN or infinite. */
static enum assay_layout layout_of(const struct assay_scan *scan, size_t field)
{
    const struct assay_scan_doubles *doubles = scan->doubles;
    const enum assay_layout layout = scan->source.schema.fields[field].layout;
    return assay_is_decimal(layout) && field < doubles->count && doubles->fields[field]
               ? ASSAY_LAYOUT_DOUBLE
               : layout;
}

static int name_columns(struct assay_scan *scan, struct assay_error *err)
{
    const struct assay_schema *schema = &scan->source.schema;
    for (size_t i = 0; i < schema->count; i++) {
        char name[32];
        const struct assay_field *from = &schema->fields[i];
        snprintf(name, sizeof name, "c%zu", i);
        struct assay_field *column = assay_schema_add(&scan->columns, name, from->native_type,
                                                      from->type, layout_of(scan, i));
        if (!column)
            return assay_fail_memory(err);
        column->scale = from->scale;
        column->nullable = from->nullable;
        column->projected = from->projected;
    }
    return ASSAY_OK;
}

/* Vectors of a record with many columns fill the memory of a thread: fewer of them then. A column
 * takes its value, its text, and copies of both where a check fails. */
static int threads_for(const struct assay_scan *scan)
{
    const uint64_t bytes = (uint64_t)scan->source.schema.count * ASSAY_BATCH_ROWS * COLUMN_BYTES;
    const uint64_t room = scan->task->memory_bytes / 4 * 3;
    const uint64_t most = bytes ? room / bytes : UINT64_MAX;
    return most < (uint64_t)scan->task->threads ? (most ? (int)most : 1) : scan->task->threads;
}

static int open_session(struct assay_scan *scan, struct assay_error *err)
{
    const int threads = threads_for(scan);
    const struct assay_session_options options = {.memory_bytes = scan->task->memory_bytes / 4 * 3,
                                                  .threads = threads,
                                                  .timezone = scan->task->timezone,
                                                  .paths = scan->source.files.paths,
                                                  .paths_count = scan->source.files.count,
                                                  .cancelled = &scan->task->cancelled,
                                                  .unordered = threads > 1,
                                                  .guarded = true};
    return assay_session_open(&options, &scan->session, err);
}

/* --- fields --- */

static void fill_cell_field(struct assay_scan *scan, size_t i,
                            const struct assay_type_decision *decision)
{
    struct assay_rule_field *field = &scan->fields[i];
    scan->targets[i] = decision->target;
    field->type = decision->type;
    field->scale = decision->target.scale;
    field->layout =
        decision->target.layout == ASSAY_LAYOUT_NULL ? ASSAY_LAYOUT_TEXT : decision->target.layout;
    field->nested = decision->type == ASSAY_TYPE_ARRAY || decision->type == ASSAY_TYPE_STRUCT;
    field->misfit_sql = assay_arena_printf(&scan->arena, "_assay_misfit_%zu", i);
    if (field->layout != ASSAY_LAYOUT_TEXT) /* a text is its own source text */
        scan->raw_sql[i] = assay_arena_printf(&scan->arena, "_assay_raw_%zu", i);
}

static int fill_text_fields(struct assay_scan *scan, struct assay_error *err)
{
    const struct assay_schema *schema = &scan->source.schema;
    ASSAY_AUTO(assay_free)
    void *memory = assay_calloc(schema->count + 1, sizeof(struct assay_type_decision));
    struct assay_type_decision *decisions = memory;
    if (!decisions)
        return assay_fail_memory(err);
    ASSAY_TRY(assay_scan_find_types(scan, decisions, err));
    for (size_t i = 0; i < schema->count; i++) {
        ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
        assay_buf_printf(&sql, "c%zu", i);
        scan->fields[i].sql = keep(scan, &sql);
        scan->targets[i] = decisions[i].target;
        if (schema->fields[i].layout == ASSAY_LAYOUT_CELL)
            fill_cell_field(scan, i, &decisions[i]);
    }
    return ASSAY_OK;
}

static ptrdiff_t find_parent(const struct assay_schema *schema, const char *name,
                             const char **ret_child)
{
    for (size_t size = strlen(name); size-- > 0;) {
        if (name[size] != '.')
            continue;
        for (size_t i = 0; i < schema->count; i++) {
            const char *parent = schema->fields[i].name;
            if (strlen(parent) == size && !strncmp(parent, name, size)) {
                *ret_child = name + size + 1;
                return (ptrdiff_t)i;
            }
        }
    }
    return -1;
}

/* A struct's child by its parent's expression; below a list, the child of each element. */
static bool projected_sql(const struct assay_scan *scan, size_t i, struct assay_buf *sql)
{
    const struct assay_schema *schema = &scan->source.schema;
    const char *child = NULL;
    const ptrdiff_t parent = find_parent(schema, schema->fields[i].name, &child);
    if (parent < 0 || (size_t)parent >= i)
        return false;
    const struct assay_rule_field *of = &scan->fields[parent];
    if (of->layout == ASSAY_LAYOUT_LIST) {
        assay_buf_printf(sql, "list_transform(%s, lambda _assay_e: struct_extract(_assay_e, ",
                         of->sql);
        assay_sql_text(sql, child);
        assay_buf_text(sql, "))");
    } else {
        assay_buf_printf(sql, "struct_extract(%s, ", of->sql);
        assay_sql_text(sql, child);
        assay_buf_char(sql, ')');
    }
    return true;
}

static int fill_parquet_fields(struct assay_scan *scan, struct assay_error *err)
{
    const struct assay_schema *schema = &scan->source.schema;
    size_t column = 0;
    for (size_t i = 0; i < schema->count; i++) {
        ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
        if (!schema->fields[i].projected)
            assay_vectors_append_column(scan->vectors, column++, &sql);
        else if (!projected_sql(scan, i, &sql))
            return assay_fail(err, ASSAY_INTERNAL, "the parent of `%s` is not known",
                              schema->fields[i].name);
        scan->fields[i].sql = keep(scan, &sql);
    }
    return ASSAY_OK;
}

static int make_fields(struct assay_scan *scan, struct assay_error *err)
{
    const struct assay_schema *schema = &scan->source.schema;
    scan->fields = assay_arena_zalloc(&scan->arena, (schema->count + 1) * sizeof *scan->fields);
    scan->raw_sql = assay_arena_zalloc(&scan->arena, (schema->count + 1) * sizeof *scan->raw_sql);
    scan->targets = assay_arena_zalloc(&scan->arena, (schema->count + 1) * sizeof *scan->targets);
    scan->inexact = assay_arena_zalloc(&scan->arena, (schema->count + 1) * sizeof *scan->inexact);
    if (!scan->fields || !scan->raw_sql || !scan->targets || !scan->inexact)
        return assay_fail_memory(err);
    for (size_t i = 0; i < schema->count; i++) {
        const struct assay_field *from = &schema->fields[i];
        scan->fields[i] = (struct assay_rule_field){
            .name = from->name,
            .native_type = from->native_type,
            .type = from->layout == ASSAY_LAYOUT_NULL ? ASSAY_TYPE_UNKNOWN : from->type,
            .layout = layout_of(scan, i),
            .scale = from->scale,
            .nested = from->layout == ASSAY_LAYOUT_LIST || from->layout == ASSAY_LAYOUT_STRUCT,
            .projected = from->projected,
        };
        if (from->layout == ASSAY_LAYOUT_LIST)
            scan->fields[i].type = ASSAY_TYPE_ARRAY;
    }
    ASSAY_TRY(scan->source.session ? fill_parquet_fields(scan, err) : fill_text_fields(scan, err));
    for (size_t i = 0; i < schema->count; i++)
        if (!scan->fields[i].sql)
            return assay_fail_memory(err);
    return ASSAY_OK;
}

/* The plan of the columns that come back: those of the schema, without places. */
static int plan_vectors(struct assay_scan *scan, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    const struct assay_schema *schema = &scan->source.schema;
    assay_buf_text(&sql, "SELECT ");
    if (scan->source.session) {
        assay_buf_char(&sql, '*');
    } else {
        for (size_t i = 0; i < schema->count; i++) {
            assay_buf_printf(&sql, "%sc%zu", i ? ", " : "", i);
        }
        assay_buf_text(&sql, schema->count ? "" : "nothing");
    }
    assay_buf_printf(&sql, " FROM %s LIMIT 0", scan->from);
    ASSAY_TRY(assay_buf_check(&sql, err));
    return assay_vectors_plan(scan->session, assay_buf_str(&sql), &scan->vectors, err);
}

static int open_parquet(struct assay_scan *scan, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    ASSAY_TRY(open_session(scan, err));
    assay_parquet_source_sql(&scan->source.files, &sql);
    scan->from = keep(scan, &sql);
    if (!scan->from)
        return assay_fail_memory(err);
    ASSAY_TRY(plan_vectors(scan, err));
    ASSAY_TRY(make_fields(scan, err));
    scan->from = assay_arena_printf(
        &scan->arena,
        "(SELECT *, CAST(0 AS UINTEGER) AS _assay_part, CAST(file_index AS UINTEGER) AS "
        "_assay_file, "
        "CAST(file_row_number AS UBIGINT) AS _assay_row, CAST(NULL AS UBIGINT) AS _assay_line, "
        "CAST(NULL AS UBIGINT) AS _assay_offset FROM %s)",
        scan->from);
    return scan->from ? ASSAY_OK : assay_fail_memory(err);
}

static int open_readers(struct assay_scan *scan, struct assay_error *err)
{
    ASSAY_TRY(plan_parts(scan, err));
    ASSAY_TRY(open_session(scan, err));
    ASSAY_TRY(make_fields(scan, err));
    ASSAY_TRY(name_columns(scan, err));
    ASSAY_TRY(register_table(scan, err));
    return plan_vectors(scan, err);
}

int assay_scan_open(struct assay_scan *scan, struct assay_error *err)
{
    ASSAY_TRY(assay_profile_source_open(scan->task, &scan->source, err));
    scan->has_order = scan->source.set != NULL;
    ASSAY_TRY(scan->source.session ? open_parquet(scan, err) : open_readers(scan, err));
    return assay_text_tests_register(assay_session_connection(scan->session), err);
}

void assay_scan_close(struct assay_scan *scan)
{
    assay_vectors_free(scan->vectors);
    assay_session_close(scan->session);
    assay_reader_table_free(scan->table);
    for (size_t i = 0; i < scan->parts_count; i++)
        assay_rejections_release(&scan->parts[i].rejections);
    assay_free(scan->parts);
    assay_schema_release(&scan->columns);
    assay_profile_source_close(&scan->source);
    assay_arena_release(&scan->arena);
}
