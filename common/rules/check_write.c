// Checks files: writing. Values are written as JSON, which is YAML too.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <strings.h>

#include "common/base/number.h"
#include "common/rules/check_file.h"
#include "common/rules/rule_def.h"

/* What stands around and between the checks, their keys and values. */
static const struct layout {
    const char *begin, *none, *end;
    const char *check, *between, *check_end; /* before the rule; between two checks; behind one */
    const char *key, *key_end;
    const char *quote; /* around keys and rules */
} layouts[] = {
    [ASSAY_CHECK_YAML] = {"version: 1\nchecks:\n", "version: 1\nchecks: []\n", "", "  - ", "", "",
                          "    ", "\n", ""},
    [ASSAY_CHECK_JSON] = {"{\"version\": 1, \"checks\": [\n", "{\"version\": 1, \"checks\": []}\n",
                          "\n]}\n", "  {", ",\n", "}", ", ", "", "\""},
};

/* The keys in the order in which people read them. */
static const char *const order[] = {"container",
                                    "fields",
                                    "properties",
                                    "filter",
                                    "coverage",
                                    "severity",
                                    "description",
                                    "tags",
                                    "status",
                                    "additional_metadata",
                                    "anomaly_message_field"};

static bool is_left_out(const char *key, const json_t *value)
{
    if (!value || json_is_null(value))
        return true;
    if (json_is_array(value) || json_is_object(value))
        return json_array_size(value) + json_object_size(value) == 0;
    if (!strcmp(key, "coverage"))
        return json_number_value(value) >= 1;
    const char *text = json_string_value(value);
    return text && (!*text || (!strcmp(key, "severity") && !strcmp(text, "error")) ||
                    (!strcmp(key, "status") && !strcmp(text, "Active")));
}

static bool is_fallback(const struct assay_param *param, const json_t *value)
{
    if (!param || !param->fallback)
        return false;
    if (json_is_boolean(value))
        return json_is_true(value) == !strcmp(param->fallback, "true");
    return json_is_string(value) && !strcmp(json_string_value(value), param->fallback);
}

static void begin_key(const struct layout *layout, const char *key, struct assay_buf *text)
{
    assay_buf_printf(text, "%s%s%s%s: ", layout->key, layout->quote, key, layout->quote);
}

static int write_properties(const json_t *check, const json_t *properties,
                            const struct layout *layout, struct assay_buf *text,
                            struct assay_error *err)
{
    const struct assay_rule_def *def = assay_rule_def_find(assay_json_str(check, "rule", ""));
    ASSAY_AUTO(assay_json_decref) json_t *kept = json_object();
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)properties, key, value)
    {
        if (!is_fallback(def ? assay_rule_param(def, key) : NULL, value))
            ASSAY_TRY(assay_json_set(kept, key, json_incref(value), err));
    }
    if (!json_object_size(kept))
        return ASSAY_OK;
    begin_key(layout, "properties", text);
    ASSAY_TRY(assay_json_append(kept, text, err));
    assay_buf_text(text, layout->key_end);
    return ASSAY_OK;
}

static int write_check(const json_t *check, const struct layout *layout, struct assay_buf *text,
                       struct assay_error *err)
{
    const char *quote = layout->quote;
    assay_buf_printf(text, "%s%srule%s: %s%s%s%s", layout->check, quote, quote, quote,
                     assay_json_str(check, "rule", ""), quote, layout->key_end);
    for (size_t i = 0; i < ASSAY_COUNT(order); i++) {
        const json_t *value = json_object_get(check, order[i]);
        if (is_left_out(order[i], value))
            continue;
        if (!strcmp(order[i], "properties")) {
            ASSAY_TRY(write_properties(check, value, layout, text, err));
            continue;
        }
        begin_key(layout, order[i], text);
        if (json_is_real(value)) { /* 0.97, not 0.96999999999999997 */
            char number[ASSAY_NUMBER_TEXT];
            assay_format_double(json_real_value(value), number);
            assay_buf_text(text, number);
        } else {
            ASSAY_TRY(assay_json_append(value, text, err));
        }
        assay_buf_text(text, layout->key_end);
    }
    assay_buf_text(text, layout->check_end);
    return ASSAY_OK;
}

enum assay_check_form assay_check_form_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && !strcasecmp(dot, ".json") ? ASSAY_CHECK_JSON : ASSAY_CHECK_YAML;
}

int assay_check_file_write(const json_t *checks, enum assay_check_form form, struct assay_buf *text,
                           struct assay_error *err)
{
    const struct layout *layout = &layouts[form];
    const size_t count = json_array_size(checks);
    assay_buf_text(text, count ? layout->begin : layout->none);
    for (size_t i = 0; i < count; i++) {
        assay_buf_text(text, i ? layout->between : "");
        ASSAY_TRY(write_check(json_array_get(checks, i), layout, text, err));
    }
    assay_buf_text(text, count ? layout->end : "");
    return assay_buf_check(text, err);
}
