// From a JSON record to its row in the batch.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/read/json_columns.h"

#include <string.h>

#include "common/base/memory.h"

enum {
    MAX_ITEMS = 1 << 26, /* elements of one column in one batch */
    BATCH_BYTES = 8 << 20,
    LEAST_ROWS = 64,
};

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

/* column_of: by schema field, -1 = not wanted. A field wanted twice is refused by the face above.
 */
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
    ASSAY_AUTO(assay_free) void *memory = assay_calloc(fields->schema.count + 1, sizeof(ptrdiff_t));
    if (!columns->columns || !columns->out || !columns->wanted || !columns->stamp || !memory)
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

static void set_valid(struct json_column *column, size_t row)
{
    column->validity[row >> 6] |= UINT64_C(1) << (row & 63);
}

/* Take a rejected record's cells out again. */
static void clear_row(struct json_columns *columns, size_t row)
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

/* --- one record
 * -------------------------------------------------------------------------------------------------
 */

struct putter {
    struct json_columns *columns;
    struct json_scan scan;
    size_t row;
    int rc; /* not ASSAY_OK: no fault of the record */
};

static bool stop(struct putter *putter, int rc)
{
    putter->rc = rc;
    return false;
}

static bool put_text(struct putter *putter, struct assay_cell *cell, const char *data, size_t size,
                     enum assay_cell_kind kind)
{
    if (size > putter->columns->max_cell)
        return json_fault(&putter->scan, "a value is larger than max_cell");
    *cell = (struct assay_cell){data, (uint32_t)size, (uint8_t)kind};
    return true;
}

static bool put_string(struct putter *putter, struct assay_cell *cell)
{
    struct json_string string;
    if (!json_scan_string(&putter->scan, &string))
        return false;
    if (!string.escaped)
        return put_text(putter, cell, string.data, string.size, ASSAY_CELL_STRING);
    size_t size;
    char *plain = assay_arena_alloc(&putter->columns->text, string.size);
    if (!plain)
        return stop(putter, ASSAY_NO_MEMORY);
    putter->columns->halves_replaced += json_unescape(&string, plain, &size);
    return put_text(putter, cell, plain, size, ASSAY_CELL_STRING);
}

/* Any value into a cell; the caller knows that `cell` is NULL so far. */
static bool put_cell(struct putter *putter, struct assay_cell *cell, unsigned level)
{
    struct json_scan *scan = &putter->scan;
    const char *start = scan->at;
    enum assay_cell_kind kind = ASSAY_CELL_NUMBER;
    if (start == scan->end)
        return json_fault(scan, "a value was expected");
    switch (*start) {
    case '"':
        return put_string(putter, cell);
    case 'n':
        return json_scan_word(scan, "null", 4);
    case 't':
    case 'f':
        kind = ASSAY_CELL_BOOL;
        break;
    case '{':
    case '[':
        kind = ASSAY_CELL_NESTED;
        break;
    default:
        break;
    }
    return json_scan_value(scan, level) &&
           put_text(putter, cell, start, (size_t)(scan->at - start), kind);
}

/* At a key that is not the expected one: its node, NULL when it is unknown. False: malformed. */
static bool find_key(struct putter *putter, const struct json_node *node, size_t hint,
                     struct json_node **ret_child)
{
    struct json_string key;
    if (!json_scan_string(&putter->scan, &key))
        return false;
    if (!key.escaped) {
        *ret_child = json_find_child(node, key.data, key.size, hint);
        return true;
    }
    size_t size;
    char *plain = assay_arena_alloc(&putter->columns->text, key.size);
    if (!plain)
        return stop(putter, ASSAY_NO_MEMORY);
    (void)json_unescape(&key, plain, &size);
    *ret_child = json_find_child(node, plain, size, hint);
    return true;
}

static bool put_value(struct putter *putter, struct json_node *node);
static bool put_item(struct putter *putter, struct json_node *node);

/* The members of an object whose members are fields. */
static bool put_members(struct putter *putter, struct json_node *node)
{
    struct json_scan *scan = &putter->scan;
    const uint64_t object = ++putter->columns->objects;
    scan->at++;
    json_skip_space(scan);
    if (scan->at < scan->end && *scan->at == '}') {
        scan->at++;
        return true;
    }
    for (size_t hint = 0;; hint++) {
        json_skip_space(scan);
        if (scan->at == scan->end || *scan->at != '"')
            return json_fault(scan, "a key was expected");
        const char *key = scan->at;
        struct json_node *child = json_expected_child(node, scan, hint);
        if (!child && !find_key(putter, node, hint, &child))
            return false;
        json_skip_space(scan);
        if (scan->at == scan->end || *scan->at != ':')
            return json_fault(scan, "a colon was expected");
        scan->at++;
        json_skip_space(scan);
        if (!child)
            return stop(putter, putter->rc ? putter->rc : ASSAY_SCHEMA_CHANGED);
        if (putter->columns->stamp[child->id] == object) {
            scan->at = key;
            return json_fault(scan, "a key is there twice");
        }
        putter->columns->stamp[child->id] = object;
        if (!(node->in_list ? put_item(putter, child) : put_value(putter, child)))
            return false;
        json_skip_space(scan);
        if (scan->at == scan->end)
            return json_fault(scan, "an object does not end");
        const char next = *scan->at;
        if (next != ',' && next != '}')
            return json_fault(scan, "a comma or closing bracket was expected");
        scan->at++;
        if (next == '}')
            return true;
    }
}

/* Every wanted column of the array's elements gets a NULL item; `list` first. */
static bool add_items(struct putter *putter, const struct json_node *node)
{
    const int32_t out = putter->columns->out[node->id];
    if (out >= 0) {
        struct json_column *column = &putter->columns->columns[out];
        if (column->items_count == column->items_capacity) {
            const size_t capacity = column->items_capacity ? column->items_capacity * 2 : 1024;
            struct assay_cell *items =
                capacity > MAX_ITEMS ? NULL
                                     : assay_reallocarray(column->items, capacity, sizeof *items);
            if (!items)
                return stop(putter, ASSAY_NO_MEMORY);
            column->items = items;
            column->items_capacity = capacity;
        }
        column->items[column->items_count++] = (struct assay_cell){0};
    }
    const struct json_node *holder = node->in_list ? node : node->element;
    for (size_t i = 0; node->descend && i < holder->count; i++)
        if (putter->columns->wanted[holder->children[i]->id] &&
            !add_items(putter, holder->children[i]))
            return false;
    return true;
}

/* The row's lists begin where the items end; `close`: and are as long as what came since. */
static void mark_lists(struct putter *putter, const struct json_node *node, bool close)
{
    const int32_t out = putter->columns->out[node->id];
    if (out >= 0) {
        struct json_column *column = &putter->columns->columns[out];
        struct assay_list *list = &column->lists[putter->row];
        if (close) {
            list->count = (uint32_t)column->items_count - list->offset;
        } else {
            set_valid(column, putter->row);
            *list = (struct assay_list){(uint32_t)column->items_count, 0};
        }
    }
    const struct json_node *holder = node->in_list ? node : node->element;
    for (size_t i = 0; node->descend && i < holder->count; i++)
        if (putter->columns->wanted[holder->children[i]->id])
            mark_lists(putter, holder->children[i], close);
}

/* A value of an element: its item is there already, NULL. */
static bool put_item(struct putter *putter, struct json_node *node)
{
    struct json_scan *scan = &putter->scan;
    const int32_t out = putter->columns->out[node->id];
    if (!putter->columns->wanted[node->id])
        return json_scan_value(scan, node->level);
    const char *start = scan->at;
    if (node->descend && start < scan->end && *start == '{') {
        if (!put_members(putter, node))
            return false;
        if (out < 0)
            return true;
        struct json_column *column = &putter->columns->columns[out];
        return put_text(putter, &column->items[column->items_count - 1], start,
                        (size_t)(scan->at - start), ASSAY_CELL_NESTED);
    }
    if (out < 0)
        return json_scan_value(scan, node->level);
    struct json_column *column = &putter->columns->columns[out];
    return put_cell(putter, &column->items[column->items_count - 1], node->level);
}

/* One element of an array: into the array's own items, and its members into theirs. */
static bool put_element(struct putter *putter, struct json_node *node)
{
    struct json_scan *scan = &putter->scan;
    const int32_t out = putter->columns->out[node->id];
    const char *start = scan->at;
    if (!add_items(putter, node))
        return false;
    struct json_column *column = out >= 0 ? &putter->columns->columns[out] : NULL;
    if (!node->descend || start == scan->end || *start != '{')
        return column ? put_cell(putter, &column->items[column->items_count - 1], node->level)
                      : json_scan_value(scan, node->level);
    if (!put_members(putter, node->element))
        return false;
    return !column || put_text(putter, &column->items[column->items_count - 1], start,
                               (size_t)(scan->at - start), ASSAY_CELL_NESTED);
}

static bool put_list(struct putter *putter, struct json_node *node)
{
    struct json_scan *scan = &putter->scan;
    mark_lists(putter, node, false);
    scan->at++;
    json_skip_space(scan);
    if (scan->at < scan->end && *scan->at == ']') {
        scan->at++;
        return true;
    }
    for (;;) {
        json_skip_space(scan);
        if (!put_element(putter, node))
            return false;
        json_skip_space(scan);
        if (scan->at == scan->end)
            return json_fault(scan, "an array does not end");
        const char next = *scan->at;
        if (next != ',' && next != ']')
            return json_fault(scan, "a comma or closing bracket was expected");
        scan->at++;
        if (next == ']')
            break;
    }
    mark_lists(putter, node, true);
    return true;
}

static bool put_value(struct putter *putter, struct json_node *node)
{
    struct json_scan *scan = &putter->scan;
    const int32_t out = putter->columns->out[node->id];
    if (!putter->columns->wanted[node->id])
        return json_scan_value(scan, node->level);
    if (node->role == JSON_ROLE_CELL)
        return put_cell(putter, &putter->columns->columns[out].cells[putter->row], node->level);
    const char first = scan->at < scan->end ? *scan->at : '\0';
    if (first == 'n')
        return json_scan_word(scan, "null", 4);
    if (first == (node->role == JSON_ROLE_STRUCT ? '{' : '[')) {
        if (node->role == JSON_ROLE_LIST)
            return put_list(putter, node);
        if (out >= 0)
            set_valid(&putter->columns->columns[out], putter->row);
        return put_members(putter, node);
    }
    return json_scan_value(scan, node->level) && stop(putter, ASSAY_SCHEMA_CHANGED);
}

/* What stands where an object should. */
static const char *not_a_record(const struct json_scan *scan)
{
    struct json_scan value = *scan;
    if (!json_scan_value(&value, 0))
        return value.fault;
    switch (*scan->at) {
    case '[':
        return "not a record: an array where an object was expected";
    case '"':
        return "not a record: a string where an object was expected";
    case 't':
    case 'f':
    case 'n':
        return "not a record: true, false or null where an object was expected";
    default:
        return "not a record: a number where an object was expected";
    }
}

int json_columns_put(struct json_columns *columns, size_t row, const char *record, size_t size,
                     const char **ret_fault, size_t *ret_at, struct assay_error *err)
{
    struct putter putter = {.columns = columns, .scan = {record, record + size, NULL}, .row = row};
    struct json_scan *scan = &putter.scan;
    columns->rows_used = row + 1;
    json_skip_space(scan);
    bool fine = scan->at < scan->end && *scan->at == '{';
    if (!fine) {
        *ret_fault = not_a_record(scan);
        *ret_at = (size_t)(scan->at - record);
        return ASSAY_OK;
    }
    fine = put_members(&putter, (struct json_node *)&columns->fields->root);
    if (fine) {
        json_skip_space(scan);
        fine = scan->at == scan->end || json_fault(scan, "something follows the record");
    }
    if (fine) {
        *ret_fault = NULL;
        return ASSAY_OK;
    }
    if (putter.rc == ASSAY_NO_MEMORY)
        return assay_fail_memory(err);
    if (putter.rc == ASSAY_SCHEMA_CHANGED) { /* unless the record is malformed further on: then that
                                                is what it is */
        putter.scan = (struct json_scan){record, record + size, NULL};
        json_skip_space(scan);
        if (json_scan_value(scan, 0))
            return assay_fail(err, ASSAY_SCHEMA_CHANGED,
                              "a field that was not there when the fields were looked for");
    }
    clear_row(columns, row);
    *ret_fault = scan->fault;
    *ret_at = (size_t)(scan->at - record);
    return ASSAY_OK;
}
