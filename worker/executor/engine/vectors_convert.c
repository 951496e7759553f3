// Vectors: the conversion of one chunk, column by column.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/engine/vectors_internal.h"

/* One level of a field: the field itself, or the elements of a list. */
struct level {
    struct assay_column *column;
    void *values; /* scratch; grows with a list's elements */
    size_t values_bytes;
    uint64_t *validity; /* scratch for the conjunction of a value's and its parents' validity */
    size_t validity_bytes;
};

struct assay_vectors_lane {
    const struct assay_vectors *vectors;
    struct assay_column *columns; /* one per field, then one per list level */
    struct level *levels;         /* one per column */
    size_t *first_level;          /* of each field's lists in levels */
    size_t levels_count;
    struct assay_dictionary *const *dictionaries; /* by field; NULL = none */
};

int assay_vectors_lane_new(const struct assay_vectors *vectors,
                           struct assay_vectors_lane **ret_lane, struct assay_error *err)
{
    ASSAY_AUTO(assay_vectors_lane_free)
    struct assay_vectors_lane *lane = assay_calloc(1, sizeof *lane);
    if (!lane)
        return assay_fail_memory(err);
    size_t count = vectors->fields_count;
    for (size_t i = 0; i < vectors->fields_count; i++)
        count += vectors->fields[i].lists_count;
    lane->vectors = vectors;
    lane->levels_count = count;
    lane->columns = assay_calloc(count + 1, sizeof *lane->columns);
    lane->levels = assay_calloc(count + 1, sizeof *lane->levels);
    lane->first_level = assay_calloc(vectors->fields_count + 1, sizeof *lane->first_level);
    if (!lane->columns || !lane->levels || !lane->first_level)
        return assay_fail_memory(err);
    size_t next = vectors->fields_count;
    for (size_t i = 0; i < vectors->fields_count; i++) {
        lane->first_level[i] = next;
        next += vectors->fields[i].lists_count;
    }
    for (size_t i = 0; i < count; i++)
        lane->levels[i].column = &lane->columns[i];
    *ret_lane = ASSAY_TAKE(lane);
    return ASSAY_OK;
}

void assay_vectors_lane_free(struct assay_vectors_lane *lane)
{
    if (!lane)
        return;
    for (size_t i = 0; lane->levels && i < lane->levels_count; i++) {
        assay_free(lane->levels[i].values);
        assay_free(lane->levels[i].validity);
    }
    assay_free(lane->levels);
    assay_free(lane->columns);
    assay_free(lane->first_level);
    assay_free(lane);
}

/* Scratch of at least size_bytes; what it held may be lost. */
static void *scratch(void **data, size_t *capacity_bytes, size_t size_bytes)
{
    if (*capacity_bytes < size_bytes) {
        assay_free(*data);
        *data = assay_aligned(64, (size_bytes + 63) & ~(size_t)63);
        *capacity_bytes = *data ? size_bytes : 0;
    }
    return *data;
}

/* --- values --- */

#define WIDEN(name, from, to)                                                                      \
    static void name(void *restrict out, const void *restrict in, size_t rows)                     \
    {                                                                                              \
        to *restrict target = out;                                                                 \
        const from *restrict source = in;                                                          \
        for (size_t i = 0; i < rows; i++)                                                          \
            target[i] = (to)source[i];                                                             \
    }
WIDEN(widen_i8, int8_t, int64_t)
WIDEN(widen_i16, int16_t, int64_t)
WIDEN(widen_i32, int32_t, int64_t)
WIDEN(widen_u8, uint8_t, int64_t)
WIDEN(widen_u16, uint16_t, int64_t)
WIDEN(widen_u32, uint32_t, int64_t)
WIDEN(widen_u64, uint64_t, assay_i128)

static void copy_i128(void *restrict out, const void *restrict in, size_t rows)
{
    memcpy(out, in, rows * sizeof(assay_i128));
}

static void point_texts(void *restrict out, const void *restrict in, size_t rows)
{
    struct assay_text *restrict target = out;
    const duckdb_string_t *source = in;
    for (size_t i = 0; i < rows; i++) {
        const uint32_t size_bytes = source[i].value.inlined.length;
        target[i].data =
            size_bytes <= 12 ? source[i].value.inlined.inlined : source[i].value.pointer.ptr;
        target[i].size_bytes = size_bytes;
    }
}

/* Undefined values of null rows may overflow: the product wraps and nobody reads it. */
static void scale_up(int64_t *target, const int64_t *source, size_t rows, uint64_t factor)
{
    for (size_t i = 0; i < rows; i++)
        target[i] = (int64_t)((uint64_t)source[i] * factor);
}

static void scale_seconds(void *restrict out, const void *restrict in, size_t rows)
{
    scale_up(out, in, rows, 1000000);
}

static void scale_millis(void *restrict out, const void *restrict in, size_t rows)
{
    scale_up(out, in, rows, 1000);
}

static void scale_nanos(void *restrict out, const void *restrict in, size_t rows)
{
    int64_t *target = out;
    const int64_t *source = in;
    for (size_t i = 0; i < rows; i++)
        target[i] = source[i] / 1000 - (source[i] % 1000 < 0);
}

static const struct {
    void (*run)(void *restrict out, const void *restrict in, size_t rows);
    size_t width_bytes;
} converters[] = {
    [ASSAY_CONVERT_I8] = {widen_i8, 8},
    [ASSAY_CONVERT_I16] = {widen_i16, 8},
    [ASSAY_CONVERT_I32] = {widen_i32, 8},
    [ASSAY_CONVERT_U8] = {widen_u8, 8},
    [ASSAY_CONVERT_U16] = {widen_u16, 8},
    [ASSAY_CONVERT_U32] = {widen_u32, 8},
    [ASSAY_CONVERT_U64] = {widen_u64, 16},
    [ASSAY_CONVERT_I128] = {copy_i128, 16},
    [ASSAY_CONVERT_TEXT] = {point_texts, sizeof(struct assay_text)},
    [ASSAY_CONVERT_SECONDS] = {scale_seconds, 8},
    [ASSAY_CONVERT_MILLIS] = {scale_millis, 8},
    [ASSAY_CONVERT_NANOS] = {scale_nanos, 8},
};

static int convert_values(const struct assay_vector_field *field, struct level *level,
                          duckdb_vector vector, size_t rows, struct assay_error *err)
{
    level->column->layout = field->layout;
    level->column->scale = field->scale;
    level->column->values = NULL;
    if (field->layout == ASSAY_LAYOUT_STRUCT || field->layout == ASSAY_LAYOUT_NULL)
        return ASSAY_OK;
    const void *data = duckdb_vector_get_data(vector);
    level->column->values = data;
    enum assay_convert convert = field->convert;
    if (convert == ASSAY_CONVERT_I128 && (uintptr_t)data % _Alignof(assay_i128) == 0)
        convert = ASSAY_CONVERT_NONE;
    if (convert == ASSAY_CONVERT_NONE)
        return ASSAY_OK;
    void *out = scratch(&level->values, &level->values_bytes,
                        (rows ? rows : 1) * converters[convert].width_bytes);
    if (!out)
        return assay_fail_memory(err);
    converters[convert].run(out, data, rows);
    level->column->values = out;
    return ASSAY_OK;
}

/* --- validity and lists --- */

/* The rows that are valid in `outer` (NULL = all) and in the vector itself. */
static int conjoin(struct level *level, const uint64_t *outer, duckdb_vector vector, size_t rows,
                   const uint64_t **ret_validity, struct assay_error *err)
{
    const uint64_t *own = duckdb_vector_get_validity(vector);
    if (!own || !outer) {
        *ret_validity = own ? own : outer;
        return ASSAY_OK;
    }
    const size_t words = (rows + 63) / 64;
    void *data = level->validity;
    uint64_t *both = scratch(&data, &level->validity_bytes, (words ? words : 1) * sizeof *both);
    level->validity = data;
    if (!both)
        return assay_fail_memory(err);
    for (size_t i = 0; i < words; i++)
        both[i] = outer[i] & own[i]; /* outer may be `both` itself */
    *ret_validity = both;
    return ASSAY_OK;
}

static int convert_list(struct level *level, const struct assay_column *child, duckdb_vector vector,
                        const uint64_t *validity, size_t rows, struct assay_error *err)
{
    struct assay_list *lists =
        scratch(&level->values, &level->values_bytes, (rows ? rows : 1) * sizeof *lists);
    if (!lists)
        return assay_fail_memory(err);
    const duckdb_list_entry *entries = duckdb_vector_get_data(vector);
    for (size_t i = 0; i < rows; i++)
        lists[i] = assay_is_valid(validity, i) ? (struct assay_list){(uint32_t)entries[i].offset,
                                                                     (uint32_t)entries[i].length}
                                               : (struct assay_list){0, 0};
    *level->column = (struct assay_column){.layout = ASSAY_LAYOUT_LIST,
                                           .validity = validity,
                                           .values = lists,
                                           .child = child,
                                           .child_rows = duckdb_list_vector_get_size(vector)};
    return ASSAY_OK;
}

static int convert_field(struct assay_vectors_lane *lane, size_t index, duckdb_vector vector,
                         size_t rows, struct assay_error *err)
{
    const struct assay_vector_field *field = &lane->vectors->fields[index];
    struct level *level = &lane->levels[index];
    size_t next_level = lane->first_level[index];
    const uint64_t *validity = NULL;
    for (unsigned i = 0; i < field->steps_count; i++) {
        ASSAY_TRY(conjoin(level, validity, vector, rows, &validity, err));
        if (field->steps[i] != ASSAY_STEP_LIST) {
            vector = duckdb_struct_vector_get_child(vector, field->steps[i]);
            continue;
        }
        struct level *inner = &lane->levels[next_level++];
        ASSAY_TRY(convert_list(level, inner->column, vector, validity, rows, err));
        rows = level->column->child_rows;
        vector = duckdb_list_vector_get_child(vector);
        validity = NULL;
        level = inner;
    }
    ASSAY_TRY(conjoin(level, validity, vector, rows, &validity, err));
    level->column->validity = validity;
    return convert_values(field, level, vector, rows, err);
}

void assay_vectors_lane_code(struct assay_vectors_lane *lane,
                             struct assay_dictionary *const *dictionaries)
{
    lane->dictionaries = dictionaries;
}

int assay_vectors_convert(struct assay_vectors_lane *lane, duckdb_data_chunk chunk, size_t rows,
                          const struct assay_column **ret_columns, struct assay_error *err)
{
    const struct assay_vectors *vectors = lane->vectors;
    for (size_t i = 0; i < vectors->fields_count; i++) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, vectors->fields[i].column);
        if (lane->dictionaries && lane->dictionaries[i])
            lane->columns[i] = (struct assay_column){.layout = vectors->fields[i].layout,
                                                     .codes = duckdb_vector_get_data(vector),
                                                     .dictionary = lane->dictionaries[i]};
        else
            ASSAY_TRY(convert_field(lane, i, vector, rows, err));
    }
    *ret_columns = lane->columns;
    return ASSAY_OK;
}
