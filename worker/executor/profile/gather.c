// Gather: the picked rows of a batch, close together.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/gather.h"

#include <string.h>

#include "common/base/memory.h"

enum { WIDEST_BYTES = 16, WORDS = ASSAY_BATCH_ROWS / 64 };

struct gathered {
    _Alignas(16) unsigned char values[ASSAY_BATCH_ROWS * WIDEST_BYTES];
    uint64_t validity[WORDS];
};

struct assay_gather {
    struct assay_batch batch;
    struct assay_column *columns;
    struct gathered **data; /* per column; made when it is first needed */
    size_t columns_count;
    uint16_t picked[ASSAY_BATCH_ROWS];
    uint64_t row[ASSAY_BATCH_ROWS], offset[ASSAY_BATCH_ROWS], line[ASSAY_BATCH_ROWS];
};

int assay_gather_new(size_t columns_count, struct assay_gather **ret_gather,
                     struct assay_error *err)
{
    ASSAY_AUTO(assay_gather_free) struct assay_gather *gather = assay_calloc(1, sizeof *gather);
    if (!gather)
        return assay_fail_memory(err);
    gather->columns = assay_calloc(columns_count + 1, sizeof *gather->columns);
    gather->data = assay_calloc(columns_count + 1, sizeof *gather->data);
    if (!gather->columns || !gather->data)
        return assay_fail_memory(err);
    gather->columns_count = columns_count;
    *ret_gather = ASSAY_TAKE(gather);
    return ASSAY_OK;
}

void assay_gather_free(struct assay_gather *gather)
{
    if (!gather)
        return;
    for (size_t i = 0; gather->data && i < gather->columns_count; i++)
        assay_free(gather->data[i]);
    assay_free(gather->data);
    assay_free(gather->columns);
    assay_free(gather);
}

static int gather_column(struct assay_gather *gather, const struct assay_column *from, size_t index,
                         struct assay_error *err)
{
    if (!gather->data[index] && !(gather->data[index] = assay_aligned(16, sizeof(struct gathered))))
        return assay_fail_memory(err);
    struct gathered *data = gather->data[index];
    const size_t rows = gather->batch.rows;
    const size_t width = from->codes    ? sizeof *from->codes
                         : from->values ? assay_layout_bytes(from->layout)
                                        : 0;
    const unsigned char *values = from->codes ? (const void *)from->codes : from->values;
    for (size_t i = 0; width && i < rows; i++)
        memcpy(data->values + i * width, values + gather->picked[i] * width, width);
    memset(data->validity, 0, sizeof data->validity);
    for (size_t i = 0; from->validity && i < rows; i++)
        data->validity[i >> 6] |= (uint64_t)assay_is_valid(from->validity, gather->picked[i])
                                  << (i & 63);
    gather->columns[index] = *from;
    gather->columns[index].values = from->values ? data->values : NULL;
    gather->columns[index].codes = from->codes ? (const void *)data->values : NULL;
    gather->columns[index].validity = from->validity ? data->validity : NULL;
    return ASSAY_OK;
}

static const uint64_t *gather_numbers(const struct assay_gather *gather, const uint64_t *from,
                                      uint64_t *to)
{
    for (size_t i = 0; from && i < gather->batch.rows; i++)
        to[i] = from[gather->picked[i]];
    return from ? to : NULL;
}

int assay_gather_rows(struct assay_gather *gather, const struct assay_batch *batch,
                      const uint64_t *words, const struct assay_batch **ret_batch,
                      struct assay_error *err)
{
    size_t rows = 0;
    for (size_t i = 0; i < batch->rows; i++)
        if (words[i >> 6] >> (i & 63) & 1)
            gather->picked[rows++] = (uint16_t)i;
    gather->batch = *batch;
    gather->batch.rows = rows;
    gather->batch.columns = gather->columns;
    for (size_t i = 0; i < gather->columns_count; i++)
        ASSAY_TRY(gather_column(gather, &batch->columns[i], i, err));
    for (size_t i = 0; i < rows; i++)
        gather->row[i] =
            batch->row ? batch->row[gather->picked[i]] : batch->first_row + gather->picked[i];
    gather->batch.row = gather->row;
    gather->batch.offset = gather_numbers(gather, batch->offset, gather->offset);
    gather->batch.line = gather_numbers(gather, batch->line, gather->line);
    *ret_batch = &gather->batch;
    return ASSAY_OK;
}
