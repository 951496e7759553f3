// Fuzz target: the CSV reader on any bytes. Both forms of the tokenizer, and any cut into two
// ranges, give the same records.
// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "worker/executor/infer/type_sample.h"
#include "worker/executor/read/csv_ranges.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct assay_source *open_text(const uint8_t *data, size_t size)
{
    struct assay_source *source = NULL;
    return assay_source_open_memory(data, size, "fuzz", NULL, &source, NULL) == ASSAY_OK ? source
                                                                                         : NULL;
}

static void append_batch(const struct assay_batch *batch, struct assay_buf *text)
{
    for (size_t row = 0; row < batch->rows; row++) {
        for (size_t c = 0; c < batch->columns_count; c++) {
            const struct assay_cell *cell =
                (const struct assay_cell *)batch->columns[c].values + row;
            assay_buf_printf(text, "%u:%" PRIu32 ":", cell->kind, cell->size_bytes);
            assay_buf_append(text, cell->data, cell->size_bytes);
        }
        assay_buf_printf(text, "@%" PRIu64 "\n", batch->offset[row]);
    }
}

/* Records of a part as text, its rejections behind them; where the part stopped. */
static uint64_t read_part(const uint8_t *data, size_t size, const struct assay_csv_head *head,
                          uint64_t begin, uint64_t end, struct assay_buf *text, uint64_t *rejected)
{
    const struct assay_csv_part part = {.begin = begin, .end = end};
    struct assay_reader *reader;
    const struct assay_batch *batch;
    struct assay_source *source = open_text(data, size);
    if (!source || assay_csv_reader_open(source, head, NULL, &part, &reader, NULL) != ASSAY_OK)
        abort();
    do {
        if (assay_reader_next(reader, &batch, NULL) != ASSAY_OK)
            abort();
        if (batch)
            append_batch(batch, text);
    } while (batch);
    *rejected += reader->rejections.count;
    const uint64_t stop = assay_csv_reader_stop(reader);
    assay_reader_close(reader);
    return stop;
}

static void assert_same(const struct assay_buf *a, const struct assay_buf *b)
{
    if (a->size != b->size || (a->size && memcmp(a->data, b->data, a->size)))
        abort();
}

/* Cut at any byte: what a wrong guess costs is one more read. */
static void check_ranges(const uint8_t *data, size_t size, const struct assay_csv_head *head,
                         uint64_t cut, const struct assay_buf *whole, uint64_t rejected)
{
    struct assay_buf text = {0};
    uint64_t found = 0;
    struct assay_csv_range ranges[] = {{.begin = head->data_begin, .end = cut},
                                       {.begin = cut, .end = size}};
    ranges[0].stop = read_part(data, size, head, ranges[0].begin, ranges[0].end, &text, &found);
    ranges[1].stop = size;
    (void)assay_csv_ranges_verify(ranges, 2);
    if (ranges[1].begin < ranges[1].end)
        (void)read_part(data, size, head, ranges[1].begin, ranges[1].end, &text, &found);
    assert_same(&text, whole);
    if (found != rejected)
        abort();
    assay_buf_release(&text);
}

static void check(const uint8_t *data, size_t size, const struct assay_csv_head *head, uint64_t cut)
{
    struct assay_buf plain = {0}, avx2 = {0};
    uint64_t rejected = 0, again = 0;
    (void)assay_csv_use_avx2(false);
    (void)read_part(data, size, head, 0, 0, &plain, &rejected);
    if (assay_csv_use_avx2(true)) {
        (void)read_part(data, size, head, 0, 0, &avx2, &again);
        assert_same(&plain, &avx2);
        if (again != rejected)
            abort();
    }
    if (head->seekable && cut > head->data_begin && cut < size)
        check_ranges(data, size, head, cut, &plain, rejected);
    assay_buf_release(&plain);
    assay_buf_release(&avx2);
}

/* The first bytes choose the dialect and the cut, the others are the text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const options[] = {
        "{\"delimiter\": \",\", \"quote\": \"\\\"\", \"header\": true, \"max_cell\": 64}",
        "{\"delimiter\": \",\", \"quote\": \"\\\"\", \"header\": false, \"escape\": \"\\\\\"}",
        "{\"delimiter\": \";\", \"quote\": \"'\", \"comment\": \"#\", \"null_values\": \"NA,-\"}",
        "{\"delimiter\": \"|\", \"quote\": \"none\", \"skip\": 1}", "{}"};
    if (size < 3)
        return 0;
    json_t *json = json_loads(options[data[0] % 5], 0, NULL);
    const uint64_t cut = (uint64_t)data[1] | (uint64_t)data[2] << 8;
    struct assay_source *source = open_text(data + 3, size - 3);
    struct assay_csv_head *head = NULL;
    if (source && assay_csv_head_read(source, json, &head, NULL) == ASSAY_OK) {
        struct assay_type_decision *decisions = calloc(head->schema.count + 1, sizeof *decisions);
        if (decisions && head->seekable)
            (void)!assay_type_sample(source, head, json, decisions, NULL);
        free(decisions);
        if (head->seekable)
            check(data + 3, size - 3, head, cut % size);
    }
    assay_csv_head_free(head);
    assay_source_close(source);
    json_decref(json);
    return 0;
}
