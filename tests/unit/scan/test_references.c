// Rules over two containers: which values of one are equal to one of the other, by their types.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/scan/scan_fixture.h"

/* The field `a` of one container, and `b` of the other. Expected by hand from the texts. */
struct expectation {
    const char *label, *own, *own_file, *ref, *ref_file;
    int nulls, missing, found; /* of existsIn: null, failing; of notExistsIn: failing */
};

#define VALUES(type, list) "SELECT x::" type " AS a FROM (VALUES " list ") t(x)"
#define OTHERS(type, list) "SELECT x::" type " AS b FROM (VALUES " list ") t(x)"
#define NO_ROWS            "SELECT 1::BIGINT AS b WHERE FALSE"

static const struct expectation expectations[] = {
    {"nulls", VALUES("BIGINT", "('1'), ('2'), (NULL), ('2')"), "a.parquet",
     OTHERS("BIGINT", "('1'), (NULL), ('1')"), "b.parquet", 1, 2, 1},
    {"an empty reference", VALUES("BIGINT", "('1'), (NULL)"), "a.parquet", NO_ROWS, "b.parquet", 1,
     1, 0},
    {"a reference without values", VALUES("BIGINT", "('1'), (NULL)"), "a.csv",
     "SELECT NULL AS b, 1 AS c FROM range(3)", "b.csv", 1, 1, 0},
    {"widths of integers", VALUES("UTINYINT", "('200'), ('7')"), "a.parquet",
     OTHERS("SMALLINT", "('200'), ('-7')"), "b.parquet", 0, 1, 1},
    {"beyond 64 bits", VALUES("UBIGINT", "('18446744073709551615'), ('5')"), "a.parquet",
     OTHERS("DECIMAL(38,0)", "('18446744073709551615'), ('-1')"), "b.parquet", 0, 1, 1},
    {"text is a number", VALUES("VARCHAR", "('17'), ('18')"), "a.csv",
     OTHERS("INTEGER", "('17'), ('19')"), "b.parquet", 0, 1, 1},
    {"integers are no doubles",
     VALUES("BIGINT", "('9007199254740993'), ('9007199254740992'), ('3')"), "a.parquet",
     OTHERS("DOUBLE", "('9007199254740992'), ('3'), ('2.5'), ('nan'), ('1e300')"), "b.parquet", 0,
     1, 2},
    {"doubles are integers", VALUES("DOUBLE", "('3'), ('2.5'), ('-0.0'), ('nan'), ('inf')"),
     "a.parquet", OTHERS("INTEGER", "('3'), ('0')"), "b.parquet", 0, 3, 2},
    {"NaN and -0.0", VALUES("DOUBLE", "('nan'), ('-0.0'), ('inf'), ('1')"), "a.parquet",
     OTHERS("DOUBLE", "('nan'), ('0.0'), ('inf')"), "b.parquet", 0, 1, 3},
    {"32-bit floats", VALUES("FLOAT", "('0.1'), ('0.2')"), "a.parquet",
     OTHERS("DOUBLE", "('0.1'), ('1e300'), ('-1e300')"), "b.parquet", 0, 1, 1},
    {"decimals of two scales", VALUES("DECIMAL(10,2)", "('1.50'), ('2.00'), ('2.01')"), "a.parquet",
     OTHERS("DECIMAL(12,4)", "('1.5000'), ('2.0000'), ('2.0101')"), "b.parquet", 0, 1, 2},
    {"decimals of 38 digits",
     VALUES("DECIMAL(38,0)", "('99999999999999999999999999999999999999'), ('5'), ('6')"),
     "a.parquet", OTHERS("DECIMAL(38,10)", "('5.0000000000'), ('6.0000000001')"), "b.parquet", 0, 2,
     1},
    {"decimals and integers", VALUES("DECIMAL(38,20)", "('5'), ('5.5'), ('-7')"), "a.parquet",
     OTHERS("BIGINT", "('5'), ('-7'), ('9223372036854775807')"), "b.parquet", 0, 1, 2},
    {"fractions of text", VALUES("VARCHAR", "('0.10'), ('0.3'), ('1.25')"), "a.csv",
     OTHERS("DOUBLE", "('0.1'), ('0.30000000000000004'), ('1.25')"), "b.parquet", 0, 1, 2},
    {"fractions of two texts", VALUES("VARCHAR", "('0.10'), ('0.3')"), "a.csv",
     OTHERS("VARCHAR", "('0.1'), ('0.3001')"), "b.csv", 0, 1, 1},
    {"no decimals after all", VALUES("VARCHAR", "('0.5'), ('nan'), ('1.5')"), "a.csv",
     "SELECT CASE WHEN i = 9999 THEN 'nan' ELSE '0.5' END AS b FROM range(10000) t(i)", "b.csv", 0,
     1, 2},
    {"texts by bytes", VALUES("VARCHAR", "('a'), ('A'), ('a '), ('\xC3\xA9'), ('e\xCC\x81'), ('')"),
     "a.parquet", OTHERS("VARCHAR", "('a'), ('\xC3\xA9'), ('')"), "b.parquet", 0, 3, 3},
    {"dates and timestamps", VALUES("DATE", "('2024-05-01'), ('2024-05-02'), ('5000000-01-01')"),
     "a.parquet", OTHERS("TIMESTAMP", "('2024-05-01 00:00:00'), ('2024-05-02 00:00:01')"),
     "b.parquet", 0, 2, 1},
    {"timestamps and instants", VALUES("TIMESTAMP", "('2024-05-01 10:00:00'), ('2024-05-02')"),
     "a.parquet", OTHERS("TIMESTAMPTZ", "('2024-05-01 12:00:00+02'), ('2024-05-02 00:00:00+02')"),
     "b.parquet", 0, 1, 1},
    {"truths", VALUES("BOOLEAN", "('true'), ('false')"), "a.parquet", OTHERS("BOOLEAN", "('true')"),
     "b.parquet", 0, 1, 1},
};

static json_t *settings_of(const char *path)
{
    return json_pack("{s:{s:{s:s, s:{s:s}, s:{s:s, s:s, s:[{s:s}]}}}}", "refs", "other",
                     "connector", "file", "properties", "root", folder, "container", "name",
                     "other", "container_type", "file", "files", "path", path);
}

static void judge(const struct expectation *e, const char *rule, int failing)
{
    struct assay_buf own = {0}, ref = {0}, checks = {0};
    struct output out;
    struct assay_error err = {0};
    assay_buf_printf(&own, "%s/%s", folder, e->own_file);
    assay_buf_printf(&ref, "%s/%s", folder, e->ref_file);
    assay_buf_printf(&checks,
                     "[{\"rule\":\"%s\",\"fields\":[\"a\"],\"properties\":{\"field_name\":\"b\","
                     "\"ref_container\":\"other\"}}]",
                     rule);
    write_data(e->own, assay_buf_str(&own));
    write_data(e->ref, assay_buf_str(&ref));
    json_t *settings = settings_of(assay_buf_str(&ref));
    char *text = assay_json_text(settings);
    if (scan(assay_buf_str(&own), assay_buf_str(&checks), text, NULL, &out, &err) != ASSAY_OK)
        fail_msg("%s: %s", e->label, err.text);
    const json_t *check = json_array_get(out.checks, 0);
    char *shown = assay_json_text(check);
    if (strcmp(assay_json_str(check, "outcome", ""), failing ? "failed" : "passed") ||
        assay_json_int(check, "null_records_count", -1) != e->nulls ||
        assay_json_int(check, "anomalous_records_count", -1) != failing)
        fail_msg("%s, %s: %s", e->label, rule, shown);
    free(shown);
    free(text);
    json_decref(settings);
    assay_buf_release(&own);
    assay_buf_release(&ref);
    assay_buf_release(&checks);
    release(&out);
}

static void values(void **state)
{
    (void)state;
    for (size_t i = 0; i < ASSAY_COUNT(expectations); i++) {
        judge(&expectations[i], "existsIn", expectations[i].missing);
        judge(&expectations[i], "notExistsIn", expectations[i].found);
    }
}

/* What a check says about its reference. */
static const struct {
    const char *label, *check, *outcome, *message; /* of the check */
} sayings[] = {
    {"failing records",
     "{\"rule\":\"existsIn\",\"fields\":[\"id\"],\"coverage\":0.9,\"properties\":{\"field_name\":"
     "\"b\",\"ref_container\":\"other\",\"ref_filter\":\"b < 3\"}}",
     "failed", "In `id`, 50.00% of 4 records (2) do not exist in `b` of `other` where b < 3."},
    {"an aggregate of the reference",
     "{\"rule\":\"aggregationComparison\",\"properties\":{\"expression\":\"count(*)\","
     "\"comparison\":\"lt\",\"ref_expression\":\"max(b) + 1\",\"ref_container\":\"other\","
     "\"ref_filter\":\"b < 3\"}}",
     "failed", "count(*) is 4: it is not less than max(b) + 1 of `other` where b < 3, which is 3."},
    {"an aggregate that holds",
     "{\"rule\":\"aggregationComparison\",\"properties\":{\"expression\":\"max(id)\","
     "\"comparison\":\"eq\",\"ref_expression\":\"max(b)\",\"ref_container\":\"other\"}}",
     "passed", ""},
    {"the container itself",
     "{\"rule\":\"existsIn\",\"fields\":[\"boss\"],\"coverage\":0.9,\"properties\":{\"field_name\":"
     "\"id\"}}",
     "failed", "In `boss`, 25.00% of 4 records (1) does not exist in `id` of `own.parquet`."},
    {"another field of the reference",
     "{\"rule\":\"existsIn\",\"fields\":[\"id\"],\"properties\":{\"field_name\":\"boss\","
     "\"ref_container\":\"other\"}}",
     "errored", "other has no field `boss`"},
    {"types",
     "{\"rule\":\"existsIn\",\"fields\":[\"id\"],\"properties\":{\"field_name\":\"name\","
     "\"ref_container\":\"other\"}}",
     "errored", "`id` is Integral and `name` of `other` is String: they cannot be compared"},
    {"lists",
     "{\"rule\":\"existsIn\",\"fields\":[\"id\"],\"properties\":{\"field_name\":\"list\","
     "\"ref_container\":\"other\"}}",
     "errored", "`id` is Integral and `list` of `other` is Array: they cannot be compared"},
    {"a name that is not known",
     "{\"rule\":\"existsIn\",\"fields\":[\"id\"],\"properties\":{\"field_name\":\"b\","
     "\"ref_container\":\"othr\"}}",
     "errored", "the reference `othr` is not known: did you mean `other`?"},
    {"a container that is gone",
     "{\"rule\":\"existsIn\",\"fields\":[\"id\"],\"properties\":{\"field_name\":\"b\","
     "\"ref_container\":\"container:7\",\"ref_container_id\":7}}",
     "errored",
     "the container 7 that it refers to is not there any more: refer to another one, or archive "
     "the check"},
    {"an error in the reference's filter",
     "{\"rule\":\"existsIn\",\"fields\":[\"id\"],\"properties\":{\"field_name\":\"b\","
     "\"ref_container\":\"other\",\"ref_filter\":\"b > x\"}}",
     "errored", "ref_filter: other has no field `x`: did you mean `b`?"},
};

static void sentences(void **state)
{
    (void)state;
    struct assay_buf own = {0}, ref = {0}, checks = {0};
    struct output out;
    struct assay_error err = {0};
    assay_buf_printf(&own, "%s/own.parquet", folder);
    assay_buf_printf(&ref, "%s/ref.parquet", folder);
    write_data("SELECT i AS id, i + 1 AS boss FROM range(1, 5) t(i)", assay_buf_str(&own));
    write_data("SELECT i AS b, 'x' AS name, [i] AS list FROM range(1, 5) t(i)",
               assay_buf_str(&ref));
    for (size_t i = 0; i < ASSAY_COUNT(sayings); i++)
        assay_buf_printf(&checks, "%s%s", i ? "," : "[", sayings[i].check);
    assay_buf_char(&checks, ']');
    json_t *settings = settings_of(assay_buf_str(&ref));
    char *text = assay_json_text(settings);
    if (scan(assay_buf_str(&own), assay_buf_str(&checks), text, NULL, &out, &err) != ASSAY_OK)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < ASSAY_COUNT(sayings); i++) {
        const json_t *check = json_array_get(out.checks, i);
        const char *message = assay_json_str(check, "message", "");
        if (strcmp(assay_json_str(check, "outcome", ""), sayings[i].outcome) ||
            strcmp(message, sayings[i].message))
            fail_msg("%s: %s: %s", sayings[i].label, assay_json_str(check, "outcome", ""), message);
    }
    free(text);
    json_decref(settings);
    assay_buf_release(&own);
    assay_buf_release(&ref);
    assay_buf_release(&checks);
    release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(values), cmocka_unit_test(sentences)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
