// Streaming rows out of PostgreSQL in constant memory.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/connect/postgres_reader.h"

#include <string.h>

#include "common/base/memory.h"
#include "common/base/plural.h"
#include "worker/executor/connect/postgres_range.h"
#include "worker/executor/read/reader.h"

enum { BATCH_TEXT_BYTES = 4 << 20, HEADER_BYTES = 19 };

struct out_column {
    const struct pg_column *from;
    unsigned char *values;
    size_t value_bytes;
    uint64_t validity[ASSAY_BATCH_ROWS / 64];
    uint64_t out_of_range;
};

struct pg_reader {
    struct assay_reader base;
    struct pg_session *session; /* borrowed */
    struct pg_relation relation;
    char *doing; /* "reading public.orders" */
    struct out_column *columns;
    struct assay_column *shown;
    size_t count, rows_max;
    bool copying, started, ended;
    char *kept[ASSAY_BATCH_ROWS]; /* libpq's messages of this batch: texts point into them */
    size_t kept_count, kept_bytes;
    uint64_t rows_before;
    struct assay_batch batch;
};

static void drop_messages(struct pg_reader *reader)
{
    for (size_t i = 0; i < reader->kept_count; i++)
        PQfreemem(reader->kept[i]);
    reader->kept_count = reader->kept_bytes = 0;
}

static int malformed(const struct pg_reader *reader, const char *what, struct assay_error *err)
{
    return assay_fail(err, ASSAY_FORMAT, "%s: the server's COPY is malformed: %s", reader->doing,
                      what);
}

static size_t trimmed(const char *text, size_t size)
{
    while (size && text[size - 1] == ' ')
        size--;
    return size;
}

/* Put one value in. False: malformed. */
static bool put(struct out_column *column, size_t row, const char *data, size_t size)
{
    void *value = column->values + row * column->value_bytes;
    switch (column->from->type.form) {
    case PG_FORM_TEXT:
    case PG_FORM_CAST:
    case PG_FORM_BYTES:
        *(struct assay_text *)value = (struct assay_text){data, (uint32_t)size};
        break;
    case PG_FORM_BLANK_PADDED:
        *(struct assay_text *)value = (struct assay_text){data, (uint32_t)trimmed(data, size)};
        break;
    case PG_FORM_NUMBER_TEXT:
        *(struct assay_cell *)value = (struct assay_cell){data, (uint32_t)size, ASSAY_CELL_NUMBER};
        break;
    default:
        switch (pg_decode(&column->from->type, (const unsigned char *)data, size, value)) {
        case PG_MALFORMED:
            return false;
        case PG_OUT_OF_RANGE:
            column->out_of_range++;
            return true; /* stays NULL */
        case PG_VALUE:
            break;
        }
    }
    column->validity[row >> 6] |= UINT64_C(1) << (row & 63);
    return true;
}

static int32_t read_int(const char *at, size_t size)
{
    uint32_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | (unsigned char)at[i];
    return size == 2 ? (int16_t)value : (int32_t)value;
}

/* One tuple from [at, end); false when it is malformed. *ret_end: it is the trailer. */
static bool take_tuple(struct pg_reader *reader, size_t row, const char *at, const char *end,
                       bool *ret_end)
{
    if (end - at < 2)
        return false;
    const int32_t count = read_int(at, 2);
    at += 2;
    *ret_end = count == -1;
    if (*ret_end)
        return at == end;
    if (count != (int32_t)reader->count)
        return false;
    for (size_t i = 0; i < reader->count; i++) {
        if (end - at < 4)
            return false;
        const int32_t size = read_int(at, 4);
        at += 4;
        if (size == -1) {
            if (reader->columns[i].from->type.layout == ASSAY_LAYOUT_CELL)
                ((struct assay_cell *)(void *)reader->columns[i].values)[row] =
                    (struct assay_cell){0};
            continue;
        }
        if (size < 0 || end - at < size || !put(&reader->columns[i], row, at, (size_t)size))
            return false;
        at += size;
    }
    return at == end;
}

/* The file header comes with the first message. Returns its bytes, 0 when it is wrong. */
static size_t header_size(const char *data, size_t size)
{
    static const char signature[] = "PGCOPY\n\377\r\n";
    if (size < HEADER_BYTES || memcmp(data, signature, sizeof signature) != 0)
        return 0;
    const int32_t extension = read_int(data + 15, 4);
    return extension >= 0 && (size_t)extension <= size - HEADER_BYTES
               ? HEADER_BYTES + (size_t)extension
               : 0;
}

static int next_row(struct pg_reader *reader, size_t row, bool *ret_row, struct assay_error *err)
{
    char *data = NULL;
    int size = 0;
    *ret_row = false;
    ASSAY_TRY(pg_copy_next(reader->session, reader->doing, &data, &size, err));
    if (size < 0) {
        reader->ended = true;
        return ASSAY_OK;
    }
    reader->kept[reader->kept_count++] = data;
    reader->kept_bytes += (size_t)size;
    reader->base.bytes_read += (uint64_t)size;
    size_t from = 0;
    if (!reader->started) {
        from = header_size(data, (size_t)size);
        if (!from)
            return malformed(reader, "no header", err);
        reader->started = true;
        if (from == (size_t)size)
            return ASSAY_OK;
    }
    bool trailer = false;
    if (!take_tuple(reader, row, data + from, data + size, &trailer))
        return malformed(reader, "a row does not fit its columns", err);
    *ret_row = !trailer;
    return ASSAY_OK;
}

static int say_out_of_range(struct pg_reader *reader, struct assay_error *err)
{
    for (size_t i = 0; i < reader->count; i++) {
        struct out_column *column = &reader->columns[i];
        if (!column->out_of_range)
            continue;
        if (!reader->base.warnings && !(reader->base.warnings = json_array()))
            return assay_fail_memory(err);
        const uint64_t count = column->out_of_range;
        ASSAY_TRY(assay_json_push(
            reader->base.warnings,
            json_pack("{s:s, s:o, s:o}", "code", "out_of_range", "field",
                      assay_json_safe_string(column->from->name, strlen(column->from->name)),
                      "message",
                      json_sprintf("%llu value%s %s beyond our range; %s read as NULL",
                                   (unsigned long long)count, assay_plural_s(count),
                                   assay_plural_are(count), count == 1 ? "it is" : "they are")),
            err));
        column->out_of_range = 0;
    }
    return ASSAY_OK;
}

static void show_batch(struct pg_reader *reader, size_t rows)
{
    for (size_t i = 0; i < reader->count; i++)
        reader->shown[i] = (struct assay_column){.layout = reader->columns[i].from->type.layout,
                                                 .scale = reader->columns[i].from->type.scale,
                                                 .validity = reader->columns[i].from->type.layout ==
                                                                     ASSAY_LAYOUT_CELL
                                                                 ? NULL
                                                                 : reader->columns[i].validity,
                                                 .values = reader->columns[i].values};
    reader->batch = (struct assay_batch){.rows = rows,
                                         .columns_count = reader->count,
                                         .columns = reader->shown,
                                         .first_row = reader->rows_before};
    reader->rows_before += rows;
    reader->base.records_read += rows;
}

static int pg_next(struct assay_reader *base, const struct assay_batch **ret_batch,
                   struct assay_error *err)
{
    struct pg_reader *reader = (struct pg_reader *)base;
    size_t rows = 0;
    drop_messages(reader);
    for (size_t i = 0; i < reader->count; i++)
        memset(reader->columns[i].validity, 0, sizeof reader->columns[i].validity);
    while (!reader->ended && rows < reader->rows_max && reader->kept_count < ASSAY_BATCH_ROWS &&
           reader->kept_bytes < BATCH_TEXT_BYTES) {
        bool row = false;
        ASSAY_TRY(next_row(reader, rows, &row, err));
        rows += row;
    }
    if (!rows && !reader->ended) /* nothing but the header so far */
        return pg_next(base, ret_batch, err);
    if (!rows) {
        *ret_batch = NULL;
        return say_out_of_range(reader, err);
    }
    show_batch(reader, rows);
    *ret_batch = &reader->batch;
    return ASSAY_OK;
}

static void pg_close_reader(struct assay_reader *base)
{
    struct pg_reader *reader = (struct pg_reader *)base;
    drop_messages(reader);
    if (reader->copying)
        pg_copy_stop(reader->session);
    for (size_t i = 0; reader->columns && i < reader->count; i++)
        assay_free(reader->columns[i].values);
    assay_free(reader->columns);
    assay_free(reader->shown);
    assay_free(reader->doing);
    pg_relation_release(&reader->relation);
    json_decref(base->warnings);
    assay_free(reader);
}

static const struct assay_reader_ops pg_ops = {pg_next, pg_close_reader};

static int add_column(struct pg_reader *reader, size_t at, const struct pg_column *from,
                      struct assay_error *err)
{
    struct out_column *column = &reader->columns[at];
    *column =
        (struct out_column){.from = from, .value_bytes = assay_layout_bytes(from->type.layout)};
    column->values = assay_calloc(reader->rows_max, column->value_bytes);
    struct assay_field *field =
        assay_schema_add(&reader->base.schema, from->name, from->native_type,
                         assay_layout_type(from->type.layout), from->type.layout);
    if (!column->values || !field)
        return assay_fail_memory(err);
    field->scale = from->type.scale;
    field->nullable = from->nullable;
    return ASSAY_OK;
}

static int choose_columns(struct pg_reader *reader, const char *const *fields, size_t fields_count,
                          struct assay_error *err)
{
    const size_t count = fields ? fields_count : reader->relation.columns_count;
    reader->rows_max = assay_batch_rows(count);
    reader->columns = assay_calloc(count + 1, sizeof *reader->columns);
    reader->shown = assay_calloc(count + 1, sizeof *reader->shown);
    if (!reader->columns || !reader->shown)
        return assay_fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        const ptrdiff_t at =
            fields ? pg_relation_column(&reader->relation, fields[i]) : (ptrdiff_t)i;
        if (at < 0)
            return assay_fail(err, ASSAY_NOT_FOUND, "%s has no column %s", reader->relation.name,
                              fields[i]);
        reader->count++;
        ASSAY_TRY(add_column(reader, i, &reader->relation.columns[at], err));
    }
    return ASSAY_OK;
}

/* The relation, or a range of a leaf's blocks. */
static int append_blocks(const struct pg_reader *reader, const json_t *bounds,
                         struct assay_buf *sql, struct assay_error *err)
{
    const json_t *leaf = json_object_get(bounds, "relation");
    const char *schema = NULL, *name = NULL;
    if (!leaf) {
        pg_append_relation(sql, &reader->relation);
        assay_buf_text(sql, " WHERE true");
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_json_need_str(leaf, "schema", &schema, err));
    ASSAY_TRY(assay_json_need_str(leaf, "name", &name, err));
    const struct pg_relation part = {.schema = (char *)(uintptr_t)schema,
                                     .name = (char *)(uintptr_t)name};
    const long long from = assay_json_int(bounds, "from", 0), to = assay_json_int(bounds, "to", -1);
    assay_buf_text(sql, "ONLY ");
    pg_append_relation(sql, &part);
    assay_buf_printf(sql, " WHERE ctid >= '(%lld,0)'::pg_catalog.tid", from < 0 ? 0 : from);
    if (to >= 0)
        assay_buf_printf(sql, " AND ctid < '(%lld,0)'::pg_catalog.tid", to);
    return ASSAY_OK;
}

static int append_bounds(const struct pg_reader *reader, const json_t *bounds,
                         struct assay_buf *sql, struct assay_error *err)
{
    const json_t *range = json_object_get(bounds, "range");
    ASSAY_TRY(append_blocks(reader, bounds, sql, err));
    return range ? pg_append_range(reader->session, &reader->relation, range, sql, err) : ASSAY_OK;
}

static int start(struct pg_reader *reader, const json_t *bounds, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0}, doing = {0};
    assay_buf_text(&sql, "COPY (SELECT ");
    for (size_t i = 0; i < reader->count; i++) {
        assay_buf_text(&sql, i ? ", " : "");
        pg_append_column(&sql, reader->columns[i].from->type.form, reader->columns[i].from->name);
    }
    assay_buf_text(&sql, " FROM ");
    ASSAY_TRY(append_bounds(reader, bounds, &sql, err));
    assay_buf_text(&sql, ") TO STDOUT (FORMAT binary)");
    ASSAY_TRY(assay_buf_check(&sql, err));
    assay_buf_printf(&doing, "reading %s.%s", reader->relation.schema, reader->relation.name);
    reader->doing = assay_buf_take(&doing);
    if (!reader->doing)
        return assay_fail_memory(err);
    ASSAY_TRY(pg_copy_start(reader->session, assay_buf_str(&sql), reader->doing, err));
    reader->copying = true;
    return ASSAY_OK;
}

int pg_reader_open(struct pg_session *session, struct pg_relation *relation, const json_t *bounds,
                   const char *const *fields, size_t fields_count, const atomic_bool *cancelled,
                   struct assay_reader **ret_reader, struct assay_error *err)
{
    struct pg_reader *reader = assay_calloc(1, sizeof *reader);
    if (!reader)
        return assay_fail_memory(err);
    reader->base.ops = &pg_ops;
    reader->base.cancelled = cancelled;
    reader->session = session;
    reader->relation = *relation;
    *relation = (struct pg_relation){0};
    ASSAY_AUTO(assay_reader_close) struct assay_reader *base = &reader->base;
    ASSAY_TRY(choose_columns(reader, fields, fields_count, err));
    ASSAY_TRY(start(reader, bounds, err));
    *ret_reader = ASSAY_TAKE(base);
    return ASSAY_OK;
}
