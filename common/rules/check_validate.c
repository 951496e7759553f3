// One check becomes a normal form: its keys by a table, its properties by the rule's parameters.
// SPDX-License-Identifier: Apache-2.0
#include "common/rules/check_validate.h"

#include <string.h>
#include <strings.h>

#include "common/base/nearest.h"
#include "common/rules/check_params.h"

struct work {
    struct assay_check_input in;
    const struct assay_rule_def *def;
    const json_t *body;
    enum assay_check_origin origin;
    json_t *check; /* the normal form in the making */
};

static int set(struct work *w, const char *key, json_t *value)
{
    return assay_json_set(w->check, key, value, w->in.err);
}

static json_t *shared(const json_t *value)
{
    return json_incref((json_t *)(uintptr_t)value);
}

static int refuse(struct work *w, const char *key, const char *wanted)
{
    return assay_check_fail(&w->in, w->body, key, "%s must be %s", key, wanted);
}

static int read_rule(struct work *w, const char *key, const json_t *value)
{
    (void)value;
    return set(w, key, json_string(w->def->name));
}

/* A name, or the object that REST shows for a field. */
static const char *field_name(const json_t *item)
{
    const char *name =
        json_is_object(item) ? assay_json_str(item, "name", NULL) : json_string_value(item);
    return name && *name ? name : NULL;
}

static int read_fields(struct work *w, const char *key, const json_t *value)
{
    ASSAY_AUTO(assay_json_decref) json_t *names = json_array();
    const size_t count = json_is_array(value) ? json_array_size(value) : value ? 1 : 0;
    for (size_t i = 0; i < count; i++) {
        const char *name = field_name(json_is_array(value) ? json_array_get(value, i) : value);
        if (!name)
            return refuse(w, key, "a list of field names");
        ASSAY_TRY(assay_json_push(names, json_string(name), w->in.err));
    }
    if (w->def->fields == ASSAY_FIELDS_NONE && count)
        return refuse(w, key, "left out: this rule looks at the whole container");
    if (w->def->fields == ASSAY_FIELDS_ONE && count != 1)
        return refuse(w, key, "exactly one field");
    if (w->def->fields == ASSAY_FIELDS_MANY && !count)
        return refuse(w, key, "one field or more");
    return set(w, key, ASSAY_TAKE(names));
}

static int read_properties(struct work *w, const char *key, const json_t *value)
{
    if (value && !json_is_object(value))
        return refuse(w, key, "a map");
    ASSAY_AUTO(assay_json_decref) json_t *properties = json_object();
    if (!properties)
        return assay_fail_memory(w->in.err);
    ASSAY_TRY(assay_check_params(&w->in, w->def, w->body, value, properties));
    if (w->def->agree)
        ASSAY_TRY(w->def->agree(&w->in, value ? value : w->body, properties));
    return set(w, key, ASSAY_TAKE(properties));
}

static int read_filter(struct work *w, const char *key, const json_t *value)
{
    if (!value || (json_is_string(value) && !json_string_length(value)))
        return set(w, key, json_null());
    if (!json_is_string(value))
        return refuse(w, key, "a SQL condition in quotes");
    if (!w->def->filter)
        return refuse(w, key, "left out: this rule takes no filter");
    return set(w, key, shared(value));
}

static int read_coverage(struct work *w, const char *key, const json_t *value)
{
    const double coverage = value ? json_number_value(value) : 1.0;
    if ((value && !json_is_number(value)) || !(coverage >= 0 && coverage <= 1))
        return refuse(w, key, "a number from 0 to 1");
    if (coverage < 1 && !w->def->coverage)
        return refuse(w, key, "left out: this rule takes no coverage");
    return set(w, key, json_real(coverage));
}

static int read_choice(struct work *w, const char *key, const json_t *value, const char *first,
                       const char *second)
{
    const char *text = value ? json_string_value(value) : first;
    if (text && !strcasecmp(text, first))
        return set(w, key, json_string(first));
    if (text && !strcasecmp(text, second))
        return set(w, key, json_string(second));
    return assay_check_fail(&w->in, w->body, key, "%s must be %s or %s", key, first, second);
}

static int read_severity(struct work *w, const char *key, const json_t *value)
{
    if (!value) /* REST has its place under additional_metadata */
        value = assay_json_get(assay_json_get(w->body, "additional_metadata"), "severity");
    return read_choice(w, key, value, "error", "warning");
}

static int read_status(struct work *w, const char *key, const json_t *value)
{
    return read_choice(w, key, value, "Active", "Draft");
}

static int read_text(struct work *w, const char *key, const json_t *value)
{
    if (value && !json_is_string(value))
        return refuse(w, key, "a text");
    return value ? set(w, key, shared(value)) : ASSAY_OK;
}

static int read_description(struct work *w, const char *key, const json_t *value)
{
    if (value && !json_is_string(value))
        return refuse(w, key, "a text");
    return set(w, key, value ? shared(value) : json_string(""));
}

static int read_tags(struct work *w, const char *key, const json_t *value)
{
    ASSAY_AUTO(assay_json_decref) json_t *tags = json_array();
    if (value && !json_is_array(value))
        return refuse(w, key, "a list of names");
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *name = field_name(json_array_get(value, i));
        if (!name)
            return refuse(w, key, "a list of names");
        ASSAY_TRY(assay_json_push(tags, json_string(name), w->in.err));
    }
    return set(w, key, ASSAY_TAKE(tags));
}

static int read_metadata(struct work *w, const char *key, const json_t *value)
{
    if (value && !json_is_object(value))
        return refuse(w, key, "a map");
    return set(w, key, value ? shared(value) : json_object());
}

/* Every key of a check. `rule` comes first, so that errors can name it. */
static const struct check_key {
    const char *name;
    int (*read)(struct work *w, const char *key, const json_t *value); /* value NULL = not given */
} check_keys[] = {
    {"rule", read_rule},
    {"container", read_text},
    {"fields", read_fields},
    {"properties", read_properties},
    {"filter", read_filter},
    {"coverage", read_coverage},
    {"severity", read_severity},
    {"status", read_status},
    {"description", read_description},
    {"tags", read_tags},
    {"additional_metadata", read_metadata},
    {"anomaly_message_field", read_text},
    {NULL, NULL},
};

static int refuse_unknown_keys(struct work *w)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)w->body, key, value)
    {
        const struct check_key *row = check_keys;
        while (row->name && strcmp(row->name, key))
            row++;
        if (!row->name)
            return assay_check_unknown(&w->in, w->body, "key", key,
                                       assay_nearest_name(key, check_keys, sizeof *check_keys));
    }
    return ASSAY_OK;
}

static int find_rule(struct work *w)
{
    const char *key = w->origin == ASSAY_CHECK_FROM_REST && !json_object_get(w->body, "rule")
                          ? "rule_type"
                          : "rule";
    const char *name = assay_json_str(w->body, key, NULL);
    if (!name)
        return assay_check_fail(&w->in, w->body, NULL,
                                "\"rule\" is missing: give the name of a rule");
    w->def = assay_rule_def_find(name);
    if (!w->def)
        return assay_check_unknown(&w->in, w->body, "rule", name, assay_rule_nearest(name));
    w->in.rule = w->def->name;
    return ASSAY_OK;
}

int assay_check_validate(const json_t *body, const struct assay_yaml *yaml,
                         enum assay_check_origin origin, json_t **ret_check,
                         struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *check = json_object();
    struct work w = {
        .in = {.yaml = yaml, .err = err}, .body = body, .origin = origin, .check = check};
    if (!check)
        return assay_fail_memory(err);
    if (!json_is_object(body))
        return assay_check_fail(&w.in, body, NULL, "a check must be a map with the key rule");
    ASSAY_TRY(find_rule(&w));
    if (origin == ASSAY_CHECK_FROM_FILE)
        ASSAY_TRY(refuse_unknown_keys(&w));
    for (const struct check_key *row = check_keys; row->name; row++)
        ASSAY_TRY(row->read(&w, row->name, assay_json_get(body, row->name)));
    *ret_check = ASSAY_TAKE(check);
    return ASSAY_OK;
}
