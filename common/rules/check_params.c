// The properties of a check: each kind of parameter has one function that reads it.
// SPDX-License-Identifier: Apache-2.0
#include "common/rules/check_params.h"

#include <string.h>

#include "common/base/nearest.h"
#include "common/base/number.h"
#include "common/rules/pattern.h"

int assay_check_fail(const struct assay_check_input *in, const json_t *object, const char *key,
                     const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const int line = !in->yaml ? 0
                     : key     ? assay_yaml_key_line(in->yaml, object, key)
                               : assay_yaml_line(in->yaml, object);
    char place[32] = "";
    if (line > 0)
        snprintf(place, sizeof place, "line %d: ", line);
    return assay_fail(in->err, ASSAY_INVALID, "%s%s%s%s%s", place, in->rule ? "rule " : "",
                      in->rule ? in->rule : "", in->rule ? ": " : "", text);
}

int assay_check_unknown(const struct assay_check_input *in, const json_t *object, const char *what,
                        const char *key, const char *nearest)
{
    return nearest
               ? assay_check_fail(in, object, key, "%s \"%s\" is not known: did you mean \"%s\"?",
                                  what, key, nearest)
               : assay_check_fail(in, object, key, "%s \"%s\" is not known", what, key);
}

/* One parameter being read: its value stands in `holder` under key, or at index of an array. */
struct reading {
    const struct assay_check_input *in;
    const struct assay_param *param;
    const json_t *holder;
    size_t index; /* of an item; SIZE_MAX = a member */
    const json_t *value;
};

static int refuse(const struct reading *r, const char *wanted)
{
    const char *key = r->index == SIZE_MAX ? r->param->key : NULL;
    return assay_check_fail(r->in, r->holder, key, "%s must be %s", r->param->key, wanted);
}

static const char *source_text(const struct reading *r)
{
    if (!r->in->yaml)
        return NULL;
    return r->index == SIZE_MAX ? assay_yaml_member_text(r->in->yaml, r->holder, r->param->key)
                                : assay_yaml_item_text(r->in->yaml, r->holder, r->index);
}

static int made(const struct reading *r, json_t *value, json_t **ret_value)
{
    if (!value)
        return assay_fail_memory(r->in->err);
    *ret_value = value;
    return ASSAY_OK;
}

static int read_value(const struct reading *r, json_t **ret_value)
{
    const char *text = source_text(r);
    char digits[ASSAY_NUMBER_TEXT];
    if (json_is_string(r->value))
        return made(r, json_incref((json_t *)(uintptr_t)r->value), ret_value);
    if (json_is_object(r->value) || json_is_array(r->value))
        return refuse(r, "one constant");
    if (text)
        return made(r, json_string(text), ret_value);
    if (json_is_integer(r->value))
        assay_format_i128(json_integer_value(r->value), 0, digits);
    else if (json_is_real(r->value))
        assay_format_double(json_real_value(r->value), digits);
    else
        strcpy(digits, json_is_true(r->value) ? "true" : "false");
    return made(r, json_string(digits), ret_value);
}

static int read_list(const struct reading *r, json_t **ret_value)
{
    if (!json_is_array(r->value))
        return refuse(r, "a list of constants");
    ASSAY_AUTO(assay_json_decref) json_t *list = json_array();
    for (size_t i = 0; list && i < json_array_size(r->value); i++) {
        const struct reading item = {r->in, r->param, r->value, i, json_array_get(r->value, i)};
        json_t *text = NULL;
        if (json_is_null(item.value))
            text = json_null();
        else
            ASSAY_TRY(read_value(&item, &text));
        ASSAY_TRY(assay_json_push(list, text, r->in->err));
    }
    return made(r, ASSAY_TAKE(list), ret_value);
}

static int read_integer(const struct reading *r, json_t **ret_value)
{
    const bool is_size = r->param->kind == ASSAY_PARAM_SIZE;
    const double real = json_is_real(r->value) ? json_real_value(r->value) : 0.5;
    json_int_t value = json_integer_value(r->value);
    if (real > -9e15 && real < 9e15 && real == (double)(json_int_t)real)
        value = (json_int_t)real; /* 3.0 says 3 */
    else if (!json_is_integer(r->value))
        return refuse(r, "an integer");
    if (is_size && value < 0)
        return refuse(r, "an integer of 0 or more");
    return made(r, json_integer(value), ret_value);
}

static int read_number(const struct reading *r, json_t **ret_value)
{
    if (!json_is_number(r->value))
        return refuse(r, "a number");
    return made(r, json_incref((json_t *)(uintptr_t)r->value), ret_value);
}

static int read_bool(const struct reading *r, json_t **ret_value)
{
    if (!json_is_boolean(r->value))
        return refuse(r, "true or false");
    return made(r, json_boolean(json_is_true(r->value)), ret_value);
}

static int read_text(const struct reading *r, json_t **ret_value)
{
    if (!json_is_string(r->value) || !json_string_length(r->value))
        return refuse(r, r->param->kind == ASSAY_PARAM_FIELD ? "the name of a field" : "a text");
    if (strlen(json_string_value(r->value)) != json_string_length(r->value))
        return refuse(r, "a text without NUL characters");
    return made(r, json_incref((json_t *)(uintptr_t)r->value), ret_value);
}

static int read_expression(const struct reading *r, json_t **ret_value)
{
    if (json_is_number(r->value) || json_is_boolean(r->value))
        return read_value(r, ret_value); /* a constant is an expression too */
    return read_text(r, ret_value);
}

static int read_pattern(const struct reading *r, json_t **ret_value)
{
    const char *text = json_is_number(r->value) ? source_text(r) : json_string_value(r->value);
    const size_t size = json_is_string(r->value) ? json_string_length(r->value)
                        : text                   ? strlen(text)
                                                 : 0;
    if (!text)
        return refuse(r, "a regular expression");
    char message[200];
    if (assay_pattern_check(text, size, message, sizeof message))
        return assay_check_fail(r->in, r->holder, r->param->key,
                                "the pattern is not valid RE2 syntax: %s", message);
    return made(r, json_stringn(text, size), ret_value);
}

static int read_choice(const struct reading *r, json_t **ret_value)
{
    const char *text = json_string_value(r->value);
    for (const char *choice = r->param->choices; text && choice; choice = strchr(choice, '|')) {
        choice += *choice == '|';
        const size_t size = strcspn(choice, "|");
        if (strlen(text) == size && !strncmp(choice, text, size))
            return made(r, json_string(text), ret_value);
    }
    char wanted[300];
    snprintf(wanted, sizeof wanted, "one of %s", r->param->choices);
    return refuse(r, wanted);
}

static const char *const schema_types[] = {"Integral", "Fractional", "String",
                                           "Date",     "Timestamp",  "Boolean",
                                           "Array",    "Struct",     "Unknown"};

static int check_schema_type(const struct reading *r, const json_t *item)
{
    const char *type = assay_json_str(item, "type", NULL);
    struct assay_nearest nearest = {.wanted = type ? type : ""};
    for (size_t i = 0; type && i < ASSAY_COUNT(schema_types); i++) {
        if (!strcmp(type, schema_types[i]))
            return ASSAY_OK;
        assay_nearest_offer(&nearest, schema_types[i]);
    }
    if (!type && !json_object_get(item, "type"))
        return ASSAY_OK;
    return type ? assay_check_fail(r->in, item, "type", "type \"%s\" is not known: use %s", type,
                                   nearest.best
                                       ? nearest.best
                                       : "Integral, Fractional, String, Date, Timestamp, Boolean")
                : assay_check_fail(r->in, item, "type", "type must be a text");
}

static int read_schema_item(const struct reading *r, const json_t *item, json_t **ret_value)
{
    const json_t *name = json_is_object(item) ? json_object_get(item, "name") : item;
    if (!json_is_string(name) || !json_string_length(name))
        return assay_check_fail(r->in, r->holder, r->param->key,
                                "each item of %s must be a name or {name, type}", r->param->key);
    const char *key;
    json_t *ignored;
    json_object_foreach((json_t *)(uintptr_t)item, key, ignored)
    {
        if (strcmp(key, "name") && strcmp(key, "type"))
            return assay_check_unknown(r->in, item, "key", key, "type");
    }
    if (json_is_object(item))
        ASSAY_TRY(check_schema_type(r, item));
    return made(r, json_incref((json_t *)(uintptr_t)item), ret_value);
}

static int read_schema(const struct reading *r, json_t **ret_value)
{
    if (!json_is_array(r->value) || !json_array_size(r->value))
        return refuse(r, "a list of names or {name, type}");
    ASSAY_AUTO(assay_json_decref) json_t *list = json_array();
    for (size_t i = 0; list && i < json_array_size(r->value); i++) {
        json_t *item = NULL;
        ASSAY_TRY(read_schema_item(r, json_array_get(r->value, i), &item));
        ASSAY_TRY(assay_json_push(list, item, r->in->err));
    }
    return made(r, ASSAY_TAKE(list), ret_value);
}

static int read_fields(const struct reading *r, json_t **ret_value)
{
    if (!json_array_size(r->value))
        return refuse(r, "a list of field names");
    ASSAY_AUTO(assay_json_decref) json_t *list = json_array();
    for (size_t i = 0; list && i < json_array_size(r->value); i++) {
        const struct reading item = {r->in, r->param, r->value, i, json_array_get(r->value, i)};
        json_t *name = NULL;
        if (!json_is_string(item.value))
            return refuse(r, "a list of field names");
        ASSAY_TRY(read_text(&item, &name));
        ASSAY_TRY(assay_json_push(list, name, r->in->err));
    }
    return made(r, ASSAY_TAKE(list), ret_value);
}

static int read_map(const struct reading *r, json_t **ret_value);

static int (*const readers[])(const struct reading *r, json_t **ret_value) = {
    [ASSAY_PARAM_VALUE] = read_value,     [ASSAY_PARAM_INT] = read_integer,
    [ASSAY_PARAM_SIZE] = read_integer,    [ASSAY_PARAM_NUMBER] = read_number,
    [ASSAY_PARAM_BOOL] = read_bool,       [ASSAY_PARAM_TEXT] = read_text,
    [ASSAY_PARAM_PATTERN] = read_pattern, [ASSAY_PARAM_EXPRESSION] = read_expression,
    [ASSAY_PARAM_FIELD] = read_text,      [ASSAY_PARAM_LIST] = read_list,
    [ASSAY_PARAM_SCHEMA] = read_schema,   [ASSAY_PARAM_CHOICE] = read_choice,
    [ASSAY_PARAM_FIELDS] = read_fields,   [ASSAY_PARAM_MAP] = read_map,
};

/* A parameter of every rule that takes a coverage. */
static const struct assay_param coverage_base = {
    .key = "coverage_base", .kind = ASSAY_PARAM_CHOICE, .choices = "all|non_null"};

static const struct assay_param *find_param(const struct assay_rule_def *def, const char *key)
{
    const struct assay_param *param = assay_rule_param(def, key);
    return !param && def->coverage && !strcmp(key, coverage_base.key) ? &coverage_base : param;
}

static int read_one(const struct assay_check_input *in, const struct assay_param *param,
                    const json_t *given, const json_t *value, json_t *properties)
{
    const struct reading r = {in, param, given, SIZE_MAX, value};
    json_t *read = NULL;
    ASSAY_TRY(readers[param->kind](&r, &read));
    return assay_json_set(properties, param->key, read, in->err);
}

static int read_given(const struct assay_check_input *in, const struct assay_rule_def *def,
                      const json_t *given, json_t *properties)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)given, key, value)
    {
        if (json_is_null(value))
            continue; /* clients send every key of a form */
        const struct assay_param *param = find_param(def, key);
        if (!param)
            return assay_check_unknown(
                in, given, "property", key,
                def->params ? assay_nearest_name(key, def->params, sizeof *def->params) : NULL);
        ASSAY_TRY(read_one(in, param, given, value, properties));
    }
    return ASSAY_OK;
}

static json_t *fallback_value(const struct assay_param *param)
{
    if (param->kind == ASSAY_PARAM_BOOL)
        return json_boolean(!strcmp(param->fallback, "true"));
    double number = 0;
    if (param->kind == ASSAY_PARAM_NUMBER &&
        assay_parse_double(param->fallback, strlen(param->fallback), &number))
        return json_real(number);
    return json_string(param->fallback);
}

/* What was not given: an error, or its fallback. within: the map that they belong to; may be
 * NULL. */
static int fill_missing(const struct assay_check_input *in, const struct assay_param *params,
                        const char *within, const json_t *holder, json_t *properties)
{
    for (const struct assay_param *param = params; param && param->key; param++) {
        if (json_object_get(properties, param->key))
            continue;
        if (param->required)
            return assay_check_fail(in, holder, NULL, "property \"%s%s%s\" is missing: give %s",
                                    within ? within : "", within ? "." : "", param->key,
                                    param->doc);
        if (param->fallback)
            ASSAY_TRY(assay_json_set(properties, param->key, fallback_value(param), in->err));
    }
    return ASSAY_OK;
}

static int read_map(const struct reading *r, json_t **ret_value)
{
    const struct assay_param *members = r->param->members;
    ASSAY_AUTO(assay_json_decref) json_t *map = json_object();
    const char *key;
    json_t *value;
    if (!map)
        return assay_fail_memory(r->in->err);
    if (!json_is_object(r->value))
        return refuse(r, "a map");
    json_object_foreach((json_t *)(uintptr_t)r->value, key, value)
    {
        const struct assay_param *param = members;
        while (param->key && strcmp(param->key, key))
            param++;
        if (!param->key)
            return assay_check_unknown(r->in, r->value, "property", key,
                                       assay_nearest_name(key, members, sizeof *members));
        if (!json_is_null(value))
            ASSAY_TRY(read_one(r->in, param, r->value, value, map));
    }
    ASSAY_TRY(fill_missing(r->in, members, r->param->key, r->value, map));
    return made(r, ASSAY_TAKE(map), ret_value);
}

int assay_check_params(const struct assay_check_input *in, const struct assay_rule_def *def,
                       const json_t *check, const json_t *given, json_t *ret_properties)
{
    ASSAY_TRY(read_given(in, def, given, ret_properties));
    return fill_missing(in, def->params, NULL, given ? given : check, ret_properties);
}
