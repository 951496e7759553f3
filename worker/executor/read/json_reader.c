// JSON reader: records of any shape into batches.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/read/json_reader.h"

#include <string.h>

#include "common/base/memory.h"
#include "common/base/number.h"
#include "worker/executor/read/json_columns.h"
#include "worker/executor/read/json_records.h"

struct json_reader {
    struct assay_reader base;
    struct assay_source *source;
    struct json_records records;
    struct json_columns columns;
    uint32_t file;
    uint64_t rows_before; /* delivered in earlier batches */
    bool ended;
    uint64_t *offsets, *lines; /* ASSAY_BATCH_ROWS each */
    struct assay_column *shown;
    struct assay_batch batch;
};

static int reject(struct json_reader *reader, const struct json_record *record, const char *fault,
                  size_t at, struct assay_error *err)
{
    struct assay_rejections *rejections = &reader->base.rejections;
    const uint64_t offset = assay_source_file_offset(reader->records.source, record->offset);
    const bool kept =
        at ? assay_rejections_add(rejections, reader->file, record->line, offset, record->data,
                                  record->size, "%s (byte %zu of the record)", fault, at)
           : assay_rejections_add(rejections, reader->file, record->line, offset, record->data,
                                  record->size, "%s", fault);
    return kept ? ASSAY_OK : assay_fail_memory(err);
}

/* Fill the batch. Slices of the window stay valid until the next call, so only the first record may
 * move it. */
static int fill_batch(struct json_reader *reader, size_t *ret_rows, struct assay_error *err)
{
    size_t rows = 0;
    while (rows < reader->columns.rows_max) {
        enum json_step step;
        struct json_record record;
        ASSAY_TRY(json_records_next(&reader->records, rows == 0, &step, &record, err));
        if (step != JSON_STEP_RECORD) {
            reader->ended = step == JSON_STEP_END;
            break;
        }
        const char *fault = record.fault;
        size_t at = 0;
        if (!fault)
            ASSAY_TRY(json_columns_put(&reader->columns, rows, record.data, record.size, &fault,
                                       &at, err));
        if (fault) {
            ASSAY_TRY(reject(reader, &record, fault, at, err));
            continue;
        }
        reader->offsets[rows] = assay_source_file_offset(reader->records.source, record.offset);
        reader->lines[rows++] = record.line;
    }
    *ret_rows = rows;
    return ASSAY_OK;
}

static int say_halves(struct json_reader *reader, struct assay_error *err)
{
    const unsigned long long count = reader->columns.halves_replaced;
    if (!count)
        return ASSAY_OK;
    if (!reader->base.warnings && !(reader->base.warnings = json_array()))
        return assay_fail_memory(err);
    reader->columns.halves_replaced = 0;
    return assay_json_push(
        reader->base.warnings,
        json_pack(
            "{s:s, s:n, s:o}", "code", "lone_surrogates", "field", "message",
            json_sprintf("%llu halves of surrogate pairs stand alone in strings; each is read "
                         "as U+FFFD",
                         count)),
        err);
}

static int json_next(struct assay_reader *base, const struct assay_batch **ret_batch,
                     struct assay_error *err)
{
    struct json_reader *reader = (struct json_reader *)base;
    size_t rows = 0;
    json_columns_clear(&reader->columns);
    while (!rows && !reader->ended) {
        if (base->cancelled && atomic_load(base->cancelled))
            return assay_fail(err, ASSAY_CANCELLED, "cancelled");
        ASSAY_TRY(fill_batch(reader, &rows, err));
    }
    base->bytes_read = assay_source_seekable(reader->source)
                           ? reader->records.bytes
                           : assay_source_raw_bytes(reader->source);
    base->lines_read = reader->records.line - 1;
    if (!rows) {
        *ret_batch = NULL;
        return say_halves(reader, err);
    }
    json_columns_show(&reader->columns, reader->shown);
    reader->batch = (struct assay_batch){.rows = rows,
                                         .columns_count = reader->columns.count,
                                         .columns = reader->shown,
                                         .first_row = reader->rows_before,
                                         .offset = reader->offsets,
                                         .line = reader->lines,
                                         .file = reader->file};
    reader->rows_before += rows;
    base->records_read += rows;
    *ret_batch = &reader->batch;
    return ASSAY_OK;
}

static void json_close(struct assay_reader *base)
{
    struct json_reader *reader = (struct json_reader *)base;
    json_records_release(&reader->records);
    json_columns_release(&reader->columns);
    assay_source_close(reader->source);
    json_decref(base->warnings);
    assay_free(reader->offsets);
    assay_free(reader->lines);
    assay_free(reader->shown);
    assay_free(reader);
}

static const struct assay_reader_ops json_ops = {json_next, json_close};

static int copy_schema(struct json_reader *reader, const struct assay_json_fields *fields,
                       const struct assay_json_part *part, struct assay_error *err)
{
    for (size_t i = 0; i < reader->columns.count; i++) {
        const ptrdiff_t at =
            part->fields ? assay_schema_find(&fields->schema, part->fields[i]) : (ptrdiff_t)i;
        const struct assay_field *from = &fields->schema.fields[at];
        struct assay_field *field = assay_schema_add(&reader->base.schema, from->name,
                                                     from->native_type, from->type, from->layout);
        if (!field)
            return assay_fail_memory(err);
        field->nullable = from->nullable;
        field->projected = from->projected;
    }
    return ASSAY_OK;
}

static int max_cell_of(const json_t *reader_options, uint64_t *ret_bytes, struct assay_error *err)
{
    const json_t *value = assay_json_get(reader_options, "max_cell");
    uint64_t bytes = UINT64_C(16) << 20;
    if (json_is_integer(value) && json_integer_value(value) > 0)
        bytes = (uint64_t)json_integer_value(value);
    else if (value && (!json_is_string(value) ||
                       !assay_parse_bytes(json_string_value(value), &bytes) || !bytes))
        return assay_fail(err, ASSAY_INVALID, "reader option max_cell takes a size, as 16MiB");
    *ret_bytes =
        bytes < (UINT64_C(1) << 30) ? bytes : UINT64_C(1) << 30; /* cells count in 32 bits */
    return ASSAY_OK;
}

static int start(struct json_reader *reader, const struct assay_json_fields *fields,
                 const json_t *reader_options, const struct assay_json_part *part,
                 struct assay_error *err)
{
    uint64_t max_cell = 0;
    ASSAY_TRY(max_cell_of(reader_options, &max_cell, err));
    ASSAY_TRY(json_columns_init(&reader->columns, fields, part->fields, part->fields_count,
                                max_cell, err));
    ASSAY_TRY(copy_schema(reader, fields, part, err));
    reader->offsets = assay_calloc(ASSAY_BATCH_ROWS, sizeof *reader->offsets);
    reader->lines = assay_calloc(ASSAY_BATCH_ROWS, sizeof *reader->lines);
    reader->shown = assay_calloc(reader->columns.count + 1, sizeof *reader->shown);
    if (!reader->offsets || !reader->lines || !reader->shown)
        return assay_fail_memory(err);
    return json_records_start(&reader->records, reader->source, fields->format, part->begin,
                              part->end, 4 * max_cell, err);
}

int assay_json_reader_open(struct assay_source *source, const struct assay_json_fields *fields,
                           const json_t *reader_options, const struct assay_json_part *part,
                           struct assay_reader **ret_reader, struct assay_error *err)
{
    struct json_reader *reader = assay_calloc(1, sizeof *reader);
    if (!reader) {
        assay_source_close(source);
        return assay_fail_memory(err);
    }
    ASSAY_AUTO(assay_reader_close) struct assay_reader *base = &reader->base;
    base->ops = &json_ops;
    reader->source = source;
    reader->file = part->file;
    ASSAY_TRY(start(reader, fields, reader_options, part, err));
    *ret_reader = ASSAY_TAKE(base);
    return ASSAY_OK;
}
