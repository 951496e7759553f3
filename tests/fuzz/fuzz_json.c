// Fuzzing the JSON reader: any bytes under any shape and any cuts; what is read must be the same
// twice, and in ranges.
// SPDX-License-Identifier: Apache-2.0
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "worker/executor/read/json_reader.h"

struct outcome {
    uint64_t records, rejected, hash;
};

static void mix(struct outcome *outcome, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++)
        outcome->hash = (outcome->hash ^ bytes[i]) * UINT64_C(0x100000001b3);
}

static void mix_column(struct outcome *outcome, const struct assay_column *column, size_t row)
{
    if (column->layout == ASSAY_LAYOUT_CELL) {
        const struct assay_cell *cell = &((const struct assay_cell *)column->values)[row];
        mix(outcome, &cell->kind, 1);
        mix(outcome, cell->data, cell->size_bytes);
    } else if (assay_is_valid(column->validity, row) && column->layout == ASSAY_LAYOUT_LIST) {
        const struct assay_list *list = &((const struct assay_list *)column->values)[row];
        if (list->offset > column->child_rows || list->count > column->child_rows - list->offset)
            abort();
        for (uint32_t i = 0; i < list->count; i++)
            mix_column(outcome, column->child, list->offset + i);
    }
}

/* Records hash in the order they come; false when reading failed. */
static bool read_range(const uint8_t *data, size_t size, const struct assay_json_fields *fields,
                       const json_t *options, uint64_t begin, uint64_t end, struct outcome *outcome)
{
    struct assay_source *source = NULL;
    ASSAY_AUTO(assay_reader_close) struct assay_reader *reader = NULL;
    const struct assay_json_part part = {.begin = begin, .end = end};
    if (assay_source_open_memory(data, size, "fuzz", "utf-8", &source, NULL) != ASSAY_OK ||
        assay_json_reader_open(source, fields, options, &part, &reader, NULL) != ASSAY_OK)
        return false;
    for (;;) {
        const struct assay_batch *batch = NULL;
        if (assay_reader_next(reader, &batch, NULL) != ASSAY_OK)
            return false;
        if (!batch)
            break;
        outcome->records += batch->rows;
        for (size_t row = 0; row < batch->rows; row++)
            for (size_t i = 0; i < batch->columns_count; i++)
                mix_column(outcome, &batch->columns[i], row);
    }
    outcome->rejected += reader->rejections.count;
    return true;
}

static bool learn(const uint8_t *data, size_t size, const json_t *options,
                  struct assay_json_fields **ret_fields)
{
    ASSAY_AUTO(assay_source_close) struct assay_source *source = NULL;
    ASSAY_AUTO(assay_json_fields_free) struct assay_json_fields *fields = NULL;
    if (assay_json_fields_new(options, &fields, NULL) != ASSAY_OK ||
        assay_source_open_memory(data, size, "fuzz", "utf-8", &source, NULL) != ASSAY_OK ||
        assay_json_fields_add(fields, source, false, NULL, NULL) != ASSAY_OK ||
        assay_json_fields_finish(fields, NULL) != ASSAY_OK)
        return false;
    *ret_fields = ASSAY_TAKE(fields);
    return true;
}

/* Compressed and UTF-16 texts have no ranges. */
static bool has_ranges(const uint8_t *data, size_t size)
{
    ASSAY_AUTO(assay_source_close) struct assay_source *source = NULL;
    return assay_source_open_memory(data, size, "fuzz", "utf-8", &source, NULL) == ASSAY_OK &&
           assay_source_seekable(source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const uint8_t flags = data[0];
    const uint64_t cut = data[1];
    data += 2;
    size -= 2;
    (void)assay_json_check((const char *)data, size, NULL);
    ASSAY_AUTO(assay_json_decref)
    json_t *options = json_pack("{s:s, s:s}", "format", flags & 1 ? "jsonl" : "json", "arrays",
                                flags & 2 ? "text" : "list");
    ASSAY_AUTO(assay_json_fields_free) struct assay_json_fields *fields = NULL;
    if (!learn(data, size, options, &fields))
        return 0;
    struct outcome whole = {0}, again = {0};
    if (!read_range(data, size, fields, options, 0, 0, &whole) ||
        !read_range(data, size, fields, options, 0, 0, &again))
        abort(); /* memory does not fail and the text does not change: nothing may go wrong */
    if (memcmp(&whole, &again, sizeof whole) != 0)
        abort();
    if ((flags & 1) && cut && cut < size && has_ranges(data, size)) {
        struct outcome parts = {0};
        if (!read_range(data, size, fields, options, 0, cut, &parts) ||
            !read_range(data, size, fields, options, cut, 0, &parts) ||
            memcmp(&whole, &parts, sizeof whole) != 0)
            abort();
    }
    return 0;
}
