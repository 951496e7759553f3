// Configuration: the sources put their values in, the last one wins; getters.
// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <string.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/memory.h"
#include "common/base/nearest.h"
#include "common/config/config_internal.h"

enum { MAX_SECRET_BYTES = 1 << 20 };

static const char *const free_prefixes[] = {"queue.kafka", "connections"};
static const char *const usual_files[] = {"assay.yaml", "/etc/assay/assay.yaml"};

int assay_config_index(const char *key)
{
    for (int i = 0; assay_options[i].key; i++)
        if (strcmp(assay_options[i].key, key) == 0)
            return i;
    return -1;
}

int assay_config_file_index(const char *key)
{
    const size_t size_bytes = strlen(key);
    for (int i = 0; assay_options[i].key; i++) {
        const size_t own_bytes = strlen(assay_options[i].key);
        if (assay_options[i].secret && size_bytes == own_bytes + strlen("_file") &&
            strncmp(key, assay_options[i].key, own_bytes) == 0 &&
            strcmp(key + own_bytes, "_file") == 0)
            return i;
    }
    return -1;
}

const char *assay_config_free_prefix(const char *key)
{
    for (size_t i = 0; i < ASSAY_COUNT(free_prefixes); i++) {
        const size_t size_bytes = strlen(free_prefixes[i]);
        if (strncmp(key, free_prefixes[i], size_bytes) == 0 && key[size_bytes] == '.')
            return free_prefixes[i];
    }
    return NULL;
}

bool assay_config_is_free_root(const char *key)
{
    for (size_t i = 0; i < ASSAY_COUNT(free_prefixes); i++)
        if (strcmp(key, free_prefixes[i]) == 0)
            return true;
    return false;
}

static int put_option(struct assay_config *config, int index, const char *text, const char *origin,
                      struct assay_error *err)
{
    struct assay_config_value value = {.origin = origin};
    const int rc = assay_config_parse(&assay_options[index], text, &config->arena, &value, err);
    if (rc != ASSAY_OK)
        return assay_context(err, rc, "reading the configuration (%s)", origin);
    config->values[index] = value;
    return ASSAY_OK;
}

/* The file's text without the line end that editors leave. */
static int put_from_file(struct assay_config *config, int index, const char *path,
                         const char *origin, struct assay_error *err)
{
    struct assay_buf text = {.max_bytes = MAX_SECRET_BYTES};
    int rc = assay_file_read(path, &text, err);
    if (rc == ASSAY_OK) {
        while (text.size && strchr("\r\n", text.data[text.size - 1]))
            text.data[--text.size] = '\0';
        rc = put_option(config, index, assay_buf_str(&text), origin, err);
    } else {
        rc = assay_context(err, rc, "reading %s_file (%s)", assay_options[index].key, origin);
    }
    if (text.data)
        assay_wipe(text.data, text.capacity);
    assay_buf_release(&text);
    return rc;
}

/* "connections.prod.host" goes into free["connections"]["prod"]["host"]; librdkafka's names stay
 * whole. */
static int put_free(struct assay_config *config, const char *prefix, const char *name,
                    const char *text, struct assay_error *err)
{
    json_t *object = json_object_get(config->free, prefix);
    if (!object) {
        object = json_object();
        ASSAY_TRY(assay_json_set(config->free, prefix, object, err));
    }
    const char *point = strcmp(prefix, "connections") == 0 ? strchr(name, '.') : NULL;
    if (point) {
        const char *group = assay_arena_strndup(&config->arena, name, (size_t)(point - name));
        if (!group)
            return assay_fail_memory(err);
        json_t *inner = json_object_get(object, group);
        if (!json_is_object(inner)) {
            inner = json_object();
            ASSAY_TRY(assay_json_set(object, group, inner, err));
        }
        object = inner;
        name = point + 1;
    }
    return assay_json_set(object, name, json_string(text), err);
}

static int unknown_key(const char *key, const char *origin, struct assay_error *err)
{
    struct assay_nearest nearest = {.wanted = key};
    for (const struct assay_option *option = assay_options; option->key; option++)
        assay_nearest_offer(&nearest, option->key);
    return assay_fail(err, ASSAY_USAGE, "reading the configuration (%s): %.80s is no option: %s%s",
                      origin, key, nearest.best ? "did you mean " : "see `assay config`",
                      nearest.best ? nearest.best : "");
}

int assay_config_put(struct assay_config *config, const char *key, const char *text,
                     const char *origin, struct assay_error *err)
{
    const char *prefix = assay_config_free_prefix(key);
    if (prefix)
        return put_free(config, prefix, key + strlen(prefix) + 1, text, err);
    const int index = assay_config_index(key);
    if (index >= 0)
        return put_option(config, index, text, origin, err);
    const int file_index = assay_config_file_index(key);
    if (file_index >= 0)
        return put_from_file(config, file_index, text, origin, err);
    return unknown_key(key, origin, err);
}

int assay_config_put_defaults(struct assay_config *config, const char *role,
                              struct assay_error *err)
{
    const bool serve = strcmp(role, "serve") == 0;
    for (int i = 0; assay_options[i].key; i++) {
        const char *own = serve ? assay_options[i].serve_fallback : NULL;
        const char *text = own ? own : assay_options[i].fallback;
        config->values[i].origin = "default";
        if (text)
            ASSAY_TRY(put_option(config, i, text, "default", err));
    }
    return ASSAY_OK;
}

int assay_config_put_set(struct assay_config *config, const char *set, struct assay_error *err)
{
    const char *equals = strchr(set, '=');
    if (!equals || equals == set)
        return assay_fail(
            err, ASSAY_USAGE,
            "reading --set %.80s: there is no KEY=VALUE in it: write --set log.level=debug", set);
    const char *key = assay_arena_strndup(&config->arena, set, (size_t)(equals - set));
    return key ? assay_config_put(config, key, equals + 1, "--set", err) : assay_fail_memory(err);
}

static int put_files(struct assay_config *config, const char *file, struct assay_error *err)
{
    if (file)
        return assay_config_put_file(config, file, err);
    for (size_t i = 0; i < ASSAY_COUNT(usual_files); i++)
        if (access(usual_files[i], F_OK) == 0)
            return assay_config_put_file(config, usual_files[i], err);
    return ASSAY_OK;
}

static int new_config(struct assay_config **ret_config, struct assay_error *err)
{
    size_t count = 0;
    while (assay_options[count].key)
        count++;
    ASSAY_AUTO(assay_config_free) struct assay_config *config = assay_calloc(1, sizeof *config);
    if (!config)
        return assay_fail_memory(err);
    config->values = assay_arena_zalloc(&config->arena, count * sizeof *config->values);
    config->free = json_object();
    if (!config->values || !config->free)
        return assay_fail_memory(err);
    *ret_config = ASSAY_TAKE(config);
    return ASSAY_OK;
}

int assay_config_load(const char *role, const char *file, const char *const *sets,
                      size_t sets_count, struct assay_config **ret_config, struct assay_error *err)
{
    ASSAY_AUTO(assay_config_free) struct assay_config *config = NULL;
    ASSAY_TRY(new_config(&config, err));
    ASSAY_TRY(assay_config_put_defaults(config, role, err));
    ASSAY_TRY(put_files(config, file, err));
    ASSAY_TRY(assay_config_put_environment(config, err));
    for (size_t i = 0; i < sets_count; i++)
        ASSAY_TRY(assay_config_put_set(config, sets[i], err));
    ASSAY_TRY(assay_config_check(config, role, err));
    *ret_config = ASSAY_TAKE(config);
    return ASSAY_OK;
}

void assay_config_free(struct assay_config *config)
{
    if (!config)
        return;
    for (int i = 0; config->values && assay_options[i].key; i++)
        if (assay_options[i].secret && config->values[i].text &&
            strcmp(config->values[i].origin, "default") != 0)
            assay_wipe((char *)config->values[i].text, strlen(config->values[i].text));
    json_decref(config->free);
    assay_buf_release(&config->warnings);
    assay_arena_release(&config->arena);
    assay_free(config);
}

static const struct assay_config_value *value_of(const struct assay_config *config, const char *key)
{
    const int index = assay_config_index(key);
    assert(index >= 0);
    return &config->values[index];
}

const char *assay_config_text(const struct assay_config *config, const char *key)
{
    return value_of(config, key)->text;
}

int64_t assay_config_int(const struct assay_config *config, const char *key)
{
    return value_of(config, key)->number;
}

bool assay_config_bool(const struct assay_config *config, const char *key)
{
    return value_of(config, key)->number != 0;
}

uint64_t assay_config_bytes(const struct assay_config *config, const char *key)
{
    return value_of(config, key)->bytes;
}

int64_t assay_config_duration_ms(const struct assay_config *config, const char *key)
{
    return value_of(config, key)->number;
}

const char *const *assay_config_list(const struct assay_config *config, const char *key,
                                     size_t *ret_count)
{
    const struct assay_config_value *value = value_of(config, key);
    *ret_count = value->list_count;
    return value->list;
}

const char *assay_config_origin(const struct assay_config *config, const char *key)
{
    return value_of(config, key)->origin;
}

const json_t *assay_config_subtree(const struct assay_config *config, const char *prefix)
{
    return json_object_get(config->free, prefix);
}

const char *assay_config_warnings(const struct assay_config *config)
{
    return assay_buf_str(&config->warnings);
}
