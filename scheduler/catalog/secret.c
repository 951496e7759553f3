// What of a connection is secret.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/catalog/secret.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Keys of a connection's body beside those of its connector; the rest (id, name, type, what is
 * read-only) is not kept. */
static const char *const common_keys[] = {
    "host",
    "port",
    "username",
    "password",
    "passphrase",
    "uri",
    "access_key",
    "secret_key",
    "catalog",
    "catalog_type",
    "jdbc_fetch_size",
    "max_parallelization",
    "parameters",
    "secrets_manager",
};
/* Words in a key that make its value secret whatever the connector says of it. */
static const char *const secret_words[] = {"password", "passphrase",  "secret",
                                           "token",    "private_key", "credential"};

static bool is_property(const struct assay_connector_def *def, const char *key)
{
    for (size_t i = 0; i < ASSAY_COUNT(common_keys); i++)
        if (strcmp(common_keys[i], key) == 0)
            return true;
    const struct assay_property *property = assay_connector_property(def, key);
    return property && property->level == ASSAY_LEVEL_CONNECTION;
}

static bool is_secret(const struct assay_connector_def *def, const char *parent, const char *key)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s%s%s", parent ? parent : "", parent ? "." : "", key);
    const struct assay_property *property = assay_connector_property(def, path);
    if (property)
        return property->secret;
    for (size_t i = 0; i < ASSAY_COUNT(secret_words); i++)
        if (strcasestr(key, secret_words[i]))
            return true;
    return false;
}

/* One value into the side where it belongs. */
static int put(const struct assay_connector_def *def, const char *parent, const char *key,
               json_t *value, json_t *open_part, json_t *secret, struct assay_error *err)
{
    const char *text = json_string_value(value);
    const bool hidden = is_secret(def, parent, key);
    if (hidden && text && strcmp(text, ASSAY_SECRET_MASK) == 0)
        return ASSAY_OK;
    (void)json_object_del(open_part, key);
    (void)json_object_del(secret, key);
    if (json_is_null(value))
        return ASSAY_OK;
    return assay_json_set(hidden ? secret : open_part, key, json_incref(value), err);
}

/* A nested object takes the place of the old one; only its masked secrets are kept. */
static int put_object(const struct assay_connector_def *def, const char *key, const json_t *object,
                      json_t *open_part, json_t *secret, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *shown = json_object();
    ASSAY_AUTO(assay_json_decref) json_t *hidden = json_object();
    const json_t *old = json_object_get(secret, key);
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        if (json_object_get(old, name))
            ASSAY_TRY(assay_json_set(hidden, name, json_incref(json_object_get(old, name)), err));
        ASSAY_TRY(put(def, key, name, value, shown, hidden, err));
    }
    if (!shown || !hidden)
        return assay_fail_memory(err);
    (void)json_object_del(secret, key);
    if (json_object_size(hidden) > 0)
        ASSAY_TRY(assay_json_set(secret, key, ASSAY_TAKE(hidden), err));
    return assay_json_set(open_part, key, ASSAY_TAKE(shown), err);
}

int assay_secret_overlay(const struct assay_connector_def *def, const json_t *body,
                         json_t *open_part, json_t *secret, struct assay_error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)body, key, value)
    {
        if (!is_property(def, key))
            continue;
        if (json_is_object(value))
            ASSAY_TRY(put_object(def, key, value, open_part, secret, err));
        else
            ASSAY_TRY(put(def, NULL, key, value, open_part, secret, err));
    }
    return ASSAY_OK;
}

/* Members of `secret` into `into`, each as itself or as the mask. */
static int reveal(json_t *into, const json_t *secret, bool masked, struct assay_error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)secret, key, value)
    {
        json_t *member = json_object_get(into, key);
        if (json_is_object(value) && json_is_object(member))
            ASSAY_TRY(reveal(member, value, masked, err));
        else
            ASSAY_TRY(assay_json_set(
                into, key, masked ? json_string(ASSAY_SECRET_MASK) : json_incref(value), err));
    }
    return ASSAY_OK;
}

int assay_secret_join(const json_t *open_part, const json_t *secret, bool masked,
                      json_t **ret_properties, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *properties = json_deep_copy(open_part);
    if (!properties)
        return assay_fail_memory(err);
    ASSAY_TRY(reveal(properties, secret, masked, err));
    *ret_properties = ASSAY_TAKE(properties);
    return ASSAY_OK;
}
