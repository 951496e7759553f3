// Trees of DuckDB 2's parser take the shape of 1.5. The trees are what DuckDB 2.0.0 (Python
// package) prints for the expression beside them, without keys that nobody reads; the shapes wanted
// are what 1.5.6 prints for it.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/rules/expression_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
    const char *expression, *tree, *key, *want;
} cases[] = {
    {"1_000", "{'literal':{'kind':'INTEGER','text':'1_000'}}", "value",
     "{'type':{'id':'HUGEINT','type_info':null},'is_null':false,'value':'1000'}"},
    {"-5.25", "{'literal':{'kind':'NUMERIC','text':'-5.25'}}", "value",
     "{'type':{'id':'DECIMAL','type_info':{'width':38,'scale':2}},'is_null':false,'value':'-525'}"},
    {"1e10", "{'literal':{'kind':'NUMERIC','text':'1e10'}}", "value",
     "{'type':{'id':'DOUBLE','type_info':null},'is_null':false,'value':10000000000.0}"},
    {"a number of 48 digits",
     "{'literal':{'kind':'INTEGER','text':'100000000000000000000000000000000000000000000000'}}",
     "value", "{'type':{'id':'DOUBLE','type_info':null},'is_null':false,'value':1e47}"},
    {"null", "{'literal':{'kind':'NULL_LITERAL','text':''}}", "value",
     "{'type':{'id':'NULL','type_info':null},'is_null':true,'value':null}"},
    {"true", "{'literal':{'kind':'BOOLEAN','text':'true'}}", "value",
     "{'type':{'id':'BOOLEAN','type_info':null},'is_null':false,'value':true}"},
    {"'a'", "{'literal':{'kind':'STRING','text':'a'}}", "value",
     "{'type':{'id':'VARCHAR','type_info':null},'is_null':false,'value':'a'}"},
    {"X'aa'", "{'literal':{'kind':'HEX','text':'aa'}}", "value", NULL},
    {"a::text", "{'type_expr':{'type_name':'text','children':[],'schema':'','catalog':''}}",
     "cast_type", "{'id':'VARCHAR','type_info':null}"},
    {"CAST(a AS decimal(10,2))",
     "{'type_expr':{'type_name':'DECIMAL','children':[{'literal':{'kind':'INTEGER','text':'10'}},"
     "{'literal':{'kind':'INTEGER','text':'2'}}]}}",
     "cast_type", "{'id':'DECIMAL','type_info':{'width':10,'scale':2}}"},
    {"CAST(a AS decimal)", "{'type_expr':{'type_name':'DECIMAL','children':[]}}", "cast_type",
     "{'id':'DECIMAL','type_info':{'width':18,'scale':3}}"},
    {"CAST(a AS decimal(10))",
     "{'type_expr':{'type_name':'DECIMAL','children':[{'literal':{'kind':'INTEGER','text':'10'}}]}"
     "}",
     "cast_type", "{'id':'DECIMAL','type_info':{'width':10,'scale':0}}"},
    {"CAST(a AS s.mood)", "{'type_expr':{'type_name':'mood','children':[],'schema':'s'}}",
     "cast_type", NULL},
    {"f(a)", "{'arguments':[{'name':'','expression':{'column_names':['a']}}]}", "children",
     "[{'column_names':['a']}]"},
    {"f(b := 1)", "{'arguments':[{'name':'b','expression':{'column_names':['a']}}]}", "children",
     NULL},
    {"1.5's own tree", "{'class':'FUNCTION','children':[1]}", "children", "[1]"},
};

/* Cases are written with single quotes, so that they can be read. */
static json_t *parsed(const char *text)
{
    char json[1024];
    size_t size = 0;
    for (; *text; text++)
        json[size++] = *text == '\'' ? '"' : *text;
    json_t *value = json_loadb(json, size, JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    return value;
}

static void shapes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ASSAY_COUNT(cases); i++) {
        json_t *tree = parsed(cases[i].tree), *want = cases[i].want ? parsed(cases[i].want) : NULL;
        struct assay_error err = {0};
        assert_int_equal(assay_expression_tree_shape(tree, &err), ASSAY_OK);
        json_t *got = json_object_get(tree, cases[i].key);
        if (want ? !json_equal(got, want) : got != NULL)
            fail_msg("%s: %s", cases[i].expression, got ? json_dumps(got, JSON_ENCODE_ANY) : "no");
        json_decref(want);
        json_decref(tree);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shapes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
