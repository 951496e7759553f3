// Elements: the untyped elements of a batch's lists as one typed column.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/infer/cell_elements.h"

#include <string.h>

#include "common/base/memory.h"

enum { WORDS = ASSAY_BATCH_ROWS / 64, WIDEST_BYTES = 16 };

void assay_elements_release(struct assay_elements *elements)
{
    assay_free(elements->values);
    assay_free(elements->validity);
    *elements = (struct assay_elements){0};
}

static int reserve(struct assay_elements *elements, size_t count, struct assay_error *err)
{
    size_t capacity = elements->capacity ? elements->capacity : (size_t)4 * ASSAY_BATCH_ROWS;
    if (count <= elements->capacity)
        return ASSAY_OK;
    while (capacity < count)
        capacity *= 2;
    void *values = assay_aligned(64, capacity * WIDEST_BYTES);
    uint64_t *validity = assay_calloc(capacity / 64, sizeof *validity);
    if (!values || !validity) {
        assay_free(values);
        assay_free(validity);
        return assay_fail_memory(err);
    }
    assay_elements_release(elements);
    elements->values = values;
    elements->validity = validity;
    elements->capacity = capacity;
    return ASSAY_OK;
}

/* The cells from … on, at most a batch of them. */
static int convert_piece(struct assay_elements *elements, struct assay_convert *convert,
                         const struct assay_column *cells, size_t from, size_t rows,
                         uint64_t first_row, struct assay_error *err)
{
    struct assay_column piece = *cells;
    piece.values = (const struct assay_cell *)cells->values + from;
    ASSAY_TRY(assay_convert_column(convert, &piece, rows, first_row, err));
    const struct assay_column *typed = &convert->column;
    const size_t bytes = assay_layout_bytes(typed->layout);
    if (typed->layout != ASSAY_LAYOUT_TEXT && typed->values)
        memcpy((char *)elements->values + from * bytes, typed->values, rows * bytes);
    for (size_t i = 0; i < WORDS && i * 64 < rows; i++)
        elements->validity[from / 64 + i] = typed->validity ? typed->validity[i] : UINT64_MAX;
    return ASSAY_OK;
}

int assay_elements_convert(struct assay_elements *elements, struct assay_convert *convert,
                           const struct assay_column *cells, size_t count, uint64_t first_row,
                           struct assay_error *err)
{
    if (count <= ASSAY_BATCH_ROWS) {
        ASSAY_TRY(assay_convert_column(convert, cells, count, first_row, err));
        elements->column = convert->column;
        return ASSAY_OK;
    }
    ASSAY_TRY(reserve(elements, count, err));
    for (size_t from = 0; from < count; from += ASSAY_BATCH_ROWS) {
        const size_t rows = count - from < ASSAY_BATCH_ROWS ? count - from : ASSAY_BATCH_ROWS;
        ASSAY_TRY(convert_piece(elements, convert, cells, from, rows, first_row + from, err));
    }
    elements->column = convert->column;
    elements->column.validity = elements->validity;
    if (convert->column.layout == ASSAY_LAYOUT_TEXT)
        elements->column.values = cells->values;
    else if (convert->column.values)
        elements->column.values = elements->values;
    return ASSAY_OK;
}
