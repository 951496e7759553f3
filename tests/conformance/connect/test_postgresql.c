// The postgresql connector against the suite and a real server, and what only it has: types, kinds,
// faults.
// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/memory.h"
#include "tests/conformance/connect/suite.h"

enum { WIDE_COLUMNS = 1600 };

static struct suite_quirks quirks;
static PGconn *admin;
static char schema[64];

static void run(const char *sql)
{
    PGresult *result = PQexec(admin, sql);
    const ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        fprintf(stderr, "%.200s: %s", sql, PQerrorMessage(admin));
        exit(1);
    }
    PQclear(result);
}

static void make_suite_tables(void)
{
    struct assay_buf sql = {0};
    run("CREATE TABLE many (id integer NOT NULL, filler text, label varchar(40))");
    assay_buf_printf(
        &sql,
        "INSERT INTO many SELECT i, repeat('x', 1000), 'row ' || i FROM generate_series(0, %d) i",
        SUITE_MANY_ROWS - 1);
    run(assay_buf_str(&sql));
    run("ALTER TABLE many DROP filler"); /* a dropped column is no field; its blocks make the table
                                            worth cutting */
    run("CREATE TABLE empty (id integer, label text)");
    assay_buf_clear(&sql);
    assay_buf_text(&sql, "CREATE VIEW wide AS SELECT ");
    for (int i = 0; i < WIDE_COLUMNS; i++)
        assay_buf_printf(&sql, "%sr || ':%d' AS c%d", i ? ", " : "", i, i);
    assay_buf_printf(&sql, " FROM generate_series(0, %d) r", SUITE_WIDE_ROWS - 1);
    run(assay_buf_str(&sql));
    assay_buf_release(&sql);
    run("CREATE TABLE \"Odd \"\"table\"\"\nn\xc3\xa4me; --\" (\"Select \"\"x\"\"\n'\xc3\xbc'\" "
        "text)");
    run("INSERT INTO \"Odd \"\"table\"\"\nn\xc3\xa4me; --\" VALUES ('fine')");
    run("ANALYZE many");
}

/* --- types --- */

static const struct {
    const char *type, *value; /* as PostgreSQL takes them */
    enum assay_layout layout;
    const char *text; /* as suite_text() shows it */
} typed[] = {
    {"boolean", "true", ASSAY_LAYOUT_BOOL, "true"},
    {"smallint", "-32768", ASSAY_LAYOUT_INT64, "-32768"},
    {"integer", "2147483647", ASSAY_LAYOUT_INT64, "2147483647"},
    {"bigint", "-9223372036854775808", ASSAY_LAYOUT_INT64, "-9223372036854775808"},
    {"oid", "4294967295", ASSAY_LAYOUT_INT64, "4294967295"},
    {"real", "0.1", ASSAY_LAYOUT_FLOAT, "0.1"},
    {"double precision", "-0.0", ASSAY_LAYOUT_DOUBLE, "-0.0"},
    {"double precision", "NaN", ASSAY_LAYOUT_DOUBLE, "NaN"},
    {"double precision", "-Infinity", ASSAY_LAYOUT_DOUBLE, "-Infinity"},
    {"numeric(10,2)", "-12345678.90", ASSAY_LAYOUT_DECIMAL64, "-12345678.90"},
    {"numeric(10,2)", "0", ASSAY_LAYOUT_DECIMAL64, "0.00"},
    {"numeric(10,2)", "10000000", ASSAY_LAYOUT_DECIMAL64, "10000000.00"},
    {"numeric(18,0)", "999999999999999999", ASSAY_LAYOUT_DECIMAL64, "999999999999999999"},
    {"numeric(38,10)", "9999999999999999999999999999.9999999999", ASSAY_LAYOUT_DECIMAL128,
     "9999999999999999999999999999.9999999999"},
    {"numeric(38,38)", "-0.00000000000000000000000000000000000001", ASSAY_LAYOUT_DECIMAL128,
     "-0.00000000000000000000000000000000000001"},
    {"numeric(5,-3)", "12345000", ASSAY_LAYOUT_DECIMAL64, "12345000"},
    {"numeric(3,5)", "0.00123", ASSAY_LAYOUT_DECIMAL64, "0.00123"},
    {"numeric(10,2)", "NaN", ASSAY_LAYOUT_DECIMAL64, "NaN"},
    {"numeric(38,2)", "NaN", ASSAY_LAYOUT_DECIMAL128, "NaN"},
    {"numeric(50,3)", "12345678901234567890123456789012345678901234.5", ASSAY_LAYOUT_CELL,
     "12345678901234567890123456789012345678901234.500"},
    {"numeric", "1.10", ASSAY_LAYOUT_CELL, "1.10"},
    {"numeric", "NaN", ASSAY_LAYOUT_CELL, "NaN"},
    {"numeric", "-Infinity", ASSAY_LAYOUT_CELL, "-Infinity"},
    {"text", "a\n\xf0\x9f\x98\x80", ASSAY_LAYOUT_TEXT, "a\n\xf0\x9f\x98\x80"},
    {"text", "", ASSAY_LAYOUT_TEXT, ""},
    {"varchar(5)", "ab ", ASSAY_LAYOUT_TEXT, "ab "},
    {"char(5)", "ab", ASSAY_LAYOUT_TEXT, "ab"},
    {"name", "n", ASSAY_LAYOUT_TEXT, "n"},
    {"uuid", "00000000-0000-0000-0000-00000000000a", ASSAY_LAYOUT_TEXT,
     "00000000-0000-0000-0000-00000000000a"},
    {"json", "{\"a\": 1}", ASSAY_LAYOUT_TEXT, "{\"a\": 1}"},
    {"jsonb", "{\"a\":1}", ASSAY_LAYOUT_TEXT, "{\"a\": 1}"},
    {"xml", "<a/>", ASSAY_LAYOUT_TEXT, "<a/>"},
    {"inet", "10.0.0.1/8", ASSAY_LAYOUT_TEXT, "10.0.0.1/8"},
    {"interval", "1 day 2 hours", ASSAY_LAYOUT_TEXT, "P1DT2H"},
    {"time", "01:02:03.5", ASSAY_LAYOUT_TEXT, "01:02:03.5"},
    {"bytea", "\\x41ff42", ASSAY_LAYOUT_BYTES,
     "A\xff"
     "B"},
    {"date", "1582-10-15", ASSAY_LAYOUT_DATE, "1582-10-15"},
    {"date", "0044-03-15 BC", ASSAY_LAYOUT_DATE, "-0043-03-15"},
    {"date", "5874897-12-31", ASSAY_LAYOUT_DATE, "+5874897-12-31"},
    {"date", "infinity", ASSAY_LAYOUT_DATE, "infinity"},
    {"date", "-infinity", ASSAY_LAYOUT_DATE, "-infinity"},
    {"timestamp", "1999-12-31 23:59:59.999999", ASSAY_LAYOUT_TIMESTAMP,
     "1999-12-31T23:59:59.999999"},
    {"timestamp", "infinity", ASSAY_LAYOUT_TIMESTAMP, "infinity"},
    {"timestamp", "-infinity", ASSAY_LAYOUT_TIMESTAMP, "-infinity"},
    {"timestamptz", "2026-11-20 10:00:00+05:30", ASSAY_LAYOUT_INSTANT, "2026-11-20T04:30:00Z"},
    {"timestamptz", "infinity", ASSAY_LAYOUT_INSTANT, "infinity"},
    {"timestamptz", "-infinity", ASSAY_LAYOUT_INSTANT, "-infinity"},
    {"timestamptz", "294276-12-31 23:59:59+00", ASSAY_LAYOUT_INSTANT, "NULL"},
    {"integer[]", "{1,NULL,3}", ASSAY_LAYOUT_TEXT, "{1,NULL,3}"},
    {"mood", "happy", ASSAY_LAYOUT_TEXT, "happy"},
    {"amount", "12.30", ASSAY_LAYOUT_DECIMAL64, "12.30"},
    {"pair", "(1,x)", ASSAY_LAYOUT_TEXT, "(1,x)"},
    {"int4range", "[1,5)", ASSAY_LAYOUT_TEXT, "[1,5)"},
};

static void make_typed(void)
{
    run("CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE DOMAIN money_base AS numeric(12,2); "
        "CREATE DOMAIN amount AS "
        "money_base CHECK (value > 0); CREATE TYPE pair AS (a integer, b text)");
    struct assay_buf create = {0}, insert = {0}, nulls = {0};
    for (size_t i = 0; i < ASSAY_COUNT(typed); i++) {
        char *value = PQescapeLiteral(admin, typed[i].value, strlen(typed[i].value));
        assay_buf_printf(&create, "%s t%zu %s", i ? "," : "CREATE TABLE typed (", i, typed[i].type);
        assay_buf_printf(&insert, "%s %s", i ? "," : "INSERT INTO typed VALUES (", value);
        assay_buf_printf(&nulls, "%s NULL", i ? "," : "INSERT INTO typed VALUES (");
        PQfreemem(value);
    }
    assay_buf_char(&create, ')');
    assay_buf_char(&insert, ')');
    assay_buf_char(&nulls, ')');
    run(assay_buf_str(&create));
    run(assay_buf_str(&insert));
    run(assay_buf_str(&nulls));
    assay_buf_release(&create);
    assay_buf_release(&insert);
    assay_buf_release(&nulls);
}

static struct assay_reader *read_of(struct assay_conn *conn, const char *name)
{
    ASSAY_AUTO(assay_json_decref) json_t *container = suite_container(name);
    struct assay_reader *reader = NULL;
    struct assay_error err = {0};
    const struct assay_split all = {0, 1, NULL};
    if (conn->connector->read(conn, container, NULL, &all, NULL, 0, &reader, &err) != ASSAY_OK)
        fail_msg("%s", err.text);
    return reader;
}

static void types(void **state)
{
    (void)state;
    struct assay_conn *conn = suite_open(&quirks);
    struct assay_reader *reader = read_of(conn, "typed");
    const struct assay_batch *batch = NULL;
    struct assay_error err = {0};
    if (assay_reader_next(reader, &batch, &err) != ASSAY_OK)
        fail_msg("%s", err.text);
    assert_int_equal(batch->rows, 2);
    assert_int_equal(batch->columns_count, ASSAY_COUNT(typed));
    for (size_t i = 0; i < ASSAY_COUNT(typed); i++) {
        if (strcmp(suite_text(&batch->columns[i], 0), typed[i].text) != 0)
            fail_msg("%s %s: got %s", typed[i].type, typed[i].value,
                     suite_text(&batch->columns[i], 0));
        assert_int_equal(batch->columns[i].layout, typed[i].layout);
        assert_int_equal(reader->schema.fields[i].layout, typed[i].layout);
        assert_string_equal(suite_text(&batch->columns[i], 1), "NULL");
    }
    assert_int_equal(assay_reader_next(reader, &batch, NULL), ASSAY_OK);
    assert_null(batch);
    assert_int_equal(json_array_size(reader->warnings), 1); /* the year 294276 */
    assay_reader_close(reader);
    conn->connector->close(conn);
}

/* --- kinds --- */

static void make_kinds(void)
{
    run("CREATE TABLE parted (id integer, d date) PARTITION BY RANGE (d);"
        "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2020-01-01') TO "
        "('2021-01-01');"
        "CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM ('2021-01-01') TO "
        "('2022-01-01');"
        "INSERT INTO parted SELECT i, '2020-06-01'::date + i FROM generate_series(1, 400) i;"
        "CREATE MATERIALIZED VIEW material AS SELECT * FROM parted; COMMENT ON TABLE parted IS 'by "
        "year'; ANALYZE");
}

struct kinds {
    struct assay_buf text;
};

static int note_kind(struct assay_found *found, void *context, struct assay_error *err)
{
    (void)err;
    struct kinds *kinds = context;
    if (strncmp(found->name, "parted", 6) == 0 || strcmp(found->name, "material") == 0 ||
        strcmp(found->name, "wide") == 0)
        assay_buf_printf(&kinds->text, "%s:%s:%s:%lld ", found->name, found->container_type,
                         assay_json_str(found->details, "kind", ""),
                         (long long)found->records_estimate);
    return ASSAY_OK;
}

static void kinds_of_relations(void **state)
{
    (void)state;
    struct assay_conn *conn = suite_open(&quirks);
    struct kinds kinds = {0};
    assert_int_equal(conn->connector->list(conn, NULL, note_kind, &kinds, NULL), ASSAY_OK);
    assert_string_equal(assay_buf_str(&kinds.text),
                        "material:view:materialized view:400 parted:table:partitioned "
                        "table:400 wide:view:view:-1 ");
    assay_buf_release(&kinds.text);
    conn->connector->close(conn);
    char *text = suite_read(&quirks, "parted", NULL, NULL, 0);
    size_t lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    assert_int_equal(lines, 400);
    assay_free(text);
}

static void name_with_schema(void **state)
{
    (void)state;
    json_t *properties = json_copy(quirks.properties);
    struct suite_quirks other = quirks;
    json_object_del(properties, "schema");
    other.properties = properties;
    char name[128];
    (void)snprintf(name, sizeof name, "%s.empty", schema);
    char *text = suite_read(&other, name, NULL, NULL, 0);
    assert_string_equal(text, "");
    assay_free(text);
    json_decref(properties);
}

/* --- faults --- */

static int open_with(const char *key, const char *value, int64_t timeout_ms,
                     struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *properties = json_copy(quirks.properties);
    struct assay_conn *conn = NULL;
    json_object_set_new(properties, key, json_string(value));
    const int rc =
        assay_connector_find("postgresql")->open(properties, timeout_ms, NULL, &conn, err);
    if (rc == ASSAY_OK)
        conn->connector->close(conn);
    return rc;
}

static void refused_logins(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value;
        int code;
        const char *sqlstate;
    } cases[] = {
        {"password", "hunter2-wrong", ASSAY_DENIED, "28P01"},
        {"database", "no_such_database", ASSAY_NOT_FOUND, "3D000"},
        {"username", "no_such_role", ASSAY_DENIED, "28P01"},
        {"port", "1", ASSAY_UNAVAILABLE, ""},
        {"port", "70000", ASSAY_INVALID, ""},
        {"uri", "postgresql://u:hunter2@[::1", ASSAY_INVALID, ""},
        {"uri", "postgresql://u:hunter2@h/d?nosuch=1", ASSAY_INVALID, ""},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        struct assay_error err = {0};
        const int rc = open_with(cases[i].key, cases[i].value, 120000, &err);
        print_message("%s=%s: %s (%s)\n", cases[i].key, cases[i].value, err.text, err.sqlstate);
        assert_int_equal(rc, cases[i].code);
        assert_string_equal(err.sqlstate, cases[i].sqlstate);
        assert_null(strstr(err.text, "hunter2"));
    }
}

/* A server that accepts and says nothing. */
static void hanging_server(void **state)
{
    (void)state;
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    ASSAY_AUTO(assay_json_decref)
    json_t *properties = json_pack("{s:s, s:i, s:s}", "host", "127.0.0.1", "port",
                                   ntohs(address.sin_port), "username", "u");
    struct assay_conn *conn = NULL;
    struct assay_error err = {0};
    assert_int_equal(assay_connector_find("postgresql")->open(properties, 700, NULL, &conn, &err),
                     ASSAY_TIMEOUT);
    atomic_bool cancelled = true;
    assert_int_equal(
        assay_connector_find("postgresql")->open(properties, 600000, &cancelled, &conn, NULL),
        ASSAY_CANCELLED);
    (void)close(listener);
}

static void dropped_table(void **state)
{
    (void)state;
    run("CREATE TABLE doomed (a integer, b integer)");
    struct assay_conn *conn = suite_open(&quirks);
    ASSAY_AUTO(assay_json_decref) json_t *container = suite_container("doomed");
    struct assay_schema fields = {0};
    assert_int_equal(conn->connector->describe(conn, container, NULL, &fields, NULL), ASSAY_OK);
    assay_schema_release(&fields);
    run("DROP TABLE doomed");
    struct assay_reader *reader = NULL;
    struct assay_error err = {0};
    const struct assay_split all = {0, 1, NULL};
    assert_int_equal(conn->connector->read(conn, container, NULL, &all, NULL, 0, &reader, &err),
                     ASSAY_NOT_FOUND);
    assert_non_null(strstr(err.text, "doomed"));
    conn->connector->close(conn);
}

/* The sessions that read the view of this run. */
#define OF_ENDLESS                                                                                 \
    "FROM pg_stat_activity WHERE application_name = 'assay' AND query LIKE 'COPY%%%s%%endless%%'"

static void killed_during_copy(void **state)
{
    (void)state;
    run("CREATE VIEW endless AS SELECT i, repeat('x', 1000) AS t FROM generate_series(1, "
        "100000000) i");
    struct assay_conn *conn = suite_open(&quirks);
    struct assay_reader *reader = read_of(conn, "endless");
    const struct assay_batch *batch = NULL;
    assert_int_equal(assay_reader_next(reader, &batch, NULL), ASSAY_OK);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    assay_buf_printf(&sql, "SELECT pg_terminate_backend(pid) " OF_ENDLESS, schema);
    run(assay_buf_str(&sql));
    struct assay_error err = {0};
    int rc;
    do
        rc = assay_reader_next(reader, &batch, &err);
    while (rc == ASSAY_OK && batch);
    print_message("%s (%s)\n", err.text, err.sqlstate);
    assert_int_equal(rc, ASSAY_UNAVAILABLE);
    assay_reader_close(reader);
    conn->connector->close(conn);
}

static bool is_endless_read(void)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf sql = {0};
    assay_buf_printf(&sql, "SELECT count(*) " OF_ENDLESS " AND state = 'active'", schema);
    PGresult *result = PQexec(admin, assay_buf_str(&sql));
    assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
    const bool read = strcmp(PQgetvalue(result, 0, 0), "0") != 0;
    PQclear(result);
    return read;
}

/* Breaking off leaves no statement running on the server, which may take its time to notice. */
static void stops_on_the_server(void **state)
{
    (void)state;
    struct assay_conn *conn = suite_open(&quirks);
    struct assay_reader *reader = read_of(conn, "endless");
    const struct assay_batch *batch = NULL;
    assert_int_equal(assay_reader_next(reader, &batch, NULL), ASSAY_OK);
    assert_true(is_endless_read());
    assay_reader_close(reader);
    while (is_endless_read())
        (void)usleep(10000);
    conn->connector->close(conn);
}

static void denied_table(void **state)
{
    (void)state;
    struct assay_buf sql = {0};
    assay_buf_printf(
        &sql, "CREATE ROLE %s_reader LOGIN PASSWORD 'r'; GRANT USAGE ON SCHEMA %s TO %s_reader",
        schema, schema, schema);
    run(assay_buf_str(&sql));
    assay_buf_release(&sql);
    ASSAY_AUTO(assay_json_decref) json_t *properties = json_copy(quirks.properties);
    json_object_set_new(properties, "username", json_sprintf("%s_reader", schema));
    json_object_set_new(properties, "password", json_string("r"));
    struct suite_quirks reader_quirks = quirks;
    reader_quirks.properties = properties;
    struct assay_conn *conn = suite_open(&reader_quirks);
    ASSAY_AUTO(assay_json_decref) json_t *container = suite_container("many");
    struct assay_reader *reader = NULL;
    struct assay_error err = {0};
    const struct assay_split all = {0, 1, NULL};
    assert_int_equal(conn->connector->read(conn, container, NULL, &all, NULL, 0, &reader, &err),
                     ASSAY_DENIED);
    assert_string_equal(err.sqlstate, "42501");
    conn->connector->close(conn);
    json_object_set_new(properties, "schema", json_string("no such schema"));
    conn = suite_open(&reader_quirks);
    assert_int_equal(conn->connector->list(conn, NULL, note_kind, NULL, NULL), ASSAY_NOT_FOUND);
    conn->connector->close(conn);
}

static void only_reads(void **state)
{
    (void)state;
    struct assay_buf sql = {0};
    assay_buf_printf(&sql,
                     "CREATE FUNCTION writes() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN INSERT "
                     "INTO %s.empty VALUES "
                     "(1); RETURN 1; END $$; CREATE VIEW sly AS SELECT writes() AS w",
                     schema);
    run(assay_buf_str(&sql));
    assay_buf_release(&sql);
    struct assay_conn *conn = suite_open(&quirks);
    struct assay_reader *reader = read_of(conn, "sly");
    const struct assay_batch *batch = NULL;
    struct assay_error err = {0};
    const int rc = assay_reader_next(reader, &batch, &err);
    print_message("%s (%s)\n", err.text, err.sqlstate);
    assert_int_equal(rc, ASSAY_DENIED);
    assay_reader_close(reader);
    conn->connector->close(conn);
}

/* --- the run --- */

static json_t *make_properties(void)
{
    json_t *properties =
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "host", PQhost(admin), "port", PQport(admin),
                  "username", PQuser(admin), "database", PQdb(admin), "schema", schema);
    if (PQpass(admin) && *PQpass(admin))
        json_object_set_new(properties, "password", json_string(PQpass(admin)));
    return properties;
}

static void postgresql_without_a_server(void **state)
{
    (void)state;
    print_message("ASSAY_TEST_POSTGRES names no server: the postgresql connector is not tested\n");
    skip();
}

int main(void)
{
    const char *uri = getenv("ASSAY_TEST_POSTGRES");
    if (!uri || !*uri) {
        const struct CMUnitTest none[] = {cmocka_unit_test(postgresql_without_a_server)};
        return cmocka_run_group_tests(none, NULL, NULL);
    }
    admin = PQconnectdb(uri);
    if (PQstatus(admin) != CONNECTION_OK) {
        fprintf(stderr, "ASSAY_TEST_POSTGRES: %s", PQerrorMessage(admin));
        return 1;
    }
    (void)snprintf(schema, sizeof schema, "assay_connect_%d", (int)getpid());
    struct assay_buf sql = {0};
    assay_buf_printf(&sql,
                     "SET client_min_messages = warning; CREATE SCHEMA %s; SET search_path = %s",
                     schema, schema);
    run(assay_buf_str(&sql));
    make_suite_tables();
    make_typed();
    make_kinds();
    quirks = (struct suite_quirks){.connector = "postgresql",
                                   .properties = make_properties(),
                                   .product = "PostgreSQL 1",
                                   .wide_columns = WIDE_COLUMNS,
                                   .many = "many",
                                   .empty = "empty",
                                   .wide = "wide",
                                   .odd = "Odd \"table\"\nn\xc3\xa4me; --",
                                   .odd_field = "Select \"x\"\n'\xc3\xbc'",
                                   .splits = true};
    int failed = suite_run(&quirks);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types),
        cmocka_unit_test(kinds_of_relations),
        cmocka_unit_test(name_with_schema),
        cmocka_unit_test(refused_logins),
        cmocka_unit_test(hanging_server),
        cmocka_unit_test(dropped_table),
        cmocka_unit_test(killed_during_copy),
        cmocka_unit_test(stops_on_the_server),
        cmocka_unit_test(denied_table),
        cmocka_unit_test(only_reads),
    };
    failed += cmocka_run_group_tests_name("postgresql only", tests, NULL, NULL);
    json_decref(quirks.properties);
    assay_buf_clear(&sql);
    assay_buf_printf(&sql, "DROP SCHEMA %s CASCADE; DROP ROLE IF EXISTS %s_reader", schema, schema);
    run(assay_buf_str(&sql));
    assay_buf_release(&sql);
    PQfinish(admin);
    return failed;
}
