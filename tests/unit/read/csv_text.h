/* What the reader's tests share: texts made from a seed, and a reader's records as one comparable
 * text. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_TEST_CSV_TEXT_H
#define ASSAY_TEST_CSV_TEXT_H

#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "common/base/buf.h"
#include "worker/executor/read/csv_reader.h"

/* xorshift64*: the same numbers everywhere. */
static inline uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

/* Bytes drawn from an alphabet that is hard on tokenizers. */
static inline size_t random_text(uint64_t *state, const char *alphabet, size_t most, char *text)
{
    const size_t size = next_random(state) % most, letters = strlen(alphabet);
    for (size_t i = 0; i < size; i++)
        text[i] = alphabet[next_random(state) % letters];
    return size;
}

/* Every delivered record as "kind:size:bytes|…@offset:line\n"; then the rejections as
 * "!offset:line:reason\n". Base is added to lines, for ranges. */
static inline int append_records(struct assay_reader *reader, struct assay_buf *text,
                                 uint64_t line_base, struct assay_error *err)
{
    for (;;) {
        const struct assay_batch *batch;
        ASSAY_TRY(assay_reader_next(reader, &batch, err));
        if (!batch)
            return ASSAY_OK;
        for (size_t row = 0; row < batch->rows; row++) {
            for (size_t c = 0; c < batch->columns_count; c++) {
                const struct assay_cell *cell =
                    (const struct assay_cell *)batch->columns[c].values + row;
                assay_buf_printf(text, "%u:%" PRIu32 ":", cell->kind, cell->size_bytes);
                assay_buf_append(text, cell->data, cell->size_bytes);
                assay_buf_char(text, '|');
            }
            assay_buf_printf(text, "@%" PRIu64 ":%" PRIu64 "\n", batch->offset[row],
                             batch->line[row] + line_base);
        }
    }
}

static inline void append_rejections(const struct assay_reader *reader, struct assay_buf *text,
                                     uint64_t line_base)
{
    for (size_t i = 0; i < reader->rejections.kept; i++)
        assay_buf_printf(
            text, "!%" PRIu64 ":%" PRIu64 ":%s\n", reader->rejections.items[i].byte_offset,
            reader->rejections.items[i].line + line_base, reader->rejections.items[i].reason);
}

#endif
