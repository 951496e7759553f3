// Agreement with exact statistics of real files, made by DuckDB and numpy
// (data/vega/expected.json).
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/kernels/kernel_fixture.h"

#include <stdio.h>

#include "common/base/file.h"
#include "common/json/json.h"

#define VEGA ASSAY_SOURCE_DIR "/../shared/data/vega/"

/* Columns of a plain CSV file: cells, NULL where empty. */
struct table {
    struct assay_buf text;
    struct assay_text *cells; /* by row */
    size_t rows, columns;
};

/* Quoted cells hold no line breaks or doubled quotes in these files. */
static char *cell_end(char *at, struct assay_text *ret_cell)
{
    if (*at == '"') {
        char *end = strchr(at + 1, '"');
        *ret_cell = (struct assay_text){.data = at + 1, .size_bytes = (uint32_t)(end - at - 1)};
        return end + 1;
    }
    const size_t size = strcspn(at, ",\r\n");
    *ret_cell = (struct assay_text){.data = size ? at : NULL, .size_bytes = (uint32_t)size};
    return at + size;
}

static bool read_table(const char *file, struct table *table)
{
    char path[512];
    snprintf(path, sizeof path, VEGA "%s", file);
    memset(table, 0, sizeof *table);
    if (assay_file_read(path, &table->text, NULL) != ASSAY_OK)
        return false;
    char *at = table->text.data;
    table->columns = 1;
    for (; *at != '\n'; at++)
        table->columns += *at == ',';
    size_t count = 0;
    table->cells = assay_calloc(table->text.size + 1, sizeof *table->cells);
    for (at++; *at;) {
        at = cell_end(at, &table->cells[count++]);
        at += *at == '\r';
        at += *at != '\0';
    }
    table->rows = count / table->columns;
    assert_int_equal(count % table->columns, 0);
    return true;
}

static void check_text(const json_t *column, const struct assay_field_stats *stats)
{
    const json_t *text = assay_json_get(column, "text");
    assert_int_equal(stats->null_count, assay_json_int(column, "null_count", -1));
    assert_int_equal(stats->valid_count, assay_json_int(column, "non_null", -1));
    if (stats->distinct_method == ASSAY_METHOD_EXACT) {
        assert_int_equal((int64_t)stats->distinct, assay_json_int(column, "distinct", -1));
        assert_int_equal(stats->once_count, assay_json_int(column, "values_occurring_once", -1));
        assert_close(stats->entropy, assay_json_num(column, "entropy_nats", NAN), 1e-9);
    } else {
        const double distinct = (double)assay_json_int(column, "distinct", -1);
        const double once = (double)assay_json_int(column, "values_occurring_once", -1);
        assert_close(stats->distinct, distinct, 4 * stats->distinct_standard_error);
        assert_true(fabs(stats->unique_distinct_ratio - once / distinct) <=
                    4 * stats->unique_distinct_ratio_error + 1e-9);
        assert_close(stats->entropy, assay_json_num(column, "entropy_nats", NAN), 0.02);
    }
    if (!text)
        return;
    assert_int_equal(stats->min_length, assay_json_int(text, "min_length", -1));
    assert_int_equal(stats->max_length, assay_json_int(text, "max_length", -1));
    assert_int_equal(stats->empty_count, assay_json_int(text, "empty_count", -1));
}

static void check_numbers(const json_t *column, const struct assay_field_stats *stats)
{
    const json_t *numeric = assay_json_get(column, "numeric");
    const double error = stats->quantile_rank_error > 0 ? 0.05 : 1e-9;
    assert_close(stats->min_number, assay_json_num(numeric, "min", NAN), 0);
    assert_close(stats->max_number, assay_json_num(numeric, "max", NAN), 0);
    assert_close(strtod(stats->sum.text, NULL), assay_json_num(numeric, "sum", NAN), 1e-9);
    assert_close(stats->mean, assay_json_num(numeric, "mean", NAN), 1e-9);
    assert_close(stats->std_dev, assay_json_num(numeric, "std_sample", NAN), 1e-9);
    assert_close(stats->median, assay_json_num(numeric, "median", NAN), error);
    assert_close(stats->q1, assay_json_num(numeric, "q1", NAN), error);
    assert_close(stats->q3, assay_json_num(numeric, "q3", NAN), error);
    assert_int_equal(stats->zero_count, assay_json_int(numeric, "zeros", -1));
    assert_int_equal(stats->negative_count, assay_json_int(numeric, "negatives", -1));
    assert_close(stats->skewness, assay_json_num(numeric, "skewness_population", NAN), 1e-7);
    assert_close(stats->kurtosis, assay_json_num(numeric, "kurtosis_excess_population", NAN), 1e-7);
}

static void check_column(const struct table *table, size_t index, const json_t *column)
{
    ASSAY_AUTO(assay_free)
    void *texts_memory = assay_calloc(table->rows, sizeof(struct assay_text));
    ASSAY_AUTO(assay_free) void *reals_memory = assay_calloc(table->rows, sizeof(double));
    ASSAY_AUTO(assay_free) void *valid_memory = assay_calloc(table->rows, 1);
    struct assay_text *texts = texts_memory;
    double *reals = reals_memory;
    unsigned char *valid = valid_memory;
    for (size_t i = 0; i < table->rows; i++) {
        char number[64];
        texts[i] = table->cells[i * table->columns + index];
        valid[i] = texts[i].data != NULL;
        snprintf(number, sizeof number, "%.*s", (int)texts[i].size_bytes,
                 valid[i] ? texts[i].data : "");
        reals[i] = strtod(number, NULL);
    }
    const struct whole as_text = {.layout = ASSAY_LAYOUT_TEXT,
                                  .value_bytes = sizeof *texts,
                                  .values = texts,
                                  .valid = valid,
                                  .rows = table->rows};
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *stats = count_whole(&as_text);
    check_text(column, stats);
    if (!assay_json_get(column, "numeric"))
        return;
    const struct whole as_number = {.layout = ASSAY_LAYOUT_DOUBLE,
                                    .value_bytes = 8,
                                    .values = reals,
                                    .valid = valid,
                                    .rows = table->rows};
    ASSAY_AUTO(assay_field_stats_free) struct assay_field_stats *numbers = count_whole(&as_number);
    check_numbers(column, numbers);
}

static void files(void **state)
{
    (void)state;
    static const char *const plain[] = {"seattle-weather.csv", "birdstrikes.csv", "zipcodes.csv"};
    struct assay_error err = {0};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    ASSAY_AUTO(assay_json_decref) json_t *all = NULL;
    if (assay_file_read(VEGA "expected.json", &text, &err) != ASSAY_OK) {
        print_message("skipped: %s\n", err.text);
        skip();
    }
    assert_int_equal(assay_json_parse(text.data, text.size, "expected.json", &all, &err), ASSAY_OK);
    size_t i, c;
    json_t *file, *column;
    json_array_foreach(json_object_get(all, "files"), i, file)
    {
        for (size_t p = 0; p < ASSAY_COUNT(plain); p++) {
            struct table table;
            if (strcmp(assay_json_str(file, "file", ""), plain[p]) != 0)
                continue;
            assert_true(read_table(plain[p], &table));
            assert_int_equal(table.rows, assay_json_int(file, "rows", -1));
            json_array_foreach(json_object_get(file, "columns"), c, column)
                check_column(&table, c, column);
            assay_free(table.cells);
            assay_buf_release(&table.text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
