// Users' expressions: what is translated, what is refused, and that nothing else gets through.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/rules/expression_syntax.h"
#include "worker/executor/rules/expression.h"

static const struct assay_rule_field fields[] = {
    {.name = "a", .sql = "\"a\"", .type = ASSAY_TYPE_INTEGRAL, .layout = ASSAY_LAYOUT_INT64},
    {.name = "my col", .sql = "\"my col\"", .type = ASSAY_TYPE_STRING, .layout = ASSAY_LAYOUT_TEXT},
    {.name = "Name", .sql = "\"Name\"", .type = ASSAY_TYPE_STRING, .layout = ASSAY_LAYOUT_TEXT},
    {.name = "s.x",
     .sql = "struct_extract(\"s\", 'x')",
     .type = ASSAY_TYPE_INTEGRAL,
     .layout = ASSAY_LAYOUT_INT64},
};

static struct assay_session *session;

static int compile(const char *text, bool aggregates, struct assay_buf *sql,
                   struct assay_error *err)
{
    struct assay_arena arena = {0};
    json_t *variables = json_pack("{s:s, s:i}", "who", "O'Hara", "least", 3);
    const struct assay_rule_scope scope = {.fields = fields,
                                           .fields_count = ASSAY_COUNT(fields),
                                           .session = session,
                                           .arena = &arena,
                                           .variables = variables,
                                           .timezone = "UTC",
                                           .now_us = INT64_C(1795168800000000)};
    struct assay_expression out;
    const int code = assay_expression_compile(&scope, text, aggregates, &out, err);
    if (code == ASSAY_OK)
        assay_buf_text(sql, out.sql);
    json_decref(variables);
    assay_arena_release(&arena);
    return code;
}

/* Two expressions that DuckDB 2.0 writes in other words. */
#define NOT_IN     "(\"a\" NOT IN (1, -2))"
#define NOT_IN_2   "(NOT (\"a\" IN (1, -2)))"
#define BOOLEANS   "CASE WHEN (\"a\" = 1) THEN CAST('t' AS BOOLEAN) ELSE CAST('f' AS BOOLEAN) END"
#define BOOLEANS_2 "CASE WHEN (\"a\" = 1) THEN TRUE ELSE FALSE END"

static void assert_sql(const char *sql, const char *expected)
{
    if (!strcmp(expected, NOT_IN) && !strcmp(sql, NOT_IN_2))
        return;
    if (!strcmp(expected, BOOLEANS) && !strcmp(sql, BOOLEANS_2))
        return;
    assert_string_equal(sql, expected);
}

static void translations(void **state)
{
    (void)state;
    static const struct {
        const char *text, *sql;
    } cases[] = {
        {"a > 1", "(\"a\" > 1)"},
        {"`my col` = 'it''s'", "(\"my col\" = 'it''s')"},
        {"\"my col\" <=> NULL", "(\"my col\" IS NOT DISTINCT FROM NULL)"},
        {"name RLIKE '^x'", "regexp_matches(\"Name\", '^x')"},
        {"Name not rlike 'x'", "(NOT regexp_matches(\"Name\", 'x'))"},
        {"rlike(Name, 'x')", "regexp_matches(\"Name\", 'x')"},
        {"a BETWEEN 1 AND 2.50 AND a IN (1, -2)",
         "((\"a\" BETWEEN 1 AND 2.50) AND (\"a\" IN (1, -2)))"},
        {"NOT a IN (1, -2)", NOT_IN},
        {"nvl(a, 0) = size(Name)", "(coalesce(\"a\", 0) = len(\"Name\"))"},
        {"if(a > 1, 'x', NULL) IS NULL", "(CASE WHEN (\"a\" > 1) THEN 'x' ELSE NULL END IS NULL)"},
        {"s.x = 99999999999999999999", "(struct_extract(\"s\", 'x') = 99999999999999999999)"},
        {"to_date(Name, 'dd.MM.yyyy') < current_date",
         "(CAST(strptime(\"Name\", '%d.%m.%Y') AS DATE) < CAST(TIMESTAMPTZ '2026-11-20T10:00:00Z' "
         "AS DATE))"},
        {"a >= {{ least }} AND Name = '{{who}}'", "((\"a\" >= 3) AND (\"Name\" = 'O''Hara'))"},
        {"CAST(a AS STRING) LIKE '1%' ESCAPE '!'", "(CAST(\"a\" AS VARCHAR) LIKE '1%' ESCAPE '!')"},
        {"a % 2 = 0", "(CASE WHEN 2 = 0 AND \"a\" IS NOT NULL THEN CAST('division by zero' AS "
                      "TINYINT) ELSE \"a\" % 2 END = 0)"},
        {"a::INT + 1 = try_cast(Name AS DECIMAL(10,2))",
         "((CAST(\"a\" AS INTEGER) + 1) = TRY_CAST(\"Name\" AS DECIMAL(10,2)))"},
        {"CASE a WHEN 1 THEN true ELSE false END", BOOLEANS},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        struct assay_buf sql = {0};
        struct assay_error err = {0};
        if (compile(cases[i].text, false, &sql, &err) != ASSAY_OK ||
            assay_expression_syntax(cases[i].text, &err) != ASSAY_OK)
            fail_msg("%s: %s", cases[i].text, err.text);
        assert_sql(assay_buf_str(&sql), cases[i].sql);
        assay_buf_release(&sql);
    }
}

/* connectors.md §3.5: what stays open after DuckDB's own lock-down, and the usual ways out of an
 * expression. */
static void attacks(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "(SELECT count(*) FROM enable_logging(storage='file', storage_path='/tmp/x')) > 0",
        "a IN (SELECT 1)",
        "EXISTS (SELECT 1)",
        "1) FROM read_csv('/etc/passwd') WHERE (1 = 1",
        "1); DROP TABLE x; SELECT (1",
        "1) UNION SELECT (2",
        "1), (2",
        "1) AS b, (2",
        "a = 1 -- comment",
        "a = 1 /* comment */",
        "length(repeat('x', 2000000000)) > 0",
        "len(range(100000000)) > 0",
        "len(generate_series(1, 100000000)) > 0",
        "lpad('x', 2000000000, 'y') = 'z'",
        "rpad('x', 2000000000, 'y') = 'z'",
        ("replace(replace(replace(replace('a','a','aaaaaaaaaa'),'a','aaaaaaaaaa'),"
         "'a','aaaaaaaaaa'),'a','aaaaaaaaaa') = 'b'"),
        "getvariable('x') = 1",
        "current_setting('memory_limit') = '1'",
        "getenv('HOME') = 'x'",
        "read_text('/etc/passwd') = 'x'",
        "sleep_ms(100000) IS NULL",
        "error('x') IS NULL",
        "write_log('x') IS NULL",
        "json_execute_serialized_sql('x') IS NULL",
        "query('SELECT 1') = 1",
        "random() > 0.5",
        "uuid() = 'x'",
        "nextval('s') = 1",
        "row_number() OVER () = 1",
        "sum(a) OVER () > 1",
        "sum(a) > 1",
        "count(*) > 1",
        "list_transform([1], x -> x + 1)[1] = 2",
        "list_filter([1], lambda x: x > 1)[1] = 2",
        "[x FOR x IN range(10)] IS NULL",
        "a = ?",
        "a = $1",
        "* = 1",
        "COLUMNS(*) > 1",
        "a COLLATE nocase = 'x'",
        "CAST(Name AS foo) = 'x'",
        "CAST(a AS INT[]) IS NULL",
        "main.abs(a) = 1 OR pg_catalog.abs(a) = 1",
        "a = 1 ORDER BY a",
        "a SIMILAR TO 'x'",
        "'unclosed",
        "\"unclosed",
        "{{ missing }} = 1",
        "",
        "a +",
        "#1 = 1",
        "{'x': 1}.x = 1 AND map([1], [2])[1] = 2",
        "a = (VALUES (1))",
        "a = ANY (SELECT 1)",
        "_assay_row = 1",
    };
    for (size_t i = 0; i < ASSAY_COUNT(texts); i++) {
        struct assay_buf sql = {0};
        struct assay_error err = {0};
        const int code = compile(texts[i], false, &sql, &err);
        if (code != ASSAY_INVALID && code != ASSAY_NOT_FOUND)
            fail_msg("%s gave %d %s %s", texts[i], code, assay_buf_str(&sql), err.text);
        assay_buf_release(&sql);
    }
}

static void refusals_say_why(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"Name = \"CH\"",
         "the container has no field `CH` (double quotes are names: put texts in single quotes)"},
        {"Nmae = 'x'", "the container has no field `Nmae`: did you mean `Name`?"},
        {"lenght(Name) > 1",
         "the function \"lenght\" is not allowed in an expression: did you mean \"length\"?"},
        {"abs(a, 2) = 1", "the function abs does not take 2 arguments"},
        {"a IN (SELECT 1)", "this part, \"subquery\" is not allowed in an expression"},
        {"sum(a) > 1", "the aggregate \"sum\" is not allowed in an expression"},
        {"a = = 1", "the expression cannot be parsed: syntax error at or near \"=\""},
        {"a = 1; b", "this is not part of an expression at \"; b\""},
        {"to_date(Name, 'QQ')", "the date pattern \"QQ\" has \"QQ\", which is not known"},
    };
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        struct assay_buf sql = {0};
        struct assay_error err = {0};
        assert_int_not_equal(compile(cases[i].text, false, &sql, &err), ASSAY_OK);
        assert_string_equal(err.text, cases[i].error);
        assay_buf_release(&sql);
    }
}

static void aggregates(void **state)
{
    (void)state;
    struct assay_buf sql = {0};
    assert_int_equal(compile("count(DISTINCT a) / count(*) FILTER (WHERE a > 0)", true, &sql, NULL),
                     ASSAY_OK);
    assert_non_null(
        strstr(assay_buf_str(&sql), "count(DISTINCT \"a\") / count(*) FILTER (WHERE (\"a\" > 0))"));
    assert_int_equal(compile("sum(max(a))", true, &sql, NULL), ASSAY_INVALID);
    assert_int_equal(compile("string_agg(Name)", true, &sql, NULL), ASSAY_INVALID);
    assay_buf_release(&sql);
}

static void too_large(void **state)
{
    (void)state;
    struct assay_buf text = {0}, sql = {0};
    for (int i = 0; i < 300; i++)
        assay_buf_text(&text, "abs(");
    assay_buf_text(&text, "a");
    for (int i = 0; i < 300; i++)
        assay_buf_text(&text, ")");
    assert_int_equal(compile(assay_buf_str(&text), false, &sql, NULL), ASSAY_INVALID);
    assay_buf_clear(&text);
    for (int i = 0; i < 70000; i++)
        assay_buf_char(&text, '1');
    assert_int_equal(compile(assay_buf_str(&text), false, &sql, NULL), ASSAY_INVALID);
    assay_buf_clear(&text);
    assay_buf_text(&text, "a"); /* each division writes its operands twice */
    for (int i = 0; i < 60; i++)
        assay_buf_text(&text, " / a");
    assert_int_equal(compile(assay_buf_str(&text), false, &sql, NULL), ASSAY_INVALID);
    assay_buf_release(&text);
    assay_buf_release(&sql);
}

/* The scheduler, which has no parser, refuses nothing that a scan would take. */
static void form_alone(void **state)
{
    (void)state;
    static const char *const good[] = {
        "a > 1",
        "a=-1 AND NOT (a*-1 <> +2)",
        "a <=> {{ least }} AND '{{ who }}' = Name",
        "a NOT BETWEEN 1 AND 2 OR a NOT IN (1, 2) OR Name NOT LIKE 'x%' OR Name NOT RLIKE 'y'",
        "CASE WHEN a > 1 THEN CASE a WHEN 2 THEN 'x' END ELSE 'y' END IS NOT NULL",
        "coalesce(a, 1)::DECIMAL(10, 2) < CAST('1e-3' AS DOUBLE) + .5",
        "extract(year FROM CAST(Name AS DATE)) = 2024",
        "date '2024-01-31' + INTERVAL 1 DAY < CAST(Name AS DATE)",
        "trim(BOTH ' ' FROM Name) = substring(Name FROM 1 FOR 2)",
        "position('x' IN Name) > 0 AND Name IS DISTINCT FROM 'it''s'",
        "list_contains([1, 2], a) AND size(Name) = 3",
        "current_date > to_date(Name, 'dd.MM.yyyy')",
        "sum(a) / count(*) > avg(a) AND count(DISTINCT a) FILTER (WHERE a > 0) = 1",
        "s.x = 99999999999999999999",
        "concat(Name, \"my col\") || 'x' = 'y'",
    };
    static const struct {
        const char *text, *error;
    } bad[] = {
        {"", "the expression is empty"},
        {"a >", "the expression lacks an operand at its end"},
        {"(a > ) OR a = 1", "the expression lacks an operand at \") OR a = 1\""},
        {"a = = 1", "the expression lacks an operand at \"= 1\""},
        {"AND a = 1", "the expression lacks an operand at \"AND a = 1\""},
        {"a = 1 AND", "the expression lacks an operand at its end"},
        {"a = 1 AND OR b", "the expression lacks an operand at \"OR b\""},
        {"a > 10 20", "the expression lacks an operator at \"20\""},
        {"(a > 1", "a bracket \"(\" is not closed"},
        {"a > 1)", "a bracket is closed that is not open at \")\""},
        {"(a > [1)]", "a bracket is closed that is not open at \")]\""},
        {"a = 'x", "a text in single quotes is not closed at \"'x\""},
        {"a = `x", "a name in quotes is not closed at \"`x\""},
        {"a = {{ x", "a variable {{ … }} is not closed at \"{{ x\""},
        {"CASE WHEN a > 1 THEN 2", "a CASE has no END"},
        {"a = 1; b", "this is not part of an expression at \"; b\""},
        {"a IN (SELECT 1)", "a statement is not part of an expression at \"SELECT 1)\""},
        {"1, 2", "a comma is not expected at \", 2\""},
        {"lenght(Name) > 1",
         "the function \"lenght\" is not allowed in an expression: did you mean \"length\"?"},
        {"read_text('/etc/passwd') = 'x'",
         "the function \"read_text\" is not allowed in an expression"},
    };
    for (size_t i = 0; i < ASSAY_COUNT(good); i++) {
        struct assay_buf sql = {0};
        struct assay_error err = {0};
        if (assay_expression_syntax(good[i], &err) != ASSAY_OK ||
            compile(good[i], true, &sql, &err) != ASSAY_OK)
            fail_msg("%s: %s", good[i], err.text);
        assay_buf_release(&sql);
    }
    for (size_t i = 0; i < ASSAY_COUNT(bad); i++) {
        struct assay_buf sql = {0};
        struct assay_error err = {0};
        assert_int_equal(assay_expression_syntax(bad[i].text, &err), ASSAY_INVALID);
        assert_string_equal(err.text, bad[i].error);
        assert_int_not_equal(compile(bad[i].text, false, &sql, NULL), ASSAY_OK);
        assay_buf_release(&sql);
    }
}

static int open_session(void **state)
{
    (void)state;
    return assay_session_open(&(struct assay_session_options){0}, &session, NULL);
}

static int close_session(void **state)
{
    (void)state;
    assay_session_close(session);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(translations),     cmocka_unit_test(attacks),
        cmocka_unit_test(refusals_say_why), cmocka_unit_test(aggregates),
        cmocka_unit_test(too_large),        cmocka_unit_test(form_alone)};
    return cmocka_run_group_tests(tests, open_session, close_session);
}
