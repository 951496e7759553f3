// Checks files: normal form, errors with line and nearest name, writing and reading back.
// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/memory.h"
#include "common/rules/check_file.h"
#include "common/rules/check_validate.h"
#include "common/rules/rule_def.h"

static json_t *parse(const char *text)
{
    struct assay_check_file file = {0};
    struct assay_error err = {0};
    if (assay_check_file_parse(text, strlen(text), "c.yaml", &file, &err) != ASSAY_OK)
        fail_msg("%s: %s", text, err.text);
    return file.checks;
}

static void assert_part(const json_t *whole, const char *expected)
{
    struct assay_error err = {0};
    json_t *part = NULL;
    assert_int_equal(assay_json_parse(expected, strlen(expected), "expected", &part, &err),
                     ASSAY_OK);
    const char *key;
    json_t *value;
    json_object_foreach(part, key, value)
    {
        if (json_equal(json_object_get(whole, key), value))
            continue;
        char *text = assay_json_text(whole);
        fail_msg("%s of %s is not as in %s", key, text, expected);
    }
    json_decref(part);
}

static void normal_form(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *json;
    } cases[] = {
        {"- notNull: [id, email]", "{\"rule\":\"notNull\",\"fields\":[\"id\",\"email\"],\"index\":"
                                   "0,\"line\":1,\"severity\":\"error\",\"coverage\":1.0,"
                                   "\"filter\":null,\"status\":\"Active\",\"properties\":{},"
                                   "\"tags\":[],\"description\":\"\"}"},
        {"- notNull: id\n  severity: warning", "{\"fields\":[\"id\"],\"severity\":\"warning\"}"},
        {"checks: [{rule: between, container: 'o*.csv', fields: [a], properties: {min: 0, max: "
         "1e4, inclusive_max: false}}]",
         "{\"container\":\"o*.csv\",\"properties\":{\"min\":\"0\",\"max\":\"1e4\",\"inclusive_"
         "min\":true,\"inclusive_max\":false}}"},
        {"version: 1\nchecks:\n- {rule: expectedValues, fields: [a], properties: {list: [NO, "
         "01321, 1.0, True, ~, '']}}",
         "{\"properties\":{\"list\":[\"NO\",\"01321\",\"1.0\",\"True\",null,\"\"]},\"line\":3}"},
        {"[{\"rule\": \"minLength\", \"fields\": [\"a\"], \"properties\": {\"value\": 2.0}, "
         "\"coverage\": 0.9}]",
         "{\"properties\":{\"value\":2},\"coverage\":0.9}"},
        {"- {rule: expectedSchema, properties: {list: [id, {name: amount, type: Fractional}]}}",
         "{\"fields\":[],\"properties\":{\"list\":[\"id\",{\"name\":\"amount\",\"type\":"
         "\"Fractional\"}],"
         "\"allow_other_fields\":true}}"},
        {"- {rule: matchesPattern, fields: [z], properties: {pattern: 12}, filter: \"c = 'CH'\"}",
         "{\"properties\":{\"pattern\":\"12\",\"full_match\":false},\"filter\":\"c = 'CH'\"}"},
        {"- {rule: notNull, fields: [a], properties: {coverage_base: non_null}, tags: [x], "
         "additional_metadata: {o: b}}",
         "{\"properties\":{\"coverage_base\":\"non_null\"},\"tags\":[\"x\"],\"additional_"
         "metadata\":{\"o\":\"b\"}}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *checks = parse(cases[i].yaml);
        assert_part(json_array_get(checks, 0), cases[i].json);
        json_decref(checks);
    }
}

/* What a file is refused for, with line and nearest name. */
static const struct refusal {
    const char *yaml, *error;
} refused[] = {
    {"checks:\n- rule: betwen\n  fields: [a]",
     "c.yaml: line 2: rule \"betwen\" is not known: did you mean \"between\"?"},
    {"checks:\n- rule: between\n  feilds: [a]",
     "c.yaml: line 3: rule between: key \"feilds\" is not known: did you mean \"fields\"?"},
    {"checks:\n- rule: between\n  fields: [a]\n  properties:\n    mni: 3",
     "c.yaml: line 5: rule between: property \"mni\" is not known: did you mean \"min\"?"},
    {"check:\n- notNull: [a]",
     "c.yaml: line 1: key \"check\" is not known: did you mean \"checks\"?"},
    {"version: 2\nchecks: []", "c.yaml: line 1: version must be 1"},
    {"- notNul: [a]", "c.yaml: line 1: rule \"notNul\" is not known: did you mean \"notNull\"?"},
    {"\n- {fields: [a]}",
     "c.yaml: line 2: a check needs the key \"rule\", or the short form \"notNull: [id]\""},
    {"- notNull: []", "c.yaml: line 1: rule notNull: fields must be one field or more"},
    {"- notFuture: [a, b]", "c.yaml: line 1: rule notFuture: fields must be exactly one field"},
    {"- {rule: expectedSchema, fields: [a], properties: {list: [a]}}",
     "c.yaml: line 1: rule expectedSchema: fields must be left out: this rule looks at the "
     "whole container"},
    {"- {rule: between, fields: [a], properties: {}}",
     "c.yaml: line 1: rule between: give min, max or both"},
    {"- {rule: between, fields: [a], properties: {min: 10, max: 0}}",
     "c.yaml: line 1: rule between: min 10 is above max 0"},
    {"- {rule: timeDistributionSize, fields: [a], properties: {interval_name: Daily, min_size: "
     "3, max_size: 2}}",
     "c.yaml: line 1: rule timeDistributionSize: min_size 3 is above max_size 2"},
    {"- {rule: predictedBy, fields: [a], properties: {expression: b, tolerance: -1}}",
     "c.yaml: line 1: rule predictedBy: tolerance must be 0 or more"},
    {"- {rule: dataDiff, fields: [a], properties: {string_comparator: {ignore_whitespace: "
     "true}}}",
     "c.yaml: line 1: rule dataDiff: string_comparator needs id_field_names: without them "
     "records are compared as wholes, and none is near another"},
    {"- rule: isReplicaOf\n  fields: [a]\n  properties:\n    id_field_names: [k]\n"
     "    duration_comparator:\n      milis: 5",
     "c.yaml: line 6: rule isReplicaOf: property \"milis\" is not known: did you mean "
     "\"millis\"?"},
    {"- {rule: dataDiff, fields: [a], properties: {id_field_names: k}}",
     "c.yaml: line 1: rule dataDiff: id_field_names must be a list of field names"},
    {"- {rule: dataDiff, fields: [a], properties: {id_field_names: [k], numeric_comparator: "
     "{as_absolute: false}}}",
     "c.yaml: line 1: rule dataDiff: property \"numeric_comparator.epsilon\" is missing: give "
     "greatest difference of two numbers that are the same"},
    {"- {rule: dataDiff, fields: [a], properties: {id_field_names: [k], numeric_comparator: "
     "{epsilon: -0.1}}}",
     "c.yaml: line 1: rule dataDiff: epsilon must be 0 or more"},
    {"- {rule: between, fields: [a], properties: {min: 2024-01-01, max: 7}}",
     "c.yaml: line 1: rule between: min 2024-01-01 and max 7 are not of one kind"},
    {"- {rule: unique, fields: [a], coverage: 1.1}",
     "c.yaml: line 1: rule unique: coverage must be a number from 0 to 1"},
    {"- {rule: sum, fields: [a], properties: {value: 1}, coverage: 0.5}",
     "c.yaml: line 1: rule sum: coverage must be left out: this rule takes no coverage"},
    {"- {rule: fieldCount, properties: {value: 1}, filter: 'a > 1'}",
     "c.yaml: line 1: rule fieldCount: filter must be left out: this rule takes no filter"},
    {"- {rule: fieldCount, properties: {value: quack}}",
     "c.yaml: line 1: rule fieldCount: value must be an integer"},
    {"- {rule: minLength, fields: [a], properties: {value: -1}}",
     "c.yaml: line 1: rule minLength: value must be an integer of 0 or more"},
    {"- {rule: minLength, fields: [a]}",
     "c.yaml: line 1: rule minLength: property \"value\" is missing: give Unicode code points "
     "of a text, elements of an "
     "array"},
    {"- {rule: matchesPattern, fields: [a], properties: {pattern: '(?<x'}}",
     "c.yaml: line 1: rule matchesPattern: the pattern is not valid RE2 syntax: invalid perl "
     "operator: (?<"},
    {"- {rule: distinctCount, fields: [a], properties: {value: 1, comparison: near}}",
     "c.yaml: line 1: rule distinctCount: comparison must be one of eq|ne|lt|lte|gt|gte|equal "
     "to|not equal to|less "
     "than|less than or equal to|greater than|greater than or equal to"},
    {"- {rule: expectedSchema, properties: {list: [{name: a, type: Intgral}]}}",
     "c.yaml: line 1: rule expectedSchema: type \"Intgral\" is not known: use Integral"},
    {"- {rule: notNull, fields: [a], severity: fatal}",
     "c.yaml: line 1: rule notNull: severity must be error or warning"},
    {"- {rule: between, fields: [a], properties: {min: 1, inclusive_min: yes}}",
     "c.yaml: line 1: rule between: inclusive_min must be true or false"},
    {"3", "c.yaml: line 1: a checks file begins with \"version: 1\" and \"checks:\""},
};

static void refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct assay_check_file file = {0};
        struct assay_error err = {0};
        assert_int_equal(
            assay_check_file_parse(refused[i].yaml, strlen(refused[i].yaml), "c.yaml", &file, &err),
            ASSAY_INVALID);
        assert_string_equal(err.text, refused[i].error);
        assay_check_file_release(&file);
    }
}

static void examples_of_all_rules(void **state)
{
    (void)state;
    for (const struct assay_rule_def *def = assay_rule_defs; def->name; def++) {
        struct assay_check_file file = {0};
        struct assay_error err = {0};
        if (assay_check_file_add(def->example, &file, &err) != ASSAY_OK)
            fail_msg("%s", err.text);
        assert_string_equal(assay_json_str(json_array_get(file.checks, 0), "rule", ""), def->name);
        assay_check_file_release(&file);
        assert_true(!def[1].name || strcmp(def->name, def[1].name) < 0);
    }
}

static void expect_json(const char *text)
{
    json_t *json = NULL;
    struct assay_error err = {0};
    if (assay_json_parse(text, strlen(text), "checks", &json, &err) != ASSAY_OK)
        fail_msg("%s: %s", err.text, text);
    assert_int_equal(json_array_size(json_object_get(json, "checks")), 4);
    json_decref(json);
}

static void write_and_read_back(enum assay_check_form form)
{
    const char *text = "- notNull: [id]\n- {rule: between, container: a.csv, fields: ['my "
                       "\"col\"'], properties: {min: 0.10, "
                       "max: 3, inclusive_max: false}, coverage: 0.95, filter: \"x = 'y'\", "
                       "severity: warning, tags: [t]}\n"
                       "- {rule: expectedValues, fields: [a], properties: {list: [NO, 01321, null, "
                       "\"line\\nbreak\"]}}\n"
                       "- {rule: dataDiff, fields: [a], properties: {ref_container: b, "
                       "id_field_names: [k], numeric_comparator: {epsilon: 0.01}}}\n";
    json_t *checks = parse(text);
    struct assay_buf written = {0};
    assert_int_equal(assay_check_file_write(checks, form, &written, NULL), ASSAY_OK);
    json_t *again = parse(assay_buf_str(&written));
    assert_int_equal(json_array_size(again), 4);
    for (size_t i = 0; i < 4; i++) {
        json_object_del(json_array_get(checks, i), "line");
        json_object_del(json_array_get(again, i), "line");
    }
    if (!json_equal(checks, again))
        fail_msg("%s", assay_buf_str(&written));
    if (form == ASSAY_CHECK_JSON) {
        expect_json(assay_buf_str(&written));
    } else {
        assert_non_null(strstr(assay_buf_str(&written),
                               "  - rule: notNull\n    fields: [\"id\"]\n  - rule: between\n"));
        assert_non_null(strstr(assay_buf_str(&written), "    coverage: 0.95\n"));
    }
    assay_buf_release(&written);
    json_decref(checks);
    json_decref(again);
}

static void written_and_read_back(void **state)
{
    (void)state;
    write_and_read_back(ASSAY_CHECK_YAML);
    write_and_read_back(ASSAY_CHECK_JSON);
    assert_int_equal(assay_check_form_of("a.yaml/c.JSON"), ASSAY_CHECK_JSON);
    assert_int_equal(assay_check_form_of("a.json/c"), ASSAY_CHECK_YAML);
    assert_int_equal(assay_check_form_of("-"), ASSAY_CHECK_YAML);
}

static json_t *validate_rest(const char *body, struct assay_error *err)
{
    json_t *json = NULL, *check = NULL;
    assert_int_equal(assay_json_parse(body, strlen(body), "body", &json, NULL), ASSAY_OK);
    const int code = assay_check_validate(json, NULL, ASSAY_CHECK_FROM_REST, &check, err);
    assert_true((code == ASSAY_OK) == (check != NULL));
    json_decref(json);
    return check;
}

static void rest_bodies(void **state)
{
    (void)state;
    json_t *check =
        validate_rest("{\"rule\":\"between\",\"container_id\":3,\"owner_id\":1,\"fields\":[{"
                      "\"name\":\"a\"}],\"filter\":null,\"template_id\":null,"
                      "\"properties\":{\"min\":0.1,\"max\":10000,\"inclusive_min\":null,\"field_"
                      "name\":null},\"global_tags\":[],"
                      "\"additional_metadata\":{\"severity\":\"warning\"}}",
                      NULL);
    assert_part(check, "{\"fields\":[\"a\"],\"severity\":\"warning\",\"properties\":{\"min\":\"0."
                       "1\",\"max\":\"10000\","
                       "\"inclusive_min\":true,\"inclusive_max\":true}}");
    json_decref(check);
    struct assay_error err = {0};
    check = validate_rest(
        "{\"rule\":\"fieldCount\",\"properties\":{\"value\":4,\"comparison\":\"equal to\"}}", &err);
    assert_part(check, "{\"properties\":{\"value\":4,\"comparison\":\"equal to\"}}");
    json_decref(check);
    assert_null(
        validate_rest("{\"rule\":\"between\",\"fields\":[\"a\"],\"properties\":{\"mx\":3}}", &err));
    assert_string_equal(err.text,
                        "rule between: property \"mx\" is not known: did you mean \"max\"?");
}

static uint64_t uid(const char *yaml)
{
    json_t *checks = parse(yaml);
    const uint64_t value = assay_check_uid(json_array_get(checks, 0), "a.csv");
    json_decref(checks);
    return value;
}

static void identity(void **state)
{
    (void)state;
    const uint64_t base = uid("- {rule: between, fields: [a], properties: {min: 1}}");
    assert_int_equal(
        base, uid("- {rule: between, fields: [a], properties: {max: 7}, severity: warning}"));
    assert_int_not_equal(base, uid("- {rule: between, fields: [b], properties: {min: 1}}"));
    assert_int_not_equal(
        base, uid("- {rule: between, fields: [a], properties: {min: 1}, coverage: 0.9}"));
    assert_int_not_equal(
        base, uid("- {rule: between, fields: [a], properties: {min: 1}, filter: 'b > 0'}"));
    assert_int_equal(uid("- notNull: [a, b]"), uid("- notNull: [b, a]"));
    assert_int_not_equal(uid("- notNull: [ab]"), uid("- notNull: [a, b]"));
    assert_int_not_equal(uid("- {rule: dataDiff, fields: [a], properties: {ref_container: b}}"),
                         uid("- {rule: dataDiff, fields: [a], properties: {ref_container: c}}"));
    assert_int_equal(
        uid("- {rule: dataDiff, fields: [a], properties: {ref_container: b, ref_container_id: 7}}"),
        uid("- {rule: dataDiff, fields: [a], properties: {ref_container_id: 7}}"));
    assert_int_not_equal(uid("- {rule: satisfiesExpression, properties: {expression: a > 1}}"),
                         uid("- {rule: satisfiesExpression, properties: {expression: a > 2}}"));
}

static void containers(void **state)
{
    (void)state;
    json_t *checks =
        parse("- {rule: notNull, fields: [a], container: 'orders*.csv'}\n- notNull: [a]\n"
              "- {rule: notNull, fields: [a], container: 'odd[1].csv'}");
    assert_true(assay_check_means(json_array_get(checks, 0), "orders_1.csv"));
    assert_true(assay_check_means(json_array_get(checks, 0), "orders*.csv"));
    assert_false(assay_check_means(json_array_get(checks, 0), "x.csv"));
    assert_true(assay_check_means(json_array_get(checks, 1), "x.csv"));
    assert_true(assay_check_means(json_array_get(checks, 2), "odd[1].csv"));
    json_decref(checks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normal_form),
        cmocka_unit_test(refusals),
        cmocka_unit_test(examples_of_all_rules),
        cmocka_unit_test(written_and_read_back),
        cmocka_unit_test(rest_bodies),
        cmocka_unit_test(identity),
        cmocka_unit_test(containers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
