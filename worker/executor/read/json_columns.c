// The batch that JSON records are put into.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/read/json_columns.h"

#include <string.h>

#include "common/base/memory.h"

enum { BATCH_BYTES = 8 << 20, LEAST_ROWS = 64 };

static bool want(struct json_columns *columns, const struct json_node *node,
                 const ptrdiff_t *column_of)
{
    bool wanted = false;
    for (size_t i = 0; i < node->count; i++) {
        const struct json_node *child = node->children[i];
        const struct json_node *holder =
            child->role == JSON_ROLE_LIST && child->element ? child->element : child;
        columns->out[child->id] = (int32_t)column_of[child->field];
        const bool below = child->descend && want(columns, holder, column_of);
        columns->wanted[child->id] = column_of[child->field] >= 0 || below;
        if (child->role == JSON_ROLE_CELL)
            columns->usual[child->id] = column_of[child->field] >= 0
                                            ? columns->columns[column_of[child->field]].cells
                                            : columns->ignored;
        wanted = wanted || columns->wanted[child->id];
    }
    return wanted;
}

static int make_column(struct json_column *column, enum assay_layout layout, size_t rows,
                       struct assay_error *err)
{
    column->layout = layout;
    if (layout == ASSAY_LAYOUT_CELL)
        column->cells = assay_calloc(rows, sizeof *column->cells);
    if (layout == ASSAY_LAYOUT_LIST)
        column->lists = assay_calloc(rows, sizeof *column->lists);
    return layout == ASSAY_LAYOUT_STRUCT || column->cells || column->lists ? ASSAY_OK
                                                                           : assay_fail_memory(err);
}

/* column_of: by schema field, -1 = not wanted. A field wanted twice is refused by the face
 * above. */
static int map_fields(struct json_columns *columns, const char *const *names, size_t count,
                      ptrdiff_t *column_of, struct assay_error *err)
{
    const struct assay_schema *schema = &columns->fields->schema;
    for (size_t i = 0; i < schema->count; i++)
        column_of[i] = -1;
    for (size_t i = 0; i < count; i++) {
        const ptrdiff_t at = names ? assay_schema_find(schema, names[i]) : (ptrdiff_t)i;
        if (at < 0)
            return assay_fail(err, ASSAY_NOT_FOUND, "no field %.200s in the JSON records",
                              names[i]);
        if (column_of[at] >= 0)
            return assay_fail(err, ASSAY_INVALID, "field %.200s is asked for twice", names[i]);
        column_of[at] = (ptrdiff_t)i;
        ASSAY_TRY(
            make_column(&columns->columns[i], schema->fields[at].layout, columns->rows_max, err));
    }
    return ASSAY_OK;
}

/* Wide records come in smaller batches, so that a batch stays small. */
static size_t rows_of_batch(size_t columns)
{
    const size_t rows = BATCH_BYTES / sizeof(struct assay_cell) / (columns ? columns : 1);
    return rows > ASSAY_BATCH_ROWS ? ASSAY_BATCH_ROWS : rows < LEAST_ROWS ? LEAST_ROWS : rows;
}

int json_columns_init(struct json_columns *columns, const struct assay_json_fields *fields,
                      const char *const *names, size_t count, uint64_t max_cell,
                      struct assay_error *err)
{
    columns->fields = fields;
    columns->max_cell = max_cell;
    columns->count = names ? count : fields->schema.count;
    columns->rows_max = rows_of_batch(columns->count);
    columns->columns = assay_calloc(columns->count + 1, sizeof *columns->columns);
    columns->out = assay_calloc(fields->nodes, sizeof *columns->out);
    columns->wanted = assay_calloc(fields->nodes, sizeof *columns->wanted);
    columns->stamp = assay_calloc(fields->nodes, sizeof *columns->stamp);
    columns->usual = assay_calloc(fields->nodes, sizeof(struct assay_cell *));
    columns->ignored = assay_calloc(columns->rows_max, sizeof *columns->ignored);
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(fields->schema.count + 1, sizeof(ptrdiff_t));
    if (!columns->columns || !columns->out || !columns->wanted || !columns->stamp ||
        !columns->usual || !columns->ignored || !memory)
        return assay_fail_memory(err);
    ASSAY_TRY(map_fields(columns, names, columns->count, memory, err));
    (void)want(columns, &fields->root, memory);
    return ASSAY_OK;
}

void json_columns_release(struct json_columns *columns)
{
    for (size_t i = 0; columns->columns && i < columns->count; i++) {
        assay_free(columns->columns[i].cells);
        assay_free(columns->columns[i].lists);
        assay_free(columns->columns[i].items);
    }
    assay_free(columns->columns);
    assay_free(columns->out);
    assay_free(columns->wanted);
    assay_free(columns->stamp);
    assay_free(columns->usual);
    assay_free(columns->ignored);
    assay_arena_release(&columns->text);
    *columns = (struct json_columns){0};
}

void json_columns_clear(struct json_columns *columns)
{
    for (size_t i = 0; i < columns->count; i++) {
        struct json_column *column = &columns->columns[i];
        if (column->cells)
            memset(column->cells, 0, columns->rows_used * sizeof *column->cells);
        else
            memset(column->validity, 0, sizeof column->validity);
        column->items_count = 0;
    }
    columns->rows_used = 0;
    assay_arena_clear(&columns->text);
}

void json_columns_clear_row(struct json_columns *columns, size_t row)
{
    for (size_t i = 0; i < columns->count; i++) {
        struct json_column *column = &columns->columns[i];
        if (column->cells) {
            column->cells[row] = (struct assay_cell){0};
        } else if (column->validity[row >> 6] >> (row & 63) & 1) {
            column->validity[row >> 6] &= ~(UINT64_C(1) << (row & 63));
            if (column->lists)
                column->items_count = column->lists[row].offset;
        }
    }
}

void json_columns_show(struct json_columns *columns, struct assay_column *ret_columns)
{
    for (size_t i = 0; i < columns->count; i++) {
        struct json_column *from = &columns->columns[i];
        ret_columns[i] = (struct assay_column){.layout = from->layout};
        if (from->layout == ASSAY_LAYOUT_CELL) {
            ret_columns[i].values = from->cells;
            continue;
        }
        ret_columns[i].validity = from->validity;
        if (from->layout != ASSAY_LAYOUT_LIST)
            continue;
        from->child = (struct assay_column){.layout = ASSAY_LAYOUT_CELL, .values = from->items};
        ret_columns[i].values = from->lists;
        ret_columns[i].child = &from->child;
        ret_columns[i].child_rows = from->items_count;
    }
}
