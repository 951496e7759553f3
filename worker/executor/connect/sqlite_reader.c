// SQLite: rows into batches.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/arena.h"
#include "common/base/memory.h"
#include "common/base/number.h"
#include "worker/executor/connect/sqlite.h"

enum { BATCH_TEXT_BYTES = 4 << 20 };

struct reader_column {
    void *values; /* cells or texts: 16 bytes each */
    uint64_t validity[ASSAY_BATCH_ROWS / 64];
};

struct sqlite_reader {
    struct assay_reader base;
    sqlite3 *db; /* borrowed */
    sqlite3_stmt *statement;
    struct sqlite_fields fields;
    struct reader_column *columns;
    struct assay_column *shown;
    size_t count, rows_max;
    uint64_t rows_before;
    struct assay_arena text; /* of the batch */
    bool ended;
    struct assay_batch batch;
};

/* The bytes of a value, copied: SQLite's own die with the next step. NULL when out of memory. */
static const char *keep(struct sqlite_reader *reader, const void *data, size_t size)
{
    char *copy = assay_arena_alloc(&reader->text, size + 1);
    if (copy && size)
        memcpy(copy, data, size);
    reader->base.bytes_read += size;
    return copy;
}

/* A value by its storage class. */
static int take_value(struct sqlite_reader *reader, int column, size_t row, struct assay_error *err)
{
    struct reader_column *to = &reader->columns[column];
    char number[ASSAY_NUMBER_TEXT];
    const void *data = number;
    size_t size = 0;
    enum assay_cell_kind kind = ASSAY_CELL_NUMBER;
    switch (sqlite3_column_type(reader->statement, column)) {
    case SQLITE_NULL:
        return ASSAY_OK;
    case SQLITE_INTEGER:
        size = assay_format_i128(sqlite3_column_int64(reader->statement, column), 0, number);
        break;
    case SQLITE_FLOAT: /* shortest exact text; SQLite's own has 15 digits */
        size = assay_format_double(sqlite3_column_double(reader->statement, column), number);
        break;
    case SQLITE_TEXT: /* as UTF-8, whatever the file's encoding */
        data = sqlite3_column_text(reader->statement, column);
        size = (size_t)sqlite3_column_bytes(reader->statement, column);
        kind = ASSAY_CELL_STRING;
        break;
    default:
        data = sqlite3_column_blob(reader->statement, column);
        size = (size_t)sqlite3_column_bytes(reader->statement, column);
        kind = ASSAY_CELL_STRING;
        break;
    }
    if (size && !data)
        return assay_fail_memory(err);
    const char *copy = keep(reader, data, size);
    if (!copy)
        return assay_fail_memory(err);
    if (reader->shown[column].layout == ASSAY_LAYOUT_TEXT)
        ((struct assay_text *)to->values)[row] = (struct assay_text){copy, (uint32_t)size};
    else
        ((struct assay_cell *)to->values)[row] =
            (struct assay_cell){copy, (uint32_t)size, (uint8_t)kind};
    to->validity[row >> 6] |= UINT64_C(1) << (row & 63);
    return ASSAY_OK;
}

static void clear_batch(struct sqlite_reader *reader)
{
    assay_arena_clear(&reader->text);
    for (size_t i = 0; i < reader->count; i++) {
        memset(reader->columns[i].values, 0, reader->rows_max * sizeof(struct assay_cell));
        memset(reader->columns[i].validity, 0, sizeof reader->columns[i].validity);
    }
}

static int fill_batch(struct sqlite_reader *reader, size_t *ret_rows, struct assay_error *err)
{
    size_t rows = 0;
    while (rows < reader->rows_max && reader->text.used_bytes < BATCH_TEXT_BYTES) {
        const int rc = sqlite3_step(reader->statement);
        if (rc == SQLITE_DONE) {
            reader->ended = true;
            break;
        }
        if (rc != SQLITE_ROW)
            return sqlite_fail(reader->db, rc, "reading the table", err);
        for (size_t i = 0; i < reader->count; i++)
            ASSAY_TRY(take_value(reader, (int)i, rows, err));
        rows++;
    }
    *ret_rows = rows;
    return ASSAY_OK;
}

static int sqlite_next(struct assay_reader *base, const struct assay_batch **ret_batch,
                       struct assay_error *err)
{
    struct sqlite_reader *reader = (struct sqlite_reader *)base;
    size_t rows = 0;
    clear_batch(reader);
    if (!reader->ended)
        ASSAY_TRY(fill_batch(reader, &rows, err));
    for (size_t i = 0; i < reader->count; i++)
        reader->shown[i].validity =
            reader->shown[i].layout == ASSAY_LAYOUT_CELL ? NULL : reader->columns[i].validity;
    reader->batch = (struct assay_batch){.rows = rows,
                                         .columns_count = reader->count,
                                         .columns = reader->shown,
                                         .first_row = reader->rows_before};
    reader->rows_before += rows;
    base->records_read += rows;
    *ret_batch = rows ? &reader->batch : NULL;
    return ASSAY_OK;
}

static void sqlite_close_reader(struct assay_reader *base)
{
    struct sqlite_reader *reader = (struct sqlite_reader *)base;
    (void)sqlite3_finalize(reader->statement);
    for (size_t i = 0; reader->columns && i < reader->count; i++)
        assay_free(reader->columns[i].values);
    assay_free(reader->columns);
    assay_free(reader->shown);
    sqlite_fields_release(&reader->fields);
    assay_arena_release(&reader->text);
    assay_free(reader);
}

static const struct assay_reader_ops sqlite_ops = {sqlite_next, sqlite_close_reader};

static int add_column(struct sqlite_reader *reader, size_t at, const struct sqlite_field *from,
                      struct assay_buf *sql, struct assay_error *err)
{
    const enum assay_layout layout = from->is_text ? ASSAY_LAYOUT_TEXT : ASSAY_LAYOUT_CELL;
    struct assay_field *field = assay_schema_add(&reader->base.schema, from->name, from->declared,
                                                 assay_layout_type(layout), layout);
    reader->columns[at].values = assay_calloc(reader->rows_max, sizeof(struct assay_cell));
    reader->count = at + 1;
    if (!field || !reader->columns[at].values)
        return assay_fail_memory(err);
    field->nullable = !from->not_null;
    reader->shown[at] =
        (struct assay_column){.layout = layout, .values = reader->columns[at].values};
    assay_buf_text(sql, at ? ", " : "");
    assay_sql_quote(sql, from->name);
    return ASSAY_OK;
}

static const struct sqlite_field *find_field(const struct sqlite_fields *fields, const char *name)
{
    for (size_t i = 0; i < fields->count; i++)
        if (strcmp(fields->items[i].name, name) == 0)
            return &fields->items[i];
    return NULL;
}

static int prepare(struct sqlite_reader *reader, const char *relation, const char *const *names,
                   size_t count, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    reader->rows_max = assay_batch_rows(count);
    reader->columns = assay_calloc(count + 1, sizeof *reader->columns);
    reader->shown = assay_calloc(count + 1, sizeof *reader->shown);
    if (!reader->columns || !reader->shown)
        return assay_fail_memory(err);
    assay_buf_text(&sql, count ? "SELECT " : "SELECT NULL");
    for (size_t i = 0; i < count; i++) {
        const struct sqlite_field *field =
            names ? find_field(&reader->fields, names[i]) : &reader->fields.items[i];
        if (!field)
            return assay_fail(err, ASSAY_NOT_FOUND, "%s has no column %s", relation, names[i]);
        ASSAY_TRY(add_column(reader, i, field, &sql, err));
    }
    assay_buf_text(&sql, " FROM ");
    assay_sql_quote(&sql, relation);
    ASSAY_TRY(assay_buf_check(&sql, err));
    const int rc =
        sqlite3_prepare_v2(reader->db, assay_buf_str(&sql), -1, &reader->statement, NULL);
    return rc == SQLITE_OK ? ASSAY_OK : sqlite_fail(reader->db, rc, "reading the table", err);
}

int sqlite_reader_open(sqlite3 *db, const char *relation, struct sqlite_fields *fields,
                       const char *const *names, size_t names_count, const atomic_bool *cancelled,
                       struct assay_reader **ret_reader, struct assay_error *err)
{
    struct sqlite_reader *reader = assay_calloc(1, sizeof *reader);
    if (!reader)
        return assay_fail_memory(err);
    reader->base.ops = &sqlite_ops;
    reader->base.cancelled = cancelled;
    reader->db = db;
    reader->fields = *fields;
    *fields = (struct sqlite_fields){0};
    ASSAY_AUTO(assay_reader_close) struct assay_reader *base = &reader->base;
    ASSAY_TRY(prepare(reader, relation, names, names ? names_count : reader->fields.count, err));
    *ret_reader = ASSAY_TAKE(base);
    return ASSAY_OK;
}
