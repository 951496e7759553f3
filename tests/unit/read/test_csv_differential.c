// Differential test of the CSV reader: generated files against Python's csv module and DuckDB's
// read_csv.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <duckdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/file.h"
#include "tests/unit/read/csv_text.h"

enum { FILES = 2400, DUCKDB_EVERY = 6, MOST_COLUMNS = 7, SMALL_BYTES = 110 };

static const struct {
    const char *name;
    char delimiter;
} delimiters[] = {{"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}, {"pipe", '|'}};

/* What one generated file is like. */
struct plan {
    char path[256];
    char delimiter;
    size_t columns, records;
    bool crlf, mark, last_newline, ragged,
        wild;     /* NUL bytes, stray quotes, lone CR within quotes */
    bool escaped; /* by backslashes, not by doubled quotes */
};

static struct plan plan_of(const char *folder, size_t index)
{
    uint64_t random = index * UINT64_C(2654435761) + 99;
    for (int i = 0; i < 4; i++)
        (void)next_random(&random);
    struct plan plan = {.columns = 1 + next_random(&random) % MOST_COLUMNS,
                        .records = next_random(&random) % 40,
                        .crlf = next_random(&random) % 3 == 0,
                        .mark = next_random(&random) % 5 == 0,
                        .last_newline = next_random(&random) % 4 > 0,
                        .ragged = next_random(&random) % 4 == 0,
                        .wild = next_random(&random) % 3 == 0,
                        .escaped = next_random(&random) % 3 == 0};
    const size_t d = next_random(&random) % ASSAY_COUNT(delimiters);
    plan.delimiter = delimiters[d].delimiter;
    if (index % DUCKDB_EVERY == 0) /* what DuckDB reads the same way */
        plan.ragged = plan.wild = plan.mark = false;
    (void)snprintf(plan.path, sizeof plan.path, "%s/%05zu%s-%s.csv", folder, index,
                   plan.escaped ? "-escaped" : "", delimiters[d].name);
    return plan;
}

/* A cell's text; may hold anything, then it must be quoted. */
static void make_value(uint64_t *random, const struct plan *plan, struct assay_buf *value)
{
    static const char *const pieces[] = {"a",  "Zürich", "12", "-3.5", " ", "x y",
                                         "\"", "\"\"",   ",",  ";",    "|", "\t",
                                         "\n", "\r\n",   "'",  "\\",   "#", "2026-01-01"};
    const size_t count = next_random(random) % 3000 == 0 ? 30000 : next_random(random) % 5;
    assay_buf_clear(value);
    for (size_t i = 0; i < count; i++) {
        const uint64_t pick = next_random(random) % (ASSAY_COUNT(pieces) + 2);
        if (pick < ASSAY_COUNT(pieces))
            assay_buf_text(value, pieces[pick]);
        else if (plan->wild)
            assay_buf_append(value, pick % 2 ? "\0" : "\xFF", 1);
    }
}

/* With backslashes in front of what would end the cell, or be one. */
static void append_escaped(uint64_t *random, const struct plan *plan, const struct assay_buf *value,
                           struct assay_buf *file)
{
    const char *text = assay_buf_str(value);
    bool quoted = next_random(random) % 2 || strpbrk(text, "\r\n\\\"") ||
                  strchr(text, plan->delimiter); /* as DuckDB wants it */
    if (plan->wild) /* escapes outside of quotes, as Python reads them */
        quoted = memchr(text, '\n', value->size) || memchr(text, '\r', value->size);
    assay_buf_text(file, quoted ? "\"" : "");
    for (size_t i = 0; i < value->size; i++) {
        const char c = text[i];
        const bool special = c == '"' || c == '\\' || (c == plan->delimiter && !quoted);
        assay_buf_text(file, special ? "\\" : "");
        assay_buf_append(file, &c, 1);
    }
    assay_buf_text(file, quoted ? "\"" : "");
}

static void append_cell(uint64_t *random, const struct plan *plan, const struct assay_buf *value,
                        struct assay_buf *file)
{
    const char special[] = {plan->delimiter, '\n', '\r', '\0'};
    const char *text = assay_buf_str(value);
    bool must = value->size && text[0] == '"';
    for (size_t i = 0; i < value->size && !must; i++)
        must = (text[i] && strchr(special, text[i])) || (text[i] == '"' && !plan->wild);
    if (!must && next_random(random) % 4) {
        assay_buf_append(file, text, value->size);
        return;
    }
    assay_buf_char(file, '"');
    for (size_t i = 0; i < value->size; i++)
        assay_buf_append(file, text[i] == '"' ? "\"\"" : &text[i], text[i] == '"' ? 2 : 1);
    assay_buf_char(file, '"');
}

static void make_file(const struct plan *plan, size_t index, struct assay_buf *file)
{
    uint64_t random = index + 1;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf value = {0};
    assay_buf_text(file, plan->mark ? "\xEF\xBB\xBF" : "");
    for (size_t row = 0; row < plan->records; row++) {
        size_t columns = plan->columns;
        if (plan->ragged && row && next_random(&random) % 5 == 0)
            columns = 1 + next_random(&random) % (MOST_COLUMNS + 2);
        columns +=
            columns == plan->columns + 1; /* one more may be a delimiter behind the last cell */
        for (size_t c = 0; c < columns; c++) {
            if (c)
                assay_buf_char(file, plan->delimiter);
            make_value(&random, plan, &value);
            (plan->escaped ? append_escaped : append_cell)(&random, plan, &value, file);
        }
        if (row + 1 < plan->records || plan->last_newline)
            assay_buf_text(file, plan->crlf ? "\r\n" : "\n");
    }
}

static json_t *options_of(const struct plan *plan)
{
    json_t *options =
        json_pack("{s:s%, s:s, s:s, s:b, s:b}", "delimiter", &plan->delimiter, (size_t)1, "quote",
                  "\"", "escape", plan->escaped ? "\\" : "none", "header", 0, "quoted_null", 0);
    assert_non_null(options);
    return options;
}

/* The records as the oracle writes them. nulls: "~" for NULL, as DuckDB tells it apart. */
static void append_ours(struct assay_reader *reader, bool nulls, struct assay_buf *out)
{
    const struct assay_batch *batch = NULL;
    struct assay_error err = {0};
    for (;;) {
        assert_int_equal(assay_reader_next(reader, &batch, &err), ASSAY_OK);
        if (!batch)
            break;
        for (size_t row = 0; row < batch->rows; row++) {
            for (size_t c = 0; c < batch->columns_count; c++) {
                const struct assay_cell *cell =
                    (const struct assay_cell *)batch->columns[c].values + row;
                if (nulls && cell->kind == ASSAY_CELL_NULL)
                    assay_buf_char(out, '~');
                assay_buf_printf(out, "%" PRIu32 ":", cell->size_bytes);
                assay_buf_append(out, cell->data, cell->size_bytes);
                assay_buf_char(out, ',');
            }
            assay_buf_char(out, '\n');
        }
    }
}

static void read_ours(const struct plan *plan, bool nulls, struct assay_buf *out)
{
    ASSAY_AUTO(assay_json_decref) json_t *options = options_of(plan);
    ASSAY_AUTO(assay_reader_close) struct assay_reader *reader = NULL;
    struct assay_source *source;
    struct assay_error err = {0};
    assert_int_equal(assay_source_open(plan->path, NULL, &source, &err), ASSAY_OK);
    assert_int_equal(assay_csv_reader_open(source, NULL, options, NULL, &reader, &err), ASSAY_OK);
    append_ours(reader, nulls, out);
    if (!nulls)
        assay_buf_printf(out, "rejected %" PRIu64 "\n", reader->rejections.count);
}

static void assert_same(const struct plan *plan, const struct assay_buf *ours,
                        const struct assay_buf *theirs)
{
    if (ours->size != theirs->size ||
        memcmp(assay_buf_str(ours), assay_buf_str(theirs), ours->size))
        print_message("%s differs\nours:\n%.2000s\ntheirs:\n%.2000s\n", plan->path,
                      assay_buf_str(ours), assay_buf_str(theirs));
    assert_int_equal(ours->size, theirs->size);
    assert_memory_equal(assay_buf_str(ours), assay_buf_str(theirs), ours->size);
}

/* The records that begin in [*at, end); *at moves to where the range says that the next one
 * begins. */
static uint64_t read_range(const struct assay_buf *file, const struct assay_csv_head *head,
                           uint64_t *at, uint64_t end, struct assay_buf *out)
{
    ASSAY_AUTO(assay_reader_close) struct assay_reader *reader = NULL;
    struct assay_source *source;
    struct assay_error err = {0};
    const struct assay_csv_part part = {.begin = *at, .end = end};
    assert_int_equal(
        assay_source_open_memory(assay_buf_str(file), file->size, "t", NULL, &source, &err),
        ASSAY_OK);
    assert_int_equal(assay_csv_reader_open(source, head, NULL, &part, &reader, &err), ASSAY_OK);
    append_ours(reader, false, out);
    *at = assay_csv_reader_stop(reader);
    return reader->rejections.count;
}

/* The file read as two ranges, cut at every place, is what the oracle reads of the whole. */
static size_t split_everywhere(const struct plan *plan, const struct assay_buf *theirs)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf file = {0};
    ASSAY_AUTO(assay_json_decref) json_t *options = options_of(plan);
    ASSAY_AUTO(assay_csv_head_free) struct assay_csv_head *head = NULL;
    ASSAY_AUTO(assay_source_close) struct assay_source *source = NULL;
    struct assay_error err = {0};
    assert_int_equal(assay_file_read(plan->path, &file, &err), ASSAY_OK);
    assert_int_equal(assay_source_open(plan->path, NULL, &source, &err), ASSAY_OK);
    assert_int_equal(assay_csv_head_read(source, options, &head, &err), ASSAY_OK);
    for (uint64_t cut = head->data_begin + 1; cut < file.size; cut++) {
        ASSAY_SCOPED(assay_buf_release) struct assay_buf ours = {0};
        uint64_t at = head->data_begin;
        uint64_t rejected = read_range(&file, head, &at, cut, &ours);
        assert_true(at >= cut);
        if (at < file.size)
            rejected += read_range(&file, head, &at, file.size, &ours);
        assay_buf_printf(&ours, "rejected %" PRIu64 "\n", rejected);
        assert_same(plan, &ours, theirs);
    }
    return file.size;
}

static char folder[] = "/tmp/assay-differential-XXXXXX";

static int make_files(void **unused)
{
    (void)unused;
    if (!mkdtemp(folder))
        return -1;
    for (size_t i = 0; i < FILES; i++) {
        ASSAY_SCOPED(assay_buf_release) struct assay_buf file = {0};
        const struct plan plan = plan_of(folder, i);
        make_file(&plan, i, &file);
        FILE *stream = fopen(plan.path, "wb");
        if (!stream)
            return -1;
        const size_t written = fwrite(assay_buf_str(&file), 1, file.size, stream);
        if (fclose(stream) || written != file.size)
            return -1;
    }
    return 0;
}

static int remove_files(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < FILES; i++) {
        struct plan plan = plan_of(folder, i);
        (void)unlink(plan.path);
        (void)memcpy(strrchr(plan.path, '.'), ".out", sizeof ".out");
        (void)unlink(plan.path);
    }
    return rmdir(folder);
}

static void against_python(void **unused)
{
    (void)unused;
    char command[512];
    (void)snprintf(command, sizeof command, "python3 '%s/tests/unit/read/csv_oracle.py' '%s'",
                   ASSAY_SOURCE_DIR, folder);
    if (system("python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'") != 0) {
        print_message("no python3 ≥ 3.11: skipped\n");
        skip();
    }
    assert_int_equal(system(command), 0);
    size_t splits = 0;
    for (size_t i = 0; i < FILES; i++) {
        ASSAY_SCOPED(assay_buf_release) struct assay_buf ours = {0}, theirs = {0};
        struct plan plan = plan_of(folder, i), out = plan;
        struct assay_error err = {0};
        (void)memcpy(strrchr(out.path, '.'), ".out", sizeof ".out");
        assert_int_equal(assay_file_read(out.path, &theirs, &err), ASSAY_OK);
        assay_csv_use_avx2(i % 2);
        read_ours(&plan, false, &ours);
        assert_same(&plan, &ours, &theirs);
        struct stat status;
        if (!stat(plan.path, &status) && status.st_size <= SMALL_BYTES)
            splits += split_everywhere(&plan, &theirs);
    }
    assert_true(splits > 10000);
}

static void read_duckdb(duckdb_connection connection, const struct plan *plan,
                        struct assay_buf *out)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    duckdb_result result;
    assay_buf_printf(&sql,
                     "SELECT * FROM read_csv('%s', auto_detect=false, header=false, delim='%c', "
                     "quote='\"', escape='%c', "
                     "nullstr='', allow_quoted_nulls=false, new_line='%s', columns={",
                     plan->path, plan->delimiter, plan->escaped ? '\\' : '"',
                     plan->crlf ? "\\r\\n" : "\\n");
    for (size_t c = 0; c < plan->columns; c++)
        assay_buf_printf(&sql, "%s'c%zu': 'VARCHAR'", c ? ", " : "", c);
    assay_buf_text(&sql, "})");
    if (duckdb_query(connection, assay_buf_str(&sql), &result) != DuckDBSuccess)
        print_message("%s\n", duckdb_result_error(&result));
    for (duckdb_data_chunk chunk; (chunk = duckdb_fetch_chunk(result)) != NULL;
         duckdb_destroy_data_chunk(&chunk)) {
        for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk); row++) {
            for (idx_t c = 0; c < plan->columns; c++) {
                const duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, c);
                uint64_t *validity = duckdb_vector_get_validity(vector);
                duckdb_string_t *text = (duckdb_string_t *)duckdb_vector_get_data(vector) + row;
                const bool valid = duckdb_validity_row_is_valid(validity, row);
                assay_buf_text(out, valid ? "" : "~");
                assay_buf_printf(out, "%" PRIu32 ":", valid ? duckdb_string_t_length(*text) : 0);
                if (valid)
                    assay_buf_append(out, duckdb_string_t_data(text),
                                     duckdb_string_t_length(*text));
                assay_buf_char(out, ',');
            }
            assay_buf_char(out, '\n');
        }
    }
    duckdb_destroy_result(&result);
}

static void against_duckdb(void **unused)
{
    (void)unused;
    duckdb_database database;
    duckdb_connection connection;
    assert_int_equal(duckdb_open(NULL, &database), DuckDBSuccess);
    assert_int_equal(duckdb_connect(database, &connection), DuckDBSuccess);
    for (size_t i = 0; i < FILES; i += DUCKDB_EVERY) {
        ASSAY_SCOPED(assay_buf_release) struct assay_buf ours = {0}, theirs = {0};
        const struct plan plan = plan_of(folder, i);
        if (plan.columns < 2) /* DuckDB passes over empty lines of one column */
            continue;
        read_ours(&plan, true, &ours);
        read_duckdb(connection, &plan, &theirs);
        assert_same(&plan, &ours, &theirs);
    }
    duckdb_disconnect(&connection);
    duckdb_close(&database);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(against_python),
                                       cmocka_unit_test(against_duckdb)};
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
