/* JSON text: what the reader makes of a text, as one comparable text. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_TEST_JSON_TEXT_H
#define ASSAY_TEST_JSON_TEXT_H

#include "common/base/buf.h"
#include "common/base/memory.h"
#include "worker/executor/read/json_reader.h"

static inline void append_cell(struct assay_buf *text, const struct assay_cell *cell)
{
    static const char marks[] = {'-', 'p', 'q', 's', 'n', 'b', 'o'};
    assay_buf_char(text, marks[cell->kind]);
    assay_buf_append(text, cell->data ? cell->data : "", cell->size_bytes);
}

static inline void append_value(struct assay_buf *text, const struct assay_column *column,
                                size_t row)
{
    if (column->layout == ASSAY_LAYOUT_CELL) {
        append_cell(text, &((const struct assay_cell *)column->values)[row]);
    } else if (!assay_is_valid(column->validity, row)) {
        assay_buf_char(text, '-');
    } else if (column->layout == ASSAY_LAYOUT_STRUCT) {
        assay_buf_text(text, "{}");
    } else {
        const struct assay_list *list = &((const struct assay_list *)column->values)[row];
        assert_true(list->offset + list->count <= column->child_rows);
        assay_buf_char(text, '(');
        for (uint32_t i = 0; i < list->count; i++) {
            assay_buf_text(text, i ? " " : "");
            append_cell(text,
                        &((const struct assay_cell *)column->child->values)[list->offset + i]);
        }
        assay_buf_char(text, ')');
    }
}

/* What the reader gives: "names: …", a line for each record, "rejected line@offset reason". */
static inline int read_text(const char *json, size_t size, const json_t *options,
                            const struct assay_json_part *part, struct assay_buf *text,
                            struct assay_error *err)
{
    ASSAY_AUTO(assay_json_fields_free) struct assay_json_fields *fields = NULL;
    ASSAY_AUTO(assay_source_close) struct assay_source *source = NULL;
    ASSAY_AUTO(assay_reader_close) struct assay_reader *reader = NULL;
    ASSAY_TRY(assay_json_fields_new(options, &fields, err));
    ASSAY_TRY(assay_source_open_memory(json, size, "text", NULL, &source, err));
    ASSAY_TRY(assay_json_fields_add(fields, source, false, NULL, err));
    ASSAY_TRY(assay_json_fields_finish(fields, err));
    assay_source_close(ASSAY_TAKE(source));
    ASSAY_TRY(assay_source_open_memory(json, size, "text", NULL, &source, err));
    ASSAY_TRY(assay_json_reader_open(ASSAY_TAKE(source), fields, options, part, &reader, err));
    for (size_t i = 0; i < reader->schema.count; i++)
        assay_buf_printf(text, "%s%s", i ? "|" : "", reader->schema.fields[i].name);
    assay_buf_char(text, '\n');
    for (;;) {
        const struct assay_batch *batch = NULL;
        ASSAY_TRY(assay_reader_next(reader, &batch, err));
        if (!batch)
            break;
        for (size_t row = 0; row < batch->rows; row++) {
            assay_buf_printf(text, "%llu@%llu ", (unsigned long long)batch->line[row],
                             (unsigned long long)batch->offset[row]);
            for (size_t i = 0; i < batch->columns_count; i++) {
                assay_buf_text(text, i ? "|" : "");
                append_value(text, &batch->columns[i], row);
            }
            assay_buf_char(text, '\n');
        }
    }
    for (size_t i = 0; i < reader->rejections.kept; i++)
        assay_buf_printf(text, "rejected %llu@%llu %s\n",
                         (unsigned long long)reader->rejections.items[i].line,
                         (unsigned long long)reader->rejections.items[i].byte_offset,
                         reader->rejections.items[i].reason);
    if (reader->warnings)
        assay_buf_printf(text, "warning %s\n",
                         assay_json_str(json_array_get(reader->warnings, 0), "code", ""));
    return assay_buf_check(text, err);
}

#endif
