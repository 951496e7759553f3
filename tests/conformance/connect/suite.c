// The cases that every connector passes.
// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/connect/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/datetime.h"
#include "common/base/memory.h"
#include "common/base/number.h"
#include "worker/executor/batch/special.h"
#include "worker/executor/connect/plan_groups.h"

static const struct suite_quirks *quirks;

struct assay_conn *suite_open(const struct suite_quirks *of)
{
    struct assay_conn *conn = NULL;
    struct assay_error err = {0};
    const struct assay_connector *connector = assay_connector_find(of->connector);
    assert_non_null(connector);
    if (connector->open(of->properties, 30000, NULL, &conn, &err) != ASSAY_OK)
        fail_msg("opening: %s", err.text);
    return conn;
}

json_t *suite_container(const char *name)
{
    return json_pack("{s:s}", "name", name);
}

#define AT(type) (((const type *)column->values)[row])

/* The name of NaN or an infinity, NULL for all other values. */
static const char *special_of(const struct assay_column *column, size_t row)
{
    switch (column->layout) {
    case ASSAY_LAYOUT_DATE:
        return assay_special_text(column->layout, AT(int32_t));
    case ASSAY_LAYOUT_DECIMAL64:
    case ASSAY_LAYOUT_TIMESTAMP:
    case ASSAY_LAYOUT_INSTANT:
        return assay_special_text(column->layout, AT(int64_t));
    case ASSAY_LAYOUT_DECIMAL128:
        return assay_special_text(column->layout, AT(assay_i128));
    default:
        return NULL;
    }
}

const char *suite_text(const struct assay_column *column, size_t row)
{
    static char text[1 << 16];
    struct assay_text bytes = {NULL, 0};
    if (!assay_is_valid(column->validity, row))
        return "NULL";
    const char *special = special_of(column, row);
    if (special)
        return special;
    switch (column->layout) {
    case ASSAY_LAYOUT_BOOL:
        return AT(uint8_t) ? "true" : "false";
    case ASSAY_LAYOUT_INT64:
        (void)assay_format_i128(AT(int64_t), 0, text);
        return text;
    case ASSAY_LAYOUT_DECIMAL64:
        (void)assay_format_i128(AT(int64_t), column->scale, text);
        return text;
    case ASSAY_LAYOUT_DECIMAL128:
        (void)assay_format_i128(AT(assay_i128), column->scale, text);
        return text;
    case ASSAY_LAYOUT_FLOAT:
        (void)assay_format_float(AT(float), text);
        return text;
    case ASSAY_LAYOUT_DOUBLE:
        (void)assay_format_double(AT(double), text);
        return text;
    case ASSAY_LAYOUT_DATE:
        (void)assay_format_date(AT(int32_t), text);
        return text;
    case ASSAY_LAYOUT_TIMESTAMP:
        (void)assay_format_timestamp(AT(int64_t), "", text);
        return text;
    case ASSAY_LAYOUT_INSTANT:
        (void)assay_format_timestamp(AT(int64_t), "Z", text);
        return text;
    case ASSAY_LAYOUT_TEXT:
    case ASSAY_LAYOUT_BYTES:
        bytes = AT(struct assay_text);
        break;
    case ASSAY_LAYOUT_CELL:
        if (AT(struct assay_cell).kind == ASSAY_CELL_NULL)
            return "NULL";
        bytes = (struct assay_text){AT(struct assay_cell).data, AT(struct assay_cell).size_bytes};
        break;
    default:
        fail_msg("layout %d is not shown here", column->layout);
    }
    assert_true(bytes.size_bytes < sizeof text);
    if (bytes.size_bytes)
        memcpy(text, bytes.data, bytes.size_bytes);
    text[bytes.size_bytes] = '\0';
    return text;
}

static struct assay_reader *open_reader(struct assay_conn *conn, const char *container,
                                        const json_t *bounds, const char *const *fields,
                                        size_t fields_count)
{
    ASSAY_AUTO(assay_json_decref) json_t *json = suite_container(container);
    struct assay_reader *reader = NULL;
    struct assay_error err = {0};
    const struct assay_split split = {0, 1, bounds};
    if (conn->connector->read(conn, json, NULL, &split, fields, fields_count, &reader, &err) !=
        ASSAY_OK)
        fail_msg("opening a reader on %s: %s", container, err.text);
    return reader;
}

static void append_all(struct assay_reader *reader, struct assay_buf *lines)
{
    struct assay_error err = {0};
    uint64_t rows = 0;
    for (;;) {
        const struct assay_batch *batch = NULL;
        if (assay_reader_next(reader, &batch, &err) != ASSAY_OK)
            fail_msg("reading: %s", err.text);
        if (!batch)
            break;
        assert_true(batch->rows > 0 && batch->rows <= ASSAY_BATCH_ROWS);
        assert_int_equal(batch->first_row, rows);
        assert_int_equal(batch->columns_count, reader->schema.count);
        rows += batch->rows;
        for (size_t row = 0; row < batch->rows; row++)
            for (size_t i = 0; i < batch->columns_count; i++) {
                assay_buf_text(lines, suite_text(&batch->columns[i], row));
                assay_buf_char(lines, i + 1 == batch->columns_count ? '\n' : '|');
            }
    }
    assert_int_equal(reader->records_read, rows);
}

char *suite_read(const struct suite_quirks *of, const char *container, const json_t *bounds,
                 const char *const *fields, size_t fields_count)
{
    struct assay_conn *conn = suite_open(of);
    struct assay_reader *reader = open_reader(conn, container, bounds, fields, fields_count);
    struct assay_buf lines = {0};
    append_all(reader, &lines);
    assay_reader_close(reader);
    conn->connector->close(conn);
    char *text = assay_buf_take(&lines);
    return text ? text : assay_strdup("");
}

/* --- the cases --- */

static void rows_agree(void **state)
{
    (void)state;
    assert_ptr_equal(assay_connector_find(quirks->connector)->name,
                     assay_connector_find(quirks->connector)->name);
    const char *before = "";
    for (const struct assay_connector *const *row = assay_connectors; *row; row++) {
        assert_true(strcmp(before, (*row)->name) < 0);
        before = (*row)->name;
        assert_true((*row)->open && (*row)->close && (*row)->ping && (*row)->list &&
                    (*row)->describe && (*row)->read);
    }
    assert_null(assay_connector_find("nosuch"));
}

static void ping(void **state)
{
    (void)state;
    struct assay_conn *conn = suite_open(quirks);
    char *product = NULL;
    assert_int_equal(conn->connector->ping(conn, &product, NULL), ASSAY_OK);
    assert_memory_equal(product, quirks->product, strlen(quirks->product));
    assay_free(product);
    conn->connector->close(conn);
}

struct listing {
    char *names[64];
    size_t count;
};

static int note(struct assay_found *found, void *context, struct assay_error *err)
{
    (void)err;
    struct listing *listing = context;
    assert_true(listing->count < ASSAY_COUNT(listing->names));
    if (quirks->container_type)
        assert_string_equal(found->container_type, quirks->container_type);
    if (listing->count)
        assert_true(strcmp(listing->names[listing->count - 1], found->name) < 0);
    listing->names[listing->count++] = ASSAY_TAKE(found->name);
    return ASSAY_OK;
}

static bool is_listed(const struct listing *listing, const char *name)
{
    for (size_t i = 0; i < listing->count; i++)
        if (strcmp(listing->names[i], name) == 0)
            return true;
    return false;
}

static void list(void **state)
{
    (void)state;
    struct assay_conn *conn = suite_open(quirks);
    struct listing listing = {0};
    struct assay_error err = {0};
    ASSAY_AUTO(assay_json_decref)
    json_t *options = json_pack("{s:[s*]}", "include", quirks->container_type);
    if (conn->connector->list(conn, options, note, &listing, &err) != ASSAY_OK)
        fail_msg("listing: %s", err.text);
    assert_true(is_listed(&listing, quirks->many));
    assert_true(is_listed(&listing, quirks->empty));
    assert_true(is_listed(&listing, quirks->wide));
    assert_true(is_listed(&listing, quirks->odd));
    for (size_t i = 0; i < listing.count; i++)
        assay_free(listing.names[i]);
    conn->connector->close(conn);
}

static int stop_listing(struct assay_found *found, void *context, struct assay_error *err)
{
    (void)found;
    ++*(int *)context;
    return assay_fail(err, ASSAY_CONFLICT, "enough");
}

static void listing_stops(void **state)
{
    (void)state;
    struct assay_conn *conn = suite_open(quirks);
    int calls = 0;
    assert_int_equal(conn->connector->list(conn, NULL, stop_listing, &calls, NULL), ASSAY_CONFLICT);
    assert_int_equal(calls, 1);
    conn->connector->close(conn);
}

static void describe_of(struct assay_conn *conn, const char *name, struct assay_schema *ret_schema)
{
    ASSAY_AUTO(assay_json_decref) json_t *container = suite_container(name);
    struct assay_error err = {0};
    if (conn->connector->describe(conn, container, NULL, ret_schema, &err) != ASSAY_OK)
        fail_msg("describing %s: %s", name, err.text);
}

static void describe(void **state)
{
    (void)state;
    struct assay_conn *conn = suite_open(quirks);
    const char *const names[] = {quirks->many, quirks->empty};
    for (size_t i = 0; i < ASSAY_COUNT(names); i++) {
        struct assay_schema schema = {0};
        describe_of(conn, names[i], &schema);
        assert_int_equal(schema.count, 2);
        assert_string_equal(schema.fields[0].name, "id");
        assert_string_equal(schema.fields[1].name, "label");
        assay_schema_release(&schema);
    }
    conn->connector->close(conn);
}

static char *expected_many(size_t from, size_t to)
{
    struct assay_buf lines = {0};
    for (size_t i = from; i < to; i++)
        assay_buf_printf(&lines, "%zu|row %zu\n", i, i);
    return assay_buf_take(&lines);
}

static void read_all(void **state)
{
    (void)state;
    char *expected = expected_many(0, SUITE_MANY_ROWS),
         *first = suite_read(quirks, quirks->many, NULL, NULL, 0),
         *second = suite_read(quirks, quirks->many, NULL, NULL, 0);
    assert_string_equal(first, expected);
    assert_string_equal(second, first);
    assay_free(expected);
    assay_free(first);
    assay_free(second);
}

static void projection(void **state)
{
    (void)state;
    static const char *const turned[] = {"label", "id"}, *const one[] = {"label"};
    char *text = suite_read(quirks, quirks->many, NULL, turned, 2);
    assert_memory_equal(text, "row 0|0\nrow 1|1\n", 16);
    assay_free(text);
    text = suite_read(quirks, quirks->many, NULL, one, 1);
    assert_memory_equal(text, "row 0\nrow 1\n", 12);
    assay_free(text);
}

static void unknown_field(void **state)
{
    (void)state;
    struct assay_conn *conn = suite_open(quirks);
    static const char *const fields[] = {"nosuch"};
    ASSAY_AUTO(assay_json_decref) json_t *container = suite_container(quirks->many);
    struct assay_reader *reader = NULL;
    const struct assay_split all = {0, 1, NULL};
    assert_int_equal(conn->connector->read(conn, container, NULL, &all, fields, 1, &reader, NULL),
                     ASSAY_NOT_FOUND);
    assert_null(reader);
    conn->connector->close(conn);
}

static void missing_container(void **state)
{
    (void)state;
    struct assay_conn *conn = suite_open(quirks);
    ASSAY_AUTO(assay_json_decref) json_t *container = suite_container("no such container");
    struct assay_schema schema = {0};
    struct assay_reader *reader = NULL;
    struct assay_error err = {0};
    const struct assay_split all = {0, 1, NULL};
    assert_int_equal(conn->connector->describe(conn, container, NULL, &schema, &err),
                     ASSAY_NOT_FOUND);
    assert_non_null(strstr(err.text, "no such container"));
    assert_int_equal(conn->connector->read(conn, container, NULL, &all, NULL, 0, &reader, NULL),
                     ASSAY_NOT_FOUND);
    conn->connector->close(conn);
}

static void empty_container(void **state)
{
    (void)state;
    char *text = suite_read(quirks, quirks->empty, NULL, NULL, 0);
    assert_string_equal(text, "");
    assay_free(text);
}

static void odd_names(void **state)
{
    (void)state;
    struct assay_conn *conn = suite_open(quirks);
    struct assay_schema schema = {0};
    describe_of(conn, quirks->odd, &schema);
    assert_int_equal(schema.count, 1);
    assert_string_equal(schema.fields[0].name, quirks->odd_field);
    assay_schema_release(&schema);
    conn->connector->close(conn);
    char *text = suite_read(quirks, quirks->odd, NULL, &quirks->odd_field, 1);
    assert_string_equal(text, "fine\n");
    assay_free(text);
}

static void wide_container(void **state)
{
    (void)state;
    struct assay_buf expected = {0};
    for (int row = 0; row < SUITE_WIDE_ROWS; row++)
        for (int i = 0; i < quirks->wide_columns; i++)
            assay_buf_printf(&expected, "%d:%d%c", row, i,
                             i + 1 == quirks->wide_columns ? '\n' : '|');
    char *text = suite_read(quirks, quirks->wide, NULL, NULL, 0);
    assert_string_equal(text, assay_buf_str(&expected));
    assay_free(text);
    assay_buf_release(&expected);
}

static void cancel(void **state)
{
    (void)state;
    atomic_bool cancelled = false;
    struct assay_conn *conn = NULL;
    assert_int_equal(assay_connector_find(quirks->connector)
                         ->open(quirks->properties, 30000, &cancelled, &conn, NULL),
                     ASSAY_OK);
    struct assay_reader *reader = open_reader(conn, quirks->many, NULL, NULL, 0);
    const struct assay_batch *batch = NULL;
    assert_int_equal(assay_reader_next(reader, &batch, NULL), ASSAY_OK);
    assert_non_null(batch);
    atomic_store(&cancelled, true);
    assert_int_equal(assay_reader_next(reader, &batch, NULL), ASSAY_CANCELLED);
    assay_reader_close(reader);
    conn->connector->close(conn);
}

/* A reader that is closed early leaves a connection that can be used. */
static void close_early(void **state)
{
    (void)state;
    struct assay_conn *conn = suite_open(quirks);
    struct assay_reader *reader = open_reader(conn, quirks->many, NULL, NULL, 0);
    const struct assay_batch *batch = NULL;
    assert_int_equal(assay_reader_next(reader, &batch, NULL), ASSAY_OK);
    assay_reader_close(reader);
    struct assay_schema schema = {0};
    describe_of(conn, quirks->many, &schema);
    assay_schema_release(&schema);
    conn->connector->close(conn);
}

static int by_text(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* The lines in order of their text, however the parts came. */
static char *sorted_lines(char *text)
{
    static char *lines[SUITE_MANY_ROWS + 1];
    size_t count = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        assert_true(count < SUITE_MANY_ROWS);
        lines[count++] = line;
    }
    qsort(lines, count, sizeof *lines, by_text);
    struct assay_buf all = {0};
    for (size_t i = 0; i < count; i++)
        assay_buf_printf(&all, "%s\n", lines[i]);
    return assay_buf_take(&all);
}

static void splits_are_a_partition(void **state)
{
    (void)state;
    struct assay_conn *conn = suite_open(quirks);
    ASSAY_AUTO(assay_json_decref) json_t *container = suite_container(quirks->many);
    ASSAY_AUTO(assay_json_decref) json_t *groups = NULL;
    ASSAY_AUTO(assay_json_decref) json_t *bounds = NULL;
    const struct assay_plan_goal goal = {.count = 4};
    if (!conn->connector->plan) {
        conn->connector->close(conn);
        return;
    }
    struct assay_error err = {0};
    if (conn->connector->plan(conn, container, NULL, &goal, &groups, &err) != ASSAY_OK ||
        assay_plan_groups_bounds(groups, &bounds, &err) != ASSAY_OK)
        fail_msg("planning: %s", err.text);
    conn->connector->close(conn);
    assert_true(json_array_size(bounds) >= (quirks->splits ? 2 : 1));
    struct assay_buf parts = {0};
    for (size_t i = 0; i < json_array_size(bounds); i++) {
        const json_t *bound = json_array_get(bounds, i);
        char *part = suite_read(quirks, quirks->many, json_is_null(bound) ? NULL : bound, NULL, 0);
        assay_buf_text(&parts, part);
        assay_free(part);
    }
    char *whole = expected_many(0, SUITE_MANY_ROWS), *expected = sorted_lines(whole),
         *got = sorted_lines(parts.data);
    assert_string_equal(got, expected);
    assay_free(whole);
    assay_free(expected);
    assay_free(got);
    assay_buf_release(&parts);
}

int suite_run(const struct suite_quirks *of)
{
    quirks = of;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_agree),
        cmocka_unit_test(ping),
        cmocka_unit_test(list),
        cmocka_unit_test(listing_stops),
        cmocka_unit_test(describe),
        cmocka_unit_test(read_all),
        cmocka_unit_test(projection),
        cmocka_unit_test(unknown_field),
        cmocka_unit_test(missing_container),
        cmocka_unit_test(empty_container),
        cmocka_unit_test(odd_names),
        cmocka_unit_test(wide_container),
        cmocka_unit_test(cancel),
        cmocka_unit_test(close_early),
        cmocka_unit_test(splits_are_a_partition),
    };
    return cmocka_run_group_tests_name(of->connector, tests, NULL, NULL);
}
