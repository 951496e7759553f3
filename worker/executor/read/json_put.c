// From a JSON record to its row in the batch.
// SPDX-License-Identifier: Apache-2.0
#include "common/base/memory.h"
#include "worker/executor/read/json_columns.h"

enum { MAX_ITEMS = 1 << 26 }; /* elements of one column in one batch */

/* One record being put. */
struct putter {
    struct json_columns *columns;
    struct json_scan scan;
    size_t row;
    int rc; /* not ASSAY_OK: no fault of the record */
};

static void set_valid(struct json_column *column, size_t row)
{
    column->validity[row >> 6] |= UINT64_C(1) << (row & 63);
}

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

/* The usual member: an expected key, no blanks, a scalar without escapes for a plain field. Past
 * its value; NULL, with nothing changed, for any other. */
static struct json_node *put_usual(struct putter *putter, const struct json_node *node, size_t hint,
                                   uint64_t object)
{
    struct json_scan *scan = &putter->scan;
    struct json_columns *columns = putter->columns;
    struct json_node *child;
    const char *start = json_fast_child(node, scan->at, scan->end, hint, &child);
    if (!start || !columns->usual[child->id] || columns->stamp[child->id] == object)
        return NULL;
    const char *behind = json_fast_scalar(start, scan->end);
    if (!behind || (uint64_t)(behind - start) > columns->max_cell)
        return NULL;
    struct assay_cell *cell = &columns->usual[child->id][putter->row];
    const size_t size = (size_t)(behind - start);
    if (*start == '"')
        *cell = (struct assay_cell){start + 1, (uint32_t)size - 2, ASSAY_CELL_STRING};
    else if (*start != 'n')
        *cell = (struct assay_cell){start, (uint32_t)size,
                                    *start >= 'a' ? ASSAY_CELL_BOOL : ASSAY_CELL_NUMBER};
    columns->stamp[child->id] = object;
    scan->at = behind;
    return child;
}

/* Any member; NULL: malformed, or a key that is unknown or there twice. */
static struct json_node *put_member(struct putter *putter, const struct json_node *node,
                                    size_t hint, uint64_t object)
{
    struct json_scan *scan = &putter->scan;
    json_skip_space(scan);
    if (scan->at == scan->end || *scan->at != '"')
        return json_fault(scan, "a key was expected"), NULL;
    const char *key = scan->at;
    struct json_node *child = json_expected_child(node, scan, hint);
    if (!child && !find_key(putter, node, hint, &child))
        return NULL;
    json_skip_space(scan);
    if (scan->at == scan->end || *scan->at != ':')
        return json_fault(scan, "a colon was expected"), NULL;
    scan->at++;
    json_skip_space(scan);
    if (!child)
        return stop(putter, putter->rc ? putter->rc : ASSAY_SCHEMA_CHANGED), NULL;
    if (putter->columns->stamp[child->id] == object) {
        scan->at = key;
        return json_fault(scan, "a key is there twice"), NULL;
    }
    putter->columns->stamp[child->id] = object;
    if (!(node->in_list ? put_item(putter, child) : put_value(putter, child)))
        return NULL;
    json_skip_space(scan);
    return child;
}

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
    for (size_t hint = 0;;) {
        const struct json_node *child = put_usual(putter, node, hint, object);
        if (!child && !(child = put_member(putter, node, hint, object)))
            return false;
        hint = child->place + 1;
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

static bool ends_here(struct json_scan *scan)
{
    json_skip_space(scan);
    return scan->at == scan->end || json_fault(scan, "something follows the record");
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
    fine = fine && ends_here(scan);
    if (fine) {
        *ret_fault = NULL;
        return ASSAY_OK;
    }
    if (putter.rc == ASSAY_NO_MEMORY)
        return assay_fail_memory(err);
    if (putter.rc ==
        ASSAY_SCHEMA_CHANGED) { /* unless the record is malformed further on: then it is that */
        putter.scan = (struct json_scan){record, record + size, NULL};
        json_skip_space(scan);
        if (json_scan_value(scan, 0) && ends_here(scan))
            return assay_fail(err, ASSAY_SCHEMA_CHANGED,
                              "a field that was not there when the fields were looked for");
    }
    json_columns_clear_row(columns, row);
    *ret_fault = scan->fault;
    *ret_at = (size_t)(scan->at - record);
    return ASSAY_OK;
}
