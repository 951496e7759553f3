// Docs and JSON of the rules, from their table.
// SPDX-License-Identifier: Apache-2.0
#include "common/rules/rules_doc.h"

#include <string.h>

static const char *const kind_names[] = {
    [ASSAY_PARAM_VALUE] = "constant",  [ASSAY_PARAM_INT] = "integer",
    [ASSAY_PARAM_SIZE] = "size",       [ASSAY_PARAM_NUMBER] = "number",
    [ASSAY_PARAM_BOOL] = "boolean",    [ASSAY_PARAM_TEXT] = "text",
    [ASSAY_PARAM_PATTERN] = "pattern", [ASSAY_PARAM_EXPRESSION] = "expression",
    [ASSAY_PARAM_FIELD] = "field",     [ASSAY_PARAM_LIST] = "list",
    [ASSAY_PARAM_SCHEMA] = "schema",   [ASSAY_PARAM_CHOICE] = "choice",
    [ASSAY_PARAM_FIELDS] = "fields",   [ASSAY_PARAM_MAP] = "map",
};

static const char *const shape_names[] = {
    [ASSAY_FIELDS_NONE] = "none",
    [ASSAY_FIELDS_ONE] = "one",
    [ASSAY_FIELDS_MANY] = "many",
    [ASSAY_FIELDS_COMPUTED] = "computed",
};

static const struct {
    unsigned bit;
    const char *name;
} types[] = {
    {ASSAY_ON_INTEGRAL, "Integral"},   {ASSAY_ON_FRACTIONAL, "Fractional"},
    {ASSAY_ON_STRING, "String"},       {ASSAY_ON_DATE, "Date"},
    {ASSAY_ON_TIMESTAMP, "Timestamp"}, {ASSAY_ON_BOOLEAN, "Boolean"},
    {ASSAY_ON_ARRAY, "Array"},         {ASSAY_ON_STRUCT, "Struct"},
};

static const char intro[] =
    "# Rules\n\n"
    "Generated from common/rules/rule_def.c by `assay rules --format markdown`; do not edit. How "
    "values "
    "are judged (NULL, NaN, dates,\n"
    "text) is the same for every rule: a record fails only where the rule is false, and NULL "
    "passes every rule but notNull\n"
    "and anyNotNull; dataDiff compares it.\n\n"
    "Constants are written as the field's type reads them: `10000`, `0.5`, `2024-01-31`, "
    "`2024-01-31T10:00:00Z`, `CH`. An upper\n"
    "bound given as a date without time means the end of that day. Every rule with a coverage also "
    "takes the property\n"
    "`coverage_base`: `all` (default; NULL counts as passed) or `non_null`.\n\n";

static const char lexical_forms[] =
    "## How texts are read as types\n\n"
    "`isType` and the inference of types use the same forms "
    "(worker/executor/infer/cell_class.h):\n\n"
    "- Integral: an optional sign and digits, without leading zeros (`01321` is text), within 128 "
    "bits.\n"
    "- Fractional: a decimal number, also with an exponent, infinity and NaN (`1.5`, `.5`, "
    "`-1e-3`, `inf`); every\n"
    "  Integral is one too.\n"
    "- Boolean: `true` or `false`, in any case.\n"
    "- Date: `2024-01-31`, `2024/01/31`, `31.01.2024`, `01/31/2024`, `31-Jan-2024` and the other "
    "rows of cell_date.h.\n"
    "- Timestamp: a date, `T` or a blank, `hh:mm[:ss[.fraction]]`, and optionally a zone; every "
    "Date is one too.\n"
    "- String: any text.\n";

static const char comparisons[] =
    "## How containers are compared\n\n"
    "`dataDiff` and `isReplicaOf` match fields by their names. NULL equals NULL only, NaN equals "
    "NaN, -0.0 equals 0.0. Integers\n"
    "and decimals compare exactly, decimals and floating point numbers as floating point numbers; "
    "a date is its midnight in the\n"
    "container's time zone. A text that does not fit its type equals nothing. `filter` selects "
    "records of the container,\n"
    "`ref_filter` those of the reference.\n\n"
    "- Without `id_field_names` records are compared as wholes and counted: of records that are "
    "the same as many pass as the\n"
    "  reference has, the first ones. The others are *extra*; what only the reference has is "
    "*missing*.\n"
    "- With them two records of the same id are a pair, *changed* where a field is not the same; "
    "records without a partner are\n"
    "  extra or missing. Records whose id is there more than once on a side are compared as "
    "wholes, without comparators.\n\n"
    "Anomalous records are the missing, extra and changed ones; `--failing` writes those of the "
    "container.\n\n"
    "Comparators make values the same that are not equal. `numeric_comparator`: |a - b| ≤ epsilon, "
    "or with `as_absolute: false`\n"
    "|b - a| ≤ epsilon % of |a|, where a is the container's or the first field's value. "
    "`duration_comparator`: at most so many\n"
    "milliseconds apart. `string_comparator`: white space at the ends does not count, and runs of "
    "it are one blank. Where equal\n"
    "values fail (`greaterThanField` without `inclusive`), such values fail, too.\n\n";

static void append_types(unsigned on, struct assay_buf *text)
{
    if (on == ASSAY_ON_ALL) {
        assay_buf_text(text, "all");
        return;
    }
    const char *comma = "";
    for (size_t i = 0; i < ASSAY_COUNT(types); i++) {
        if (!(on & types[i].bit))
            continue;
        assay_buf_printf(text, "%s%s", comma, types[i].name);
        comma = ", ";
    }
}

static void append_param(const struct assay_param *param, struct assay_buf *text)
{
    assay_buf_printf(text, "| `%s` | %s | ", param->key, kind_names[param->kind]);
    if (param->required)
        assay_buf_text(text, "required");
    else
        assay_buf_printf(text, "%s%s%s", param->fallback ? "`" : "",
                         param->fallback ? param->fallback : "–", param->fallback ? "`" : "");
    assay_buf_printf(text, " | %s", param->doc);
    for (const char *choice = param->choices; choice; choice = strchr(choice, '|')) {
        choice += *choice == '|';
        assay_buf_printf(text, "%s`%.*s`", choice == param->choices ? ": " : ", ",
                         (int)strcspn(choice, "|"), choice);
    }
    for (const struct assay_param *member = param->members; member && member->key; member++)
        assay_buf_printf(text, "%s`%s` (%s, %s%s): %s", member == param->members ? ": " : "; ",
                         member->key, kind_names[member->kind],
                         member->required ? "required" : "default ",
                         member->required ? "" : member->fallback, member->doc);
    assay_buf_text(text, " |\n");
}

void assay_rule_markdown(const struct assay_rule_def *def, struct assay_buf *text)
{
    assay_buf_printf(text, "## %s\n\n%s\n\nFields: %s. Types: ", def->name, def->doc,
                     shape_names[def->fields]);
    append_types(def->on, text);
    assay_buf_printf(text, ". Judges %s. Filter: %s. Coverage: %s. Weight: %d.\n\n",
                     def->record ? "record by record" : "the container", def->filter ? "yes" : "no",
                     def->coverage ? "yes" : "no", def->weight);
    if (def->params) {
        assay_buf_text(text, "| Property | Kind | Default | Meaning |\n|---|---|---|---|\n");
        for (const struct assay_param *param = def->params; param->key; param++)
            append_param(param, text);
        assay_buf_char(text, '\n');
    }
    assay_buf_printf(text, "```yaml\n- %s\n```\n\n", def->example);
}

void assay_rules_markdown(struct assay_buf *text)
{
    assay_buf_text(text, intro);
    for (const struct assay_rule_def *def = assay_rule_defs; def->name; def++)
        assay_rule_markdown(def, text);
    assay_buf_text(text, comparisons);
    assay_buf_text(text, lexical_forms);
}

/* list with one more item; NULL, and both given back, when memory is short. */
static json_t *with_item(json_t *list, json_t *item)
{
    if (!json_array_append_new(list, item))
        return list;
    json_decref(list);
    return NULL;
}

static json_t *choices_json(const char *choices)
{
    json_t *list = json_array();
    for (const char *choice = choices; list && choice; choice = strchr(choice, '|')) {
        choice += *choice == '|';
        list = with_item(list, json_stringn(choice, strcspn(choice, "|")));
    }
    return list;
}

static json_t *params_json(const struct assay_param *params);

static json_t *param_json(const struct assay_param *param)
{
    json_t *one =
        json_pack("{s:s, s:s, s:b, s:s?, s:s}", "key", param->key, "kind", kind_names[param->kind],
                  "required", param->required, "default", param->fallback, "doc", param->doc);
    bool whole = one != NULL;
    if (whole && param->choices)
        whole = !json_object_set_new(one, "choices", choices_json(param->choices));
    if (whole && param->members)
        whole = !json_object_set_new(one, "members", params_json(param->members));
    if (whole)
        return one;
    json_decref(one);
    return NULL;
}

static json_t *params_json(const struct assay_param *params)
{
    json_t *list = json_array();
    for (const struct assay_param *param = params; list && param && param->key; param++)
        list = with_item(list, param_json(param));
    return list;
}

static json_t *types_json(unsigned on)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < ASSAY_COUNT(types); i++)
        if (on & types[i].bit)
            list = with_item(list, json_string(types[i].name));
    return list;
}

static json_t *rule_json(const struct assay_rule_def *def)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:b, s:b, s:b, s:i, s:s, s:o}", "name", def->name,
                     "title", def->title, "doc", def->doc, "fields", shape_names[def->fields],
                     "types", types_json(def->on), "record", def->record, "filter", def->filter,
                     "coverage", def->coverage, "weight", def->weight, "example", def->example,
                     "params", params_json(def->params));
}

json_t *assay_rules_json(void)
{
    json_t *list = json_array();
    for (const struct assay_rule_def *def = assay_rule_defs; list && def->name; def++)
        list = with_item(list, rule_json(def));
    return json_pack("{s:o}", "rules", list);
}
