// Checking a connection's or datastore's body against its definition.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/nearest.h"
#include "common/base/number.h"
#include "common/connectors/connector_def.h"

/* The value of a dotted key ("parameters.sslmode"), NULL when absent or null. */
static const json_t *property_value(const json_t *properties, const char *key)
{
    const char *dot = strchr(key, '.');
    if (!dot)
        return assay_json_get(properties, key);
    char parent[64];
    const size_t size = (size_t)(dot - key);
    if (size >= sizeof parent)
        return NULL;
    memcpy(parent, key, size);
    parent[size] = '\0';
    return assay_json_get(json_object_get(properties, parent), dot + 1);
}

static bool is_whole_number(const json_t *value)
{
    int64_t number;
    return json_is_integer(value) ||
           (json_is_string(value) &&
            assay_parse_i64(json_string_value(value), json_string_length(value), &number));
}

static bool is_truth(const json_t *value)
{
    const char *text = json_string_value(value);
    return json_is_boolean(value) ||
           (text && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0));
}

static bool is_choice(const char *choices, const char *text)
{
    const size_t size = strlen(text);
    for (const char *choice = choices; choice; choice = strchr(choice, '|')) {
        choice += *choice == '|';
        const size_t length = strcspn(choice, "|");
        if (length == size && memcmp(choice, text, size) == 0)
            return true;
    }
    return false;
}

static int check_value(const struct assay_connector_def *def, const struct assay_property *property,
                       const json_t *value, struct assay_error *err)
{
    const char *text = json_string_value(value);
    switch (property->kind) {
    case ASSAY_PROPERTY_TEXT:
        if (!text)
            return assay_fail(err, ASSAY_INVALID, "%s: %s takes a text: %s", def->name,
                              property->key, property->doc);
        if (property->required && !*text)
            return assay_fail(err, ASSAY_INVALID, "%s: %s is empty: give %s", def->name,
                              property->key, property->doc);
        return ASSAY_OK;
    case ASSAY_PROPERTY_INT:
        if (!is_whole_number(value))
            return assay_fail(err, ASSAY_INVALID, "%s: %s takes a whole number: %s", def->name,
                              property->key, property->doc);
        return ASSAY_OK;
    case ASSAY_PROPERTY_BOOL:
        if (!is_truth(value))
            return assay_fail(err, ASSAY_INVALID, "%s: %s takes true or false: %s", def->name,
                              property->key, property->doc);
        return ASSAY_OK;
    case ASSAY_PROPERTY_CHOICE:
        if (!text || !is_choice(property->choices, text))
            return assay_fail(err, ASSAY_INVALID, "%s: %s is one of %s", def->name, property->key,
                              property->choices);
        return ASSAY_OK;
    }
    return assay_fail(err, ASSAY_INTERNAL, "%s: %s has no kind", def->name, property->key);
}

/* Which given key was probably meant by a missing one, NULL when none is near. */
static const char *meant_key(const struct assay_connector_def *def, const json_t *properties,
                             const char *missing)
{
    const char *key;
    const json_t *value;
    json_object_foreach((json_t *)properties, key, value)
    {
        if (assay_connector_property(def, key))
            continue;
        const char *nearest = assay_nearest_name(key, def->properties, sizeof *def->properties);
        if (nearest && strcmp(nearest, missing) == 0)
            return key;
    }
    return NULL;
}

static int fail_missing(const struct assay_connector_def *def, const json_t *properties,
                        const char *key, const char *doc, struct assay_error *err)
{
    const char *meant = meant_key(def, properties, key);
    if (meant)
        return assay_fail(err, ASSAY_INVALID, "%s: %s is missing: did you mean it by %.64s?",
                          def->name, key, meant);
    return assay_fail(err, ASSAY_INVALID, "%s: %s is missing: give %s", def->name, key, doc);
}

/* Of servers: the place to connect to may stand in `uri` or in `host`. */
static int check_place(const struct assay_connector_def *def, const json_t *properties,
                       enum assay_property_level level, struct assay_error *err)
{
    const struct assay_property *host = assay_connector_property(def, "host");
    if (level != ASSAY_LEVEL_CONNECTION || !host || property_value(properties, "host") ||
        property_value(properties, "uri"))
        return ASSAY_OK;
    return fail_missing(def, properties, "host", host->doc, err);
}

int assay_connector_validate(const struct assay_connector_def *def, const json_t *properties,
                             enum assay_property_level level, struct assay_error *err)
{
    if (!json_is_object(properties))
        return assay_fail(err, ASSAY_INVALID, "%s: the properties are not an object", def->name);
    for (const struct assay_property *property = def->properties; property->key; property++) {
        if (property->level != level)
            continue;
        const json_t *value = property_value(properties, property->key);
        if (value)
            ASSAY_TRY(check_value(def, property, value, err));
        else if (property->required)
            return fail_missing(def, properties, property->key, property->doc, err);
    }
    return check_place(def, properties, level, err);
}
