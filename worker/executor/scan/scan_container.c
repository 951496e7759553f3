// A container as a relation: its source opened, its fields as SQL sees them, its records as
// something to select from.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/scan/scan_container.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/memory.h"
#include "worker/executor/batch/special.h"
#include "worker/executor/engine/parquet_request.h"
#include "worker/executor/profile/profile_parts.h"

static const char *keep(struct assay_scan_container *container, const struct assay_buf *text)
{
    return text->failed ? NULL
                        : assay_arena_strndup(container->arena, assay_buf_str(text), text->size);
}

/* --- parts --- */

/* Each part lies within one file, so that rows and lines can be counted by file. */
static int flatten_bounds(struct assay_scan_container *container, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *flat = json_array();
    const json_t *bounds = container->source.bounds;
    for (size_t i = 0; flat && i < json_array_size(bounds); i++) {
        const json_t *parts = json_object_get(json_array_get(bounds, i), "parts");
        for (size_t j = 0; j < json_array_size(parts); j++)
            ASSAY_TRY(assay_json_push(flat, json_pack("{s:[O]}", "parts", json_array_get(parts, j)),
                                      err));
    }
    if (!flat)
        return assay_fail_memory(err);
    json_decref(container->source.bounds);
    container->source.bounds = ASSAY_TAKE(flat);
    return ASSAY_OK;
}

static int plan_parts(struct assay_scan_container *container, struct assay_error *err)
{
    if (container->source.set) {
        ASSAY_TRY(assay_profile_parts_plan(&container->source, false, err));
        ASSAY_TRY(flatten_bounds(container, err));
    } else {
        json_t *split = container->task->split
                            ? json_incref((json_t *)(uintptr_t)container->task->split)
                            : json_null();
        json_decref(container->source.bounds);
        container->source.bounds = json_pack("[o]", split);
    }
    container->parts_count = json_array_size(container->source.bounds);
    container->parts = assay_calloc(container->parts_count + 1, sizeof *container->parts);
    if (!container->parts)
        return assay_fail_memory(err);
    for (size_t i = 0; i < container->parts_count; i++) {
        const json_t *part = json_array_get(
            json_object_get(json_array_get(container->source.bounds, i), "parts"), 0);
        container->parts[i].file = (size_t)json_integer_value(json_array_get(part, 0));
        container->parts[i].is_range = json_integer_value(json_array_get(part, 1)) > 0;
    }
    return ASSAY_OK;
}

void assay_scan_container_place_parts(struct assay_scan_container *container)
{
    for (size_t i = 1; i < container->parts_count; i++) {
        struct assay_scan_part *part = &container->parts[i], *before = part - 1;
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
    const struct assay_scan_container *container = context;
    const struct assay_profile_source *source = &container->source;
    json_t *bounds = json_array_get(source->bounds, part);
    const struct assay_split split = {.split_no = (int)part,
                                      .split_count = (int)container->parts_count,
                                      .bounds = json_is_null(bounds) ? NULL : bounds};
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(fields_count + 1, sizeof(char *));
    const char **names = memory;
    if (!names)
        return assay_fail_memory(err);
    for (size_t i = 0; i < fields_count; i++)
        names[i] = source->schema.fields[assay_schema_find(&container->columns, fields[i])].name;
    return source->conn->connector->read(source->conn, container->task->container,
                                         container->task->reader, &split, names, fields_count,
                                         ret_reader, err);
}

static int done_part(void *context, size_t part, struct assay_reader *reader,
                     struct assay_error *err)
{
    (void)err;
    struct assay_scan_container *container = context;
    struct assay_scan_part *mine = &container->parts[part];
    if (!container->keep_counts || mine->counted)
        return ASSAY_OK; /* read more than once */
    (void)pthread_mutex_lock(&container->lock);
    mine->counted = true;
    mine->records = reader->records_read;
    mine->lines = reader->lines_read;
    mine->rejections = reader->rejections;
    reader->rejections = (struct assay_rejections){0};
    container->scan->done.bytes += reader->bytes_read;
    if (container->task != container->scan) /* a reference's bytes, once */
        atomic_fetch_add(&container->scan->progress.bytes, reader->bytes_read);
    (void)pthread_mutex_unlock(&container->lock);
    return ASSAY_OK;
}

static int register_table(struct assay_scan_container *container, struct assay_error *err)
{
    const bool scanned = container->task == container->scan;
    const struct assay_reader_table_spec spec = {
        .name = container->table_name,
        .schema = &container->columns,
        .targets = container->targets,
        .parts_count = container->parts_count,
        .open = open_part,
        .done = done_part,
        .context = container,
        .records = scanned ? &container->scan->progress.records : NULL,
        .bytes = scanned ? &container->scan->progress.bytes : NULL,
        .cancelled = assay_task_cancelled(container->scan),
        .inexact = container->inexact,
    };
    container->from = assay_arena_printf(
        container->arena, container->columns.count ? "%s()" : "(SELECT *, 1 AS nothing FROM %s())",
        container->table_name);
    if (!container->from)
        return assay_fail_memory(err);
    return assay_reader_table_register(container->session, &spec, &container->table, err);
}

/* The layout in which a field is judged: decimals of the source are doubles when some turned out to
 * be NaN or infinite. */
static enum assay_layout layout_of(const struct assay_scan_container *container, size_t field)
{
    const struct assay_scan_doubles *doubles = container->doubles;
    const enum assay_layout layout = container->source.schema.fields[field].layout;
    return assay_is_decimal(layout) && field < doubles->count && doubles->fields[field]
               ? ASSAY_LAYOUT_DOUBLE
               : layout;
}

static int name_columns(struct assay_scan_container *container, struct assay_error *err)
{
    const struct assay_schema *schema = &container->source.schema;
    for (size_t i = 0; i < schema->count; i++) {
        char name[32];
        const struct assay_field *from = &schema->fields[i];
        snprintf(name, sizeof name, "c%zu", i);
        struct assay_field *column = assay_schema_add(&container->columns, name, from->native_type,
                                                      from->type, layout_of(container, i));
        if (!column)
            return assay_fail_memory(err);
        column->scale = from->scale;
        column->nullable = from->nullable;
        column->projected = from->projected;
    }
    return ASSAY_OK;
}

/* --- fields --- */

static void fill_cell_field(struct assay_scan_container *container, size_t i,
                            const struct assay_type_decision *decision)
{
    struct assay_rule_field *field = &container->fields[i];
    container->targets[i] = decision->target;
    field->type = decision->type;
    field->scale = decision->target.scale;
    field->layout =
        decision->target.layout == ASSAY_LAYOUT_NULL ? ASSAY_LAYOUT_TEXT : decision->target.layout;
    field->nested = decision->type == ASSAY_TYPE_ARRAY || decision->type == ASSAY_TYPE_STRUCT;
    field->misfit_sql = assay_arena_printf(container->arena, "_assay_misfit_%zu", i);
    if (field->layout != ASSAY_LAYOUT_TEXT) /* a text is its own source text */
        container->raw_sql[i] = assay_arena_printf(container->arena, "_assay_raw_%zu", i);
}

static int fill_text_fields(struct assay_scan_container *container, struct assay_error *err)
{
    const struct assay_schema *schema = &container->source.schema;
    ASSAY_AUTO(assay_free)
    void *memory = assay_calloc(schema->count + 1, sizeof(struct assay_type_decision));
    struct assay_type_decision *decisions = memory;
    if (!decisions)
        return assay_fail_memory(err);
    ASSAY_TRY(assay_scan_find_types(container, decisions, err));
    for (size_t i = 0; i < schema->count; i++) {
        ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
        assay_buf_printf(&sql, "c%zu", i);
        container->fields[i].sql = keep(container, &sql);
        container->targets[i] = decisions[i].target;
        if (schema->fields[i].layout == ASSAY_LAYOUT_CELL)
            fill_cell_field(container, i, &decisions[i]);
    }
    return ASSAY_OK;
}

static int fill_parquet_fields(struct assay_scan_container *container, struct assay_error *err)
{
    for (size_t i = 0; i < container->source.schema.count; i++) {
        ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
        assay_vectors_append_field(container->vectors, i, &sql);
        ASSAY_TRY(assay_buf_check(&sql, err));
        container->fields[i].sql = keep(container, &sql);
    }
    return ASSAY_OK;
}

static int make_fields(struct assay_scan_container *container, struct assay_error *err)
{
    const struct assay_schema *schema = &container->source.schema;
    container->fields =
        assay_arena_zalloc(container->arena, (schema->count + 1) * sizeof *container->fields);
    container->raw_sql =
        assay_arena_zalloc(container->arena, (schema->count + 1) * sizeof *container->raw_sql);
    container->targets =
        assay_arena_zalloc(container->arena, (schema->count + 1) * sizeof *container->targets);
    container->inexact =
        assay_arena_zalloc(container->arena, (schema->count + 1) * sizeof *container->inexact);
    if (!container->fields || !container->raw_sql || !container->targets || !container->inexact)
        return assay_fail_memory(err);
    for (size_t i = 0; i < schema->count; i++) {
        const struct assay_field *from = &schema->fields[i];
        container->fields[i] = (struct assay_rule_field){
            .name = from->name,
            .native_type = from->native_type,
            .type = from->layout == ASSAY_LAYOUT_NULL ? ASSAY_TYPE_UNKNOWN : from->type,
            .layout = layout_of(container, i),
            .scale = from->scale,
            .nested = from->layout == ASSAY_LAYOUT_LIST || from->layout == ASSAY_LAYOUT_STRUCT,
            .projected = from->projected,
        };
        if (from->layout == ASSAY_LAYOUT_LIST)
            container->fields[i].type = ASSAY_TYPE_ARRAY;
    }
    ASSAY_TRY(container->by_engine ? fill_parquet_fields(container, err)
                                   : fill_text_fields(container, err));
    for (size_t i = 0; i < schema->count; i++)
        if (!container->fields[i].sql)
            return assay_fail_memory(err);
    return ASSAY_OK;
}

/* The plan of the columns that come back: those of the schema, without places. */
static int plan_vectors(struct assay_scan_container *container, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    const struct assay_schema *schema = &container->source.schema;
    assay_buf_text(&sql, "SELECT ");
    for (size_t i = 0; i < schema->count; i++)
        assay_buf_printf(&sql, "%sc%zu", i ? ", " : "", i);
    assay_buf_text(&sql, schema->count ? "" : "nothing");
    assay_buf_printf(&sql, " FROM %s LIMIT 0", container->from);
    ASSAY_TRY(assay_buf_check(&sql, err));
    return assay_vectors_plan(container->session, assay_buf_str(&sql), &container->vectors, err);
}

/* Records of Parquet are numbered under these names; the first two are the engine's. */
static const char *const places[] = {"file_index", "file_row_number", "_assay_part",  "_assay_file",
                                     "_assay_row", "_assay_line",     "_assay_offset"};
#define ENGINE_PLACES 2

static size_t place_of(const struct assay_field *field)
{
    size_t i = 0;
    while (i < ASSAY_COUNT(places) && (field->projected || strcasecmp(field->name, places[i])))
        i++;
    return i;
}

/* Columns with those names would be taken for the places: ours get other ones. *ret_renames stays
 * empty when there are none. */
static int rename_places(const struct assay_schema *schema, struct assay_buf *ret_renames,
                         struct assay_error *err)
{
    for (size_t i = 0; i < schema->count; i++) {
        const size_t place = place_of(&schema->fields[i]);
        if (place < ENGINE_PLACES)
            return assay_fail(err, ASSAY_UNSUPPORTED,
                              "the column `%s` has the name under which records of Parquet are "
                              "numbered: write the file again with another name",
                              schema->fields[i].name);
        if (place == ASSAY_COUNT(places))
            continue;
        assay_buf_text(ret_renames, ret_renames->size ? ", " : "");
        assay_sql_name(ret_renames, schema->fields[i].name);
        assay_buf_printf(ret_renames, " AS _assay_column_%zu", i);
    }
    return assay_buf_check(ret_renames, err);
}

/* The columns of the files as a query selects them. */
static int open_columns(struct assay_scan_container *container, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0}, renames = {0}, plan = {0};
    ASSAY_TRY(rename_places(&container->source.schema, &renames, err));
    container->vectors = ASSAY_TAKE(container->source.vectors);
    assay_parquet_source_sql(&container->source.files, &sql);
    if (renames.size) {
        assay_buf_printf(&plan, "SELECT * RENAME (%s) FROM %s", renames.data, assay_buf_str(&sql));
        ASSAY_TRY(assay_buf_check(&plan, err));
        assay_vectors_free(container->vectors);
        container->vectors = NULL;
        ASSAY_TRY(assay_vectors_plan(container->session, plan.data, &container->vectors, err));
        container->from = assay_arena_printf(
            container->arena, "(SELECT * RENAME (%s), file_index, file_row_number FROM %s)",
            renames.data, assay_buf_str(&sql));
    } else {
        container->from = keep(container, &sql);
    }
    return container->from ? ASSAY_OK : assay_fail_memory(err);
}

static int open_parquet(struct assay_scan_container *container, struct assay_error *err)
{
    ASSAY_TRY(open_columns(container, err));
    ASSAY_TRY(make_fields(container, err));
    container->from = assay_arena_printf(
        container->arena,
        "(SELECT *, CAST(0 AS UINTEGER) AS _assay_part, CAST(file_index AS UINTEGER) AS "
        "_assay_file, "
        "CAST(file_row_number AS UBIGINT) AS _assay_row, CAST(NULL AS UBIGINT) AS _assay_line, "
        "CAST(NULL AS UBIGINT) AS _assay_offset FROM %s)",
        container->from);
    return container->from ? ASSAY_OK : assay_fail_memory(err);
}

static int open_readers(struct assay_scan_container *container, struct assay_error *err)
{
    ASSAY_TRY(plan_parts(container, err));
    ASSAY_TRY(make_fields(container, err));
    ASSAY_TRY(name_columns(container, err));
    ASSAY_TRY(register_table(container, err));
    return plan_vectors(container, err);
}

/* --- open and close --- */

int assay_scan_container_find(struct assay_scan_container *container, struct assay_task *task,
                              struct assay_task *scan, struct assay_arena *arena,
                              const char *table_name, const struct assay_scan_doubles *doubles,
                              struct assay_error *err)
{
    container->task = task;
    container->scan = scan;
    container->arena = arena;
    container->table_name = table_name;
    container->doubles = doubles;
    ASSAY_TRY(assay_profile_source_open(task, &container->source, err));
    container->by_engine = assay_profile_source_is_parquet(&container->source);
    container->has_order = container->source.set != NULL;
    assay_session_close(container->source.session); /* the scan has one of its own */
    container->source.session = NULL;
    return ASSAY_OK;
}

int assay_scan_container_open(struct assay_scan_container *container, struct assay_session *session,
                              struct assay_error *err)
{
    container->session = session;
    (void)pthread_mutex_init(&container->lock, NULL);
    return container->by_engine ? open_parquet(container, err) : open_readers(container, err);
}

void assay_scan_container_close(struct assay_scan_container *container)
{
    assay_vectors_free(container->vectors);
    assay_reader_table_free(container->table);
    for (size_t i = 0; i < container->parts_count; i++)
        assay_rejections_release(&container->parts[i].rejections);
    assay_free(container->parts);
    assay_schema_release(&container->columns);
    assay_profile_source_close(&container->source);
    if (container->session)
        (void)pthread_mutex_destroy(&container->lock);
    *container = (struct assay_scan_container){0};
}

/* --- what reading it showed --- */

uint64_t assay_scan_container_rejected(const struct assay_scan_container *container)
{
    uint64_t count = 0;
    for (size_t i = 0; i < container->parts_count; i++)
        count += container->parts[i].rejections.count;
    return count;
}

bool assay_scan_container_is_inexact(const struct assay_scan_container *container)
{
    for (size_t i = 0; container->table && i < container->source.schema.count; i++)
        if (atomic_load(&container->inexact[i]))
            return true;
    return false;
}

int assay_scan_container_note_doubles(const struct assay_scan_container *container,
                                      struct assay_scan_doubles *doubles, struct assay_error *err)
{
    const size_t count = container->source.schema.count;
    const bool all = doubles->fields != NULL;
    assay_free(doubles->fields);
    doubles->fields = assay_calloc(count, sizeof *doubles->fields);
    doubles->count = count;
    if (!doubles->fields)
        return assay_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        doubles->fields[i] = all || atomic_load(&container->inexact[i]);
    return ASSAY_OK;
}
