// Tests of the reader table: typed columns, place, misfit flags and source texts of cells, read in
// parallel and projected.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "common/base/memory.h"
#include "worker/executor/engine/reader_table.h"

/* Four parts of one batch each: id is 100 × part + row, text holds what a cell may hold. */
enum { PARTS = 4, ROWS = 5 };
static const struct assay_cell texts[ROWS] = {
    {"7", 1, ASSAY_CELL_PLAIN},
    {"", 0, ASSAY_CELL_NULL},
    {"seven", 5, ASSAY_CELL_PLAIN},
    {"", 0, ASSAY_CELL_QUOTED},
    {"8\xff 4567890123456", 16, ASSAY_CELL_PLAIN},
};

struct fake {
    struct assay_reader base;
    struct assay_batch batch;
    struct assay_column columns[2];
    int64_t ids[ROWS];
    uint64_t offsets[ROWS];
    bool read;
};

static struct {
    struct assay_schema schema;
    struct assay_cell_target targets[2];
    atomic_size_t done;
    atomic_size_t fields_asked;
    bool fails;
} table;

static int fake_next(struct assay_reader *reader, const struct assay_batch **ret_batch,
                     struct assay_error *err)
{
    struct fake *fake = (struct fake *)reader;
    if (table.fails)
        return assay_fail(err, ASSAY_SCHEMA_CHANGED, "the table was dropped");
    *ret_batch = fake->read ? NULL : &fake->batch;
    fake->read = true;
    return ASSAY_OK;
}

static void fake_close(struct assay_reader *reader)
{
    assay_free(reader);
}

static const struct assay_reader_ops fake_ops = {fake_next, fake_close};

static int open_part(void *context, size_t part, const char *const *fields, size_t fields_count,
                     struct assay_reader **ret_reader, struct assay_error *err)
{
    (void)context;
    struct fake *fake = assay_calloc(1, sizeof *fake);
    if (!fake)
        return assay_fail_memory(err);
    fake->base.ops = &fake_ops;
    for (size_t i = 0; i < ROWS; i++) {
        fake->ids[i] = (int64_t)(100 * part + i);
        fake->offsets[i] = 1000 * part + 10 * i;
    }
    const struct assay_column columns[] = {{.layout = ASSAY_LAYOUT_INT64, .values = fake->ids},
                                           {.layout = ASSAY_LAYOUT_CELL, .values = texts}};
    table.fields_asked = fields_count;
    for (size_t i = 0; i < fields_count; i++)
        fake->columns[i] = columns[strcmp(fields[i], "text") == 0];
    fake->batch = (struct assay_batch){.rows = ROWS,
                                       .columns_count = fields_count,
                                       .columns = fake->columns,
                                       .offset = fake->offsets,
                                       .file = (uint32_t)part / 2};
    *ret_reader = &fake->base;
    return ASSAY_OK;
}

static int done_part(void *context, size_t part, struct assay_reader *reader,
                     struct assay_error *err)
{
    (void)context;
    (void)part;
    (void)reader;
    (void)err;
    atomic_fetch_add(&table.done, 1);
    return ASSAY_OK;
}

/* The query's value, and how many fields the readers were asked for. */
static const struct {
    const char *sql;
    int64_t value;
    size_t fields;
} queries[] = {
    {"SELECT count(*) FROM t()", PARTS *ROWS, 1}, /* DuckDB counts by the first column */
    {"SELECT sum(id)::BIGINT FROM t()", 5 * 600 + 4 * 10, 1},
    {"SELECT sum(_assay_row)::BIGINT FROM t()", 4 * 10, 0},
    {"SELECT sum(_assay_offset)::BIGINT FROM t()", 5 * 6000 + 4 * 100, 0},
    {"SELECT count(_assay_line)::BIGINT FROM t()", 0, 0},
    {"SELECT sum(_assay_file * 10 + _assay_part)::BIGINT FROM t()", 5 * (20 + 6), 0},
    {"SELECT sum(text)::BIGINT FROM t()", 4 * 7, 1},
    {"SELECT count(*) FROM t() WHERE text IS NULL AND NOT _assay_misfit_1", 4 * 2, 1},
    {"SELECT sum(_assay_row)::BIGINT FROM t() WHERE _assay_misfit_1", 4 * (2 + 4), 1},
    {"SELECT count(*) FROM t() WHERE _assay_raw_1 = 'seven' AND _assay_misfit_1 AND id % 100 = 2",
     4, 2},
    {"SELECT count(*) FROM t() WHERE _assay_raw_1 = '' AND _assay_row = 3", 4, 1},
    {"SELECT count(*) FROM t() WHERE _assay_raw_1 = '8\xef\xbf\xbd 4567890123456'", 4, 1},
    {"SELECT count(*) FROM t() WHERE _assay_raw_0 IS NULL AND NOT _assay_misfit_0", 20, 1},
    {"SELECT count(DISTINCT id) FROM t() a JOIN t() b USING (id)", 20, 1},
};

static struct assay_session *open_table(struct assay_reader_table **ret_table)
{
    struct assay_error err = {0};
    struct assay_session *session = NULL;
    const struct assay_session_options options = {.threads = 2};
    assert_int_equal(assay_session_open(&options, &session, &err), ASSAY_OK);
    table.schema = (struct assay_schema){0};
    assert_non_null(
        assay_schema_add(&table.schema, "id", "BIGINT", ASSAY_TYPE_INTEGRAL, ASSAY_LAYOUT_INT64));
    assert_non_null(
        assay_schema_add(&table.schema, "text", NULL, ASSAY_TYPE_UNKNOWN, ASSAY_LAYOUT_CELL));
    table.targets[1] = (struct assay_cell_target){.layout = ASSAY_LAYOUT_INT64};
    const struct assay_reader_table_spec spec = {.name = "t",
                                                 .schema = &table.schema,
                                                 .targets = table.targets,
                                                 .parts_count = PARTS,
                                                 .open = open_part,
                                                 .done = done_part};
    assert_int_equal(assay_reader_table_register(session, &spec, ret_table, &err), ASSAY_OK);
    return session;
}

static void close_table(struct assay_session *session, struct assay_reader_table *opened)
{
    assay_session_close(session);
    assay_reader_table_free(opened);
    assay_schema_release(&table.schema);
}

static void test_queries(void **state)
{
    (void)state;
    struct assay_reader_table *opened = NULL;
    struct assay_session *session = open_table(&opened);
    for (size_t i = 0; i < ASSAY_COUNT(queries); i++) {
        struct assay_error err = {0};
        int64_t value = -1;
        if (assay_session_scalar(session, queries[i].sql, &value, &err) != ASSAY_OK)
            fail_msg("%s: %s", queries[i].sql, err.text);
        if (value != queries[i].value || table.fields_asked != queries[i].fields)
            fail_msg("%s: %lld of %zu fields", queries[i].sql, (long long)value,
                     table.fields_asked);
    }
    assert_true(atomic_load(&table.done) >= PARTS * ASSAY_COUNT(queries));
    close_table(session, opened);
}

static void test_a_reader_s_error_comes_back(void **state)
{
    (void)state;
    struct assay_error err = {0};
    struct assay_reader_table *opened = NULL;
    struct assay_session *session = open_table(&opened);
    table.fails = true;
    assert_int_not_equal(assay_session_exec(session, "SELECT sum(id) FROM t()", &err), ASSAY_OK);
    assert_int_equal(assay_reader_table_error(opened, &err), ASSAY_SCHEMA_CHANGED);
    assert_non_null(strstr(err.text, "dropped"));
    table.fails = false;
    close_table(session, opened);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queries),
        cmocka_unit_test(test_a_reader_s_error_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
