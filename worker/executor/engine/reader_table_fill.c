// Reader table: a batch's values as DuckDB's vectors. Texts are not copied: they point into the
// reader's memory, which lives until the thread asks for its next chunk, and by then DuckDB has
// taken what it keeps.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "common/base/utf8.h"
#include "worker/executor/batch/special.h"
#include "worker/executor/engine/reader_table_internal.h"

enum { INLINE_BYTES = 12 };

struct assay_table_lane *assay_table_lane_new(void)
{
    return assay_calloc(1, sizeof(struct assay_table_lane));
}

void assay_table_lane_free(struct assay_table_lane *lane)
{
    if (!lane)
        return;
    assay_reader_close(lane->reader);
    for (size_t i = 0; i < lane->converts_count; i++)
        assay_convert_free(lane->converts[i]);
    assay_free(lane->converts);
    assay_free(lane->converted);
    assay_elements_release(&lane->elements);
    assay_arena_release(&lane->safe);
    assay_free(lane);
}

/* --- texts --- */

static void set_string(duckdb_string_t *target, const char *data, uint32_t size_bytes)
{
    target->value.inlined.length = size_bytes;
    if (size_bytes <= INLINE_BYTES) {
        memset(target->value.inlined.inlined, 0, INLINE_BYTES);
        if (size_bytes)
            memcpy(target->value.inlined.inlined, data, size_bytes);
        return;
    }
    memcpy(target->value.pointer.prefix, data, sizeof target->value.pointer.prefix);
    target->value.pointer.ptr = (char *)(uintptr_t)data;
}

static int set_safe_string(struct assay_table_lane *lane, duckdb_string_t *target, const char *data,
                           uint32_t size_bytes, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    assay_utf8_append_safe(&text, data, size_bytes);
    ASSAY_TRY(assay_buf_check(&text, err));
    const char *kept = assay_arena_strndup(&lane->safe, assay_buf_str(&text), text.size);
    if (!kept)
        return assay_fail_memory(err);
    set_string(target, kept, (uint32_t)text.size);
    return ASSAY_OK;
}

static int set_text(struct assay_table_lane *lane, duckdb_string_t *target, const char *data,
                    uint32_t size_bytes, struct assay_error *err)
{
    if (!assay_utf8_valid(data, size_bytes))
        return set_safe_string(lane, target, data, size_bytes, err);
    set_string(target, data, size_bytes);
    return ASSAY_OK;
}

static int fill_texts(struct assay_table_lane *lane, const struct assay_column *column, size_t rows,
                      duckdb_vector vector, struct assay_error *err)
{
    const struct assay_text *texts = column->values;
    duckdb_string_t *strings = duckdb_vector_get_data(vector);
    const bool bytes = column->layout == ASSAY_LAYOUT_BYTES;
    for (size_t i = 0; i < rows; i++) {
        if (!assay_is_valid(column->validity, i))
            set_string(&strings[i], "", 0);
        else if (bytes)
            set_string(&strings[i], texts[i].data, texts[i].size_bytes);
        else
            ASSAY_TRY(set_text(lane, &strings[i], texts[i].data, texts[i].size_bytes, err));
    }
    return ASSAY_OK;
}

/* --- columns --- */

static void set_validity(duckdb_vector vector, const uint64_t *validity, size_t rows)
{
    if (!validity)
        return;
    duckdb_vector_ensure_validity_writable(vector);
    memcpy(duckdb_vector_get_validity(vector), validity, (rows + 63) / 64 * sizeof *validity);
}

static void set_all_null(duckdb_vector vector, size_t rows)
{
    duckdb_vector_ensure_validity_writable(vector);
    memset(duckdb_vector_get_validity(vector), 0, (rows + 63) / 64 * sizeof(uint64_t));
}

/* A decimal field's vector is as wide as DuckDB stores 18 or 38 digits, which is how our layouts
 * lie. */
static int fill_scalar(struct assay_table_lane *lane, const struct assay_column *column,
                       size_t rows, duckdb_vector vector, struct assay_error *err)
{
    if (column->layout == ASSAY_LAYOUT_NULL || !column->values) {
        if (column->layout == ASSAY_LAYOUT_STRUCT) {
            memset(duckdb_vector_get_data(vector), 1, rows);
            set_validity(vector, column->validity, rows);
        } else {
            set_all_null(vector, rows);
        }
        return ASSAY_OK;
    }
    set_validity(vector, column->validity, rows);
    if (column->layout == ASSAY_LAYOUT_TEXT || column->layout == ASSAY_LAYOUT_BYTES)
        return fill_texts(lane, column, rows, vector, err);
    memcpy(duckdb_vector_get_data(vector), column->values,
           rows * assay_layout_bytes(column->layout));
    return ASSAY_OK;
}

/* Decimals as the doubles nearest to them, NaN and infinities as IEEE's. */
static void fill_reals(const struct assay_column *column, size_t rows, duckdb_vector vector)
{
    const bool narrow = column->layout == ASSAY_LAYOUT_DECIMAL64;
    const int64_t *small = column->values;
    const assay_i128 *wide = column->values;
    double *reals = duckdb_vector_get_data(vector);
    set_validity(vector, column->validity, rows);
    for (size_t i = 0; i < rows; i++)
        reals[i] =
            assay_is_valid(column->validity, i)
                ? assay_decimal_number(column->layout, column->scale, narrow ? small[i] : wide[i])
                : 0;
}

/* DuckDB's decimals have neither NaN nor infinities: they are NULL, and the caller is told. */
static void note_specials(const struct assay_column *column, size_t rows, atomic_bool *special,
                          duckdb_vector vector)
{
    uint64_t *validity = NULL;
    for (size_t i = 0; i < rows; i++) {
        if (!assay_is_valid(column->validity, i) || !assay_decimal_is_special(column, i))
            continue;
        if (!validity) {
            duckdb_vector_ensure_validity_writable(vector);
            validity = duckdb_vector_get_validity(vector);
        }
        duckdb_validity_set_row_validity(validity, i, false);
    }
    if (validity)
        atomic_store(special, true);
}

static int fill_decimals(const struct assay_table_use *use, struct assay_table_lane *lane,
                         size_t field, const struct assay_column *column, size_t rows,
                         duckdb_vector vector, struct assay_error *err)
{
    const struct assay_reader_table_spec *spec = &use->table->spec;
    if (assay_table_layout(spec, field) == ASSAY_LAYOUT_DOUBLE) {
        fill_reals(column, rows, vector);
        return ASSAY_OK;
    }
    ASSAY_TRY(fill_scalar(lane, column, rows, vector, err));
    if (spec->inexact)
        note_specials(column, rows, &spec->inexact[field], vector);
    return ASSAY_OK;
}

static int fill_number(const struct assay_table_use *use, struct assay_table_lane *lane,
                       size_t field, const struct assay_column *column, size_t rows,
                       duckdb_vector vector, struct assay_error *err)
{
    struct assay_table_number *number = &use->table->spec.numbers[field];
    if (number->is_double) {
        fill_reals(column, rows, vector);
        return ASSAY_OK;
    }
    ASSAY_TRY(fill_scalar(lane, column, rows, vector, err));
    note_specials(column, rows, &number->special, vector);
    return ASSAY_OK;
}

/* Made on first use. */
static int converter_of(const struct assay_table_use *use, struct assay_table_lane *lane,
                        size_t place, struct assay_convert **ret_convert, struct assay_error *err)
{
    const struct assay_reader_table_spec *spec = &use->table->spec;
    const size_t field = use->fields[place];
    if (!lane->converts) {
        lane->converts = assay_calloc(use->fields_count + 1, sizeof(struct assay_convert *));
        lane->converted = assay_calloc(use->fields_count + 1, sizeof *lane->converted);
        if (!lane->converts || !lane->converted)
            return assay_fail_memory(err);
        lane->converts_count = use->fields_count;
    }
    if (!lane->converts[place]) {
        struct assay_cell_target target = {.layout = ASSAY_LAYOUT_TEXT};
        if (spec->targets && spec->targets[field].layout != ASSAY_LAYOUT_NULL)
            target = spec->targets[field];
        ASSAY_TRY(assay_convert_new(&target, &lane->converts[place], err));
    }
    *ret_convert = lane->converts[place];
    return ASSAY_OK;
}

static int convert(const struct assay_table_use *use, struct assay_table_lane *lane, size_t place,
                   const struct assay_column *cells, size_t rows, uint64_t row,
                   struct assay_convert **ret_convert, struct assay_error *err)
{
    const struct assay_reader_table_spec *spec = &use->table->spec;
    struct assay_convert *own;
    ASSAY_TRY(converter_of(use, lane, place, &own, err));
    if (lane->converted[place] != lane->batches) /* once for the value and its flag */
        ASSAY_TRY(assay_convert_column(own, cells, rows, row, err));
    if (spec->inexact && own->inexact)
        atomic_store(&spec->inexact[use->fields[place]], true);
    lane->converted[place] = lane->batches;
    *ret_convert = own;
    return ASSAY_OK;
}

static int fill_list(const struct assay_table_use *use, struct assay_table_lane *lane, size_t place,
                     const struct assay_column *column, size_t rows, duckdb_vector vector,
                     struct assay_error *err)
{
    const struct assay_list *lists = column->values;
    duckdb_list_entry *entries = duckdb_vector_get_data(vector);
    set_validity(vector, column->validity, rows);
    for (size_t i = 0; i < rows; i++)
        entries[i] = assay_is_valid(column->validity, i)
                         ? (duckdb_list_entry){lists[i].offset, lists[i].count}
                         : (duckdb_list_entry){0, 0};
    if (duckdb_list_vector_reserve(vector, column->child_rows) != DuckDBSuccess ||
        duckdb_list_vector_set_size(vector, column->child_rows) != DuckDBSuccess)
        return assay_fail_memory(err);
    const struct assay_column *child = column->child;
    if (child && child->layout == ASSAY_LAYOUT_CELL) {
        struct assay_convert *own;
        ASSAY_TRY(converter_of(use, lane, place, &own, err));
        ASSAY_TRY(assay_elements_convert(&lane->elements, own, child, column->child_rows, 0, err));
        child = &lane->elements.column;
    }
    duckdb_vector elements = duckdb_list_vector_get_child(vector);
    const bool fits =
        child && child->layout == assay_table_element_layout(&use->table->spec, use->fields[place]);
    if (fits)
        return fill_scalar(lane, child, column->child_rows, elements, err);
    set_all_null(elements, column->child_rows);
    return ASSAY_OK;
}

static int fill_field(const struct assay_table_use *use, struct assay_table_lane *lane,
                      size_t place, const struct assay_batch *batch, duckdb_vector vector,
                      struct assay_error *err)
{
    const struct assay_column *column = &batch->columns[place];
    if (assay_is_decimal(column->layout))
        return fill_decimals(use, lane, use->fields[place], column, batch->rows, vector, err);
    if (column->layout == ASSAY_LAYOUT_CELL) {
        struct assay_convert *converted;
        ASSAY_TRY(
            convert(use, lane, place, column, batch->rows, batch->first_row, &converted, err));
        column = &converted->column;
    }
    return column->layout == ASSAY_LAYOUT_LIST
               ? fill_list(use, lane, place, column, batch->rows, vector, err)
               : fill_scalar(lane, column, batch->rows, vector, err);
}

/* --- flags and source texts --- */

static void flag_bad_texts(const struct assay_column *column, size_t rows, bool *flags)
{
    const struct assay_text *texts = column->values;
    if (column->layout != ASSAY_LAYOUT_TEXT)
        return;
    for (size_t i = 0; i < rows; i++)
        if (assay_is_valid(column->validity, i) &&
            !assay_utf8_valid(texts[i].data, texts[i].size_bytes))
            flags[i] = true;
}

static int fill_misfit(const struct assay_table_use *use, struct assay_table_lane *lane,
                       size_t place, const struct assay_batch *batch, duckdb_vector vector,
                       struct assay_error *err)
{
    bool *flags = duckdb_vector_get_data(vector);
    const struct assay_column *column = &batch->columns[place];
    memset(flags, 0, batch->rows * sizeof *flags);
    if (column->layout == ASSAY_LAYOUT_CELL) {
        struct assay_convert *converted;
        ASSAY_TRY(
            convert(use, lane, place, column, batch->rows, batch->first_row, &converted, err));
        for (size_t i = 0; converted->misfits && i < batch->rows; i++)
            flags[i] = converted->misfit[i >> 6] >> (i & 63) & 1;
        column = &converted->column;
    }
    flag_bad_texts(column, batch->rows, flags);
    return ASSAY_OK;
}

static int fill_raw(struct assay_table_lane *lane, const struct assay_column *column, size_t rows,
                    duckdb_vector vector, struct assay_error *err)
{
    if (column->layout != ASSAY_LAYOUT_CELL) {
        set_all_null(vector, rows);
        return ASSAY_OK;
    }
    const struct assay_cell *cells = column->values;
    duckdb_string_t *strings = duckdb_vector_get_data(vector);
    duckdb_vector_ensure_validity_writable(vector);
    uint64_t *validity = duckdb_vector_get_validity(vector);
    for (size_t i = 0; i < rows; i++) {
        const bool null = cells[i].kind == ASSAY_CELL_NULL;
        duckdb_validity_set_row_validity(validity, i, !null);
        if (null)
            set_string(&strings[i], "", 0);
        else
            ASSAY_TRY(set_text(lane, &strings[i], cells[i].data, cells[i].size_bytes, err));
    }
    return ASSAY_OK;
}

/* --- places --- */

static void fill_numbers(const struct assay_batch *batch, const uint64_t *numbers, uint64_t first,
                         duckdb_vector vector)
{
    uint64_t *target = duckdb_vector_get_data(vector);
    for (size_t i = 0; i < batch->rows; i++)
        target[i] = numbers ? numbers[i] : first + i;
}

static void fill_constant(uint32_t number, size_t rows, duckdb_vector vector)
{
    uint32_t *target = duckdb_vector_get_data(vector);
    for (size_t i = 0; i < rows; i++)
        target[i] = number;
}

static void fill_place(const struct assay_table_lane *lane, enum assay_table_kind kind,
                       const struct assay_batch *batch, duckdb_vector vector)
{
    const uint64_t *numbers = kind == ASSAY_TABLE_LINE ? batch->line : batch->offset;
    if (kind == ASSAY_TABLE_PART)
        fill_constant((uint32_t)lane->part, batch->rows, vector);
    else if (kind == ASSAY_TABLE_FILE)
        fill_constant(batch->file, batch->rows, vector);
    else if (kind == ASSAY_TABLE_ROW)
        fill_numbers(batch, batch->row, batch->first_row, vector);
    else if (numbers)
        fill_numbers(batch, numbers, 0, vector);
    else
        set_all_null(vector, batch->rows);
}

int assay_table_fill(const struct assay_table_use *use, struct assay_table_lane *lane,
                     const struct assay_batch *batch, duckdb_data_chunk output,
                     struct assay_error *err)
{
    assay_arena_clear(&lane->safe);
    lane->batches++;
    for (size_t i = 0; i < use->columns_count; i++) {
        const struct assay_table_column column = use->columns[i];
        duckdb_vector vector = duckdb_data_chunk_get_vector(output, i);
        const size_t place = column.kind >= ASSAY_TABLE_FIELD ? use->place[column.field] - 1 : 0;
        if (column.kind == ASSAY_TABLE_FIELD)
            ASSAY_TRY(fill_field(use, lane, place, batch, vector, err));
        else if (column.kind == ASSAY_TABLE_MISFIT)
            ASSAY_TRY(fill_misfit(use, lane, place, batch, vector, err));
        else if (column.kind == ASSAY_TABLE_RAW)
            ASSAY_TRY(fill_raw(lane, &batch->columns[place], batch->rows, vector, err));
        else if (column.kind == ASSAY_TABLE_NUMBER)
            ASSAY_TRY(fill_number(use, lane, column.field, &batch->columns[place], batch->rows,
                                  vector, err));
        else if (column.kind != ASSAY_TABLE_NOTHING)
            fill_place(lane, column.kind, batch, vector);
    }
    return ASSAY_OK;
}
