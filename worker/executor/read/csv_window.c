// CSV window: marks of the tokenizer turned into cells without copies, and records that cannot be
// delivered.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/read/csv_window.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/read/csv_cell.h"

#define RECOVERY_BYTES ((uint64_t)1 << 30) /* text looked through for quotes that never close */

/* Read on until the window is full or the data end. */
static int fill(struct assay_csv_reader *csv, struct assay_error *err)
{
    while (!csv->ended && csv->filled < csv->limit) {
        size_t got;
        ASSAY_TRY(assay_source_read(csv->source, csv->buffer + csv->filled,
                                    csv->limit - csv->filled, &got, err));
        csv->filled += got;
        csv->ended = got == 0;
    }
    memset(csv->buffer + csv->filled, 0, ASSAY_CSV_PADDING_BYTES);
    return ASSAY_OK;
}

static void drop_consumed(struct assay_csv_reader *csv)
{
    memmove(csv->buffer, csv->buffer + csv->at, csv->filled - csv->at);
    csv->origin += csv->at;
    csv->filled -= csv->at;
    csv->at = 0;
}

int assay_csv_window_refill(struct assay_csv_reader *csv, struct assay_error *err)
{
    if (csv->ended || csv->filled - csv->at >= csv->usual / 2)
        return ASSAY_OK;
    drop_consumed(csv);
    csv->limit = csv->usual;
    return fill(csv, err);
}

/* Make the window twice as wide. */
static int grow(struct assay_csv_reader *csv, struct assay_error *err)
{
    csv->limit *= 2;
    if (csv->limit <= csv->capacity)
        return ASSAY_OK;
    const size_t capacity = csv->limit;
    char *buffer = assay_realloc(csv->buffer, capacity + ASSAY_CSV_PADDING_BYTES);
    if (!buffer)
        return assay_fail_memory(err);
    csv->buffer = buffer;
    csv->capacity = capacity;
    return ASSAY_OK;
}

static uint64_t count_newlines(const struct assay_csv_reader *csv, size_t from, size_t to)
{
    uint64_t count = 0;
    const char *at = csv->buffer + from, *end = csv->buffer + to;
    while ((at = memchr(at, csv->dialect.newline, (size_t)(end - at))) != NULL) {
        count++;
        at++;
    }
    return count;
}

static int reject(struct assay_csv_reader *csv, size_t end, const char *reason)
{
    const uint64_t offset = assay_source_file_offset(csv->source, csv->origin + csv->at);
    return assay_rejections_add(&csv->reader.rejections, csv->file, csv->lines + 1, offset,
                                csv->buffer + csv->at, end - csv->at, "%s", reason)
               ? ASSAY_OK
               : ASSAY_NO_MEMORY;
}

/* Reject the record [at, end), which has csv->column cells. */
static int reject_record(struct assay_csv_reader *csv, size_t end)
{
    char reason[128];
    switch (csv->fault) {
    case ASSAY_CSV_FAULT_MALFORMED:
        (void)snprintf(reason, sizeof reason, "text behind the closing quote in cell %zu",
                       csv->fault_column + 1);
        break;
    case ASSAY_CSV_FAULT_LARGE:
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

static void set_fault(struct assay_csv_reader *csv, enum assay_csv_fault fault, size_t column)
{
    if (csv->fault == ASSAY_CSV_FAULT_NONE) {
        csv->fault = fault;
        csv->fault_column = column;
    }
}

/* A cell that begins with a quote or may hold escapes. */
static void special_cell(struct assay_csv_reader *csv, size_t column, const char *raw, size_t size,
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
        set_fault(csv, ASSAY_CSV_FAULT_MEMORY, column);
        break;
    default:
        set_fault(csv, ASSAY_CSV_FAULT_MALFORMED, column);
    }
}

static bool is_comment(const struct assay_csv_reader *csv)
{
    return csv->dialect.comment && csv->buffer[csv->at] == csv->dialect.comment;
}

/* The cell [start, end), in any place of any record: its faults are noted. True when it is
 * empty. */
static bool put_cell(struct assay_csv_reader *csv, size_t column, size_t start, size_t end)
{
    const char *data = csv->buffer;
    const bool drop =
        csv->dialect.newline == '\n' && data[end] == '\n' && end > start && data[end - 1] == '\r';
    const size_t size = end - start - drop;
    struct assay_cell ignored,
        *to = column < csv->columns_count ? csv->targets[column] + csv->rows : &ignored;
    if (size > csv->head->options.max_cell)
        set_fault(csv, ASSAY_CSV_FAULT_LARGE, column);
    else if (size && (data[start] == csv->dialect.quote || csv->dialect.escape))
        special_cell(csv, column, data + start, size, to);
    else
        *to = (struct assay_cell){data + start, (uint32_t)size, size != 0};
    return size == 0;
}

static void deliver_record(struct assay_csv_reader *csv)
{
    csv->offset[csv->rows] = csv->origin + csv->at;
    csv->line[csv->rows] = csv->lines + 1;
    csv->rows++;
}

/* The record [at, end) has csv->column cells. A delimiter behind the last cell is allowed. */
static inline int finish_record(struct assay_csv_reader *csv, size_t end, bool last_is_empty)
{
    const size_t cells = csv->column, columns = csv->columns_count;
    const bool whole = cells == columns || (cells == columns + 1 && last_is_empty);
    if (__builtin_expect(whole && csv->fault == ASSAY_CSV_FAULT_NONE && !is_comment(csv), 1))
        deliver_record(csv);
    else if (!is_comment(csv) && !(cells == 1 && last_is_empty))
        ASSAY_TRY(csv->fault == ASSAY_CSV_FAULT_MEMORY ? ASSAY_NO_MEMORY : reject_record(csv, end));
    csv->lines += 1 + (csv->inner ? count_newlines(csv, csv->at, end) : 0);
    csv->at = csv->start = end + 1;
    csv->column = 0;
    csv->fault = ASSAY_CSV_FAULT_NONE;
    csv->done = csv->origin + csv->at >= csv->end;
    return ASSAY_OK;
}

/* A record of the usual shape: `columns` marks, the last one a newline, no other. Cells as they
 * come, in one go. False (cells may be overwritten) when it has another shape. */
static inline bool emit_record(struct assay_csv_reader *csv, const uint32_t *marks)
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
static int emit(struct assay_csv_reader *csv, const uint32_t *marks, size_t count)
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
            csv->fault = ASSAY_CSV_FAULT_NONE;
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
static int recover(struct assay_csv_reader *csv)
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

static bool within_quotes(const struct assay_csv_reader *csv)
{
    return csv->state == ASSAY_CSV_QUOTED || csv->state == ASSAY_CSV_QUOTED_ESCAPED;
}

/* What is left behind the last newline of the data. */
static int finish_data(struct assay_csv_reader *csv)
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

int assay_csv_window_read(struct assay_csv_reader *csv)
{
    size_t scanned = csv->at;
    csv->state = ASSAY_CSV_RECORD;
    csv->start = csv->at;
    csv->column = 0;
    csv->inner = false;
    csv->fault = ASSAY_CSV_FAULT_NONE;
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
static int skip_to_end(struct assay_csv_reader *csv, bool *ret_found, struct assay_error *err)
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
static int skip_record(struct assay_csv_reader *csv, struct assay_error *err)
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
    if (!assay_rejections_add(&csv->reader.rejections, csv->file, lines + 1,
                              assay_source_file_offset(csv->source, offset), raw, sizeof raw, "%s",
                              reason))
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

int assay_csv_window_more(struct assay_csv_reader *csv, struct assay_error *err)
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
