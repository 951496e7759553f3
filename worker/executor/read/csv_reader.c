// CSV reader: a window of text, the tokenizer over it, and cells written column by column without
// copies. SPDX-License-Identifier: Apache-2.0
#include "worker/executor/read/csv_reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/memory.h"
#include "common/base/nearest.h"
#include "worker/executor/read/csv_cell.h"
#include "worker/executor/read/csv_scan.h"

/* Text of a batch: with its cells it stays in the second-level cache. */
#define WINDOW_BYTES   ((size_t)128 << 10)
#define PADDING_BYTES  64
#define STRIDE_PAD     4 /* cells between columns, so that they do not share cache sets */
#define BATCH_CELLS    ((size_t)512 << 10) /* bounds the cells of a batch: 8 MiB */
#define RECOVERY_BYTES ((uint64_t)1 << 30) /* text looked through for quotes that never close */

/* Why the record at hand cannot be delivered; the first reason counts. */
enum fault { FAULT_NONE, FAULT_MALFORMED, FAULT_LARGE, FAULT_MEMORY };

struct csv_reader {
    struct assay_reader reader; /* first */
    struct assay_source *source;
    struct assay_csv_head *own_head;
    const struct assay_csv_head *head;
    assay_csv_scan_fn *scan;
    struct assay_dialect dialect;
    uint32_t file;
    bool empty_quoted_is_null;

    /* the window: text [0, filled) of the buffer, which begins at byte `origin` of the text */
    char *buffer;
    size_t capacity, limit, filled; /* limit: as far as it is filled, ≤ capacity */
    uint64_t origin;
    size_t at;           /* where the next record begins */
    bool ended;          /* no bytes behind the window */
    uint64_t begin, end; /* of the range; end UINT64_MAX = all */
    uint64_t recovered;  /* bytes read again */

    /* the record at hand */
    size_t start;  /* of its cell at hand */
    size_t column; /* its cells so far */
    bool inner;    /* it may hold newlines within cells */
    enum fault fault;
    size_t fault_column;
    enum assay_csv_state state;
    uint64_t lines; /* newlines consumed before it */

    /* the batch */
    size_t columns_count; /* of the file */
    size_t rows_max, rows;
    struct assay_cell *cells;    /* of all delivered columns, then one column nobody wants */
    struct assay_cell **targets; /* where each column of the file goes */
    bool *wanted;
    struct assay_column *columns;
    uint64_t *offset, *line;
    struct assay_arena arena; /* cells that had to be rewritten */
    struct assay_batch batch;
    bool done;
    uint32_t marks[ASSAY_CSV_SCAN_MARKS];
};

static _Atomic(int) forced_form; /* 0 = by the processor, 1 = plain, 2 = AVX2 */

bool assay_csv_use_avx2(bool use)
{
    if (use && !assay_csv_has_avx2())
        return false;
    forced_form = use ? 2 : 1;
    return true;
}

static assay_csv_scan_fn *choose_scan(void)
{
    const int form = forced_form;
    return form == 2 || (form == 0 && assay_csv_has_avx2()) ? assay_csv_scan_avx2
                                                            : assay_csv_scan_plain;
}

/* Read on until the window is full or the data end. */
static int fill(struct csv_reader *csv, struct assay_error *err)
{
    while (!csv->ended && csv->filled < csv->limit) {
        size_t got;
        ASSAY_TRY(assay_source_read(csv->source, csv->buffer + csv->filled,
                                    csv->limit - csv->filled, &got, err));
        csv->filled += got;
        csv->ended = got == 0;
    }
    memset(csv->buffer + csv->filled, 0, PADDING_BYTES);
    return ASSAY_OK;
}

static void drop_consumed(struct csv_reader *csv)
{
    memmove(csv->buffer, csv->buffer + csv->at, csv->filled - csv->at);
    csv->origin += csv->at;
    csv->filled -= csv->at;
    csv->at = 0;
}

/* Make the window twice as wide. */
static int grow(struct csv_reader *csv, struct assay_error *err)
{
    csv->limit *= 2;
    if (csv->limit <= csv->capacity)
        return ASSAY_OK;
    const size_t capacity = csv->limit;
    char *buffer = assay_realloc(csv->buffer, capacity + PADDING_BYTES);
    if (!buffer)
        return assay_fail_memory(err);
    csv->buffer = buffer;
    csv->capacity = capacity;
    return ASSAY_OK;
}

static uint64_t count_newlines(const struct csv_reader *csv, size_t from, size_t to)
{
    uint64_t count = 0;
    const char *at = csv->buffer + from, *end = csv->buffer + to;
    while ((at = memchr(at, csv->dialect.newline, (size_t)(end - at))) != NULL) {
        count++;
        at++;
    }
    return count;
}

static int reject(struct csv_reader *csv, size_t end, const char *reason)
{
    return assay_rejections_add(&csv->reader.rejections, csv->file, csv->lines + 1,
                                csv->origin + csv->at, csv->buffer + csv->at, end - csv->at, "%s",
                                reason)
               ? ASSAY_OK
               : ASSAY_NO_MEMORY;
}

/* Reject the record [at, end), which has csv->column cells. */
static int reject_record(struct csv_reader *csv, size_t end)
{
    char reason[128];
    switch (csv->fault) {
    case FAULT_MALFORMED:
        (void)snprintf(reason, sizeof reason, "text behind the closing quote in cell %zu",
                       csv->fault_column + 1);
        break;
    case FAULT_LARGE:
        (void)snprintf(reason, sizeof reason,
                       "cell %zu is larger than max_cell (%" PRIu64 " bytes)",
                       csv->fault_column + 1, csv->head->options.max_cell);
        break;
    default:
        (void)snprintf(reason, sizeof reason, "%zu %s where the %s has %zu", csv->column,
                       csv->column == 1 ? "cell" : "cells",
                       csv->dialect.header ? "header" : "first record", csv->columns_count);
    }
    return reject(csv, end, reason);
}

static void set_fault(struct csv_reader *csv, enum fault fault, size_t column)
{
    if (csv->fault == FAULT_NONE) {
        csv->fault = fault;
        csv->fault_column = column;
    }
}

/* A cell that begins with a quote or may hold escapes. */
static void special_cell(struct csv_reader *csv, size_t column, const char *raw, size_t size,
                         struct assay_cell *to)
{
    const bool wanted = column < csv->columns_count && csv->wanted[column];
    struct assay_arena *arena = wanted ? &csv->arena : NULL;
    switch (assay_csv_cell_read(&csv->dialect, raw, size, arena, to)) {
    case ASSAY_CSV_CELL_OK:
        if (to->kind == ASSAY_CELL_QUOTED && !to->size_bytes && csv->empty_quoted_is_null)
            to->kind = ASSAY_CELL_NULL;
        break;
    case ASSAY_CSV_CELL_NO_MEMORY:
        set_fault(csv, FAULT_MEMORY, column);
        break;
    default:
        set_fault(csv, FAULT_MALFORMED, column);
    }
}

static bool is_comment(const struct csv_reader *csv)
{
    return csv->dialect.comment && csv->buffer[csv->at] == csv->dialect.comment;
}

/* The cell [start, end), in any place of any record: its faults are noted. True when it is empty.
 */
static bool put_cell(struct csv_reader *csv, size_t column, size_t start, size_t end)
{
    const char *data = csv->buffer;
    const bool drop =
        csv->dialect.newline == '\n' && data[end] == '\n' && end > start && data[end - 1] == '\r';
    const size_t size = end - start - drop;
    struct assay_cell ignored,
        *to = column < csv->columns_count ? csv->targets[column] + csv->rows : &ignored;
    if (size > csv->head->options.max_cell)
        set_fault(csv, FAULT_LARGE, column);
    else if (size && (data[start] == csv->dialect.quote || csv->dialect.escape))
        special_cell(csv, column, data + start, size, to);
    else
        *to = (struct assay_cell){data + start, (uint32_t)size, size != 0};
    return size == 0;
}

static void deliver_record(struct csv_reader *csv)
{
    csv->offset[csv->rows] = csv->origin + csv->at;
    csv->line[csv->rows] = csv->lines + 1;
    csv->rows++;
}

/* The record [at, end) has csv->column cells. A delimiter behind the last cell is allowed. */
static inline int finish_record(struct csv_reader *csv, size_t end, bool last_is_empty)
{
    const size_t cells = csv->column, columns = csv->columns_count;
    const bool whole = cells == columns || (cells == columns + 1 && last_is_empty);
    if (__builtin_expect(whole && csv->fault == FAULT_NONE && !is_comment(csv), 1))
        deliver_record(csv);
    else if (!is_comment(csv) && !(cells == 1 && last_is_empty))
        ASSAY_TRY(csv->fault == FAULT_MEMORY ? ASSAY_NO_MEMORY : reject_record(csv, end));
    csv->lines += 1 + (csv->inner ? count_newlines(csv, csv->at, end) : 0);
    csv->at = csv->start = end + 1;
    csv->column = 0;
    csv->fault = FAULT_NONE;
    csv->done = csv->origin + csv->at >= csv->end;
    return ASSAY_OK;
}

/* A record of the usual shape: `columns` marks, the last one a newline, no other. Cells as they
 * come, in one go. False (cells may be overwritten) when it has another shape. */
static inline bool emit_record(struct csv_reader *csv, const uint32_t *marks)
{
    const char *const data = csv->buffer;
    const char newline = csv->dialect.newline, quote = csv->dialect.quote;
    const size_t last = csv->columns_count - 1, row = csv->rows;
    struct assay_cell *const *targets = csv->targets;
    size_t start = csv->at;
    bool odd = data[marks[last]] != newline || marks[last] - start > csv->head->options.max_cell;
    for (size_t column = 0; column < last; column++) {
        const size_t mark = marks[column], size = mark - start;
        struct assay_cell *to = targets[column] + row;
        odd |= data[mark] == newline;
        *to = (struct assay_cell){data + start, (uint32_t)size, size != 0};
        if (__builtin_expect(data[start] == quote, 0) && quote && size && !odd)
            special_cell(csv, column, data + start, size, to);
        start = mark + 1;
    }
    return !odd;
}

/* Turn marks into cells. Stops behind the record that fills the batch or leaves the range. */
static int emit(struct csv_reader *csv, const uint32_t *marks, size_t count)
{
    const char newline = csv->dialect.newline;
    const bool special = csv->dialect.escape || csv->dialect.comment;
    const size_t last = csv->columns_count - 1;
    for (size_t i = 0; i < count; i++) {
        if (!csv->column && !special && count - i > last && emit_record(csv, marks + i)) {
            i += last;
            csv->column = last;
            csv->start = last ? marks[i - 1] + (size_t)1 : csv->at;
        } else if (!csv->column) {
            csv->fault = FAULT_NONE;
        }
        const size_t mark = marks[i];
        const bool line_end = csv->buffer[mark] == newline;
        const bool empty = put_cell(csv, csv->column, csv->start, mark);
        csv->column++;
        csv->start = mark + 1;
        if (!line_end)
            continue;
        ASSAY_TRY(finish_record(csv, mark, empty));
        if (csv->rows == csv->rows_max || csv->done)
            break;
    }
    return ASSAY_OK;
}

/* The data end within quotes that opened in the record at hand: reject its first line and go on
 * behind it. */
static int recover(struct csv_reader *csv)
{
    const char *from = csv->buffer + csv->at;
    const char *newline = memchr(from, csv->dialect.newline, csv->filled - csv->at);
    const size_t left = csv->filled - csv->at;
    csv->recovered += left;
    if (csv->recovered > RECOVERY_BYTES)
        newline = NULL;
    const size_t end = newline ? (size_t)(newline - csv->buffer) : csv->filled;
    char reason[96];
    (void)snprintf(reason, sizeof reason, "the quote that opens cell %zu is never closed",
                   csv->column + 1);
    ASSAY_TRY(reject(csv, end, reason));
    csv->lines += newline ? 1 : count_newlines(csv, csv->at, csv->filled) + 1;
    csv->at = newline ? end + 1 : end;
    csv->done = csv->origin + csv->at >= csv->end;
    return ASSAY_OK;
}

static bool within_quotes(const struct csv_reader *csv)
{
    return csv->state == ASSAY_CSV_QUOTED || csv->state == ASSAY_CSV_QUOTED_ESCAPED;
}

/* What is left behind the last newline of the data. */
static int finish_data(struct csv_reader *csv)
{
    if (within_quotes(csv))
        return recover(csv);
    csv->buffer[csv->filled] = csv->dialect.newline;
    const uint32_t mark = (uint32_t)csv->filled;
    ASSAY_TRY(emit(csv, &mark, 1));
    csv->buffer[csv->filled] = '\0';
    csv->at = csv->filled;
    return ASSAY_OK;
}

/* Cells of the records that lie whole in the window, as far as the batch has room. */
static int read_window(struct csv_reader *csv)
{
    size_t scanned = csv->at;
    csv->state = ASSAY_CSV_RECORD;
    csv->start = csv->at;
    csv->column = 0;
    csv->inner = false;
    csv->fault = FAULT_NONE;
    while (scanned < csv->filled) {
        const size_t left = csv->filled - scanned;
        const size_t size = left < ASSAY_CSV_SCAN_BYTES ? left : ASSAY_CSV_SCAN_BYTES;
        uint64_t inner = 0;
        const size_t count = csv->scan(&csv->dialect, csv->buffer + scanned, size,
                                       (uint32_t)scanned, &csv->state, csv->marks, &inner);
        csv->inner |= inner > 0;
        ASSAY_TRY(emit(csv, csv->marks, count));
        if (csv->rows == csv->rows_max || csv->done)
            return ASSAY_OK;
        if (csv->at > scanned)
            csv->inner = inner > 0;
        scanned += size;
    }
    return csv->ended && csv->at < csv->filled ? finish_data(csv) : ASSAY_OK;
}

/* Look for the newline that ends the record at hand, throwing its text away. True in *ret_found
 * when there is one. */
static int skip_to_end(struct csv_reader *csv, bool *ret_found, struct assay_error *err)
{
    *ret_found = false;
    csv->lines += count_newlines(csv, csv->at, csv->filled);
    csv->at = csv->filled;
    while (!*ret_found) {
        drop_consumed(csv);
        ASSAY_TRY(fill(csv, err));
        if (!csv->filled)
            return ASSAY_OK;
        for (size_t scanned = 0; scanned < csv->filled && !*ret_found; scanned = csv->at) {
            const size_t left = csv->filled - scanned;
            const size_t size = left < ASSAY_CSV_SCAN_BYTES ? left : ASSAY_CSV_SCAN_BYTES;
            uint64_t inner = 0;
            const size_t count = csv->scan(&csv->dialect, csv->buffer + scanned, size,
                                           (uint32_t)scanned, &csv->state, csv->marks, &inner);
            csv->at = scanned + size;
            for (size_t i = 0; i < count && !*ret_found; i++) {
                *ret_found = csv->buffer[csv->marks[i]] == csv->dialect.newline;
                csv->at = *ret_found ? csv->marks[i] + (size_t)1 : csv->at;
            }
            csv->lines += count_newlines(csv, scanned, csv->at);
        }
    }
    return ASSAY_OK;
}

/* The record at hand is too large to be kept: reject it. When its quote is never closed, go on
 * behind its first line where the source allows it. */
static int skip_record(struct csv_reader *csv, struct assay_error *err)
{
    const uint64_t offset = csv->origin + csv->at, lines = csv->lines;
    const size_t column = csv->column;
    char raw[ASSAY_RAW_BYTES], reason[96];
    const char *newline =
        memchr(csv->buffer + csv->at, csv->dialect.newline, csv->filled - csv->at);
    const uint64_t second = newline ? csv->origin + (uint64_t)(newline - csv->buffer) + 1 : 0;
    bool found;
    memcpy(raw, csv->buffer + csv->at, sizeof raw);
    ASSAY_TRY(skip_to_end(csv, &found, err));
    const bool open = !found && within_quotes(csv);
    if (open)
        (void)snprintf(reason, sizeof reason, "the quote that opens cell %zu is never closed",
                       column + 1);
    else
        (void)snprintf(reason, sizeof reason,
                       "cell %zu is larger than max_cell (%" PRIu64 " bytes)", column + 1,
                       csv->head->options.max_cell);
    csv->recovered += csv->origin + csv->at - offset;
    if (!assay_rejections_add(&csv->reader.rejections, csv->file, lines + 1, offset, raw,
                              sizeof raw, "%s", reason))
        return assay_fail_memory(err);
    if (open && second && csv->head->seekable && csv->recovered <= RECOVERY_BYTES) {
        ASSAY_TRY(assay_source_seek(csv->source, second, err));
        csv->origin = second;
        csv->filled = csv->at = 0;
        csv->ended = false;
        csv->lines = lines + 1;
    }
    csv->done = csv->origin + csv->at >= csv->end;
    return ASSAY_OK;
}

/* The window holds no whole record: widen it, or give the record up. */
static int more(struct csv_reader *csv, struct assay_error *err)
{
    const uint64_t max_cell = csv->head->options.max_cell;
    const bool large = csv->filled - csv->start > max_cell || csv->filled - csv->at > 4 * max_cell;
    if (large && csv->filled - csv->at >= ASSAY_RAW_BYTES)
        return skip_record(csv, err);
    drop_consumed(csv);
    if (csv->filled == csv->limit)
        ASSAY_TRY(grow(csv, err));
    return fill(csv, err);
}

static void apply_null_values(struct csv_reader *csv)
{
    const struct assay_csv_options *options = &csv->head->options;
    for (size_t c = 0; options->null_values_count && c < csv->batch.columns_count; c++) {
        struct assay_cell *cells = csv->cells + c * (csv->rows_max + STRIDE_PAD);
        for (size_t row = 0; row < csv->rows; row++)
            if (cells[row].kind != ASSAY_CELL_NULL && assay_csv_is_null_value(options, &cells[row]))
                cells[row].kind = ASSAY_CELL_NULL;
    }
}

static void account(struct csv_reader *csv)
{
    struct assay_reader *reader = &csv->reader;
    csv->batch.rows = csv->rows;
    csv->batch.first_row = reader->records_read;
    reader->records_read += csv->rows;
    reader->lines_read = csv->lines;
    reader->bytes_read = csv->head->seekable ? csv->origin + csv->at - csv->begin
                                             : assay_source_raw_bytes(csv->source);
}

static int csv_next(struct assay_reader *reader, const struct assay_batch **ret_batch,
                    struct assay_error *err)
{
    struct csv_reader *csv = (struct csv_reader *)reader;
    assay_arena_clear(&csv->arena);
    csv->rows = 0;
    if (!csv->done && !csv->ended && csv->filled - csv->at < WINDOW_BYTES / 2) {
        drop_consumed(csv);
        csv->limit = WINDOW_BYTES;
        ASSAY_TRY(fill(csv, err));
    }
    while (!csv->done && !csv->rows) {
        if (reader->cancelled && atomic_load_explicit(reader->cancelled, memory_order_relaxed))
            return assay_fail(err, ASSAY_CANCELLED, "reading %s was cancelled",
                              assay_source_name(csv->source));
        if (read_window(csv) != ASSAY_OK)
            return assay_fail_memory(err);
        if (csv->rows || csv->done)
            break;
        if (!csv->ended)
            ASSAY_TRY(more(csv, err));
        csv->done |= csv->ended && csv->at == csv->filled;
    }
    apply_null_values(csv);
    account(csv);
    *ret_batch = csv->rows ? &csv->batch : NULL;
    return ASSAY_OK;
}

static void csv_close(struct assay_reader *reader)
{
    struct csv_reader *csv = (struct csv_reader *)reader;
    assay_source_close(csv->source);
    assay_csv_head_free(csv->own_head);
    assay_arena_release(&csv->arena);
    assay_free(csv->buffer);
    assay_free(csv->cells);
    assay_free(csv->targets);
    assay_free(csv->wanted);
    assay_free(csv->columns);
    assay_free(csv->offset);
    assay_free(csv->line);
    assay_free(csv);
}

/* The column of that name. */
static int find_column(const struct csv_reader *csv, const char *name, size_t *ret_at,
                       struct assay_error *err)
{
    const struct assay_schema *all = &csv->head->schema;
    const ptrdiff_t at = assay_schema_find(all, name);
    if (at >= 0) {
        *ret_at = (size_t)at;
        return ASSAY_OK;
    }
    struct assay_nearest nearest = {.wanted = name};
    for (size_t i = 0; i < all->count; i++)
        assay_nearest_offer(&nearest, all->fields[i].name);
    return assay_fail(err, ASSAY_NOT_FOUND, "reading %s: there is no field \"%.100s\"%s%.100s%s",
                      assay_source_name(csv->source), name, nearest.best ? "; did you mean \"" : "",
                      nearest.best ? nearest.best : "", nearest.best ? "\"?" : "");
}

/* Deliver column `at` of the file as the next one. */
static int project(struct csv_reader *csv, size_t at, struct assay_error *err)
{
    const char *name = csv->head->schema.fields[at].name;
    if (csv->wanted[at])
        return assay_fail(err, ASSAY_INVALID, "reading %s: field \"%.100s\" is asked for twice",
                          assay_source_name(csv->source), name);
    csv->targets[at] = csv->cells + csv->reader.schema.count * (csv->rows_max + STRIDE_PAD);
    csv->wanted[at] = true;
    if (!assay_schema_add(&csv->reader.schema, name, NULL, ASSAY_TYPE_UNKNOWN, ASSAY_LAYOUT_CELL))
        return assay_fail_memory(err);
    return ASSAY_OK;
}

static int allocate(struct csv_reader *csv, size_t delivered, struct assay_error *err)
{
    const size_t all = csv->columns_count, fit = BATCH_CELLS / (delivered + 1);
    csv->rows_max = fit > ASSAY_BATCH_ROWS ? ASSAY_BATCH_ROWS : fit < 16 ? 16 : fit;
    csv->limit = csv->capacity = WINDOW_BYTES;
    csv->buffer = assay_malloc(csv->capacity + PADDING_BYTES);
    csv->cells = assay_calloc(delivered + 1, (csv->rows_max + STRIDE_PAD) * sizeof *csv->cells);
    csv->targets = assay_calloc(all, sizeof(struct assay_cell *));
    csv->wanted = assay_calloc(all, sizeof *csv->wanted);
    csv->columns = assay_calloc(delivered, sizeof *csv->columns);
    csv->offset = assay_calloc(csv->rows_max, sizeof *csv->offset);
    csv->line = assay_calloc(csv->rows_max, sizeof *csv->line);
    if (!csv->buffer || !csv->cells || !csv->targets || !csv->wanted || !csv->columns ||
        !csv->offset || !csv->line)
        return assay_fail_memory(err);
    for (size_t i = 0; i < all; i++)
        csv->targets[i] = csv->cells + delivered * (csv->rows_max + STRIDE_PAD);
    return ASSAY_OK;
}

static int set_columns(struct csv_reader *csv, const struct assay_csv_part *part,
                       struct assay_error *err)
{
    const struct assay_schema *all = &csv->head->schema;
    csv->columns_count = all->count;
    const size_t delivered = part->fields ? part->fields_count : all->count;
    ASSAY_TRY(allocate(csv, delivered, err));
    for (size_t i = 0; i < delivered; i++) {
        size_t at = i;
        if (part->fields)
            ASSAY_TRY(find_column(csv, part->fields[i], &at, err));
        ASSAY_TRY(project(csv, at, err));
        csv->columns[i].layout = ASSAY_LAYOUT_CELL;
        csv->columns[i].values = csv->cells + i * (csv->rows_max + STRIDE_PAD);
    }
    csv->batch = (struct assay_batch){.columns = csv->columns,
                                      .columns_count = delivered,
                                      .offset = csv->offset,
                                      .line = csv->line,
                                      .file = part->file};
    return ASSAY_OK;
}

/* Move the source to the first record of the part. */
static int go_to_begin(struct csv_reader *csv, const struct assay_csv_part *part,
                       struct assay_error *err)
{
    const struct assay_csv_head *head = csv->head;
    const bool first = part->begin <= head->data_begin;
    csv->begin = first ? head->data_begin : part->begin;
    csv->end = part->end ? part->end : UINT64_MAX;
    csv->lines = first ? head->data_line - 1 : 0;
    csv->done = csv->columns_count == 0 || csv->begin >= csv->end;
    csv->origin = csv->begin;
    if (head->seekable)
        return assay_source_seek(csv->source, csv->begin, err);
    if (!first || part->end)
        return assay_fail(err, ASSAY_UNSUPPORTED, "reading %s: a stream has no ranges",
                          assay_source_name(csv->source));
    for (uint64_t left = csv->begin - assay_source_text_begin(csv->source); left;) {
        size_t got;
        const size_t size = left < csv->capacity ? (size_t)left : csv->capacity;
        ASSAY_TRY(assay_source_read(csv->source, csv->buffer, size, &got, err));
        left -= got ? got : left;
    }
    return ASSAY_OK;
}

static int open_reader(struct csv_reader *csv, const json_t *reader_options,
                       const struct assay_csv_part *part, struct assay_error *err)
{
    if (!csv->head) {
        ASSAY_TRY(assay_csv_head_read(csv->source, reader_options, &csv->own_head, err));
        csv->head = csv->own_head;
    }
    csv->dialect = csv->head->dialect;
    csv->empty_quoted_is_null = assay_csv_empty_quoted_is_null(&csv->head->options, &csv->dialect);
    ASSAY_TRY(set_columns(csv, part, err));
    return go_to_begin(csv, part, err);
}

int assay_csv_reader_open(struct assay_source *source, const struct assay_csv_head *head,
                          const json_t *reader_options, const struct assay_csv_part *part,
                          struct assay_reader **ret_reader, struct assay_error *err)
{
    static const struct assay_reader_ops ops = {.next = csv_next, .close = csv_close};
    static const struct assay_csv_part everything = {0};
    struct csv_reader *csv = assay_calloc(1, sizeof *csv);
    if (!csv) {
        assay_source_close(source);
        return assay_fail_memory(err);
    }
    csv->reader.ops = &ops;
    csv->source = source;
    csv->head = head;
    csv->scan = choose_scan();
    csv->file = part ? part->file : 0;
    const int rc = open_reader(csv, reader_options, part ? part : &everything, err);
    if (rc != ASSAY_OK) {
        assay_reader_close(&csv->reader);
        return rc;
    }
    *ret_reader = &csv->reader;
    return ASSAY_OK;
}

const struct assay_csv_head *assay_csv_reader_head(const struct assay_reader *reader)
{
    return ((const struct csv_reader *)reader)->head;
}

uint64_t assay_csv_reader_stop(const struct assay_reader *reader)
{
    const struct csv_reader *csv = (const struct csv_reader *)reader;
    return csv->origin + csv->at;
}
