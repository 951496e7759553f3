// Scan of Parquet files made by the engine: one meaning of NULL, NaN, dates, decimals, characters.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/scan/scan_fixture.h"

struct expectation {
    const char *label, *data, *check, *outcome;
    int asserted, nulls, failing;
    const char *message; /* of the first anomaly, or of the check; NULL = not looked at */
    const char *timezone;
};

static const char *first_message(const struct output *out, const json_t *check)
{
    const json_t *anomaly = json_array_get(out->anomalies, 0);
    const char *own = assay_json_str(json_array_get(json_object_get(anomaly, "failed_checks"), 0),
                                     "message", NULL);
    return own ? own : assay_json_str(check, "message", "");
}

static void judge(const struct expectation *e)
{
    struct assay_buf path = {0}, checks = {0};
    struct output out;
    struct assay_error err = {0};
    assay_buf_printf(&path, "%s/t.parquet", folder);
    assay_buf_printf(&checks, "[%s]", e->check);
    write_data(e->data, assay_buf_str(&path));
    if (scan(assay_buf_str(&path), assay_buf_str(&checks), "{}", e->timezone, &out, &err) !=
        ASSAY_OK)
        fail_msg("%s: %s", e->label, err.text);
    const json_t *check = json_array_get(out.checks, 0);
    char *shown = assay_json_text(check);
    if (strcmp(assay_json_str(check, "outcome", ""), e->outcome) ||
        assay_json_int(check, "asserted_records_count", -1) != e->asserted ||
        assay_json_int(check, "null_records_count", -1) != e->nulls ||
        assay_json_int(check, "anomalous_records_count", -1) != e->failing)
        fail_msg("%s: %s", e->label, shown);
    if (e->message && strcmp(first_message(&out, check), e->message))
        fail_msg("%s: %s", e->label, first_message(&out, check));
    free(shown);
    assay_buf_release(&path);
    assay_buf_release(&checks);
    release(&out);
}

#define NUMBERS                                                                                    \
    "SELECT x::DOUBLE AS a FROM (VALUES ('1.0'), (NULL), ('nan'), ('inf'), ('-inf'), ('-0.0')) "   \
    "t(x)"
#define STAMPS                                                                                     \
    "SELECT x::TIMESTAMP AS a FROM (VALUES ('2024-01-31 23:59:59.999999'), ('2024-02-01 "          \
    "00:00:00'), (NULL)) t(x)"

static const struct expectation expectations[] = {
    {"NaN fails order", NUMBERS,
     "{\"rule\":\"between\",\"fields\":[\"a\"],\"properties\":{\"min\":\"-inf\"}}", "errored", 0, 0,
     0, "rule between: the bound \"-inf\" is neither a number nor an ISO 8601 date or instant",
     NULL},
    {"NaN fails every bound", NUMBERS,
     "{\"rule\":\"lessThan\",\"fields\":[\"a\"],\"properties\":{\"value\":1e300}}", "failed", 6, 1,
     2, "The value for `a` of NaN is not less than 1.0e300.", NULL},
    {"-inf below zero", NUMBERS, "{\"rule\":\"notNegative\",\"fields\":[\"a\"]}", "failed", 6, 1, 2,
     NULL, NULL},
    {"-0.0 equals 0", NUMBERS,
     "{\"rule\":\"expectedValues\",\"fields\":[\"a\"],\"properties\":{\"list\":[0, 1, \"NaN\", "
     "\"inf\"]}}",
     "failed", 6, 1, 1,
     "The value for `a` of -Infinity is not one of the expected values: 0, 1, NaN, inf.", NULL},
    {"NaN is one value",
     "SELECT x::DOUBLE AS a FROM (VALUES ('nan'), ('nan'), ('0.0'), ('-0.0'), (NULL), (NULL)) t(x)",
     "{\"rule\":\"unique\",\"fields\":[\"a\"]}", "failed", 6, 2, 4, NULL, NULL},
    {"NaN makes a sum undefined", NUMBERS,
     "{\"rule\":\"sum\",\"fields\":[\"a\"],\"properties\":{\"value\":1}}", "failed", 6, 1, 0,
     "In `a`, the sum is undefined (3 values are NaN or infinite): it is not equal to 1.", NULL},
    {"float32 constant", "SELECT 0.1::FLOAT AS a",
     "{\"rule\":\"equalTo\",\"fields\":[\"a\"],\"properties\":{\"value\":0.1}}", "passed", 1, 0, 0,
     NULL, NULL},
    {"float32 bound", "SELECT 0.1::FLOAT AS a",
     "{\"rule\":\"maxValue\",\"fields\":[\"a\"],\"properties\":{\"value\":0.1}}", "passed", 1, 0, 0,
     NULL, NULL},
    {"decimals are exact", "SELECT 0.1::DECIMAL(10,1) + 0.2::DECIMAL(10,1) AS a",
     "{\"rule\":\"equalTo\",\"fields\":[\"a\"],\"properties\":{\"value\":\"0.3\"}}", "passed", 1, 0,
     0, NULL, NULL},
    {"finer than the column", "SELECT x::DECIMAL(10,1) AS a FROM (VALUES (0.2), (0.3), (0.4)) t(x)",
     "{\"rule\":\"between\",\"fields\":[\"a\"],\"properties\":{\"min\":\"0.25\",\"max\":\"0.35\"}}",
     "failed", 3, 0, 2, "The value for `a` of 0.2 is not in [0.25, 0.35].", NULL},
    {"beyond double",
     "SELECT x::DECIMAL(38,0) AS a FROM (VALUES (9007199254740993), (9007199254740992)) t(x)",
     "{\"rule\":\"equalTo\",\"fields\":[\"a\"],\"properties\":{\"value\":\"9007199254740993\"}}",
     "failed", 2, 0, 1, NULL, NULL},
    {"integers are exact", "SELECT 9007199254740993 AS a",
     "{\"rule\":\"lessThan\",\"fields\":[\"a\"],\"properties\":{\"value\":\"9007199254740992.5\"}}",
     "failed", 1, 0, 1, NULL, NULL},
    {"integer against fraction", "SELECT x AS a FROM (VALUES (0), (1), (2)) t(x)",
     "{\"rule\":\"greaterThan\",\"fields\":[\"a\"],\"properties\":{\"value\":0.5}}", "failed", 3, 0,
     1, "The value for `a` of 0 is not greater than 0.5.", NULL},
    {"exact sum beyond 64 bits", "SELECT 9223372036854775807 AS a FROM range(3)",
     "{\"rule\":\"sum\",\"fields\":[\"a\"],\"properties\":{\"value\":\"27670116110564327421\"}}",
     "passed", 3, 0, 0, NULL, NULL},
    {"date as upper bound", STAMPS,
     "{\"rule\":\"between\",\"fields\":[\"a\"],\"properties\":{\"max\":\"2024-01-31\"}}", "failed",
     3, 1, 1, "The value for `a` of 2024-02-01T00:00:00 is not in (-Infinity, 2024-01-31].", NULL},
    {"date as lower bound", STAMPS,
     "{\"rule\":\"betweenTimes\",\"fields\":[\"a\"],\"properties\":{\"min_time\":\"2024-02-01\","
     "\"max_time\":\"2024-02-01\"}}",
     "failed", 3, 1, 1, NULL, NULL},
    {"zone of the container", "SELECT TIMESTAMP '2024-06-01 01:00:00' AS a",
     "{\"rule\":\"betweenTimes\",\"fields\":[\"a\"],\"properties\":{\"min_time\":\"2024-05-31T23:"
     "00:00Z\",\"max_time\":"
     "\"2024-05-31T23:00:00Z\"}}",
     "passed", 1, 0, 0, NULL, "Europe/Zurich"},
    {"instant against local day", "SELECT TIMESTAMPTZ '2024-05-31 22:30:00Z' AS a",
     "{\"rule\":\"afterDateTime\",\"fields\":[\"a\"],\"properties\":{\"datetime\":\"2024-06-01\"}}",
     "passed", 1, 0, 0, NULL, "Europe/Zurich"},
    {"now",
     "SELECT x::TIMESTAMP AS a FROM (VALUES ('2026-11-20 10:00:00'), ('2026-11-20 "
     "10:00:00.000001')) t(x)",
     "{\"rule\":\"notFuture\",\"fields\":[\"a\"]}", "failed", 2, 0, 1, NULL, NULL},
    {"today", "SELECT x::DATE AS a FROM (VALUES ('2026-11-20'), ('2026-11-21')) t(x)",
     "{\"rule\":\"notFuture\",\"fields\":[\"a\"]}", "failed", 2, 0, 1,
     "The value for `a` of 2026-11-21 lies in the future (after 2026-11-20T10:00:00Z).", NULL},
    {"today elsewhere", "SELECT DATE '2026-11-21' AS a",
     "{\"rule\":\"notFuture\",\"fields\":[\"a\"]}", "passed", 1, 0, 0, NULL, "Pacific/Kiritimati"},
    {"code points",
     "SELECT x AS a FROM (VALUES ('äöü'), ('\xF0\x9F\x98\x80\xF0\x9F\x98\x80'), (''), (NULL)) t(x)",
     "{\"rule\":\"minLength\",\"fields\":[\"a\"],\"properties\":{\"value\":3}}", "failed", 4, 1, 2,
     "The value for `a` of '\xF0\x9F\x98\x80\xF0\x9F\x98\x80' has fewer than 3 characters.", NULL},
    {"blank is not empty", "SELECT x AS a FROM (VALUES (''), ('  ')) t(x)",
     "{\"rule\":\"notEmpty\",\"fields\":[\"a\"]}", "failed", 2, 0, 1,
     "The value for `a` of '' is empty.", NULL},
    {"blank is empty when trimmed", "SELECT x AS a FROM (VALUES (''), ('  ')) t(x)",
     "{\"rule\":\"notEmpty\",\"fields\":[\"a\"],\"properties\":{\"trim\":true}}", "failed", 2, 0, 2,
     NULL, NULL},
    {"elements of a list", "SELECT x AS a FROM (VALUES ([1, 2]), ([]), (NULL)) t(x)",
     "{\"rule\":\"minLength\",\"fields\":[\"a\"],\"properties\":{\"value\":1}}", "failed", 3, 1, 1,
     NULL, NULL},
    {"search", "SELECT 'x1y' AS a",
     "{\"rule\":\"matchesPattern\",\"fields\":[\"a\"],\"properties\":{\"pattern\":\"[0-9]\"}}",
     "passed", 1, 0, 0, NULL, NULL},
    {"full match", "SELECT 'x1y' AS a",
     "{\"rule\":\"matchesPattern\",\"fields\":[\"a\"],\"properties\":{\"pattern\":\"[0-9]\",\"full_"
     "match\":true}}",
     "failed", 1, 0, 1, "The value for `a` of 'x1y' does not match the pattern [0-9].", NULL},
    {"one NULL passes", "SELECT NULL::INT AS a, 1 AS b",
     "{\"rule\":\"equalToField\",\"fields\":[\"a\"],\"properties\":{\"field_name\":"
     "\"b\"}}",
     "passed", 1, 1, 0, NULL, NULL},
    {"one NULL fails", "SELECT NULL::INT AS a, 1 AS b",
     "{\"rule\":\"equalToField\",\"fields\":[\"a\"],\"properties\":{\"field_name\":"
     "\"b\",\"null_safe\":true}}",
     "failed", 1, 0, 1, NULL, NULL},
    {"all null", "SELECT NULL::DOUBLE AS a FROM range(3)",
     "{\"rule\":\"positive\",\"fields\":[\"a\"]}", "passed", 3, 3, 0, NULL, NULL},
    {"null and notNull", "SELECT NULL::DOUBLE AS a FROM range(3)",
     "{\"rule\":\"notNull\",\"fields\":[\"a\"]}", "failed", 3, 3, 3, "The value for `a` is null.",
     NULL},
    {"zero records", "SELECT 1 AS a LIMIT 0", "{\"rule\":\"positive\",\"fields\":[\"a\"]}",
     "passed", 0, 0, 0, "There was no record to judge.", NULL},
    {"sum of nothing", "SELECT 1 AS a LIMIT 0",
     "{\"rule\":\"sum\",\"fields\":[\"a\"],\"properties\":{\"value\":0}}", "unasserted", 0, 0, 0,
     NULL, NULL},
    {"required of nothing", "SELECT 1 AS a LIMIT 0",
     "{\"rule\":\"requiredValues\",\"fields\":[\"a\"],\"properties\":{\"list\":[1]}}", "failed", 0,
     0, 0, "In `a`, these required values do not occur: 1.", NULL},
    {"coverage is exact", "SELECT i AS a FROM range(100) t(i)",
     "{\"rule\":\"minValue\",\"fields\":[\"a\"],\"properties\":{\"value\":93},\"coverage\":0.07}",
     "passed", 100, 0, 93, NULL, NULL},
    {"coverage counts NULL as passed", "SELECT x AS a FROM (VALUES (1), (NULL), (NULL), (-1)) t(x)",
     "{\"rule\":\"positive\",\"fields\":[\"a\"],\"coverage\":0.75}", "passed", 4, 2, 1, NULL, NULL},
    {"coverage of values", "SELECT x AS a FROM (VALUES (1), (NULL), (NULL), (-1)) t(x)",
     "{\"rule\":\"positive\",\"fields\":[\"a\"],\"coverage\":0.75,\"properties\":{\"coverage_"
     "base\":\"non_null\"}}",
     "failed", 4, 2, 1, "In `a`, 25.00% of 4 records (1) is not greater than 0.", NULL},
    {"division by zero", "SELECT x AS a FROM (VALUES (1), (0), (2)) t(x)",
     "{\"rule\":\"satisfiesExpression\",\"properties\":{\"expression\":\"10 / a > 4\"}}", "errored",
     2, 0, 0, "record 2: division by zero", NULL},
    {"division tried", "SELECT x AS a FROM (VALUES (1), (0), (2)) t(x)",
     "{\"rule\":\"satisfiesExpression\",\"properties\":{\"expression\":\"try_divide(10, a) > 4\"}}",
     "passed", 3, 1, 0, NULL, NULL},
    {"failed cast", "SELECT x AS a FROM (VALUES ('1'), ('x')) t(x)",
     "{\"rule\":\"satisfiesExpression\",\"properties\":{\"expression\":\"CAST(a AS INT) > 0\"}}",
     "errored", 1, 0, 0, NULL, NULL},
    {"overflow", "SELECT 9223372036854775807 AS a",
     "{\"rule\":\"satisfiesExpression\",\"properties\":{\"expression\":\"a + a > 0\"}}", "errored",
     0, 0, 0, NULL, NULL},
    {"prediction",
     "SELECT x AS a, y AS b FROM (VALUES (10.0, 3), (10.6, 3), (NULL, 3), (10.0, NULL), (9.5, 3)) "
     "t(x, y)",
     "{\"rule\":\"predictedBy\",\"fields\":[\"a\"],\"properties\":{\"expression\":\"3 * b + "
     "1\",\"tolerance\":0.5}}",
     "failed", 5, 2, 1, "The value for `a` of 10.6 is not within 0.5 of the prediction: 3 * b + 1.",
     NULL},
    {"prediction of decimals is exact", "SELECT 0.3::DECIMAL(10,1) AS a, 0.1::DECIMAL(10,1) AS b",
     "{\"rule\":\"predictedBy\",\"fields\":[\"a\"],\"properties\":{\"expression\":\"b + "
     "0.2\",\"tolerance\":0}}",
     "passed", 1, 0, 0, NULL, NULL},
    {"prediction of NaN",
     "SELECT x::DOUBLE AS a, 1.0 AS b FROM (VALUES ('nan'), ('inf'), ('1')) t(x)",
     "{\"rule\":\"predictedBy\",\"fields\":[\"a\"],\"properties\":{\"expression\":\"b\","
     "\"tolerance\":5}}",
     "failed", 3, 0, 2, NULL, NULL},
    {"prediction of dates",
     "SELECT x::DATE AS a, DATE '2024-01-31' AS b FROM (VALUES ('2024-02-02'), ('2024-02-03')) "
     "t(x)",
     "{\"rule\":\"predictedBy\",\"fields\":[\"a\"],\"properties\":{\"expression\":\"b\","
     "\"tolerance\":2}}",
     "failed", 2, 0, 1, "The value for `a` of 2024-02-03 is not within 2 of the prediction: b.",
     NULL},
    {"prediction of times",
     "SELECT x::TIMESTAMP AS a, TIMESTAMP '2024-01-31 10:00:00' AS b FROM (VALUES ('2024-01-31 "
     "10:01:30'), ('2024-01-31 10:01:30.000001')) t(x)",
     "{\"rule\":\"predictedBy\",\"fields\":[\"a\"],\"properties\":{\"expression\":\"b\","
     "\"tolerance\":90}}",
     "failed", 2, 0, 1, NULL, NULL},
    {"prediction that divides by zero", "SELECT x AS a FROM (VALUES (1), (0), (2)) t(x)",
     "{\"rule\":\"predictedBy\",\"fields\":[\"a\"],\"properties\":{\"expression\":\"10 / "
     "a\",\"tolerance\":100}}",
     "errored", 2, 0, 0, "record 2: division by zero", NULL},
    {"prediction of another type", "SELECT 1 AS a, {'c': 1} AS b",
     "{\"rule\":\"predictedBy\",\"fields\":[\"a\"],\"properties\":{\"expression\":\"b\","
     "\"tolerance\":0}}",
     "errored", 0, 0, 0, NULL, NULL},
    {"sizes of months",
     "SELECT x::DATE AS a FROM (VALUES ('2024-01-31'), ('2024-02-01'), ('2024-02-29'), "
     "('2024-03-01'), ('2024-05-01'), (NULL)) t(x)",
     "{\"rule\":\"timeDistributionSize\",\"fields\":[\"a\"],\"properties\":{\"interval_name\":"
     "\"Monthly\",\"min_size\":1,\"max_size\":2}}",
     "failed", 6, 1, 0,
     "In `a`, not all months have 1 to 2 records: 20.00% of 5 months (1) differ, they have none.",
     NULL},
    {"first and last interval may be cut",
     "SELECT x::DATE AS a FROM (VALUES ('2024-01-31'), ('2024-02-01'), ('2024-02-29'), "
     "('2024-03-01'), ('2024-05-01'), (NULL)) t(x)",
     "{\"rule\":\"timeDistributionSize\",\"fields\":[\"a\"],\"properties\":{\"interval_name\":"
     "\"Monthly\",\"min_size\":0,\"max_size\":2}}",
     "passed", 6, 1, 0, NULL, NULL},
    {"sizes too great",
     "SELECT x::DATE AS a FROM (VALUES ('2024-01-31'), ('2024-02-01'), ('2024-02-29'), "
     "('2024-03-01'), ('2024-05-01'), (NULL)) t(x)",
     "{\"rule\":\"timeDistributionSize\",\"fields\":[\"a\"],\"properties\":{\"interval_name\":"
     "\"Monthly\",\"max_size\":1}}",
     "failed", 6, 1, 0,
     "In `a`, not all months have 0 to 1 records: 20.00% of 5 months (1) differ, the first is "
     "2024-02-01 with 2.",
     NULL},
    {"sizes too small",
     "SELECT x::DATE AS a FROM (VALUES ('2024-01-31'), ('2024-02-01'), ('2024-02-29'), "
     "('2024-03-01'), ('2024-05-01'), (NULL)) t(x)",
     "{\"rule\":\"timeDistributionSize\",\"fields\":[\"a\"],\"properties\":{\"interval_name\":"
     "\"Yearly\",\"min_size\":6}}",
     "passed", 6, 1, 0, NULL, NULL},
    {"weeks begin on Monday",
     "SELECT x::TIMESTAMP AS a FROM (VALUES ('2024-02-25 23:59:59'), ('2024-02-26'), ('2024-03-03 "
     "12:00:00'), ('2024-03-04'), ('infinity')) t(x)",
     "{\"rule\":\"timeDistributionSize\",\"fields\":[\"a\"],\"properties\":{\"interval_name\":"
     "\"Weekly\",\"min_size\":3}}",
     "failed", 5, 0, 0,
     "In `a`, not all weeks have 3 to any number records: 33.33% of 3 weeks (1) differ, the first "
     "is 2024-02-26 with 2.",
     NULL},
    {"hours in a zone",
     "SELECT x::TIMESTAMPTZ AS a FROM (VALUES ('2024-03-31 00:30:00Z'), ('2024-03-31 01:10:00Z'), "
     "('2024-03-31 01:50:00Z')) t(x)",
     "{\"rule\":\"timeDistributionSize\",\"fields\":[\"a\"],\"properties\":{\"interval_name\":"
     "\"Hourly\",\"max_size\":1}}",
     "failed", 3, 0, 0,
     "In `a`, not all hours have 0 to 1 records: 50.00% of 2 hours (1) differ, the first is "
     "2024-03-31 03:00 with 2.",
     "Europe/Zurich"},
    {"hours of dates",
     "SELECT x::DATE AS a FROM (VALUES ('2024-01-31'), ('2024-02-01'), ('2024-02-29'), "
     "('2024-03-01'), ('2024-05-01'), (NULL)) t(x)",
     "{\"rule\":\"timeDistributionSize\",\"fields\":[\"a\"],\"properties\":{\"interval_name\":"
     "\"Hourly\",\"max_size\":1}}",
     "errored", 0, 0, 0, "interval_name Hourly needs a Timestamp, `a` is Date", NULL},
    {"no times", "SELECT NULL::DATE AS a",
     "{\"rule\":\"timeDistributionSize\",\"fields\":[\"a\"],\"properties\":{\"interval_name\":"
     "\"Daily\",\"min_size\":1}}",
     "unasserted", 1, 1, 0, NULL, NULL},
    {"sizes without bounds",
     "SELECT x::DATE AS a FROM (VALUES ('2024-01-31'), ('2024-02-01'), ('2024-02-29'), "
     "('2024-03-01'), ('2024-05-01'), (NULL)) t(x)",
     "{\"rule\":\"timeDistributionSize\",\"fields\":[\"a\"],\"properties\":{\"interval_name\":"
     "\"Daily\"}}",
     "errored", 0, 0, 0, "rule timeDistributionSize: give min_size, max_size or both", NULL},
    {"error in a filter", "SELECT x AS a FROM (VALUES (1), (0), (2)) t(x)",
     "{\"rule\":\"positive\",\"fields\":[\"a\"],\"filter\":\"10 % a = 0\"}", "errored", 2, 0, 0,
     "record 2: division by zero", NULL},
    {"constant of another type", "SELECT 1 AS a",
     "{\"rule\":\"greaterThan\",\"fields\":[\"a\"],\"properties\":{\"value\":\"x\"}}", "errored", 0,
     0, 0, "the constant \"x\" cannot be read as Integral, the type of `a`", NULL},
    {"type that the rule does not take", "SELECT 'x' AS a",
     "{\"rule\":\"positive\",\"fields\":[\"a\"]}", "errored", 0, 0, 0,
     "positive does not take the type of `a`, String (VARCHAR)", NULL},
    {"missing field", "SELECT 1 AS amount", "{\"rule\":\"positive\",\"fields\":[\"amonut\"]}",
     "errored", 0, 0, 0, "the container has no field `amonut`: did you mean `amount`?", NULL},
    {"odd names", "SELECT 1 AS \"a \"\"b\"\" `c`\n\", 2 AS \"select\"",
     "{\"rule\":\"satisfiesExpression\",\"properties\":{\"expression\":\"`a \\\"b\\\" ``c``\\n` + "
     "\\\"select\\\" = 3\"}}",
     "passed", 1, 0, 0, NULL, NULL},
    {"fields of a struct", "SELECT {'b': {'c': x}} AS a FROM (VALUES (1), (-1)) t(x)",
     "{\"rule\":\"positive\",\"fields\":[\"a.b.c\"]}", "failed", 2, 0, 1,
     "The value for `a.b.c` of -1 is not greater than 0.", NULL},
    {"keys of two fields",
     "SELECT x AS a, y AS b FROM (VALUES (1, 1), (1, 2), (1, 1), (1, NULL), (1, NULL)) t(x, y)",
     "{\"rule\":\"unique\",\"fields\":[\"a\",\"b\"]}", "failed", 5, 2, 2,
     "In `a`, `b`, 40.00% of 5 records (2) are not unique.", NULL},
    {"cards",
     "SELECT x AS a FROM (VALUES ('4111 1111 1111 1111'), ('4111111111111112'), ('x'), (NULL)) "
     "t(x)",
     "{\"rule\":\"isCreditCard\",\"fields\":[\"a\"]}", "failed", 4, 1, 2, NULL, NULL},
};

static void semantics(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof expectations / sizeof *expectations; i++)
        judge(&expectations[i]);
}

static void one_error_touches_no_other_check(void **state)
{
    (void)state;
    struct assay_buf path = {0};
    struct output out;
    struct assay_error err = {0};
    assay_buf_printf(&path, "%s/t.parquet", folder);
    write_data("SELECT i AS a FROM range(5000) t(i)", assay_buf_str(&path));
    if (scan(assay_buf_str(&path),
             "[{\"rule\":\"satisfiesExpression\",\"properties\":{\"expression\":\"1 / (a - 4321) < "
             "2\"}},"
             "{\"rule\":\"lessThan\",\"fields\":[\"a\"],\"properties\":{\"value\":4990}},"
             "{\"rule\":\"no\"}, "
             "{\"rule\":\"satisfiesExpression\",\"properties\":{\"expression\":\"a +\"}},"
             "{\"rule\":\"notNull\",\"fields\":[\"a\"],\"status\":\"Draft\"}]",
             "{\"max_anomalies\":3,\"examples\":\"all\"}", NULL, &out, &err) != ASSAY_OK)
        fail_msg("%s", err.text);
    static const char *const outcomes[] = {"errored", "failed", "errored", "errored"};
    assert_int_equal(json_array_size(out.checks), 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(assay_json_str(json_array_get(out.checks, i), "outcome", ""),
                            outcomes[i]);
    assert_string_equal(assay_json_str(json_array_get(out.checks, 0), "message", ""),
                        "record 4322: division by zero");
    /* the three lowest, and one with the total */
    assert_int_equal(json_array_size(out.anomalies), 4);
    for (int i = 0; i < 3; i++) {
        const json_t *anomaly = json_array_get(out.anomalies, (size_t)i);
        assert_int_equal(assay_json_int(anomaly, "row", 0), 4991 + i);
        assert_int_equal(assay_json_int(json_object_get(anomaly, "record"), "a", 0), 4990 + i);
        assert_int_equal(strlen(assay_json_str(anomaly, "fingerprint", "")), 16);
    }
    const json_t *rollup = json_array_get(out.anomalies, 3);
    assert_string_equal(assay_json_str(rollup, "type", ""), "shape");
    assert_int_equal(assay_json_int(rollup, "anomalous_records_count", 0), 10);
    assert_string_equal(assay_json_str(out.container, "outcome", ""), "errored");
    assay_buf_release(&path);
    release(&out);
}

static void examples_mask_and_key(void **state)
{
    (void)state;
    static const struct {
        const char *settings, *record;
    } cases[] = {
        {"{}", "{\"b\":-1}"},
        {"{\"key\":[\"a\"]}", "{\"a\":7,\"b\":-1}"},
        {"{\"key\":[\"a\"],\"examples\":\"keys\"}", "{\"a\":7}"},
        {"{\"examples\":\"all\",\"mask\":[\"b\"]}", "{\"a\":7,\"b\":\"***MASKED***\",\"c\":\"x\"}"},
        {"{\"examples\":\"none\"}", NULL},
    };
    struct assay_buf path = {0};
    assay_buf_printf(&path, "%s/t.parquet", folder);
    write_data("SELECT 7 AS a, -1 AS b, 'x' AS c", assay_buf_str(&path));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct output out;
        assert_int_equal(scan(assay_buf_str(&path), "[{\"rule\":\"positive\",\"fields\":[\"b\"]}]",
                              cases[i].settings, NULL, &out, NULL),
                         ASSAY_OK);
        const json_t *record = assay_json_get(json_array_get(out.anomalies, 0), "record");
        char *text = record ? assay_json_text(record) : NULL;
        if (cases[i].record)
            assert_string_equal(text, cases[i].record);
        else
            assert_null(record);
        free(text);
        release(&out);
    }
    assay_buf_release(&path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(semantics),
                                       cmocka_unit_test(one_error_touches_no_other_check),
                                       cmocka_unit_test(examples_mask_and_key)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
