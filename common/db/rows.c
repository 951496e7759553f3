// Values to bind, and rows of one statement, whatever the database.
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "common/base/memory.h"
#include "common/db/driver.h"

struct assay_db_value assay_db_null(void)
{
    return (struct assay_db_value){.kind = ASSAY_DB_NULL};
}

struct assay_db_value assay_db_int(int64_t value)
{
    return (struct assay_db_value){.kind = ASSAY_DB_INT, .integer = value};
}

struct assay_db_value assay_db_bool(bool value)
{
    return assay_db_int(value ? 1 : 0);
}

struct assay_db_value assay_db_real(double value)
{
    return (struct assay_db_value){.kind = ASSAY_DB_REAL, .real = value};
}

struct assay_db_value assay_db_text(const char *text)
{
    return text ? assay_db_text_n(text, strlen(text)) : assay_db_null();
}

struct assay_db_value assay_db_text_n(const char *text, size_t size_bytes)
{
    return (struct assay_db_value){.kind = ASSAY_DB_TEXT, .data = text, .size_bytes = size_bytes};
}

struct assay_db_value assay_db_blob(const void *data, size_t size_bytes)
{
    return (struct assay_db_value){.kind = ASSAY_DB_BLOB, .data = data, .size_bytes = size_bytes};
}

struct assay_db_cell *assay_db_rows_add(struct assay_db_rows *rows)
{
    if (rows->cells_count == rows->cells_capacity) {
        const size_t capacity = rows->cells_capacity ? 2 * rows->cells_capacity : 32;
        struct assay_db_cell *cells = assay_reallocarray(rows->cells, capacity, sizeof *cells);
        if (!cells)
            return NULL;
        rows->cells = cells;
        rows->cells_capacity = capacity;
    }
    struct assay_db_cell *cell = &rows->cells[rows->cells_count++];
    *cell = (struct assay_db_cell){0};
    return cell;
}

int assay_db_cell_set(struct assay_db_rows *rows, struct assay_db_cell *cell, const void *data,
                      size_t size_bytes, struct assay_error *err)
{
    char *copy = assay_arena_alloc(&rows->arena, size_bytes + 1);
    if (!copy)
        return assay_fail_memory(err);
    if (size_bytes)
        memcpy(copy, data, size_bytes);
    copy[size_bytes] = '\0';
    cell->data = copy;
    cell->size_bytes = size_bytes;
    return ASSAY_OK;
}

size_t assay_db_rows_count(const struct assay_db_rows *rows)
{
    return rows && rows->columns ? rows->cells_count / rows->columns : 0;
}

size_t assay_db_rows_columns(const struct assay_db_rows *rows)
{
    return rows ? rows->columns : 0;
}

int64_t assay_db_rows_changed(const struct assay_db_rows *rows)
{
    return rows ? rows->changed : 0;
}

static const struct assay_db_cell *cell_at(const struct assay_db_rows *rows, size_t row,
                                           size_t column)
{
    static const struct assay_db_cell absent = {.kind = ASSAY_DB_CELL_NULL};
    const bool there = row < assay_db_rows_count(rows) && column < rows->columns;
    return there ? &rows->cells[row * rows->columns + column] : &absent;
}

bool assay_db_is_null(const struct assay_db_rows *rows, size_t row, size_t column)
{
    return cell_at(rows, row, column)->kind == ASSAY_DB_CELL_NULL;
}

int64_t assay_db_get_int(const struct assay_db_rows *rows, size_t row, size_t column)
{
    const struct assay_db_cell *cell = cell_at(rows, row, column);
    switch (cell->kind) {
    case ASSAY_DB_CELL_NULL:
        return 0;
    case ASSAY_DB_CELL_INT:
        return cell->integer;
    case ASSAY_DB_CELL_REAL:
        return (int64_t)cell->real;
    case ASSAY_DB_CELL_TEXT:
        return strtoll(cell->data, NULL, 10);
    }
    return 0;
}

double assay_db_get_real(const struct assay_db_rows *rows, size_t row, size_t column)
{
    const struct assay_db_cell *cell = cell_at(rows, row, column);
    switch (cell->kind) {
    case ASSAY_DB_CELL_NULL:
        return 0;
    case ASSAY_DB_CELL_INT:
        return (double)cell->integer;
    case ASSAY_DB_CELL_REAL:
        return cell->real;
    case ASSAY_DB_CELL_TEXT:
        return strtod(cell->data, NULL);
    }
    return 0;
}

const char *assay_db_get_text(const struct assay_db_rows *rows, size_t row, size_t column)
{
    return cell_at(rows, row, column)->data;
}

const void *assay_db_get_blob(const struct assay_db_rows *rows, size_t row, size_t column,
                              size_t *ret_size_bytes)
{
    const struct assay_db_cell *cell = cell_at(rows, row, column);
    *ret_size_bytes = cell->size_bytes;
    return cell->data;
}

void assay_db_rows_free(struct assay_db_rows *rows)
{
    if (!rows)
        return;
    assay_arena_release(&rows->arena);
    assay_free(rows->cells);
    assay_free(rows);
}
