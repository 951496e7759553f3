// Conversion: one loop for each target, the common forms read at once, everything else through the
// cell's class.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/infer/cell_convert.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/infer/cell_decimal.h"
#include "worker/executor/infer/cell_fast.h"
#include "worker/executor/infer/cell_quick.h"
#include "worker/executor/infer/cell_tables.h"
#include "worker/executor/infer/type_count.h"

enum { WORDS = ASSAY_BATCH_ROWS / 64 };

/* A text column is the cells' own array. */
_Static_assert(sizeof(struct assay_text) == sizeof(struct assay_cell),
               "a cell begins with its text");
_Static_assert(offsetof(struct assay_text, size_bytes) == offsetof(struct assay_cell, size_bytes),
               "a cell begins with its text");

/* Texts borrow the cells. */
static size_t value_bytes(enum assay_layout layout)
{
    return layout == ASSAY_LAYOUT_TEXT ? 0 : assay_layout_bytes(layout);
}

static enum assay_date_format format_of(const struct assay_cell_target *target)
{
    return target->format < ASSAY_DATE_FORMATS ? target->format : ASSAY_DATE_YMD_DASH;
}

static bool is_number_class(enum assay_cell_class class_)
{
    return class_ >= ASSAY_CLASS_INTEGER && class_ <= ASSAY_CLASS_EXPONENT;
}

static bool to_i128(const struct assay_cell_target *target, const struct assay_cell *cell,
                    enum assay_cell_class class_, assay_i128 *ret_value)
{
    return (class_ == ASSAY_CLASS_INTEGER || class_ == ASSAY_CLASS_INTEGER128 ||
            (class_ == ASSAY_CLASS_LEADING_ZERO && target->leading_zeros)) &&
           assay_parse_i128(cell->data, cell->size_bytes, ret_value);
}

static bool to_int64(const struct assay_cell_target *target, const struct assay_cell *cell,
                     enum assay_cell_class class_, int64_t *ret_value)
{
    assay_i128 value;
    if (!to_i128(target, cell, class_, &value) || value < INT64_MIN || value > INT64_MAX)
        return false;
    *ret_value = (int64_t)value;
    return true;
}

static bool to_double(const struct assay_cell_target *target, const struct assay_cell *cell,
                      enum assay_cell_class class_, double *ret_value)
{
    if (class_ == ASSAY_CLASS_NAN)
        *ret_value = (double)NAN;
    else if (class_ == ASSAY_CLASS_NOT_FINITE)
        *ret_value = cell->data[0] == '-' ? (double)-INFINITY : (double)INFINITY;
    else if (is_number_class(class_) ||
             (class_ == ASSAY_CLASS_LEADING_ZERO && target->leading_zeros))
        *ret_value = assay_double_read(cell->data, cell->size_bytes);
    else
        return false;
    return true;
}

static bool to_decimal(const struct assay_cell_target *target, const struct assay_cell *cell,
                       enum assay_cell_class class_, assay_i128 *ret_value)
{
    return (is_number_class(class_) ||
            (class_ == ASSAY_CLASS_LEADING_ZERO && target->leading_zeros)) &&
           (target->long_decimals
                ? assay_long_decimal_read(cell->data, cell->size_bytes, target->scale, ret_value)
                : assay_decimal_read(cell->data, cell->size_bytes, target->scale, ret_value));
}

static bool to_date(const struct assay_cell_target *target, const struct assay_cell *cell,
                    int32_t *ret_value)
{
    int64_t days;
    if (!assay_date_read(cell->data, cell->size_bytes, format_of(target), &days))
        return false;
    *ret_value = (int32_t)days;
    return true;
}

static bool to_timestamp(const struct assay_cell_target *target, const struct assay_cell *cell,
                         int64_t *ret_value)
{
    bool has_zone;
    int64_t days;
    if (assay_timestamp_read(cell->data, cell->size_bytes, format_of(target), ret_value, &has_zone))
        return true;
    if (!assay_date_read(cell->data, cell->size_bytes, format_of(target), &days))
        return false;
    *ret_value = days * INT64_C(86400000000);
    return true;
}

static bool to_bool(const struct assay_cell *cell, enum assay_cell_class class_, uint8_t *ret_value)
{
    *ret_value = (cell->data[0] | 0x20) == 't';
    return class_ == ASSAY_CLASS_BOOLEAN;
}

/* The value of a cell that is not null. False: it does not fit. */
static bool to_value(const struct assay_cell_target *target, const struct assay_cell *cell,
                     enum assay_cell_class class_, void *ret_value)
{
    switch (target->layout) {
    case ASSAY_LAYOUT_INT64:
        return to_int64(target, cell, class_, ret_value);
    case ASSAY_LAYOUT_INT128:
        return to_i128(target, cell, class_, ret_value);
    case ASSAY_LAYOUT_DOUBLE:
        return to_double(target, cell, class_, ret_value);
    case ASSAY_LAYOUT_DECIMAL128:
        return to_decimal(target, cell, class_, ret_value);
    case ASSAY_LAYOUT_BOOL:
        return to_bool(cell, class_, ret_value);
    case ASSAY_LAYOUT_DATE:
        return to_date(target, cell, ret_value);
    case ASSAY_LAYOUT_TIMESTAMP:
    case ASSAY_LAYOUT_INSTANT:
        return to_timestamp(target, cell, ret_value);
    default:
        return false;
    }
}

bool assay_convert_cell(const struct assay_cell_target *target, const struct assay_cell *cell,
                        void *ret_value, bool *ret_null)
{
    uint32_t formats;
    const bool text = target->layout == ASSAY_LAYOUT_TEXT;
    *ret_null = cell->kind == ASSAY_CELL_NULL || (!cell->size_bytes && !text);
    if (*ret_null)
        return true;
    if (text) {
        *(struct assay_text *)ret_value = (struct assay_text){cell->data, cell->size_bytes};
        return true;
    }
    return to_value(target, cell, assay_cell_classify(cell, &formats), ret_value);
}

/* One batch being converted. */
struct run {
    struct assay_convert *convert;
    const struct assay_cell *cells;
    size_t rows;
    uint64_t first_row;
    uint64_t valid[WORDS];
    uint64_t *misfit; /* WORDS */
    struct assay_error *err;
    int rc;
};

/* A cell that was not read at once: counted by class, then converted. True when `value` was
 * written. */
static __attribute__((noinline)) bool look_closer(struct run *run, size_t row, void *value)
{
    const struct assay_cell *cell = &run->cells[row];
    struct assay_convert *convert = run->convert;
    enum assay_cell_class class_;
    const int rc = assay_type_count(&convert->profile, cell, &class_, run->err);
    if (rc != ASSAY_OK)
        run->rc = rc;
    if (class_ == ASSAY_CLASS_NULL || class_ == ASSAY_CLASS_EMPTY)
        return false;
    if (to_value(&convert->target, cell, class_, value))
        return true;
    run->misfit[row / 64] |= UINT64_C(1) << (row % 64);
    convert->misfits++;
    double number;
    convert->inexact += convert->target.layout == ASSAY_LAYOUT_DECIMAL128 &&
                        to_double(&convert->target, cell, class_, &number);
    const int kept = assay_type_count_misfit(&convert->profile, run->first_row + row, cell->data,
                                             cell->size_bytes, run->err);
    if (kept != ASSAY_OK)
        run->rc = kept;
    return false;
}

/* The loop of a target. fast: reads values[row] from `cell` and counts its class, or is false. */
#define CONVERT_LOOP(type, fast)                                                                   \
    type *values = run->convert->values;                                                           \
    uint64_t literals = 0;                                                                         \
    for (size_t from = 0; from < run->rows; from += 64) {                                          \
        const size_t to = from + 64 < run->rows ? from + 64 : run->rows;                           \
        uint64_t valid = 0;                                                                        \
        for (size_t row = from; row < to; row++) {                                                 \
            const struct assay_cell *cell = &run->cells[row];                                      \
            bool ok;                                                                               \
            literals += assay_type_is_literal(cell);                                               \
            if (cell->kind == ASSAY_CELL_NULL) {                                                   \
                nulls++;                                                                           \
                continue;                                                                          \
            }                                                                                      \
            ok = (fast) || look_closer(run, row, &values[row]);                                    \
            valid |= (uint64_t)ok << (row - from);                                                 \
        }                                                                                          \
        run->valid[from / 64] = valid;                                                             \
    }                                                                                              \
    run->convert->profile.literals += literals;

static void convert_int64(struct run *run)
{
    uint64_t nulls = 0, read = 0;
    CONVERT_LOOP(int64_t, cell->size_bytes &&
                              assay_int64_read_short(cell->data, cell->size_bytes, &values[row]) &&
                              ++read)
    run->convert->profile.counts[ASSAY_CLASS_NULL] += nulls;
    run->convert->profile.counts[ASSAY_CLASS_INTEGER] += read;
}

static void convert_double(struct run *run)
{
    uint64_t nulls = 0, read[2] = {0};
    bool decimal = false;
    CONVERT_LOOP(double, cell->size_bytes &&assay_fast_double(cell->data, cell->size_bytes,
                                                              &values[row], &decimal) &&
                             ++read[decimal])
    run->convert->profile.counts[ASSAY_CLASS_NULL] += nulls;
    run->convert->profile.counts[ASSAY_CLASS_INTEGER] += read[false];
    run->convert->profile.counts[ASSAY_CLASS_DECIMAL] += read[true];
}

static void convert_decimal(struct run *run)
{
    uint64_t nulls = 0, read[2] = {0};
    bool decimal = false;
    const unsigned scale = run->convert->target.scale;
    const bool fast = !run->convert->target.long_decimals;
    CONVERT_LOOP(assay_i128, fast && cell->size_bytes &&
                                 assay_fast_decimal(cell->data, cell->size_bytes, scale,
                                                    &values[row], &decimal) &&
                                 ++read[decimal])
    run->convert->profile.counts[ASSAY_CLASS_NULL] += nulls;
    run->convert->profile.counts[ASSAY_CLASS_INTEGER] += read[false];
    run->convert->profile.counts[ASSAY_CLASS_DECIMAL] += read[true];
}

static void convert_bool(struct run *run)
{
    uint64_t nulls = 0, read = 0;
    CONVERT_LOOP(uint8_t, assay_fast_bool(cell->data, cell->size_bytes, &values[row]) && ++read)
    run->convert->profile.counts[ASSAY_CLASS_NULL] += nulls;
    run->convert->profile.counts[ASSAY_CLASS_BOOLEAN] += read;
}

static void convert_date(struct run *run)
{
    uint64_t nulls = 0, read = 0;
    const bool iso = format_of(&run->convert->target) == ASSAY_DATE_YMD_DASH;
    CONVERT_LOOP(int32_t, cell->size_bytes == 10 && iso &&
                              assay_fast_date(cell->data, &values[row]) && ++read)
    run->convert->profile.counts[ASSAY_CLASS_NULL] += nulls;
    run->convert->profile.counts[ASSAY_CLASS_DATE] += read;
    run->convert->profile.formats[ASSAY_DATE_YMD_DASH] += read;
}

/* "yyyy-MM-dd hh:mm:ss" and what may follow it. */
static bool read_timestamp(const struct assay_cell *cell, int64_t *ret_us, bool *ret_zoned)
{
    *ret_zoned = false;
    return cell->size_bytes >= 19 && assay_fast_timestamp(cell->data, ret_us) &&
           (cell->size_bytes == 19 ||
            assay_fast_tail(cell->data + 19, cell->size_bytes - 19, ret_us, ret_zoned));
}

static void convert_timestamp(struct run *run)
{
    uint64_t nulls = 0, read[2] = {0};
    bool zoned = false;
    const bool iso = format_of(&run->convert->target) == ASSAY_DATE_YMD_DASH;
    CONVERT_LOOP(int64_t, iso && read_timestamp(cell, &values[row], &zoned) && ++read[zoned])
    run->convert->profile.counts[ASSAY_CLASS_NULL] += nulls;
    run->convert->profile.counts[ASSAY_CLASS_TIMESTAMP] += read[false];
    run->convert->profile.counts[ASSAY_CLASS_INSTANT] += read[true];
    run->convert->profile.formats[ASSAY_DATE_YMD_DASH] += read[false] + read[true];
}

static void convert_int128(struct run *run)
{
    uint64_t nulls = 0;
    CONVERT_LOOP(assay_i128, false)
    run->convert->profile.counts[ASSAY_CLASS_NULL] += nulls;
}

/* No value is expected: all that is there does not fit. */
static void convert_nothing(struct run *run)
{
    for (size_t row = 0; row < run->rows; row++) {
        run->convert->profile.literals += assay_type_is_literal(&run->cells[row]);
        (void)look_closer(run, row, NULL);
    }
}

/* Texts that need a closer look are rare in most text columns: the first pass of 64 rows finds
 * them, the second looks. */
static void convert_text(struct run *run)
{
    struct assay_type_profile *profile = &run->convert->profile;
    uint64_t nulls = 0, texts = 0, literals = 0;
    for (size_t from = 0; from < run->rows; from += 64) {
        const size_t to = from + 64 < run->rows ? from + 64 : run->rows;
        uint64_t valid = 0, unsure = 0;
        for (size_t row = from; row < to; row++) {
            const struct assay_cell *cell = &run->cells[row];
            const bool text = cell->size_bytes && cell->kind && cell->kind <= ASSAY_CELL_STRING;
            const bool sure =
                assay_cell_is_surely_text(text ? cell->data : "#", text ? cell->size_bytes : 1);
            const bool present = cell->kind != ASSAY_CELL_NULL;
            literals += assay_type_is_literal(cell);
            valid |= (uint64_t)present << (row - from);
            unsure |= (uint64_t)(present & !sure) << (row - from);
        }
        run->valid[from / 64] = valid;
        nulls += to - from - (size_t)__builtin_popcountll(valid);
        texts += (size_t)__builtin_popcountll(valid & ~unsure);
        for (; unsure; unsure &= unsure - 1) {
            const size_t row = from + (size_t)__builtin_ctzll(unsure);
            const struct assay_cell *cell = &run->cells[row];
            enum assay_cell_class class_ = ASSAY_CLASS_COUNT;
            if (cell->size_bytes && cell->kind <= ASSAY_CELL_STRING)
                class_ = assay_quick_class(cell->data, cell->size_bytes);
            if (class_ != ASSAY_CLASS_COUNT) {
                profile->counts[class_]++;
                continue;
            }
            const int rc = assay_type_count(profile, cell, &class_, run->err);
            if (rc != ASSAY_OK)
                run->rc = rc;
        }
    }
    profile->counts[ASSAY_CLASS_NULL] += nulls;
    profile->counts[ASSAY_CLASS_TEXT] += texts;
    profile->literals += literals;
}

static void convert_rows(struct run *run)
{
    switch (run->convert->target.layout) {
    case ASSAY_LAYOUT_INT64:
        convert_int64(run);
        break;
    case ASSAY_LAYOUT_INT128:
        convert_int128(run);
        break;
    case ASSAY_LAYOUT_DOUBLE:
        convert_double(run);
        break;
    case ASSAY_LAYOUT_DECIMAL128:
        convert_decimal(run);
        break;
    case ASSAY_LAYOUT_BOOL:
        convert_bool(run);
        break;
    case ASSAY_LAYOUT_DATE:
        convert_date(run);
        break;
    case ASSAY_LAYOUT_TIMESTAMP:
    case ASSAY_LAYOUT_INSTANT:
        convert_timestamp(run);
        break;
    case ASSAY_LAYOUT_TEXT:
        convert_text(run);
        break;
    default:
        convert_nothing(run);
    }
}

static bool all_valid(const uint64_t *valid, size_t rows)
{
    for (size_t i = 0; i < rows / 64; i++)
        if (valid[i] != UINT64_MAX)
            return false;
    return rows % 64 == 0 || valid[rows / 64] == (UINT64_C(1) << (rows % 64)) - 1;
}

int assay_convert_column(struct assay_convert *convert, const struct assay_column *cells,
                         size_t rows, uint64_t first_row, struct assay_error *err)
{
    if (cells->layout != ASSAY_LAYOUT_CELL || rows > ASSAY_BATCH_ROWS)
        return assay_fail(err, ASSAY_INVALID, "converting a column: it has no cells");
    struct run run = {.convert = convert,
                      .cells = cells->values,
                      .rows = rows,
                      .first_row = first_row,
                      .misfit = convert->bits + WORDS,
                      .err = err};
    memset(convert->bits, 0, 2 * WORDS * sizeof *convert->bits);
    convert->misfits = convert->inexact = 0;
    for (size_t row = 0; convert->profile.decimals.wanted && row < rows; row++)
        assay_long_decimals_add(&convert->profile.decimals, &run.cells[row]);
    convert_rows(&run);
    memcpy(convert->bits, run.valid, sizeof run.valid);
    convert->misfit = run.misfit;
    convert->column =
        (struct assay_column){.layout = convert->target.layout,
                              .scale = convert->target.scale,
                              .values = convert->values,
                              .validity = all_valid(run.valid, rows) ? NULL : convert->bits};
    if (convert->target.layout == ASSAY_LAYOUT_TEXT)
        convert->column.values = cells->values;
    return run.rc;
}

int assay_convert_new(const struct assay_cell_target *target, struct assay_convert **ret_convert,
                      struct assay_error *err)
{
    ASSAY_AUTO(assay_convert_free) struct assay_convert *convert = assay_calloc(1, sizeof *convert);
    if (!convert)
        return assay_fail_memory(err);
    assay_fast_setup();
    convert->target = *target;
    convert->profile.decimals.wanted = target->long_decimals;
    convert->values_bytes = value_bytes(target->layout) * ASSAY_BATCH_ROWS;
    convert->bits = assay_calloc(2 * WORDS, sizeof *convert->bits);
    convert->values = convert->values_bytes ? assay_aligned(64, convert->values_bytes) : NULL;
    if (!convert->bits || (convert->values_bytes && !convert->values))
        return assay_fail_memory(err);
    *ret_convert = ASSAY_TAKE(convert);
    return ASSAY_OK;
}

void assay_convert_free(struct assay_convert *convert)
{
    if (!convert)
        return;
    assay_type_profile_release(&convert->profile);
    assay_free(convert->values);
    assay_free(convert->bits);
    assay_free(convert);
}
