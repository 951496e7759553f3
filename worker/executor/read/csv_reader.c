// CSV reader: opening with a head and a projection, and batch after batch from the window.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/read/csv_reader.h"

#include "common/base/memory.h"
#include "common/base/nearest.h"
#include "worker/executor/read/csv_cell.h"
#include "worker/executor/read/csv_window.h"

#define STRIDE_PAD  4 /* cells between columns, so that they do not share cache sets */
#define BATCH_CELLS ((size_t)512 << 10) /* bounds the cells of a batch: 8 MiB */

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

static void apply_null_values(struct assay_csv_reader *csv)
{
    const struct assay_csv_options *options = &csv->head->options;
    for (size_t c = 0; options->null_values_count && c < csv->batch.columns_count; c++) {
        struct assay_cell *cells = csv->cells + c * (csv->rows_max + STRIDE_PAD);
        for (size_t row = 0; row < csv->rows; row++)
            if (cells[row].kind != ASSAY_CELL_NULL && assay_csv_is_null_value(options, &cells[row]))
                cells[row].kind = ASSAY_CELL_NULL;
    }
}

static void account(struct assay_csv_reader *csv)
{
    struct assay_reader *reader = &csv->reader;
    if (!csv->head->seekable) /* decoded, perhaps */
        for (size_t row = 0; row < csv->rows; row++)
            csv->offset[row] = assay_source_file_offset(csv->source, csv->offset[row]);
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
    struct assay_csv_reader *csv = (struct assay_csv_reader *)reader;
    assay_arena_clear(&csv->arena);
    csv->rows = 0;
    if (!csv->done)
        ASSAY_TRY(assay_csv_window_refill(csv, err));
    while (!csv->done && !csv->rows) {
        if (reader->cancelled && atomic_load_explicit(reader->cancelled, memory_order_relaxed))
            return assay_fail(err, ASSAY_CANCELLED, "reading %s was cancelled",
                              assay_source_name(csv->source));
        if (assay_csv_window_read(csv) != ASSAY_OK)
            return assay_fail_memory(err);
        if (csv->rows || csv->done)
            break;
        if (!csv->ended)
            ASSAY_TRY(assay_csv_window_more(csv, err));
        csv->done |= csv->ended && csv->at == csv->filled;
    }
    apply_null_values(csv);
    account(csv);
    *ret_batch = csv->rows ? &csv->batch : NULL;
    return ASSAY_OK;
}

static void csv_close(struct assay_reader *reader)
{
    struct assay_csv_reader *csv = (struct assay_csv_reader *)reader;
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
static int find_column(const struct assay_csv_reader *csv, const char *name, size_t *ret_at,
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
static int project(struct assay_csv_reader *csv, size_t at, struct assay_error *err)
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

/* Bytes of the window as long as the records fit in. */
static size_t window_bytes(size_t columns)
{
    const size_t bytes = columns * ASSAY_CSV_COLUMN_BYTES;
    return bytes < ASSAY_CSV_WINDOW_BYTES  ? ASSAY_CSV_WINDOW_BYTES
           : bytes > ASSAY_CSV_WINDOW_MOST ? ASSAY_CSV_WINDOW_MOST
                                           : bytes;
}

static int allocate(struct assay_csv_reader *csv, size_t delivered, struct assay_error *err)
{
    const size_t all = csv->columns_count, fit = BATCH_CELLS / (delivered + 1);
    csv->rows_max = fit > ASSAY_BATCH_ROWS ? ASSAY_BATCH_ROWS : fit < 16 ? 16 : fit;
    csv->usual = window_bytes(all);
    csv->limit = csv->capacity = csv->usual;
    csv->buffer = assay_malloc(csv->capacity + ASSAY_CSV_PADDING_BYTES);
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

static int set_columns(struct assay_csv_reader *csv, const struct assay_csv_part *part,
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
static int go_to_begin(struct assay_csv_reader *csv, const struct assay_csv_part *part,
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

static int open_reader(struct assay_csv_reader *csv, const json_t *reader_options,
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
    struct assay_csv_reader *csv = assay_calloc(1, sizeof *csv);
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
    return ((const struct assay_csv_reader *)reader)->head;
}

uint64_t assay_csv_reader_stop(const struct assay_reader *reader)
{
    const struct assay_csv_reader *csv = (const struct assay_csv_reader *)reader;
    return csv->origin + csv->at;
}
